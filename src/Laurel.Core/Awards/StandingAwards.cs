using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Reads of single awards as they stand in the ledger.</summary>
internal static class StandingAwards
{
    private const string Columns = "user_id, badge_id, occasion, id, awarded_at, source, subject";

    private const string ByKey = $"SELECT {Columns} FROM awards WHERE user_id = $1 AND badge_id = $2 AND occasion = $3";

    private const string OfBadge =
        $"SELECT {Columns} FROM awards WHERE user_id = $1 AND badge_id = $2 ORDER BY awarded_at, id LIMIT 1";

    // Two halves, each by its own index, and what no index holds.
    private const string ById = $"""
        SELECT {Columns} FROM awards WHERE user_id = $1 AND occasion = '' AND listed = 1 AND id = $2
        UNION ALL
        SELECT {Columns} FROM awards WHERE user_id = $1 AND occasion <> '' AND listed = 1 AND id = $2
        UNION ALL
        SELECT {Columns} FROM awards WHERE $3 = 0 AND user_id = $1 AND listed = 0 AND id = $2
          AND NOT EXISTS (SELECT 1 FROM listed_users WHERE user_id = $1)
        """;

    /// <summary>The award that makes <paramref name="asked"/> held: the one of its occasion, or, for a badge that can be earned
    /// once, the earliest duplicate.</summary>
    public static async ValueTask<Award?> For(Session session, Award asked) =>
        await First(session.Prepare(ByKey).Set(1, asked.UserId).Set(2, asked.BadgeId).Set(3, asked.Occasion))
        ?? (asked.Occasion.Length > 0 ? null : await Earliest(session, asked.UserId, asked.BadgeId));

    public static ValueTask<Award?> At(Session session, long userId, long badgeId, string occasion) =>
        First(session.Prepare(ByKey).Set(1, userId).Set(2, badgeId).Set(3, occasion));

    public static ValueTask<Award?> Earliest(Session session, long userId, long badgeId) =>
        First(session.Prepare(OfBadge).Set(1, userId).Set(2, badgeId));

    public static ValueTask<Award?> Find(Session session, long userId, long awardId) =>
        First(session.Prepare(ById).Set(1, userId).Set(2, awardId).Set(3, session.ListsEveryUser ? 1 : 0));

    private static async ValueTask<Award?> First(Statement rows)
    {
        if (!await rows.Read())
        {
            return null;
        }
        var award = Row(rows);
        await rows.Done();
        return award;
    }

    /// <summary>The award in the current row of a statement that selects the ledger's columns in their order.</summary>
    public static Award Row(Statement row)
    {
        var occasion = row.Text(2);
        return new Award(row.Long(3), row.Long(0), row.Long(1), occasion, row.Long(4), (AwardSource)row.Long(5),
            Award.ReadSubject(occasion, row.TextOrNull(6)))
        {
            ActionId = Award.ReadAction(occasion),
        };
    }
}
