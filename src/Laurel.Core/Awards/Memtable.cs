using Laurel.Core.Rules;

namespace Laurel.Core.Awards;

/// <summary>An award without occasion, subject and details, as it waits for its row. (Smaller than an <see cref="Award"/>, and no object.)</summary>
internal struct BufferedAward
{
    public long UserId;
    public long BadgeId;
    public long Id;
    public long AwardedAt;
    public AwardSource Source;
    public RowState State;

    /// <summary>The user's award before it, -1 for none.</summary>
    public int Next;

    public BufferedAward(Award award) =>
        (UserId, BadgeId, Id, AwardedAt, Source) = (award.UserId, award.BadgeId, award.Id, award.AwardedAt, award.Source);

    public readonly Award ToAward() => new(Id, UserId, BadgeId, "", AwardedAt, Source, Subject: null);
}

/// <summary>Where a buffered award's row is.</summary>
internal enum RowState : byte
{
    Buffered,

    /// <summary>Written by the transaction that runs: the writer reads it from its table, everybody else still from here.</summary>
    Placed,

    Flushed,
}

/// <summary>When a user was last seen at an issuer, as it waits for its row.</summary>
internal readonly record struct BufferedVisit(long Bucket, long? Previous);

/// <summary>What is committed and not in its tables yet: plain awards and visits, which their events in the outbox tell whole, and
/// deferred rows, which are logged beside them. It is flushed in key order, many at a time, so that a page which several share is
/// written once and not once for each.
///
/// There are two generations: the young one takes in what is committed while the old one is flushed. The writer's thread alone
/// changes them; others read under the gate.</summary>
internal sealed class Memtable
{
    private readonly Lock _gate = new();
    private readonly List<BufferedAward> _added = [];
    private readonly Dictionary<(long User, long Issuer), BufferedVisit> _seen = [];
    private readonly DeferredRows _deferred = new();
    private readonly List<(Generation Of, int Row)> _placed = [];
    private readonly List<DeferredRow> _placedRows = [];
    private Generation _young = new();
    private Generation? _old;
    private int _awards;
    private int _rows;
    private bool _ends;

    /// <summary>Awards that only this holds.</summary>
    public int Awards => Volatile.Read(ref _awards);

    /// <summary>Deferred rows that this holds; some may be in their tables.</summary>
    private int Rows => Volatile.Read(ref _rows);

    /// <summary>The generation that is being flushed, if there is one.</summary>
    public Generation? Old => _old;

    /// <summary>Whether something waits in the generation that is not being flushed yet.</summary>
    public bool HasYoung => _young.LastSequence > 0;

    /// <summary>Whether more waits than is good: the old generation is to be flushed at once, to make room for the next.</summary>
    public bool IsFull => _old is not null && _young.IsFull;

    /// <summary>Whether the young generation is old enough to be flushed next: by its age or by its size.</summary>
    public bool IsRipe(long now) => HasYoung && (now - _young.Since is < 0 or >= Generation.Age || _young.IsFull);

    /// <summary>A user's awards that are not in their table, as far as others than the writer can see.</summary>
    public IReadOnlyList<BufferedAward> Of(long userId)
    {
        if (Awards == 0)
        {
            return [];
        }
        lock (_gate)
        {
            List<BufferedAward>? found = null;
            _old?.Collect(userId, ref found);
            _young.Collect(userId, ref found);
            return found ?? (IReadOnlyList<BufferedAward>)[];
        }
    }

    /// <summary>Whether some of a user's deferred rows are not in their tables, as far as others than the writer can see.</summary>
    public bool HasDeferred(long userId)
    {
        if (Rows == 0)
        {
            return false;
        }
        lock (_gate)
        {
            return _young.Deferred.Has(userId) || _old?.Deferred.Has(userId) == true;
        }
    }

    /// <summary>The next users who have something that is not in its table, by id.</summary>
    /// <param name="actors">Actions.</param>
    /// <param name="holders">Awards.</param>
    /// <param name="added">Also those whom the running transaction has added; for the writer's thread.</param>
    public List<long> Users(long after, int limit, bool actors, bool holders, bool added)
    {
        var users = new SortedSet<long>();
        if (added)
        {
            users.UnionWith((holders ? _added : []).Select(award => award.UserId).Concat(_deferred.Users(actors, holders)).Where(user => user > after));
        }
        lock (_gate)
        {
            _old?.CollectUsers(after, actors, holders, users);
            _young.CollectUsers(after, actors, holders, users);
        }
        return [.. users.Take(limit)];
    }

    /// <summary>Awards of a badge that are not in their table.</summary>
    public List<Award> OfBadge(long badgeId)
    {
        List<Award> found = [];
        if (Awards + Rows > 0)
        {
            lock (_gate)
            {
                _old?.CollectOfBadge(badgeId, found);
                _young.CollectOfBadge(badgeId, found);
            }
        }
        return found;
    }

    // From here on: the writer's thread.

    // Of one user: written together they share their pages.
    private const int Many = 64;

    public Award? Find(long userId, long badgeId, string occasion) =>
        (occasion.Length == 0 ? FindPlain(userId, badgeId) : null) ?? FindDeferred(userId, badgeId, occasion);

    private Award? FindDeferred(long userId, long badgeId, string occasion) =>
        _deferred.Count + Rows == 0 ? null
        : (_deferred.FindAward(userId, badgeId, occasion) ?? _young.Deferred.FindAward(userId, badgeId, occasion)
            ?? _old?.Deferred.FindAward(userId, badgeId, occasion))?.Award;

    /// <summary>The user's awards that the running transaction does not find in their table.</summary>
    public List<BufferedAward> Unwritten(long userId)
    {
        List<BufferedAward>? found = [];
        for (var i = FirstAdded(userId, 0); i < _added.Count && _added[i].UserId == userId; i++)
        {
            found.Add(_added[i]);
        }
        _young.Collect(userId, ref found);
        _old?.Collect(userId, ref found);
        found!.RemoveAll(award => award.State != RowState.Buffered);
        if (_deferred.Count + Rows > 0)
        {
            found.AddRange(_deferred.AwardsOf(userId));
            found.AddRange(_young.Deferred.AwardsOf(userId));
            found.AddRange(_old?.Deferred.AwardsOf(userId) ?? []);
        }
        return found;
    }

    public StoredCount? FindCount(long userId, long ruleId) =>
        _deferred.Count + Rows == 0 ? null
        : _deferred.FindCount(userId, ruleId) ?? _young.Deferred.FindCount(userId, ruleId) ?? _old?.Deferred.FindCount(userId, ruleId);

    public bool HasMany(long userId) => _deferred.HasMany(userId, Many) || _young.Deferred.HasMany(userId, Many);

    private Award? FindPlain(long userId, long badgeId)
    {
        var at = FirstAdded(userId, badgeId);
        if (at < _added.Count && _added[at] is { State: RowState.Buffered } added && added.UserId == userId && added.BadgeId == badgeId)
        {
            return added.ToAward();
        }
        return Awards == 0 ? null : _young.Find(userId, badgeId) ?? _old?.Find(userId, badgeId);
    }

    // What the running transaction has added is in key order: so are its entries, and rules add none of these.
    private int FirstAdded(long userId, long badgeId)
    {
        var (from, to) = (0, _added.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if ((_added[middle].UserId, _added[middle].BadgeId).CompareTo((userId, badgeId)) < 0)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }
        return from;
    }

    public BufferedVisit? FindVisit(long userId, long issuerId) =>
        _seen.TryGetValue((userId, issuerId), out var visit) || _young.Visits.TryGetValue((userId, issuerId), out visit)
        || (_old is not null && _old.Visits.TryGetValue((userId, issuerId), out visit))
            ? visit
            : null;

    public void Add(Award award) => _added.Add(new BufferedAward(award));

    public void Add(DeferredRow row) => _deferred.Add(row);

    /// <summary>The running transaction's deferred rows, to be logged; null for none.</summary>
    public byte[]? Pack() => _deferred.Pack();

    public void Put(long userId, long issuerId, BufferedVisit visit) => _seen[(userId, issuerId)] = visit;

    /// <summary>The user's awards that the running transaction does not see in their table; it is about to write them.</summary>
    public List<BufferedAward> Place(long userId)
    {
        List<BufferedAward> rows = [];
        for (var i = 0; i < _added.Count; i++)
        {
            if (_added[i] is { State: RowState.Buffered } added && added.UserId == userId)
            {
                rows.Add(added);
                _added[i] = added with { State = RowState.Placed };
            }
        }
        _old?.Place(userId, rows, _placed);
        _young.Place(userId, rows, _placed);
        return rows;
    }

    /// <summary>The same for the user's deferred rows, oldest first.</summary>
    public IEnumerable<DeferredRow> PlaceDeferred(long userId)
    {
        var from = _placedRows.Count;
        if (_deferred.Count + Rows > 0)
        {
            _old?.Deferred.Place(userId, _placedRows);
            _young.Deferred.Place(userId, _placedRows);
            _deferred.Place(userId, _placedRows);
            _deferred.Leave(userId);
        }
        return Placed(from);
    }

    /// <summary>Takes the next deferred rows of the old generation by user; the running transaction is about to write them.</summary>
    public IEnumerable<DeferredRow> PlaceNextDeferred(int count)
    {
        var from = _placedRows.Count;
        _old!.PlaceNext(count, _placedRows);
        return Placed(from);
    }

    private IEnumerable<DeferredRow> Placed(int from)
    {
        for (var i = from; i < _placedRows.Count; i++)
        {
            yield return _placedRows[i];
        }
    }

    /// <summary>Takes the next awards of the old generation in key order; the running transaction is about to write them.</summary>
    public IEnumerable<BufferedAward> PlaceNext(int count) => _old!.PlaceNext(count, _placed);

    /// <summary>Whether the running transaction has written the last of the old generation.</summary>
    public bool Ends => _ends;

    /// <summary>Whether the running transaction has added anything, even if it has placed it since.</summary>
    public bool Takes => Added + _seen.Count > 0;

    /// <summary>How many awards and rows it has added.</summary>
    public int Added => _added.Count + _deferred.Count;

    /// <summary>The running transaction has written the last of the old generation.</summary>
    public void EndOld() => _ends = true;

    /// <summary>Begins to flush the young generation. Only when no old one is left.</summary>
    public void Turn(long now)
    {
        var next = new Generation { Since = now };
        lock (_gate)
        {
            (_old, _young) = (_young, next);
        }
        _old.BeginSorting();
    }

    /// <summary>The running transaction is committed.</summary>
    /// <param name="sequence">The last row of the outbox.</param>
    /// <param name="now">When.</param>
    public void Committed(long sequence, long now)
    {
        lock (_gate)
        {
            foreach (var (generation, row) in _placed)
            {
                generation.At(row).State = RowState.Flushed;
            }
            foreach (var row in _placedRows)
            {
                row.State = RowState.Flushed;
            }
            foreach (var row in _placedRows)
            {
                _old?.Deferred.Trim(row.UserId);
                _young.Deferred.Trim(row.UserId);
            }
            _old?.Advance();
            if (!HasYoung)
            {
                _young.Since = now;
            }
            var kept = 0;
            foreach (var award in _added)
            {
                if (award.State == RowState.Buffered)
                {
                    _young.Add(award);
                    kept++;
                }
            }
            foreach (var (key, visit) in _seen)
            {
                _young.Visits[key] = visit;
            }
            if (Takes)
            {
                _young.LastSequence = sequence;
            }
            for (var i = 0; i < _deferred.Count; i++)
            {
                if (_deferred[i] is { State: RowState.Buffered } row)
                {
                    _young.Deferred.Add(row);
                }
            }
            Volatile.Write(ref _awards, _awards + kept - _placed.Count);
            if (_ends)
            {
                _old = null;
            }
            Volatile.Write(ref _rows, _young.Deferred.Count + (_old?.Deferred.Count ?? 0));
        }
        Forget();
    }

    /// <summary>The running transaction has not taken place.</summary>
    public void RolledBack()
    {
        foreach (var (generation, row) in _placed)
        {
            generation.At(row).State = RowState.Buffered;
        }
        foreach (var row in _placedRows)
        {
            row.State = RowState.Buffered;
        }
        _old?.Return();
        Forget();
    }

    private void Forget()
    {
        _added.Clear();
        _seen.Clear();
        _deferred.Clear();
        _placed.Clear();
        _placedRows.Clear();
        _ends = false;
    }
}
