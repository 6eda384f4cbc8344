using System.Net;
using Microsoft.Extensions.Primitives;

namespace Laurel.Server.Http;

/// <summary>Whether a call that the original API left without authentication may be made without a credential.</summary>
internal sealed class OpenCalls(ServerOptions options)
{
    /// <param name="context">The call.</param>
    /// <param name="origins">Whose pages the operator lets make such calls from a browser.</param>
    public bool May(HttpContext context, IReadOnlyList<string>? origins = null) =>
        options.OpenDialects && RequestOrigin.Peer(context) is { } peer
        && (IsNamed(peer) || RequestOrigin.IsThisMachine(context))
        && IsAllowedHost(context.Request.Host.Host)
        && (IsOf(context.Request.Headers.Origin, origins) || !RequestOrigin.IsCrossSite(context.Request));

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

    private bool IsAllowedHost(string host) =>
        host is "127.0.0.1" or "localhost" or "[::1]" || options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private static bool IsOf(StringValues origin, IReadOnlyList<string>? origins) =>
        origins is { Count: > 0 } && origin.Count == 1 && origins.Contains(origin.ToString(), StringComparer.OrdinalIgnoreCase);
}
