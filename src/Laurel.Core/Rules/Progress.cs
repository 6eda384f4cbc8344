using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>How far a user is in a rule.</summary>
/// <param name="BadgeId">The badge of the first tier that is not reached; of the last one when all are.</param>
/// <param name="Count">What the rule counts, as of now: windows move on, periods end, streaks break.</param>
/// <param name="Target">The count that earns the badge.</param>
/// <param name="IsDone">All tiers are reached: the count is there, or their badges can be earned once and are held.</param>
public sealed record RuleProgress(long RuleId, string RuleKey, long BadgeId, decimal Count, decimal Target, bool IsDone);

/// <summary>Reads how far users are in rules: what has been counted of them, and for rules about badges what they hold.</summary>
internal sealed class ProgressReader(Database database, Ledger ledger, BadgeCatalogue badges, UserAwards awards, TimeProvider time)
{
    private volatile RuleBook _book = RuleBook.Empty;

    private sealed record Seen(Rule Rule, UserRule? Counted, IReadOnlyList<Badge> Badges);

    /// <summary>By rule id.</summary>
    /// <param name="caller">Null for anybody.</param>
    public async ValueTask<List<RuleProgress>> Read(long userId, Caller? caller)
    {
        var seen = await See(userId, caller);
        var held = await awards.AwardedDates(userId, [.. seen.SelectMany(each => AskedFor(each.Rule)).Distinct()]);
        return await database.Read(async session =>
        {
            var progress = new List<RuleProgress>();
            foreach (var each in seen)
            {
                if (Tell(each, held, await Count(session, each, userId, held)) is { } told)
                {
                    progress.Add(told);
                }
            }
            return progress;
        });
    }

    // Found here, before a session is held, the badges are in the cache later.
    private async ValueTask<List<Seen>> See(long userId, Caller? caller)
    {
        await ledger.Settle(userId);
        var (book, states) = await database.ReadSnapshot(async session => (await _book.NewestOf(session), await UserRules.Read(session, userId)));
        _book = book;
        var seen = new List<Seen>();
        foreach (var rule in book.Rules)
        {
            var counted = states.TryGetValue(rule.Id, out var stored) ? UserRules.Of(rule, stored) : null;
            if ((IsOfHeld(rule) || counted?.HasCounted == true) && await BadgesOf(rule, caller) is { } awarded)
            {
                seen.Add(new Seen(rule, counted, awarded));
            }
        }
        return seen;
    }

    // Null where one hides: the rule's key could betray it.
    private async ValueTask<List<Badge>?> BadgesOf(Rule rule, Caller? caller)
    {
        var awarded = new List<Badge>();
        foreach (var tier in rule.Draft.Tiers)
        {
            if (await badges.Find(tier.BadgeId) is not { } badge || !await badges.ShowsItself(badge, caller))
            {
                return null;
            }
            awarded.Add(badge);
        }
        return awarded;
    }

    // What a user has come to in them is told by the badges they hold.
    private static bool IsOfHeld(Rule rule) => rule.Draft.Condition is Condition.Each or Condition.Holding;

    private static IEnumerable<long> AskedFor(Rule rule) =>
        rule.Draft.Tiers.Select(tier => tier.BadgeId).Concat(rule.Draft.Condition is Condition.Holding holding ? holding.Badges : []);

    private async ValueTask<decimal> Count(Session session, Seen seen, long userId, Dictionary<long, long> held) => seen.Rule.Draft.Condition switch
    {
        Condition.Each => held.ContainsKey(seen.Badges[0].Id) ? 1 : 0,
        Condition.Holding holding => holding.Badges.Count(held.ContainsKey),
        _ => seen.Counted!.Counter(seen.Rule).At(time.Micros(), await Matching.Calendar(session, seen.Rule, userId, badges)),
    };

    private static RuleProgress? Tell(Seen seen, Dictionary<long, long> held, decimal count)
    {
        var (rule, tiers) = (seen.Rule, seen.Rule.Draft.Tiers);
        if (IsOfHeld(rule) && count == 0)
        {
            return null;
        }
        var next = Enumerable.Range(0, tiers.Count).FirstOrDefault(tier => !IsReached(tier), tiers.Count);
        var told = tiers[Math.Min(next, tiers.Count - 1)];
        return new RuleProgress(rule.Id, rule.Draft.Key, told.BadgeId, count, told.Target, next == tiers.Count);

        bool IsReached(int tier) =>
            count >= tiers[tier].Target || (seen.Badges[tier].Recurrence is Recurrence.Once && held.ContainsKey(tiers[tier].BadgeId));
    }
}
