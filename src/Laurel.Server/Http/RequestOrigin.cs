using System.Net;

namespace Laurel.Server.Http;

/// <summary>Where a request comes from. Loopback is not trust: a reverse proxy, a browser on a foreign page and a rebound DNS name
/// all come from there.</summary>
internal static class RequestOrigin
{
    private static readonly string[] ForwardingHeaders =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "X-Original-For", "CF-Connecting-IP", "True-Client-IP"];

    /// <summary>The peer's address, null where there is none; of IPv4 also where the socket is of IPv6.</summary>
    public static IPAddress? Peer(HttpContext context) =>
        context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : context.Connection.RemoteIpAddress;

    /// <summary>Whether the peer is this machine, and speaks for itself.</summary>
    public static bool IsThisMachine(HttpContext context) =>
        Peer(context) is { } peer && IPAddress.IsLoopback(peer) && !IsForwarded(context.Request);

    // A proxy that adds no header and rewrites Host is known by its protocol still, where it is left at nginx's own default.
    private static bool IsForwarded(HttpRequest request)
    {
        if (HttpProtocol.IsHttp10(request.Protocol))
        {
            return true;
        }
        foreach (var name in ForwardingHeaders)
        {
            if (request.Headers.ContainsKey(name))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether a browser says that a foreign page sent it. Other clients say nothing.</summary>
    public static bool IsCrossSite(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0 && site.ToString() is not ("same-origin" or "none"))
        {
            return true;
        }
        var origin = request.Headers.Origin;
        return origin.Count > 0
            && !(Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var from)
                && from.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase)
                && from.Scheme == request.Scheme);
    }
}
