using System.Globalization;
using Laurel.Core.Awards;
using Laurel.Core.Statistics;
using Npgsql;

namespace Laurel.Core.Storage;

/// <summary>The tallies of one node slot on PostgreSQL, for the thread of its writer. A batch that comes alone writes its own with it. While
/// batch follows on batch they fall behind, and are written for many batches at once; up to which row of the outbox they count then
/// stands beside the slot (<c>nodes.tallied</c>, where <c>nodes.buffers</c> is 1), and who reads them counts the rest: see
/// <see cref="Database.Tallied"/>. What is said here of the past holds once a commit is certain, and each transaction holds the slot's turn.</summary>
internal sealed class PostgresTallies(short node, string owner)
{
    // How often to ask whether every process counts what the outbox tells.
    private const long AskedEvery = Clock.Second;

    // The lock keeps the slot with its owner until the transaction ends.
    private const string Mark = "SELECT buffers, tallied, owner FROM nodes WHERE slot = $1 FOR UPDATE";

    private const string SetMark = "UPDATE nodes SET buffers = $2, tallied = $3 WHERE slot = $1";

    private const string AllCount = "SELECT NOT EXISTS (SELECT FROM nodes WHERE counts_outbox = 0 AND leased_until >= $1)";

    private readonly PostgresInsert _badges = new("badge_tallies", "span smallint, start bigint, badge_id bigint, awarded bigint",
        "ON CONFLICT (span, start, badge_id, node) DO UPDATE SET awarded = badge_tallies.awarded + excluded.awarded",
        ("node", node.ToString(CultureInfo.InvariantCulture)));

    private readonly PostgresInsert _visitors = new("visitor_tallies", "bucket bigint, issuer_id bigint, visitors bigint",
        "ON CONFLICT (bucket, issuer_id, node) DO UPDATE SET visitors = visitor_tallies.visitors + excluded.visitors",
        ("node", node.ToString(CultureInfo.InvariantCulture)));

    // What the rows of the outbox behind the mark count.
    private readonly TallyDeltas _deltas = new();
    private long _mark;
    private long? _lastAt;
    private long _writtenAt;
    private long? _askedAt;
    private bool _allCount;

    // A commit has not said whether it moved the mark.
    private bool _isInDoubt;

    // What the transaction that runs does to it.
    private (bool Buffers, long Tallied, string Owner)? _found;
    private bool _isDue;
    private bool? _leavesBehind;
    private long _leavesMark;

    /// <summary>Whether they are.</summary>
    public bool AreBehind { get; private set; }

    /// <summary>To be called before each try of a transaction.</summary>
    /// <param name="now">In microseconds.</param>
    public void Begin(long now)
    {
        (_found, _leavesBehind) = (null, null);
        _isDue = AreBehind && (_isInDoubt || _deltas.AreDue(_writtenAt, now));
    }

    /// <summary>Looks for the mark if it is going to move. The turn must have been taken before, in the same trip at the latest.</summary>
    public void Look(PostgresTrip trip)
    {
        if (_isDue)
        {
            Ask(trip);
        }
    }

    private void Ask(PostgresTrip trip) =>
        trip.Add(Mark, [node], row => _found = (row.GetInt16(0) != 0, row.GetInt64(1), row.GetString(2)));

    /// <summary>Begins a slot: counts what its last holder has left.</summary>
    /// <param name="newest">Its newest row of the outbox.</param>
    /// <param name="now">In microseconds.</param>
    /// <returns>What is to travel with the COMMIT; empty when there is nothing to do.</returns>
    public IReadOnlyList<NpgsqlBatchCommand> Start(Session session, long newest, long now)
    {
        Begin(now);
        var found = Found(session);
        if (!found.Buffers && found.Tallied == newest)
        {
            return [];
        }
        return [.. found.Buffers ? Statements(Recount(session, found.Tallied, now)) : [], Move(behind: false, newest)];
    }

    /// <summary>Counts all that is behind.</summary>
    /// <param name="session">Of the transaction.</param>
    /// <param name="known">The slot's newest row of the outbox as far as its writer knows.</param>
    /// <param name="newest">What the outbox says: at the end of a process a commit may have stayed unknown.</param>
    /// <param name="now">In microseconds.</param>
    /// <inheritdoc cref="Start" path="/returns"/>
    /// <inheritdoc cref="Count" path="/exception"/>
    public IReadOnlyList<NpgsqlBatchCommand> CatchUp(Session session, long known, long newest, long now)
    {
        Begin(now);
        return [.. Statements(Behind(session, known == newest, now)), Move(behind: false, newest)];
    }

    /// <summary>Counts a batch, or leaves it to a later one.</summary>
    /// <param name="session">Of the transaction.</param>
    /// <param name="events">The batch's.</param>
    /// <param name="newest">The row of the outbox before the batch's.</param>
    /// <param name="now">When it is committed, in microseconds.</param>
    /// <param name="distributed">Citus spreads the tables: then it is counted now.</param>
    /// <returns>What is to travel with the COMMIT.</returns>
    /// <exception cref="LeaseLostException">Another process has the slot.</exception>
    public IReadOnlyList<NpgsqlBatchCommand> Count(Session session, IReadOnlyList<OutboxEvent> events, long newest, long now, bool distributed)
    {
        if (AreBehind)
        {
            return _isDue ? [.. Statements(Behind(session, isKnown: true, now)), Move(behind: true, newest)] : [];
        }
        var deltas = new TallyDeltas();
        deltas.Add(events, now);
        var followsAtOnce = now - _lastAt is >= 0 and < TallyDeltas.WrittenEvery;
        return deltas.Count > 0 && !distributed && followsAtOnce && DoAllCount(session, now)
            ? [Move(behind: true, newest)]
            : [.. Statements(deltas, distributed)];
    }

    /// <summary>The transaction is certain.</summary>
    /// <param name="events">Of its batch.</param>
    /// <param name="now">When it was committed, as it was said before.</param>
    public void Committed(IReadOnlyList<OutboxEvent> events, long now)
    {
        if (_leavesBehind is { } behind)
        {
            _deltas.Clear();
            (AreBehind, _mark, _writtenAt, _isInDoubt) = (behind, _leavesMark, now, false);
        }
        if (AreBehind)
        {
            _deltas.Add(events, now);
        }
        if (events.Count > 0)
        {
            _lastAt = now;
        }
    }

    /// <summary>Nobody knows whether the transaction was committed, and nobody is going to ask.</summary>
    public void Doubted() => _isInDoubt = true;

    // If a commit was in doubt, or was lost with the machine that knew of it, the outbox knows better.
    private TallyDeltas Behind(Session session, bool isKnown, long now)
    {
        var found = Found(session);
        return isKnown && found.Buffers && found.Tallied == _mark ? _deltas : Recount(session, found.Tallied, now);
    }

    private (bool Buffers, long Tallied, string Owner) Found(Session session)
    {
        if (_found is null)
        {
            var trip = new PostgresTrip(session);
            Ask(trip);
            trip.Run();
        }
        return _found is { } found && found.Owner == owner ? found : throw LedgerStore.SlotTaken(node);
    }

    private TallyDeltas Recount(Session session, long behind, long now)
    {
        var deltas = new TallyDeltas();
        var trip = new PostgresTrip(session);
        trip.Add(Outbox.RowsBehind, [node, behind], row => deltas.Add(Outbox.Unpack(row.GetFieldValue<byte[]>(1)), now));
        trip.Run();
        return deltas;
    }

    private NpgsqlBatchCommand Move(bool behind, long mark)
    {
        (_leavesBehind, _leavesMark) = (behind, mark);
        return PostgresTrip.Command(SetMark, [node, behind ? (short)1 : (short)0, mark]);
    }

    // No earlier version can start any more once this one's schema is there.
    private bool DoAllCount(Session session, long now)
    {
        if (!_allCount && now - _askedAt is not (>= 0 and < AskedEvery))
        {
            _askedAt = now;
            using var ask = PostgresInsert.Command(session, AllCount, [now]);
            _allCount = (bool)ask.ExecuteScalar()!;
        }
        return _allCount;
    }

    private IEnumerable<NpgsqlBatchCommand> Statements(TallyDeltas deltas, bool distributed = false)
    {
        var badges = deltas.Badges.ToList();
        var visitors = deltas.Visitors.ToList();
        IEnumerable<(string Sql, IEnumerable<object?> Parameters)> statements =
        [
            .. badges.Count == 0 ? [] : _badges.Statements(distributed, badges.ConvertAll(row => (short)row.Key.Span).ToArray(),
                badges.ConvertAll(row => row.Key.Start).ToArray(), badges.ConvertAll(row => row.Key.BadgeId).ToArray(),
                badges.ConvertAll(row => row.Value).ToArray()),
            .. visitors.Count == 0 ? [] : _visitors.Statements(distributed, visitors.ConvertAll(row => row.Key.Bucket).ToArray(),
                visitors.ConvertAll(row => row.Key.Issuer).ToArray(), visitors.ConvertAll(row => row.Value).ToArray()),
        ];
        return statements.Select(statement => PostgresTrip.Command(statement.Sql, statement.Parameters));
    }
}
