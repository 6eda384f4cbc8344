using System.Globalization;
using Laurel.Core.Awards;
using Laurel.Core.Rules.Filters;

namespace Laurel.Core.Rules;

/// <summary>What a rule may say.</summary>
internal static class RuleRules
{
    private const int MaximumTypes = 100;
    private const int MaximumTiers = 20;
    private const int MaximumBadges = 200;
    private const decimal LargestTarget = 1_000_000_000_000m;
    private const long LongestWindow = 366 * Clock.Day;
    private const int MaximumAlarmDays = 3660;

    public static Refusal? Check(RuleDraft draft) =>
        !TextRules.IsKey(draft.Key) || TextRules.TryCanonicalId(draft.Key, out _)
            ? Refusal.Invalid("key", "A key has 1 to 255 characters, none of them control characters, and is no number.")
        : draft.Name is not null && !TextRules.IsName(draft.Name) ? Refusal.Invalid("name", "A name has 1 to 255 characters.")
        : CheckActions(draft) ?? CheckFilter(draft) ?? CheckCondition(draft) ?? CheckTiers(draft) ?? CheckLimits(draft);

    private static Refusal? CheckActions(RuleDraft draft) =>
        draft.Condition is Condition.Holding
            ? draft.Actions.Count > 0 || draft.Filter is not null || draft.Recipient != Recipient.Actor
                ? Refusal.Invalid("actions", "A rule about badges that are held counts no actions: it has no types of actions, no filter and no recipient.")
                : null
        : draft.Actions.Count is 0 or > MaximumTypes || !draft.Actions.All(TextRules.IsActionType) || draft.Actions.Distinct(StringComparer.Ordinal).Count() < draft.Actions.Count
            ? Refusal.Invalid("actions", "A rule counts actions of 1 to 100 types, each named once.")
        : null;

    private static Refusal? CheckFilter(RuleDraft draft) => draft.Filter is null || Filter.TryParse(draft.Filter, out _, out var error)
        ? null
        : new Refusal(RefusalCode.InvalidFilter, error.Message, "filter") { Position = error.Position };

    private static Refusal? CheckCondition(RuleDraft draft) => draft.Condition switch
    {
        Condition.Sum sum when !PropertyPath.TryParse(sum.Property, out _, out var error) =>
            new Refusal(RefusalCode.InvalidFilter, error.Message, "when.sum") { Position = error.Position },
        Condition.CountWithin { Window: < Clock.Second or > LongestWindow } => Refusal.Invalid("when.within", "A window is a second to 366 days."),
        Condition.Streak { Unit: not (PeriodUnit.Day or PeriodUnit.Week) } => Refusal.Invalid("when.streak", "A streak is of days or weeks."),
        Condition.Holding { Badges: var badges } when badges.Count is 0 or > MaximumBadges || badges.Distinct().Count() < badges.Count =>
            Refusal.Invalid("when.holding", "1 to 200 badges, each named once."),
        _ => null,
    };

    private static Refusal? CheckTiers(RuleDraft draft)
    {
        if (draft.Tiers.Count is 0 or > MaximumTiers)
        {
            return Refusal.Invalid("tiers", "A rule awards 1 to 20 badges.");
        }
        var most = draft.Condition switch
        {
            Condition.Each or Condition.FirstIn => 1,
            Condition.CountWithin or Condition.DistinctSubjects => Condition.MaximumRemembered,
            Condition.Holding holding => holding.Badges.Count,
            _ => LargestTarget,
        };
        var last = 0m;
        foreach (var tier in draft.Tiers)
        {
            if (tier.Target <= last || tier.Target > most || (draft.Condition is not Condition.Sum && tier.Target != decimal.Truncate(tier.Target)))
            {
                return Refusal.Invalid(draft.Tiers.Count == 1 ? "when" : "tiers",
                    string.Create(CultureInfo.InvariantCulture, $"Targets ascend and are 1 to {most}; only those of a sum may be fractions."));
            }
            last = tier.Target;
        }
        return draft.Tiers.DistinctBy(tier => tier.BadgeId).Count() < draft.Tiers.Count
            ? Refusal.Invalid("tiers", "Each tier awards a badge of its own.")
            : null;
    }

    private static Refusal? CheckLimits(RuleDraft draft) =>
        draft.ValidFrom is < 0 or > Clock.Latest || draft.ValidUntil is < 0 or > Clock.Latest || draft.ValidUntil <= draft.ValidFrom
            ? Refusal.Invalid("validUntil", "A rule is valid from a time until a later one, between 1970 and 9999.")
        : draft.MaximumRecipients < 1 ? Refusal.Invalid("maximumRecipients", "At least one.")
        : draft.AlarmAfterDays is < 1 or > MaximumAlarmDays ? Refusal.Invalid("alarmAfterDays", "1 to 3,660 days.")
        : null;
}
