using System.Buffers;
using Laurel.Core;
using Laurel.Core.Awards;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>What a user holds: the list of badges and when they were awarded. Contract: docs/dialects/roblox.md#users</summary>
internal sealed class UserEndpoints(LaurelCore core, BadgeViews views)
{
    private const int MaximumBadgeIds = 100;
    private static readonly RobloxError BadBadgeIds = RobloxError.Parameter("badgeIds", "A list of badge ids is required.");

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/users/{userId}/badges", List);
        routes.MapGet("/v1/users/{userId}/badges/awarded-dates", AwardedDates);
        routes.MapGet("/v1/users/{userId}/badges/{badgeId}/awarded-date", AwardedDate);
    }

    private async Task List(HttpContext context)
    {
        RobloxQuery.Check(context.Request);
        if (!RouteId.TryGet(context, "userId", out var userId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        var list = $"users/{userId}/badges";
        if (PageRequest.TryRead(context.Request.Query, list, core.Tokens, out var page) is { } error)
        {
            await RobloxJson.Write(context, error);
            return;
        }
        if (!await core.Users.Exists(userId))
        {
            await RobloxJson.Write(context, RobloxError.UserInvalid);
            return;
        }
        var held = await core.UserAwards.Badges(userId, page.From, page.ReadsAscending, page.Limit + 1);
        var cursors = page.Cut(held, static badge => badge.Position, list, core.Tokens);
        var wish = BadgeEndpoints.Wish(context.Request);
        var shown = new List<BadgeView>(held.Count);
        foreach (var badge in held)
        {
            if (await views.Find(badge.BadgeId, wish, masked: false) is { } view)
            {
                shown.Add(view.IsHidden ? (await Unclaimed(userId, badge, wish))! : view);
            }
        }
        await RobloxPage.Write(context, cursors, shown, views, withUniverse: false);
    }

    // What is hidden until claimed shows its face with the award that was claimed.
    private async ValueTask<BadgeView?> Unclaimed(long userId, HeldBadge badge, Core.Badges.AcceptLanguage wish)
    {
        var claim = await core.UserAwards.Claim(userId, badge.AwardId);
        return await views.Find(badge.BadgeId, wish, masked: claim is not { IsClaimed: true });
    }

    private async Task AwardedDates(HttpContext context)
    {
        RobloxQuery.Check(context.Request);
        if (!RouteId.TryGet(context, "userId", out var userId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        if (TryReadIds(context.Request.Query, out var badgeIds) is { } error)
        {
            await RobloxJson.Write(context, error);
            return;
        }
        if (!await core.Users.Exists(userId))
        {
            await RobloxJson.Write(context, RobloxError.UserInvalid);
            return;
        }
        var dates = await core.UserAwards.AwardedDates(userId, badgeIds);
        var buffer = new ArrayBufferWriter<byte>(16 + (dates.Count * 80));
        buffer.Write("{\"data\":["u8);
        var first = true;
        foreach (var badgeId in badgeIds)
        {
            // Removed once written: a repeated id is answered once.
            if (dates.Remove(badgeId, out var at))
            {
                if (!first)
                {
                    buffer.Write(","u8);
                }
                Append(buffer, badgeId, at);
                first = false;
            }
        }
        buffer.Write("]}"u8);
        await RobloxJson.Write(context, buffer.WrittenSpan);
    }

    private static void Append(ArrayBufferWriter<byte> buffer, long badgeId, long at)
    {
        buffer.Write("{\"badgeId\":"u8);
        buffer.Append(badgeId);
        buffer.Write(",\"awardedDate\":\""u8);
        buffer.Write(System.Text.Encoding.ASCII.GetBytes(RobloxJson.Moment(at)));
        buffer.Write("\"}"u8);
    }

    // Repeated keys, commas and both mixed; counted before repetition is looked at.
    private static RobloxError? TryReadIds(IQueryCollection query, out List<long> ids)
    {
        ids = [];
        foreach (var value in query["badgeIds"])
        {
            foreach (var part in (value ?? "").Split(','))
            {
                if (!RouteId.TryParse(part.AsSpan().Trim(), out var id))
                {
                    return BadBadgeIds;
                }
                ids.Add(id);
                if (ids.Count > MaximumBadgeIds)
                {
                    return RobloxError.TooManyBadges;
                }
            }
        }
        return ids.Count == 0 ? BadBadgeIds : null;
    }

    private async Task AwardedDate(HttpContext context)
    {
        if (!RouteId.TryGet(context, "userId", out var userId) || !RouteId.TryGet(context, "badgeId", out var badgeId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        if (!await core.Users.Exists(userId))
        {
            await RobloxJson.Write(context, RobloxError.UserInvalid);
            return;
        }
        if (await core.UserAwards.AwardedDate(userId, badgeId) is not { } at)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        var buffer = new ArrayBufferWriter<byte>(96);
        Append(buffer, badgeId, at);
        await RobloxJson.Write(context, buffer.WrittenSpan);
    }
}
