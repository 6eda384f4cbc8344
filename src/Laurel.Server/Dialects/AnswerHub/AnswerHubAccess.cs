using System.Text;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.AnswerHub;

/// <summary>Who calls: a person by username and password, or a key. Contract: docs/dialects/answerhub.md#authentication</summary>
internal sealed class AnswerHubAccess(LaurelCore core, ServerOptions options)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Who reads: nobody in particular without a credential. Answered already when not allowed.</summary>
    public ValueTask<(bool Allowed, Caller? Caller)> Reader(HttpContext context) => Verify(context, Credential.Of(context.Request));

    /// <summary>Who awards; answered already when null.</summary>
    public async ValueTask<Caller?> Writer(HttpContext context)
    {
        var credential = Credential.Of(context.Request);
        // A browser sends a password that it was told once with every request, whoever's page makes it.
        if (credential.Kind == CredentialKind.Basic && RequestOrigin.IsCrossSite(context.Request))
        {
            await AnswerHubJson.Write(context, AnswerHubError.ForeignPage);
            return null;
        }
        var (allowed, caller) = await Verify(context, credential);
        if (allowed && caller is null)
        {
            await AnswerHubJson.Write(context, AnswerHubError.LoginNeeded);
        }
        return caller;
    }

    // A cookie is no credential of this API.
    private async ValueTask<(bool Allowed, Caller? Caller)> Verify(HttpContext context, Credential credential)
    {
        var (caller, error) = credential.Kind switch
        {
            CredentialKind.None or CredentialKind.Cookie => (null, null),
            CredentialKind.Bearer or CredentialKind.ApiKey => (await core.Keys.Authenticate(credential.Secret), AnswerHubError.LoginWrong),
            CredentialKind.Basic => await LogIn(context, credential.Secret),
        };
        if (caller is not null || error is null)
        {
            return (true, caller);
        }
        await AnswerHubJson.Write(context, error);
        return (false, null);
    }

    private async ValueTask<(Caller? Caller, AnswerHubError? Error)> LogIn(HttpContext context, string basic)
    {
        if (!context.Request.IsHttps && !options.AllowPlainBasic && !RequestOrigin.IsThisMachine(context))
        {
            return (null, AnswerHubError.PlainLogin);
        }
        if (!TryRead(basic, out var username, out var password))
        {
            return (null, AnswerHubError.LoginWrong);
        }
        var outcome = await core.Logins.Verify(username, password, RequestOrigin.Peer(context)?.ToString() ?? "");
        if (outcome.RetryAfter is { } wait)
        {
            context.Response.Headers.RetryAfter = $"{Math.Max(1, Math.Ceiling(wait.TotalSeconds))}";
            return (null, AnswerHubError.TooManyLogins);
        }
        return (outcome.Caller, AnswerHubError.LoginWrong);
    }

    private static bool TryRead(string basic, out string username, out string password)
    {
        (username, password) = ("", "");
        var bytes = new byte[basic.Length];
        if (!Convert.TryFromBase64String(basic, bytes, out var length))
        {
            return false;
        }
        string pair;
        try
        {
            pair = Strict.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
        if (pair.Contains('\0'))
        {
            throw QueryTexts.NotText;
        }
        var colon = pair.IndexOf(':');
        if (colon < 0)
        {
            return false;
        }
        (username, password) = (pair[..colon], pair[(colon + 1)..]);
        return true;
    }
}
