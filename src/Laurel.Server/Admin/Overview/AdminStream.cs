using Laurel.Core.Access;
using Laurel.Server.Http;
using Laurel.Server.Native;

namespace Laurel.Server.Admin;

/// <summary>The live stream for somebody who signed in with a browser: the same events, filters and places as with a key. See
/// docs/stream.md.</summary>
internal static class AdminStream
{
    public const string Path = AdminRoutes.Root + "/stream";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, Stream);

    private static async Task Stream(HttpContext context)
    {
        // The cookie comes with no other site's request; browsers say so besides.
        if (context.Request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "same-origin")
        {
            throw new BadRequestException("The stream is read by pages of this server.", StatusCodes.Status403Forbidden);
        }
        var services = context.RequestServices.GetRequiredService<AdminServices>();
        if (await AdminRoutes.SignedIn(context, services) is not { } caller)
        {
            throw new BadRequestException("The session has ended.", StatusCodes.Status401Unauthorized);
        }
        if (await AdminUser.Of(services.Pages.Core, caller) is null)
        {
            throw new BadRequestException("Not allowed.", StatusCodes.Status403Forbidden);
        }
        var call = new NativeCall(context, services.Pages.Core, caller) { AskedBy = () => Now(context, services) };
        try
        {
            await (await StreamEndpoint.Stream(call)).Write(context);
        }
        catch (InvalidParameterException invalid)
        {
            throw new BadRequestException(invalid.Message, field: invalid.Name);
        }
    }

    // A session that has ended since gets nothing more, nor does somebody who has no business here any longer.
    private static async ValueTask<Caller?> Now(HttpContext context, AdminServices services) =>
        await AdminRoutes.SignedIn(context, services) is { } caller && await AdminUser.Of(services.Pages.Core, caller) is not null ? caller : null;
}
