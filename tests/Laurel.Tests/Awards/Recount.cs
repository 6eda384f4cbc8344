using Laurel.Core;
using Laurel.Core.Storage;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>Counts the ledger anew by SQL and compares with every row of the statistics.</summary>
internal static class Recount
{
    private const long Day = 86_400_000_000;
    private const long Bucket = 300_000_000;

    /// <param name="core">Whose database.</param>
    /// <param name="now">Buckets older than two days before it may have been dropped.</param>
    public static async Task AssertExact(LaurelCore core, long now)
    {
        await Harness.TestCore.Settled(core);
        var database = core.Database;
        await Same(database,
            "SELECT 0, badge_id, count(*) FROM awards GROUP BY badge_id",
            "SELECT 0, badge_id, CAST(sum(awarded) AS BIGINT) FROM badge_tallies WHERE span = 0 GROUP BY badge_id HAVING sum(awarded) <> 0");
        await Same(database,
            $"SELECT awarded_at / {Day}, badge_id, count(*) FROM awards GROUP BY awarded_at / {Day}, badge_id",
            "SELECT start, badge_id, CAST(sum(awarded) AS BIGINT) FROM badge_tallies WHERE span = 1 GROUP BY start, badge_id HAVING sum(awarded) <> 0");
        var oldest = (now / Bucket) - 500;
        await Same(database,
            $"SELECT awarded_at / {Bucket}, badge_id, count(*) FROM awards WHERE awarded_at / {Bucket} > {oldest} GROUP BY awarded_at / {Bucket}, badge_id",
            $"""
             SELECT start, badge_id, CAST(sum(awarded) AS BIGINT) FROM badge_tallies WHERE span = 2 AND start > {oldest}
             GROUP BY start, badge_id HAVING sum(awarded) <> 0
             """);
        await Same(database,
            $"SELECT bucket, issuer_id, count(*) FROM visitors WHERE bucket > {oldest} GROUP BY bucket, issuer_id",
            $"""
             SELECT bucket, issuer_id, CAST(sum(visitors) AS BIGINT) FROM visitor_tallies WHERE bucket > {oldest}
             GROUP BY bucket, issuer_id HAVING sum(visitors) <> 0
             """);
        await Same(database,
            "SELECT user_id, badge_id, count(*) FROM awards WHERE occasion <> '' GROUP BY user_id, badge_id",
            "SELECT user_id, badge_id, standing FROM repeated_awards");
        await Same(database,
            "SELECT user_id, badge_id, min(awarded_at) FROM awards WHERE occasion <> '' GROUP BY user_id, badge_id",
            "SELECT user_id, badge_id, first_at FROM repeated_awards");
        Assert.Empty(await Rows(database, """
            SELECT r.user_id, r.badge_id, r.first_id FROM repeated_awards r WHERE NOT EXISTS (SELECT 1 FROM awards a
              WHERE a.user_id = r.user_id AND a.badge_id = r.badge_id AND a.id = r.first_id AND a.awarded_at = r.first_at AND a.occasion <> '')
            """));
    }

    private static async Task Same(Database database, string ledger, string statistics) =>
        Assert.Equal(await Rows(database, ledger), await Rows(database, statistics));

    private static async Task<List<(long, long, long)>> Rows(Database database, string sql) =>
        [.. (await database.Read(async session => await session.Query<(long, long, long)>(sql))).Order()];
}
