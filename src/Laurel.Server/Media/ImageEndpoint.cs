using System.Security.Cryptography;
using Laurel.Core;
using Laurel.Core.Images;
using Laurel.Server.Http;
using Microsoft.Net.Http.Headers;

namespace Laurel.Server.Media;

/// <summary>Serves the images that badges' answers point to, to anybody: uploaded ones by their content's hash, drawn ones by the
/// badge's id. Whatever a browser makes of one, it runs nothing.</summary>
internal static class ImageEndpoint
{
    private const string Document = "media";
    private const string Policy = "default-src 'none'; sandbox";
    private const string ForGood = "public, max-age=31536000, immutable";

    // A later version may draw better.
    private const string ForADay = "public, max-age=86400";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void AddMedia(this IServiceCollection services) =>
        services.AddSingleton(new ApiDocument(Document, "Images", "openapi.media.json"));

    public static void MapMedia(this WebApplication app)
    {
        var core = app.Services.GetRequiredService<LaurelCore>();
        app.DescribedBy(Document).MapMethods($"{IconPaths.Root}/{{name}}", Methods, context => Serve(context, core));
    }

    private static async Task Serve(HttpContext context, LaurelCore core)
    {
        Credential.RefuseSeveral(context.Request);
        var name = (string)context.Request.RouteValues["name"]!;
        if (name == IconPaths.HiddenName)
        {
            await WriteDrawn(context, DrawnIcon.Hidden);
        }
        else if (IconPaths.IsDrawn(name, out var badgeId))
        {
            await WriteDrawn(context, DrawnIcon.Of(badgeId));
        }
        else if (name == IconPaths.HiddenPreviewName)
        {
            await WritePreview(context, DrawnPreview.Hidden);
        }
        else if (IconPaths.IsPreview(name, out var previewed))
        {
            await WritePreview(context, DrawnPreview.Of(previewed));
        }
        else if (await FindUploaded(core.Icons, name) is { } icon)
        {
            await Write(context, icon.Bytes, icon.Info.Format.MediaType(), icon.Hash, ForGood);
        }
        else
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    // An image has one name: a hash with another ending is none.
    private static async ValueTask<Icon?> FindUploaded(Icons icons, string name) =>
        name.IndexOf('.') is > 0 and var dot && await icons.Find(name[..dot]) is { } icon && name[(dot + 1)..] == icon.Info.Format.Extension()
            ? icon
            : null;

    private static Task WriteDrawn(HttpContext context, byte[] svg) =>
        Write(context, svg, DrawnIcon.MediaType, Convert.ToHexStringLower(SHA256.HashData(svg)), ForADay);

    private static Task WritePreview(HttpContext context, byte[] png) =>
        Write(context, png, DrawnPreview.MediaType, Convert.ToHexStringLower(SHA256.HashData(png)), ForADay);

    private static Task Write(HttpContext context, byte[] image, string mediaType, string hash, string caching)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = caching;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = Policy;
        headers.ContentDisposition = "inline";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        return TypedResults.Bytes(image, mediaType, entityTag: new EntityTagHeaderValue($"\"{hash}\"")).ExecuteAsync(context);
    }
}
