using System.Collections.Concurrent;
using System.Diagnostics;
using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>On SQLite what is done is committed before its rows are written: nobody may notice.</summary>
public sealed class MemtableTests
{
    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task What_is_buffered_is_read_as_if_it_were_stored(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Fill(users: 3, badges: 40);
        for (var badge = 1; badge <= 40; badge++)
        {
            var made = (await laurel.Award(2, badge)).Award!;
            var before = await Everything(laurel, 2, made);
            // A machine that was away for so long has flushed it: the next badge, then.
            if ((await laurel.Core.Ledger.Buffered(2)).Any(each => each.Id == made.Id))
            {
                await TestCore.Settled(laurel.Core);

                Assert.Empty(await laurel.Core.Ledger.Buffered(2));
                Assert.Equal(before, await Everything(laurel, 2, made));
                return;
            }
        }
        Assert.Fail("No award was ever buffered.");
    }

    private static async Task<string> Everything(TestCore laurel, long user, Award award)
    {
        var awards = laurel.Core.UserAwards;
        var ascending = await awards.Badges(user, Position.First, ascending: true, 100);
        var descending = await awards.Badges(user, Position.Last, ascending: false, 100);
        var page = await awards.Badges(user, new Position(award.AwardedAt - 1, 0), ascending: true, 1);
        var dates = await awards.AwardedDates(user, Enumerable.Range(1, 40).Select(id => (long)id).ToList());
        var all = await awards.List(user, Position.First, 100);
        var (holders, next) = await laurel.Core.Holders.List(award.BadgeId, null, 10);
        return string.Join('\n',
        [
            .. ascending.Concat(descending).Concat(page).Select(held => held.ToString()),
            .. dates.OrderBy(date => date.Key).Select(date => date.ToString()),
            .. all.Concat(holders).Append((await awards.Find(user, award.Id))!).Select(each => each.ToString()),
            $"{next} {await awards.AwardedDate(user, award.BadgeId)} {await laurel.Core.Statistics.Awarded(award.BadgeId)}",
        ]);
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task Another_process_finds_what_this_one_had_buffered(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await first.Fill(users: 50, badges: 4);
        await Task.WhenAll(Enumerable.Range(1, 50).Select(user => first.Award(user, 1).AsTask()));

        await using var second = await TestCore.OpenSecond(database);
        Assert.Equal(50, await Ask(database, "SELECT count(*) FROM awards"));
        Assert.Empty(await first.Core.Ledger.Buffered(7));
        // The first goes on meanwhile, and from its next batch on knows that it is not alone.
        var (more, same) = (first.Award(1, 2).AsTask(), Task.WhenAll(Enumerable.Range(1, 50).Select(user => second.Award(user, 1).AsTask())));

        Assert.True((await more).Created);
        Assert.All(await same, outcome => Assert.False(outcome.Created));
        Assert.Equal(1, await second.Core.Awarding.RemoveAll(1, 2, RemovalKind.Reset, null, null, default));
        Assert.Null(await first.Core.UserAwards.AwardedDate(1, 2));
        await Recount.AssertExact(first.Core, first.Core.Time.Micros());
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task What_a_dead_process_had_buffered_is_there_after_the_next_start(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var copy = await TestDatabase.Create(engine);
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await laurel.Fill(users: 300, badges: 4);
            await Task.WhenAll(Enumerable.Range(1, 300).Select(user => laurel.Award(user, 1 + (user % 3)).AsTask()));
            await laurel.Award(1, 4);
            await laurel.Core.Awarding.RemoveAll(1, 4, RemovalKind.Reset, null, null, default);
            await laurel.Award(2, 4);
            await laurel.Core.Awarding.RemoveAll(2, 4, RemovalKind.Reset, null, null, default);
            await laurel.Award(2, 4);
            await laurel.Core.Awarding.Visit(1, 3, null, default);
            await Kill(database, copy);
        }

        // Or this shows nothing.
        Assert.Equal(1, await Ask(copy, "SELECT count(*) FROM nodes WHERE buffers = 1 AND flushed < (SELECT max(sequence) FROM outbox)"));
        Assert.NotEqual(0, await Ask(copy, "SELECT count(*) FROM (SELECT 1 FROM outbox GROUP BY committed_at HAVING count(*) > 1)"));
        Assert.Empty((await Doctor.Examine(new DatabaseOptions(copy.ConnectionString), TimeProvider.System)).Findings);
        await using var next = await TestCore.OpenSecond(copy);
        for (var user = 1; user <= 300; user++)
        {
            var held = await next.Core.UserAwards.Badges(user, Position.First, ascending: true, 10);
            Assert.Equal(user == 2 ? [3L, 4] : [1L + (user % 3)], held.Select(badge => badge.BadgeId));
            Assert.False((await next.Award(user, 1 + (user % 3))).Created);
        }
        foreach (var (badge, count) in new[] { (1, 100), (2, 100), (3, 100), (4, 1) })
        {
            Assert.Equal(count, await next.Core.Statistics.Awarded(badge));
        }
        Assert.Equal(1, next.Core.Statistics.Visitors(1));
        await Recount.AssertExact(next.Core, next.Core.Time.Micros());
        Assert.Empty((await Doctor.Examine(next.Core.Database.Options, TimeProvider.System)).Findings);
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task What_a_dead_process_had_deferred_is_there_after_the_next_start(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var copy = await TestDatabase.Create(engine);
        var acted = new ConcurrentDictionary<(int User, int Action), long>();
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await laurel.Fill(users: 100, badges: 1);
            await laurel.Badge(2, 1, new Recurrence.PerSubject());
            await laurel.Badge(3, 1, new Recurrence.PerAction());
            TestCore.Value(await laurel.Core.ActionTypes.Put("edited", null, createOnly: false));
            var rule = new RuleDraft { Key = "editor", Enabled = true, Actions = ["edited"], Condition = new Condition.Count(), Tiers = [new Tier(3, 3)] };
            TestCore.Value(await laurel.Core.Rules.Put(1, rule, createOnly: false, TestCore.Administrator));
            await Task.WhenAll(Enumerable.Range(1, 100).Select(user => Detailed(laurel, user, "sea")));
            // What was flushed before and has gone since is not to come again, and what came again is there.
            foreach (var user in new[] { 1, 2 })
            {
                await laurel.Core.Awarding.RemoveAll(user, 2, RemovalKind.Reset, null, null, default);
            }
            await Detailed(laurel, 2, "sea");
            for (var action = 1; action <= 4; action++)
            {
                await Task.WhenAll(Enumerable.Range(1, 100).Select(user =>
                    Act(laurel, user, (action * 1000) + user, acted[(user, action)] = TimeProvider.System.Micros())));
            }
            await Kill(database, copy);
        }

        // Or this shows nothing.
        Assert.NotEqual(0, await Ask(copy, "SELECT count(*) FROM deferred_rows"));
        Assert.InRange(await Ask(copy, "SELECT count(*) FROM user_actions"), 0, 399);
        Assert.Empty((await Doctor.Examine(new DatabaseOptions(copy.ConnectionString), TimeProvider.System)).Findings);
        await using var next = await TestCore.OpenSecond(copy);
        for (var user = 1; user <= 100; user++)
        {
            var held = await next.Core.UserAwards.List(user, Position.First, 10);
            Assert.Equal(user == 1 ? [3L] : [2L, 3], held.Select(award => award.BadgeId).Order());
            Assert.All(held.Where(award => award.BadgeId == 2), award => Assert.Equal(("sea", "{}"), (award.Subject, award.Payload)));
            Assert.All(held.Where(award => award.BadgeId == 3), award => Assert.Equal((acted[(user, 3)], 3000L + user, 1L), (award.AwardedAt, award.ActionId, award.Rule!.Value.Revision)));
            Assert.Equal(3, Assert.Single(TestCore.Value(await next.Core.Rules.Progress(user, TestCore.Administrator))).Count);
            Assert.False((await Act(next, user, 1000 + user, acted[(user, 1)])).Created);
        }
        Assert.Equal(0, await Ask(copy, "SELECT count(*) FROM deferred_rows"));
        Assert.Equal(400, await Ask(copy, "SELECT count(*) FROM user_actions"));
        Assert.Equal(100, await next.Core.Statistics.Awarded(3));
        await Recount.AssertExact(next.Core, next.Core.Time.Micros());
        Assert.Empty((await Doctor.Examine(next.Core.Database.Options, TimeProvider.System)).Findings);
    }

    private static Task<AwardOutcome> Detailed(TestCore laurel, long user, string subject) => laurel.Core.Awarding.Award(
        new AwardRequest(user, 2, AwardSource.Native) { Subject = subject, Payload = "{}" }, TestCore.Administrator, bulk: false, default).AsTask();

    private static async Task<ActionOutcome> Act(TestCore laurel, long user, long id, long at) =>
        TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("edited", user) { Id = id, OccurredAt = at }));

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task A_row_that_is_written_again_after_a_newer_one_changes_nothing(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Fill(users: 1, badges: 1);
        var award = new Award(7, 1, 1, "s:sea", 1000, AwardSource.Native, "sea") { Payload = "{}" };
        DeferredRow[] rows =
        [
            new DeferredCount(1, 5, new StoredCount(1, Version: 2, [1])), new DeferredCount(1, 5, new StoredCount(2, Version: 3, [2])),
            new DeferredAward(award, 1, AwardClaim.Unclaimed(1, 2)),
            new DeferredAction(1, new UserAction(new RecordedAction(9, "edited", 1, "sea", 1000, 1001, "{}"), ActionRoles.Actor, IsCounted: true)),
        ];
        var log = new DeferredRows();
        foreach (var row in rows)
        {
            log.Add(row);
        }
        // The second count replaces the first.
        Assert.Equal(rows[1..].Select(row => row.GetType()), DeferredRows.Unpack(log.Pack()).Select(row => row.GetType()));

        await laurel.Core.Database.Write(async session =>
        {
            foreach (var row in rows.Concat(rows).Concat(DeferredRows.Unpack(log.Pack())))
            {
                await row.Write(session);
            }
            return true;
        });

        await laurel.Core.Database.Read(async session =>
        {
            var count = (await UserRules.Read(session, 1))[5];
            Assert.Equal((2L, 3L, (byte)2), (count.Generation, count.Version, count.State.Single()));
            Assert.Equal(1, await session.QueryFirst<long>("SELECT standing FROM repeated_awards WHERE user_id = 1 AND badge_id = 1"));
            Assert.Equal(award, await AwardDetails.Complete(session, (await StandingAwards.At(session, 1, 1, "s:sea"))!));
            Assert.Equal(1, await session.QueryFirst<long>("SELECT count(*) FROM user_actions"));
            return true;
        });
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task What_was_removed_after_another_slot_was_recovered_stays_removed(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var copy = await TestDatabase.Create(engine);
        await using var last = await TestDatabase.Create(engine);
        await using (var first = await TestCore.OpenSecond(database))
        {
            await first.Fill(users: 2, badges: 1);
            await using var second = await TestCore.OpenSecond(database);
            await first.DisposeAsync();
            await second.Award(1, 1);
            await second.Award(2, 1);
            await Kill(database, copy);
        }
        await using (var third = await TestCore.OpenSecond(copy))
        {
            Assert.Equal([1], third.Core.Nodes);
            Assert.Equal(1, await third.Core.Awarding.RemoveAll(1, 1, RemovalKind.Reset, null, null, default));
            await Kill(copy, last);
        }

        await using var fourth = await TestCore.OpenSecond(last);

        Assert.Null(await fourth.Core.UserAwards.AwardedDate(1, 1));
        Assert.NotNull(await fourth.Core.UserAwards.AwardedDate(2, 1));
        Assert.Empty((await Doctor.Examine(fourth.Core.Database.Options, TimeProvider.System)).Findings);
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task Who_was_frozen_while_another_started_brings_nothing_back(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await first.Fill(users: 2, badges: 1);
        await first.Badge(3, 1, new Recurrence.PerSubject());
        var badge = (await first.Core.Badges.Find(3))!;
        await using var own = Database.Open(new DatabaseOptions(database.ConnectionString));
        var lease = Assert.Single(await NodeLease.Take(own, 1, TimeProvider.System));
        await first.DisposeAsync();
        var store = own.LedgerStore(lease);
        store.Start(TimeProvider.System);
        var now = TimeProvider.System.Micros();
        store.Commit([Entry(1), Entry(2)], now, repeat: false);
        Assert.True(store.HasDeferred(1));
        // Nobody can look whether a process of another machine runs; its lease has ended.
        await Run(database.ConnectionString, $"UPDATE nodes SET leased_until = 1, owner = 'elsewhere' || substr(owner, instr(owner, '|')) WHERE slot = {lease.Slot}");
        await using var second = await TestCore.OpenSecond(database);
        Assert.DoesNotContain(lease.Slot, second.Core.Nodes);
        Assert.Equal(1, await second.Core.Awarding.RemoveAll(1, 3, RemovalKind.Reset, null, null, default));
        await TestCore.Settled(second.Core);

        Assert.Throws<LeaseLostException>(() => store.Commit([new VisitEntry(2, 1, now)], now + 1000, repeat: false));

        Assert.Null(await second.Core.UserAwards.AwardedDate(1, 3));
        Assert.Equal(1, await second.Core.Statistics.Awarded(3));
        await Recount.AssertExact(second.Core, second.Core.Time.Micros());

        AwardEntry Entry(long user) => new(new Award((1L << 40) + user, user, 3, "s:sea", now, AwardSource.Native, "sea"), badge);
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task Who_only_reads_lets_another_process_start(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var own = Database.Open(new DatabaseOptions(database.ConnectionString));
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await laurel.Fill(users: 9, badges: 1);
        }
        var lease = Assert.Single(await NodeLease.Take(own, 1, TimeProvider.System));
        var store = own.LedgerStore(lease);
        store.Start(TimeProvider.System);
        var now = TimeProvider.System.Micros();
        store.Commit([new VisitEntry(1, 1, now)], now, repeat: false);
        Assert.Equal(1, await Ask(database, "SELECT buffers FROM nodes WHERE owner <> ''"));

        // Batches that take nothing in write what waits, and then say so.
        for (var batch = 0; store.HasBuffered && batch < 100; batch++)
        {
            now += Clock.Second;
            store.Commit([new SettlingEntry(2)], now, repeat: false);
            Thread.Sleep(5);
        }

        Assert.Equal(0, await Ask(database, "SELECT max(buffers) FROM nodes"));
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task One_user_to_whom_all_happens_costs_little_more_than_many(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Fill(users: 500, badges: 1);
        TestCore.Value(await laurel.Core.ActionTypes.Put("edited", null, createOnly: false));
        for (var rule = 1; rule <= 20; rule++)
        {
            await laurel.Badge(100 + rule, 1, new Recurrence.PerAction());
            TestCore.Value(await laurel.Core.Rules.Put(rule, new RuleDraft
            {
                Key = $"rule{rule}", Enabled = true, Actions = ["edited"], Condition = new Condition.Each(), Tiers = [new Tier(100 + rule, 1)],
            }, createOnly: false, TestCore.Administrator));
        }
        await Tell(1, users: 500);

        var many = await Tell(1001, users: 500);
        var one = await Tell(2001, users: 1);

        // It was fifty times as much.
        Assert.InRange(one / many, 0, 10);

        async Task<double> Tell(int from, int users)
        {
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(from, 500).Select(id => Act(laurel, 1 + (id % users), id, TimeProvider.System.Micros())));
            return watch.Elapsed.TotalSeconds;
        }
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task A_batch_that_buffers_a_row_and_writes_it_keeps_nobody_from_starting(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var laurel = await TestCore.OpenSecond(database);
        await laurel.Fill(users: 1, badges: 2);
        var free = new TaskCompletionSource();
        var holding = laurel.Core.Database.Write(async _ =>
        {
            await free.Task;
            return true;
        });
        var plain = laurel.Award(1, 1).AsTask();
        var detailed = laurel.Core.Awarding.Award(
            new AwardRequest(1, 2, AwardSource.Native) { Payload = "{}" }, TestCore.Administrator, bulk: false, default).AsTask();
        await Task.Delay(50, TestContext.Current.CancellationToken);
        free.SetResult();
        await Task.WhenAll(holding, plain, detailed);

        await using var second = await TestCore.OpenSecond(database);

        Assert.False((await second.Award(1, 1)).Created);
        Assert.False((await second.Award(1, 2)).Created);
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task A_process_of_which_nothing_is_known_is_waited_for_until_its_lease_ends(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var copy = await TestDatabase.Create(engine);
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await laurel.Fill(users: 1, badges: 1);
            await laurel.Award(1, 1);
            await Kill(database, copy);
        }
        var until = TimeProvider.System.Micros() + (2 * Clock.Second);
        await Run(copy.ConnectionString,
            $"UPDATE nodes SET slot = 2, leased_until = {until}, owner = 'elsewhere' || substr(owner, instr(owner, '|')); UPDATE outbox SET node = 2");

        await using var next = await TestCore.OpenSecond(copy);

        Assert.InRange(TimeProvider.System.Micros(), until, long.MaxValue);
        Assert.False((await next.Award(1, 1)).Created);
        Assert.Equal(1, await next.Core.Statistics.Awarded(1));
        Assert.Empty((await Doctor.Examine(next.Core.Database.Options, TimeProvider.System)).Findings);
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task Who_has_lost_its_slot_writes_nothing_more(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        var died = new TaskCompletionSource<Exception>();
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await laurel.Fill(users: 1, badges: 1);
        }
        await using var core = await LaurelCore.Open(
            new CoreOptions(new DatabaseOptions(database.ConnectionString)), TimeProvider.System, NullLogger.Instance, cause => died.TrySetResult(cause));
        var awarded = core.Awarding.Award(new AwardRequest(1, 1, AwardSource.Native), TestCore.Administrator, bulk: false, default).AsTask();
        await awarded;
        await Run(database.ConnectionString, "UPDATE nodes SET owner = 'another'");
        var before = await Ask(database, "SELECT count(*) FROM awards");

        Assert.IsType<LeaseLostException>(await died.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));

        Assert.Equal(before, await Ask(database, "SELECT count(*) FROM awards"));
    }

    private static async Task<long> Ask(TestDatabase database, string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ToString());
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    // The file as a kill leaves it: with what is committed, and nobody who holds the slot.
    private static async Task Kill(TestDatabase database, TestDatabase copy)
    {
        var file = new SqliteConnectionStringBuilder(copy.ConnectionString).DataSource;
        File.Delete(file);
        await Run(database.ConnectionString, $"VACUUM INTO '{file}'");
        await Run(copy.ConnectionString, "UPDATE nodes SET leased_until = 0");
    }

    private static async Task Run(string connectionString, string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ToString());
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    [Theory, EveryEngine]
    public async Task Who_has_many_awards_reads_the_same_lists_as_they_grow(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Fill(users: 1, badges: 180);
        await laurel.Badge(999, 1, new Recurrence.PerSubject());
        var now = laurel.Core.Time.Micros();
        var model = new List<HeldBadge>();
        for (var badge = 1; badge <= 180; badge++)
        {
            // Neither in the order of ids nor in that of time.
            var made = (await laurel.Award(1, badge, at: now - (1000 * ((badge * 7919) % 180)) - 1000)).Award!;
            model.Add(new HeldBadge(badge, made.AwardedAt, made.Id));
            await laurel.Award(1, 999, $"node:{badge}", at: now - badge);
            if (badge == 150)
            {
                await laurel.Core.Awarding.RemoveAll(1, 77, RemovalKind.Reset, null, null, default);
                model.RemoveAll(held => held.BadgeId == 77);
            }
            if (badge % 30 == 0)
            {
                await Same(laurel, model);
            }
        }
        Assert.Equal(359, (await Walk(laurel)).Count);
        Assert.Empty((await Doctor.Examine(laurel.Core.Database.Options, TimeProvider.System)).Findings);
        if (engine == Engine.Sqlite)
        {
            Assert.Equal(1, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT user_id FROM listed_users")));
        }
    }

    private static async Task Same(TestCore laurel, List<HeldBadge> model)
    {
        var awards = laurel.Core.UserAwards;
        var ordered = model.OrderBy(held => held.AwardedAt).ThenBy(held => held.AwardId).Select(held => held.BadgeId).ToList();
        var ascending = await awards.Badges(1, Position.First, ascending: true, 500);
        Assert.Equal(ordered, ascending.Where(held => held.BadgeId != 999).Select(held => held.BadgeId));
        var descending = await awards.Badges(1, Position.Last, ascending: false, 500);
        Assert.Equal(ascending.Select(held => held.BadgeId).Reverse(), descending.Select(held => held.BadgeId));
        Assert.Equal(ascending.Skip(11).Take(7), await awards.Badges(1, ascending[10].Position, ascending: true, 7));
        Assert.Equal(model.ToDictionary(held => held.BadgeId, held => held.AwardedAt),
            await awards.AwardedDates(1, Enumerable.Range(1, 180).Select(id => (long)id).ToList()));
        var walked = await Walk(laurel);
        Assert.Equal(walked.OrderBy(award => award.AwardedAt).ThenBy(award => award.Id).Select(award => award.Id), walked.Select(award => award.Id));
        Assert.Equal(walked.Count, walked.DistinctBy(award => award.Id).Count());
        Assert.All(walked.Take(3), award => Assert.Equal(award.Id, awards.Find(1, award.Id).AsTask().Result!.Id));
    }

    private static async Task<List<Award>> Walk(TestCore laurel)
    {
        var walked = new List<Award>();
        for (var after = Position.First; ;)
        {
            var page = await laurel.Core.UserAwards.List(1, after, 50);
            walked.AddRange(page);
            if (page.Count < 50)
            {
                return walked;
            }
            after = new Position(page[^1].AwardedAt, page[^1].Id);
        }
    }
}
