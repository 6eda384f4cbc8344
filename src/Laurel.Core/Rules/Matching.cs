using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Rules.Filters;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Which of a user's actions a rule counts, and on which calendar.</summary>
internal static class Matching
{
    /// <summary>What a rule counts of some actions, in their order.</summary>
    /// <param name="rule">Which.</param>
    /// <param name="actions">Of one user, in order.</param>
    /// <param name="facts">What has been read of them already, by action.</param>
    /// <param name="countsLate">Those too that came too late: a backfill looks at all that is recorded.</param>
    public static List<Moment> Of(Rule rule, IEnumerable<UserAction> actions, Dictionary<long, ActionFacts> facts, bool countsLate)
    {
        var role = rule.Draft.Recipient == Recipient.Actor ? ActionRoles.Actor : ActionRoles.Owner;
        var moments = new List<Moment>();
        foreach (var each in actions)
        {
            var action = each.Action;
            if (!(each.IsCounted || countsLate) || !each.Roles.HasFlag(role) || !rule.IsValidAt(action.OccurredAt)
                || !rule.Draft.Actions.Contains(action.Type, StringComparer.Ordinal))
            {
                continue;
            }
            if (!facts.TryGetValue(action.Id, out var fact))
            {
                facts[action.Id] = fact = new ActionFacts(action);
            }
            var amount = 0m;
            if (rule.Filter?.Matches(fact) == false || (rule.Amount is { } path && !(path.TryNumber(fact, out amount) && Rule.IsAmount(amount)))
                || (rule.Draft.Condition is Condition.DistinctSubjects && action.Subject is null))
            {
                continue;
            }
            moments.Add(new Moment(action.OccurredAt, action.Id, action.Subject, amount));
        }
        return moments;
    }

    /// <summary>The calendar on which a rule counts for a user.</summary>
    /// <param name="session">Where.</param>
    /// <param name="rule">Which.</param>
    /// <param name="userId">Who.</param>
    /// <param name="badges">The rule's.</param>
    /// <param name="known">Users' zones that have been read, as <see cref="UserZones.Read"/> does.</param>
    public static async ValueTask<RuleCalendar> Calendar(Session session, Rule rule, long userId, BadgeCatalogue badges,
        IReadOnlyDictionary<long, List<(long Since, string Zone)>>? known = null)
    {
        if (!rule.Draft.Condition.LooksAtCalendar)
        {
            return RuleCalendar.Utc;
        }
        var issuer = (await badges.Find(rule.Draft.Tiers[0].BadgeId))?.TimeZone ?? Zones.Utc;
        if (rule.Draft.Condition is not Condition.Streak)
        {
            return new RuleCalendar(issuer, []);
        }
        var zones = known?.GetValueOrDefault(userId) ?? await UserZones.Read(session, userId);
        return new RuleCalendar(issuer, zones.Count == 0 ? [(0, issuer)] : zones.ConvertAll(each => (each.Since, each.Zone.Length > 0 ? each.Zone : issuer)));
    }
}
