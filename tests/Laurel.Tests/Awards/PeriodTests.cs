using FsCheck;
using FsCheck.Fluent;
using Laurel.Core.Awards;
using NodaTime;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class PeriodTests
{
    // Both ends of the offset range, both hemispheres' summer times, odd offsets.
    private static readonly string[] ZoneIds =
    [
        "UTC", "Etc/GMT+12", "Etc/GMT-14", "Asia/Riyadh", "Europe/London", "America/New_York", "Australia/Lord_Howe",
        "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Monrovia",
    ];

    private static readonly long Year1 = Micros(DateTime.MinValue);
    private static readonly long Year9999 = Micros(DateTime.MaxValue);

    private sealed record Case(Recurrence.PerPeriod Period, long Time, string Zone);

    [Theory]
    // every, unit, anchor, date → start, next
    [InlineData(1, PeriodUnit.Day, "2023-03-17", "2023-03-17", "2023-03-17", "2023-03-18")]
    [InlineData(3, PeriodUnit.Day, "2023-03-17", "2023-03-16", "2023-03-14", "2023-03-17")]
    [InlineData(1, PeriodUnit.Week, "2023-03-17", "2023-03-23", "2023-03-17", "2023-03-24")]
    [InlineData(1, PeriodUnit.Week, "2023-03-17", "2023-03-24", "2023-03-24", "2023-03-31")]
    [InlineData(2, PeriodUnit.Week, "2023-03-17", "2023-03-10", "2023-03-03", "2023-03-17")]
    [InlineData(1, PeriodUnit.Month, "2023-01-31", "2023-02-27", "2023-01-31", "2023-02-28")]
    [InlineData(1, PeriodUnit.Month, "2023-01-31", "2023-02-28", "2023-02-28", "2023-03-31")]
    [InlineData(1, PeriodUnit.Month, "2023-01-31", "2023-03-30", "2023-02-28", "2023-03-31")]
    [InlineData(1, PeriodUnit.Month, "2023-01-31", "2023-04-30", "2023-04-30", "2023-05-31")]
    [InlineData(1, PeriodUnit.Month, "2023-01-31", "2024-02-28", "2024-01-31", "2024-02-29")]
    [InlineData(1, PeriodUnit.Month, "2023-01-31", "2024-02-29", "2024-02-29", "2024-03-31")]
    [InlineData(1, PeriodUnit.Month, "2023-03-31", "2023-02-27", "2023-01-31", "2023-02-28")]
    [InlineData(12, PeriodUnit.Month, "2024-02-29", "2025-02-27", "2024-02-29", "2025-02-28")]
    [InlineData(12, PeriodUnit.Month, "2024-02-29", "2025-02-28", "2025-02-28", "2026-02-28")]
    [InlineData(12, PeriodUnit.Month, "2024-02-29", "2028-02-28", "2027-02-28", "2028-02-29")]
    [InlineData(48, PeriodUnit.Month, "2024-02-29", "2020-02-28", "2016-02-29", "2020-02-29")]
    [InlineData(5, PeriodUnit.Month, "2023-08-30", "2023-08-29", "2023-03-30", "2023-08-30")]
    [InlineData(1000, PeriodUnit.Month, "2023-01-15", "2023-01-14", "1939-09-15", "2023-01-15")]
    public void A_date_belongs_to_the_period_counted_from_the_original_anchor(
        int every, PeriodUnit unit, string anchor, string date, string start, string next)
    {
        var period = new Recurrence.PerPeriod(every, unit, DateOnly.Parse(anchor));
        var noon = Micros(DateOnly.Parse(date).ToDateTime(new TimeOnly(12, 0)));

        Assert.Equal(DateOnly.Parse(start), period.PeriodStart(noon, "UTC"));
        Assert.Equal(DateOnly.Parse(next), period.NextPeriodStart(noon, "UTC"));
    }

    [Fact]
    public void Every_instant_lies_in_exactly_one_period() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3000),
        Prop.ForAll(Cases(Micros(new DateTime(1970, 1, 1)), Micros(new DateTime(2100, 1, 1))), c =>
        {
            var date = LocalDateByNodaTime(c);
            return c.Period.PeriodStart(c.Time, c.Zone) <= date && date < c.Period.NextPeriodStart(c.Time, c.Zone);
        }));

    [Fact]
    public void Periods_tile_time_without_gap_or_overlap() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3000),
        Prop.ForAll(Cases(Micros(new DateTime(1970, 1, 1)), Micros(new DateTime(2100, 1, 1))), c =>
        {
            var start = c.Period.PeriodStart(c.Time, c.Zone);
            var next = c.Period.NextPeriodStart(c.Time, c.Zone)!.Value;
            return c.Period.PeriodStart(FirstMoment(next, c.Zone), c.Zone) == next
                && c.Period.PeriodStart(FirstMoment(next, c.Zone) - 1, c.Zone) == start
                && c.Period.PeriodStart(FirstMoment(start, c.Zone), c.Zone) == start
                && c.Period.NextPeriodStart(FirstMoment(start, c.Zone) - 1, c.Zone) == start;
        }));

    [Fact]
    public void Every_start_is_the_anchor_moved_by_whole_units() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3000),
        Prop.ForAll(Cases(Micros(new DateTime(1970, 1, 1)), Micros(new DateTime(2100, 1, 1))), c =>
        {
            var (start, anchor, every) = (c.Period.PeriodStart(c.Time, c.Zone), c.Period.Anchor, c.Period.Every);
            var months = (start.Year - anchor.Year) * 12 + start.Month - anchor.Month;
            return c.Period.Unit switch
            {
                PeriodUnit.Day => (start.DayNumber - anchor.DayNumber) % every == 0,
                PeriodUnit.Week => (start.DayNumber - anchor.DayNumber) % (7 * every) == 0,
                PeriodUnit.Month => months % every == 0 && start == anchor.AddMonths(months),
            };
        }));

    [Fact]
    public void No_time_makes_period_arithmetic_throw() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3000),
        Prop.ForAll(Cases(long.MinValue, long.MaxValue), c =>
        {
            var start = c.Period.PeriodStart(c.Time, c.Zone);
            return c.Period.NextPeriodStart(c.Time, c.Zone) is not { } next || start < next;
        }));

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(0)]
    [InlineData(-1)]
    public void The_ends_of_time_have_periods_too(long time)
    {
        foreach (var zone in ZoneIds)
        {
            foreach (var micros in new[] { time, Year1, Year1 + 1, Year9999 - 1, Year9999 })
            {
                foreach (var unit in Enum.GetValues<PeriodUnit>())
                {
                    foreach (var anchor in new[] { DateOnly.MinValue, new DateOnly(2024, 2, 29), DateOnly.MaxValue })
                    {
                        var period = new Recurrence.PerPeriod(1000, unit, anchor);
                        Assert.True(period.PeriodStart(micros, zone) <= Zones.LocalDate(micros, zone));
                        Assert.True(period.NextPeriodStart(micros, zone) is not { } next || next > Zones.LocalDate(micros, zone));
                    }
                }
            }
        }
    }

    [Fact]
    public void After_the_last_period_of_the_calendar_there_is_none()
    {
        var yearly = new Recurrence.PerPeriod(12, PeriodUnit.Month, new DateOnly(2023, 1, 1));

        Assert.Equal(new DateOnly(9999, 1, 1), yearly.PeriodStart(Year9999, "UTC"));
        Assert.Null(yearly.NextPeriodStart(Year9999, "UTC"));
    }

    [Fact]
    public void The_day_begins_at_local_midnight()
    {
        var daily = new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2023, 3, 17));
        var lateEvening = Micros(new DateTime(2023, 3, 17, 22, 30, 0));

        Assert.Equal(new DateOnly(2023, 3, 17), daily.PeriodStart(lateEvening, "UTC"));
        Assert.Equal(new DateOnly(2023, 3, 18), daily.PeriodStart(lateEvening, "Asia/Riyadh"));
        Assert.Equal(new DateOnly(2023, 3, 18), daily.PeriodStart(lateEvening, "Etc/GMT-14"));
        Assert.Equal(new DateOnly(2023, 3, 17), daily.PeriodStart(lateEvening, "Etc/GMT+12"));
    }

    [Theory]
    [InlineData("Europe/London", "2023-03-26", 23)]
    [InlineData("Europe/London", "2023-10-29", 25)]
    [InlineData("Australia/Lord_Howe", "2023-04-02", 24.5)]
    [InlineData("America/Sao_Paulo", "2018-11-04", 23)] // begins at 01:00: midnight does not exist
    public void A_day_that_summer_time_stretches_is_one_period(string zone, string date, double hours)
    {
        var daily = new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2000, 1, 1));
        var day = DateOnly.Parse(date);
        var begins = FirstMoment(day, zone);
        var ends = begins + (long)(hours * 3_600_000_000);

        Assert.Equal(day, daily.PeriodStart(begins, zone));
        Assert.Equal(day, daily.PeriodStart(ends - 1, zone));
        Assert.Equal(day.AddDays(-1), daily.PeriodStart(begins - 1, zone));
        Assert.Equal(day.AddDays(1), daily.PeriodStart(ends, zone));
    }

    [Fact]
    public void A_day_that_a_zone_skipped_is_a_period_without_time()
    {
        var daily = new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2000, 1, 1));
        var lastOfThe29th = Micros(new DateTime(2011, 12, 30, 10, 0, 0)) - 1;

        Assert.Equal(new DateOnly(2011, 12, 29), daily.PeriodStart(lastOfThe29th, "Pacific/Apia"));
        Assert.Equal(new DateOnly(2011, 12, 30), daily.NextPeriodStart(lastOfThe29th, "Pacific/Apia"));
        Assert.Equal(new DateOnly(2011, 12, 31), daily.PeriodStart(lastOfThe29th + 1, "Pacific/Apia"));
    }

    private static Arbitrary<Case> Cases(long first, long last)
    {
        var anchors =
            from day in Gen.OneOf(Gen.Choose(0, DateOnly.MaxValue.DayNumber), Gen.Choose(719_162, 767_010))
            from toMonthEnd in Gen.Elements(true, false)
            let date = DateOnly.FromDayNumber(day)
            select toMonthEnd ? new DateOnly(date.Year, date.Month, DateTime.DaysInMonth(date.Year, date.Month)) : date;
        var periods =
            from every in Gen.Frequency((3, Gen.Choose(1, 13)), (1, Gen.Choose(1, 1000)))
            from unit in Gen.Elements(Enum.GetValues<PeriodUnit>())
            from anchor in anchors
            select new Recurrence.PerPeriod(every, unit, anchor);
        return (
            from period in periods
            from share in Gen.Choose(0, int.MaxValue)
            from zone in Gen.Elements(ZoneIds)
            select new Case(period, (long)(first + ((decimal)last - first) * share / int.MaxValue), zone)).ToArbitrary();
    }

    private static DateOnly LocalDateByNodaTime(Case c) =>
        Instant.FromUnixTimeTicks(c.Time * 10).InZone(DateTimeZoneProviders.Tzdb[c.Zone]).Date.ToDateOnly();

    private static long FirstMoment(DateOnly date, string zone) =>
        DateTimeZoneProviders.Tzdb[zone].AtStartOfDay(LocalDate.FromDateOnly(date)).ToInstant().ToUnixTimeTicks() / 10;

    private static long Micros(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
