using Laurel.Core.Statistics;
using Laurel.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Laurel.Core.Awards;

/// <summary>The ledger on SQLite: prepared statements in a loop on the one writer connection.
///
/// What costs there is pages: an award of a random user would write one of the ledger, one of its index and one of the visitors,
/// each into the log and later into the file. So plain awards and visits are committed as events of the outbox, and their rows
/// follow sorted (see <see cref="Memtable"/>). That needs a process that is alone on its database: as soon as another one leases
/// a node slot, everything is flushed and every row is written with its batch.</summary>
internal sealed class SqliteLedgerStore(SqliteDatabase database, short node) : LedgerStore(node)
{
    private const string LastSequence = "SELECT coalesce(max(sequence), 0) FROM outbox WHERE node = $1";

    // It moves when another connection has committed, and this process has no other that writes.
    private const string DataVersion = "PRAGMA data_version";

    private const string Nodes = "SELECT slot, owner, leased_until, flushed, tallied FROM nodes ORDER BY slot";

    private const string SetFlushed = "UPDATE nodes SET flushed = $1 WHERE slot = $2 AND flushed < $1";

    private const string SetTallied = "UPDATE nodes SET tallied = $1 WHERE slot = $2 AND tallied < $1";

    private const string OutboxBehind = "SELECT sequence, events FROM outbox WHERE node = $1 AND sequence > $2 ORDER BY sequence";

    private const string Taken = """
        SELECT EXISTS (SELECT 1 FROM awards WHERE user_id = $1 AND badge_id = $2 AND occasion = '')
          OR EXISTS (SELECT 1 FROM award_history WHERE user_id = $1 AND badge_id = $2 AND occasion = '' AND lifted = 0 AND kind >= $3)
          OR EXISTS (SELECT 1 FROM repeated_awards WHERE user_id = $1 AND issuer_id = $4 AND badge_id = $2)
        """;

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

    private const int FlushedAtOnce = 2048;
    private const int FlushedWithBatch = 256;

    // Where nothing is buffered: how many batches a start may have to look through in vain.
    private const int SetFlushedEvery = 256;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // Tallies are written when so many rows of them wait, or the first of them for so many microseconds.
    private const int TalliedAtOnce = 1024;
    private const long TalliedEvery = Clock.Second / 4;

    private readonly Memtable _memtable = new();
    private readonly TallyDeltas _deltas = new();
    private int _owed;
    private long _talliedAt;
    private bool _talliesWritten;
    private long? _version;
    private bool _alone;

    public override void Start(long now)
    {
        for (var waited = TimeSpan.Zero; !TryStart(now); waited += TimeSpan.FromMilliseconds(20))
        {
            if (waited > Patience)
            {
                throw new StorageUnavailableException("Another process on this database has not flushed its awards.");
            }
            Thread.Sleep(20);
        }
    }

    // False while another process has awards that are in no table yet.
    private bool TryStart(long now) => Transact(session =>
    {
        var last = session.Raw(LastSequence).Set(1, Node);
        last.Step();
        Sequence = last.Long(0);
        last.Rewind();
        var found = new Generation();
        foreach (var other in ReadNodes(session))
        {
            var lives = other.Slot != Node && NodeLease.IsLive(other.LeasedUntil, other.Owner, now);
            var any = Synchronously(found.Replay(session, other.Slot, other.Flushed, packed => Outbox.Unpack(packed)));
            if (lives && any)
            {
                return false;
            }
            if (!lives)
            {
                RecoverTallies(session, other.Slot, other.Tallied, now);
            }
        }
        _memtable.Recover(found);
        return true;
    });

    private static void RecoverTallies(SqliteSession session, short slot, long tallied, long now)
    {
        var (deltas, last) = (new TallyDeltas(), tallied);
        for (var rows = session.Raw(OutboxBehind).Set(1, slot).Set(2, tallied); rows.Step();)
        {
            deltas.Add(Outbox.Unpack(rows.Bytes(1)), now);
            last = rows.Long(0);
        }
        WriteTallies(session, deltas, slot, last);
    }

    public override bool HasBuffered => HasRows || _deltas.Count > 0;

    private bool HasRows => _memtable.Old is not null || _memtable.HasYoung;

    public override IReadOnlyList<BufferedAward> Buffered(long userId) => _memtable.Of(userId);

    public override IReadOnlyList<BufferedAward> BufferedOfBadge(long badgeId) => _memtable.OfBadge(badgeId);

    public override IReadOnlyList<OutboxEvent> Commit(List<LedgerEntry> batch, long now, bool repeat)
    {
        while (!Transact(session => TryCommit(session, batch, now)))
        {
            while (HasRows)
            {
                Flush(now);
            }
        }
        var events = Committed(batch);
        Committed(events, now);
        return events;
    }

    private void Committed(IReadOnlyList<OutboxEvent> events, long now)
    {
        _memtable.Committed(Node, Sequence, now);
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

    // False, and nothing written, when the buffered rows have to be flushed first.
    private bool TryCommit(SqliteSession session, List<LedgerEntry> batch, long now)
    {
        _alone = IsAlone(session, now);
        if (!_alone && HasRows)
        {
            return false;
        }
        Synchronously(Write(session, batch, now));
        // More than comes in, or the old generation would never end; and many at once, for those that share a page.
        _owed += batch.Count + (batch.Count / 4) + 8;
        if (_owed >= FlushedWithBatch || _memtable.Old is null)
        {
            Flush(session, _owed, now, waits: false);
            _owed = 0;
        }
        if (!HasRows && Sequence % SetFlushedEvery == 0)
        {
            session.Raw(SetFlushed).Set(1, Sequence).Set(2, Node).Execute();
        }
        return true;
    }

    public override void Flush(long now)
    {
        Transact(session =>
        {
            if (_memtable.Old is null && _memtable.HasYoung)
            {
                _memtable.Turn(now);
            }
            Flush(session, FlushedAtOnce, now, waits: true);
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

    // Rows may wait only while no other process could ask the tables for them.
    private bool IsAlone(SqliteSession session, long now)
    {
        var read = session.Raw(DataVersion);
        read.Step();
        var version = read.Long(0);
        read.Rewind();
        if (_alone && version == _version)
        {
            return true;
        }
        _version = version;
        return !ReadNodes(session).Exists(other => other.Slot != Node && NodeLease.IsLive(other.LeasedUntil, other.Owner, now));
    }

    private static List<(short Slot, string Owner, long LeasedUntil, long Flushed, long Tallied)> ReadNodes(SqliteSession session)
    {
        var nodes = new List<(short, string, long, long, long)>();
        for (var rows = session.Raw(Nodes); rows.Step();)
        {
            nodes.Add(((short)rows.Long(0), rows.Text(1), rows.Long(2), rows.Long(3), rows.Long(4)));
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
        foreach (var (key, visit) in old.NextVisits(count))
        {
            session.Raw(SetVisit).Set(1, key.User).Set(2, key.Issuer).Set(3, visit.Bucket).Set(4, visit.Previous).Execute();
        }
        if (old.IsPlaced)
        {
            foreach (var (slot, sequence) in old.Sequences)
            {
                session.Raw(SetFlushed).Set(1, sequence).Set(2, slot).Execute();
            }
            _memtable.EndOld();
        }
    }

    private static void Insert(SqliteSession session, BufferedAward award) => session.Raw(InsertPlainAward)
        .Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Id).Set(4, award.AwardedAt).Set(5, (long)award.Source).Execute();

    protected override ValueTask Settle(Session session, long userId)
    {
        foreach (var award in _memtable.Place(userId))
        {
            Insert((SqliteSession)session, award);
        }
        return default;
    }

    protected override async ValueTask InsertPlain(Session session, List<AwardEntry> plain)
    {
        foreach (var entry in plain)
        {
            if (entry.CheckUser && !await Exists(session, entry.UserId))
            {
                entry.Status = AwardStatus.UnknownUser;
            }
            else if (_alone && IsBufferable(entry))
            {
                await Buffer((SqliteSession)session, entry);
            }
            else
            {
                await Settle(session, entry.UserId);
                await Insert(session, entry);
            }
        }
    }

    // All that there is to say of it is in its event.
    private static bool IsBufferable(AwardEntry entry) =>
        entry.Claim is null && entry.Award is { Occasion: "", Subject: null, ActionId: null, Payload: null };

    private async ValueTask Buffer(SqliteSession session, AwardEntry entry)
    {
        var award = entry.Award;
        if (!await Freeze(session, entry.Badge))
        {
            entry.Status = AwardStatus.Stale;
        }
        else if (_memtable.Find(award.UserId, award.BadgeId) is { } buffered)
        {
            (entry.Status, entry.Standing) = (AwardStatus.Held, buffered);
        }
        else if (IsTaken(session, entry))
        {
            entry.Standing = await StandingAwards.For(session, award);
            entry.Status = entry.Standing is null ? AwardStatus.Removed : AwardStatus.Held;
        }
        else
        {
            _memtable.Add(award);
            Record(OutboxKind.Awarded, award, buffered: true);
            entry.Status = AwardStatus.Created;
            if (entry.IsVisit)
            {
                await Visit(session, award.UserId, entry.Badge.IssuerId, Clock.BucketOf(entry.AskedAt));
            }
        }
    }

    private static bool IsTaken(SqliteSession session, AwardEntry entry)
    {
        var taken = session.Raw(Taken).Set(1, entry.UserId).Set(2, entry.Award.BadgeId).Set(3, (long)ForbiddenFrom(entry))
            .Set(4, entry.Badge.IssuerId);
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
        if (_deltas.Count >= TalliedAtOnce || now - _talliedAt is < 0 or >= TalliedEvery)
        {
            WriteTallies((SqliteSession)session, _deltas, Node, Sequence);
            _talliesWritten = true;
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
