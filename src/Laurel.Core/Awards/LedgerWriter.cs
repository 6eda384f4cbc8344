using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Laurel.Core.Statistics;
using Laurel.Core.Storage;
using Microsoft.Extensions.Logging;

namespace Laurel.Core.Awards;

/// <summary>The group-commit writer of one node slot. Entries wait in two bounded lanes; one thread takes all that wait, up to 1,024, commits
/// them in one transaction and only then answers their callers.</summary>
internal sealed class LedgerWriter : IAsyncDisposable
{
    public const int BatchLimit = 1024;
    private const int BulkShare = BatchLimit / 4;
    private const int LiveCapacity = 32_768;
    private const int BulkCapacity = 8_192;
    private const long ByteCapacity = 64L << 20;

    // How often it is looked who has waited for too long.
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(250);

    // How long nothing may have come before buffered rows are flushed without a batch.
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);

    // Bulk entries wait for room of their own, by weight: an import never fills the live lane's.
    private const int WeightPerRoom = (int)(ByteCapacity / BulkCapacity);

    private readonly LedgerStore _store;
    private readonly Tallies _tallies;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Action<Exception> _die;
    private readonly TimeSpan? _patience;
    private readonly Timer? _impatience;
    // A monitor, not a semaphore: waiting for work must not spin on a processor that its callers need.
    private readonly object _gate = new();
    private readonly Queue<LedgerEntry> _live = new();
    private readonly Queue<LedgerEntry> _bulk = new();
    private readonly SemaphoreSlim _bulkRoom = new(BulkCapacity, BulkCapacity);
    private readonly SemaphoreSlim _bulkTurn = new(1, 1);
    private readonly Thread _writer;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private volatile bool _closed;
    private bool _waiting;

    // Nothing has come for a while, so what is buffered is flushed without a pause.
    private bool _flushing;

    private int _refused;

    // What the writer has in hand, where callers wait only so long.
    private LedgerEntry[] _inHand = [];

    /// <param name="die">Called when the writer cannot go on: the process must end and be restarted clean.</param>
    /// <param name="patience">How long callers wait for storage that does not answer; null: for as long as it takes.</param>
    public LedgerWriter(LedgerStore store, Tallies tallies, TimeProvider time, ILogger log, Action<Exception> die, TimeSpan? patience)
    {
        (_store, _tallies, _time, _log, _die, _patience) = (store, tallies, time, log, die, patience);
        _impatience = patience is null ? null : new Timer(_ => GiveUp(), null, Often, Often);
        _writer = new Thread(Run) { Name = $"ledger writer {store.Node}", IsBackground = true };
    }

    public LedgerStore Store => _store;

    /// <summary>Entries that wait now.</summary>
    public int Depth
    {
        get
        {
            lock (_gate)
            {
                return _live.Count + _bulk.Count;
            }
        }
    }

    /// <summary>Entries that could not be stored by themselves.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Whether the last batch failed for want of storage, and nothing has been written since.</summary>
    public bool StorageFailed { get; private set; }

    /// <summary>Somebody else found that the database can be written again.</summary>
    public void StorageRecovered() => StorageFailed = false;

    /// <summary>Finishes what a process that died had committed and not written to every table.</summary>
    /// <exception cref="StorageUnavailableException">Another process on this database does not let go of its own.</exception>
    public void Recover() => _store.Start(_time);

    public void Start() => _writer.Start();

    /// <summary>Queues the entry and ends when it is committed. The token withdraws it only while it is queued.</summary>
    /// <exception cref="LedgerFullException">The live lane is full.</exception>
    /// <exception cref="StorageUnavailableException">The database could not store the batch, or has not said in time whether it did.</exception>
    public async ValueTask Submit(LedgerEntry entry, Lane lane, CancellationToken withdraw)
    {
        withdraw.ThrowIfCancellationRequested();
        if (lane == Lane.Bulk)
        {
            await TakeBulkRoom(entry, withdraw);
        }
        Enqueue(entry, lane);
        if (!withdraw.CanBeCanceled)
        {
            await entry.Completion;
            return;
        }
        await using var registration = withdraw.UnsafeRegister(static queued => ((LedgerEntry)queued!).TryWithdraw(), entry);
        await entry.Completion;
    }

    private static int BulkRoom(LedgerEntry entry) => 1 + (entry.Weight / WeightPerRoom);

    // In turns: if all took part of their room, nobody might ever get the rest.
    private async Task TakeBulkRoom(LedgerEntry entry, CancellationToken withdraw)
    {
        await TakeTurn(_bulkTurn, withdraw);
        var taken = 0;
        try
        {
            while (taken < BulkRoom(entry))
            {
                await TakeTurn(_bulkRoom, withdraw);
                taken++;
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or StorageUnavailableException && taken > 0)
        {
            _bulkRoom.Release(taken);
            throw;
        }
        finally
        {
            _bulkTurn.Release();
        }
    }

    // An import may wait for long, but not for a writer that waits itself.
    private async Task TakeTurn(SemaphoreSlim room, CancellationToken withdraw)
    {
        while (!await room.WaitAsync(_patience ?? Timeout.InfiniteTimeSpan, withdraw))
        {
            if (Volatile.Read(ref _inHand) is [var first, ..] && first.IsAnswered)
            {
                throw TooLate();
            }
        }
    }

    // Whoever gives up is told that nothing is known: their entry goes on if it is in the batch, and ends if it is still queued.
    private void GiveUp()
    {
        var since = Stopwatch.GetTimestamp() - (long)(_patience!.Value.TotalSeconds * Stopwatch.Frequency);
        var late = Volatile.Read(ref _inHand).Where(entry => entry.QueuedAt < since).ToList();
        lock (_gate)
        {
            late.AddRange(_live.TakeWhile(entry => entry.QueuedAt < since));
            late.AddRange(_bulk.TakeWhile(entry => entry.QueuedAt < since));
        }
        late.ForEach(entry => entry.Fail(TooLate()));
    }

    private static StorageUnavailableException TooLate() => new("The database has not answered in time.");

    private void Enqueue(LedgerEntry entry, Lane lane)
    {
        entry.QueuedAt = _patience is null ? 0 : Stopwatch.GetTimestamp();
        var weight = entry.Weight;
        lock (_gate)
        {
            if (_closed || (lane == Lane.Live && (_live.Count >= LiveCapacity || _bytes >= ByteCapacity)))
            {
                if (lane == Lane.Bulk)
                {
                    _bulkRoom.Release(BulkRoom(entry));
                }
                throw new LedgerFullException();
            }
            (lane == Lane.Live ? _live : _bulk).Enqueue(entry);
            _bytes += lane == Lane.Live ? weight : 0;
            Wake();
        }
    }

    // Under the gate.
    private void Wake()
    {
        if (_waiting)
        {
            _waiting = false;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        var batch = new List<LedgerEntry>(BatchLimit);
        try
        {
            while (Take(batch))
            {
                if (batch.Count > 0)
                {
                    batch.Sort(KeyOrder.Instance);
                    Volatile.Write(ref _inHand, _patience is null ? [] : [.. batch]);
                    Commit(batch);
                    Volatile.Write(ref _inHand, []);
                }
                else if (!Flush())
                {
                    break;
                }
            }
            _ended.SetResult();
        }
        catch (Exception broken)
        {
            Abandon(batch, broken);
            _ended.TrySetResult();
            _die(broken);
        }
    }

    // Nobody waits for a writer that is gone, and nobody is told of an award that may not be stored.
    private void Abandon(List<LedgerEntry> batch, Exception broken)
    {
        List<LedgerEntry> waiting;
        lock (_gate)
        {
            _closed = true;
            waiting = [.. batch, .. _live, .. _bulk];
            _live.Clear();
            _bulk.Clear();
        }
        foreach (var entry in waiting)
        {
            entry.Fail(new StorageUnavailableException("The ledger's writer has ended.", broken));
        }
    }

    // An empty batch: there is time to flush. False when the ledger is closed and empty.
    private bool Take(List<LedgerEntry> batch)
    {
        batch.Clear();
        lock (_gate)
        {
            while (_live.Count + _bulk.Count == 0 && !_closed)
            {
                _waiting = true;
                if (!_store.HasBuffered)
                {
                    Monitor.Wait(_gate);
                }
                else if (_flushing || !Monitor.Wait(_gate, Idle))
                {
                    _waiting = false;
                    _flushing = true;
                    return true;
                }
            }
            _flushing = false;
            var bulk = Move(_bulk, batch, BulkShare, BulkRoom);
            _bytes -= Move(_live, batch, BatchLimit, entry => entry.Weight);
            if (bulk > 0)
            {
                _bulkRoom.Release(bulk);
            }
            return batch.Count > 0 || !_closed || _store.HasBuffered;
        }
    }

    // False when it could not and nobody comes any more: the next start finds in the outbox what it needs.
    private bool Flush()
    {
        if (!_store.HasBuffered)
        {
            return true;
        }
        try
        {
            _store.Flush(_time.Micros());
            StorageFailed = false;
            return true;
        }
        catch (StorageUnavailableException unavailable)
        {
            if (!StorageFailed)
            {
                LedgerLog.FlushFailed(_log, unavailable);
            }
            StorageFailed = true;
            _flushing = false;
            lock (_gate)
            {
                return !_closed || _live.Count + _bulk.Count > 0;
            }
        }
    }

    // Withdrawn entries leave the queue without a place in the batch. Answers how much room all that left it have taken.
    private static int Move(Queue<LedgerEntry> lane, List<LedgerEntry> batch, int limit, Func<LedgerEntry, int> measure)
    {
        var moved = 0;
        while (batch.Count < limit && lane.TryDequeue(out var entry))
        {
            moved += measure(entry);
            if (entry.TryTake())
            {
                batch.Add(entry);
            }
        }
        return moved;
    }

    private void Commit(List<LedgerEntry> batch)
    {
        try
        {
            var events = CommitCertainly(batch);
            _tallies.Apply(_store.Node, _store.Sequence, events);
            StorageFailed = false;
            Answers.Give(batch);
        }
        catch (StorageUnavailableException unavailable)
        {
            StorageFailed = true;
            LedgerLog.StorageFailed(_log, unavailable, batch.Count);
            foreach (var entry in batch)
            {
                entry.Fail(unavailable);
            }
        }
        catch (Exception fault) when (fault is not (LeaseLostException or OutOfMemoryException))
        {
            // Rolled back whole: whatever it was, it is looked for in halves.
            Bisect(batch, fault);
        }
    }

    // Repeated until the outcome is known: an answer may be neither a guess nor a loss. Only at the end of the process does it stay
    // unknown, once nobody waits for it.
    private IReadOnlyList<OutboxEvent> CommitCertainly(List<LedgerEntry> batch)
    {
        var now = _time.Micros();
        for (var unknown = 0; ; unknown++)
        {
            try
            {
                return _store.Commit(batch, now, repeat: unknown > 0);
            }
            catch (Exception commit) when ((commit is CommitUnknownException || (commit is StorageUnavailableException && unknown > 0))
                && _closed && batch.TrueForAll(entry => entry.IsAnswered))
            {
                throw new StorageUnavailableException("The outcome of the last commit stays unknown.", commit);
            }
            catch (CommitUnknownException commit)
            {
                LedgerLog.CommitUnknown(_log, commit, batch.Count);
                Thread.Sleep(Math.Min(50 << Math.Min(unknown, 6), 1000));
            }
            catch (StorageUnavailableException away) when (unknown > 0)
            {
                LedgerLog.CommitUnknown(_log, away, batch.Count);
                Thread.Sleep(Math.Min(50 << Math.Min(unknown, 6), 1000));
            }
        }
    }

    // One row that cannot be stored fails alone.
    private void Bisect(List<LedgerEntry> batch, Exception rowFault)
    {
        if (batch.Count == 1)
        {
            _refused++;
            LedgerLog.RowRefused(_log, rowFault);
            batch[0].Fail(new EntryRefusedByStorageException(rowFault));
            return;
        }
        var refused = _refused;
        var half = batch.Count / 2;
        Commit(batch.GetRange(0, half));
        Commit(batch.GetRange(half, batch.Count - half));
        if (_refused == refused)
        {
            LedgerLog.BatchHalved(_log, rowFault, batch.Count);
        }
    }

    /// <summary>Takes no more entries, commits those that wait, and ends the writer.</summary>
    [SuppressMessage("Usage", "VSTHRD003", Justification = "Completed by the writer's own thread.")]
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }
            _closed = true;
            Wake();
        }
        if (!_writer.ThreadState.HasFlag(System.Threading.ThreadState.Unstarted))
        {
            await _ended.Task;
        }
        if (_impatience is not null)
        {
            await _impatience.DisposeAsync();
        }
    }

    // Callers go on in the thread pool, a handful to a work item: to wake a thread for each would cost more than to write its answer.
    private sealed class Answers(LedgerEntry[] entries) : IThreadPoolWorkItem
    {
        private const int Handful = 8;

        public static void Give(List<LedgerEntry> batch)
        {
            for (var from = 0; from < batch.Count; from += Handful)
            {
                var entries = new LedgerEntry[Math.Min(Handful, batch.Count - from)];
                batch.CopyTo(from, entries, 0, entries.Length);
                ThreadPool.UnsafeQueueUserWorkItem(new Answers(entries), preferLocal: false);
            }
        }

        public void Execute()
        {
            foreach (var entry in entries)
            {
                entry.Answer();
            }
        }
    }

    /// <summary>The order in which a batch is written.</summary>
    internal sealed class KeyOrder : IComparer<LedgerEntry>
    {
        public static readonly KeyOrder Instance = new();

        // Rows are written in key order, so two nodes' batches can never deadlock; removals and visits follow the awards.
        public int Compare(LedgerEntry? x, LedgerEntry? y)
        {
            if (x is AwardEntry a && y is AwardEntry b)
            {
                var order = a.UserId.CompareTo(b.UserId);
                if (order == 0)
                {
                    order = a.Award.BadgeId.CompareTo(b.Award.BadgeId);
                }
                return order != 0 ? order : string.CompareOrdinal(a.Award.Occasion, b.Award.Occasion);
            }
            var kinds = Kind(x).CompareTo(Kind(y));
            return kinds != 0 ? kinds : x!.UserId.CompareTo(y!.UserId);
        }

        private static int Kind(LedgerEntry? entry) => entry switch
        {
            AwardEntry => 0,
            RemovalEntry => 1,
            _ => 2,
        };
    }
}

internal static partial class LedgerLog
{
    [LoggerMessage(1, LogLevel.Error, "The database did not store a batch of {Count} entries; their callers were told.")]
    public static partial void StorageFailed(ILogger log, Exception failure, int count);

    [LoggerMessage(2, LogLevel.Warning, "The outcome of a commit of {Count} entries is unknown; repeating it.")]
    public static partial void CommitUnknown(ILogger log, Exception failure, int count);

    [LoggerMessage(4, LogLevel.Warning, "Committed awards could not be moved to their tables yet; it is tried again.")]
    public static partial void FlushFailed(ILogger log, Exception failure);

    [LoggerMessage(5, LogLevel.Error, "A batch of {Count} entries could be stored in parts only, though every one of them could: a fault of Laurel's, and slow.")]
    public static partial void BatchHalved(ILogger log, Exception failure, int count);

    [LoggerMessage(3, LogLevel.Error, "One entry could not be stored and was refused; the rest of its batch was not harmed.")]
    public static partial void RowRefused(ILogger log, Exception failure);
}
