using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Removal moves an award from the ledger to its history, inside the ledger's batch.</summary>
internal static class Removals
{
    private const string OfBadge = """
        SELECT user_id, badge_id, occasion, id, awarded_at, source, subject FROM awards
        WHERE user_id = $1 AND badge_id = $2 ORDER BY occasion
        """;

    // The id too: the row may have gone and another award have come since it was read.
    private const string Delete = "DELETE FROM awards WHERE user_id = $1 AND badge_id = $2 AND occasion = $3 AND id = $4";

    private const string Remember = """
        INSERT INTO award_history (user_id, badge_id, occasion, award_id, removed_at, awarded_at, source, subject, kind, lifted, removed_by, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11) ON CONFLICT DO NOTHING
        """;

    private const string LiftRevocation = """
        UPDATE award_history SET lifted = 1 WHERE user_id = $1 AND badge_id = $2 AND occasion = $3 AND lifted = 0 AND kind = 2
        """;

    private const string MoveRemoval = """
        UPDATE award_history SET occasion = $1, awarded_at = $2, subject = $3
        WHERE user_id = $4 AND badge_id = $5 AND occasion = $6 AND award_id = $7 AND lifted = 0 AND kind >= 1
        """;

    private const string MoveAction = "UPDATE award_details SET action_id = $1 WHERE user_id = $2 AND award_id = $3";

    private const string EarliestInRange = """
        SELECT awarded_at, id FROM awards WHERE user_id = $1 AND badge_id = $2 AND occasion <> '' ORDER BY awarded_at, id LIMIT 1
        """;

    // The sign keeps the primary key out of it: of a badge with very many awards the index by time finds the earliest at once.
    private const string EarliestByTime = """
        SELECT awarded_at, id FROM awards WHERE user_id = $1 AND occasion <> '' AND listed = 1 AND +badge_id = $2
        ORDER BY awarded_at, id LIMIT 1
        """;

    // First of all that is done to the row: another node's insert that counts itself waits for what follows, or is seen by it.
    private const string Decrease = """
        UPDATE repeated_awards SET standing = standing - $1
        WHERE user_id = $2 AND issuer_id = (SELECT issuer_id FROM badges WHERE id = $3) AND badge_id = $3
        RETURNING issuer_id, standing, first_id
        """;

    private const string MoveFirst = """
        UPDATE repeated_awards SET first_at = $1, first_id = $2 WHERE user_id = $3 AND issuer_id = $4 AND badge_id = $5
        """;

    private const string Forget = "DELETE FROM repeated_awards WHERE user_id = $1 AND issuer_id = $2 AND badge_id = $3";

    public static async ValueTask Apply(Session session, RemovalEntry entry, LedgerStore store)
    {
        entry.Removed.Clear();
        foreach (var award in await Chosen(session, entry))
        {
            if (await Take(session, award, entry.Kind, entry.At, entry.By, entry.Reason, store))
            {
                entry.Removed.Add(award);
            }
        }
        foreach (var badge in entry.Removed.GroupBy(award => award.BadgeId))
        {
            await Uncount(session, entry.UserId, badge.Key, [.. badge]);
        }
    }

    /// <summary>Moves one award to the history; false when it is gone already.</summary>
    public static async ValueTask<bool> Remove(
        Session session, Award award, RemovalKind kind, long at, long? by, string? reason, LedgerStore store)
    {
        if (!await Take(session, award, kind, at, by, reason, store))
        {
            return false;
        }
        await Uncount(session, award.UserId, award.BadgeId, [award]);
        return true;
    }

    private static async ValueTask<bool> Take(
        Session session, Award award, RemovalKind kind, long at, long? by, string? reason, LedgerStore store)
    {
        if (await session.Prepare(Delete).Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion).Set(4, award.Id).Run() == 0)
        {
            return false;
        }
        // An award put back at its id and removed again within a microsecond takes the next one: no removal is forgotten.
        while (await session.Prepare(Remember).Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion).Set(4, award.Id).Set(5, at)
            .Set(6, award.AwardedAt).Set(7, (long)award.Source).Set(8, Award.StoredSubject(award.Occasion, award.Subject))
            .Set(9, (long)kind).Set(10, by).Set(11, reason).Run() == 0)
        {
            at++;
        }
        await AwardDetails.End(session, award, at, by);
        store.Record(OutboxKind.Removed, award);
        return true;
    }

    /// <summary>Makes a removal that of the award which the removed one should have been.</summary>
    public static async ValueTask Move(
        Session session, long userId, long badgeId, string occasion, long awardId, string to, long awardedAt, string? subject, long? actionId)
    {
        await session.Prepare(MoveRemoval).Set(1, to).Set(2, awardedAt).Set(3, Award.StoredSubject(to, subject))
            .Set(4, userId).Set(5, badgeId).Set(6, occasion).Set(7, awardId).Run();
        await session.Prepare(MoveAction).Set(1, actionId).Set(2, userId).Set(3, awardId).Run();
    }

    /// <summary>Sets a revocation of the award's occasion aside: a manual award does that.</summary>
    public static async ValueTask Lift(Session session, Award award) =>
        await session.Prepare(LiftRevocation).Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion).Run();

    private static async ValueTask<List<Award>> Chosen(Session session, RemovalEntry entry)
    {
        if (entry.Awards is { } named)
        {
            return [.. named];
        }
        if (entry.AwardId is { } id)
        {
            return await StandingAwards.Find(session, entry.UserId, id) is { } one ? [one] : [];
        }
        var chosen = new List<Award>();
        var rows = session.Prepare(OfBadge).Set(1, entry.UserId).Set(2, entry.BadgeId);
        while (await rows.Read())
        {
            chosen.Add(StandingAwards.Row(rows));
        }
        return chosen;
    }

    // Once for all that were removed: to look for the earliest after each would read the rest again and again.
    private static async ValueTask Uncount(Session session, long userId, long badgeId, IReadOnlyList<Award> removed)
    {
        var repeated = removed.Count(award => award.Occasion.Length > 0);
        if (repeated == 0)
        {
            return;
        }
        var counted = session.Prepare(Decrease).Set(1, repeated).Set(2, userId).Set(3, badgeId);
        if (!await counted.Read())
        {
            return;
        }
        var (issuer, standing, first) = (counted.Long(0), counted.Long(1), counted.Long(2));
        await counted.Done();
        if (standing == 0)
        {
            await session.Prepare(Forget).Set(1, userId).Set(2, issuer).Set(3, badgeId).Run();
        }
        else if (removed.Any(award => award.Id == first) && await Earliest(session, userId, badgeId, standing) is { } next)
        {
            await session.Prepare(MoveFirst).Set(1, next.At).Set(2, next.Id).Set(3, userId).Set(4, issuer).Set(5, badgeId).Run();
        }
    }

    private static async ValueTask<Position?> Earliest(Session session, long userId, long badgeId, long standing)
    {
        var byTime = standing > UserLists.Few && await UserLists.Has(session, userId);
        var row = session.Prepare(byTime ? EarliestByTime : EarliestInRange).Set(1, userId).Set(2, badgeId);
        if (!await row.Read())
        {
            return null;
        }
        var earliest = new Position(row.Long(0), row.Long(1));
        await row.Done();
        return earliest;
    }
}
