using System.Security.Claims;
using Laurel.Core.Access;
using Laurel.Server.Http;
using Laurel.Server.Pages;
using Microsoft.AspNetCore.Http.Features;

namespace Laurel.Server.Admin;

/// <summary>How a page or form of the administration is run: for whom, and never for another site.</summary>
internal static class AdminRoutes
{
    public const string Root = "/admin";

    /// <summary>A page, for a role and those above it.</summary>
    public static void MapAdminPage(this IEndpointRouteBuilder routes, string path, AdminRole least, Func<AdminCall, ValueTask<PageAnswer>> page) =>
        routes.MapMethods(Root + path, PageRoutes.Methods, context => Run(context, least, isForm: false, page));

    /// <summary>What a form is sent to.</summary>
    /// <param name="bodyLimit">In bytes, where it is not the usual one.</param>
    public static void MapAdminForm(
        this IEndpointRouteBuilder routes, string path, AdminRole least, Func<AdminCall, ValueTask<PageAnswer>> take, long bodyLimit = Bodies.Limit) =>
        routes.MapPost(Root + path, context =>
        {
            if (bodyLimit != Bodies.Limit && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            {
                limit.MaxRequestBodySize = bodyLimit;
            }
            return Run(context, least, isForm: true, take);
        });

    private static async Task Run(HttpContext context, AdminRole least, bool isForm, Func<AdminCall, ValueTask<PageAnswer>> handle)
    {
        var services = context.RequestServices.GetRequiredService<AdminServices>();
        await (await Answer(context, services, least, isForm, handle)).Write(context);
    }

    private static async ValueTask<PageAnswer> Answer(
        HttpContext context, AdminServices services, AdminRole least, bool isForm, Func<AdminCall, ValueTask<PageAnswer>> handle)
    {
        if (await SignedIn(context, services) is not { } caller)
        {
            return PageAnswer.To(SignInPages.Leading(isForm ? Root : context.Request.Path + context.Request.QueryString));
        }
        var user = await AdminUser.Of(services.Pages.Core, caller);
        if (user is null || user.Role < least)
        {
            return await Refuse(context, services, StatusCodes.Status403Forbidden, "admin.forbidden");
        }
        if (!isForm)
        {
            return await handle(new AdminCall(context, services, user, new AdminForm(null)));
        }
        var form = await AdminForm.Read(context);
        return await IsOurs(context, services)
            ? await handle(new AdminCall(context, services, user, form))
            : await Refuse(context, services, StatusCodes.Status400BadRequest, "admin.form.stale");
    }

    /// <summary>Whose session the request's cookie names; what forms carry is bound to it from here on.</summary>
    public static async ValueTask<Caller?> SignedIn(HttpContext context, AdminServices services)
    {
        if (AdminCookie.Read(context.Request) is not { } secret || await services.Pages.Core.BrowserSessions.Find(secret) is not { } caller)
        {
            return null;
        }
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, BrowserSessions.HashOf(secret))], "laurel"));
        return caller;
    }

    /// <summary>Whether a form comes from a page that this server made for this session, by what the browser says and by what it carries.</summary>
    public static async ValueTask<bool> IsOurs(HttpContext context, AdminServices services)
    {
        var site = context.Request.Headers["Sec-Fetch-Site"];
        return (site.Count == 0 || site == "same-origin") && await services.Forms.IsRequestValidAsync(context);
    }

    public static ValueTask<PageAnswer> Refuse(HttpContext context, AdminServices services, int status, string key) =>
        new PageCall(context, services.Pages).Message(status, key);
}
