using System.Text.Encodings.Web;
using System.Text.Json;
using Laurel.Core;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>What clients of this API call on the same host before they write: who am I, and a token. Contract:
/// docs/dialects/roblox.md#authentication</summary>
internal sealed class SessionEndpoints(LaurelCore core, RobloxAccess access)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/users/authenticated", Authenticated);
        routes.MapPost("/v2/logout", Token);
        routes.MapPost("/v2/login", Token);
    }

    private async Task Authenticated(HttpContext context)
    {
        RobloxQuery.Check(context.Request);
        if (await access.Reader(context) is not { UserId: { } userId })
        {
            return;
        }
        if (await core.Users.Find(userId) is not { } user)
        {
            await RobloxJson.Write(context, RobloxError.Unauthorized);
            return;
        }
        var name = JsonEncodedText.Encode(user.Name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        await RobloxJson.Write(context, System.Text.Encoding.UTF8.GetBytes($$"""{"id":{{userId}},"name":"{{name}}","displayName":"{{name}}"}"""));
    }

    // Called to obtain a token, and for nothing else: the session is not ended here.
    private Task Token(HttpContext context) => access.RefuseToken(context, Credential.Of(context.Request).Secret ?? "");
}
