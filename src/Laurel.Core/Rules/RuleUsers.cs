using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>The users about whom rules have something to say, by id.</summary>
internal static class RuleUsers
{
    private const string Actors = "SELECT DISTINCT user_id FROM user_actions WHERE period = $1 AND user_id > $2 ORDER BY user_id LIMIT $3";

    private const string Holders = "SELECT DISTINCT user_id FROM awards WHERE user_id > $1 ORDER BY user_id LIMIT $2";

    /// <summary>The next ones: who did something that is recorded, who holds an award, or both.</summary>
    public static async ValueTask<List<long>> Behind(Session session, long after, int limit, bool actors, bool holders, long now)
    {
        var users = new SortedSet<long>();
        if (holders)
        {
            await Collect(session.Prepare(Holders).Set(1, after).Set(2, limit), users);
        }
        foreach (var period in actors ? await ActionStore.Periods(session, Position.First, now) : [])
        {
            await Collect(session.Prepare(Actors).Set(1, period).Set(2, after).Set(3, limit), users);
        }
        return [.. users.Take(limit)];
    }

    private static async ValueTask Collect(Statement rows, SortedSet<long> found)
    {
        while (await rows.Read())
        {
            found.Add(rows.Long(0));
        }
    }
}
