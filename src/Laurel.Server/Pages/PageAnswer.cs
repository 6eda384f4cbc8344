using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;

namespace Laurel.Server.Pages;

/// <summary>Who may keep an answer.</summary>
internal enum PageCaching
{
    /// <summary>Nobody.</summary>
    None,

    /// <summary>The reader's own browser, which asks whether it is still so.</summary>
    Private,

    /// <summary>Everybody, who asks whether it is still so.</summary>
    Public,

    /// <summary>Everybody, for a minute unasked: images in other people's pages.</summary>
    Minute,
}

/// <summary>An answer, rendered whole.</summary>
internal sealed record PageAnswer(int Status, byte[] Body)
{
    public string MediaType { get; init; } = "text/html; charset=utf-8";

    public PageCaching Caching { get; init; }

    /// <summary>Of <see cref="PagePolicy"/>.</summary>
    public string Policy { get; init; } = PagePolicy.Page;

    /// <summary>Not for search engines.</summary>
    public bool IsUnlisted { get; init; }

    /// <summary>A path of this server to go on to (303).</summary>
    public string? Location { get; init; }

    /// <summary>Goes on elsewhere, as after a form that was taken.</summary>
    public static PageAnswer To(string path) => new(StatusCodes.Status303SeeOther, []) { Location = path };

    public string ETag { get; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(Body).AsSpan(0, 16))}\"";

    public Task Write(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var headers = response.Headers;
        headers.CacheControl = Caching switch
        {
            PageCaching.None => "no-store",
            PageCaching.Private => "private, no-cache",
            PageCaching.Public => "public, no-cache",
            PageCaching.Minute => "public, max-age=60",
        };
        // An address that names its language is the same for everybody.
        headers.Vary = request.QueryString.HasValue && Language.Find(request.Query[Reader.Parameter]) is not null ? "Accept-Encoding" : "Accept-Language, Cookie";
        if (Caching != PageCaching.None)
        {
            headers.ETag = ETag;
            if (Matches(request.Headers.IfNoneMatch))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }
        }
        PagePolicy.Guard(headers, Policy);
        if (Policy == PagePolicy.Image)
        {
            headers.Remove("X-Frame-Options");
            headers["Cross-Origin-Resource-Policy"] = "cross-origin";
            headers.AccessControlAllowOrigin = "*";
        }
        if (IsUnlisted)
        {
            headers["X-Robots-Tag"] = "noindex";
        }
        headers.Location = Location;
        response.StatusCode = Status;
        response.ContentType = MediaType;
        response.ContentLength = Body.Length;
        return response.Body.WriteAsync(Body, context.RequestAborted).AsTask();
    }

    // Each entity tag is in quotes, and no other has this one within.
    private bool Matches(StringValues asked)
    {
        foreach (var value in asked)
        {
            if (value is not null && (value == "*" || value.Contains(ETag, StringComparison.Ordinal)))
            {
                return true;
            }
        }
        return false;
    }
}
