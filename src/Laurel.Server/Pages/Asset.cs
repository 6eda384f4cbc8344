using System.Security.Cryptography;
using Laurel.Server.Http;
using Microsoft.Net.Http.Headers;

namespace Laurel.Server.Pages;

/// <summary>A file of the pages' own, embedded in this assembly, at an address that names its content: kept for good.</summary>
internal sealed class Asset
{
    private const string Root = "/assets";
    private const string ForGood = "public, max-age=31536000, immutable";

    /// <summary>The stylesheet of all pages.</summary>
    public static readonly Asset Style = new("laurel", "css", "text/css; charset=utf-8");

    /// <summary>The mark, also the icon of pages in a browser.</summary>
    public static readonly Asset Mark = new("mark", "svg", "image/svg+xml");

    /// <summary>What the administration adds to the stylesheet.</summary>
    public static readonly Asset AdminStyle = new("admin", "css", "text/css; charset=utf-8");

    /// <summary>Shows how far a backfill is while it runs.</summary>
    public static readonly Asset BackfillScript = new("backfill", "js", "text/javascript; charset=utf-8");

    /// <summary>What makes lists and numbers of the administration live.</summary>
    public static readonly Asset AdminLive = new("live", "js", "text/javascript; charset=utf-8");

    private static readonly Dictionary<string, Asset> All =
        new[] { Style, Mark, AdminStyle, BackfillScript, AdminLive }.ToDictionary(asset => asset.Path[(Root.Length + 1)..]);

    private readonly byte[] _content;
    private readonly string _mediaType;
    private readonly string _hash;

    private Asset(string name, string extension, string mediaType)
    {
        using var resource = typeof(Asset).Assembly.GetManifestResourceStream($"pages.{name}.{extension}")
            ?? throw new InvalidOperationException($"The asset {name} is missing.");
        _content = new byte[resource.Length];
        resource.ReadExactly(_content);
        _mediaType = mediaType;
        _hash = Convert.ToHexStringLower(SHA256.HashData(_content))[..16];
        Path = $"{Root}/{name}.{_hash}.{extension}";
    }

    /// <summary>From the root of this server.</summary>
    public string Path { get; }

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods($"{Root}/{{name}}", PageRoutes.Methods, context => Serve(context, (string)context.Request.RouteValues["name"]!));

    private static Task Serve(HttpContext context, string name)
    {
        if (!All.TryGetValue(name, out var asset))
        {
            context.Response.Headers.CacheControl = "no-store";
            throw new BadRequestException("There is no such file.", StatusCodes.Status404NotFound);
        }
        var headers = context.Response.Headers;
        headers.CacheControl = ForGood;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = PagePolicy.Image;
        return TypedResults.Bytes(asset._content, asset._mediaType, entityTag: new EntityTagHeaderValue($"\"{asset._hash}\"")).ExecuteAsync(context);
    }
}
