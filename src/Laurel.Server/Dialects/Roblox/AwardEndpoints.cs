using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>Awarding, as a game server asks for it, and removing. Contract: docs/dialects/roblox.md#award</summary>
internal sealed class AwardEndpoints(LaurelCore core, BadgeViews views, RobloxAccess access)
{
    private const string PlaceHeader = "Roblox-Place-Id";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/users/{userId}/badges/{badgeId}/award-badge", Award);
        routes.MapDelete("/v1/user/badges/{badgeId}", RemoveOwn);
        routes.MapDelete("/v1/user/{userId}/badges/{badgeId}", Remove);
    }

    private async Task Award(HttpContext context)
    {
        if (!RouteId.TryGet(context, "userId", out var userId) || !RouteId.TryGet(context, "badgeId", out var badgeId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        var (allowed, caller) = await access.GameServer(context);
        if (!allowed)
        {
            await RobloxJson.Write(context, RobloxError.Unauthorized);
            return;
        }
        long? placeId = RouteId.TryParse(context.Request.Headers[PlaceHeader].ToString(), out var place) ? place : null;
        var (outcome, badge) = await core.Awarding.AwardFromPlace(placeId, userId, badgeId, caller, context.RequestAborted);
        if (outcome.Refusal is { } refusal)
        {
            await RobloxJson.Write(context, Refuse(refusal));
        }
        else if (!outcome.Created)
        {
            await RobloxJson.Write(context, RobloxError.AwardFailed);
        }
        else
        {
            var view = await views.Find(badge!.Id, Core.Badges.AcceptLanguage.None, masked: true);
            await RobloxJson.Write(context, view?.Awarded ?? RobloxJson.Empty);
        }
    }

    private static RobloxError Refuse(AwardRefusal refusal) => refusal switch
    {
        AwardRefusal.UnknownPlace => RobloxError.PlaceInvalid,
        AwardRefusal.UnknownBadge => RobloxError.BadgeInvalid,
        AwardRefusal.UnknownUser => RobloxError.UserInvalid,
        AwardRefusal.PlaceMayNotAward or AwardRefusal.Forbidden => RobloxError.PlaceMayNotAward,
        AwardRefusal.Disabled or AwardRefusal.OccasionMissing or AwardRefusal.Revoked or AwardRefusal.OccasionHeld
            or AwardRefusal.IdReserved or AwardRefusal.TimeInFuture or AwardRefusal.InvalidTime or AwardRefusal.InvalidSubject
            or AwardRefusal.InvalidAction or AwardRefusal.InvalidPayload or AwardRefusal.UnknownAction or AwardRefusal.NotRecognised
            or AwardRefusal.NotStorable => RobloxError.AwardFailed,
    };

    private async Task RemoveOwn(HttpContext context)
    {
        if (!RouteId.TryGet(context, "badgeId", out var badgeId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        if (await access.Writer(context) is not { } caller)
        {
            return;
        }
        await (caller.UserId is { } own ? Remove(context, own, badgeId, caller) : RobloxJson.Write(context, RobloxError.Unauthorized));
    }

    private async Task Remove(HttpContext context)
    {
        if (!RouteId.TryGet(context, "userId", out var userId) || !RouteId.TryGet(context, "badgeId", out var badgeId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        if (await access.Writer(context) is { } caller)
        {
            await Remove(context, userId, badgeId, caller);
        }
    }

    private async Task Remove(HttpContext context, long userId, long badgeId, Caller caller)
    {
        var refusal = Core.Storage.IdRange.IsValid(userId)
            ? await core.Awarding.RemoveFrom(userId, badgeId, caller, context.RequestAborted)
            : RemovalRefusal.UnknownBadge;
        await (refusal is { } refused ? RobloxJson.Write(context, Refuse(refused)) : RobloxJson.Write(context, RobloxJson.Empty));
    }

    private static RobloxError Refuse(RemovalRefusal refusal) => refusal switch
    {
        RemovalRefusal.UnknownBadge => RobloxError.BadgeInvalid,
        RemovalRefusal.Forbidden => RobloxError.MayNotManage,
    };
}
