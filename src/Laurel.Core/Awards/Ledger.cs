using System.Collections.Concurrent;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Which queue an entry joins.</summary>
internal enum Lane
{
    /// <summary>Somebody waits for the answer.</summary>
    Live,

    /// <summary>Imports: at most a quarter of a batch, so that they never starve the live lane.</summary>
    Bulk,
}

/// <summary>The way into the ledger: entries go to the writer of their user. A process has as many writers as its database has use for at
/// once, each under a node slot of its own; to each other they are what the writers of two processes are.</summary>
internal sealed class Ledger : IAsyncDisposable
{
    private readonly LedgerWriter[] _writers;
    private readonly ConcurrentDictionary<long, byte> _listing = new();

    /// <param name="writers">One at least.</param>
    public Ledger(IEnumerable<LedgerWriter> writers) => _writers = [.. writers];

    /// <inheritdoc cref="LedgerWriter.Depth"/>
    public int Depth => _writers.Sum(writer => writer.Depth);

    /// <inheritdoc cref="LedgerWriter.Refused"/>
    public int Refused => _writers.Sum(writer => writer.Refused);

    /// <summary>Whether the last batch of a writer failed for want of storage, and it has written nothing since.</summary>
    public bool StorageFailed => Array.Exists(_writers, writer => writer.StorageFailed);

    /// <inheritdoc cref="LedgerStore.HasBuffered"/>
    public bool HasBuffered => Array.Exists(_writers, writer => writer.Store.HasBuffered);

    /// <summary>A user's awards that are committed and not in their table; to be read before the table: a row moves there, never back.
    /// All else that is committed of the user is in its tables when this ends.</summary>
    /// <inheritdoc cref="Submit" path="/exception"/>
    public async ValueTask<IReadOnlyList<BufferedAward>> Buffered(long userId)
    {
        await Settle(userId);
        return StoreOf(userId).Buffered(userId);
    }

    /// <inheritdoc cref="LedgerStore.HasDeferred"/>
    public bool HasDeferred(long userId) => StoreOf(userId).HasDeferred(userId);

    /// <summary>Sees to it that what is committed of a user is in its tables, but for what <see cref="Buffered"/> tells.</summary>
    /// <inheritdoc cref="Submit" path="/exception"/>
    public ValueTask Settle(long userId) => HasDeferred(userId) ? Submit(new SettlingEntry(userId), Lane.Live, default) : default;

    /// <inheritdoc cref="LedgerStore.BufferedOfBadge"/>
    public IReadOnlyList<Award> BufferedOfBadge(long badgeId) => [.. _writers.SelectMany(writer => writer.Store.BufferedOfBadge(badgeId))];

    /// <inheritdoc cref="LedgerStore.BufferedUsers"/>
    public IEnumerable<long> BufferedUsers(long after, int limit, bool actors, bool holders) => _writers
        .SelectMany(writer => writer.Store.BufferedUsers(after, limit, actors, holders, ofBatch: false)).Order().Take(limit);

    /// <summary>Somebody else found that the database can be written again.</summary>
    public void StorageRecovered() => Array.ForEach(_writers, writer => writer.StorageRecovered());

    /// <summary>Finishes what a process that died had committed and not written to every table.</summary>
    /// <exception cref="StorageUnavailableException">Another process on this database does not let go of its own.</exception>
    public void Recover() => Array.ForEach(_writers, writer => writer.Recover());

    public void Start() => Array.ForEach(_writers, writer => writer.Start());

    /// <inheritdoc cref="LedgerWriter.Submit"/>
    public ValueTask Submit(LedgerEntry entry, Lane lane, CancellationToken withdraw) => WriterOf(entry.UserId).Submit(entry, lane, withdraw);

    private LedgerStore StoreOf(long userId) => WriterOf(userId).Store;

    /// <summary>Whose queue a user's entries join.</summary>
    // By the upper bits of a product: ids may have all their lower ones in common.
    internal LedgerWriter WriterOf(long userId) => _writers.Length == 1
        ? _writers[0]
        : _writers[(int)(((ulong)userId * 0x9E3779B97F4A7C15UL >> 32) * (ulong)_writers.Length >> 32)];

    /// <summary>Asks for a user's awards to be listed by time. Nobody waits: until it is done, they are read whole.</summary>
    public void List(long userId)
    {
        if (_listing.TryAdd(userId, 0))
        {
            _ = ListAndForget(userId);
        }
    }

    /// <summary>The same, and ends when it is done.</summary>
    /// <inheritdoc cref="Submit" path="/exception"/>
    public async Task Listed(long userId, CancellationToken ct)
    {
        ListingEntry entry;
        do
        {
            entry = new ListingEntry(userId);
            await Submit(entry, Lane.Live, ct);
        }
        while (!entry.IsDone);
    }

    private async Task ListAndForget(long userId)
    {
        try
        {
            await Listed(userId, default);
        }
        catch (Exception later) when (later is LedgerFullException or StorageUnavailableException or EntryRefusedByStorageException)
        {
            // The next reader asks again.
        }
        finally
        {
            _listing.TryRemove(userId, out _);
        }
    }

    /// <summary>Takes no more entries, commits those that wait, and ends the writers.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_writers.Select(writer => writer.DisposeAsync().AsTask()));
}

/// <summary>More waits already than the ledger's queue holds: try again shortly.</summary>
public sealed class LedgerFullException() : Exception("The ledger's queue is full.");

/// <summary>The database refused this one row; the rest of its batch is stored.</summary>
public sealed class EntryRefusedByStorageException(Exception inner) : Exception("The entry could not be stored.", inner);
