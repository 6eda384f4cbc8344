using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class LedgerQueueTests
{
    [Theory, EveryEngine]
    public async Task A_caller_that_withdraws_harms_no_other(Engine engine)
    {
        await using var queue = await Queue.Open(engine);
        using var hangingUp = new CancellationTokenSource();
        await queue.Hold();
        var kept = queue.Entries(1, 50).ConvertAll(entry => (entry, Done: queue.Submit(entry)));
        var left = queue.Entries(1001, 50).ConvertAll(entry => (entry, Done: queue.Submit(entry, ct: hangingUp.Token)));
        await hangingUp.CancelAsync();
        await queue.Release();

        foreach (var (_, done) in left)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => done);
        }
        await Task.WhenAll(kept.Select(each => each.Done));
        Assert.All(kept, each => Assert.Equal(AwardStatus.Created, each.entry.Status));
        Assert.All(left, each => Assert.Equal(AwardStatus.Open, each.entry.Status));
        Assert.Equal(51, await queue.Stored());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queue.Submit(queue.Entries(2000, 1)[0], ct: new CancellationToken(canceled: true)));
        await queue.Submit(queue.Entries(2001, 1)[0]);
        Assert.Equal(0, queue.Laurel.Core.QueueDepth);
    }

    [Theory, EveryEngine]
    public async Task One_poisoned_row_among_1024_fails_alone(Engine engine)
    {
        await using var queue = await Queue.Open(engine);
        await queue.Hold();
        var entries = queue.Entries(1, 1023);
        // No column takes null for a uid; only a fault of ours could send one.
        var poison = queue.Entry(600, new AwardClaim(null!, false, null, false, true, null, null, null, 0, 0, null), badge: 2);
        entries.Insert(700, poison);
        var done = entries.ConvertAll(entry => queue.Submit(entry));
        await queue.Release();

        await Assert.ThrowsAsync<EntryRefusedByStorageException>(() => done[700]);
        done.RemoveAt(700);
        await Task.WhenAll(done);
        Assert.Equal(1024, await queue.Stored());
        await Recount.AssertExact(queue.Laurel.Core, queue.Laurel.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task A_full_queue_turns_live_requests_away_and_goes_on_afterwards(Engine engine)
    {
        await using var queue = await Queue.Open(engine);
        await queue.Hold();
        var visits = new List<Task>();
        for (var i = 0; i < 32_768; i++)
        {
            visits.Add(queue.Laurel.Core.Ledger.Submit(new VisitEntry(1, 1, 1000), Lane.Live, default).AsTask());
        }
        await Assert.ThrowsAsync<LedgerFullException>(() => queue.Submit(queue.Entries(1, 1)[0]));
        await queue.Release();
        await Task.WhenAll(visits);
        await queue.Submit(queue.Entries(1, 1)[0]);
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task An_import_of_large_payloads_leaves_the_live_lane_its_room(Engine engine)
    {
        await using var queue = await Queue.Open(engine);
        await queue.Hold();
        var payload = $"\"{new string('x', 16_000)}\"";
        var bulk = queue.Entries(1, 3000, payload).ConvertAll(entry => queue.Submit(entry, Lane.Bulk));
        var live = queue.Submit(queue.Entries(5000, 1)[0]);
        Assert.False(live.IsFaulted);
        // 64 MiB of them have room; who has none can still withdraw.
        Assert.InRange(queue.Laurel.Core.QueueDepth, 1000, 2500);
        using var hangingUp = new CancellationTokenSource();
        var waiting = queue.Submit(queue.Entries(6000, 1, payload)[0], Lane.Bulk, hangingUp.Token);
        await hangingUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await queue.Release();
        await Task.WhenAll([.. bulk, live]);
        Assert.Equal(3002, await queue.Stored());
    }

    [Theory, EveryEngine]
    public async Task Imports_never_starve_live_requests(Engine engine)
    {
        await using var queue = await Queue.Open(engine);
        await queue.Hold();
        var bulk = queue.Entries(1, 3000).ConvertAll(entry => queue.Submit(entry, Lane.Bulk));
        var live = queue.Entries(5000, 700);
        var done = live.ConvertAll(entry => queue.Submit(entry));
        await queue.Release();
        await Task.WhenAll([.. bulk, .. done]);

        // All that waited live went with the first batch after the held one, with a quarter of imports.
        var batch = (await queue.Batches())[1];
        Assert.Equal(live.Select(entry => entry.Award.Id).Order(), batch.Where(id => id >= 10_005_000).Order());
        Assert.Equal(256, batch.Count(id => id < 10_005_000));
    }

    [Theory, EveryEngine]
    public async Task Everything_queued_before_the_end_is_answered(Engine engine)
    {
        await using var queue = await Queue.Open(engine);
        await queue.Hold();
        var entries = queue.Entries(1, 3000);
        var done = entries.ConvertAll(entry => queue.Submit(entry, entry.UserId % 3 == 0 ? Lane.Bulk : Lane.Live));
        var ending = queue.Laurel.DisposeAsync().AsTask();
        await queue.IsClosed();
        await queue.Release();
        await ending;

        Assert.All(done, each => Assert.True(each.IsCompletedSuccessfully || each.Wait(TimeSpan.FromSeconds(5))));
        Assert.All(entries, entry => Assert.Equal(AwardStatus.Created, entry.Status));
    }

    [Theory, EveryEngine]
    public async Task Nobody_waits_for_a_writer_that_has_died(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        var died = new TaskCompletionSource<Exception>();
        await using var core = await LaurelCore.Open(
            new CoreOptions(new DatabaseOptions(database.ConnectionString) { Partitions = database.Partitioned ? 4 : 0 }),
            TimeProvider.System, NullLogger.Instance, cause => died.TrySetResult(cause));
        // Another process has written under this one's slots.
        foreach (var node in core.Nodes)
        {
            await core.Database.Write(async session => await session.Execute(
                "INSERT INTO outbox (node, sequence, committed_at, events) VALUES (@node, 1, 0, @events)", new { node, events = new byte[] { 1 } }));
        }

        await Assert.ThrowsAsync<StorageUnavailableException>(() => core.Ledger.Submit(new VisitEntry(1, 1, 1000), Lane.Live, default).AsTask());

        Assert.IsType<LeaseLostException>(await died.Task.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(0, await core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM visitors")));
        await Assert.ThrowsAsync<LedgerFullException>(() => core.Ledger.Submit(new VisitEntry(1, 1, 1000), Lane.Live, default).AsTask());
    }

    [Theory, EveryEngine(Only = [Engine.Postgres, Engine.PostgresPartitioned])]
    public async Task A_batch_that_waits_holds_up_no_user_of_another_writer(Engine engine)
    {
        await using var queue = await Queue.Open(engine);
        await queue.Hold();
        var waiting = queue.Submit(queue.Entries(1, 1)[0]);

        await queue.Laurel.Core.Ledger.Submit(new VisitEntry(queue.Elsewhere, 1, 1000), Lane.Live, default);

        Assert.False(waiting.IsCompleted);
        await queue.Release();
        await waiting;
        await Recount.AssertExact(queue.Laurel.Core, queue.Laurel.Core.Time.Micros());
    }

    [Theory, EveryEngine(Only = [Engine.Postgres, Engine.PostgresPartitioned])]
    public async Task A_batch_that_waits_for_a_badge_keeps_none_behind_it_from_another_writer(Engine engine)
    {
        await using var queue = await Queue.Open(engine);
        await queue.Hold();
        var release = new TaskCompletionSource();
        var holding = await queue.Lock(2, release.Task);
        var both = new[] { queue.Entry(1, badge: 3), queue.Entry(2, badge: 2) }.Select(entry => queue.Submit(entry)).ToList();
        await queue.Release();
        while (await queue.Laurel.Core.Database.Read(async session => await session.QueryFirst<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")) == 0)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        var other = queue.Submit(queue.Entry(3, badge: 3, user: queue.Elsewhere));

        // Each would wait for the other's badge, had the batch taken them in the order of its users.
        await Task.WhenAny(other, Task.Delay(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.True(other.IsCompletedSuccessfully);
        Assert.DoesNotContain(both, each => each.IsCompleted);
        release.SetResult();
        await Task.WhenAll([.. both, holding]);
    }

    /// <summary>A ledger whose writer can be held inside a batch: the batch waits for the lock of a badge's row. Of several writers one, whose
    /// users all entries are of: each has a queue of its own.</summary>
    private sealed class Queue : IAsyncDisposable
    {
        private readonly TestDatabase _database;
        private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Badge[] _badges;
        private readonly List<int> _users;
        private Task _holding = Task.CompletedTask;
        private Task _plug = Task.CompletedTask;

        private Queue(TestDatabase database, TestCore laurel, Badge[] badges) =>
            (_database, Laurel, _badges, _users) = (database, laurel, badges, [.. Users(laurel, elsewhere: false)]);

        public TestCore Laurel { get; }

        /// <summary>A user of another writer.</summary>
        public int Elsewhere => Users(Laurel, elsewhere: true).First();

        // From the first on, those of the first's writer, or the others.
        private static IEnumerable<int> Users(TestCore laurel, bool elsewhere) => Enumerable.Range(1, 100_000)
            .Where(user => laurel.Core.Ledger.WriterOf(user) != laurel.Core.Ledger.WriterOf(1) == elsewhere);

        public static async Task<Queue> Open(Engine engine)
        {
            var database = await TestDatabase.Create(engine);
            var laurel = await TestCore.OpenSecond(database);
            await laurel.Issuer(1);
            var badges = new List<Badge>();
            foreach (var id in new[] { 1, 2, 3 })
            {
                await laurel.Badge(id, 1, new Recurrence.Always());
                badges.Add((await laurel.Core.Badges.Find(id))!);
            }
            return new Queue(database, laurel, [.. badges]);
        }

        public async Task Hold()
        {
            _holding = await Lock(1, _release.Task);
            _plug = Submit(Entry(0));
            while (Laurel.Core.QueueDepth > 0)
            {
                await Task.Delay(1);
            }
        }

        /// <summary>Locks the row of a badge, and answers what ends when it is free again.</summary>
        public async Task<Task> Lock(int badge, Task until)
        {
            var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var holding = Task.Run(() => Laurel.Core.Database.Write(async session =>
            {
                await session.Execute("UPDATE badges SET awarded = awarded WHERE id = @badge", new { badge });
                held.SetResult();
                await until;
            }));
            await held.Task;
            return holding;
        }

        /// <summary>Lets the held batch go, and ends when it is committed.</summary>
        public Task Release()
        {
            _release.TrySetResult();
            return _plug;
        }

        public Task Submit(AwardEntry entry, Lane lane = Lane.Live, CancellationToken ct = default) =>
            Laurel.Core.Ledger.Submit(entry, lane, ct).AsTask();

        /// <summary>Ends when it takes nothing more.</summary>
        public async Task IsClosed()
        {
            for (var number = 9000; ; number++)
            {
                using var withdrawing = new CancellationTokenSource();
                var late = Submit(Entry(number), ct: withdrawing.Token);
                await withdrawing.CancelAsync();
                if (await Assert.ThrowsAnyAsync<Exception>(() => late) is LedgerFullException)
                {
                    return;
                }
                await Task.Delay(1);
            }
        }

        public List<AwardEntry> Entries(int first, int count, string? payload = null) =>
            [.. Enumerable.Range(first, count).Select(number => Entry(number, payload: payload))];

        public AwardEntry Entry(int number, AwardClaim? claim = null, string? payload = null, int badge = 1, int? user = null) =>
            new(new Award(10_000_000 + number, user ?? _users[number], badge, $"i:{10_000_000 + number}", 1_000_000, AwardSource.Native, null) { Payload = payload },
                _badges[badge - 1]) { Claim = claim, Manual = claim is not null };

        public async Task<long> Stored()
        {
            await TestCore.Settled(Laurel.Core);
            return await Laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards"));
        }

        // A batch may have several rows, all of one moment.
        public async Task<List<List<long>>> Batches() => [.. (await Laurel.Core.Database.Read(async session =>
            await session.Query<(long At, byte[] Events)>("SELECT committed_at, events FROM outbox ORDER BY sequence")))
            .GroupBy(row => row.At, row => row.Events)
            .Select(rows => rows.SelectMany(events => Outbox.Unpack(events)).Select(each => each.AwardId).ToList())];

        public async ValueTask DisposeAsync()
        {
            await Release();
            await _holding;
            await Laurel.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
