using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>Who calls, in this API's ways: a session's cookie with its anti-forgery token, or a key without one. Contract:
/// docs/dialects/roblox.md#authentication</summary>
internal sealed class RobloxAccess(LaurelCore core, OpenCalls open)
{
    private const string TokenHeader = "x-csrf-token";

    /// <summary>Who changes something: answered 401 or 403 already when null. The order of checks is the original's: a cookie
    /// without its token gets the token before anybody looks whether the session is good.</summary>
    public async ValueTask<Caller?> Writer(HttpContext context)
    {
        var credential = Credential.Of(context.Request);
        if (credential.Kind == CredentialKind.Cookie && !HasToken(context, credential.Secret))
        {
            await RefuseToken(context, credential.Secret);
            return null;
        }
        var caller = await credential.Verify(core.Keys);
        if (caller is null)
        {
            await RobloxJson.Write(context, RobloxError.Unauthorized);
        }
        return caller;
    }

    /// <summary>Who reads something of their own: answered 401 already when null.</summary>
    public async ValueTask<Caller?> Reader(HttpContext context)
    {
        var caller = await Credential.Of(context.Request).Verify(core.Keys);
        if (caller?.UserId is null)
        {
            await RobloxJson.Write(context, RobloxError.Unauthorized);
            return null;
        }
        return caller;
    }

    /// <summary>Whether the reader manages the badge, and so sees what is hidden from others. A bad credential is nobody's.</summary>
    public async ValueTask<bool> MaySee(HttpRequest request, long badgeId) =>
        await Credential.Of(request).Verify(core.Keys) is { } caller
            && await core.Badges.Find(badgeId) is { } badge
            && await core.Badges.MayManage(badge, caller, Scopes.BadgesWrite);

    /// <summary>Who awards from a game server: a key, or nobody where the call is open. A cookie does not count: nothing would
    /// protect it from forgery here.</summary>
    /// <returns>Whether the call may go on, and the caller, null for an open call.</returns>
    public ValueTask<(bool Allowed, Caller? Caller)> GameServer(HttpContext context)
    {
        var credential = Credential.Of(context.Request);
        return credential.Kind is CredentialKind.None or CredentialKind.Cookie
            ? ValueTask.FromResult((open.May(context), (Caller?)null))
            : Verify(credential);
    }

    private async ValueTask<(bool Allowed, Caller? Caller)> Verify(Credential credential)
    {
        var caller = await credential.Verify(core.Keys);
        return (caller is not null, caller);
    }

    private bool HasToken(HttpContext context, string secret) =>
        core.Tokens.Verify(context.Request.Headers[TokenHeader], secret, core.Time.GetUtcNow());

    /// <summary>The 403 that carries a token: only here, since clients repeat any request whose 403 has one.</summary>
    public Task RefuseToken(HttpContext context, string secret)
    {
        context.Response.Headers[TokenHeader] = core.Tokens.Issue(secret, core.Time.GetUtcNow());
        return RobloxJson.Write(context, RobloxError.TokenInvalid);
    }
}
