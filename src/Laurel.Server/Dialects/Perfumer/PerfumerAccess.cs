using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Perfumer;

/// <summary>Who calls: a key, or nobody where the call is open. A cookie does not count: nothing would protect it from forgery here.
/// Contract: docs/dialects/perfumer.md#authentication</summary>
internal sealed class PerfumerAccess(LaurelCore core, OpenCalls open, ServerOptions options)
{
    /// <returns>Whether the call may go on, and the caller, null for an open call.</returns>
    /// <exception cref="BadRequestException">There is more than one credential.</exception>
    public async ValueTask<(bool Allowed, Caller? Caller)> Caller(HttpContext context)
    {
        var credential = Credential.Of(context.Request);
        if (credential.Kind is CredentialKind.None or CredentialKind.Cookie)
        {
            return (open.May(context, options.PerfumerOrigins), null);
        }
        var caller = await credential.Verify(core.Keys);
        return (caller is not null, caller);
    }
}
