using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Rewards;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Rewards;

public sealed class RewardingTests
{
    private const long Gift = 7;
    private const long Plain = 8;
    private const long Ada = 2;

    private static readonly Caller AdaHerself = new(1, Ada, IsAdministrator: false, Scopes: null);

    [Theory, EveryEngine]
    public async Task A_claim_takes_what_the_badge_costs_once(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, cost: 30, time: time);
        await Give(laurel, 100);
        var award = await Award(laurel, Gift);
        Assert.False((await laurel.Core.UserAwards.Claim(Ada, award))!.IsClaimed);

        time.Jump(TimeSpan.FromSeconds(5));
        var claimed = Made(await laurel.Core.Rewarding.Claim(Ada, award, AdaHerself, default));
        time.Jump(TimeSpan.FromSeconds(5));
        var again = Made(await laurel.Core.Rewarding.Claim(Ada, award, AdaHerself, default));

        Assert.True(claimed.Claim.IsClaimed);
        Assert.Equal(time.Micros() - (5 * Clock.Second), claimed.Claim.ClaimedAt);
        Assert.Equal("2", claimed.Claim.UpdatedBy);
        Assert.Equal(claimed, again);
        Assert.Equal(claimed.Claim, await laurel.Core.UserAwards.Claim(Ada, award));
        Assert.Equal(new PointAccount(Ada, 70, 2), await Account(laurel));
        var paid = (await laurel.Core.Points.List(Ada, 1, 10)).Single();
        Assert.Equal(new PointEntry(2, -30, 70, null, award, Ada, claimed.Claim.ClaimedAt!.Value), paid);
        await IsSound(laurel);
    }

    [Theory, EveryEngine]
    public async Task Without_enough_points_nothing_is_claimed(Engine engine)
    {
        await using var laurel = await Start(engine, cost: 30);
        await Give(laurel, 29);
        var award = await Award(laurel, Gift);

        Assert.Equal(RewardRefusal.NotEnoughPoints, (await laurel.Core.Rewarding.Claim(Ada, award, AdaHerself, default)).Refusal);
        Assert.Equal(RewardRefusal.NotClaimed, (await laurel.Core.Rewarding.Wear(Ada, award, AdaHerself, default)).Refusal);

        Assert.False((await laurel.Core.UserAwards.Claim(Ada, award))!.IsClaimed);
        Assert.Equal(new PointAccount(Ada, 29, 1), await Account(laurel));
        Assert.False(Made(await laurel.Core.Rewarding.Unwear(Ada, award, AdaHerself, default)).Claim.IsWorn);
    }

    [Theory, EveryEngine(1), EveryEngine(2)]
    public async Task Of_64_claims_with_points_for_one_exactly_one_succeeds(Engine engine, int cores)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await Prepare(first, cost: 10);
        await using var second = cores == 2 ? await TestCore.OpenSecond(database) : first;
        for (var round = 0; round < 5; round++)
        {
            var awards = new List<long>();
            for (var i = 0; i < 64; i++)
            {
                awards.Add((await first.Award(Ada, 9, subject: $"{round}-{i}")).Award!.Id);
            }
            await Give(first, 10);

            var outcomes = await Task.WhenAll(awards.Select((award, i) => Task.Run(async () =>
                await (i % 2 == 0 ? first : second).Core.Rewarding.Claim(Ada, award, AdaHerself, default))));

            Assert.Equal(1, outcomes.Count(outcome => outcome.Refusal is null));
            Assert.Equal(63, outcomes.Count(outcome => outcome.Refusal == RewardRefusal.NotEnoughPoints));
            Assert.Equal(0, (await Account(first)).Balance);
        }
        await IsSound(first);
    }

    [Theory, EveryEngine(1), EveryEngine(2)]
    public async Task Of_64_claims_of_one_award_one_is_paid(Engine engine, int cores)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await Prepare(first, cost: 10);
        await using var second = cores == 2 ? await TestCore.OpenSecond(database) : first;
        await Give(first, 1000);
        var award = await Award(first, Gift);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () =>
            await (i % 2 == 0 ? first : second).Core.Rewarding.Claim(Ada, award, AdaHerself, default))));

        Assert.Single(outcomes.Select(outcome => Made(outcome).Claim.ClaimedAt).Distinct());
        Assert.Equal(new PointAccount(Ada, 990, 2), await Account(first));
        await IsSound(first);
    }

    [Theory, EveryEngine(1), EveryEngine(2)]
    public async Task A_removal_at_the_same_moment_leaves_no_payment_without_a_claim_and_nothing_worn(Engine engine, int cores)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await Prepare(first, cost: 1);
        await using var second = cores == 2 ? await TestCore.OpenSecond(database) : first;
        await Give(first, 1000);
        var paid = 0;
        for (var round = 0; round < 40; round++)
        {
            var award = await Award(first, Gift);
            var removing = Task.Run(() => second.Core.Awarding.Remove(Ada, award, RemovalKind.Reset, 1, null, default).AsTask());
            var claiming = Task.Run(() => first.Core.Rewarding.Claim(Ada, award, AdaHerself, default).AsTask());
            var wearing = Task.Run(() => first.Core.Rewarding.Wear(Ada, award, AdaHerself, default).AsTask());

            Assert.NotNull(await removing);
            await wearing;
            var claimed = await claiming;
            Assert.True(claimed.Refusal is null or RewardRefusal.UnknownAward);
            paid += claimed.Refusal is null ? 1 : 0;

            var kept = (await first.Core.UserAwards.Claim(Ada, award))!;
            Assert.Equal(claimed.Refusal is null, kept.IsClaimed);
            Assert.False(kept.IsWorn || kept.IsActive);
            Assert.Equal("1", kept.DeletedBy);
            Assert.Equal(RewardRefusal.UnknownAward, (await first.Core.Rewarding.Wear(Ada, award, AdaHerself, default)).Refusal);
        }
        Assert.Equal(1000 - paid, (await Account(first)).Balance);
        await IsSound(first);
    }

    [Theory, EveryEngine]
    public async Task What_needs_no_claim_is_claimed_by_its_award_and_can_be_worn_at_once(Engine engine)
    {
        await using var laurel = await Start(engine, cost: 30);
        // On SQLite it waits without a row of its own.
        var award = (await laurel.Award(Ada, Plain)).Award!;
        Assert.Null(await laurel.Core.UserAwards.Claim(Ada, award.Id));

        var worn = Made(await laurel.Core.Rewarding.Wear(Ada, award.Id, AdaHerself, default));

        Assert.True(worn.Claim is { IsWorn: true, IsClaimed: true, IsActive: true });
        Assert.Equal(award.AwardedAt, worn.Claim.ClaimedAt);
        Assert.Equal(worn.Claim.Uid, Made(await laurel.Core.Rewarding.Unwear(Ada, award.Id, AdaHerself, default)).Claim.Uid);
        Assert.Equal(worn.Claim.Uid, Made(await laurel.Core.Rewarding.Claim(Ada, award.Id, AdaHerself, default)).Claim.Uid);
        Assert.Equal(0, (await Account(laurel)).Entries);

        Made(await laurel.Core.Rewarding.Wear(Ada, award.Id, AdaHerself, default));
        Assert.NotNull(await laurel.Core.Awarding.Remove(Ada, award.Id, RemovalKind.Reset, null, null, default));
        Assert.True(await laurel.Core.UserAwards.Claim(Ada, award.Id) is { IsWorn: false, IsActive: false, DeletedAt: not null });
        await IsSound(laurel);
    }

    [Theory, EveryEngine]
    public async Task An_award_that_comes_back_under_its_id_is_active_again(Engine engine)
    {
        await using var laurel = await Start(engine, cost: 0);
        async Task<AwardClaim> Put()
        {
            var request = new AwardRequest(Ada, Gift, AwardSource.Import) { AwardedAt = 1_000_000 };
            Assert.Null((await laurel.Core.Awarding.Import(5, request, new AwardClaimDraft(null, true, 2_000_000, true), TestCore.Administrator, default)).Refusal);
            return (await laurel.Core.UserAwards.Claim(Ada, 5))!;
        }
        var first = await Put();
        Assert.NotNull(await laurel.Core.Awarding.Remove(Ada, 5, RemovalKind.Reset, 1, null, default));

        var second = await Put();

        Assert.Equal(first with { UpdatedAt = second.UpdatedAt }, second);
        Assert.True(second is { IsActive: true, IsWorn: true, DeletedAt: null, DeletedBy: null });
    }

    [Theory, EveryEngine]
    public async Task Only_the_user_administrators_and_services_with_the_scope_may(Engine engine)
    {
        await using var laurel = await Start(engine, cost: 0);
        var award = await Award(laurel, Gift);
        var stranger = new Caller(1, 3, IsAdministrator: false, Scopes: null);
        var limited = new Caller(1, Ada, IsAdministrator: false, new HashSet<string> { Scopes.PointsWrite });
        var service = new Caller(1, null, IsAdministrator: false, new HashSet<string> { Scopes.RewardsWrite });
        foreach (var caller in new[] { stranger, limited })
        {
            Assert.Equal(RewardRefusal.Forbidden, (await laurel.Core.Rewarding.Claim(Ada, award, caller, default)).Refusal);
            Assert.Equal(RewardRefusal.Forbidden, (await laurel.Core.Rewarding.Wear(Ada, award, caller, default)).Refusal);
            Assert.Equal(RewardRefusal.Forbidden, (await laurel.Core.Rewarding.Unwear(Ada, award, caller, default)).Refusal);
        }
        Assert.Null(Made(await laurel.Core.Rewarding.Claim(Ada, award, service, default)).Claim.UpdatedBy);
        Made(await laurel.Core.Rewarding.Wear(Ada, award, TestCore.Administrator, default));
        Assert.Equal(RewardRefusal.UnknownAward, (await laurel.Core.Rewarding.Claim(3, award, TestCore.Administrator, default)).Refusal);
    }

    [Theory, EveryEngine]
    public async Task Giving_and_taking_at_once_never_leaves_less_than_nothing(Engine engine)
    {
        await using var laurel = await Start(engine, cost: 0);
        await Give(laurel, 20);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() =>
            laurel.Core.Points.Add(Ada, -3, $"part {i}", TestCore.Administrator))));

        Assert.Equal(6, outcomes.Count(outcome => outcome.Succeeded(out _, out _)));
        Assert.All(outcomes, outcome => Assert.True(outcome.Succeeded(out _, out var refusal) || refusal.Code == RefusalCode.NotEnoughPoints));
        Assert.Equal(new PointAccount(Ada, 2, 7), await Account(laurel));
        Assert.Equal(Enumerable.Range(1, 7).Select(number => (long)number), (await laurel.Core.Points.List(Ada, 0, 100)).Select(entry => entry.Number));
        await IsSound(laurel);
    }

    [Theory, EveryEngine]
    public async Task Points_have_bounds(Engine engine)
    {
        await using var laurel = await Start(engine, cost: 0);
        await Give(laurel, IdRange.Largest);
        foreach (var (user, delta, reason, code) in new (long, long, string?, RefusalCode)[]
        {
            (Ada, 1, null, RefusalCode.Invalid), (Ada, 0, null, RefusalCode.Invalid), (3, IdRange.Largest + 1, null, RefusalCode.Invalid),
            (Ada, long.MinValue, null, RefusalCode.Invalid), (Ada, long.MaxValue, null, RefusalCode.Invalid), (3, -1, null, RefusalCode.NotEnoughPoints),
            (3, 1, new string('x', 1001), RefusalCode.Invalid), (3, 1, "\ud800", RefusalCode.Invalid), (77, 1, null, RefusalCode.UnknownUser),
        })
        {
            Assert.False((await laurel.Core.Points.Add(user, delta, reason, TestCore.Administrator)).Succeeded(out _, out var refusal));
            Assert.Equal(code, refusal.Code);
        }
        Assert.False((await laurel.Core.Points.Add(3, 1, null, AdaHerself)).Succeeded(out _, out var forbidden));
        Assert.Equal(RefusalCode.Forbidden, forbidden.Code);
        Assert.False((await laurel.Core.Points.Add(Ada, 1, null, AdaHerself)).Succeeded(out _, out _));
        Assert.False((await laurel.Core.Points.Find(3, AdaHerself)).Succeeded(out _, out _));
        Assert.Equal(new PointAccount(3, 0, 0), TestCore.Value(await laurel.Core.Points.Find(3, TestCore.Administrator)));
        Assert.Equal(-IdRange.Largest, TestCore.Value(await laurel.Core.Points.Add(Ada, -IdRange.Largest, null, TestCore.Administrator)).Delta);
        await IsSound(laurel);
    }

    private static Reward Made(RewardOutcome outcome)
    {
        Assert.Null(outcome.Refusal);
        return outcome.Reward!;
    }

    private static async Task<TestCore> Start(Engine engine, long cost, TimeProvider? time = null)
    {
        var laurel = await TestCore.Open(engine, time);
        await Prepare(laurel, cost);
        return laurel;
    }

    private static async Task Prepare(TestCore laurel, long cost)
    {
        await laurel.Issuer(1);
        foreach (var (id, recurrence) in new (long, Recurrence)[] { (Gift, new Recurrence.Once()), (9, new Recurrence.PerSubject()) })
        {
            TestCore.Value(await laurel.Core.Badges.Put(id, new BadgeDraft
            {
                IssuerId = 1,
                Texts = new Dictionary<string, BadgeText> { ["en"] = new("Gift", null) },
                Recurrence = recurrence,
                Claimable = true,
                Cost = cost,
            }, createOnly: false));
        }
        await laurel.Badge(Plain, 1);
        await laurel.User(Ada);
        await laurel.User(3);
    }

    private static async Task<long> Award(TestCore laurel, long badge) => (await laurel.Award(Ada, badge)).Award!.Id;

    private static async Task Give(TestCore laurel, long points) => TestCore.Value(await laurel.Core.Points.Add(Ada, points, null, TestCore.Administrator));

    private static async Task<PointAccount> Account(TestCore laurel) => TestCore.Value(await laurel.Core.Points.Find(Ada, AdaHerself));

    private static async Task IsSound(TestCore laurel) =>
        Assert.Empty((await Doctor.Examine(laurel.Core.Database.Options, TimeProvider.System)).Findings);
}
