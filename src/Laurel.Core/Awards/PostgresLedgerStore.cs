using System.Diagnostics.CodeAnalysis;
using Laurel.Core.Statistics;
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
                if (!(repeat && _packed.Length > 0 && Transact((connection, _) => WasCommitted(connection, now))))
                {
                    Transact((connection, transaction) =>
                    {
                        _packed = Write(new PostgresSession(connection, transaction), batch, now).AsTask().GetAwaiter().GetResult();
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
    private bool Transact(Func<NpgsqlConnection, NpgsqlTransaction, bool> work)
    {
        var connection = database.OpenConnection();
        NpgsqlTransaction? transaction = null;
        var abandoned = false;
        try
        {
            transaction = connection.BeginTransaction();
            if (!work(connection, transaction))
            {
                transaction.Rollback();
                return false;
            }
            Send(connection, transaction, out abandoned);
            return true;
        }
        finally
        {
            if (!abandoned)
            {
                transaction?.Dispose();
                connection.Dispose();
            }
        }
    }

    // No caller's token and no command timeout reaches COMMIT: cancelled, it would report success without its standby. One that has
    // not been answered by its deadline is left to itself, and its connection with it.
    private void Send(NpgsqlConnection connection, NpgsqlTransaction transaction, out bool abandoned)
    {
        abandoned = false;
        var withoutStandby = false;
        void Notice(object sender, NpgsqlNoticeEventArgs notice) => withoutStandby |= notice.Notice.SqlState == "01000";
        connection.Notice += Notice;
        try
        {
            var answer = Answer(new NpgsqlCommand("COMMIT", connection, transaction) { CommandTimeout = 0 });
            if (!((IAsyncResult)answer).AsyncWaitHandle.WaitOne(database.Options.CommitDeadline))
            {
                abandoned = true;
                _ = answer.ContinueWith(_ => connection.Dispose(), TaskScheduler.Default);
                throw new TimeoutException("COMMIT has not been answered in time.");
            }
            answer.GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            throw new CommitUnknownException(failure);
        }
        finally
        {
            connection.Notice -= Notice;
        }
        if (withoutStandby)
        {
            throw new CommitUnknownException(new IOException("The standby has not confirmed."));
        }
    }

    private static async Task Answer(NpgsqlCommand commit)
    {
        await using (commit)
        {
            await commit.ExecuteNonQueryAsync();
        }
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
        if (unseen.Count > 0)
        {
            var known = Ids(session, KnownUsers, Longs(unseen, e => e.UserId));
            foreach (var entry in unseen)
            {
                if (!known.Contains(entry.UserId))
                {
                    entry.Status = AwardStatus.UnknownUser;
                }
            }
        }
        return Task.CompletedTask;
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

    private static long[] Longs(List<AwardEntry> entries, Func<AwardEntry, long> of) => entries.ConvertAll(e => of(e)).ToArray();

    private static short[] Shorts(List<AwardEntry> entries, Func<AwardEntry, short> of) => entries.ConvertAll(e => of(e)).ToArray();

    private static string?[] Texts(List<AwardEntry> entries, Func<AwardEntry, string?> of) => entries.ConvertAll(e => of(e)).ToArray();
}
