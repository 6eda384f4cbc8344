using Laurel.Core.Awards;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class OccasionTests
{
    private const long AwardedAt = 1_679_092_200_000_000; // 2023-03-17T22:30:00Z
    private const long AwardId = 9001;

    public static TheoryData<Recurrence, string?> WithEverything => new()
    {
        { new Recurrence.Once(), "" },
        { new Recurrence.PerSubject(), "s:node:7" },
        { new Recurrence.PerAction(), "a:1125" },
        { new Recurrence.PerPeriod(1, PeriodUnit.Week, new DateOnly(2023, 3, 13)), "p:2023-03-13" },
        { new Recurrence.Always(), "i:9001" },
    };

    public static TheoryData<Recurrence, string?> WithoutSubjectAndAction => new()
    {
        { new Recurrence.Once(), "" },
        { new Recurrence.PerSubject(), null },
        { new Recurrence.PerAction(), null },
        { new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2023, 3, 13)), "p:2023-03-17" },
        { new Recurrence.Always(), "i:9001" },
    };

    [Theory, MemberData(nameof(WithEverything))]
    public void The_recurrence_decides_the_occasion(Recurrence recurrence, string? key) =>
        Assert.Equal(key, Occasion.Of(recurrence, "UTC", AwardedAt, "node:7", 1125, AwardId)?.Key);

    [Theory, MemberData(nameof(WithoutSubjectAndAction))]
    public void A_missing_subject_or_action_matters_only_to_a_recurrence_that_needs_it(Recurrence recurrence, string? key)
    {
        Assert.Equal(key, Occasion.Of(recurrence, "UTC", AwardedAt, null, null, AwardId)?.Key);
        Assert.Equal(key, Occasion.Of(recurrence, "UTC", AwardedAt, "", null, AwardId)?.Key);
    }

    [Fact]
    public void The_period_is_the_one_of_the_issuers_zone()
    {
        var daily = new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2023, 3, 13));

        Assert.Equal("p:2023-03-18", Occasion.Of(daily, "Asia/Riyadh", AwardedAt, null, null, AwardId)?.Key);
    }

    [Fact]
    public void Two_times_of_one_period_are_one_occasion_and_two_awards_of_an_always_badge_are_two()
    {
        var monthly = new Recurrence.PerPeriod(1, PeriodUnit.Month, new DateOnly(2023, 1, 31));
        const long day = 86_400_000_000;

        Assert.Equal(
            Occasion.Of(monthly, "UTC", AwardedAt, null, null, 1),
            Occasion.Of(monthly, "UTC", AwardedAt + 10 * day, null, null, 2));
        Assert.NotEqual(
            Occasion.Of(new Recurrence.Always(), "UTC", AwardedAt, null, null, 1),
            Occasion.Of(new Recurrence.Always(), "UTC", AwardedAt, null, null, 2));
    }

    [Fact]
    public void A_period_of_the_first_century_keeps_four_digits_of_year()
    {
        var daily = new Recurrence.PerPeriod(1, PeriodUnit.Day, DateOnly.MinValue);

        Assert.Equal("p:0001-01-01", Occasion.Of(daily, "UTC", long.MinValue, null, null, 1)?.Key);
    }

    [Fact]
    public void A_manual_duplicate_is_told_apart_by_its_award() => Assert.Equal("m:9001", Occasion.Manual(AwardId).Key);
}
