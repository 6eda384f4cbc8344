using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class AwardingTests
{
    [Theory, EveryEngine]
    public async Task An_award_made_twice_stands_once(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.Badge(7, 1);
        await laurel.User(3);

        var first = await laurel.Award(3, 7);
        var second = await laurel.Award(3, 7);

        Assert.True(first.Created);
        Assert.False(second.Created);
        Assert.Equal(first.Award, second.Award);
        Assert.Equal(1, await laurel.Core.Statistics.Awarded(7));
        Assert.Equal(1, laurel.Core.Statistics.PastDay(7));
        var held = Assert.Single(await laurel.Core.UserAwards.Badges(3, Position.First, ascending: true, 10));
        Assert.Equal(7, held.BadgeId);
    }

    [Theory, EveryEngine]
    public async Task A_reset_badge_can_be_earned_again_and_a_revoked_one_only_by_hand(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.Badge(7, 1);
        await laurel.User(3);

        var first = (await laurel.Award(3, 7)).Award!;
        Assert.NotNull(await laurel.Core.Awarding.Remove(3, first.Id, RemovalKind.Reset, null, null, default));
        Assert.Equal(0, await laurel.Core.Statistics.Awarded(7));
        var second = (await laurel.Award(3, 7)).Award!;
        Assert.NotNull(await laurel.Core.Awarding.Remove(3, second.Id, RemovalKind.Revoke, 9, "cheated", default));
        Assert.Equal(AwardRefusal.Revoked, (await laurel.Award(3, 7)).Refusal);
        Assert.True((await laurel.Award(3, 7, manual: true)).Created);
        Assert.Equal(1, await laurel.Core.Statistics.Awarded(7));
    }

    [Theory, EveryEngine]
    public async Task A_manual_duplicate_of_a_once_badge_keeps_it_held(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.Badge(7, 1);
        await laurel.User(3);

        var natural = (await laurel.Award(3, 7)).Award!;
        var duplicate = (await laurel.Award(3, 7, manual: true)).Award!;
        Assert.Equal($"m:{duplicate.Id}", duplicate.Occasion);
        await laurel.Core.Awarding.Remove(3, natural.Id, RemovalKind.Reset, null, null, default);

        var again = await laurel.Award(3, 7);
        Assert.False(again.Created);
        Assert.Equal(duplicate.Id, again.Award?.Id);
    }

    [Theory, EveryEngine]
    public async Task A_repeatable_badge_is_listed_once_dated_by_its_earliest_standing_award(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.Badge(7, 1, new Recurrence.Always());
        await laurel.Badge(8, 1);
        await laurel.User(3);

        var late = (await laurel.Award(3, 7, at: 2000)).Award!;
        var early = (await laurel.Award(3, 7, at: 1000)).Award!;
        await laurel.Award(3, 8, at: 1500);

        Assert.Equal([7L, 8], (await laurel.Core.UserAwards.Badges(3, Position.First, ascending: true, 10)).Select(b => b.BadgeId));
        Assert.Equal(1000, await laurel.Core.UserAwards.AwardedDate(3, 7));
        await laurel.Core.Awarding.Remove(3, early.Id, RemovalKind.Reset, null, null, default);
        Assert.Equal([8L, 7], (await laurel.Core.UserAwards.Badges(3, Position.First, ascending: true, 10)).Select(b => b.BadgeId));
        Assert.Equal(late.AwardedAt, await laurel.Core.UserAwards.AwardedDate(3, 7));
        Assert.Equal(2, (await laurel.Core.UserAwards.List(3, Position.First, 10)).Count);
    }
}
