using System.Buffers;
using Laurel.Core;
using Laurel.Core.Awards;
using Microsoft.Extensions.Primitives;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>What a user holds: the list of badges and when they were awarded. Contract: docs/dialects/roblox.md#users</summary>
internal sealed class UserEndpoints(LaurelCore core, BadgeViews views, RobloxAccess access)
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
        var list = new ListName("users", userId);
        if (PageRequest.TryRead(context.Request.Query, list, core.Tokens, out var page) is { } error)
        {
            await RobloxJson.Write(context, error);
            return;
        }
        var held = await core.UserAwards.Badges(userId, page.From, page.ReadsAscending, page.Limit + 1);
        if (held.Count == 0 && !await core.Users.Exists(userId))
        {
            await RobloxJson.Write(context, RobloxError.UserInvalid);
            return;
        }
        var cursors = page.Cut(held, static badge => badge.Position, list, core.Tokens);
        var wish = BadgeEndpoints.Wish(context.Request);
        var shown = new List<BadgeView>(held.Count);
        foreach (var badge in held)
        {
            if (await views.Find(badge.BadgeId, wish, masked: false) is { } view)
            {
                shown.Add(view.IsHidden ? (await Hidden(context.Request, userId, badge, wish))! : view);
            }
        }
        await RobloxPage.Write(context, cursors, shown, views, withUniverse: false);
    }

    // What is hidden until claimed shows its face with the award that was claimed, and to managers.
    private async ValueTask<BadgeView?> Hidden(HttpRequest request, long userId, HeldBadge badge, Core.Badges.AcceptLanguage wish)
    {
        var shown = await core.UserAwards.Claim(userId, badge.AwardId) is { IsClaimed: true } || await access.MaySee(request, badge.BadgeId);
        return await views.Find(badge.BadgeId, wish, masked: !shown);
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
        var dates = await core.UserAwards.AwardedDates(userId, badgeIds);
        if (dates.Count == 0 && !await core.Users.Exists(userId))
        {
            await RobloxJson.Write(context, RobloxError.UserInvalid);
            return;
        }
        using var buffer = new RobloxBuffer(16 + (dates.Count * 96));
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
        await RobloxJson.Write(context, buffer.Written);
    }

    private static void Append(RobloxBuffer buffer, long badgeId, long at)
    {
        buffer.Write("{\"badgeId\":"u8);
        buffer.Append(badgeId);
        buffer.Write(",\"awardedDate\":\""u8);
        buffer.AppendMoment(at);
        buffer.Write("\"}"u8);
    }

    // Repeated keys, with brackets too, commas and all of it mixed; counted before repetition is looked at.
    private static RobloxError? TryReadIds(IQueryCollection query, out List<long> ids)
    {
        ids = [];
        var error = TryAdd(query["badgeIds"], ids) ?? TryAdd(query["badgeIds[]"], ids);
        return error ?? (ids.Count == 0 ? BadBadgeIds : null);
    }

    private static RobloxError? TryAdd(StringValues values, List<long> ids)
    {
        foreach (var value in values)
        {
            foreach (var part in value.AsSpan().Split(','))
            {
                if (!RouteId.TryParse(value.AsSpan()[part].Trim(), out var id))
                {
                    return BadBadgeIds;
                }
                if (ids.Count == MaximumBadgeIds)
                {
                    return RobloxError.TooManyBadges;
                }
                ids.Add(id);
            }
        }
        return null;
    }

    private async Task AwardedDate(HttpContext context)
    {
        RobloxQuery.Check(context.Request);
        if (!RouteId.TryGet(context, "userId", out var userId) || !RouteId.TryGet(context, "badgeId", out var badgeId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        if (await core.UserAwards.AwardedDate(userId, badgeId) is not { } at)
        {
            if (!await core.Users.Exists(userId))
            {
                await RobloxJson.Write(context, RobloxError.UserInvalid);
                return;
            }
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        using var buffer = new RobloxBuffer(96);
        Append(buffer, badgeId, at);
        await RobloxJson.Write(context, buffer.Written);
    }
}
