using Laurel.Server.Http;

namespace Laurel.Server.Pages;

/// <summary>Remembers a reader's language in a cookie, which says nothing else, and leads back.</summary>
internal static class LanguageEndpoint
{
    public const string Root = "/language";

    /// <summary>The address that switches to a language and comes back to a path of this server.</summary>
    public static string To(Language language, string path) => $"{Root}/{language.Tag}?to={Uri.EscapeDataString(path)}";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet($"{Root}/{{tag}}", Switch);

    private static Task Switch(HttpContext context)
    {
        if (Language.Find((string?)context.Request.RouteValues["tag"]) is not { } language)
        {
            throw new BadRequestException("There is no such language.", StatusCodes.Status404NotFound);
        }
        context.Response.Cookies.Append(Reader.CookieName, language.Tag, new CookieOptions
        {
            HttpOnly = true,
            MaxAge = TimeSpan.FromDays(365),
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
            Path = "/",
        });
        context.Response.Headers.CacheControl = "no-store";
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = Local(context.Request.Query["to"].ToString());
        return Task.CompletedTask;
    }

    // To no other server, however it is written: a path in ASCII that begins with one slash.
    private static string Local(string path) =>
        path is ['/', not ('/' or '\\'), ..] && path.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 && !path.Contains('\\', StringComparison.Ordinal) ? path : "/";
}
