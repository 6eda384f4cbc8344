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
        queue.Release();

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
        queue.Release();

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
        queue.Release();
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
        queue.Release();
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
        queue.Release();
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
        queue.Release();
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
        // Another process has written under this one's slot.
        await core.Database.Write(async session => await session.Execute(
            "INSERT INTO outbox (node, sequence, committed_at, events) VALUES (@node, 1, 0, @events)", new { node = core.Node, events = new byte[] { 1 } }));

        await Assert.ThrowsAsync<StorageUnavailableException>(() => core.Ledger.Submit(new VisitEntry(1, 1, 1000), Lane.Live, default).AsTask());

        Assert.IsType<LeaseLostException>(await died.Task.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(0, await core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM visitors")));
        await Assert.ThrowsAsync<LedgerFullException>(() => core.Ledger.Submit(new VisitEntry(1, 1, 1000), Lane.Live, default).AsTask());
    }

    /// <summary>A ledger whose writer can be held inside a batch: the batch waits for the lock of a badge's row.</summary>
    private sealed class Queue : IAsyncDisposable
    {
        private readonly TestDatabase _database;
        private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Badge _badge;
        private readonly Badge _claimable;
        private Task _holding = Task.CompletedTask;
        private Task _plug = Task.CompletedTask;

        private Queue(TestDatabase database, TestCore laurel, Badge badge, Badge claimable) =>
            (_database, Laurel, _badge, _claimable) = (database, laurel, badge, claimable);

        public TestCore Laurel { get; }

        public static async Task<Queue> Open(Engine engine)
        {
            var database = await TestDatabase.Create(engine);
            var laurel = await TestCore.OpenSecond(database);
            await laurel.Issuer(1);
            await laurel.Badge(1, 1, new Recurrence.Always());
            await laurel.Badge(2, 1, new Recurrence.Always());
            return new Queue(database, laurel, (await laurel.Core.Badges.Find(1))!, (await laurel.Core.Badges.Find(2))!);
        }

        public async Task Hold()
        {
            var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _holding = Task.Run(() => Laurel.Core.Database.Write(async session =>
            {
                await session.Execute("UPDATE badges SET awarded = awarded WHERE id = 1");
                held.SetResult();
                await _release.Task;
            }));
            await held.Task;
            _plug = Submit(Entry(0));
            while (Laurel.Core.QueueDepth > 0)
            {
                await Task.Delay(1);
            }
        }

        public void Release() => _release.TrySetResult();

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

        public AwardEntry Entry(int number, AwardClaim? claim = null, string? payload = null, int badge = 1) =>
            new(new Award(10_000_000 + number, 1 + number, badge, $"i:{10_000_000 + number}", 1_000_000, AwardSource.Native, null) { Payload = payload },
                badge == 1 ? _badge : _claimable) { Claim = claim, Manual = claim is not null };

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
            Release();
            await _holding;
            await _plug;
            await Laurel.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
