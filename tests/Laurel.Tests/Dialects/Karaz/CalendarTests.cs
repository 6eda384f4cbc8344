using System.Globalization;
using Laurel.Tests.Harness;
using NodaTime;
using NodaTime.Text;
using Xunit;
using static Laurel.Tests.Dialects.Karaz.KarazWorld;

namespace Laurel.Tests.Dialects.Karaz;

/// <summary>Periods in the zone of the badge's issuer, as this API's users see them.</summary>
public sealed class CalendarTests
{
    // Both ends of the world, summer times of both hemispheres (by half an hour too), odd offsets.
    public static TheoryData<string> Zones =>
    [
        "Etc/GMT+12", "Pacific/Pago_Pago", "America/St_Johns", "America/New_York", "America/Sao_Paulo", "UTC", "Europe/London", "Africa/Casablanca",
        "Asia/Riyadh", "Asia/Tehran", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati",
    ];

    private static string Period(string unit, string anchor, int every = 1) => $$"""{"every":{{every}},"unit":"{{unit}}","anchor":"{{anchor}}"}""";

    private static DateTimeOffset Time(string utc) => DateTimeOffset.Parse(utc, CultureInfo.InvariantCulture);

    private static string Utc(Instant instant) => InstantPattern.ExtendedIso.Format(instant);

    [Theory, MemberData(nameof(Zones))]
    public async Task A_day_begins_and_ends_by_the_clock_of_the_issuers_zone(string zone)
    {
        var tz = DateTimeZoneProviders.Tzdb[zone];
        await using var laurel = await KarazWorld.Start(time: new ManualTime(Time("2024-12-31T23:59:59Z")), zone: zone);
        await laurel.Badge(1, Period("day", "2030-06-15"));
        var key = await laurel.Key(1, null);
        var days = new List<LocalDate>();
        // Five years: every change of the clock in them, and both leap days.
        var (from, to) = (Instant.FromUtc(2019, 12, 1, 0, 0), Instant.FromUtc(2024, 11, 1, 0, 0));
        var changes = tz.GetZoneIntervals(from, to).Where(interval => interval.HasStart && interval.Start > from).Select(interval => interval.Start.InZone(tz).Date);
        foreach (var day in changes.Concat([new LocalDate(2020, 2, 28), new(2020, 2, 29), new(2020, 3, 1), new(2023, 2, 28), new(2023, 12, 31), new(2024, 2, 29)]).Distinct().Order())
        {
            var (begins, ends) = (tz.AtStartOfDay(day).ToInstant(), tz.AtStartOfDay(day.PlusDays(1)).ToInstant());
            if (ends > Instant.FromUtc(2024, 12, 31, 0, 0))
            {
                continue;
            }
            // The first moment holds the day to its last.
            (await laurel.TryAward(1, 1, Utc(begins))).Is(201);
            (await laurel.TryAward(1, 1, Utc(begins))).Is(200);
            (await laurel.TryAward(1, 1, Utc(ends - Duration.FromMilliseconds(1)))).Is(200);
            days.Add(day);
        }
        Assert.True(days.Count >= 6);
        var told = (await laurel.List(Obtained, key)).Of(1).Texts("all_achievement_times");
        Assert.Equal(days.Select(day => LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss").Format(tz.AtStartOfDay(day).LocalDateTime)), told);
    }

    [Theory, MemberData(nameof(Zones))]
    public async Task The_next_day_is_tomorrow_and_comes_at_its_first_moment(string zone)
    {
        var tz = DateTimeZoneProviders.Tzdb[zone];
        var time = new ManualTime(Time("2023-10-27T06:30:00Z"));
        await using var laurel = await KarazWorld.Start(time: time, zone: zone);
        await laurel.Badge(1, Period("day", "2023-01-01"));
        var key = await laurel.Key(1, null);
        async Task<LocalDate> Next() => LocalDatePattern.Iso.Parse((await laurel.List(All, key)).Of(1).Text("next_obtainable")).Value;

        // Through the weekends on which summer time ends and begins somewhere.
        for (var day = 0; day < 12; day++)
        {
            var today = Instant.FromDateTimeOffset(time.GetUtcNow()).InZone(tz).Date;
            Assert.Equal(today.PlusDays(1), await Next());
            await laurel.Award(1, 1);
            Assert.Equal(today.PlusDays(1), await Next());
            var midnight = tz.AtStartOfDay(today.PlusDays(1)).ToInstant().ToDateTimeOffset();
            time.SetUtcNow(midnight.AddTicks(-10));
            (await laurel.TryAward(1, 1)).Is(200);
            Assert.Equal(today.PlusDays(1), await Next());
            time.SetUtcNow(midnight);
            Assert.Equal(today.PlusDays(2), await Next());
        }
        Assert.Equal(12, (await laurel.List(Obtained, key)).Of(1)["badge_count"]!.GetValue<int>());
    }

    [Theory, EveryEngine]
    public async Task Months_from_the_31st_end_with_the_month_before_the_anchor_too(Engine engine)
    {
        var time = new ManualTime(Time("2025-01-01T00:00:00Z"));
        await using var laurel = await KarazWorld.Start(engine, time, "Asia/Riyadh");
        await laurel.Badge(1, Period("month", "2024-01-31"));
        // Local dates, each the first or the last of a period; Riyadh is three hours ahead all the year.
        string[] first = ["2023-01-31", "2023-02-28", "2023-03-31", "2023-04-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-11-30"];
        string[] last = ["2023-02-27", "2023-03-30", "2023-04-29", "2023-05-30", "2024-01-30", "2024-02-28", "2024-03-30", "2024-04-29", "2024-12-30"];
        foreach (var (start, end) in first.Zip(last))
        {
            (await laurel.TryAward(1, 1, $"{start}T00:00:00+03:00")).Is(201);
            (await laurel.TryAward(1, 1, $"{end}T23:59:59.999999+03:00")).Is(200);
        }
        var item = (await laurel.List(Obtained, await laurel.Key(1, null))).Of(1);
        Assert.Equal(first.Select(start => $"{start} 00:00:00"), item.Texts("all_achievement_times"));
        Assert.Equal("2025-01-31", item.Text("next_obtainable"));
    }

    [Theory]
    [InlineData("day", 3, "2023-05-02", "2023-05-01T12:00:00Z", "UTC", "2023-05-02")]
    [InlineData("day", 3, "2023-05-01", "2023-05-01T12:00:00Z", "UTC", "2023-05-04")]
    [InlineData("week", 2, "2030-01-04", "2023-05-01T12:00:00Z", "UTC", "2023-05-05")]
    [InlineData("month", 1, "2020-02-29", "2023-02-28T12:00:00Z", "UTC", "2023-03-29")]
    [InlineData("month", 12, "2020-02-29", "2023-02-28T11:59:59Z", "Etc/GMT+12", "2023-02-28")]
    [InlineData("month", 12, "2020-02-29", "2023-02-28T12:00:00Z", "Etc/GMT+12", "2024-02-29")]
    [InlineData("day", 1, "2020-01-01", "2023-12-31T09:59:59Z", "Pacific/Kiritimati", "2024-01-01")]
    [InlineData("day", 1, "2020-01-01", "2023-12-31T10:00:00Z", "Pacific/Kiritimati", "2024-01-02")]
    [InlineData("day", 1, "2020-01-01", "2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-30")] // a day that did not take place there
    [InlineData("day", 1, "2020-01-01", "2011-12-30T10:00:00Z", "Pacific/Apia", "2012-01-01")]
    [InlineData("month", 1000, "0001-01-31", "9999-12-01T00:00:00Z", "UTC", "")]
    public async Task The_next_period_is_told_by_its_first_day(string unit, int every, string anchor, string now, string zone, string next)
    {
        await using var laurel = await KarazWorld.Start(time: new ManualTime(Time(now)), zone: zone);
        await laurel.Badge(1, Period(unit, anchor, every));
        Assert.Equal(next, (await laurel.List(All, await laurel.Key(1, null))).Of(1).Text("next_obtainable"));
    }

    [Theory, EveryEngine]
    public async Task Of_many_awards_at_once_in_a_period_there_is_one(Engine engine)
    {
        await using var laurel = await KarazWorld.Start(engine, zone: "Australia/Lord_Howe");
        await laurel.Badge(1, Period("week", "2023-03-17"));
        for (var round = 0; round < 5; round++)
        {
            // Different moments of one period, and the next one's first.
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => laurel.TryAward(1, 1, $"2023-0{2 + (round / 3)}-1{round}T0{i % 10}:00:00Z")));
            Assert.InRange(answers.Count(answer => (int)answer.Status == 201), 0, 1);
            Assert.All(answers, answer => Assert.InRange((int)answer.Status, 200, 201));
        }
        var times = (await laurel.List(Obtained, await laurel.Key(1, null))).Of(1).Texts("all_achievement_times");
        var periods = times.Select(time => Math.Floor((DateTime.Parse(time, CultureInfo.InvariantCulture).Date - new DateTime(2023, 3, 17)).TotalDays / 7)).ToList();
        Assert.Equal(periods.Distinct(), periods);
        Assert.NotEmpty(periods);
    }

    [Theory, EveryEngine]
    public async Task Imported_years_fall_into_their_own_periods(Engine engine)
    {
        await using var laurel = await KarazWorld.Start(engine, new ManualTime(Time("2024-07-01T00:00:00Z")), "Europe/London");
        await laurel.Badge(1, Period("week", "2023-03-17"));
        await laurel.Badge(2, Period("day", "2023-03-17"));
        var tz = DateTimeZoneProviders.Tzdb["Europe/London"];
        // Weekly since 2020: local Friday noon, newest first.
        var weeks = Enumerable.Range(0, 200).Select(week => new LocalDate(2024, 6, 28).PlusWeeks(-week)).ToList();
        var rows = weeks.Select(day => $$"""{"userId":1,"badgeId":1,"awardedAt":"{{Utc(day.At(new LocalTime(12, 0)).InZoneLeniently(tz).ToInstant())}}"}""").ToList();
        var answers = (await laurel.Post($"{Root}/awards/batch", $"[{string.Join(',', rows.Concat(rows))}]")).Is(200).Json.AsArray();
        Assert.Equal(200, answers.Count(row => row!["status"]!.GetValue<string>() == "created"));
        Assert.Equal(200, answers.Count(row => row!["status"]!.GetValue<string>() == "held"));
        // At ids of their own: the same period is somebody else's.
        (await laurel.Put($"{Root}/users/1/awards/7000", """{"badgeId":1,"awardedAt":"2024-07-01T00:00:00Z"}""")).IsProblem(409, "occasion_held");
        await laurel.Import(1, 7001, 1, "2019-01-01T00:00:00Z");

        var item = (await laurel.List(Obtained, await laurel.Key(1, null))).Of(1);
        Assert.Equal(
            weeks.Select(day => $"{LocalDatePattern.Iso.Format(day)} 12:00:00").Append("2019-01-01 00:00:00").Order(StringComparer.Ordinal), item.Texts("all_achievement_times"));
        Assert.Equal((7001, "2024-07-05"), (item["I"]!.GetValue<long>(), item.Text("next_obtainable")));
    }

    [Theory, EveryEngine]
    public async Task An_award_of_the_future_is_refused(Engine engine)
    {
        await using var laurel = await KarazWorld.Start(engine, zone: "Pacific/Kiritimati");
        await laurel.Badge(1, Period("day", "2023-01-01"));
        (await laurel.TryAward(1, 1, "2023-05-01T12:00:00.000001Z")).IsProblem(422, "time_in_future");
        // In the zone it is that day already; the moment is what counts.
        (await laurel.TryAward(1, 1, "2023-05-02T02:00:00+14:00")).Is(201);
        (await laurel.Put($"{Root}/users/1/awards/5", """{"badgeId":1,"awardedAt":"2023-05-02T00:00:00Z"}""")).IsProblem(422, "time_in_future");
        Assert.Equal(["2023-05-02 02:00:00"], (await laurel.List(Obtained, await laurel.Key(1, null))).Of(1).Texts("all_achievement_times"));
    }
}
