using System.Globalization;
using Laurel.Core.Access;

namespace Laurel.Server.Native;

/// <summary>Logging in for a session's tokens, which work wherever a key does. A session is listed and ended as a key is: under
/// <c>/keys</c>, by its id.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder native)
    {
        native.PostOpen("/tokens", LogIn);
        native.PostOpen("/tokens/refresh", Refresh);
        native.Post("/signing-keys", Rotate);
    }

    private static async Task<NativeAnswer> LogIn(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.LoginBody);
        var address = call.Http.Connection.RemoteIpAddress?.ToString() ?? "";
        var login = await call.Core.Logins.Verify(body.Username, body.Password, address);
        if (login.RetryAfter is { } wait)
        {
            call.Http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            return NativeProblem.Of(StatusCodes.Status429TooManyRequests, NativeProblem.Code(StatusCodes.Status429TooManyRequests), "Too many logins; try again later.");
        }
        return login.Caller?.UserId is { } userId
            ? Told(await call.Core.Sessions.Begin(userId))
            : NativeProblem.Of(StatusCodes.Status401Unauthorized, "wrong_login", "Nobody has this username and password.");
    }

    private static async Task<NativeAnswer> Refresh(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.RefreshBody);
        return await call.Core.Sessions.Refresh(body.RefreshToken) is { } tokens
            ? Told(tokens)
            : NativeProblem.Of(StatusCodes.Status401Unauthorized, "invalid_token", "The refresh token is not good, or not good any more.");
    }

    private static NativeAnswer Told(IssuedTokens tokens) => NativeAnswer.Created(TokensJson.From(tokens), NativeJson.Strict.TokensJson);

    private static async Task<NativeAnswer> Rotate(NativeCall call)
    {
        await call.NoBody();
        return (await call.Core.SigningKeys.Rotate(call.Caller)).Succeeded(out var key, out var refusal)
            ? NativeAnswer.Created(new SigningKeyJson(key.Id, new(key.CreatedAt)), NativeJson.Strict.SigningKeyJson)
            : NativeProblem.Of(refusal);
    }
}

internal sealed class LoginBody
{
    public required string Username { get; set; }
    public required string Password { get; set; }
}

internal sealed class RefreshBody
{
    public required string RefreshToken { get; set; }
}

internal sealed record TokensJson(
    long SessionId, long UserId, string TokenType, string AccessToken, Timestamp AccessExpiresAt, string RefreshToken, Timestamp RefreshExpiresAt)
{
    public static TokensJson From(IssuedTokens tokens) => new(
        tokens.SessionId, tokens.UserId, "Bearer", tokens.AccessToken, new(tokens.AccessExpiresAt), tokens.RefreshToken, new(tokens.RefreshExpiresAt));
}

/// <summary>A key that signs tokens; its secret is told to nobody.</summary>
internal sealed record SigningKeyJson(string Id, Timestamp CreatedAt);
