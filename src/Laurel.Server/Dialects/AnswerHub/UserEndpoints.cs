using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Server.Http;
using Laurel.Server.Media;

namespace Laurel.Server.Dialects.AnswerHub;

/// <summary>What a user was awarded. Contract: docs/dialects/answerhub.md#reading</summary>
internal sealed class UserEndpoints(LaurelCore core, AwardTypes types, AnswerHubAccess access, PublicAddress address)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/user/{userId}/award.json", List);

    private async Task List(HttpContext context)
    {
        AnswerHubRequest.Check(context.Request);
        var userId = AnswerHubRequest.Id(context, "userId");
        var page = PageRequest.Read(context.Request.Query);
        var (allowed, caller) = await access.Reader(context);
        if (!allowed)
        {
            return;
        }
        if (!await core.Users.Exists(userId))
        {
            await AnswerHubJson.Write(context, AnswerHubError.UserUnknown);
            return;
        }
        var held = new List<(CountedBadge Held, Badge Badge)>();
        foreach (var counted in await core.UserAwards.Counts(userId))
        {
            if (await types.Badges.Find(counted.BadgeId) is { } badge)
            {
                held.Add((counted, badge));
            }
        }
        var shown = new List<UserAwardJson>();
        foreach (var (counted, badge) in held.OrderByDescending(each => each.Held.AwardedAt).ThenByDescending(each => each.Held.AwardId)
            .Skip((int)Math.Min(page.Skip, held.Count)).Take(page.Size))
        {
            var isMasked = !await ShowsItself(badge, userId, counted.AwardId, caller);
            shown.Add(UserAwardJson.From(isMasked ? badge.Masked() : badge, counted, address.Of(context.Request, IconPaths.Of(badge, isMasked))));
        }
        await AnswerHubJson.Write(context, page.Of(shown, held.Count), AnswerHubJson.Wire.UserAwardPage);
    }

    // What is hidden until claimed shows its face with the award that was claimed.
    private async ValueTask<bool> ShowsItself(Badge badge, long userId, long awardId, Caller? caller) =>
        await core.Badges.ShowsItself(badge, caller) || await core.UserAwards.Claim(userId, awardId) is { IsClaimed: true };
}
