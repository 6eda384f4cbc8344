using Laurel.Core;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;

namespace Laurel.Tests.Awards;

/// <summary>Ledgers too large to be awarded one by one.</summary>
internal static class Ledgers
{
    /// <summary>Adds awards like the user's only one, an award that can always be earned, straight into the tables: of the subjects
    /// <c>some/1</c>, <c>some/2</c>…, each a microsecond earlier. Tallies follow.</summary>
    public static async Task Multiply(LaurelCore core, long userId, int count)
    {
        // Nothing is counted later than here.
        await TestCore.Settled(core);
        await core.Database.Write(session => Multiply(session, userId, count));
    }

    private static async ValueTask Multiply(Session session, long userId, int count)
    {
        await session.Execute("""
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)
            INSERT INTO awards (user_id, badge_id, occasion, id, awarded_at, source, subject, listed)
            SELECT user_id, badge_id, 'i:' || (1000000 + i), 1000000 + i, awarded_at - i, source, 'some/' || i, listed
            FROM awards, n WHERE user_id = @userId
            """, new { userId, count });
        await session.Execute("""
            UPDATE repeated_awards SET standing = standing + @count, first_at = first_at - @count, first_id = 1000000 + @count WHERE user_id = @userId
            """, new { userId, count });
        await session.Execute("DELETE FROM badge_tallies");
        foreach (var (span, unit) in new[] { (1, 86_400_000_000), (2, 300_000_000) })
        {
            await session.Execute($"""
                INSERT INTO badge_tallies (span, start, badge_id, node, awarded)
                SELECT {span}, awarded_at / {unit}, badge_id, 0, count(*) FROM awards GROUP BY awarded_at / {unit}, badge_id
                """);
        }
        await session.Execute("""
            INSERT INTO badge_tallies (span, start, badge_id, node, awarded) SELECT 0, 0, badge_id, 0, count(*) FROM awards GROUP BY badge_id
            """);
    }
}
