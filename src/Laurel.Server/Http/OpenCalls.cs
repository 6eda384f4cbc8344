using System.Net;
using Microsoft.Extensions.Primitives;

namespace Laurel.Server.Http;

/// <summary>Whether a call that the original API left without authentication may be made without a credential. Loopback is not
/// trust: a reverse proxy, a browser on a foreign page and a rebound DNS name all come from there.</summary>
internal sealed class OpenCalls(ServerOptions options)
{
    private static readonly string[] ForwardingHeaders =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "X-Original-For", "CF-Connecting-IP", "True-Client-IP"];

    /// <param name="context">The call.</param>
    /// <param name="origins">Whose pages the operator lets make such calls from a browser.</param>
    public bool May(HttpContext context, IReadOnlyList<string>? origins = null)
    {
        if (!options.OpenDialects || context.Connection.RemoteIpAddress is not { } peer)
        {
            return false;
        }
        if (peer.IsIPv4MappedToIPv6)
        {
            peer = peer.MapToIPv4();
        }
        var named = IsNamed(peer);
        return (named || (IPAddress.IsLoopback(peer) && !IsForwarded(context.Request.Headers)))
            && IsAllowedHost(context.Request.Host.Host)
            && (IsOf(context.Request.Headers.Origin, origins) || !IsCrossSite(context.Request));
    }

    private bool IsNamed(IPAddress peer)
    {
        foreach (var network in options.OpenNetworks)
        {
            if (network.Contains(peer))
            {
                return true;
            }
        }
        return false;
    }

    private static bool IsForwarded(IHeaderDictionary headers)
    {
        foreach (var name in ForwardingHeaders)
        {
            if (headers.ContainsKey(name))
            {
                return true;
            }
        }
        return false;
    }

    private bool IsAllowedHost(string host) =>
        host is "127.0.0.1" or "localhost" or "[::1]" || options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private static bool IsOf(StringValues origin, IReadOnlyList<string>? origins) =>
        origins is { Count: > 0 } && origin.Count == 1 && origins.Contains(origin.ToString(), StringComparer.OrdinalIgnoreCase);

    // A browser says where a request comes from; other clients say nothing.
    private static bool IsCrossSite(HttpRequest request)
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
