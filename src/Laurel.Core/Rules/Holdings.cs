using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Who holds how many badges of a set, and since when.</summary>
internal static class Holdings
{
    private const string First = "SELECT min(awarded_at) FROM awards WHERE user_id = $1 AND badge_id = $2";

    /// <summary>The targets that a user has reached, each when the badge that made it so was awarded.</summary>
    /// <param name="session">Where the user's awards are in their table…</param>
    /// <param name="rule">Which.</param>
    /// <param name="holding">The set that it asks for.</param>
    /// <param name="userId">Whose.</param>
    /// <param name="buffered">…but for these.</param>
    public static async ValueTask<List<Reached>> Reached(Session session, Rule rule, Condition.Holding holding, long userId, IReadOnlyList<BufferedAward> buffered)
    {
        var times = await Since(session, holding.Badges, userId, buffered);
        var reached = new List<Reached>();
        for (var tier = 0; tier < rule.Draft.Tiers.Count && rule.Draft.Tiers[tier].Target <= times.Count; tier++)
        {
            reached.Add(new Reached(tier, times[(int)rule.Draft.Tiers[tier].Target - 1], null, null));
        }
        return reached;
    }

    /// <summary>Since when the user has held each of these badges that they hold, ascending.</summary>
    public static async ValueTask<List<long>> Since(Session session, IEnumerable<long> badges, long userId, IReadOnlyList<BufferedAward> buffered)
    {
        var times = new List<long>();
        foreach (var badge in badges)
        {
            var first = session.Prepare(First).Set(1, userId).Set(2, badge);
            await first.Read();
            var at = first.LongOrNull(0);
            await first.Done();
            foreach (var award in buffered)
            {
                at = award.BadgeId == badge && !(at < award.AwardedAt) ? award.AwardedAt : at;
            }
            if (at is { } since)
            {
                times.Add(since);
            }
        }
        times.Sort();
        return times;
    }
}
