using Laurel.Core.Access;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Laurel.Server.Http;

/// <summary>How a credential was sent.</summary>
internal enum CredentialKind
{
    None,
    Cookie,
    Bearer,
    ApiKey,
    Basic,
}

/// <summary>The one credential of a request. What authenticated it decides whether CSRF applies.</summary>
internal readonly record struct Credential(CredentialKind Kind, string Secret)
{
    public const string CookieName = ".ROBLOSECURITY";
    public const string ApiKeyHeader = "x-api-key";

    // Clients store the cookie's value with this well-known preamble: everything up to its closing mark.
    private const string Preamble = "_|WARNING:-DO-NOT-SHARE-THIS";
    private const string PreambleEnd = "|_";

    /// <summary>Finds it without verifying it.</summary>
    /// <exception cref="BadRequestException">There is more than one.</exception>
    public static Credential Of(HttpRequest request)
    {
        var headers = request.Headers;
        var authorization = headers.Authorization;
        var apiKey = headers[ApiKeyHeader];
        var cookie = headers.Cookie.Count == 0 ? null : FindCookie(headers.Cookie);
        if (authorization.Count == 0 && apiKey.Count == 0 && cookie is null)
        {
            return default;
        }
        if (authorization.Count + apiKey.Count + (cookie is null ? 0 : 1) > 1)
        {
            throw TooMany;
        }
        return cookie is not null ? new(CredentialKind.Cookie, WithoutPreamble(cookie))
            : apiKey.Count == 1 ? new(CredentialKind.ApiKey, apiKey.ToString())
            : FromAuthorization(authorization.ToString());
    }

    /// <summary>For calls that need no credential: even there two are refused.</summary>
    /// <exception cref="BadRequestException">There is more than one.</exception>
    public static void RefuseSeveral(HttpRequest request)
    {
        var headers = request.Headers;
        if (headers.Authorization.Count + headers[ApiKeyHeader].Count + headers.Cookie.Count > 1)
        {
            _ = Of(request);
        }
    }

    private static BadRequestException TooMany => new("Send exactly one credential: a cookie, a bearer token, an x-api-key or Basic.");

    // Read by hand: other cookies of real clients hold spaces, colons and bars, which stricter parsers stumble over.
    private static string? FindCookie(StringValues lines)
    {
        string? found = null;
        foreach (var line in lines)
        {
            foreach (var part in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan()[part].Trim();
                var sign = pair.IndexOf('=');
                if (sign < 0 || !pair[..sign].TrimEnd().Equals(CookieName, StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }
                var value = pair[(sign + 1)..].Trim();
                // An empty one is what a client sends that has none.
                if (value.Length == 0 || value.SequenceEqual(found))
                {
                    continue;
                }
                found = found is null ? value.ToString() : throw TooMany;
            }
        }
        return found;
    }

    private static Credential FromAuthorization(string header)
    {
        var space = header.IndexOf(' ');
        var scheme = space < 0 ? header : header[..space];
        var secret = space < 0 ? "" : header[(space + 1)..].Trim();
        return scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? new(CredentialKind.Bearer, secret)
            : scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? new(CredentialKind.Basic, secret)
            : new(CredentialKind.Bearer, "");
    }

    private static string WithoutPreamble(string cookie)
    {
        var end = cookie.StartsWith(Preamble, StringComparison.Ordinal) ? cookie.IndexOf(PreambleEnd, StringComparison.Ordinal) : -1;
        return end < 0 ? cookie : cookie[(end + PreambleEnd.Length)..];
    }

    /// <summary>Who holds it; null for nobody. Basic is no key.</summary>
    public ValueTask<Caller?> Verify(KeyRing keys) =>
        Kind is CredentialKind.None or CredentialKind.Basic ? ValueTask.FromResult<Caller?>(null) : keys.Authenticate(Secret);

    /// <summary>Never prints the secret.</summary>
    public override string ToString() => $"{Kind} {HeaderNames.Authorization}";
}
