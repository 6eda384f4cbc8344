using Laurel.Core;
using Xunit;

namespace Laurel.Tests;

public sealed class DurationTests
{
    [Theory]
    [InlineData("P7D", 7 * 86_400, "P7D")]
    [InlineData("PT90M", 5_400, "PT1H30M")]
    [InlineData("PT36H", 129_600, "P1DT12H")]
    [InlineData("P0DT0H0M1S", 1, "PT1S")]
    [InlineData("P1DT1H1M1S", 90_061, "P1DT1H1M1S")]
    [InlineData("PT0S", 0, "PT0S")]
    [InlineData("P00000001D", 86_400, "P1D")]
    public void A_duration_is_read_and_told(string text, long seconds, string told)
    {
        Assert.True(Duration.TryParse(text, out var micros));
        Assert.Equal(seconds * Clock.Second, micros);
        Assert.Equal(told, Duration.Format(micros));
    }

    [Fact]
    public void The_longest_does_not_overflow()
    {
        Assert.True(Duration.TryParse("P99999999DT99999999H99999999M99999999S", out var micros));
        Assert.Equal(99_999_999 * (Clock.Day + (3661 * Clock.Second)), micros);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1DT")]
    [InlineData("P1W")]
    [InlineData("P1M")]
    [InlineData("P1Y")]
    [InlineData("PT1.5S")]
    [InlineData("-P1D")]
    [InlineData("P-1D")]
    [InlineData("PT1S1M")]
    [InlineData("p1d")]
    [InlineData(" P1D")]
    [InlineData("P1D\n")]
    [InlineData("P1D\0")]
    [InlineData("P\u0661D")]
    [InlineData("P123456789D")]
    [InlineData("1D")]
    public void Anything_else_is_none(string? text) => Assert.False(Duration.TryParse(text, out _));
}
