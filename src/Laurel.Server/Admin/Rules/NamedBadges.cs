using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Rules;

namespace Laurel.Server.Admin.Rules;

/// <summary>The badges that a page names, as its reader may see them, and their issuers. Definitions are cached: one read each at
/// most.</summary>
public sealed class NamedBadges
{
    private readonly Dictionary<long, Badge> _badges = [];
    private readonly Dictionary<long, Issuer> _issuers = [];

    /// <summary>By id; without those that are gone.</summary>
    public IReadOnlyDictionary<long, Badge> ById => _badges;

    /// <summary>The issuer of a badge.</summary>
    public Issuer? IssuerOf(long badgeId) => _badges.TryGetValue(badgeId, out var badge) ? _issuers[badge.IssuerId] : null;

    /// <summary>All that rules award and look at.</summary>
    internal static ValueTask<NamedBadges> Of(AdminCall call, IEnumerable<RuleDraft> rules) => Of(call, rules.SelectMany(rule =>
        rule.Tiers.Select(tier => tier.BadgeId).Concat(rule.Condition is Condition.Holding holding ? holding.Badges : [])));

    internal static async ValueTask<NamedBadges> Of(AdminCall call, IEnumerable<long> badges)
    {
        var named = new NamedBadges();
        foreach (var id in badges.Distinct())
        {
            if (await call.Core.Badges.Find(id) is { } badge)
            {
                named._badges[id] = await call.Core.Badges.AsSeenBy(badge, call.Caller);
                named._issuers[badge.IssuerId] = (await call.Core.Issuers.Find(badge.IssuerId))!;
            }
        }
        return named;
    }
}
