using System.Net;

namespace Laurel.Server.Http;

/// <summary>Whether a call that the original API left without authentication may be made without a credential.</summary>
internal sealed class OpenCalls(ServerOptions options)
{
    public bool May(HttpContext context) =>
        options.OpenDialects && RequestOrigin.Peer(context) is { } peer
        && (IsNamed(peer) || RequestOrigin.IsThisMachine(context))
        && IsAllowedHost(context.Request.Host.Host)
        && !RequestOrigin.IsCrossSite(context.Request);

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
}
