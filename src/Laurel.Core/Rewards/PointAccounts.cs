using Laurel.Core.Storage;

namespace Laurel.Core.Rewards;

/// <summary>The rows of points, inside somebody's transaction.</summary>
internal static class PointAccounts
{
    private const string Select = "SELECT balance, entries FROM point_accounts WHERE user_id = $1";

    private const string Open = "INSERT INTO point_accounts (user_id, balance, entries) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING";

    // The condition is the rule, under the row's lock: of payments at one moment only as many succeed as there are points for.
    private const string Move = """
        UPDATE point_accounts SET balance = balance + $1, entries = entries + 1
        WHERE user_id = $2 AND balance + $1 BETWEEN 0 AND $3
        RETURNING balance, entries
        """;

    private const string Insert = """
        INSERT INTO point_entries (user_id, number, delta, balance, reason, award_id, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    public static async ValueTask<PointAccount> Read(Session session, long userId)
    {
        var row = session.Prepare(Select).Set(1, userId);
        if (!await row.Read())
        {
            return new PointAccount(userId, 0, 0);
        }
        var account = new PointAccount(userId, row.Long(0), row.Long(1));
        await row.Done();
        return account;
    }

    /// <summary>Moves points; null, and nothing is moved, where the balance would leave 0 to 2^53 - 1.</summary>
    public static async ValueTask<PointEntry?> Append(
        Session session, long userId, long delta, string? reason, long? awardId, long? by, long now)
    {
        if (delta > 0)
        {
            await session.Prepare(Open).Set(1, userId).Run();
        }
        var moved = session.Prepare(Move).Set(1, delta).Set(2, userId).Set(3, IdRange.Largest);
        if (!await moved.Read())
        {
            return null;
        }
        var entry = new PointEntry(moved.Long(1), delta, moved.Long(0), reason, awardId, by, now);
        await moved.Done();
        await session.Prepare(Insert).Set(1, userId).Set(2, entry.Number).Set(3, delta).Set(4, entry.Balance).Set(5, reason)
            .Set(6, awardId).Set(7, by).Set(8, now).Run();
        return entry;
    }
}
