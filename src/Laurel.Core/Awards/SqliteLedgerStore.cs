using Laurel.Core.Actions;
using Laurel.Core.Rules;
using Laurel.Core.Statistics;
using Laurel.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Laurel.Core.Awards;

/// <summary>The ledger on SQLite: prepared statements in a loop on the one writer connection.
///
/// What costs there is pages: an award of a random user would write one of the ledger, one of its index and one of the visitors,
/// each into the log and later into the file. So awards, visits, actions and counts are committed as events of the outbox or logged
/// beside them, and their rows follow sorted (see <see cref="Memtable"/>). That needs a process that is alone on its database: as soon as another one leases
/// a node slot, everything is flushed and every row is written with its batch. And nobody decides anything while another process
/// has rows that are in no table: a live one is waited for, a dead one's are written first, and it is shut out.</summary>
internal sealed class SqliteLedgerStore(SqliteDatabase database, NodeLease lease) : LedgerStore(lease.Slot)
{
    private const string LastSequence = "SELECT coalesce(max(sequence), 0) FROM outbox WHERE node = $1";

    // It moves when another connection has committed, and this process has no other that writes.
    private const string DataVersion = "PRAGMA data_version";

    private const string Nodes = "SELECT slot, owner, leased_until, buffers, flushed, tallied FROM nodes ORDER BY slot";

    private const string SetFlushed = "UPDATE nodes SET flushed = $1 WHERE slot = $2 AND flushed < $1";

    private const string SetBuffers = "UPDATE nodes SET buffers = $1 WHERE slot = $2";

    private const string Renew = "UPDATE nodes SET leased_until = $1 WHERE slot = $2";

    private const string ShutOut = "UPDATE nodes SET owner = '', leased_until = 0 WHERE slot = $1";

    private const string SetTallied = "UPDATE nodes SET tallied = $1 WHERE slot = $2 AND tallied < $1";

    private const string Taken = """
        SELECT EXISTS (SELECT 1 FROM awards WHERE user_id = $1 AND badge_id = $2 AND occasion = $3)
          OR EXISTS (SELECT 1 FROM award_history WHERE user_id = $1 AND badge_id = $2 AND occasion = $3 AND lifted = 0 AND kind >= $4)
          OR ($3 = '' AND EXISTS (SELECT 1 FROM repeated_awards WHERE user_id = $1 AND issuer_id = $5 AND badge_id = $2))
        """;

    private const string LogRows = "INSERT INTO deferred_rows (node, sequence, rows) VALUES ($1, $2, $3)";

    private const string ForgetRows = "DELETE FROM deferred_rows WHERE node = $1 AND sequence <= $2";

    private const string InsertPlainAward = """
        INSERT INTO awards (user_id, badge_id, occasion, id, awarded_at, source, subject, listed)
        VALUES ($1, $2, '', $3, $4, $5, NULL, EXISTS (SELECT 1 FROM listed_users WHERE user_id = $1)) ON CONFLICT DO NOTHING
        """;

    private const string LastVisit = "SELECT bucket FROM visitors WHERE user_id = $1 AND issuer_id = $2";

    private const string SetVisit = """
        INSERT INTO visitors (user_id, issuer_id, bucket, previous) VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id, issuer_id) DO UPDATE SET previous = excluded.previous, bucket = excluded.bucket
        WHERE visitors.bucket < excluded.bucket
        """;

    private const string UpsertTally = """
        INSERT INTO badge_tallies (span, start, badge_id, node, awarded) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (span, start, badge_id, node) DO UPDATE SET awarded = awarded + excluded.awarded
        """;

    private const string UpsertVisitors = """
        INSERT INTO visitor_tallies (bucket, issuer_id, node, visitors) VALUES ($1, $2, $3, $4)
        ON CONFLICT (bucket, issuer_id, node) DO UPDATE SET visitors = visitors + excluded.visitors
        """;

    private const int CountsWalked = 16;

    private const int FlushedAtOnce = 2048;
    private const int FlushedWithBatch = 256;

    // A clustered row of more than a quarter of a page wastes most of another one.
    private const int EventsInQuarterPage = 96;

    // Where nothing is buffered: how many rows of the outbox a start may have to look through in vain.
    private const int SetFlushedEvery = 256;

    // Longer than a lease: then a process is either looked after or taken for dead.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Memtable _memtable = new();
    private readonly TallyDeltas _deltas = new();
    private int _owed;
    private long _flushed;
    private long _talliedAt;
    private bool _talliesWritten;
    private long? _version;
    private bool _alone;
    private bool _flagged;
    private bool _flags;

    public override void Start(TimeProvider time)
    {
        for (var tries = 0; ; tries++)
        {
            var others = Transact(session => TryStart(session, time.Micros()));
            if (!others)
            {
                return;
            }
            WaitForOthers(tries);
        }
    }

    // True while a live process has rows that are in no table.
    private bool TryStart(SqliteSession session, long now)
    {
        var last = session.Raw(LastSequence).Set(1, Node);
        last.Step();
        Sequence = last.Long(0);
        last.Rewind();
        foreach (var node in ReadNodes(session))
        {
            if (node.Slot == Node || !NodeLease.IsLive(node.LeasedUntil, node.Owner, now))
            {
                Recover(session, node, now);
                if (node.Slot != Node)
                {
                    // It may only have been frozen.
                    session.Raw(ShutOut).Set(1, node.Slot).Execute();
                }
            }
            else if (node.Buffers)
            {
                return true;
            }
        }
        return false;
    }

    // It flushes with its next batch, or within moments when it is idle.
    private static void WaitForOthers(int tries)
    {
        if (tries * Pause > Patience)
        {
            throw new StorageUnavailableException("Another process on this database does not flush its awards.");
        }
        Thread.Sleep(Pause);
    }

    /// <summary>Finishes what every process had committed, on a copy of their database: there none of them runs.</summary>
    internal static void RecoverCopy(SqliteSession session, long now)
    {
        foreach (var node in ReadNodes(session))
        {
            Recover(session, node, now);
        }
    }

    // Finishes what a dead process had committed: its rows, its tallies.
    private static void Recover(SqliteSession session, NodeRow node, long now)
    {
        if (node.Buffers)
        {
            var found = new Generation();
            found.Replay(session, node.Slot, node.Flushed, packed => Outbox.Unpack(packed)).AsTask().GetAwaiter().GetResult();
            foreach (var award in found.InOrder())
            {
                Insert(session, award);
            }
            var rows = found.Deferred.SortedByUser().Select(row => found.Deferred[row]).Where(row => row.State == RowState.Buffered);
            WriteRows(session, rows);
            foreach (var (key, visit) in found.Visits.OrderBy(visit => visit.Key))
            {
                SetVisitor(session, key, visit);
            }
            MarkFlushed(session, found.LastSequence, node.Slot);
            session.Raw(SetBuffers).Set(1, 0).Set(2, node.Slot).Execute();
        }
        RecoverTallies(session, node.Slot, node.Tallied, now);
    }

    private static void RecoverTallies(SqliteSession session, short slot, long tallied, long now)
    {
        var (deltas, last) = (new TallyDeltas(), tallied);
        for (var rows = session.Raw(Outbox.RowsBehind).Set(1, slot).Set(2, tallied); rows.Step();)
        {
            deltas.Add(Outbox.Unpack(rows.Bytes(1)), now);
            last = rows.Long(0);
        }
        WriteTallies(session, deltas, slot, last);
    }

    protected override int EventsPerRow => EventsInQuarterPage;

    public override bool HasBuffered => HasRows || _deltas.Count > 0;

    // In this order: a turn moves what is young to what is old.
    private bool HasRows => _memtable.HasYoung || _memtable.Old is not null;

    public override IReadOnlyList<BufferedAward> Buffered(long userId) => _memtable.Of(userId);

    internal override IReadOnlyList<BufferedAward> Unwritten(long userId) => _memtable.Unwritten(userId);

    public override bool HasDeferred(long userId) => _memtable.HasDeferred(userId);

    public override IEnumerable<long> BufferedUsers(long after, int limit, bool actors, bool holders, bool ofBatch) =>
        _memtable.Users(after, limit, actors, holders, ofBatch);

    public override IReadOnlyList<Award> BufferedOfBadge(long badgeId) => _memtable.OfBadge(badgeId);

    internal override async ValueTask<HashSet<long>> ClaimActions(Session session, List<ActionEntry> entries)
    {
        var claimed = new HashSet<long>(entries.Count);
        foreach (var entry in entries)
        {
            entry.IsRecorded = !entry.CheckUser || await Exists(session, entry.UserId);
            if (entry.IsRecorded && await ActionStore.Claim(session, entry.Action))
            {
                claimed.Add(entry.Action.Id);
            }
        }
        return claimed;
    }

    // A user's rows lie together: those of several rules are read by one walk, as far as it comes across few others.
    internal override async ValueTask<Dictionary<(long User, long Rule), StoredCount>> HoldCounts(Session session, IReadOnlyList<(long User, Rule Rule)> wanted)
    {
        var held = new Dictionary<(long User, long Rule), StoredCount>(wanted.Count);
        var (walked, upTo) = (long.MinValue, long.MinValue);
        for (var i = 0; i < wanted.Count; i++)
        {
            var (user, rule) = wanted[i];
            if (_memtable.FindCount(user, rule.Id) is { } buffered)
            {
                held[(user, rule.Id)] = buffered;
            }
            else if (user == walked && rule.Id <= upTo)
            {
                continue;
            }
            else if (i + 1 < wanted.Count && wanted[i + 1].User == user)
            {
                (walked, upTo) = (user, await Walk(session, user, rule.Id, held));
            }
            else
            {
                await UserRules.Read(session, user, rule.Id, held);
            }
        }
        return held;
    }

    private static async ValueTask<long> Walk(Session session, long userId, long from, Dictionary<(long User, long Rule), StoredCount> held)
    {
        var found = await UserRules.ReadNext(session, userId, from, CountsWalked);
        foreach (var (rule, count) in found)
        {
            held.TryAdd((userId, rule), count);
        }
        return found.Count < CountsWalked ? long.MaxValue : found[^1].RuleId;
    }

    internal override async ValueTask Write(Session session, DeferredRow row)
    {
        if (!_alone)
        {
            await row.Write(session);
            return;
        }
        if (_memtable.HasMany(row.UserId))
        {
            await Settle(session, row.UserId);
        }
        _memtable.Add(row);
    }

    protected override ValueTask LogDeferred(Session session, long sequence)
    {
        if (_memtable.Pack() is { } packed)
        {
            ((SqliteSession)session).Raw(LogRows).Set(1, Node).Set(2, sequence).Set(3, packed).Execute();
        }
        return default;
    }

    public override IReadOnlyList<OutboxEvent> Commit(List<LedgerEntry> batch, long now, bool repeat)
    {
        for (var tries = 0; ;)
        {
            switch (Transact(session => TryCommit(session, batch, now)))
            {
                case Outcome.Done:
                    return Finish(batch, now);
                case Outcome.FlushFirst:
                    while (HasRows)
                    {
                        Flush(now);
                    }
                    break;
                case Outcome.OthersFirst:
                    WaitForOthers(tries++);
                    break;
            }
        }
    }

    private IReadOnlyList<OutboxEvent> Finish(List<LedgerEntry> batch, long now)
    {
        var events = Committed(batch);
        Committed(events, now);
        return events;
    }

    private void Committed(IReadOnlyList<OutboxEvent> events, long now)
    {
        _memtable.Committed(Sequence, now);
        _flagged = _flags;
        if (_talliesWritten)
        {
            _deltas.Clear();
            _talliesWritten = false;
        }
        if (_deltas.Count == 0)
        {
            _talliedAt = now;
        }
        _deltas.Add(events, now);
    }

    private enum Outcome
    {
        Done,
        FlushFirst,
        OthersFirst,
    }

    private Outcome TryCommit(SqliteSession session, List<LedgerEntry> batch, long now)
    {
        if (LookAround(session, now))
        {
            return Outcome.OthersFirst;
        }
        if (!_alone && HasRows)
        {
            return Outcome.FlushFirst;
        }
        Synchronously(Write(session, batch, now));
        if (_memtable.Takes)
        {
            Flag(session, true);
        }
        // More than comes in, or the old generation would never end; and many at once, for those that share a page.
        var added = Math.Max(batch.Count, _memtable.Added);
        _owed += added + (added / 4) + 8;
        if (_owed >= FlushedWithBatch || _memtable.Old is null || _memtable.IsFull)
        {
            Flush(session, _memtable.IsFull ? FlushedAtOnce : _owed, now, waits: false);
            _owed = 0;
        }
        if (_memtable is { HasYoung: false, Ends: true, Takes: false })
        {
            // Other processes may start: only a batch that takes something in says so again.
            Flag(session, false);
        }
        if (!HasRows && Sequence - _flushed >= SetFlushedEvery)
        {
            _flushed = Sequence;
            session.Raw(SetFlushed).Set(1, Sequence).Set(2, Node).Execute();
        }
        return Outcome.Done;
    }

    // Before the first row is buffered, after the last is flushed.
    private void Flag(SqliteSession session, bool buffers)
    {
        if (_flags != buffers)
        {
            session.Raw(SetBuffers).Set(1, buffers ? 1 : 0).Set(2, Node).Execute();
            _flags = buffers;
        }
    }

    public override void Flush(long now)
    {
        Transact(session =>
        {
            LookAround(session, now);
            if (_memtable.Old is null && _memtable.HasYoung)
            {
                _memtable.Turn(now);
            }
            Flush(session, FlushedAtOnce, now, waits: true);
            if (_memtable is { HasYoung: false, Ends: true })
            {
                Flag(session, false);
            }
            if (_deltas.Count > 0)
            {
                WriteTallies(session, _deltas, Node, Sequence);
                _talliesWritten = true;
            }
            return true;
        });
        Committed([], now);
    }

    private T Transact<T>(Func<SqliteSession, T> work)
    {
        try
        {
            var session = database.Acquire();
            try
            {
                session.Begin("BEGIN IMMEDIATE");
                var result = work(session);
                session.Commit();
                return result;
            }
            catch
            {
                _memtable.RolledBack();
                _talliesWritten = false;
                _flags = _flagged;
                // What it did for other processes is undone: to be looked at again.
                _version = null;
                session.Rollback();
                throw;
            }
            finally
            {
                database.Release();
            }
        }
        catch (SqliteException failure) when (SqliteDatabase.IsUnavailable(failure))
        {
            throw SqliteDatabase.Unavailable(failure);
        }
    }

    // SQLite's statements end before they return, so nothing is ever waited for.
    private static T Synchronously<T>(ValueTask<T> work) => work.AsTask().GetAwaiter().GetResult();

    private static void Synchronously(ValueTask work) => work.AsTask().GetAwaiter().GetResult();

    // Rows may wait only while no other process could ask the tables for them, and none may be asked while rows wait elsewhere.
    // True when a live process has some. Nobody else writes before this transaction ends.
    private bool LookAround(SqliteSession session, long now)
    {
        var read = session.Raw(DataVersion);
        read.Step();
        var version = read.Long(0);
        read.Rewind();
        if (_alone && version == _version)
        {
            return false;
        }
        (_alone, _version) = (true, version);
        var others = false;
        foreach (var node in ReadNodes(session))
        {
            if (node.Slot == Node)
            {
                Keep(session, node, now);
            }
            else if (NodeLease.IsLive(node.LeasedUntil, node.Owner, now))
            {
                _alone = false;
                others |= node.Buffers;
            }
            else if (node.Buffers)
            {
                Recover(session, node, now);
                session.Raw(ShutOut).Set(1, node.Slot).Execute();
            }
        }
        return others;
    }

    // Who was taken for dead may have been shut out; whose lease has run out unnoticed tells the others that it is there.
    private void Keep(SqliteSession session, NodeRow own, long now)
    {
        if (own.Owner != lease.Holder)
        {
            throw new LeaseLostException($"Node slot {Node} was taken by another process.");
        }
        if (own.LeasedUntil < now)
        {
            session.Raw(Renew).Set(1, now + NodeLease.Length).Set(2, Node).Execute();
        }
    }

    private readonly record struct NodeRow(short Slot, string Owner, long LeasedUntil, bool Buffers, long Flushed, long Tallied);

    private static List<NodeRow> ReadNodes(SqliteSession session)
    {
        var nodes = new List<NodeRow>();
        for (var rows = session.Raw(Nodes); rows.Step();)
        {
            nodes.Add(new NodeRow((short)rows.Long(0), rows.Text(1), rows.Long(2), rows.Long(3) != 0, rows.Long(4), rows.Long(5)));
        }
        return nodes;
    }

    private void Flush(SqliteSession session, int count, long now, bool waits)
    {
        if (_memtable.Old is null && _memtable.IsRipe(now))
        {
            _memtable.Turn(now);
        }
        if (_memtable.Old is not { } old || !(waits || old.IsSorted))
        {
            return;
        }
        foreach (var award in _memtable.PlaceNext(count))
        {
            Insert(session, award);
        }
        WriteRows(session, _memtable.PlaceNextDeferred(count));
        foreach (var (key, visit) in old.NextVisits(count))
        {
            SetVisitor(session, key, visit);
        }
        if (old.IsPlaced)
        {
            MarkFlushed(session, old.LastSequence, Node);
            _memtable.EndOld();
        }
    }

    private static void MarkFlushed(SqliteSession session, long sequence, short slot)
    {
        session.Raw(SetFlushed).Set(1, sequence).Set(2, slot).Execute();
        session.Raw(ForgetRows).Set(1, slot).Set(2, sequence).Execute();
    }

    private static void WriteRows(SqliteSession session, IEnumerable<DeferredRow> rows)
    {
        foreach (var row in rows)
        {
            Synchronously(row.Write(session));
        }
    }

    private static void SetVisitor(SqliteSession session, (long User, long Issuer) key, BufferedVisit visit) => session.Raw(SetVisit)
        .Set(1, key.User).Set(2, key.Issuer).Set(3, visit.Bucket).Set(4, visit.Previous).Execute();

    private static void Insert(SqliteSession session, BufferedAward award) => session.Raw(InsertPlainAward)
        .Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Id).Set(4, award.AwardedAt).Set(5, (long)award.Source).Execute();

    internal override ValueTask Settle(Session session, long userId)
    {
        foreach (var award in _memtable.Place(userId))
        {
            Insert((SqliteSession)session, award);
        }
        WriteRows((SqliteSession)session, _memtable.PlaceDeferred(userId));
        return default;
    }

    protected override async ValueTask InsertPlain(Session session, AwardEntry entry)
    {
        if (_alone)
        {
            await Buffer((SqliteSession)session, entry);
        }
        else
        {
            await Settle(session, entry.UserId);
            await Insert(session, entry);
        }
    }

    // All that there is to say of it is in its event.
    private static bool IsTold(AwardEntry entry) =>
        entry.Claim is null && entry.Award is { Occasion: "", Subject: null, HasDetails: false };

    private async ValueTask Buffer(SqliteSession session, AwardEntry entry)
    {
        var award = entry.Award;
        if (!await Freeze(session, entry.Badge))
        {
            entry.Status = AwardStatus.Stale;
        }
        else if (_memtable.Find(award.UserId, award.BadgeId, award.Occasion) is { } buffered)
        {
            (entry.Status, entry.Standing) = (AwardStatus.Held, buffered);
        }
        // An occasion of the award's own is nobody else's, and has no past.
        else if (!Occasion.IsOwn(award) && IsTaken(session, entry))
        {
            entry.Standing = await StandingAwards.For(session, award);
            entry.Status = entry.Standing is null ? AwardStatus.Removed : AwardStatus.Held;
        }
        else
        {
            await Add(session, entry);
        }
    }

    private async ValueTask Add(SqliteSession session, AwardEntry entry)
    {
        var isTold = IsTold(entry);
        if (isTold)
        {
            _memtable.Add(entry.Award);
        }
        else
        {
            await Write(session, new DeferredAward(entry.Award, entry.Badge.IssuerId, entry.Claim));
        }
        Record(OutboxKind.Awarded, entry.Award, buffered: isTold);
        entry.Status = AwardStatus.Created;
        if (entry.IsVisit)
        {
            await Visit(session, entry.UserId, entry.Badge.IssuerId, Clock.BucketOf(entry.AskedAt));
        }
    }

    private static bool IsTaken(SqliteSession session, AwardEntry entry)
    {
        var taken = session.Raw(Taken).Set(1, entry.UserId).Set(2, entry.Award.BadgeId).Set(3, entry.Award.Occasion)
            .Set(4, (long)ForbiddenFrom(entry)).Set(5, entry.Badge.IssuerId);
        taken.Step();
        var found = taken.Long(0) != 0;
        taken.Rewind();
        return found;
    }

    protected override ValueTask MoveTo(Session session, long userId, long issuerId, long bucket)
    {
        if (!_alone)
        {
            return base.MoveTo(session, userId, issuerId, bucket);
        }
        var previous = _memtable.FindVisit(userId, issuerId)?.Bucket ?? ReadVisit((SqliteSession)session, userId, issuerId);
        if (previous is null || previous < bucket)
        {
            _memtable.Put(userId, issuerId, new BufferedVisit(bucket, previous));
            RecordVisit(userId, issuerId, bucket, previous, buffered: true);
        }
        return default;
    }

    private static long? ReadVisit(SqliteSession session, long userId, long issuerId)
    {
        var rows = session.Raw(LastVisit).Set(1, userId).Set(2, issuerId);
        if (!rows.Step())
        {
            return null;
        }
        var bucket = rows.Long(0);
        rows.Rewind();
        return bucket;
    }

    // The outbox counts until they are written: see Database.Tallied.
    protected override ValueTask Tally(Session session, IReadOnlyList<OutboxEvent> events, long now)
    {
        if (_deltas.AreDue(_talliedAt, now))
        {
            WriteTallies((SqliteSession)session, _deltas, Node, Sequence);
            _talliesWritten = true;
        }
        if (events.Count == 0 && (_deltas.Count == 0 || _talliesWritten))
        {
            // There is nothing to count in the row that follows: while only such ones come, old rows must go all the same.
            ((SqliteSession)session).Raw(SetTallied).Set(1, Sequence + 1).Set(2, Node).Execute();
        }
        return default;
    }

    private static void WriteTallies(SqliteSession session, TallyDeltas deltas, short node, long sequence)
    {
        foreach (var (key, delta) in deltas.Badges)
        {
            session.Raw(UpsertTally).Set(1, key.Span).Set(2, key.Start).Set(3, key.BadgeId).Set(4, node).Set(5, delta).Execute();
        }
        foreach (var ((bucket, issuer), delta) in deltas.Visitors)
        {
            session.Raw(UpsertVisitors).Set(1, bucket).Set(2, issuer).Set(3, node).Set(4, delta).Execute();
        }
        session.Raw(SetTallied).Set(1, sequence).Set(2, node).Execute();
    }
}
