using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Rules;

namespace Laurel.Server.Admin;

/// <summary>An award as a list shows it.</summary>
/// <param name="IsMasked">The badge hides from the caller until the award is claimed.</param>
public sealed record AwardRow(Award Award, Badge? Badge, bool IsMasked, AwardClaim? Claim)
{
    /// <summary>Awards as the caller may see them: their claims in one read, their badges from the catalogue's cache.</summary>
    internal static async ValueTask<IReadOnlyList<AwardRow>> Of(AdminCall call, IReadOnlyList<Award> awards)
    {
        var claims = awards.Count == 0 ? [] : await call.Core.UserAwards.Claims(awards);
        var rows = new List<AwardRow>(awards.Count);
        foreach (var award in awards)
        {
            var claim = claims.GetValueOrDefault((award.UserId, award.Id));
            var badge = await call.Core.Badges.Find(award.BadgeId);
            var isMasked = badge is not null && claim?.IsClaimed != true && !await call.Core.Badges.ShowsItself(badge, call.Caller);
            rows.Add(new(await call.Core.UserAwards.AsSeenBy(award, claim, call.Caller), badge, isMasked, claim));
        }
        return rows;
    }
}

/// <summary>A removed award as a list shows it.</summary>
public sealed record RemovedRow(RemovedAward Removed, Badge? Badge, bool IsMasked)
{
    internal static async ValueTask<IReadOnlyList<RemovedRow>> Of(AdminCall call, IReadOnlyList<RemovedAward> removed)
    {
        var rows = new List<RemovedRow>(removed.Count);
        foreach (var each in removed)
        {
            var badge = await call.Core.Badges.Find(each.BadgeId);
            rows.Add(new(each, badge, badge is not null && !await call.Core.Badges.ShowsItself(badge, call.Caller)));
        }
        return rows;
    }
}

/// <summary>A badge that a user is on the way to.</summary>
public sealed record OpenBadge(RuleProgress Progress, Badge Badge)
{
    /// <summary>As the user's wall shows them, the nearest to their end in front.</summary>
    internal static async ValueTask<IReadOnlyList<OpenBadge>> Of(AdminCall call, long userId)
    {
        var open = new List<OpenBadge>();
        foreach (var progress in await call.Core.Rules.ShownProgress(userId))
        {
            if (!progress.IsDone && await call.Core.Badges.Find(progress.BadgeId) is { Enabled: true, DeletedAt: null } badge)
            {
                open.Add(new(progress, badge));
            }
        }
        return [.. open.OrderByDescending(each => each.Progress.Count / each.Progress.Target)];
    }
}
