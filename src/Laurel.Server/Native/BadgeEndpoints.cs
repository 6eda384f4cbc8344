using Laurel.Core;
using Laurel.Core.Badges;

namespace Laurel.Server.Native;

/// <summary>Badges' definitions. Read with any key, masked where they hide until they are claimed; written by administrators,
/// services and the issuer's managers. Wire types: BadgeJson.cs</summary>
internal static class BadgeEndpoints
{
    public static void MapBadges(this IEndpointRouteBuilder native)
    {
        native.Get("/badges", List);
        native.Post("/badges", Create);
        native.Get("/badges/{id}", Get);
        native.Put("/badges/{id}", Put);
    }

    private static Task<NativeAnswer> List(NativeCall call)
    {
        var issuer = call.QueryId("issuerId");
        return call.PageById(
            $"native badges {issuer}", (after, limit) => call.Core.Badges.List(issuer, after, limit), badge => badge.Id,
            async badge => BadgeJson.From(await call.Core.Badges.AsSeenBy(badge, call.Caller)), NativeJson.Strict.BadgePage);
    }

    private static async Task<NativeAnswer> Get(NativeCall call) => await call.Core.Badges.Find(call.Id()) is { } badge
        ? NativeAnswer.Ok(BadgeJson.From(await call.Core.Badges.AsSeenBy(badge, call.Caller)), NativeJson.Strict.BadgeJson)
        : NativeProblem.NotFound(RefusalCode.UnknownBadge, "No badge has this id.");

    private static async Task<NativeAnswer> Create(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.BadgeBody);
        if (!body.ToDraft().Succeeded(out var draft, out var refusal)
            || !(await call.Core.Badges.Create(draft, call.Caller)).Succeeded(out var badge, out refusal))
        {
            return NativeProblem.Of(refusal);
        }
        return NativeAnswer.Created(await Told(call, badge), NativeJson.Strict.BadgeJson);
    }

    private static async Task<NativeAnswer> Put(NativeCall call)
    {
        var id = call.Id();
        var body = await call.Body(NativeJson.Strict.BadgeBody);
        if (!body.ToDraft().Succeeded(out var draft, out var refusal)
            || !(await call.Core.Badges.Put(id, draft, call.CreateOnly, call.Caller)).Succeeded(out var put, out refusal))
        {
            return NativeProblem.Of(refusal);
        }
        return NativeAnswer.Stored(put.Created, await Told(call, put.Thing), NativeJson.Strict.BadgeJson);
    }

    private static async ValueTask<BadgeJson> Told(NativeCall call, Badge badge) => BadgeJson.From(await call.Core.Badges.AsSeenBy(badge, call.Caller));
}
