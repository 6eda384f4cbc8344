using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>Badges and a universe's list of them; editing a badge. Contract: docs/dialects/roblox.md#badges</summary>
internal sealed class BadgeEndpoints(LaurelCore core, BadgeViews views, RobloxAccess access)
{
    private static readonly byte[] Metadata = """{"badgeCreationPrice":100,"maxBadgeNameLength":50,"maxBadgeDescriptionLength":1000}"""u8.ToArray();

    // Laurel charges for no badge; the number is what the original answers for a universe that has made none today.
    private static readonly byte[] FreeBadges = "5"u8.ToArray();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/badges/metadata", Describe);
        routes.MapGet("/v1/badges/{badgeId}", Get);
        routes.MapPatch("/v1/badges/{badgeId}", Edit);
        routes.MapGet("/v1/universes/{universeId}/badges", List);
        routes.MapGet("/v2/universes/{universeId}/badges", List);
        routes.MapGet("/v1/universes/{universeId}/free-badges-quota", Quota);
    }

    private static Task Describe(HttpContext context)
    {
        RobloxQuery.Check(context.Request);
        return RobloxJson.Write(context, Metadata);
    }

    private Task Get(HttpContext context)
    {
        RobloxQuery.Check(context.Request);
        if (!RouteId.TryGet(context, "badgeId", out var badgeId))
        {
            return RobloxJson.Write(context, RobloxError.NotFound);
        }
        var found = views.Find(badgeId, Wish(context.Request), masked: true);
        if (found is not { IsCompletedSuccessfully: true, Result: { IsHidden: false } view })
        {
            return Get(context, found);
        }
        var awarded = views.Awarded(view);
        return awarded.IsCompletedSuccessfully ? Write(context, view, awarded.Result) : Write(context, view, awarded);
    }

    private async Task Get(HttpContext context, ValueTask<BadgeView?> found)
    {
        if (await found is not { } view)
        {
            await RobloxJson.Write(context, RobloxError.BadgeInvalid);
            return;
        }
        if (view.IsHidden && await access.MaySee(context.Request, view.BadgeId))
        {
            view = (await views.Find(view.BadgeId, Wish(context.Request), masked: false))!;
        }
        await Write(context, view, views.Awarded(view));
    }

    private async Task Write(HttpContext context, BadgeView view, ValueTask<long> awarded) => await Write(context, view, await awarded);

    private Task Write(HttpContext context, BadgeView view, long awarded)
    {
        var buffer = new RobloxBuffer(1024);
        views.Append(buffer, view, awarded, withUniverse: true);
        return RobloxJson.WriteAndRelease(context, buffer);
    }

    internal static AcceptLanguage Wish(HttpRequest request) => AcceptLanguage.Parse(request.Headers.AcceptLanguage);

    private async Task List(HttpContext context)
    {
        RobloxQuery.Check(context.Request);
        if (!RouteId.TryGet(context, "universeId", out var universeId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        var list = new ListName("universes", universeId);
        if (PageRequest.TryRead(context.Request.Query, list, core.Tokens, out var page) is { } error)
        {
            await RobloxJson.Write(context, error);
            return;
        }
        if (await core.Issuers.Find(universeId) is null)
        {
            await RobloxJson.Write(context, RobloxError.UniverseInvalid);
            return;
        }
        var badges = (await core.Badges.ListByCreation(universeId, (page.From.At, page.From.Id), page.ReadsAscending, page.Limit + 1)).ToList();
        var cursors = page.Cut(badges, badge => new Position(badge.CreatedAt, badge.Id), list, core.Tokens);
        var wish = Wish(context.Request);
        var shown = new List<BadgeView>(badges.Count);
        foreach (var badge in badges)
        {
            if (await views.Find(badge.Id, wish, masked: true) is { } view)
            {
                shown.Add(view.IsHidden && await access.MaySee(context.Request, badge.Id)
                    ? (await views.Find(badge.Id, wish, masked: false))!
                    : view);
            }
        }
        await RobloxPage.Write(context, cursors, shown, views, withUniverse: true);
    }

    private async Task Quota(HttpContext context)
    {
        RobloxQuery.Check(context.Request);
        if (!RouteId.TryGet(context, "universeId", out var universeId))
        {
            await RobloxJson.Write(context, RobloxError.NotFound);
            return;
        }
        await (await core.Issuers.Find(universeId) is null
            ? RobloxJson.Write(context, RobloxError.UniverseInvalid)
            : RobloxJson.Write(context, FreeBadges));
    }

    private async Task Edit(HttpContext context)
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
        if (await core.Badges.Find(badgeId) is null)
        {
            await RobloxJson.Write(context, RobloxError.BadgeInvalid);
            return;
        }
        var edit = await ReadEdit(context.Request, context.RequestAborted);
        // Clients send "" for a name they leave alone.
        var name = edit.Name is { Length: > 0 } given ? given : null;
        await (await core.Badges.Edit(badgeId, name, edit.Description, edit.Enabled, caller) is { } refusal
            ? RobloxJson.Write(context, Refuse(refusal))
            : RobloxJson.Write(context, RobloxJson.Empty));
    }

    private static RobloxError Refuse(EditRefusal refusal) => refusal switch
    {
        EditRefusal.UnknownBadge => RobloxError.BadgeInvalid,
        EditRefusal.NotManager => RobloxError.MayNotManage,
        EditRefusal.InvalidName => RobloxError.NameInvalid,
        EditRefusal.InvalidDescription => RobloxError.DescriptionInvalid,
        EditRefusal.Moderated => RobloxError.TextModerated,
    };

    private static async ValueTask<EditJson> ReadEdit(HttpRequest request, CancellationToken ct)
    {
        var media = request.ContentType is { } type && Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(type, out var parsed)
            ? parsed.MediaType.Value?.ToLowerInvariant()
            : null;
        if (media == "application/x-www-form-urlencoded")
        {
            return await ReadForm(request, ct);
        }
        var body = await Bodies.Read(request, ct);
        if (body.Length == 0)
        {
            throw new BadRequestException("The request body is missing.");
        }
        if (media is not ("application/json" or "text/json"))
        {
            throw new BadRequestException("UnsupportedMediaType", StatusCodes.Status415UnsupportedMediaType);
        }
        return Bodies.Parse(body, RobloxWire.Default.EditJson);
    }

    private static async ValueTask<EditJson> ReadForm(HttpRequest request, CancellationToken ct)
    {
        var form = await Bodies.ReadForm(request, ct);
        if (form.Count == 0)
        {
            throw new BadRequestException("The request body is missing.");
        }
        // A form has no null: nothing after the sign leaves the badge as it is.
        bool? enabled = RobloxQuery.Text(form["enabled"]) is { Length: > 0 } text
            ? bool.TryParse(text, out var value) ? value : throw new BadRequestException("enabled is true or false.")
            : null;
        return new EditJson(RobloxQuery.Text(form["name"]), RobloxQuery.Text(form["description"]), enabled);
    }
}

/// <summary>The body of a PATCH: absent and null leave a part as it is.</summary>
internal sealed record EditJson(string? Name = null, string? Description = null, bool? Enabled = null);
