using System.Globalization;
using Laurel.Core.Access;
using Laurel.Server.Http;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>In with a name and password, or with a key; and out.</summary>
internal static class SignInPages
{
    public const string Path = AdminRoutes.Root + "/sign-in";
    public const string OutPath = AdminRoutes.Root + "/sign-out";

    /// <summary>The sign-in page, which leads on to a path of the administration.</summary>
    public static string Leading(string to) => to == AdminRoutes.Root ? Path : $"{Path}?to={Uri.EscapeDataString(to)}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods(Path, PageRoutes.Methods, context => Show(context));
        routes.MapPost(Path, In);
        routes.MapPost(OutPath, Out);
    }

    private static async Task Show(HttpContext context)
    {
        var services = context.RequestServices.GetRequiredService<AdminServices>();
        var answer = await AdminRoutes.SignedIn(context, services) is not null
            ? PageAnswer.To(Onward(context.Request.Query["to"].ToString()))
            : await Page(context, services, new AdminForm(null), StatusCodes.Status200OK);
        await answer.Write(context);
    }

    private static async Task In(HttpContext context)
    {
        var services = context.RequestServices.GetRequiredService<AdminServices>();
        var form = await AdminForm.Read(context);
        await (await Answer(context, services, form)).Write(context);
    }

    private static async ValueTask<PageAnswer> Answer(HttpContext context, AdminServices services, AdminForm form)
    {
        var core = services.Pages.Core;
        var old = AdminCookie.Read(context.Request);
        // A form of the page that somebody saw who was signed in is bound to that session.
        _ = await AdminRoutes.SignedIn(context, services);
        if (!await AdminRoutes.IsOurs(context, services))
        {
            return await AdminRoutes.Refuse(context, services, StatusCodes.Status400BadRequest, "admin.form.stale");
        }
        context.User = new();
        var reader = Reader.Of(context.Request);
        if (!IsSafe(context, services.Options))
        {
            form.Wrong(AdminForm.Whole, reader["admin.signIn.plain"]);
            return await Page(context, services, form, StatusCodes.Status403Forbidden);
        }
        var key = form.Text("key");
        var (caller, retryAfter) = key is not null
            ? new LoginOutcome(await ByKey(core.Keys, key), null)
            : await core.Logins.Verify(form["name"], form.Exact("password"), RequestOrigin.Peer(context)?.ToString() ?? "");
        if (retryAfter is { } wait)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            form.Wrong(AdminForm.Whole, reader["admin.signIn.wait"]);
            return await Page(context, services, form, StatusCodes.Status429TooManyRequests);
        }
        if (caller is null)
        {
            form.Wrong(AdminForm.Whole, reader[key is null ? "admin.signIn.wrong" : "admin.signIn.wrongKey"]);
            return await Page(context, services, form, StatusCodes.Status401Unauthorized);
        }
        if (await AdminUser.Of(core, caller) is null)
        {
            form.Wrong(AdminForm.Whole, reader["admin.forbidden"]);
            return await Page(context, services, form, StatusCodes.Status403Forbidden);
        }
        // Whoever planted a session in this browser must not share the new one: it has a secret of its own, and the old one ends.
        AdminCookie.Write(context.Response, await core.BrowserSessions.Begin(caller, key));
        if (old is not null)
        {
            await core.BrowserSessions.End(old);
        }
        return PageAnswer.To(Onward(form["to"]));
    }

    private static async Task Out(HttpContext context)
    {
        var services = context.RequestServices.GetRequiredService<AdminServices>();
        await AdminForm.Read(context);
        var secret = AdminCookie.Read(context.Request);
        var isSignedIn = await AdminRoutes.SignedIn(context, services) is not null;
        if (isSignedIn && !await AdminRoutes.IsOurs(context, services))
        {
            await (await AdminRoutes.Refuse(context, services, StatusCodes.Status400BadRequest, "admin.form.stale")).Write(context);
            return;
        }
        if (isSignedIn)
        {
            await services.Pages.Core.BrowserSessions.End(secret!);
        }
        AdminCookie.Delete(context.Response);
        await PageAnswer.To(Path).Write(context);
    }

    // A session's token is no key: who has one has not shown that they may stay.
    private static async ValueTask<Caller?> ByKey(KeyRing keys, string key) => key.Contains('.') ? null : await keys.Authenticate(key);

    // As for passwords of HTTP Basic: what is sent must not be read on the way. Browsers keep the cookie from plain addresses too.
    private static bool IsSafe(HttpContext context, ServerOptions options) =>
        context.Request.IsHttps || options.AllowPlainBasic || options.PublicUrl?.Scheme == Uri.UriSchemeHttps || RequestOrigin.IsThisMachine(context);

    private static async ValueTask<PageAnswer> Page(HttpContext context, AdminServices services, AdminForm form, int status)
    {
        var call = new PageCall(context, services.Pages);
        var to = Onward(form.IsSent ? form["to"] : context.Request.Query["to"].ToString());
        // So that the language switch comes back to what leads on.
        call.Path = Leading(to);
        return await call.Render<SignIn.SignInPage>(status,
            ("Form", form), ("Token", services.Forms.GetAndStoreTokens(context).RequestToken), ("To", to)) with
        {
            Policy = PagePolicy.Admin,
            IsUnlisted = true,
        };
    }

    // Within the administration only.
    private static string Onward(string path) =>
        (path == AdminRoutes.Root || path.StartsWith(AdminRoutes.Root + "/", StringComparison.Ordinal) || path.StartsWith(AdminRoutes.Root + "?", StringComparison.Ordinal))
        && path.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 && !path.Contains('\\', StringComparison.Ordinal)
            ? path
            : AdminRoutes.Root;
}
