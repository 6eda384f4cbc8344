using Laurel.Core.Actions;
using Laurel.Core.Rules;
using Laurel.Core.Storage;
using Npgsql;

namespace Laurel.Core.Awards;

/// <summary>The ledger on PostgreSQL: one statement inserts the awards of a batch; its tallies may follow, see <see cref="PostgresTallies"/>.</summary>
internal sealed class PostgresLedgerStore(PostgresDatabase database, NodeLease lease) : LedgerStore(lease.Slot)
{
    private const string LastSequence = "SELECT coalesce(max(sequence), 0) FROM outbox WHERE node = $1";

    private const string KnownUsers = "SELECT id FROM users WHERE id = ANY($1)";

    private const string AwardColumns =
        "user_id bigint, badge_id bigint, occasion text, id bigint, awarded_at bigint, source smallint, subject text";

    private static readonly PostgresInsert InsertAwards = new("awards", AwardColumns, "ON CONFLICT DO NOTHING RETURNING id", ("listed", "1"));

    // Those of users that there are. A join may change the order, which every node must keep.
    private static readonly PostgresInsert InsertAwardsOfUsers = new("awards", AwardColumns,
        """
        JOIN users u ON u.id = k.user_id ORDER BY k.user_id, k.badge_id, k.occasion COLLATE "C" ON CONFLICT DO NOTHING RETURNING awards.id
        """,
        ("listed", "1"));

    private const string InsertOne = $"{InsertListedAward} RETURNING id";

    private static readonly PostgresInsert ClaimIds = new("action_ids", "id bigint, user_id bigint, occurred_at bigint",
        "ON CONFLICT DO NOTHING RETURNING id");

    private static readonly PostgresInsert InsertActions = new("user_actions",
        "period bigint, user_id bigint, occurred_at bigint, id bigint, role smallint, actor_id bigint, type text, subject text, properties text, "
        + "recorded_at bigint, counted smallint",
        "ON CONFLICT DO NOTHING");

    // Makes the rows, so that there is something to lock.
    private static readonly PostgresInsert MakeCounts = new("user_rules", "user_id bigint, rule_id bigint, generation bigint",
        "ON CONFLICT (user_id, rule_id) DO UPDATE SET generation = user_rules.generation RETURNING user_id, rule_id, generation, version, state",
        ("version", "0"), ("state", "''"));

    private static readonly PostgresInsert UpsertCounts = new("user_rules",
        "user_id bigint, rule_id bigint, generation bigint, version bigint, state bytea",
        """
        ON CONFLICT (user_id, rule_id) DO UPDATE SET generation = excluded.generation, version = excluded.version, state = excluded.state
        WHERE user_rules.version < excluded.version
        """);

    private static readonly PostgresInsert MoveVisitors = new("visitors", "user_id bigint, issuer_id bigint, bucket bigint",
        """
        ON CONFLICT (user_id, issuer_id) DO UPDATE SET previous = visitors.bucket, bucket = excluded.bucket WHERE visitors.bucket < excluded.bucket
        RETURNING user_id, issuer_id, bucket, previous
        """,
        ("previous", "NULL"));

    private const string ForbiddenAwards = """
        SELECT k.id FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::smallint[])
          AS k (user_id, badge_id, occasion, id, issuer_id, kind)
        WHERE EXISTS (SELECT 1 FROM award_history h WHERE h.user_id = k.user_id AND h.badge_id = k.badge_id
                      AND h.occasion = k.occasion AND h.lifted = 0 AND h.kind >= k.kind)
           OR (k.occasion = '' AND EXISTS (SELECT 1 FROM repeated_awards r
               WHERE r.user_id = k.user_id AND r.issuer_id = k.issuer_id AND r.badge_id = k.badge_id))
        """;

    // On Citus, which gathers what comes from arrays on one machine first unless it is only asked what is among it: then each machine is
    // sent the arrays, and only those machines are asked that have the users. Kind 3: a duplicate that stands.
    private const string PastOf = """
        SELECT user_id, badge_id, occasion, kind FROM
          (SELECT user_id, badge_id, occasion, kind FROM award_history WHERE user_id = ANY($1) AND lifted = 0
             AND (user_id, badge_id, occasion) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]))
           UNION ALL
           SELECT user_id, badge_id, '', 3 FROM repeated_awards WHERE user_id = ANY($1)
             AND (user_id, badge_id, issuer_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[], $4::bigint[]))) AS past
        """;

    private const string StandingAmong = """
        SELECT user_id, badge_id, occasion, id, awarded_at, source, subject FROM awards WHERE user_id = ANY($1)
          AND (user_id, badge_id, occasion) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]))
        """;

    private const string ActionsAmong = """
        SELECT id, type, actor_id, subject, occurred_at, recorded_at, properties FROM user_actions WHERE user_id = ANY($2)
          AND (period, user_id, occurred_at, id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]))
        """;

    private const string StandingAt = """
        SELECT a.user_id, a.badge_id, a.occasion, a.id, a.awarded_at, a.source, a.subject
        FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS k (user_id, badge_id, occasion)
        JOIN awards a ON a.user_id = k.user_id AND a.badge_id = k.badge_id AND a.occasion = k.occasion
        """;

    // Held by every transaction before it sends its COMMIT, and until it is over: whoever has it afterwards knows that what was sent
    // without an answer is stored, or never will be. Numbers of one process's own (the class is any, the same everywhere).
    private const string OneAtATime = "SELECT pg_advisory_xact_lock(1281455474, $1)";

    private const string ZonesSince = "SELECT user_id, since, zone FROM user_zones WHERE user_id = ANY($1) ORDER BY user_id, since";

    private const string CurrentZones = "SELECT id, time_zone FROM users WHERE id = ANY($1) AND time_zone IS NOT NULL";

    // In the same class, which has the slots, from 1.
    private const string OneAtSeats = "SELECT pg_advisory_xact_lock(1281455474, -1)";

    // The outbox row is the batch's token. A number that is taken ends the transaction, and all that travels with it.
    private const string TakeToken = "INSERT INTO outbox (node, sequence, committed_at, events) VALUES ($1, $2, $3, $4)";

    // Taken where it is free, to be rolled back. On Citus a COMMIT may be decided and not be seen yet on a machine that was away: this waits
    // for whatever has the number.
    private const string TokenIfFree = "INSERT INTO outbox (node, sequence, committed_at, events) VALUES ($1, $2, 0, '') ON CONFLICT DO NOTHING";

    // What a crash has left prepared. Citus ends it by itself once a minute, where nobody has set another interval.
    private const string Recover = """
        SELECT recover_prepared_transactions() WHERE has_function_privilege('recover_prepared_transactions()', 'EXECUTE')
        """;

    private const int RecoverySeconds = 5;

    private const string Token = "SELECT events FROM outbox WHERE node = $1 AND sequence = $2";

    // Any write: the commit of the transaction that found the token waits behind the WAL of the one that wrote it.
    private const string Heartbeat = "UPDATE nodes SET leased_until = leased_until WHERE slot = $1";

    private const string PlacesOfActions = "SELECT id, user_id, occurred_at FROM action_ids WHERE id = ANY($1)";

    private const string ActionsAt = """
        SELECT a.id, a.type, a.actor_id, a.subject, a.occurred_at, a.recorded_at, a.properties
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS k (period, user_id, occurred_at, id)
        JOIN user_actions a ON a.period = k.period AND a.user_id = k.user_id AND a.occurred_at = k.occurred_at AND a.id = k.id
        """;

    // In key order, as every node locks them.
    private const string LockCounts = """
        SELECT c.user_id, c.rule_id, c.generation, c.version, c.state
        FROM unnest($1::bigint[], $2::bigint[]) AS k (user_id, rule_id) JOIN user_rules c ON c.user_id = k.user_id AND c.rule_id = k.rule_id
        ORDER BY c.user_id, c.rule_id FOR UPDATE OF c
        """;

    // Of the batch that runs: written by one statement each, at its end or when they are to be read.
    private readonly List<DeferredAction> _actions = [];
    private readonly SortedDictionary<(long User, long Rule), StoredCount> _counts = [];
    private readonly SortedDictionary<(long User, long Issuer), long> _visits = [];

    // Awards that have their own row, and what belongs to it not yet.
    private readonly Dictionary<AwardKey, DeferredAward> _made = [];
    private byte[] _packed = [];

    private readonly PostgresTallies _tallies = new(lease.Slot, lease.Holder);

    // What travels with the COMMIT.
    private readonly List<NpgsqlBatchCommand> _last = [];

    // Whether the running transaction holds its turn.
    private bool _hasTurn;

    // The version of the rules that the running transaction holds, and whether it may hold one before it evaluates them.
    private long? _rules;
    private bool _holdsRules;

    // Whether Citus spreads the tables: then some statements have another form, see Insert, Look and HoldCounts.
    private bool _distributed;

    public override void Start(TimeProvider time)
    {
        using var connection = database.OpenConnection();
        using var present = new NpgsqlCommand(Citus.IsPresent, connection);
        _distributed = (bool)present.ExecuteScalar()!;
        EndPrepared();
        var now = time.Micros();
        try
        {
            Transact(transaction =>
            {
                Sequence = Newest(transaction);
                if (!_distributed)
                {
                    _last.AddRange(_tallies.Start(transaction.Session, Sequence, now));
                }
                return _last.Count > 0;
            });
        }
        catch (CommitUnknownException unknown)
        {
            throw PostgresDatabase.Unavailable(unknown);
        }
        _tallies.Committed([], now);
    }

    // Behind whatever COMMIT the slot's last holder has left on its way.
    private long Newest(PostgresTransaction transaction)
    {
        HoldTurn(transaction.Session);
        while (true)
        {
            using var last = new NpgsqlCommand(LastSequence, transaction.Connection) { Parameters = { new() { Value = Node } } };
            var newest = (long)last.ExecuteScalar()!;
            if (!_distributed || IsFree(transaction, newest + 1))
            {
                return newest;
            }
        }
    }

    // On Citus, in one's turn, by a transaction that is rolled back if so.
    private bool IsFree(PostgresTransaction transaction, long sequence)
    {
        using var take = new NpgsqlCommand(TokenIfFree, transaction.Connection) { Parameters = { new() { Value = Node }, new() { Value = sequence } } };
        return take.ExecuteNonQuery() == 1;
    }

    public override IReadOnlyList<OutboxEvent> Commit(List<LedgerEntry> batch, long now, bool repeat)
    {
        while (true)
        {
            try
            {
                if (!(repeat && _packed.Length > 0 && IsCommitted()))
                {
                    Forget(batch);
                    _tallies.Begin(now);
                    Transact(transaction =>
                    {
                        _packed = Write(transaction.Session, batch, now).AsTask().GetAwaiter().GetResult();
                        return true;
                    });
                }
                var events = Committed(batch);
                _tallies.Committed(events, now);
                return events;
            }
            catch (PostgresException taken) when (taken is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: var key } && IsOutboxKey(key))
            {
                throw SlotTaken(Node);
            }
            catch (PostgresException conflict) when (PostgresDatabase.IsRetryable(conflict))
            {
                // Rolled back whole; other nodes' work went first.
            }
            catch (Exception failure) when (PostgresDatabase.IsUnavailable(failure) || IsOfMachineAway(failure))
            {
                throw PostgresDatabase.Unavailable(failure);
            }
        }
    }

    public override bool HasBuffered => _tallies.AreBehind;

    public override void Flush(long now)
    {
        try
        {
            Transact(transaction =>
            {
                _last.AddRange(_tallies.CatchUp(transaction.Session, Sequence, Newest(transaction), now));
                return true;
            });
            _tallies.Committed([], now);
        }
        catch (CommitUnknownException unknown)
        {
            _tallies.Doubted();
            throw PostgresDatabase.Unavailable(unknown);
        }
        catch (Exception failure) when (PostgresDatabase.IsUnavailable(failure))
        {
            throw PostgresDatabase.Unavailable(failure);
        }
    }

    // Citus has no better word for a machine that goes away while a reference table is written.
    private bool IsOfMachineAway(Exception failure) => _distributed && failure is PostgresException { SqlState: PostgresErrorCodes.InternalError };

    // Partitions have keys of their own, named after it.
    private static bool IsOutboxKey(string? constraint) => constraint?.StartsWith("outbox", StringComparison.Ordinal) == true;

    // Whatever an earlier try has left behind.
    private void Forget(List<LedgerEntry> batch)
    {
        _actions.Clear();
        _counts.Clear();
        _visits.Clear();
        _made.Clear();
        (_rules, _hasTurn) = (null, false);
        // A backfill first waits for others that hold them: who holds them already must not wait.
        _holdsRules = !batch.Exists(entry => entry is BackfillEntry);
    }

    // Commits when the work is done and answers true; rolls back otherwise.
    private bool Transact(Func<PostgresTransaction, bool> work)
    {
        _last.Clear();
        using var transaction = database.Begin();
        if (work(transaction))
        {
            transaction.Commit(_last).GetAwaiter().GetResult();
            return true;
        }
        transaction.Rollback().GetAwaiter().GetResult();
        return false;
    }

    // Whatever keeps the answer from being known, the outcome stays unknown: to go on as if nothing had been stored could store it twice.
    private bool IsCommitted()
    {
        EndPrepared();
        try
        {
            return Transact(WasCommitted);
        }
        catch (Exception failure) when (failure is not (LeaseLostException or OutOfMemoryException))
        {
            throw new CommitUnknownException(failure);
        }
    }

    // On Citus alone.
    private void EndPrepared()
    {
        if (!_distributed)
        {
            return;
        }
        try
        {
            using var connection = database.OpenConnection();
            using var recover = new NpgsqlCommand(Recover, connection) { CommandTimeout = RecoverySeconds };
            recover.ExecuteNonQuery();
        }
        catch (NpgsqlException)
        {
            // Some machine is away still. Whatever is left is waited for.
        }
    }

    private bool WasCommitted(PostgresTransaction transaction)
    {
        HoldTurn(transaction.Session);
        if (_distributed && IsFree(transaction, Sequence + 1))
        {
            return false;
        }
        using var token = new NpgsqlCommand(Token, transaction.Connection) { Parameters = { new() { Value = Node }, new() { Value = Sequence + 1 } } };
        if (token.ExecuteScalar() is not byte[] stored)
        {
            return false;
        }
        if (!stored.AsSpan().SequenceEqual(_packed))
        {
            throw new LeaseLostException($"Node slot {Node} is written by another process.");
        }
        using var heartbeat = new NpgsqlCommand(Heartbeat, transaction.Connection) { Parameters = { new() { Value = Node } } };
        heartbeat.ExecuteNonQuery();
        return true;
    }

    // What keeps an award from being made is looked for after its insert, which may have waited for another node's removal.
    protected override async ValueTask InsertPlain(Session session, List<AwardEntry> plain)
    {
        // A badge's first award freezes it, and must be somebody's. Citus joins no users to what is inserted.
        var asked = plain.FindAll(entry => entry.CheckUser && (_distributed || !entry.Badge.IsFrozen));
        RefuseUnknown(asked, Known(session, asked));
        // In the order of their ids: two writers whose users are others' meet on the rows of badges that nobody has yet.
        foreach (var badge in plain.Where(entry => entry.Status == AwardStatus.Open && !entry.Badge.IsFrozen)
            .Select(entry => entry.Badge).DistinctBy(badge => badge.Id).OrderBy(badge => badge.Id))
        {
            await Freeze(session, badge);
        }
        var ready = new List<AwardEntry>(plain.Count);
        foreach (var entry in plain)
        {
            if (entry.Status != AwardStatus.Open)
            {
                continue;
            }
            if (await Freeze(session, entry.Badge))
            {
                ready.Add(entry);
            }
            else
            {
                entry.Status = AwardStatus.Stale;
            }
        }
        if (ready.Count == 0)
        {
            return;
        }
        var (inserted, isForbidden) = InsertAndLook(session, ready);
        var made = ready.FindAll(entry => inserted.Contains(entry.Award.Id));
        var allowed = made.FindAll(entry => !isForbidden(entry));
        foreach (var entry in allowed)
        {
            await Make(session, entry);
        }
        foreach (var entry in made.FindAll(isForbidden))
        {
            await Undo(session, entry.Award);
            // The row-wise way says why.
            await Insert(session, entry);
        }
        await Hold(session, ready.FindAll(entry => !inserted.Contains(entry.Award.Id)));
    }

    protected override async ValueTask InsertPlain(Session session, AwardEntry entry)
    {
        if (await IsInserted(session, entry, entry.Award))
        {
            await Make(session, entry);
        }
    }

    // Of an award whose own row is inserted: what belongs to it is written with that of others.
    private ValueTask Make(Session session, AwardEntry entry)
    {
        if (entry.Award.Occasion.Length > 0 || entry.Award.HasDetails || entry.Claim is not null)
        {
            _made[Holders.Key(entry.Award)] = new DeferredAward(entry.Award, entry.Badge.IssuerId, entry.Claim);
        }
        return Tell(session, entry, entry.Award);
    }

    protected override async ValueTask<Award?> Standing(Session session, Award asked) =>
        _made.TryGetValue(Holders.Key(asked), out var made) ? made.Award : await base.Standing(session, asked);

    protected override ValueTask<(bool IsNew, bool IsForbidden)> InsertRow(Session session, AwardEntry entry, Award award, bool looks)
    {
        var (isNew, isForbidden) = (false, false);
        var trip = new PostgresTrip(session);
        trip.Add(InsertOne, [award.UserId, award.BadgeId, award.Occasion, award.Id, award.AwardedAt, (short)award.Source,
            Award.StoredSubject(award.Occasion, award.Subject), (short)1], _ => isNew = true);
        if (looks)
        {
            trip.Add(Forbidden, [award.UserId, award.BadgeId, award.Occasion, (short)ForbiddenFrom(entry), entry.Badge.IssuerId], _ => isForbidden = true);
        }
        trip.Run();
        return ValueTask.FromResult((isNew, isNew && isForbidden));
    }

    protected override ValueTask WriteBeside(Session session, DeferredAward award)
    {
        var trip = new PostgresTrip(session);
        PostgresAwardRows.Add(trip, [award], _distributed);
        trip.Run();
        return default;
    }

    // In one round trip, with the transaction's turn and the version of the rules, which come next.
    private (HashSet<long> Inserted, Predicate<AwardEntry> IsForbidden) InsertAndLook(Session session, List<AwardEntry> ready)
    {
        var (users, badges, occasions) = (Longs(ready, e => e.UserId), Longs(ready, e => e.Award.BadgeId), Texts(ready, e => e.Award.Occasion));
        var (ids, issuers) = (Longs(ready, e => e.Award.Id), Longs(ready, e => e.Badge.IssuerId));
        var inserted = new HashSet<long>(ready.Count);
        var trip = new PostgresTrip(session);
        var insert = !_distributed && ready.Exists(entry => entry.CheckUser) ? InsertAwardsOfUsers : InsertAwards;
        trip.Add(insert, _distributed, row => inserted.Add(row.GetInt64(0)), users, badges, occasions, ids, Longs(ready, e => e.Award.AwardedAt),
            Shorts(ready, e => (short)e.Award.Source), Texts(ready, e => Award.StoredSubject(e.Award.Occasion, e.Award.Subject)));
        Predicate<AwardEntry> isForbidden;
        if (_distributed)
        {
            var past = new Dictionary<AwardKey, int>();
            trip.Add(PastOf, [users, badges, occasions, issuers], row =>
            {
                var key = new AwardKey(row.GetInt64(0), row.GetInt64(1), row.GetString(2));
                past[key] = Math.Max(row.GetInt32(3), past.GetValueOrDefault(key));
            });
            isForbidden = entry => past.GetValueOrDefault(Holders.Key(entry.Award)) >= (int)ForbiddenFrom(entry);
        }
        else
        {
            var forbidden = new HashSet<long>();
            trip.Add(ForbiddenAwards, [users, badges, occasions, ids, issuers, Shorts(ready, e => (short)ForbiddenFrom(e))], row => forbidden.Add(row.GetInt64(0)));
            isForbidden = entry => forbidden.Contains(entry.Award.Id);
        }
        trip.Add(OneAtATime, [(int)Node], _ => _hasTurn = true);
        _tallies.Look(trip);
        if (_holdsRules)
        {
            trip.Add(RuleBook.HoldVersion, [], row => _rules = row.GetInt64(0));
        }
        trip.Run();
        return (inserted, isForbidden);
    }

    internal override ValueTask<Dictionary<long, List<(long Since, string Zone)>>?> ReadZones(Session session, long[] users)
    {
        var zones = users.ToDictionary(user => user, _ => new List<(long Since, string Zone)>());
        var trip = new PostgresTrip(session);
        if (users.Length > 0)
        {
            trip.Add(ZonesSince, [users], row => zones[row.GetInt64(0)].Add((row.GetInt64(1), row.GetString(2))));
            trip.Add(CurrentZones, [users], row =>
            {
                if (zones[row.GetInt64(0)] is { Count: 0 } none)
                {
                    none.Add((0, row.GetString(1)));
                }
            });
        }
        trip.Run();
        return ValueTask.FromResult<Dictionary<long, List<(long Since, string Zone)>>?>(zones);
    }

    internal override ValueTask HoldSeats(Session session)
    {
        using var turn = PostgresInsert.Command(session, OneAtSeats, []);
        turn.ExecuteNonQuery();
        return default;
    }

    internal override ValueTask<long> HoldRules(Session session) => _rules is { } held ? ValueTask.FromResult(held) : base.HoldRules(session);

    // Games ask for the same award at every visit: what is held must not cost a round trip each.
    private async ValueTask Hold(Session session, List<AwardEntry> rest)
    {
        if (rest.Count == 0)
        {
            return;
        }
        var standing = new Dictionary<AwardKey, Award>(rest.Count);
        var known = new HashSet<long>(rest.Count);
        var users = Longs(rest, e => e.UserId);
        var trip = new PostgresTrip(session);
        trip.Add(_distributed ? StandingAmong : StandingAt, [users, Longs(rest, e => e.Award.BadgeId), Texts(rest, e => e.Award.Occasion)],
            row => standing[new AwardKey(row.GetInt64(0), row.GetInt64(1), row.GetString(2))] = ReadAward(row));
        trip.Add(KnownUsers, [users], row => known.Add(row.GetInt64(0)));
        trip.Run();
        RefuseUnknown(rest, known);
        foreach (var entry in rest)
        {
            if (entry.Status != AwardStatus.Open)
            {
                continue;
            }
            if (standing.TryGetValue(new AwardKey(entry.UserId, entry.Award.BadgeId, entry.Award.Occasion), out var award))
            {
                entry.Standing = award;
                entry.Status = AwardStatus.Held;
            }
            else
            {
                // Removed since, or taken out above: the row-wise way finds out.
                await Insert(session, entry);
            }
        }
    }

    private static Award ReadAward(NpgsqlDataReader row)
    {
        var occasion = row.GetString(2);
        return new Award(row.GetInt64(3), row.GetInt64(0), row.GetInt64(1), occasion, row.GetInt64(4), (AwardSource)row.GetInt16(5),
            Award.ReadSubject(occasion, row.IsDBNull(6) ? null : row.GetString(6)))
        {
            ActionId = Award.ReadAction(occasion),
        };
    }

    private static void RefuseUnknown(List<AwardEntry> entries, HashSet<long> known)
    {
        foreach (var entry in entries)
        {
            if (entry.CheckUser && !known.Contains(entry.UserId))
            {
                entry.Status = AwardStatus.UnknownUser;
            }
        }
    }

    private static HashSet<long> Known<T>(Session session, List<T> entries) where T : LedgerEntry =>
        entries.Count == 0 ? [] : Ids(session, KnownUsers, Longs(entries, e => e.UserId));

    internal override ValueTask<HashSet<long>> ClaimActions(Session session, List<ActionEntry> entries)
    {
        var known = Known(session, entries.FindAll(entry => entry.CheckUser));
        foreach (var entry in entries)
        {
            entry.IsRecorded = !entry.CheckUser || known.Contains(entry.UserId);
        }
        var told = entries.Where(entry => entry.IsRecorded).DistinctBy(entry => entry.Action.Id).ToList();
        return ValueTask.FromResult<HashSet<long>>(told.Count == 0 ? [] : [.. Insert(session, ClaimIds, row => row.GetInt64(0),
            Longs(told, e => e.Action.Id), Longs(told, e => e.UserId), Longs(told, e => e.Action.OccurredAt))]);
    }

    // In two steps: a cluster keeps the directory by action and the actions by user.
    protected override async ValueTask FindActions(Session session, List<ActionAwardEntry> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }
        var places = new List<(long Id, long UserId, long At)>(entries.Count);
        await using (var command = PostgresInsert.Command(session, PlacesOfActions, [Longs(entries, e => e.ActionId)]))
        await using (var row = await command.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                places.Add((row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)));
            }
        }
        var found = new Dictionary<long, RecordedAction>(places.Count);
        await using (var command = PostgresInsert.Command(session, _distributed ? ActionsAmong : ActionsAt,
            [Longs(places, p => ActionStore.PeriodOf(p.At)), Longs(places, p => p.UserId), Longs(places, p => p.At), Longs(places, p => p.Id)]))
        await using (var row = await command.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                found[row.GetInt64(0)] = new RecordedAction(row.GetInt64(0), row.GetString(1), row.GetInt64(2),
                    row.IsDBNull(3) ? null : row.GetString(3), row.GetInt64(4), row.GetInt64(5), row.IsDBNull(6) ? null : row.GetString(6));
            }
        }
        foreach (var entry in entries)
        {
            if (found.TryGetValue(entry.ActionId, out var action))
            {
                entry.Found(action);
            }
        }
    }

    internal override async ValueTask Write(Session session, DeferredRow row)
    {
        switch (row)
        {
            case DeferredAction action:
                _actions.Add(action);
                break;
            case DeferredCount count:
                _counts[(count.UserId, count.RuleId)] = count.Count;
                break;
            default:
                await row.Write(session);
                break;
        }
    }

    internal override async ValueTask Settle(Session session, long userId)
    {
        if (_actions.Exists(action => action.UserId == userId) || _counts.Keys.Any(key => key.User == userId)
            || _made.Keys.Any(key => key.UserId == userId))
        {
            await WriteRest(session);
        }
    }

    // Awards are written at once; actions of the batch are not, and nobody else ever sees one that is in no table.
    public override IEnumerable<long> BufferedUsers(long after, int limit, bool actors, bool holders, bool ofBatch) =>
        actors && ofBatch ? _actions.Select(action => action.UserId).Where(user => user > after).Distinct().Order().Take(limit) : [];

    protected override ValueTask MoveTo(Session session, long userId, long issuerId, long bucket)
    {
        _visits[(userId, issuerId)] = Math.Max(bucket, _visits.GetValueOrDefault((userId, issuerId)));
        return default;
    }

    protected override ValueTask WriteRest(Session session)
    {
        var trip = new PostgresTrip(session);
        trip.Add(MoveVisitors, _distributed,
            row => RecordVisit(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetInt64(3)),
            _visits.Keys.Select(key => key.User).ToArray(), _visits.Keys.Select(key => key.Issuer).ToArray(), _visits.Values.ToArray());
        _visits.Clear();
        PostgresAwardRows.Add(trip,
            [.. _made.Values.OrderBy(made => made.UserId).ThenBy(made => made.Award.BadgeId).ThenBy(made => made.Award.Occasion, StringComparer.Ordinal)],
            _distributed);
        _made.Clear();
        var rows = _actions.OrderBy(row => row.UserId).ThenBy(row => row.Action.Action.OccurredAt).ThenBy(row => row.Action.Action.Id).ToList();
        trip.Add(InsertActions, _distributed, Longs(rows, r => ActionStore.PeriodOf(r.Action.Action.OccurredAt)), Longs(rows, r => r.UserId),
            Longs(rows, r => r.Action.Action.OccurredAt), Longs(rows, r => r.Action.Action.Id), Shorts(rows, r => (short)r.Action.Roles),
            Longs(rows, r => r.Action.Action.UserId), Texts(rows, r => r.Action.Action.Type), Texts(rows, r => r.Action.Action.Subject),
            Texts(rows, r => r.Action.Action.Properties), Longs(rows, r => r.Action.Action.RecordedAt),
            Shorts(rows, r => r.Action.IsCounted ? (short)1 : (short)0));
        _actions.Clear();
        trip.Add(UpsertCounts, _distributed, _counts.Keys.Select(key => key.User).ToArray(), _counts.Keys.Select(key => key.Rule).ToArray(),
            _counts.Values.Select(count => count.Generation).ToArray(), _counts.Values.Select(count => count.Version).ToArray(),
            _counts.Values.Select(count => count.State).ToArray());
        _counts.Clear();
        trip.Run();
        return default;
    }

    internal override ValueTask<Dictionary<(long User, long Rule), StoredCount>> HoldCounts(Session session, IReadOnlyList<(long User, Rule Rule)> wanted)
    {
        var held = new Dictionary<(long User, long Rule), StoredCount>(wanted.Count);
        var unheld = new List<(long User, Rule Rule)>(wanted.Count);
        foreach (var (user, rule) in wanted)
        {
            if (_counts.TryGetValue((user, rule.Id), out var count))
            {
                held[(user, rule.Id)] = count;
            }
            else
            {
                unheld.Add((user, rule));
            }
        }
        // Citus locks no rows of several machines by a query; making those that are there locks them too, and writes them anew.
        if (unheld.Count > 0 && !_distributed)
        {
            using var command = PostgresInsert.Command(session, LockCounts, [Longs(unheld, each => each.User), Longs(unheld, each => each.Rule.Id)]);
            Hold(Rows(command, ReadCount));
            unheld.RemoveAll(each => held.ContainsKey((each.User, each.Rule.Id)));
        }
        if (unheld.Count > 0)
        {
            Hold(Insert(session, MakeCounts, ReadCount,
                Longs(unheld, each => each.User), Longs(unheld, each => each.Rule.Id), Longs(unheld, each => each.Rule.Generation)));
        }
        return ValueTask.FromResult(held);

        void Hold(IEnumerable<(long User, long Rule, StoredCount Count)> found)
        {
            foreach (var (user, rule, count) in found)
            {
                held[(user, rule)] = count;
            }
        }
    }

    private static (long User, long Rule, StoredCount Count) ReadCount(NpgsqlDataReader row) =>
        (row.GetInt64(0), row.GetInt64(1), new StoredCount(row.GetInt64(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4)));

    protected override ValueTask Tally(Session session, IReadOnlyList<OutboxEvent> events, long now)
    {
        if (!_hasTurn)
        {
            HoldTurn(session);
        }
        _last.AddRange(_tallies.Count(session, events, Sequence, now, _distributed));
        return default;
    }

    protected override ValueTask WriteOutbox(Session session, long sequence, long now, byte[] packed)
    {
        _last.Add(PostgresTrip.Command(TakeToken, [Node, sequence, now, packed]));
        return default;
    }

    private void HoldTurn(Session session)
    {
        using var turn = PostgresInsert.Command(session, OneAtATime, [(int)Node]);
        turn.ExecuteNonQuery();
        _hasTurn = true;
    }

    /// <summary>Inserts and reads what it returns, in no particular order.</summary>
    private List<T> Insert<T>(Session session, PostgresInsert insert, Func<NpgsqlDataReader, T> read, params Array[] columns)
    {
        var returned = new List<T>();
        foreach (var (sql, parameters) in insert.Statements(_distributed, columns))
        {
            using var command = PostgresInsert.Command(session, sql, parameters);
            returned.AddRange(Rows(command, read));
        }
        return returned;
    }

    private static HashSet<long> Ids(Session session, string sql, params object[] parameters)
    {
        using var command = PostgresInsert.Command(session, sql, parameters);
        return [.. Rows(command, row => row.GetInt64(0))];
    }

    private static List<T> Rows<T>(NpgsqlCommand command, Func<NpgsqlDataReader, T> read)
    {
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }
        return rows;
    }

    private static long[] Longs<T>(List<T> rows, Func<T, long> of) => rows.ConvertAll(row => of(row)).ToArray();

    private static short[] Shorts<T>(List<T> rows, Func<T, short> of) => rows.ConvertAll(row => of(row)).ToArray();

    private static string?[] Texts<T>(List<T> rows, Func<T, string?> of) => rows.ConvertAll(row => of(row)).ToArray();
}
