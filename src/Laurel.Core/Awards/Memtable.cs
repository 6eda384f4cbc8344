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

/// <summary>Awards and visits that are committed, as events of the outbox, and whose rows are not in their tables yet. They are
/// flushed in key order, many at a time, so that a page which several of them share is written once and not once for each.
///
/// There are two generations: the young one takes in what is committed while the old one is flushed. The writer's thread alone
/// changes them; others read under the gate.</summary>
internal sealed class Memtable
{
    private readonly Lock _gate = new();
    private readonly List<BufferedAward> _added = [];
    private readonly Dictionary<(long User, long Issuer), BufferedVisit> _seen = [];
    private readonly List<(Generation Of, int Row)> _placed = [];
    private Generation _young = new();
    private Generation? _old;
    private int _awards;
    private bool _ends;

    /// <summary>Awards that only this holds.</summary>
    public int Awards => Volatile.Read(ref _awards);

    /// <summary>The generation that is being flushed, if there is one.</summary>
    public Generation? Old => _old;

    /// <summary>Whether something waits in the generation that is not being flushed yet.</summary>
    public bool HasYoung => _young.LastSequence > 0;

    /// <summary>Whether the young generation is old enough to be flushed next: by its age or by its size.</summary>
    public bool IsRipe(long now) => HasYoung && (now - _young.Since is < 0 or >= Generation.Age || _young.Count >= Generation.Full || _young.Visits.Count >= Generation.Full);

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

    /// <summary>The next users who have awards that are not in their table, by id.</summary>
    /// <param name="added">Also those whom the running transaction has added; for the writer's thread.</param>
    public List<long> Users(long after, int limit, bool added)
    {
        var users = new SortedSet<long>(added ? _added.Select(award => award.UserId).Where(user => user > after) : []);
        lock (_gate)
        {
            _old?.CollectUsers(after, users);
            _young.CollectUsers(after, users);
        }
        return [.. users.Take(limit)];
    }

    /// <summary>Awards of a badge that are not in their table.</summary>
    public List<BufferedAward> OfBadge(long badgeId)
    {
        List<BufferedAward> found = [];
        if (Awards > 0)
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

    public Award? Find(long userId, long badgeId)
    {
        // A batch is in key order, so one that was added for the same key was added last.
        if (_added.Count > 0 && _added[^1] is { State: RowState.Buffered } last && last.UserId == userId && last.BadgeId == badgeId)
        {
            return last.ToAward();
        }
        return Awards == 0 ? null : _young.Find(userId, badgeId) ?? _old?.Find(userId, badgeId);
    }

    public BufferedVisit? FindVisit(long userId, long issuerId) =>
        _seen.TryGetValue((userId, issuerId), out var visit) || _young.Visits.TryGetValue((userId, issuerId), out visit)
        || (_old is not null && _old.Visits.TryGetValue((userId, issuerId), out visit))
            ? visit
            : null;

    public void Add(Award award) => _added.Add(new BufferedAward(award));

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

    /// <summary>Takes the next awards of the old generation in key order; the running transaction is about to write them.</summary>
    public IEnumerable<BufferedAward> PlaceNext(int count) => _old!.PlaceNext(count, _placed);

    /// <summary>Whether the running transaction has written the last of the old generation.</summary>
    public bool Ends => _ends;

    /// <summary>Whether the running transaction has added anything, even if it has placed it since.</summary>
    public bool Takes => _added.Count + _seen.Count > 0;

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
            Volatile.Write(ref _awards, _awards + kept - _placed.Count);
            if (_ends)
            {
                _old = null;
            }
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
        _old?.Return();
        Forget();
    }

    private void Forget()
    {
        _added.Clear();
        _seen.Clear();
        _placed.Clear();
        _ends = false;
    }
}
