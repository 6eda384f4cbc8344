namespace Laurel.Core.Rules.Filters;

/// <summary>JSON numbers as decimals, without rounding: .NET's own reader rounds what has too many digits, and
/// unequal numbers would compare as equal.</summary>
internal static class ExactDecimal
{
    private const int MaxScale = 28;

    private static readonly UInt128 Max = (UInt128.One << 96) - 1;

    /// <summary>Reads a number; false where decimal does not hold it exactly.</summary>
    /// <param name="json">A number that is well-formed by RFC 8259.</param>
    public static bool TryParse(ReadOnlySpan<byte> json, out decimal number)
    {
        number = 0;
        var isNegative = json[0] == '-';
        UInt128 digits = 0; // without the zeros at its end
        var zeros = 0; // read since
        long exponent = 0;
        var isFraction = false;
        for (var i = isNegative ? 1 : 0; i < json.Length; i++)
        {
            var c = json[i];
            if (c == '.')
            {
                isFraction = true;
                continue;
            }
            if (c is (byte)'e' or (byte)'E')
            {
                exponent += Exponent(json[(i + 1)..]);
                break;
            }

            exponent -= isFraction ? 1 : 0;
            if (c == '0')
            {
                zeros++;
            }
            else if (TryShift(ref digits, zeros + 1))
            {
                digits += (uint)(c - '0');
                zeros = 0;
            }
            else
            {
                return false;
            }
        }

        exponent += zeros;
        if (digits == 0)
        {
            return true;
        }
        if (digits > Max || exponent < -MaxScale || !TryShift(ref digits, Math.Max(exponent, 0)))
        {
            return false;
        }

        number = new decimal((int)(uint)digits, (int)(uint)(digits >> 32), (int)(uint)(digits >> 64), isNegative, (byte)Math.Max(-exponent, 0));
        return true;
    }

    // Times a power of ten; false beyond what a decimal holds, so after few steps whatever the power.
    private static bool TryShift(ref UInt128 digits, long power)
    {
        for (; power > 0 && digits > 0; power--)
        {
            digits *= 10;
            if (digits > Max)
            {
                return false;
            }
        }

        return true;
    }

    private static long Exponent(ReadOnlySpan<byte> exponent)
    {
        const long enough = 1_000_000_000; // beyond any number of digits before it
        long value = 0;
        foreach (var digit in exponent.TrimStart("+-"u8))
        {
            value = Math.Min((value * 10) + digit - '0', enough);
        }

        return exponent[0] == '-' ? -value : value;
    }
}
