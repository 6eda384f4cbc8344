using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Laurel.Core.Access;

/// <summary>What a session's token is for. The words of RFC 9068, and in their manner: a token of one kind is none of the other.</summary>
internal static class TokenType
{
    public const string Access = "at+jwt";
    public const string Refresh = "rt+jwt";
}

/// <summary>A token that is good in itself; whether its session lives is another question.</summary>
/// <param name="SessionId">Of the session: a secret, whose hash is stored.</param>
/// <param name="TokenId">Its own.</param>
internal sealed record VerifiedToken(string SessionId, string TokenId, long UserId)
{
    /// <summary>Under which the session's credential is stored.</summary>
    public string SessionHash { get; } = SessionTokens.HashOf(SessionId);
}

/// <summary>Signs and verifies the tokens of sessions: JSON Web Tokens (RFC 7519) with HMAC-SHA256, each naming its session and the key
/// that signed it.</summary>
internal sealed class SessionTokens(SigningKeys keys, TimeProvider time)
{
    private const string Name = "laurel";

    // The process that made it may have a clock that runs ahead.
    private const long Ahead = 60 * Clock.Second;

    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false, MaximumTokenSizeInBytes = KeyRing.MaximumSecret };

    /// <summary>Whether a secret has the form of a token: three parts. Keys have one.</summary>
    public static bool IsToken(string secret) => secret.AsSpan().Count('.') == 2;

    public static string HashOf(string sessionId) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"laurel session {sessionId}")));

    /// <param name="key">Signs it.</param>
    /// <param name="now">In microseconds since 1970 UTC, like the lifetime.</param>
    public static string Sign(SigningKey key, string type, string sessionId, string tokenId, long userId, long now, long lifetime) =>
        Handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = type,
            Issuer = Name,
            Audience = Name,
            IssuedAt = Clock.ToTime(now).UtcDateTime,
            NotBefore = Clock.ToTime(now).UtcDateTime,
            Expires = Clock.ToTime(now + lifetime).UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = userId.ToString(System.Globalization.CultureInfo.InvariantCulture),
                [JwtRegisteredClaimNames.Sid] = sessionId,
                [JwtRegisteredClaimNames.Jti] = tokenId,
            },
            SigningCredentials = new SigningCredentials(KeyOf(key), SecurityAlgorithms.HmacSha256),
        });

    /// <summary>What the token says, if one of our keys signed it, it is of this type, and this is its time. Never throws for what the
    /// token is.</summary>
    public async ValueTask<VerifiedToken?> Verify(string token, string type)
    {
        if (await KeyFor(token) is not { } key)
        {
            return null;
        }
        var result = await Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidTypes = [type],
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidIssuer = Name,
            ValidAudience = Name,
            IssuerSigningKey = KeyOf(key),
            LifetimeValidator = (notBefore, expires, _, _) => IsNow(notBefore, expires),
        });
        return result is { IsValid: true, SecurityToken: JsonWebToken valid }
            && valid.TryGetPayloadValue<string>(JwtRegisteredClaimNames.Sid, out var session)
            && valid.TryGetPayloadValue<string>(JwtRegisteredClaimNames.Jti, out var id)
            && TextRules.TryCanonicalId(valid.Subject, out var user)
            ? new VerifiedToken(session, id, user)
            : null;
    }

    private async ValueTask<SigningKey?> KeyFor(string token)
    {
        string? id;
        try
        {
            id = Handler.ReadJsonWebToken(token).Kid;
        }
        catch (Exception malformed) when (malformed is ArgumentException or SecurityTokenException)
        {
            return null;
        }
        // What is no id of ours is not asked for in the database.
        return TextRules.IsKey(id) ? await keys.Find(id) : null;
    }

    private bool IsNow(DateTime? notBefore, DateTime? expires)
    {
        var now = time.Micros();
        return notBefore is { } from && Micros(from) <= now + Ahead && expires is { } until && Micros(until) > now;
    }

    private static long Micros(DateTime utc) => Clock.FromTime(new DateTimeOffset(utc, TimeSpan.Zero));

    private static SymmetricSecurityKey KeyOf(SigningKey key) => new(key.Secret) { KeyId = key.Id };
}
