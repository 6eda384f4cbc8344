using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Rules;
using Laurel.Tests.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Rules;

/// <summary>Rules award by themselves, for what was done and when, whatever the order in which it is told.</summary>
public sealed class RuleEvaluationTests
{
    [Theory, EveryEngine]
    public async Task The_third_edit_awards_and_no_later_one(Engine engine)
    {
        await using var laurel = await Open(engine);
        await Put(laurel, new Condition.Count(), 3);

        for (var minute = 1; minute <= 5; minute++)
        {
            await Act(laurel, minute, minute);
        }

        var award = Assert.Single(await Awards(laurel));
        Assert.Equal((At(3), 3L, new AwardRule(1, 1)), (award.AwardedAt, award.ActionId, award.Rule!.Value));
    }

    [Theory, EveryEngine]
    public async Task What_comes_late_counts_as_if_it_had_come_in_order(Engine engine)
    {
        await using var laurel = await Open(engine);
        await Put(laurel, new Condition.Count(), 3);

        foreach (var minute in new[] { 5, 4, 3, 2, 1, 3, 2 })
        {
            await Act(laurel, minute, minute);
        }

        var award = Assert.Single(await Awards(laurel));
        Assert.Equal((At(3), 3L), (award.AwardedAt, award.ActionId));
        await Recount.AssertExact(laurel.Core, laurel.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task What_a_moderator_removed_stays_removed_when_something_comes_late(Engine engine)
    {
        await using var laurel = await Open(engine, new Recurrence.PerAction());
        await Put(laurel, new Condition.Count(), 3);
        foreach (var minute in new[] { 2, 3, 4 })
        {
            await Act(laurel, minute, minute);
        }
        var award = Assert.Single(await Awards(laurel));
        Assert.NotNull(await laurel.Core.Awarding.Remove(1, award.Id, RemovalKind.Reset, null, null, Ct));

        await Act(laurel, 1, 1);
        await Act(laurel, 9, 9);

        Assert.Empty(await Awards(laurel));
    }

    [Theory, EveryEngine]
    public async Task A_set_is_complete_when_its_last_badge_is_awarded_by_whoever(Engine engine)
    {
        await using var laurel = await Open(engine);
        await laurel.Badge(2, 1);
        await laurel.Badge(3, 1);
        await laurel.Badge(4, 1);
        await Put(laurel, new Condition.Count(), 2);
        TestCore.Value(await laurel.Core.Rules.Put(2, new RuleDraft
        {
            Key = "collector", Enabled = true, Condition = new Condition.Holding([1, 2, 3]), Tiers = [new Tier(4, 2)],
        }, createOnly: false, TestCore.Administrator));

        await laurel.Award(1, 3, at: At(1));
        await Act(laurel, 5, 5);
        Assert.DoesNotContain(await Awards(laurel), each => each.BadgeId == 4);
        await Act(laurel, 7, 7);

        Assert.Equal(At(7), Assert.Single(await Awards(laurel), each => each.BadgeId == 4).AwardedAt);
        await Act(laurel, 3, 3);
        Assert.Equal(At(5), Assert.Single(await Awards(laurel), each => each.BadgeId == 4).AwardedAt);
    }

    [Theory, EveryEngine]
    public async Task Awards_earned_together_have_what_each_has_alone(Engine engine)
    {
        await using var laurel = await Open(engine);
        foreach (var user in new[] { 2, 3 })
        {
            await laurel.User(user);
        }
        await laurel.Badge(2, 1, new Recurrence.PerSubject());
        await laurel.Core.Badges.Put(3, new BadgeDraft
        {
            IssuerId = 1,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new("Badge 3", "To be claimed") },
            Recurrence = new Recurrence.PerAction(),
            Claimable = true,
        }, createOnly: false);
        // By rules 1 and 2, each with its own idea of how often.
        TestCore.Value(await laurel.Core.Rules.Put(2, new RuleDraft
        {
            Key = "often", Enabled = true, Actions = ["Edit"], Condition = new Condition.Each(), Tiers = [new Tier(3, 1)],
        }, createOnly: false, TestCore.Administrator));
        TestCore.Value(await laurel.Core.Rules.Put(3, new RuleDraft
        {
            Key = "each", Enabled = true, Actions = ["Edit"], Condition = new Condition.Each(), Tiers = [new Tier(2, 1)],
        }, createOnly: false, TestCore.Administrator));
        await Put(laurel, new Condition.Count(), 7);
        var drafts = Enumerable.Range(0, 90).Select(i => new ActionDraft("Edit", 1 + (i % 3)) { Id = 100 + i, OccurredAt = At(i * 37 % 90 / 3), Subject = $"s{i % 5}" }).ToList();

        Assert.All(await laurel.Core.Actions.RecordAll(drafts, TestCore.Administrator, Ct), outcome => Assert.True(TestCore.Value(outcome!.Value).Created));

        foreach (var user in new[] { 1, 2, 3 })
        {
            var done = drafts.Where(draft => draft.UserId == user).OrderBy(draft => draft.OccurredAt).ThenBy(draft => draft.Id).ToList();
            IEnumerable<(long Badge, long? Action, AwardRule Rule)> earned =
            [
                (1, done[6].Id, new AwardRule(1, 1)),
                .. done.DistinctBy(draft => draft.Subject).Select(draft => (2L, draft.Id, new AwardRule(3, 1))),
                .. done.Select(draft => (3L, draft.Id, new AwardRule(2, 1))),
            ];
            var awards = await laurel.Core.UserAwards.List(user, Position.First, 100);
            Assert.Equal(earned.Order(), awards.Select(award => (award.BadgeId, award.ActionId, award.Rule!.Value)).Order());
            Assert.Equal([(1, 1), (2, 5), (3, 30)], (await laurel.Core.UserAwards.Counts(user)).Select(each => (each.BadgeId, each.Standing)).Order());
            Assert.Equal(awards.Where(award => award.BadgeId == 3).Select(award => award.Id).Order(), (await laurel.Core.UserAwards.Claims(awards)).Keys.Select(key => key.AwardId).Order());
        }
        Assert.Empty((await Laurel.Core.Storage.Doctor.Examine(laurel.Core.Database.Options, laurel.Core.Time)).Findings);
    }

    [Theory, EveryEngine]
    public async Task The_first_hundred_are_a_hundred(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await Fill(first, new Recurrence.Once());
        for (var user = 2; user <= 160; user++)
        {
            await first.User(user);
        }
        TestCore.Value(await first.Core.Rules.Put(1, Draft(new Condition.Each(), 1) with { MaximumRecipients = 100 }, createOnly: false, TestCore.Administrator));

        await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
        {
            for (var user = 1 + (caller / 2); user <= 160; user += 32)
            {
                var core = caller % 2 == 0 ? first : second;
                TestCore.Value(await core.Core.Actions.Record(new ActionDraft("Edit", user) { Id = (caller * 1000) + user }));
            }
        })));

        var awarded = 0;
        for (var user = 1; user <= 160; user++)
        {
            awarded += (await first.Core.UserAwards.List(user, Position.First, 10)).Count;
        }
        Assert.Equal(100, awarded);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static long Start { get; } = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1000;

    private static long At(int minute) => Start + (minute * 60 * Clock.Second);

    private static async Task<TestCore> Open(Engine engine, Recurrence? recurrence = null)
    {
        var time = new ManualTime(DateTimeOffset.FromUnixTimeMilliseconds(Start / 1000));
        var laurel = await TestCore.Open(engine, time);
        await Fill(laurel, recurrence ?? new Recurrence.Once());
        return laurel;
    }

    private static async Task Fill(TestCore laurel, Recurrence recurrence)
    {
        await laurel.Issuer(1);
        await laurel.Badge(1, 1, recurrence);
        await laurel.User(1);
        TestCore.Value(await laurel.Core.ActionTypes.Put("Edit", null, createOnly: false));
    }

    private static RuleDraft Draft(Condition condition, decimal target) => new()
    {
        Key = "editor", Enabled = true, Actions = ["Edit"], Condition = condition, Tiers = [new Tier(1, target)],
    };

    private static async Task Put(TestCore laurel, Condition condition, decimal target)
    {
        TestCore.Value(await laurel.Core.Rules.Put(1, Draft(condition, target), createOnly: false, TestCore.Administrator));
        ((ManualTime)laurel.Core.Time).Jump(TimeSpan.FromHours(1));
    }

    private static async Task Act(TestCore laurel, long id, int minute) =>
        TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("Edit", 1) { Id = id, OccurredAt = At(minute) }));

    private static async Task<IReadOnlyList<Award>> Awards(TestCore laurel) => await laurel.Core.UserAwards.List(1, Position.First, 100);
}
