using Laurel.Core.Rewards;

namespace Laurel.Core.Storage;

/// <summary>Every user's balance is what their entries add up to, entry by entry, and no entry is missing.</summary>
internal static class PointsCheck
{
    private const string Entries =
        "SELECT user_id, number, delta, balance FROM point_entries WHERE user_id > $1 AND user_id <= $2 ORDER BY user_id, number";

    private const string Accounts = "SELECT user_id, balance, entries FROM point_accounts WHERE user_id > $1 AND user_id <= $2";

    public static Task Run(Examination examination) => examination.InSlices("point_entries", "user_id", async (session, from, to) =>
    {
        var counted = await Count(examination, session.Prepare(Entries).Set(1, from).Set(2, to));
        var rows = session.Prepare(Accounts).Set(1, from).Set(2, to);
        while (await rows.Read())
        {
            var stored = new PointAccount(rows.Long(0), rows.Long(1), rows.Long(2));
            counted.Remove(stored.UserId, out var expected);
            Compare(examination, expected ?? new PointAccount(stored.UserId, 0, 0), stored);
        }
        foreach (var expected in counted.Values)
        {
            examination.Found(FindingKind.Points, What(expected.UserId), Told(expected), "no account");
        }
    });

    private static async ValueTask<Dictionary<long, PointAccount>> Count(Examination examination, Statement rows)
    {
        var counted = new Dictionary<long, PointAccount>();
        while (await rows.Read())
        {
            var user = rows.Long(0);
            var before = counted.GetValueOrDefault(user) ?? new PointAccount(user, 0, 0);
            var after = new PointAccount(user, before.Balance + rows.Long(2), before.Entries + 1);
            Compare(examination, after, new PointAccount(user, rows.Long(3), rows.Long(1)));
            counted[user] = after;
        }
        return counted;
    }

    private static void Compare(Examination examination, PointAccount expected, PointAccount stored)
    {
        if (stored != expected)
        {
            examination.Found(FindingKind.Points, What(stored.UserId), Told(expected), Told(stored));
        }
    }

    private static string What(long userId) => $"points of user {userId}";

    private static string Told(PointAccount account) => $"{account.Balance} after entry {account.Entries}";
}
