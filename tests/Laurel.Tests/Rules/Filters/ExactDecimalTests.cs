using System.Numerics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Laurel.Core.Rules.Filters;
using Xunit;

namespace Laurel.Tests.Rules.Filters;

public sealed class ExactDecimalTests
{
    private static readonly BigInteger Max = new(decimal.MaxValue);

    private sealed record Number(string Whole, string Fraction, int Exponent, bool IsNegative)
    {
        public string Json => $"{(IsNegative ? "-" : "")}{Whole}{(Fraction.Length > 0 ? "." : "")}{Fraction}{(Exponent == 0 ? "" : $"e{Exponent}")}";

        // In units of 10^-200, below any digit that is generated.
        public BigInteger Scaled =>
            (IsNegative ? -1 : 1) * BigInteger.Parse(Whole + Fraction) * BigInteger.Pow(10, 200 + Exponent - Fraction.Length);
    }

    [Fact]
    public void A_number_is_read_exactly_or_not_at_all() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(20_000),
        Prop.ForAll(Numbers(), number =>
        {
            var isHeld = Enumerable.Range(0, 29).Any(scale =>
            {
                var units = BigInteger.DivRem(number.Scaled, BigInteger.Pow(10, 200 - scale), out var rest);
                return rest.IsZero && BigInteger.Abs(units) <= Max;
            });
            return ExactDecimal.TryParse(Encoding.ASCII.GetBytes(number.Json), out var value) == isHeld && (!isHeld || Scaled(value) == number.Scaled);
        }));

    [Theory]
    [InlineData("1e99999999999999999999", false)]
    [InlineData("1e-99999999999999999999", false)]
    [InlineData("0e99999999999999999999", true)]
    public void Exponents_of_any_size_are_survived(string json, bool isHeld) =>
        Assert.Equal(isHeld, ExactDecimal.TryParse(Encoding.ASCII.GetBytes(json), out _));

    [Fact]
    public void Zeros_of_any_number_are_survived()
    {
        var zeros = new string('0', 16_000);

        Assert.True(ExactDecimal.TryParse(Encoding.ASCII.GetBytes($"0.{zeros}1e16001"), out var one));
        Assert.Equal(1, one);
        Assert.True(ExactDecimal.TryParse(Encoding.ASCII.GetBytes($"1{zeros}e-16000"), out one));
        Assert.Equal(1, one);
        Assert.False(ExactDecimal.TryParse(Encoding.ASCII.GetBytes($"1{zeros}1e-16001"), out _));
    }

    private static BigInteger Scaled(decimal value)
    {
        var bits = decimal.GetBits(value);
        var units = new BigInteger((uint)bits[0]) + (new BigInteger((uint)bits[1]) << 32) + (new BigInteger((uint)bits[2]) << 64);
        return (bits[3] < 0 ? -1 : 1) * units * BigInteger.Pow(10, 200 - ((bits[3] >> 16) & 0xff));
    }

    private static Arbitrary<Number> Numbers()
    {
        var digits = Gen.Frequency((3, Gen.Choose(0, 9)), (3, Gen.Constant(0)), (1, Gen.Constant(9)));
        var runs = from length in Gen.Choose(0, 32)
                   from run in Gen.ArrayOf(digits, length)
                   select string.Concat(run);
        var near = from delta in Gen.Choose(-2, 2)
                   select (Max + delta).ToString();
        return (from whole in Gen.Frequency((4, runs), (1, near))
                from fraction in runs
                from isWhole in Gen.Elements(true, false)
                from exponent in Gen.Frequency((1, Gen.Constant(0)), (2, Gen.Choose(-40, 40)))
                from isNegative in Gen.Elements(true, false)
                let trimmed = whole.TrimStart('0')
                select new Number(trimmed.Length == 0 ? "0" : trimmed, isWhole ? "" : fraction, exponent, isNegative)).ToArbitrary();
    }
}
