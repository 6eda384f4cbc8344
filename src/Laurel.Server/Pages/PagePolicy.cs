namespace Laurel.Server.Pages;

/// <summary>What a browser may do with an answer, whatever is in it.</summary>
internal static class PagePolicy
{
    /// <summary>Of a page: this server's style and images, forms sent to it, and no script. It is shown in no frame.</summary>
    public const string Page =
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Of the administration: the same, this server's scripts, and what they read of it.</summary>
    public const string Admin = Page + "; script-src 'self'; connect-src 'self'";

    /// <summary>Of an image that stands for itself: nothing. It may be shown in a frame.</summary>
    public const string Image = "default-src 'none'; sandbox";

    /// <summary>What every page says beside its policy.</summary>
    public static void Guard(IHeaderDictionary headers, string policy)
    {
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}
