using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Tests.Awards;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Rules;

/// <summary>A rule applied to the past ends as if it had always been there, does what its preview said, and can be taken back.</summary>
public sealed class BackfillTests
{
    private const int Users = 250;

    [Theory, EveryEngine]
    public async Task It_does_what_the_preview_said_and_what_living_through_it_would_have_done(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var laurel = await Open(engine, time);
        // The twin lives through it; the other is only told of the rule afterwards.
        await Put(laurel, 2, Draft("twin", 2), time);
        await ActAll(laurel, seed: 7);
        var draft = Draft("editor", 1);

        var preview = TestCore.Value(await laurel.Core.Previews.Make(null, draft, null, 0, TestCore.Administrator, Ct));
        Assert.True(preview.IsComplete);
        Assert.Empty(await Awards(laurel, 1));

        await Put(laurel, 1, draft, time);
        Assert.Empty(await Awards(laurel, 1));
        var done = await Done(laurel, TestCore.Value(await laurel.Core.Backfills.Apply(1, null, TestCore.Administrator)));

        Assert.Equal(BackfillState.Done, done.State);
        var awards = await Awards(laurel, 1);
        Assert.Equal((await Awards(laurel, 2)).Select(Told), awards.Select(Told));
        Assert.NotEmpty(awards);
        Assert.Equal((awards.Count, awards.Count), ((int)done.Awarded, (int)preview.Gain.Count));
        Assert.All(preview.Gain.Samples, sample => Assert.Contains(awards, award =>
            (award.UserId, award.AwardedAt, award.ActionId) == (sample.UserId, sample.At, sample.ActionId)));
        Assert.All(awards, award => Assert.Equal((AwardSource.Backfill, new AwardRule(1, 1, done.Id)), (award.Source, award.Rule!.Value)));

        // From here on both live.
        await ActAll(laurel, seed: 8);
        Assert.Equal((await Awards(laurel, 2)).Select(Told), (await Awards(laurel, 1)).Select(Told));
        Assert.Equal((0, 0), (await Preview(laurel, 1, draft)) is var again ? ((int)again.Gain.Count, (int)again.Lose.Count) : default);
        await TestCore.Settled(laurel.Core);
        await Recount.AssertExact(laurel.Core, time.Micros());
    }

    [Theory, EveryEngine]
    public async Task It_can_be_taken_back_as_a_whole(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var laurel = await Open(engine, time);
        await ActAll(laurel, seed: 3);
        await Put(laurel, 1, Draft("editor", 1), time);
        await ActAll(laurel, seed: 4);
        var lived = (await Awards(laurel, 1)).Select(Told).ToList();

        var done = await Done(laurel, TestCore.Value(await laurel.Core.Backfills.Apply(1, null, TestCore.Administrator)));
        Assert.NotEqual(lived, (await Awards(laurel, 1)).Select(Told));
        await Done(laurel, TestCore.Value(await laurel.Core.Backfills.TakeBack(done.Id, TestCore.Administrator)));

        Assert.Equal(lived, (await Awards(laurel, 1)).Select(Told));
        await TestCore.Settled(laurel.Core);
        await Recount.AssertExact(laurel.Core, time.Micros());
    }

    [Theory, EveryEngine]
    public async Task Who_acts_while_it_runs_is_counted_once(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        var time = new ManualTime(Start);
        await using var first = await TestCore.OpenSecond(database, time);
        await using var second = await TestCore.OpenSecond(database, time);
        await Fill(first);
        await Put(first, 2, Draft("twin", 2), time);
        await ActAll(first, seed: 5);
        await Put(first, 1, Draft("editor", 1), time);
        var running = TestCore.Value(await first.Core.Backfills.Apply(1, null, TestCore.Administrator));

        await Task.WhenAll(ActAll(first, seed: 6), ActAll(second, seed: 7));
        await Done(second, running);

        Assert.Equal((await Awards(first, 2)).Select(Told), (await Awards(first, 1)).Select(Told));
    }

    // On SQLite whoever keeps the writer waiting keeps the backfill from being started too.
    [Theory]
    [InlineData(Engine.Postgres)]
    [InlineData(Engine.PostgresPartitioned)]
    public async Task Who_first_acts_in_the_batch_of_a_slice_is_counted(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        var time = new ManualTime(Start);
        await using var laurel = await TestCore.OpenSecond(database, time);
        await Fill(laurel);
        await Put(laurel, 1, Draft("editor", 1) with { Condition = new Condition.Each(), Tiers = [new Tier(1, 1)] }, time);
        await laurel.Badge(3, 1);

        Task<AwardOutcome> waiting;
        Task<List<ActionDraft>> acting;
        Backfill running;
        await using (var other = new NpgsqlConnection(database.ConnectionString))
        {
            await other.OpenAsync(Ct);
            await using var held = await other.BeginTransactionAsync(Ct);
            await using var take = new NpgsqlCommand("LOCK TABLE awards IN ACCESS EXCLUSIVE MODE", other, held);
            await take.ExecuteNonQueryAsync(Ct);
            waiting = laurel.Award(1, 3).AsTask();
            await Task.Delay(100, Ct);
            running = TestCore.Value(await laurel.Core.Backfills.Apply(1, null, TestCore.Administrator));
            acting = ActAll(laurel, seed: 1);
            await Task.Delay(1500, Ct);
        }
        Assert.True((await waiting).Created);
        var matching = (await acting).Count(draft => draft.Properties is """{"size":3}""" or """{"size":4}""" or """{"size":5}""");
        await Done(laurel, running);

        Assert.Equal(matching, (await Awards(laurel, 1)).Count);
    }

    [Theory, EveryEngine]
    public async Task A_set_is_complete_with_what_another_rule_awards_while_it_is_applied_to_the_past(Engine engine)
    {
        const int Many = 800;
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        Assert.Null(await laurel.Core.Users.PutMany(Enumerable.Range(1, Many).Select(id => ((long)id, new Laurel.Core.Users.UserDraft()))));
        foreach (var badge in new[] { 1, 2, 8, 9 })
        {
            await laurel.Badge(badge, 1);
        }
        await Task.WhenAll(Enumerable.Range(1, Many).Select(user => laurel.Award(user, 1).AsTask()));
        await PutSet(1, [1, 2], 8);
        await PutSet(2, [1, 8], 9);
        var order = Enumerable.Range(1, Many).ToArray();
        new Random(1).Shuffle(order);

        var running = TestCore.Value(await laurel.Core.Backfills.Apply(2, null, TestCore.Administrator));
        foreach (var users in order.Chunk(80))
        {
            await Task.WhenAll(users.Select(user => laurel.Award(user, 2).AsTask()));
        }
        await Done(laurel, running);

        await TestCore.Settled(laurel.Core);
        Assert.Equal((Many, Many), (await laurel.Core.Statistics.Awarded(8), await laurel.Core.Statistics.Awarded(9)));

        async Task PutSet(long id, long[] set, long badge) => TestCore.Value(await laurel.Core.Rules.Put(id, new RuleDraft
        {
            Key = $"set-{id}", Enabled = true, Condition = new Condition.Holding(set), Tiers = [new Tier(badge, set.Length)],
        }, createOnly: false, TestCore.Administrator));
    }

    [Theory, EveryEngine]
    public async Task What_a_moderator_removed_stays_removed_whatever_comes(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var laurel = await Open(engine, time);
        await laurel.Badge(3, 1);
        var draft = Draft("once", 3) with { Condition = new Condition.Count(), Tiers = [new Tier(3, 2)] };
        await Put(laurel, 3, draft, time);
        var told = await ActAll(laurel, seed: 9);
        var awarded = (await Awards(laurel, 3)).ToList();
        var removed = awarded.Where((_, i) => i % 2 == 0).ToList();
        Assert.NotEmpty(removed);
        foreach (var (award, i) in removed.Select((award, i) => (award, i)))
        {
            var kind = i % 2 == 0 ? RemovalKind.Reset : RemovalKind.Revoke;
            Assert.NotNull(await laurel.Core.Awarding.Remove(award.UserId, award.Id, kind, null, null, Ct));
        }
        var others = new List<long>();

        // Told again; told late; counted anew under an edit; applied to the past, and that taken back.
        await Record(laurel, told);
        await Unchanged();
        await ActAll(laurel, seed: 10);
        await Unchanged();
        await Put(laurel, 3, draft with { Tiers = [new Tier(3, 1)] }, time);
        await ActAll(laurel, seed: 11);
        await Unchanged();
        var done = await Done(laurel, TestCore.Value(await laurel.Core.Backfills.Apply(3, null, TestCore.Administrator)));
        await Unchanged();
        await Done(laurel, TestCore.Value(await laurel.Core.Backfills.TakeBack(done.Id, TestCore.Administrator)));
        await ActAll(laurel, seed: 12);
        await Unchanged();
        Assert.NotEmpty(others);

        async Task Unchanged()
        {
            var holders = (await Awards(laurel, 3)).Select(award => award.UserId).ToHashSet();
            Assert.All(removed, award => Assert.DoesNotContain(award.UserId, holders));
            Assert.Subset(holders, awarded.Except(removed).Select(award => award.UserId).ToHashSet());
            others.AddRange(holders.Except(awarded.Select(award => award.UserId)));
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static object Told(Award award) => (award.UserId, award.Occasion, award.AwardedAt, award.ActionId);

    private static async Task<TestCore> Open(Engine engine, ManualTime time)
    {
        var laurel = await TestCore.Open(engine, time);
        await Fill(laurel);
        return laurel;
    }

    private static async Task Fill(TestCore laurel)
    {
        await laurel.Issuer(1);
        await laurel.Badge(1, 1, new Recurrence.PerAction());
        await laurel.Badge(2, 1, new Recurrence.PerAction());
        TestCore.Value(await laurel.Core.ActionTypes.Put("Edit", null, createOnly: false));
        Assert.Null(await laurel.Core.Users.PutMany(Enumerable.Range(1, Users).Select(id => ((long)id, new Laurel.Core.Users.UserDraft()))));
    }

    private static RuleDraft Draft(string key, long badgeId) => new()
    {
        Key = key,
        Enabled = true,
        Actions = ["Edit"],
        Filter = "properties.size > 2",
        Condition = new Condition.CountWithin(3600 * Clock.Second),
        Tiers = [new Tier(badgeId, 2)],
    };

    private static async Task Put(TestCore laurel, long id, RuleDraft draft, ManualTime time)
    {
        TestCore.Value(await laurel.Core.Rules.Put(id, draft, createOnly: false, TestCore.Administrator));
        time.Jump(TimeSpan.FromHours(6));
    }

    // In no order, within the six hours that passed.
    private static async Task<List<ActionDraft>> ActAll(TestCore laurel, int seed)
    {
        var random = new Random(seed);
        var now = laurel.Core.Time.Micros();
        var drafts = Enumerable.Range(0, 700).Select(i => new ActionDraft("Edit", random.Next(1, Users + 1))
        {
            Id = (seed * 10_000) + i,
            OccurredAt = now - random.NextInt64(5 * 3600) * Clock.Second,
            Properties = $$"""{"size":{{random.Next(6)}}}""",
        }).ToList();
        await Record(laurel, drafts);
        return drafts;
    }

    private static async Task Record(TestCore laurel, List<ActionDraft> drafts)
    {
        foreach (var outcome in await laurel.Core.Actions.RecordAll(drafts, TestCore.Administrator, Ct))
        {
            TestCore.Value(outcome!.Value);
        }
    }

    private static async Task<RulePreview> Preview(TestCore laurel, long ruleId, RuleDraft draft) =>
        TestCore.Value(await laurel.Core.Previews.Make(ruleId, draft, null, 0, TestCore.Administrator, Ct));

    private static async Task<Backfill> Done(TestCore laurel, Backfill backfill)
    {
        while (backfill.State == BackfillState.Running)
        {
            await Task.Delay(20, Ct);
            backfill = TestCore.Value(await laurel.Core.Backfills.Find(backfill.Id, TestCore.Administrator));
        }
        return backfill;
    }

    private static async Task<List<Award>> Awards(TestCore laurel, long badgeId)
    {
        var awards = new List<Award>();
        for (var user = 1; user <= Users; user++)
        {
            awards.AddRange((await laurel.Core.UserAwards.List(user, Position.First, 1000)).Where(award => award.BadgeId == badgeId));
        }
        return [.. awards.OrderBy(award => award.UserId).ThenBy(award => award.AwardedAt).ThenBy(award => award.ActionId)];
    }
}
