using Laurel.Core.Awards;

namespace Laurel.Core.Storage;

/// <summary>What a count is of: a badge in total (start 0), on a day, in a bucket; or an issuer's visitors in a bucket.</summary>
internal readonly record struct CountKey(CountSpan Span, long Start, long Id);

/// <summary>The first three are stored as numbers in badge_tallies.</summary>
internal enum CountSpan
{
    Total = 0,
    Day = 1,
    Bucket = 2,
    Visitors = 3,
}

/// <summary>Counts as they are stored beside counts as they come out, both as of the moment it was begun.</summary>
internal sealed class Recount
{
    private const string OutboxBetween =
        "SELECT sequence, events FROM outbox WHERE node = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT 200";

    private readonly Dictionary<CountKey, (long Counted, long Stored)> _counts = [];
    private readonly List<(long LastUser, Dictionary<long, long> Sequences)> _slices = [];
    private readonly Dictionary<long, long> _begun;

    /// <param name="begun">The snapshot's sequences on which the stored counts are read.</param>
    public Recount(Dictionary<long, long> begun) => _begun = begun;

    public IEnumerable<(CountKey Key, long Counted, long Stored)> All =>
        from entry in _counts orderby entry.Key.Id, entry.Key.Span, entry.Key.Start select (entry.Key, entry.Value.Counted, entry.Value.Stored);

    public void Store(CountKey key, long stored)
    {
        ref var count = ref Of(key);
        count.Stored += stored;
    }

    public void Count(CountKey key, long delta = 1)
    {
        ref var count = ref Of(key);
        count.Counted += delta;
    }

    private ref (long Counted, long Stored) Of(CountKey key) =>
        ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _);

    /// <summary>Remembers on which snapshot the range of users that ends here was counted. Ranges come in order.</summary>
    public void CountedUpTo(long lastUser, Dictionary<long, long> sequences) => _slices.Add((lastUser, sequences));

    /// <summary>Takes back what happened to a range between the beginning and its own snapshot.</summary>
    /// <param name="database">Where the outbox is.</param>
    /// <param name="undo">What one event has added, to be taken back by counting the opposite.</param>
    public async Task TakeBack(Database database, Action<Recount, OutboxEvent> undo)
    {
        var latest = new Dictionary<long, long>();
        foreach (var (node, sequence) in _slices.SelectMany(slice => slice.Sequences))
        {
            latest[node] = Math.Max(latest.GetValueOrDefault(node), sequence);
        }
        foreach (var (node, last) in latest)
        {
            for (var after = _begun.GetValueOrDefault(node); after < last;)
            {
                var batches = await Read(database, node, after, last);
                if (batches.Count == 0)
                {
                    break;
                }
                foreach (var (sequence, packed) in batches)
                {
                    TakeBack(node, sequence, packed, undo);
                    after = sequence;
                }
            }
        }
    }

    private static ValueTask<List<(long Sequence, byte[] Events)>> Read(Database database, long node, long after, long last) =>
        database.Read(async session =>
        {
            var found = new List<(long, byte[])>();
            var rows = session.Prepare(OutboxBetween).Set(1, node).Set(2, after).Set(3, last);
            while (await rows.Read())
            {
                found.Add((rows.Long(0), rows.Bytes(1)));
            }
            return found;
        });

    private void TakeBack(long node, long sequence, byte[] packed, Action<Recount, OutboxEvent> undo)
    {
        foreach (var each in OutboxCheck.TryUnpack(packed) ?? [])
        {
            if (sequence <= SliceOf(each.UserId).GetValueOrDefault(node))
            {
                undo(this, each);
            }
        }
    }

    private Dictionary<long, long> SliceOf(long user)
    {
        var (low, high) = (0, _slices.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _slices[middle].LastUser < user ? (middle + 1, high) : (low, middle);
        }
        return _slices[low].Sequences;
    }
}
