using System.Runtime.InteropServices;
using Laurel.Core.Actions;
using Laurel.Core.Rules;

namespace Laurel.Core.Awards;

/// <summary>Rows that wait for their tables, in the order in which they were logged.</summary>
internal sealed class DeferredRows
{
    private const byte Version = 1;

    private readonly List<DeferredRow> _rows = [];
    private readonly Dictionary<long, DeferredRow> _lastOfUser = [];

    public int Count => _rows.Count;

    /// <summary>What they occupy, in bytes.</summary>
    public long Weight { get; private set; }

    public DeferredRow this[int row] => _rows[row];

    /// <summary>Takes a row in. One that it replaces, and that nobody has written, need not be written any more.</summary>
    public void Add(DeferredRow row)
    {
        // Of a count only the newest is written, so at most one waits.
        if (row is DeferredCount count)
        {
            Find(count.UserId, count.RuleId)?.State = RowState.Flushed;
        }
        ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(_lastOfUser, row.UserId, out _);
        row.Earlier = last;
        last = row;
        _rows.Add(row);
        Weight += row.Weight;
    }

    /// <summary>Takes those of a user that nobody has written, in their order; the running transaction is about to write them.</summary>
    public void Place(long userId, List<DeferredRow> placed)
    {
        var from = placed.Count;
        for (var row = _lastOfUser.GetValueOrDefault(userId); row is not null; row = row.Earlier)
        {
            if (row.State == RowState.Buffered)
            {
                row.State = RowState.Placed;
                placed.Add(row);
            }
        }
        placed.Reverse(from, placed.Count - from);
    }

    /// <summary>Lets go of a user whose rows are all placed; all of them are forgotten with the transaction.</summary>
    public void Leave(long userId) => _lastOfUser.Remove(userId);

    /// <summary>Lets go of a user whose rows are all written.</summary>
    public void Trim(long userId)
    {
        if (!Has(userId))
        {
            _lastOfUser.Remove(userId);
        }
    }

    /// <summary>Whether some of the user's may not be in their tables, for readers: what is placed is not committed yet.</summary>
    public bool Has(long userId)
    {
        for (var row = _lastOfUser.GetValueOrDefault(userId); row is not null; row = row.Earlier)
        {
            if (row.State != RowState.Flushed)
            {
                return true;
            }
        }
        return false;
    }

    public DeferredAward? FindAward(long userId, long badgeId, string occasion)
    {
        for (var row = _lastOfUser.GetValueOrDefault(userId); row is not null; row = row.Earlier)
        {
            if (row is DeferredAward { State: RowState.Buffered } found && found.Award.BadgeId == badgeId && found.Award.Occasion == occasion)
            {
                return found;
            }
        }
        return null;
    }

    /// <summary>A user's awards that nobody has written.</summary>
    public IEnumerable<BufferedAward> AwardsOf(long userId)
    {
        for (var row = _lastOfUser.GetValueOrDefault(userId); row is not null; row = row.Earlier)
        {
            if (row is DeferredAward { State: RowState.Buffered } found)
            {
                yield return new BufferedAward(found.Award);
            }
        }
    }

    /// <summary>The newest that nobody has written.</summary>
    public StoredCount? FindCount(long userId, long ruleId) => Find(userId, ruleId)?.Count;

    private DeferredCount? Find(long userId, long ruleId)
    {
        for (var row = _lastOfUser.GetValueOrDefault(userId); row is not null; row = row.Earlier)
        {
            if (row is DeferredCount { State: RowState.Buffered } found && found.RuleId == ruleId)
            {
                return found;
            }
        }
        return null;
    }

    /// <summary>Whether the user has as many as this.</summary>
    public bool HasMany(long userId, int many)
    {
        var row = _lastOfUser.GetValueOrDefault(userId);
        for (; row is not null && many > 0; row = row.Earlier)
        {
            many -= row.State == RowState.Buffered ? 1 : 0;
        }
        return many == 0;
    }

    /// <summary>The awards that may not be in their table.</summary>
    public IEnumerable<Award> Awards => _rows.Where(row => row.State != RowState.Flushed).OfType<DeferredAward>().Select(row => row.Award);

    /// <summary>Whose rows may not be in their tables.</summary>
    /// <param name="actors">Of actions.</param>
    /// <param name="holders">Of awards.</param>
    public IEnumerable<long> Users(bool actors, bool holders) =>
        _rows.Where(row => row.State != RowState.Flushed && ((actors && row is DeferredAction) || (holders && row is DeferredAward))).Select(row => row.UserId);

    /// <summary>The places of all by user; a user's stay in their order.</summary>
    public int[] SortedByUser()
    {
        var keys = new (long User, int Place)[_rows.Count];
        var places = new int[_rows.Count];
        for (var i = 0; i < places.Length; i++)
        {
            (keys[i], places[i]) = ((_rows[i].UserId, i), i);
        }
        Array.Sort(keys, places);
        return places;
    }

    /// <summary>An award that was removed is not to come back.</summary>
    public void Drop(long userId, long badgeId, string occasion) => FindAward(userId, badgeId, occasion)?.State = RowState.Flushed;

    /// <summary>Packs those that nobody has written; null when there is none. Read by <see cref="Unpack"/>.</summary>
    public byte[]? Pack()
    {
        var waiting = _rows.FindAll(row => row.State == RowState.Buffered);
        if (waiting.Count == 0)
        {
            return null;
        }
        var packed = new PackedWriter(waiting.Count * 96).Byte(Version).Number(waiting.Count);
        foreach (var row in waiting)
        {
            row.Pack(packed);
        }
        return packed.ToArray();
    }

    /// <exception cref="InvalidDataException">Not the packed form of a version known here.</exception>
    public static List<DeferredRow> Unpack(ReadOnlySpan<byte> packed)
    {
        var rest = new PackedReader(packed);
        if (rest.Byte() != Version)
        {
            throw new InvalidDataException("Unknown version of deferred rows.");
        }
        var rows = new List<DeferredRow>(rest.Count());
        for (var left = rows.Capacity; left > 0; left--)
        {
            rows.Add(DeferredRow.Unpack(ref rest));
        }
        return rows;
    }

    public void Clear()
    {
        _rows.Clear();
        _lastOfUser.Clear();
        Weight = 0;
    }
}
