using System.Collections.Concurrent;
using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Statistics;

/// <summary>The statistics as they stand: read from the tally tables once, then kept by the deltas of every committed batch, this
/// node's at once and other nodes' from their outbox. Each batch has a number, and what was read says up to which numbers it
/// counts, so no batch is counted twice or missed.</summary>
public sealed class Tallies : IAsyncDisposable
{
    private const int TotalsKept = 200_000;
    private const int OutboxAtOnce = 500;

    private const string BucketsSince = "SELECT badge_id, start, sum(awarded) FROM badge_tallies WHERE span = 2 AND start > $1 GROUP BY badge_id, start";
    private const string VisitorsSince = "SELECT issuer_id, bucket, sum(visitors) FROM visitor_tallies WHERE bucket > $1 GROUP BY issuer_id, bucket";
    private const string TotalOf = "SELECT coalesce(sum(awarded), 0) FROM badge_tallies WHERE span = 0 AND start = 0 AND badge_id = $1";
    private const string TotalOfDay = "SELECT coalesce(sum(awarded), 0) FROM badge_tallies WHERE span = 1 AND start = $1";
    private const string OutboxSince = "SELECT sequence, events FROM outbox WHERE node = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
    private const string DropBuckets = "DELETE FROM badge_tallies WHERE span = 2 AND start < $1";
    private const string DropVisitors = "DELETE FROM visitor_tallies WHERE bucket < $1";
    private const string DropOutbox = "DELETE FROM outbox WHERE node = $1 AND committed_at < $2 AND sequence < $3";

    private const long OutboxRetention = Live.EventPages.Retention + (3600 * Clock.Second);

    // One range a day: a range of days would hold every badge's rows.
    private static readonly string Days =
        "SELECT start, sum(awarded) FROM badge_tallies WHERE span = 1 AND badge_id = $1 AND start IN ("
        + string.Join(", ", Enumerable.Range(2, ShownDays).Select(number => $"${number}")) + ") GROUP BY start";

    /// <summary>How many days <see cref="AwardedByDay(long)"/> tells of.</summary>
    public const int ShownDays = 90;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    // A look that has taken so long tells nothing: who waits, for it or for the next, does without. Nobody waits behind what is slow or lost.
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(125);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<long, RollingDay> _days = new();
    private readonly ConcurrentDictionary<long, RollingDay> _visitors = new();
    private readonly ConcurrentDictionary<long, Total> _totals = new();
    private readonly ConcurrentDictionary<long, Total> _totalsByDay = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<short, long> _applied = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly SharedRuns<bool> _catchingUp;
    private IReadOnlyList<short> _own = [];
    private Task _polling = Task.CompletedTask;

    public Tallies(Database database, TimeProvider time) => (_database, _time, _catchingUp) = (database, time, new(LookForOthers));

    /// <summary>Moved by what is applied here.</summary>
    internal AwardStamps Stamps { get; } = new();

    private PastMinute Minute { get; } = new();

    /// <summary>Awards of the badge that stand.</summary>
    public ValueTask<long> Awarded(long badgeId) =>
        _totals.TryGetValue(badgeId, out var total) && total.TryRead(out var awarded)
            ? ValueTask.FromResult(awarded)
            : Load(_totals, badgeId, TotalOf, each => each.BadgeId == badgeId);

    /// <summary>How many awards every server has committed in the past minute, by second, oldest first, as far as this process has
    /// heard; 60 counts. What was removed since counts too.</summary>
    public long[] PastMinuteBySecond() => Minute.Counts(_time.Micros() / Clock.Second);

    /// <summary>Standing awards of all badges by the UTC day of their time, over the <see cref="ShownDays"/> days up to today. Read once
    /// from the day's tallies, one row a badge that was awarded on it, and kept from then on.</summary>
    /// <returns>The number of the last day, and the counts, oldest first.</returns>
    public async ValueTask<(long Today, long[] Counts)> AwardedByDay()
    {
        var today = Clock.DayOf(_time.Micros());
        var first = today - ShownDays + 1;
        var counts = new long[ShownDays];
        for (var index = 0; index < ShownDays; index++)
        {
            var day = first + index;
            counts[index] = _totalsByDay.TryGetValue(day, out var total) && total.TryRead(out var awarded)
                ? awarded
                : await Load(_totalsByDay, day, TotalOfDay, each => each.Kind != OutboxKind.Visited && Clock.DayOf(each.At) == day);
        }
        foreach (var day in _totalsByDay.Keys.Where(day => day < first || day > today))
        {
            _totalsByDay.TryRemove(day, out _);
        }
        return (today, counts);
    }

    /// <summary>Badges that were awarded in the past day, those with the fewest of those awards first.</summary>
    internal IReadOnlyList<long> LeastAwardedInPastDay(int limit) =>
        [.. _days.Keys.Select(badgeId => (Id: badgeId, Count: PastDay(badgeId))).Where(badge => badge.Count > 0)
            .OrderBy(badge => badge.Count).ThenBy(badge => badge.Id).Take(limit).Select(badge => badge.Id)];

    /// <summary>Standing awards of the badge whose time lies in the current five-minute bucket or the 287 before it.</summary>
    public long PastDay(long badgeId) => _days.TryGetValue(badgeId, out var day) ? day.Sum(Clock.BucketOf(_time.Micros())) : 0;

    /// <summary>Standing awards of the badge by the UTC day of their time, over the <see cref="ShownDays"/> days up to today.</summary>
    /// <returns>The number of the last day, and the counts, oldest first.</returns>
    public async ValueTask<(long Today, long[] Counts)> AwardedByDay(long badgeId)
    {
        var today = Clock.DayOf(_time.Micros());
        var first = today - ShownDays + 1;
        var counts = await _database.ReadSnapshot(async session =>
        {
            var counted = new long[ShownDays];
            var known = await _database.Tallied(session);
            var rows = session.Prepare(Days).Set(1, badgeId);
            for (var day = 0; day < ShownDays; day++)
            {
                rows.Set(day + 2, first + day);
            }
            while (await rows.Read())
            {
                counted[rows.Long(0) - first] = rows.Long(1);
            }
            await ForEachNotTallied(session, known, each =>
            {
                if (each.BadgeId == badgeId && each.Kind != OutboxKind.Visited && Clock.DayOf(each.At) - first is >= 0 and < ShownDays and var day)
                {
                    counted[day] += each.Awards;
                }
            });
            return counted;
        });
        return (today, counts);
    }

    /// <summary>Distinct users last seen at the issuer in the same day.</summary>
    public long Visitors(long issuerId) => _visitors.TryGetValue(issuerId, out var day) ? day.Sum(Clock.BucketOf(_time.Micros())) : 0;

    /// <summary>Awards in the past day per distinct visitor of the past day, at most 1, 0 without visitors, to 3 decimals.</summary>
    public double WinRate(long badgeId, long issuerId)
    {
        var visitors = Visitors(issuerId);
        return visitors == 0 ? 0 : Math.Round(Math.Min(1, (double)PastDay(badgeId) / visitors), 3, MidpointRounding.AwayFromZero);
    }

    /// <summary>Reads the past day. After this process's ledger has recovered, and before it commits anything.</summary>
    /// <param name="own">The node slots of this process.</param>
    internal async Task Start(IReadOnlyList<short> own)
    {
        _own = own;
        // Two days: removals subtract from the award's own bucket, which may be the one about to fall out.
        var oldest = Clock.BucketOf(_time.Micros()) - 576;
        await _database.ReadSnapshot(async session =>
        {
            foreach (var (node, sequence) in await _database.Tallied(session))
            {
                _applied[node] = sequence;
            }
            await Fill(session.Prepare(BucketsSince).Set(1, oldest), _days);
            await Fill(session.Prepare(VisitorsSince).Set(1, oldest), _visitors);
            return true;
        });
        _polling = Task.Run(Poll);
    }

    private static async ValueTask Fill(Statement rows, ConcurrentDictionary<long, RollingDay> days)
    {
        while (await rows.Read())
        {
            days.GetOrAdd(rows.Long(0), static _ => new RollingDay()).Add(rows.Long(1), rows.Long(2));
        }
    }

    /// <summary>Takes in what a node's batch did. Batches of one node come in order, from one thread at a time.</summary>
    internal void Apply(short node, long sequence, IReadOnlyList<OutboxEvent> events)
    {
        // What lies further back never comes into the window: an import of years must not stay in memory.
        var now = _time.Micros();
        var oldest = Clock.BucketOf(now) - 576;
        var made = 0;
        foreach (var each in events)
        {
            made += each.Kind == OutboxKind.Awarded ? 1 : 0;
            if (each.Kind == OutboxKind.Visited)
            {
                var visitors = _visitors.GetOrAdd(each.BadgeId, static _ => new RollingDay());
                visitors.Add(each.At, 1);
                if (each.AwardId != 0)
                {
                    visitors.Add(each.AwardId, -1);
                }
                continue;
            }
            Stamps.Move(each.UserId);
            var delta = each.Awards;
            var bucket = Clock.BucketOf(each.At);
            if (bucket > oldest)
            {
                _days.GetOrAdd(each.BadgeId, static _ => new RollingDay()).Add(bucket, delta);
            }
            if (_totals.TryGetValue(each.BadgeId, out var total))
            {
                total.Add(node, sequence, delta);
            }
            if (_totalsByDay.TryGetValue(Clock.DayOf(each.At), out var ofDay))
            {
                ofDay.Add(node, sequence, delta);
            }
        }
        Minute.Add(now / Clock.Second, made);
        _applied[node] = sequence;
    }

    private async ValueTask<long> Load(ConcurrentDictionary<long, Total> totals, long key, string stored, Predicate<OutboxEvent> counts)
    {
        while (true)
        {
            var total = totals.GetOrAdd(key, static _ => new Total());
            await total.Loading.WaitAsync();
            try
            {
                if (total.TryRead(out var awarded))
                {
                    return awarded;
                }
                // The entry has been collecting deltas since it was added, before this snapshot begins.
                var (value, sequences) = await _database.ReadSnapshot(async session =>
                {
                    var known = await _database.Tallied(session);
                    var row = session.Prepare(stored).Set(1, key);
                    await row.Read();
                    var read = row.Long(0);
                    await row.Done();
                    return (read + await NotTallied(session, known, counts), known);
                });
                total.Set(value, sequences);
                Shrink(kept: key);
            }
            finally
            {
                total.Loading.Release();
            }
        }
    }

    private static async ValueTask<long> NotTallied(Session session, Dictionary<short, long> sequences, Predicate<OutboxEvent> counts)
    {
        var sum = 0L;
        await ForEachNotTallied(session, sequences, each => sum += counts(each) ? each.Awards : 0);
        return sum;
    }

    // What the outbox of the snapshot says beyond the tallies; moves the sequences on to its ends.
    internal static async ValueTask ForEachNotTallied(Session session, Dictionary<short, long> sequences, Action<OutboxEvent> apply)
    {
        foreach (var node in sequences.Keys.ToList())
        {
            var rows = session.Prepare(Outbox.RowsBehind).Set(1, (long)node).Set(2, sequences[node]);
            while (await rows.Read())
            {
                sequences[node] = rows.Long(0);
                foreach (var each in Outbox.Unpack(rows.Bytes(1)))
                {
                    apply(each);
                }
            }
        }
    }

    private void Shrink(long kept)
    {
        if (_totals.Count > TotalsKept)
        {
            foreach (var badgeId in _totals.Keys.Where(id => id != kept).Take(TotalsKept / 10))
            {
                _totals.TryRemove(badgeId, out _);
            }
        }
    }

    private async Task Poll()
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                try
                {
                    await ReadOthers();
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    // Whatever it was, the next round reads on from where this one stopped.
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Ends when all is taken in here that any process had committed when it was called. What this process has told of is in any
    /// case. Who asks at the same time asks together.</summary>
    /// <returns>False when it cannot be known soon.</returns>
    internal Task<bool> CatchUp() => _catchingUp.Run();

    private async Task<bool> LookForOthers()
    {
        try
        {
            return await Look().WaitAsync(Soon);
        }
        catch (Exception away) when (away is TimeoutException or StorageUnavailableException)
        {
            return false;
        }
    }

    private async Task<bool> Look()
    {
        var others = (await _database.Read(Outbox.Slots)).Where(slot => !_own.Contains(slot));
        var newest = await Task.WhenAll(others.Select(slot => _database.Read(session => Outbox.NewestOf(session, slot)).AsTask()));
        if (Array.Exists(newest, each => each.Sequence > _applied.GetValueOrDefault(each.Slot)))
        {
            await ReadOthers();
        }
        return true;
    }

    // Those who catch up and the poll: a node's batches are applied in order.
    private async Task ReadOthers()
    {
        await _reading.WaitAsync(_ending.Token);
        try
        {
            await ReadOutboxes();
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task ReadOutboxes()
    {
        foreach (var node in (await _database.Poll(Outbox.Slots)).Where(slot => !_own.Contains(slot)))
        {
            while (true)
            {
                var after = _applied.GetValueOrDefault(node);
                var batches = await _database.Poll(async session =>
                {
                    var found = new List<(long, byte[])>();
                    var rows = session.Prepare(OutboxSince).Set(1, (long)node).Set(2, after).Set(3, OutboxAtOnce);
                    while (await rows.Read())
                    {
                        found.Add((rows.Long(0), rows.Bytes(1)));
                    }
                    return found;
                });
                foreach (var (sequence, packed) in batches)
                {
                    Apply(node, sequence, Outbox.Unpack(packed));
                }
                if (batches.Count < OutboxAtOnce)
                {
                    break;
                }
            }
        }
    }

    // The outbox row from which on it may be the only copy, or has no number in the stream yet.
    private async ValueTask<long> Kept(Session session, short slot)
    {
        var numbered = await session.QueryFirst<long?>("SELECT next FROM stream_heads WHERE node = @slot", new { slot });
        var tallied = (await _database.Tallied(session)).GetValueOrDefault(slot, long.MaxValue);
        var kept = Math.Min(Math.Min(_applied.GetValueOrDefault(slot), tallied), numbered ?? 1);
        return _database.Buffers ? Math.Min(kept, await session.QueryFirst<long>("SELECT flushed FROM nodes WHERE slot = @slot", new { slot })) : kept;
    }

    /// <summary>Drops buckets and outbox rows past their retention: 48 hours and 7 days, and of the latter an hour more: the stream's
    /// numbers go before them.</summary>
    public async Task Trim()
    {
        var now = _time.Micros();
        await _database.Write(async session =>
        {
            await session.Prepare(DropBuckets).Set(1, Clock.BucketOf(now) - 576).Run();
            await session.Prepare(DropVisitors).Set(1, Clock.BucketOf(now) - 576).Run();
            foreach (var slot in _own)
            {
                await session.Prepare(DropOutbox).Set(1, (long)slot).Set(2, now - OutboxRetention).Set(3, await Kept(session, slot)).Run();
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _polling;
        _ending.Dispose();
        _reading.Dispose();
    }

    /// <summary>A total, of a badge or of a day: until it is loaded it collects the deltas that pass.</summary>
    private sealed class Total
    {
        private readonly Lock _gate = new();
        private List<(short Node, long Sequence, long Delta)>? _passed = [];
        private Dictionary<short, long> _counted = [];
        private long _value;

        public SemaphoreSlim Loading { get; } = new(1, 1);

        public bool TryRead(out long value)
        {
            lock (_gate)
            {
                value = _value;
                return _passed is null;
            }
        }

        public void Add(short node, long sequence, long delta)
        {
            lock (_gate)
            {
                if (_passed is not null)
                {
                    _passed.Add((node, sequence, delta));
                }
                else if (sequence > _counted.GetValueOrDefault(node))
                {
                    _value += delta;
                }
            }
        }

        public void Set(long value, Dictionary<short, long> counted)
        {
            lock (_gate)
            {
                (_value, _counted) = (value, counted);
                foreach (var (node, sequence, delta) in _passed!)
                {
                    _value += sequence > counted.GetValueOrDefault(node) ? delta : 0;
                }
                _passed = null;
            }
        }
    }
}
