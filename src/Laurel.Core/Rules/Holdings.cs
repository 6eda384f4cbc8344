using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Who holds how many badges of a set, and since when.</summary>
internal static class Holdings
{
    // So many badges are asked for by one statement.
    private const int AskedAtOnce = 16;

    // By the number of badges.
    private static readonly string[] FirstOfEach = [.. Enumerable.Range(0, AskedAtOnce + 1).Select(badges => "SELECT " + string.Join(", ",
        Enumerable.Range(2, badges).Select(place => $"(SELECT min(awarded_at) FROM awards WHERE user_id = $1 AND badge_id = ${place})")))];

    /// <summary>The targets that a user has reached, each when the badge that made it so was awarded.</summary>
    /// <param name="session">Where the user's awards are in their table…</param>
    /// <param name="rule">Which.</param>
    /// <param name="holding">The set that it asks for.</param>
    /// <param name="userId">Whose.</param>
    /// <param name="buffered">…but for these.</param>
    public static async ValueTask<List<Reached>> Reached(Session session, Rule rule, Condition.Holding holding, long userId, IReadOnlyList<BufferedAward> buffered) =>
        Reached(rule, holding, await Firsts(session, holding.Badges, userId, buffered));

    /// <summary>The same of badges that are known to be held.</summary>
    /// <param name="held">Since when, by badge.</param>
    public static List<Reached> Reached(Rule rule, Condition.Holding holding, Dictionary<long, long> held)
    {
        var times = Times(holding, held);
        var reached = new List<Reached>();
        for (var tier = 0; tier < rule.Draft.Tiers.Count && rule.Draft.Tiers[tier].Target <= times.Count; tier++)
        {
            reached.Add(new Reached(tier, times[(int)rule.Draft.Tiers[tier].Target - 1], null, null));
        }
        return reached;
    }

    private static List<long> Times(Condition.Holding holding, Dictionary<long, long> held) =>
        [.. holding.Badges.Where(held.ContainsKey).Select(badge => held[badge]).Order()];

    /// <summary>Since when the user has held each of these badges that they hold.</summary>
    public static async ValueTask<Dictionary<long, long>> Firsts(Session session, IEnumerable<long> badges, long userId, IReadOnlyList<BufferedAward> buffered)
    {
        var held = new Dictionary<long, long>();
        foreach (var asked in badges.Distinct().Chunk(AskedAtOnce))
        {
            var row = session.Prepare(FirstOfEach[asked.Length]).Set(1, userId);
            for (var i = 0; i < asked.Length; i++)
            {
                row.Set(2 + i, asked[i]);
            }
            await row.Read();
            for (var i = 0; i < asked.Length; i++)
            {
                if (row.LongOrNull(i) is { } at)
                {
                    held[asked[i]] = at;
                }
            }
            await row.Done();
            foreach (var award in buffered)
            {
                if (asked.Contains(award.BadgeId) && !(held.TryGetValue(award.BadgeId, out var at) && at < award.AwardedAt))
                {
                    held[award.BadgeId] = award.AwardedAt;
                }
            }
        }
        return held;
    }
}
