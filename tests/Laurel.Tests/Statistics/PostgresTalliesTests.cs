using System.Text;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Statistics;

/// <summary>Tallies that fall behind on PostgreSQL, seen from a writer of which nothing else hides when it writes. Not on Citus, where they never
/// do: so on the partitioned schema.</summary>
public sealed class PostgresTalliesTests
{
    private const long Badge = 1;
    private const int Users = 400;

    [Theory, EveryEngine(Only = [Engine.PostgresPartitioned])]
    public async Task Who_reads_counts_what_they_do_not(Engine engine)
    {
        await using var world = await World.Open(engine);
        await using var before = await TestCore.OpenSecond(world.Database);

        world.CommitTwelve();

        Assert.Equal((1, 3), await world.StateAndCounted());
        await using var after = await TestCore.OpenSecond(world.Database);
        Assert.Equal(12, await after.Core.Statistics.Awarded(Badge));
        Assert.Equal(12, (await after.Core.Statistics.AwardedByDay(Badge)).Counts[^1]);
        Assert.Equal(12, (await after.Core.Statistics.AwardedByDay()).Counts[^1]);
        Assert.Equal(12, Assert.Single(await after.Core.Standings.MostAwarded()).Awarded);
        // A busy machine may not answer soon enough.
        while (!await before.Core.Statistics.CatchUp() || !await after.Core.Statistics.CatchUp())
        {
        }
        Assert.All([before, after], core => Assert.Equal((12, 12), (core.Core.Statistics.PastDay(Badge), core.Core.Statistics.Visitors(1))));
        Assert.Empty((await Doctor.Examine(after.Core.Database.Options, TimeProvider.System)).Findings);

        var exported = await world.Export();
        world.Store.Flush(world.Now);

        Assert.Equal((0, 12), await world.StateAndCounted());
        await Awards.Recount.AssertExact(after.Core, world.Now);
        Assert.Equal(exported, await world.Export());
        Assert.Equal(12, await after.Core.Statistics.Awarded(Badge));
    }

    [Theory, EveryEngine(Only = [Engine.PostgresPartitioned])]
    public async Task A_batch_that_comes_alone_is_counted_with_it(Engine engine)
    {
        await using var world = await World.Open(engine);

        for (var second = 1; second <= 3; second++)
        {
            world.Commit(awards: 2);
            world.Now += Clock.Second;

            Assert.False(world.Store.HasBuffered);
            Assert.Equal((0, 2 * second), await world.StateAndCounted());
        }
    }

    [Theory, EveryEngine(Only = [Engine.PostgresPartitioned])]
    public async Task Batches_that_follow_each_other_are_counted_four_times_a_second(Engine engine)
    {
        await using var world = await World.Open(engine);

        for (var batch = 1; batch <= 60; batch++)
        {
            world.Commit(awards: 1);
            world.Now += Clock.Second / 100;

            var (isBehind, counted) = await world.StateAndCounted();
            Assert.Equal(batch == 1 ? 0 : 1, isBehind);
            Assert.InRange(counted, batch - 27, batch);
        }

        world.Store.Flush(world.Now);
        Assert.Equal((0, 60), await world.StateAndCounted());
    }

    [Theory, EveryEngine(Only = [Engine.PostgresPartitioned])]
    public async Task While_an_earlier_version_holds_a_slot_none_falls_behind(Engine engine)
    {
        await using var world = await World.Open(engine);
        // As it takes one: it does not know the column.
        await world.Run($"INSERT INTO nodes (slot, owner, leased_until, buffers, flushed, tallied) VALUES (9, 'elsewhere|b|1|1|1', {world.Now + (2 * Clock.Second)}, 0, 0, 0)");

        for (var batch = 1; batch <= 20; batch++)
        {
            world.Commit(awards: 1);
            world.Now += Clock.Second / 10;
            Assert.Equal((0, batch), await world.StateAndCounted());
        }

        // It is gone; who has asked asks again after a second.
        for (var batch = 1; batch <= 20; batch++)
        {
            world.Commit(awards: 1);
            world.Now += Clock.Second / 10;
        }
        Assert.Equal(1, (await world.StateAndCounted()).IsBehind);
    }

    [Theory, EveryEngine(Only = [Engine.PostgresPartitioned])]
    public async Task Who_takes_a_slot_counts_what_its_last_holder_left(Engine engine)
    {
        await using var world = await World.Open(engine);
        world.CommitTwelve();
        await world.Run($"UPDATE nodes SET leased_until = 1, owner = 'elsewhere' || substr(owner, strpos(owner, '|')) WHERE slot = {world.Lease.Slot}");

        await using var next = await TestCore.OpenSecond(world.Database);

        Assert.Contains(world.Lease.Slot, next.Core.Nodes);
        Assert.Equal((0, 12), await world.StateAndCounted());
        await Awards.Recount.AssertExact(next.Core, world.Now);
        // The one before was only frozen.
        Assert.Throws<LeaseLostException>(() => world.Store.Flush(world.Now));
        Assert.Throws<LeaseLostException>(() => world.Commit(awards: 1, later: Clock.Second));
        Assert.Equal((0, 12), await world.StateAndCounted());
        Assert.Equal(12, await next.Core.Statistics.Awarded(Badge));
    }

    [Theory, EveryEngine(Only = [Engine.PostgresPartitioned])]
    public async Task What_the_outbox_says_counts_when_the_mark_is_another(Engine engine)
    {
        await using var world = await World.Open(engine);
        world.CommitTwelve();
        // As if the machine that knew of it had gone with the last commit that moved the mark.
        await world.Run($"""
            UPDATE nodes SET tallied = tallied - 1 WHERE slot = {world.Lease.Slot};
            UPDATE badge_tallies SET awarded = 0; UPDATE visitor_tallies SET visitors = 0
            """);

        world.Commit(awards: 6, later: Clock.Second);
        Assert.Equal((1, 12), await world.StateAndCounted());
        world.Store.Flush(world.Now);

        Assert.Equal((0, 18), await world.StateAndCounted());
    }

    [Theory, EveryEngine(40, Only = [Engine.PostgresPartitioned])]
    public async Task A_commit_in_doubt_counts_nothing_twice_and_loses_nothing(Engine engine, int rounds)
    {
        var cuts = new CommitCuts(seed: 20261123, share: 1);
        await using var world = await World.Open(engine, cuts);
        var failed = 0;
        for (var round = 0; round < rounds; round++)
        {
            world.Commit(awards: 1);
            world.Commit(awards: 1);
            cuts.Armed = true;
            try
            {
                world.Store.Flush(world.Now);
            }
            catch (StorageUnavailableException)
            {
                failed++;
            }
            cuts.Armed = false;
            switch (round % 3)
            {
                case 0:
                    world.Flush();
                    Assert.Equal((0, world.Awards), await world.StateAndCounted());
                    break;
                case 1:
                    world.Commit(awards: 1);
                    Assert.Equal(world.Awards, await world.Told());
                    break;
            }
        }
        world.Flush();

        Assert.Equal((0, world.Awards), await world.StateAndCounted());
        // Whose connection ends amid its COMMIT may hear the answer still.
        Assert.InRange(failed, cuts[CommitCut.Before] + cuts[CommitCut.After], rounds);
        Assert.All(Enum.GetValues<CommitCut>(), cut => Assert.True(cuts[cut] > 0, $"No connection was cut {cut} COMMIT."));
    }

    /// <summary>One writer, without its thread, that is handed its batches here.</summary>
    private sealed class World : IAsyncDisposable
    {
        private readonly Database _own;
        private readonly Badge _badge;
        private readonly NetworkProxy? _proxy;

        private World(TestDatabase database, Database own, NodeLease lease, Badge badge, NetworkProxy? proxy)
        {
            (Database, _own, Lease, _badge, _proxy) = (database, own, lease, badge, proxy);
            Store = own.LedgerStore(lease);
            Store.Start(TimeProvider.System);
        }

        public static async Task<World> Open(Engine engine, CommitCuts? cuts = null)
        {
            var database = await TestDatabase.WithSchema(engine);
            Badge badge;
            await using (var laurel = await TestCore.OpenSecond(database))
            {
                await laurel.Fill(Users, badges: 1);
                badge = (await laurel.Core.Badges.Find(PostgresTalliesTests.Badge))!;
            }
            var proxy = cuts is null ? null : NetworkProxy.To(new NpgsqlConnectionStringBuilder(database.ConnectionString).Port, cuts);
            var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString);
            if (proxy is not null)
            {
                (connection.Port, connection.SslMode, connection.GssEncryptionMode) = (proxy.Port, SslMode.Disable, GssEncryptionMode.Disable);
            }
            var own = Laurel.Core.Storage.Database.Open(new DatabaseOptions(connection.ConnectionString) { Partitions = database.Partitions });
            var world = new World(database, own, Assert.Single(await NodeLease.Take(own, 1, TimeProvider.System)), badge, proxy);
            // Nobody renews it, and a machine that is busy takes its time.
            await world.Run($"UPDATE nodes SET leased_until = {world.Now + (3600 * Clock.Second)} WHERE slot = {world.Lease.Slot}");
            return world;
        }

        public TestDatabase Database { get; }

        public NodeLease Lease { get; }

        public LedgerStore Store { get; }

        public long Now { get; set; } = TimeProvider.System.Micros();

        /// <summary>Committed.</summary>
        public int Awards { get; private set; }

        public void Commit(int awards, long later = 0)
        {
            Now += later;
            List<LedgerEntry> batch =
            [
                .. Enumerable.Range(Awards + 1, awards).Select(user => new AwardEntry(
                    new Award(1000 + user, user, PostgresTalliesTests.Badge, "", TimeProvider.System.Micros(), AwardSource.Native, null), _badge)
                {
                    IsVisit = true,
                    AskedAt = TimeProvider.System.Micros(),
                }),
            ];
            for (var (isDone, isUnknown) = (false, false); !isDone;)
            {
                try
                {
                    Store.Commit(batch, Now, isUnknown);
                    isDone = true;
                }
                catch (CommitUnknownException)
                {
                    isUnknown = true;
                }
                catch (StorageUnavailableException) when (_proxy is not null)
                {
                    // A connection that was cut before: as the writer's thread does, or its caller.
                }
            }
            Assert.All(batch, entry => Assert.Equal(AwardStatus.Created, ((AwardEntry)entry).Status));
            Awards += awards;
        }

        /// <summary>Until it is done, whichever connections are dead.</summary>
        public void Flush()
        {
            while (Store.HasBuffered)
            {
                try
                {
                    Store.Flush(Now);
                }
                catch (StorageUnavailableException) when (_proxy is not null)
                {
                }
            }
        }

        /// <summary>In three batches, of which the first is counted.</summary>
        public void CommitTwelve()
        {
            Commit(awards: 3);
            Commit(awards: 4);
            Commit(awards: 5);
        }

        public async Task Run(string sql)
        {
            await using var direct = Laurel.Core.Storage.Database.Open(new DatabaseOptions(Database.ConnectionString));
            await direct.Write(async session => await session.Execute(sql));
        }

        /// <summary>Of the slot, and what all tallies of the badge say together.</summary>
        public async Task<(int IsBehind, int Counted)> StateAndCounted()
        {
            await using var direct = Laurel.Core.Storage.Database.Open(new DatabaseOptions(Database.ConnectionString));
            return await direct.ReadSnapshot(async session =>
            (
                (int)await session.QueryFirst<long>("SELECT CAST(buffers AS BIGINT) FROM nodes WHERE slot = @slot", new { slot = Lease.Slot }),
                (int)await session.QueryFirst<long>("SELECT CAST(coalesce(sum(awarded), 0) AS BIGINT) FROM badge_tallies WHERE span = 0")
            ));
        }

        /// <summary>What a process is told that asks now.</summary>
        public async Task<long> Told()
        {
            await using var other = await TestCore.OpenSecond(Database);
            return await other.Core.Statistics.Awarded(PostgresTalliesTests.Badge);
        }

        /// <summary>An export's text.</summary>
        public async Task<string> Export()
        {
            var file = Path.Combine(Workspace.NewFolder("export"), "one.ndjson");
            await Laurel.Core.Storage.Export.ToFile(new DatabaseOptions(Database.ConnectionString), file, TimeProvider.System);
            return await File.ReadAllTextAsync(file, Encoding.UTF8);
        }

        public async ValueTask DisposeAsync()
        {
            await Lease.DisposeAsync();
            await _own.DisposeAsync();
            if (_proxy is not null)
            {
                await _proxy.DisposeAsync();
            }
            await Database.DisposeAsync();
        }
    }
}
