using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Rules;
using Laurel.Core.Statistics;
using Laurel.Core.Users;

namespace Laurel.Core.Showcases;

/// <summary>What anybody may see without a key: badges, and what users who are not private have won. What hides until it is claimed
/// comes masked.</summary>
public sealed class Showcase
{
    // Of the badges that a user has not begun with; a wall is no catalogue.
    private const int Untouched = 24;

    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly UserDirectory _users;
    private readonly UserAwards _awards;
    private readonly RuleCatalogue _rules;
    private readonly Tallies _statistics;
    private readonly TimeProvider _time;

    internal Showcase(
        BadgeCatalogue badges, IssuerCatalogue issuers, UserDirectory users, UserAwards awards, RuleCatalogue rules, Tallies statistics,
        TimeProvider time) =>
        (_badges, _issuers, _users, _awards, _rules, _statistics, _time) = (badges, issuers, users, awards, rules, statistics, time);

    /// <summary>What badges are shown from, statistics apart: what was computed at one basis is good until the next. Read it first.</summary>
    public object BadgeBasis => (_badges.Version, _rules.Version);

    /// <summary>The same of a user's wall and awards; claims, progress and what disappears by its age apart.</summary>
    /// <param name="user">As <see cref="Find"/> answered.</param>
    public object BasisOf(User user) => (user, _statistics.Stamps.Of(user.Id), _badges.Version, _rules.Version);

    /// <summary>The user, if anybody may see what they have won.</summary>
    public async ValueTask<User?> Find(long userId) =>
        await _users.Find(userId) is { Draft.Privacy: not Privacy.Private } user ? user : null;

    /// <summary>A badge with its statistics; null when there is none.</summary>
    public async ValueTask<ShownBadge?> Badge(long badgeId)
    {
        if (await _badges.Find(badgeId) is not { } badge || await _issuers.Find(badge.IssuerId) is not { } issuer)
        {
            return null;
        }
        var (today, counts) = await _statistics.AwardedByDay(badgeId);
        var masked = badge.HiddenUntilClaimed;
        var rules = masked ? [] : await Rules(badge);
        return new ShownBadge(
            masked ? badge.Masked() : badge, masked, issuer, rules, await NamedBy(rules), await _statistics.Awarded(badgeId),
            _statistics.PastDay(badgeId), _statistics.Visitors(issuer.Id), _statistics.WinRate(badgeId, issuer.Id),
            Obtainability.Next(badge.Recurrence, isHeld: false, Zones.LocalDate(_time.Micros(), badge.TimeZone)), today, counts);
    }

    private async ValueTask<List<Rule>> Rules(Badge badge)
    {
        var now = _time.Micros();
        return [.. (await _rules.OfBadge(badge.Id)).Where(rule => rule.Draft.Enabled && (rule.Draft.ValidUntil ?? long.MaxValue) > now)];
    }

    private async ValueTask<Dictionary<long, Badge>> NamedBy(IEnumerable<Rule> rules)
    {
        var named = new Dictionary<long, Badge>();
        foreach (var id in rules.SelectMany(rule => rule.Draft.Condition is Condition.Holding holding ? holding.Badges : []))
        {
            if (!named.ContainsKey(id) && await _badges.Find(id) is { } badge)
            {
                named[id] = badge.HiddenUntilClaimed ? badge.Masked() : badge;
            }
        }
        return named;
    }

    /// <summary>What a user has won, and what they could win next.</summary>
    /// <param name="user">As <see cref="Find"/> answered.</param>
    public async ValueTask<Wall> Wall(User user)
    {
        var won = await Won(user.Id);
        return new Wall(user, won, await Open(user.Id, won));
    }

    private async ValueTask<List<WonBadge>> Won(long userId)
    {
        var won = new List<WonBadge>();
        foreach (var held in await _awards.Counts(userId))
        {
            if (await _badges.Find(held.BadgeId) is { DeletedAt: null } badge)
            {
                won.Add(new WonBadge(badge, IsMasked: badge.HiddenUntilClaimed, held.Standing, held.AwardedAt, held.AwardId));
            }
        }
        await Unmask(userId, won);
        won.Sort((a, b) => (b.FirstAt, b.FirstId).CompareTo((a.FirstAt, a.FirstId)));
        return won;
    }

    // What hides shows itself with the award that was claimed.
    private async ValueTask Unmask(long userId, List<WonBadge> won)
    {
        var hidden = won.Where(each => each.IsMasked).Select(each => each.FirstId).ToList();
        var claimed = hidden.Count == 0 ? null : await _awards.Claimed(userId, hidden);
        for (var i = 0; claimed is not null && i < won.Count; i++)
        {
            if (won[i].IsMasked)
            {
                won[i] = claimed.Contains(won[i].FirstId) ? won[i] with { IsMasked = false } : won[i] with { Badge = won[i].Badge.Masked() };
            }
        }
    }

    // Those begun with first, the nearest to their end in front.
    private async ValueTask<List<OpenBadge>> Open(long userId, List<WonBadge> won)
    {
        var seen = won.Select(each => each.Badge.Id).ToHashSet();
        var open = new List<OpenBadge>();
        foreach (var progress in await _rules.ShownProgress(userId))
        {
            if (!progress.IsDone && await _badges.Find(progress.BadgeId) is { } badge && IsOpen(badge) && seen.Add(badge.Id))
            {
                open.Add(new OpenBadge(badge, IsMasked: false, progress.Count, progress.Target));
            }
        }
        open.Sort((a, b) => (b.Count / b.Target).CompareTo(a.Count / a.Target));
        var untouched = 0;
        foreach (var issuerId in won.Select(each => each.Badge.IssuerId).Concat(open.Select(each => each.Badge.IssuerId)).Distinct().ToList())
        {
            // A collection's badges are made by their use: none is waiting to be won.
            if (await _issuers.Find(issuerId) is not { Origin: not IssuerOrigin.Perfumer })
            {
                continue;
            }
            foreach (var badge in await _badges.First(issuerId))
            {
                if (untouched < Untouched && IsOpen(badge) && seen.Add(badge.Id))
                {
                    untouched++;
                    open.Add(badge.HiddenUntilClaimed ? new OpenBadge(badge.Masked(), IsMasked: true, 0, 0) : new OpenBadge(badge, IsMasked: false, 0, 0));
                }
            }
        }
        return open;
    }

    private static bool IsOpen(Badge badge) => badge is { Enabled: true, DeletedAt: null };

    /// <summary>An award of a user's; null when there has never been one with this id.</summary>
    /// <param name="user">As <see cref="Find"/> answered.</param>
    /// <param name="awardId">Which.</param>
    public async ValueTask<ShownAward?> Award(User user, long awardId)
    {
        if (await _awards.Find(user.Id, awardId) is not { } award)
        {
            return await _awards.WasRemoved(user.Id, awardId) ? new ShownAward.TakenBack() : null;
        }
        if (await _badges.Find(award.BadgeId) is not { DeletedAt: null } badge || await _issuers.Find(badge.IssuerId) is not { } issuer)
        {
            return null;
        }
        var masked = badge.HiddenUntilClaimed && await _awards.Claim(user.Id, awardId) is not { IsClaimed: true };
        return new ShownAward.Standing(user, masked ? badge.Masked() : badge, masked, issuer, award.Id, award.AwardedAt);
    }
}
