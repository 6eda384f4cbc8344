using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Issuers;

namespace Laurel.Server.Admin;

/// <summary>What somebody is to the administration. Each may open the pages that those before it may; what is on them, and what a
/// change needs, the core decides.</summary>
public enum AdminRole
{
    /// <summary>Has the permission to look.</summary>
    Viewer,

    /// <summary>Manages an issuer at least.</summary>
    Manager,

    /// <summary>May do everything.</summary>
    Administrator,
}

/// <summary>Who signed in, as of this request.</summary>
/// <param name="Managed">The issuers that a manager manages; an administrator's are all.</param>
public sealed record AdminUser(Caller Caller, AdminRole Role, IReadOnlyList<Issuer> Managed)
{
    /// <summary>Null for somebody who has no business here: players, and keys of services.</summary>
    internal static async ValueTask<AdminUser?> Of(LaurelCore core, Caller caller)
    {
        if (caller.IsAdministrator)
        {
            return new(caller, AdminRole.Administrator, []);
        }
        if (caller.UserId is not { } user)
        {
            return null;
        }
        var managed = await core.Issuers.ManagedBy(user);
        return managed.Count > 0 ? new(caller, AdminRole.Manager, managed)
            : caller.Permissions.Contains(Permissions.Viewer) ? new(caller, AdminRole.Viewer, managed)
            : null;
    }

    /// <summary>Whether they may change what belongs to an issuer.</summary>
    public bool Manages(long issuerId) => Role == AdminRole.Administrator || Managed.Any(issuer => issuer.Id == issuerId);
}
