namespace Laurel.Server.Admin;

/// <summary>The cookie that holds a session's secret: for this host alone, over HTTPS alone (browsers hold loopback addresses to be as
/// good), never for scripts, never from another site.</summary>
internal static class AdminCookie
{
    public const string Name = "__Host-laurel-session";

    public static string? Read(HttpRequest request) => request.Cookies[Name] is { Length: > 0 } secret ? secret : null;

    public static void Write(HttpResponse response, string secret) => response.Cookies.Append(Name, secret, Options);

    public static void Delete(HttpResponse response) => response.Cookies.Delete(Name, Options);

    // It goes with the browser's own session; the server ends it after half a day.
    private static CookieOptions Options => new() { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true };
}
