using Laurel.Server.Native;
using Xunit;

namespace Laurel.Tests.Native;

public sealed class TimestampTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z")]
    [InlineData("1970-01-01t00:00:01.5z", 1_500_000, "1970-01-01T00:00:01.5Z")]
    [InlineData("1970-01-01T03:00:00.000001+03:00", 1, "1970-01-01T00:00:00.000001Z")]
    [InlineData("1969-12-31T19:30:00.120-04:30", 120_000, "1970-01-01T00:00:00.12Z")]
    [InlineData("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z")]
    public void A_time_is_read_with_its_offset_and_written_in_utc(string text, long micros, string written)
    {
        Assert.True(Timestamp.TryParse(text, out var time));
        Assert.Equal(micros, time.Micros);
        Assert.Equal(written, time.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1970-01-01")]
    [InlineData("1970-01-01T00:00:00")]
    [InlineData("1970-01-01 00:00:00Z")]
    [InlineData("1970-01-01T00:00Z")]
    [InlineData("1970-01-01T24:00:00Z")]
    [InlineData("1970-01-01T00:00:60Z")]
    [InlineData("1970-02-30T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00.Z")]
    [InlineData("1970-01-01T00:00:00.1")]
    [InlineData("1970-01-01T00:00:00.1234567Z")]
    [InlineData("1970-01-01T00:00:00+3:00")]
    [InlineData("1970-01-01T00:00:00+25:00")]
    [InlineData("1970-01-01T00:00:00Z ")]
    [InlineData("10000-01-01T00:00:00Z")]
    [InlineData("１970-01-01T00:00:00Z")]
    public void Anything_else_is_no_time(string text) => Assert.False(Timestamp.TryParse(text, out _));
}
