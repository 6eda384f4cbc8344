using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;
using Recount = Laurel.Tests.Awards.Recount;

namespace Laurel.Tests.Rules;

/// <summary>Actions that come late, each case by itself; <see cref="RuleModelTests"/> has them all together.</summary>
public sealed class ArrivalTests
{
    [Theory, EveryEngine]
    public async Task What_comes_later_than_the_lateness_is_recorded_and_does_not_count(Engine engine)
    {
        await using var laurel = await Rig.Open(engine);
        await laurel.Put(1, new Condition.Count(), 1);
        laurel.At(120);

        Assert.False((await laurel.Act(7, at: 59)).Counted);

        Assert.NotNull(await laurel.Core.Actions.Find(7));
        Assert.Empty(await laurel.Awards());
        Assert.True((await laurel.Act(8, at: 60)).Counted);
        Assert.Equal(8, Assert.Single(await laurel.Awards()).ActionId);
        Assert.False((await laurel.Act(7, at: 59)).Counted);
        Assert.Equal(8, Assert.Single(await laurel.Awards()).ActionId);
    }

    [Theory, EveryEngine]
    public async Task What_a_rule_awarded_before_it_changed_is_not_corrected(Engine engine)
    {
        await using var laurel = await Rig.Open(engine, new Recurrence.PerAction());
        await laurel.Put(1, new Condition.Count(), 1);
        laurel.At(10);
        await laurel.Act(1, at: 5);

        await laurel.Put(1, new Condition.Count(), 2);
        laurel.At(20);
        await laurel.Act(3, at: 15);
        await laurel.Act(2, at: 13);

        Assert.Equal([1, 3], (await laurel.Awards()).Select(award => award.ActionId!.Value).Order());
    }

    [Theory, EveryEngine]
    public async Task Of_two_rules_that_award_one_badge_the_earlier_action_counts(Engine engine)
    {
        await using var laurel = await Rig.Open(engine);
        await laurel.Put(1, new Condition.Each(), 1);
        await laurel.Put(2, new Condition.Count(), 2, "Read");
        laurel.At(30);

        await laurel.Act(9, at: 20);
        await laurel.Act(1, at: 1, "Read");
        await laurel.Act(2, at: 10, "Read");
        Assert.Equal(2, Assert.Single(await laurel.Awards()).ActionId);
        await laurel.Act(3, at: 5, "Read");
        Assert.Equal(3, Assert.Single(await laurel.Awards()).ActionId);
        await laurel.Act(4, at: 3);
        Assert.Equal(4, Assert.Single(await laurel.Awards()).ActionId);
        await laurel.AssertSound();
    }

    [Theory, EveryEngine]
    public async Task A_removal_takes_no_other_award_with_it_once_its_own_was_earned_earlier(Engine engine)
    {
        // From eleven in the evening; midnight is at 60.
        await using var laurel = await Rig.Open(engine, Daily);
        await laurel.Put(1, new Condition.CountPer(Daily), 2);
        laurel.At(1);
        await laurel.Act(1, at: 1);
        laurel.At(68);
        await laurel.Act(9, at: 50);
        var first = Assert.Single(await laurel.Awards());
        Assert.NotNull(await laurel.Core.Awarding.Remove(1, first.Id, RemovalKind.Reset, null, null, Ct));

        // The removed award turns out to be of an earlier action of its day.
        await laurel.Act(2, at: 40);
        laurel.At(70);
        await laurel.Act(12, at: 66);
        await laurel.Act(11, at: 63);

        Assert.Equal(12, Assert.Single(await laurel.Awards()).ActionId);
        await laurel.Act(3, at: 45);
        Assert.Equal(12, Assert.Single(await laurel.Awards()).ActionId);
    }

    [Theory, EveryEngine]
    public async Task A_removal_whose_award_was_not_earned_after_all_goes_to_the_next_that_is(Engine engine)
    {
        await using var laurel = await Rig.Open(engine, new Recurrence.PerAction());
        await laurel.Put(1, new Condition.Sum("points"), 5);
        laurel.At(10);
        await laurel.Act(2, at: 10, points: 5);
        await laurel.Core.Awarding.RemoveAll(1, 1, RemovalKind.Revoke, null, null, Ct);
        await laurel.Act(1, at: 5, points: -1);

        laurel.At(20);
        await laurel.Act(3, at: 20, points: 1);

        Assert.Empty(await laurel.Awards());
        // And stays with it, however late what follows is.
        await laurel.Act(4, at: 15, points: -1);
        Assert.Empty(await laurel.Awards());
        await laurel.Act(5, at: 20, points: 1);
        Assert.Empty(await laurel.Awards());
        await laurel.Put(2, new Condition.Each(), 1);
        await laurel.Act(6, at: 20);
        Assert.Equal(6, Assert.Single(await laurel.Awards()).ActionId);
        await laurel.AssertSound();
    }

    [Theory, EveryEngine]
    public async Task A_set_is_looked_at_again_when_a_correction_leaves_nothing(Engine engine)
    {
        await using var laurel = await Rig.Open(engine, new Recurrence.PerSubject());
        await laurel.Put(1, new Condition.Count(), 2);
        laurel.At(30);
        // Others awarded for the post, and a moderator removed that: it stays removed.
        await laurel.Others(1, "post:a");
        await laurel.Core.Awarding.RemoveAll(1, 1, RemovalKind.Reset, null, null, Ct);
        await laurel.PutSet();
        await laurel.Act(1, at: 1);
        await laurel.Act(3, at: 20, subject: "post:b");
        Assert.Equal([1, 2], (await laurel.Awards()).Select(award => award.BadgeId).Order());

        await laurel.Act(2, at: 10, subject: "post:a");

        Assert.Empty(await laurel.Awards());
        await laurel.AssertSound();
    }

    [Theory, EveryEngine]
    public async Task An_old_award_makes_a_set_complete_earlier(Engine engine)
    {
        await using var laurel = await Rig.Open(engine, new Recurrence.Always());
        await laurel.PutSet();
        laurel.At(300);
        await laurel.Others(200);
        laurel.At(600);

        await laurel.Others(100);

        Assert.Equal(Minute(100), Assert.Single(await laurel.Awards(), award => award.BadgeId == 2).AwardedAt);
    }

    [Fact]
    public async Task The_outbox_is_tallied_though_nothing_is_awarded()
    {
        await using var laurel = await Rig.Open(Engine.Sqlite);

        for (var id = 1; id <= 20; id++)
        {
            laurel.Pass(TimeSpan.FromMilliseconds(200));
            await laurel.Act(id, at: 0);
        }

        var (written, tallied) = await laurel.Core.Database.Read(async session => (
            await session.QueryFirst<long>("SELECT max(sequence) FROM outbox"), await session.QueryFirst<long>("SELECT tallied FROM nodes")));
        Assert.InRange(written - tallied, 0, 3);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Recurrence.PerPeriod Daily { get; } = new(1, PeriodUnit.Day, new DateOnly(2026, 1, 1));

    private static DateTimeOffset Start { get; } = new(2026, 3, 1, 23, 0, 0, TimeSpan.Zero);

    private static long Minute(int minute) => Clock.FromTime(Start) + (minute * 60 * Clock.Second);

    /// <summary>A user, a badge that rules award and one for holding it; an hour is late enough. Times in minutes after eleven.</summary>
    private sealed class Rig : IAsyncDisposable
    {
        private readonly TestDatabase _database;
        private readonly TestCore _laurel;
        private readonly ManualTime _time;

        private Rig(TestDatabase database, TestCore laurel, ManualTime time) => (_database, _laurel, _time) = (database, laurel, time);

        public LaurelCore Core => _laurel.Core;

        public static async Task<Rig> Open(Engine engine, Recurrence? recurrence = null)
        {
            var database = await TestDatabase.Create(engine);
            var time = new ManualTime(Start);
            var laurel = await TestCore.OpenSecond(database, time, TimeSpan.FromHours(1));
            await laurel.Issuer(1);
            await laurel.Badge(1, 1, recurrence ?? new Recurrence.Once());
            await laurel.Badge(2, 1);
            await laurel.User(1);
            TestCore.Value(await laurel.Core.ActionTypes.Put("Edit", null, createOnly: false));
            TestCore.Value(await laurel.Core.ActionTypes.Put("Read", null, createOnly: false));
            return new Rig(database, laurel, time);
        }

        public void At(int minute) => _time.SetUtcNow(Start.AddMinutes(minute));

        public void Pass(TimeSpan time) => _time.Jump(time);

        public async Task Put(long id, Condition condition, decimal target, string type = "Edit") =>
            TestCore.Value(await Core.Rules.Put(id, new RuleDraft
            {
                Key = $"rule-{id}", Enabled = true, Actions = [type], Condition = condition, Tiers = [new Tier(1, target)],
            }, createOnly: false, TestCore.Administrator));

        public async Task PutSet() => TestCore.Value(await Core.Rules.Put(9, new RuleDraft
        {
            Key = "set", Enabled = true, Condition = new Condition.Holding([1]), Tiers = [new Tier(2, 1)],
        }, createOnly: false, TestCore.Administrator));

        public async Task<ActionOutcome> Act(long id, int at, string type = "Edit", string? subject = null, int points = 0) =>
            TestCore.Value(await Core.Actions.Record(new ActionDraft(type, 1)
            {
                Id = id, Subject = subject, OccurredAt = Minute(at), Properties = $"{{\"points\":{points}}}",
            }));

        public async Task Others(int at, string? subject = null) => Assert.True((await _laurel.Award(1, 1, subject, Minute(at))).Created);

        public async Task<IReadOnlyList<Award>> Awards() => await Core.UserAwards.List(1, Position.First, 100);

        public async Task AssertSound()
        {
            await Recount.AssertExact(Core, _time.Micros());
            Assert.Empty((await Doctor.Examine(Core.Database.Options, _time)).Findings);
        }

        public async ValueTask DisposeAsync()
        {
            await _laurel.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
