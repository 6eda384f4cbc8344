using System.Diagnostics.CodeAnalysis;
using Laurel.Core.Statistics;
using Laurel.Core.Actions;
using Laurel.Core.Rules;
using Laurel.Core.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Laurel.Core.Awards;

/// <summary>The ledger on PostgreSQL: one statement inserts the awards of a batch, one adds its tallies.</summary>
internal sealed class PostgresLedgerStore(PostgresDatabase database, short node) : LedgerStore(node)
{
    private const string LastSequence = "SELECT coalesce(max(sequence), 0) FROM outbox WHERE node = $1";

    private const string KnownUsers = "SELECT id FROM users WHERE id = ANY($1)";

    private const string InsertAwards = """
        INSERT INTO awards (user_id, badge_id, occasion, id, awarded_at, source, subject, listed)
        SELECT *, 1 FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::smallint[], $7::text[])
        ON CONFLICT DO NOTHING RETURNING id
        """;

    private const string ForbiddenAwards = """
        SELECT k.id FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::smallint[])
          AS k (user_id, badge_id, occasion, id, issuer_id, kind)
        WHERE EXISTS (SELECT 1 FROM award_history h WHERE h.user_id = k.user_id AND h.badge_id = k.badge_id
                      AND h.occasion = k.occasion AND h.lifted = 0 AND h.kind >= k.kind)
           OR (k.occasion = '' AND EXISTS (SELECT 1 FROM repeated_awards r
               WHERE r.user_id = k.user_id AND r.issuer_id = k.issuer_id AND r.badge_id = k.badge_id))
        """;

    private const string StandingAt = """
        SELECT a.user_id, a.badge_id, a.occasion, a.id, a.awarded_at, a.source, a.subject
        FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS k (user_id, badge_id, occasion)
        JOIN awards a ON a.user_id = k.user_id AND a.badge_id = k.badge_id AND a.occasion = k.occasion
        """;

    private const string UpsertTallies = """
        INSERT INTO badge_tallies (span, start, badge_id, node, awarded)
        SELECT span, start, badge_id, $5, delta FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[])
          AS t (span, start, badge_id, delta)
        ON CONFLICT (span, start, badge_id, node) DO UPDATE SET awarded = badge_tallies.awarded + excluded.awarded
        """;

    private const string UpsertVisitors = """
        INSERT INTO visitor_tallies (bucket, issuer_id, node, visitors)
        SELECT bucket, issuer_id, $4, delta FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS t (bucket, issuer_id, delta)
        ON CONFLICT (bucket, issuer_id, node) DO UPDATE SET visitors = visitor_tallies.visitors + excluded.visitors
        """;

    // The outbox row is the batch's token: its key is taken if the first COMMIT took effect, and a first COMMIT that is still
    // waiting for its standby makes this insert wait too.
    private const string ClaimToken =
        "INSERT INTO outbox (node, sequence, committed_at, events) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

    private const string Token = "SELECT events FROM outbox WHERE node = $1 AND sequence = $2";

    // Any write: the commit of the transaction that found the token waits behind the WAL of the one that wrote it.
    private const string Heartbeat = "UPDATE nodes SET leased_until = leased_until WHERE slot = $1";

    private const string ClaimIds = """
        INSERT INTO action_ids (id, user_id, occurred_at) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
        ON CONFLICT DO NOTHING RETURNING id
        """;

    private const string PlacesOfActions = "SELECT id, user_id, occurred_at FROM action_ids WHERE id = ANY($1)";

    private const string ActionsAt = """
        SELECT a.id, a.type, a.actor_id, a.subject, a.occurred_at, a.recorded_at, a.properties
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS k (period, user_id, occurred_at, id)
        JOIN user_actions a ON a.period = k.period AND a.user_id = k.user_id AND a.occurred_at = k.occurred_at AND a.id = k.id
        """;

    private const string InsertActions = """
        INSERT INTO user_actions (period, user_id, occurred_at, id, role, actor_id, type, subject, properties, recorded_at, counted)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::text[], $8::text[], $9::text[],
          $10::bigint[], $11::smallint[])
        ON CONFLICT DO NOTHING
        """;

    // In key order, as every node locks them.
    private const string LockCounts = """
        SELECT c.user_id, c.rule_id, c.generation, c.version, c.state
        FROM unnest($1::bigint[], $2::bigint[]) AS k (user_id, rule_id) JOIN user_rules c ON c.user_id = k.user_id AND c.rule_id = k.rule_id
        ORDER BY c.user_id, c.rule_id FOR UPDATE OF c
        """;

    // Makes the rows, so that there is something to lock.
    private const string MakeCounts = """
        INSERT INTO user_rules (user_id, rule_id, generation, version, state)
        SELECT user_id, rule_id, generation, 0, '' FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (user_id, rule_id, generation)
        ON CONFLICT (user_id, rule_id) DO UPDATE SET generation = user_rules.generation RETURNING user_id, rule_id, generation, version, state
        """;

    private const string UpsertCounts = """
        INSERT INTO user_rules (user_id, rule_id, generation, version, state)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])
        ON CONFLICT (user_id, rule_id) DO UPDATE SET generation = excluded.generation, version = excluded.version, state = excluded.state
        WHERE user_rules.version < excluded.version
        """;

    private const string MoveVisitors = """
        INSERT INTO visitors (user_id, issuer_id, bucket, previous)
        SELECT user_id, issuer_id, bucket, NULL FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (user_id, issuer_id, bucket)
        ON CONFLICT (user_id, issuer_id) DO UPDATE SET previous = visitors.bucket, bucket = excluded.bucket WHERE visitors.bucket < excluded.bucket
        RETURNING user_id, issuer_id, bucket, previous
        """;

    // Of the batch that runs: written by one statement each, at its end or when they are to be read.
    private readonly List<DeferredAction> _actions = [];
    private readonly SortedDictionary<(long User, long Rule), StoredCount> _counts = [];
    private readonly SortedDictionary<(long User, long Issuer), long> _visits = [];
    private byte[] _packed = [];

    public override void Start(TimeProvider time)
    {
        using var connection = database.OpenConnection();
        using var last = new NpgsqlCommand(LastSequence, connection) { Parameters = { new() { Value = Node } } };
        Sequence = (long)last.ExecuteScalar()!;
    }

    public override IReadOnlyList<OutboxEvent> Commit(List<LedgerEntry> batch, long now, bool repeat)
    {
        while (true)
        {
            try
            {
                if (!(repeat && _packed.Length > 0 && Transact(transaction => WasCommitted(transaction.Connection, now))))
                {
                    _actions.Clear();
                    _counts.Clear();
                    _visits.Clear();
                    Transact(transaction =>
                    {
                        _packed = Write(transaction.Session, batch, now).AsTask().GetAwaiter().GetResult();
                        return true;
                    });
                }
                return Committed(batch);
            }
            catch (PostgresException conflict) when (PostgresDatabase.IsRetryable(conflict))
            {
                // Rolled back whole; other nodes' work went first.
            }
            catch (Exception failure) when (PostgresDatabase.IsUnavailable(failure))
            {
                throw PostgresDatabase.Unavailable(failure);
            }
        }
    }

    // Commits when the work is done and answers true; rolls back otherwise.
    private bool Transact(Func<PostgresTransaction, bool> work)
    {
        using var transaction = database.Begin();
        if (work(transaction))
        {
            transaction.Commit().GetAwaiter().GetResult();
            return true;
        }
        transaction.Rollback().GetAwaiter().GetResult();
        return false;
    }

    private bool WasCommitted(NpgsqlConnection connection, long now)
    {
        using var claim = new NpgsqlCommand(ClaimToken, connection)
        {
            Parameters = { new() { Value = Node }, new() { Value = Sequence + 1 }, new() { Value = now }, new() { Value = _packed } },
        };
        if (claim.ExecuteNonQuery() == 1)
        {
            return false;
        }
        using var token = new NpgsqlCommand(Token, connection) { Parameters = { new() { Value = Node }, new() { Value = Sequence + 1 } } };
        if (!((byte[])token.ExecuteScalar()!).AsSpan().SequenceEqual(_packed))
        {
            throw new LeaseLostException($"Node slot {Node} is written by another process.");
        }
        using var heartbeat = new NpgsqlCommand(Heartbeat, connection) { Parameters = { new() { Value = Node } } };
        heartbeat.ExecuteNonQuery();
        return true;
    }

    // Looks again after the insert: one that waited for another node's removal must obey it.
    protected override async ValueTask InsertPlain(Session session, List<AwardEntry> plain)
    {
        await RefuseUnknownUsers(session, plain);
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
        var inserted = Ids(session, InsertAwards,
            Longs(ready, e => e.UserId), Longs(ready, e => e.Award.BadgeId), Texts(ready, e => e.Award.Occasion),
            Longs(ready, e => e.Award.Id), Longs(ready, e => e.Award.AwardedAt), Shorts(ready, e => (short)e.Award.Source),
            Texts(ready, e => Award.StoredSubject(e.Award.Occasion, e.Award.Subject)));
        var created = ready.FindAll(entry => inserted.Contains(entry.Award.Id));
        var forbidden = created.Count == 0 ? [] : Ids(session, ForbiddenAwards,
            Longs(created, e => e.UserId), Longs(created, e => e.Award.BadgeId), Texts(created, e => e.Award.Occasion),
            Longs(created, e => e.Award.Id), Longs(created, e => e.Badge.IssuerId),
            Shorts(created, e => (short)ForbiddenFrom(e)));
        foreach (var entry in created)
        {
            if (forbidden.Contains(entry.Award.Id))
            {
                await Undo(session, entry.Award);
                // The row-wise way says why.
                await Insert(session, entry);
            }
            else
            {
                await Created(session, entry, entry.Award);
            }
        }
        await Hold(session, ready.FindAll(entry => !inserted.Contains(entry.Award.Id)));
    }

    // Games ask for the same award at every visit: what is held must not cost a round trip each.
    private async ValueTask Hold(Session session, List<AwardEntry> held)
    {
        var standing = held.Count == 0 ? [] : StandingOf(session, held);
        foreach (var entry in held)
        {
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

    private static Dictionary<AwardKey, Award> StandingOf(Session session, List<AwardEntry> entries)
    {
        using var command = Command(session, StandingAt,
            [Longs(entries, e => e.UserId), Longs(entries, e => e.Award.BadgeId), Texts(entries, e => e.Award.Occasion)]);
        using var row = command.ExecuteReader();
        var standing = new Dictionary<AwardKey, Award>();
        while (row.Read())
        {
            var occasion = row.GetString(2);
            standing[new AwardKey(row.GetInt64(0), row.GetInt64(1), occasion)] = new Award(row.GetInt64(3), row.GetInt64(0), row.GetInt64(1),
                occasion, row.GetInt64(4), (AwardSource)row.GetInt16(5), Award.ReadSubject(occasion, row.IsDBNull(6) ? null : row.GetString(6)))
            {
                ActionId = Award.ReadAction(occasion),
            };
        }
        return standing;
    }

    private static Task RefuseUnknownUsers(Session session, List<AwardEntry> plain)
    {
        var unseen = plain.FindAll(entry => entry.CheckUser);
        var known = Known(session, unseen);
        foreach (var entry in unseen)
        {
            if (!known.Contains(entry.UserId))
            {
                entry.Status = AwardStatus.UnknownUser;
            }
        }
        return Task.CompletedTask;
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
        return ValueTask.FromResult(told.Count == 0 ? [] : Ids(session, ClaimIds,
            Longs(told, e => e.Action.Id), Longs(told, e => e.UserId), Longs(told, e => e.Action.OccurredAt)));
    }

    // In two steps: a cluster keeps the directory by action and the actions by user.
    protected override async ValueTask FindActions(Session session, List<ActionAwardEntry> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }
        var places = new List<(long Id, long UserId, long At)>(entries.Count);
        await using (var command = Command(session, PlacesOfActions, [Longs(entries, e => e.ActionId)]))
        await using (var row = await command.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                places.Add((row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)));
            }
        }
        var found = new Dictionary<long, RecordedAction>(places.Count);
        await using (var command = Command(session, ActionsAt,
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
        if (_actions.Exists(action => action.UserId == userId) || _counts.Keys.Any(key => key.User == userId))
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

    protected override async ValueTask WriteRest(Session session)
    {
        if (_visits.Count > 0)
        {
            await using var command = Command(session, MoveVisitors, [_visits.Keys.Select(key => key.User).ToArray(),
                _visits.Keys.Select(key => key.Issuer).ToArray(), _visits.Values.ToArray()]);
            await using var row = await command.ExecuteReaderAsync();
            while (await row.ReadAsync())
            {
                RecordVisit(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetInt64(3));
            }
            _visits.Clear();
        }
        if (_actions.Count > 0)
        {
            var rows = _actions.OrderBy(row => row.UserId).ThenBy(row => row.Action.Action.OccurredAt).ThenBy(row => row.Action.Action.Id).ToList();
            await Run(session, InsertActions, Longs(rows, r => ActionStore.PeriodOf(r.Action.Action.OccurredAt)), Longs(rows, r => r.UserId),
                Longs(rows, r => r.Action.Action.OccurredAt), Longs(rows, r => r.Action.Action.Id), Shorts(rows, r => (short)r.Action.Roles),
                Longs(rows, r => r.Action.Action.UserId), Texts(rows, r => r.Action.Action.Type), Texts(rows, r => r.Action.Action.Subject),
                Texts(rows, r => r.Action.Action.Properties), Longs(rows, r => r.Action.Action.RecordedAt),
                Shorts(rows, r => r.Action.IsCounted ? (short)1 : (short)0));
            _actions.Clear();
        }
        if (_counts.Count > 0)
        {
            await Run(session, UpsertCounts, _counts.Keys.Select(key => key.User).ToArray(), _counts.Keys.Select(key => key.Rule).ToArray(),
                _counts.Values.Select(count => count.Generation).ToArray(), _counts.Values.Select(count => count.Version).ToArray(),
                _counts.Values.Select(count => count.State).ToArray());
            _counts.Clear();
        }
    }

    internal override async ValueTask<Dictionary<(long User, long Rule), StoredCount>> HoldCounts(Session session, IReadOnlyList<(long User, Rule Rule)> wanted)
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
        await Lock(session, LockCounts, unheld, [], held);
        unheld.RemoveAll(each => held.ContainsKey((each.User, each.Rule.Id)));
        await Lock(session, MakeCounts, unheld, [Longs(unheld, each => each.Rule.Generation)], held);
        return held;
    }

    private static async ValueTask Lock(
        Session session, string sql, List<(long User, Rule Rule)> unheld, long[][] more, Dictionary<(long User, long Rule), StoredCount> held)
    {
        if (unheld.Count == 0)
        {
            return;
        }
        await using var command = Command(session, sql, [Longs(unheld, each => each.User), Longs(unheld, each => each.Rule.Id), .. more]);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            held[(row.GetInt64(0), row.GetInt64(1))] = new StoredCount(row.GetInt64(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4));
        }
    }

    protected override async ValueTask Tally(Session session, IReadOnlyList<OutboxEvent> events, long now)
    {
        var deltas = new TallyDeltas();
        deltas.Add(events, now);
        var badges = deltas.Badges.ToList();
        if (badges.Count > 0)
        {
            await Run(session, UpsertTallies, badges.Select(row => (short)row.Key.Span).ToArray(), badges.Select(row => row.Key.Start).ToArray(),
                badges.Select(row => row.Key.BadgeId).ToArray(), badges.Select(row => row.Value).ToArray(), Node);
        }
        var visitors = deltas.Visitors.ToList();
        if (visitors.Count > 0)
        {
            await Run(session, UpsertVisitors, visitors.Select(row => row.Key.Bucket).ToArray(), visitors.Select(row => row.Key.Issuer).ToArray(),
                visitors.Select(row => row.Value).ToArray(), Node);
        }
    }

    private static async Task Run(Session session, string sql, params object[] parameters)
    {
        await using var command = Command(session, sql, parameters);
        await command.ExecuteNonQueryAsync();
    }

    private static HashSet<long> Ids(Session session, string sql, params object[] parameters)
    {
        using var command = Command(session, sql, parameters);
        using var reader = command.ExecuteReader();
        var ids = new HashSet<long>();
        while (reader.Read())
        {
            ids.Add(reader.GetInt64(0));
        }
        return ids;
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes it.")]
    private static NpgsqlCommand Command(Session session, string sql, object[] parameters)
    {
        var command = new NpgsqlCommand(sql, (NpgsqlConnection)session.Connection, (NpgsqlTransaction?)session.Transaction);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter is string?[]
                ? new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = parameter }
                : new NpgsqlParameter { Value = parameter });
        }
        return command;
    }

    private static long[] Longs<T>(List<T> rows, Func<T, long> of) => rows.ConvertAll(row => of(row)).ToArray();

    private static short[] Shorts<T>(List<T> rows, Func<T, short> of) => rows.ConvertAll(row => of(row)).ToArray();

    private static string?[] Texts<T>(List<T> rows, Func<T, string?> of) => rows.ConvertAll(row => of(row)).ToArray();
}
