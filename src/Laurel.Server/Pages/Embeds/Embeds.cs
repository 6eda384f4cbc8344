using System.Text.Json;
using Laurel.Core.Showcases;
using Laurel.Core.Users;

namespace Laurel.Server.Pages;

/// <summary>Badges and walls as images in other people's pages, and what Shields draws a badge from. What a page does not show, none
/// of them does. Query: <c>theme=dark</c>, <c>lang=ar</c>.</summary>
internal static class Embeds
{
    private const string Svg = "image/svg+xml; charset=utf-8";
    private const string Json = "application/json; charset=utf-8";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPage("/embed/badges/{id}.svg", BadgeImage);
        routes.MapPage("/embed/badges/{id}.json", BadgeEndpoint);
        routes.MapPage("/embed/users/{id}.svg", WallImage);
    }

    private static ValueTask<PageAnswer> BadgeImage(PageCall call) => OfBadge(call, "svg", shown =>
        Answer(BadgeSvg.Render(call.Reader, shown, Theme(call)), Svg));

    // https://shields.io/badges/endpoint-badge
    private static ValueTask<PageAnswer> BadgeEndpoint(PageCall call) => OfBadge(call, "json", shown =>
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteNumber("schemaVersion", 1);
            writer.WriteString("label", EmbedText.Name(call.Reader, shown.Badge, shown.IsMasked));
            writer.WriteString("message", call.Reader.Count("wall.times", shown.Awarded));
            writer.WriteString("color", shown.Badge.Enabled ? "1c6b45" : "lightgrey");
            writer.WriteEndObject();
        }
        return Answer(json.ToArray(), Json);
    });

    private static ValueTask<PageAnswer> OfBadge(PageCall call, string form, Func<ShownBadge, PageAnswer> render)
    {
        if (!call.TryId("id", out var id))
        {
            return ValueTask.FromResult(Missing(404));
        }
        call.Path = $"/embed/badges/{id}.{form}?{Theme(call).Name}";
        return call.Kept(call.Core.Showcase.BadgeBasis, async () => await call.Core.Showcase.Badge(id) switch
        {
            null => Missing(404),
            { Badge.DeletedAt: not null } => Missing(410),
            var shown => render(shown),
        });
    }

    private static async ValueTask<PageAnswer> WallImage(PageCall call)
    {
        if (!call.TryId("id", out var id) || await call.Core.Showcase.Find(id) is not { } user)
        {
            return Missing(404);
        }
        var theme = Theme(call);
        call.Path = $"/embed/users/{id}.svg?{theme.Name}";
        return await call.Kept(call.Core.Showcase.BasisOf(user), () => call.Core.Showcase.Wall(user), wall => ValueTask.FromResult(
            Answer(WallSvg.Render(call.Reader, wall, theme), Svg) with { IsUnlisted = user.Draft.Privacy != Privacy.Public }));
    }

    private static EmbedTheme Theme(PageCall call) => call.Http.Request.Query["theme"] == EmbedTheme.Dark.Name ? EmbedTheme.Dark : EmbedTheme.Light;

    private static PageAnswer Answer(byte[] body, string mediaType) =>
        new(StatusCodes.Status200OK, body) { MediaType = mediaType, Caching = PageCaching.Minute, Policy = PagePolicy.Image };

    // Where an image was asked for, a page would be shown as a broken one anyway.
    private static PageAnswer Missing(int status) => new(status, []) { MediaType = "text/plain; charset=utf-8", Policy = PagePolicy.Image };
}
