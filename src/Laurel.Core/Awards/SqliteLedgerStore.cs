using Laurel.Core.Statistics;
using Laurel.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Laurel.Core.Awards;

/// <summary>The ledger on SQLite: prepared statements in a loop on the one writer connection.</summary>
internal sealed class SqliteLedgerStore(SqliteDatabase database, short node) : LedgerStore(node)
{
    private const string LastSequence = "SELECT coalesce(max(sequence), 0) FROM outbox WHERE node = $1";

    private const string UpsertTally = """
        INSERT INTO badge_tallies (span, start, badge_id, node, awarded) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (span, start, badge_id, node) DO UPDATE SET awarded = awarded + excluded.awarded
        """;

    private const string UpsertVisitors = """
        INSERT INTO visitor_tallies (bucket, issuer_id, node, visitors) VALUES ($1, $2, $3, $4)
        ON CONFLICT (bucket, issuer_id, node) DO UPDATE SET visitors = visitors + excluded.visitors
        """;

    public override void Start()
    {
        var session = database.Acquire();
        try
        {
            var last = session.Raw(LastSequence).Set(1, Node);
            last.Step();
            Sequence = last.Long(0);
            last.Rewind();
        }
        finally
        {
            database.Release();
        }
    }

    public override IReadOnlyList<OutboxEvent> Commit(List<LedgerEntry> batch, long now, bool repeat)
    {
        try
        {
            var session = database.Acquire();
            try
            {
                session.Begin("BEGIN IMMEDIATE");
                // SQLite's statements end before they return, so nothing is waited for here.
                Write(session, batch, now).AsTask().GetAwaiter().GetResult();
                session.Commit();
            }
            catch
            {
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
        return Committed(batch);
    }

    protected override async ValueTask WriteTallies(
        Session session, SortedDictionary<TallyKey, long> badges, SortedDictionary<(long Bucket, long Issuer), long> visitors)
    {
        foreach (var (key, delta) in badges)
        {
            await session.Prepare(UpsertTally).Set(1, key.Span).Set(2, key.Start).Set(3, key.BadgeId).Set(4, Node).Set(5, delta).Run();
        }
        foreach (var ((bucket, issuer), delta) in visitors)
        {
            await session.Prepare(UpsertVisitors).Set(1, bucket).Set(2, issuer).Set(3, Node).Set(4, delta).Run();
        }
    }
}
