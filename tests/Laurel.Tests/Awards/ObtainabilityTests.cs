using FsCheck;
using FsCheck.Fluent;
using Laurel.Core.Awards;
using NodaTime;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>When a badge can be earned next, and how a user stands with it.</summary>
public sealed class ObtainabilityTests
{
    private static readonly string[] ZoneIds = [.. DateTimeZoneProviders.Tzdb.Ids];

    private static readonly DateOnly Today = new(2023, 5, 1);
    private static readonly DateOnly Yesterday = new(2023, 4, 30);

    public static TheoryData<Recurrence> Unbounded => [new Recurrence.PerSubject(), new Recurrence.PerAction(), new Recurrence.Always()];

    [Fact]
    public void What_can_be_earned_once_can_be_earned_today_or_never()
    {
        var once = new Recurrence.Once();
        Assert.Equal(Today, Obtainability.Next(once, isHeld: false, Today));
        Assert.Null(Obtainability.Next(once, isHeld: true, Today));
        Assert.Equal(AwardState.Never, Obtainability.State(once, null, Today));
        Assert.Equal(AwardState.Held, Obtainability.State(once, DateOnly.MinValue, Today));
    }

    [Theory, MemberData(nameof(Unbounded))]
    public void What_has_no_period_can_be_earned_today(Recurrence recurrence)
    {
        Assert.Equal(Today, Obtainability.Next(recurrence, isHeld: false, Today));
        Assert.Equal(Today, Obtainability.Next(recurrence, isHeld: true, Today));
        Assert.Equal(AwardState.Never, Obtainability.State(recurrence, null, Today));
        Assert.Equal(AwardState.Again, Obtainability.State(recurrence, Today, Today));
    }

    [Fact]
    public void A_period_is_held_from_its_award_to_its_end()
    {
        var weekly = new Recurrence.PerPeriod(1, PeriodUnit.Week, Yesterday);
        Assert.Equal(AwardState.Held, Obtainability.State(weekly, Yesterday, Today));
        Assert.Equal(AwardState.Again, Obtainability.State(weekly, Yesterday.AddDays(-1), Today));
        Assert.Equal(AwardState.Never, Obtainability.State(weekly, null, Today));
        Assert.Equal(new DateOnly(2023, 5, 7), Obtainability.Next(weekly, isHeld: false, Today));
        Assert.Equal(new DateOnly(2023, 5, 7), Obtainability.Next(weekly, isHeld: true, Today));
    }

    private sealed record Case(Recurrence.PerPeriod Period, string Zone, long Now, long Ago);

    [Fact]
    public void The_next_period_is_in_the_future_and_its_first_moment_begins_it() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(5000),
        Prop.ForAll(Cases(), c =>
        {
            var today = Zones.LocalDate(c.Now, c.Zone);
            if (Obtainability.Next(c.Period, isHeld: true, today) is not { } next)
            {
                return c.Period.NextPeriodStart(c.Now, c.Zone) is null;
            }
            var begins = FirstMoment(next, c.Zone);
            return next > today
                && begins > c.Now
                && c.Period.PeriodStart(begins, c.Zone) != c.Period.PeriodStart(c.Now, c.Zone)
                && c.Period.PeriodStart(begins - 1, c.Zone) == c.Period.PeriodStart(c.Now, c.Zone);
        }));

    [Fact]
    public void Held_is_what_has_the_occasion_of_now() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(5000),
        Prop.ForAll(Cases(), c =>
        {
            var last = c.Now - c.Ago;
            var state = Obtainability.State(c.Period, Zones.LocalDate(last, c.Zone), Zones.LocalDate(c.Now, c.Zone));
            return (state == AwardState.Held)
                == (Occasion.Of(c.Period, c.Zone, last, null, null, 1) == Occasion.Of(c.Period, c.Zone, c.Now, null, null, 2));
        }));

    private static Arbitrary<Case> Cases() => (
        from every in Gen.Frequency((4, Gen.Choose(1, 6)), (1, Gen.Choose(1, 1000)))
        from unit in Gen.Elements(Enum.GetValues<PeriodUnit>())
        from anchor in Gen.Frequency(
            (3, Gen.Choose(new DateOnly(1990, 1, 1).DayNumber, new DateOnly(2040, 12, 31).DayNumber)), (1, Gen.Choose(0, DateOnly.MaxValue.DayNumber)))
        from toMonthEnd in Gen.Elements(true, false)
        from zone in Gen.Elements(ZoneIds)
        from second in Gen.Choose(0, int.MaxValue)
        from ago in Gen.Choose(0, 100_000_000)
        let day = DateOnly.FromDayNumber(anchor)
        select new Case(
            new Recurrence.PerPeriod(every, unit, toMonthEnd ? new DateOnly(day.Year, day.Month, DateTime.DaysInMonth(day.Year, day.Month)) : day),
            zone, (second * 1_000_000L) + (ago % 1_000_000), ago * 1_000_000L)).ToArbitrary();

    // Where a zone leapt over a whole day, the day after it.
    private static long FirstMoment(DateOnly date, string zone)
    {
        while (true)
        {
            try
            {
                return DateTimeZoneProviders.Tzdb[zone].AtStartOfDay(LocalDate.FromDateOnly(date)).ToInstant().ToUnixTimeTicks() / 10;
            }
            catch (SkippedTimeException)
            {
                date = date.AddDays(1);
            }
        }
    }
}
