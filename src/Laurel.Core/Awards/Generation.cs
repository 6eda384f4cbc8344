using System.Runtime.InteropServices;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>What was committed in some seconds and is flushed together; see <see cref="Memtable"/>.</summary>
internal sealed class Generation
{
    /// <summary>After how many microseconds it is flushed.</summary>
    public const long Age = 2 * Clock.Second;

    /// <summary>With how many awards or visits it is flushed before. Two of them are about 20 MB.</summary>
    public const int Full = 131_072;

    /// <summary>With how many bytes of deferred rows.</summary>
    public const long FullWeight = 32 << 20;

    private const string LoggedBehind = """
        SELECT o.sequence, o.events, d.rows FROM outbox o LEFT JOIN deferred_rows d ON d.node = o.node AND d.sequence = o.sequence
        WHERE o.node = $1 AND o.sequence > $2 ORDER BY o.sequence
        """;

    private readonly List<BufferedAward> _awards = [];
    private readonly Dictionary<long, int> _lastOfUser = [];
    private Task<Sorted>? _sorting;
    private int _award;
    private int _visit;
    private int _row;
    private int _awardAfter;
    private int _visitAfter;
    private int _rowAfter;

    /// <summary>By user and issuer, the last visit.</summary>
    public Dictionary<(long User, long Issuer), BufferedVisit> Visits { get; } = [];

    public DeferredRows Deferred { get; } = new();

    /// <summary>Up to which outbox row it holds what is not flushed; 0 for nothing.</summary>
    public long LastSequence { get; set; }

    /// <summary>When its first batch was committed.</summary>
    public long Since { get; set; }

    public bool IsFull => _awards.Count >= Full || Visits.Count >= Full || Deferred.Weight >= FullWeight;

    /// <summary>Whether it can be flushed now: its order is computed on another thread.</summary>
    public bool IsSorted => _sorting is { IsCompleted: true };

    /// <summary>Whether the running transaction writes the last of it.</summary>
    public bool IsPlaced => IsSorted && _awardAfter == _awards.Count && _visitAfter == Visits.Count && _rowAfter == Deferred.Count;

    public ref BufferedAward At(int row) => ref CollectionsMarshal.AsSpan(_awards)[row];

    public void Add(BufferedAward award)
    {
        ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(_lastOfUser, award.UserId, out var any);
        award.Next = any ? last : -1;
        last = _awards.Count;
        _awards.Add(award);
    }

    public Award? Find(long userId, long badgeId)
    {
        for (var row = Last(userId); row >= 0; row = At(row).Next)
        {
            if (At(row) is { State: RowState.Buffered } award && award.BadgeId == badgeId)
            {
                return award.ToAward();
            }
        }
        return null;
    }

    private int Last(long userId) => _lastOfUser.GetValueOrDefault(userId, -1);

    /// <summary>The user's awards that only this holds, for readers: what the running transaction has placed is not committed yet.</summary>
    public void Collect(long userId, ref List<BufferedAward>? found)
    {
        for (var row = Last(userId); row >= 0; row = At(row).Next)
        {
            if (At(row).State != RowState.Flushed)
            {
                (found ??= []).Add(At(row));
            }
        }
    }

    public void CollectUsers(long after, bool actors, bool holders, SortedSet<long> found)
    {
        foreach (var award in holders ? _awards : [])
        {
            if (award.UserId > after && award.State != RowState.Flushed)
            {
                found.Add(award.UserId);
            }
        }
        found.UnionWith(Deferred.Users(actors, holders).Where(user => user > after));
    }

    public void CollectOfBadge(long badgeId, List<Award> found)
    {
        foreach (ref var award in CollectionsMarshal.AsSpan(_awards))
        {
            if (award.BadgeId == badgeId && award.State != RowState.Flushed)
            {
                found.Add(award.ToAward());
            }
        }
        found.AddRange(Deferred.Awards.Where(award => award.BadgeId == badgeId));
    }

    public void Place(long userId, List<BufferedAward> rows, List<(Generation Of, int Row)> placed)
    {
        for (var row = Last(userId); row >= 0; row = At(row).Next)
        {
            Place(row, rows, placed);
        }
    }

    private void Place(int row, List<BufferedAward> rows, List<(Generation Of, int Row)> placed)
    {
        ref var award = ref At(row);
        if (award.State == RowState.Buffered)
        {
            rows.Add(award);
            award.State = RowState.Placed;
            placed.Add((this, row));
        }
    }

    /// <summary>Computes the key order on another thread. Nothing is added any more.</summary>
    public void BeginSorting() => _sorting = Task.Run(Sort);

    private Sorted Sort()
    {
        var keys = new (long User, long Badge)[_awards.Count];
        var rows = new int[_awards.Count];
        for (var row = 0; row < rows.Length; row++)
        {
            (keys[row], rows[row]) = ((At(row).UserId, At(row).BadgeId), row);
        }
        Array.Sort(keys, rows);
        var visits = new (long, long)[Visits.Count];
        Visits.Keys.CopyTo(visits, 0);
        Array.Sort(visits);
        return new Sorted(rows, visits, Deferred.SortedByUser());
    }

    /// <summary>Takes the next awards in key order, which the running transaction is about to write. Waits for the order.</summary>
    public List<BufferedAward> PlaceNext(int count, List<(Generation Of, int Row)> placed)
    {
        var order = _sorting!.GetAwaiter().GetResult().Rows;
        var rows = new List<BufferedAward>(count);
        while (_awardAfter < order.Length && rows.Count < count)
        {
            Place(order[_awardAfter++], rows, placed);
        }
        return rows;
    }

    /// <summary>The next visits in key order, which the running transaction is about to write.</summary>
    public IEnumerable<((long User, long Issuer) Key, BufferedVisit Visit)> NextVisits(int count)
    {
        var order = _sorting!.GetAwaiter().GetResult().Visits;
        for (; _visitAfter < order.Length && count > 0; _visitAfter++, count--)
        {
            yield return (order[_visitAfter], Visits[order[_visitAfter]]);
        }
    }

    /// <summary>Takes the next deferred rows by user, which the running transaction is about to write.</summary>
    public void PlaceNext(int count, List<DeferredRow> placed)
    {
        var order = _sorting!.GetAwaiter().GetResult().Deferred;
        for (; _rowAfter < order.Length && count > 0; _rowAfter++)
        {
            var row = Deferred[order[_rowAfter]];
            if (row.State == RowState.Buffered)
            {
                row.State = RowState.Placed;
                placed.Add(row);
                count--;
            }
        }
    }

    /// <summary>What was placed is committed.</summary>
    public void Advance() => (_award, _visit, _row) = (_awardAfter, _visitAfter, _rowAfter);

    /// <summary>What was placed is not.</summary>
    public void Return() => (_awardAfter, _visitAfter, _rowAfter) = (_award, _visit, _row);

    /// <summary>Reads again, from the outbox, what a node has committed and not flushed.</summary>
    /// <param name="session">On one snapshot, or in a transaction.</param>
    /// <param name="node">Its slot.</param>
    /// <param name="flushed">Up to which row everything is in its tables.</param>
    /// <param name="unpack">Takes a row apart.</param>
    public async ValueTask Replay(Session session, short node, long flushed, Func<byte[], IEnumerable<OutboxEvent>> unpack)
    {
        var rows = session.Prepare(LoggedBehind).Set(1, (long)node).Set(2, flushed);
        while (await rows.Read())
        {
            foreach (var each in unpack(rows.Bytes(1)))
            {
                Replay(each);
            }
            // What a batch removed it removed before: of what it awarded then, the rows are here.
            foreach (var row in rows.IsNull(2) ? [] : DeferredRows.Unpack(rows.Bytes(2)))
            {
                Deferred.Add(row);
            }
            LastSequence = rows.Long(0);
        }
    }

    // Some of it may be flushed already, row by row: to place it again changes nothing. What was removed since must not come back.
    private void Replay(OutboxEvent each)
    {
        switch (each.Kind)
        {
            case OutboxKind.Awarded when each.IsBuffered:
                Add(new BufferedAward(new Award(each.AwardId, each.UserId, each.BadgeId, each.Occasion, each.At, each.Source, Subject: null)));
                break;
            case OutboxKind.Removed:
                Deferred.Drop(each.UserId, each.BadgeId, each.Occasion);
                for (var row = each.Occasion.Length == 0 ? Last(each.UserId) : -1; row >= 0; row = At(row).Next)
                {
                    if (At(row).BadgeId == each.BadgeId)
                    {
                        At(row).State = RowState.Flushed;
                    }
                }
                break;
            case OutboxKind.Visited when each.IsBuffered:
                Visits[(each.UserId, each.BadgeId)] = new BufferedVisit(each.At, each.AwardId == 0 ? null : each.AwardId);
                break;
        }
    }

    /// <summary>What is not flushed, in key order.</summary>
    public List<BufferedAward> InOrder()
    {
        var found = _awards.FindAll(award => award.State != RowState.Flushed);
        found.Sort((a, b) => (a.UserId, a.BadgeId).CompareTo((b.UserId, b.BadgeId)));
        return found;
    }

    /// <summary>The awards of a range of users (behind the first, up to and with the last) that are not flushed, in key order.</summary>
    public List<Award> Between(long from, long to)
    {
        var found = _awards.Where(award => award.State != RowState.Flushed && IsBetween(award.UserId)).Select(award => award.ToAward())
            .Concat(Deferred.Awards.Where(award => IsBetween(award.UserId))).ToList();
        found.Sort((a, b) => Holders.Order.Compare(Holders.Key(a), Holders.Key(b)));
        return found;

        bool IsBetween(long user) => user > from && user <= to;
    }

    private sealed record Sorted(int[] Rows, (long User, long Issuer)[] Visits, int[] Deferred);
}
