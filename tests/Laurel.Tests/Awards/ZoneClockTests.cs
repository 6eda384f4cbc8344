using FsCheck;
using FsCheck.Fluent;
using Laurel.Core.Awards;
using NodaTime;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class ZoneClockTests
{
    [Fact]
    public void It_shows_what_the_zone_shows_in_any_order_of_instants() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(1000),
        Prop.ForAll(
            (from zone in Gen.Elements(DateTimeZoneProviders.Tzdb.Ids.ToArray())
             from instants in Gen.ListOf(Gen.OneOf(
                 Gen.Choose(int.MinValue, int.MaxValue).Select(second => (second * 1_000_000L) - 1),
                 Gen.Choose(0, 2_000).Select(day => 1_500_000_000_000_000 + (day * 86_400_000_000L)),
                 Gen.Elements(long.MinValue, long.MaxValue, 0)))
             select (zone, instants)).ToArbitrary(),
            c =>
            {
                var clock = new ZoneClock(c.zone);
                return c.instants.All(at => clock.LocalTime(at) == Zones.LocalTime(at, c.zone) && clock.LocalDate(at) == Zones.LocalDate(at, c.zone));
            }));

    [Fact]
    public void Rules_change_at_their_very_moment()
    {
        var clock = new ZoneClock("Europe/London");
        const long SummerBegins = 1_679_792_400_000_000; // 2023-03-26T01:00:00Z
        foreach (var (at, hour) in new[] { (SummerBegins, 2), (SummerBegins - 1, 0), (SummerBegins, 2), (SummerBegins - 1, 0) })
        {
            Assert.Equal(hour, clock.LocalTime(at).Hour);
        }
    }

    [Fact]
    public void A_zone_that_is_none_is_refused() => Assert.Throws<ArgumentException>(() => new ZoneClock("UTC+05:30"));
}
