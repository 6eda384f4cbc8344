using Laurel.Core.Awards;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class ZonesTests
{
    [Theory]
    [InlineData("UTC")]
    [InlineData("Asia/Riyadh")]
    [InlineData("Asia/Calcutta")] // a link: old names stay valid
    [InlineData("Etc/GMT-14")]
    public void Zones_of_tzdb_are_known(string id) => Assert.True(Zones.IsKnown(id));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("asia/riyadh")]
    [InlineData("Asia/Riyadh ")]
    [InlineData("UTC+05:30")]
    [InlineData("Arabian Standard Time")]
    [InlineData("../etc/passwd")]
    [InlineData("Asia/\0")]
    public void Anything_else_is_not(string? id) => Assert.False(Zones.IsKnown(id));

    [Fact]
    public void An_endless_id_is_not_known() => Assert.False(Zones.IsKnown(new string('A', 1_000_000)));

    [Fact]
    public void An_unknown_zone_throws_where_one_is_needed() =>
        Assert.Throws<ArgumentException>(() => Zones.LocalDate(0, "UTC+05:30"));

    [Theory]
    [InlineData("UTC", "2023-03-17T22:30:00.123456")]
    [InlineData("Asia/Riyadh", "2023-03-18T01:30:00.123456")]
    [InlineData("America/New_York", "2023-03-17T18:30:00.123456")]
    public void The_wall_clock_keeps_its_microseconds(string zone, string expected) =>
        Assert.Equal(DateTime.Parse(expected), Zones.LocalTime(1_679_092_200_123_456, zone));

    [Fact]
    public void Times_beyond_the_calendar_become_its_ends()
    {
        Assert.Equal(DateTime.MinValue, Zones.LocalTime(long.MinValue, "Etc/GMT+12"));
        Assert.Equal(new DateOnly(9999, 12, 31), Zones.LocalDate(long.MaxValue, "Etc/GMT-14"));
    }
}
