using System.Reflection;
using Laurel.Core.Storage;
using Laurel.Server.Http;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Whether this server and what is behind it are well: what /health says, and more.</summary>
internal static class HealthPages
{
    private static readonly string Version =
        typeof(HealthPages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapAdminPage("/health", AdminRole.Viewer, Show);

    private static async ValueTask<PageAnswer> Show(AdminCall call)
    {
        var lifetime = call.Http.RequestServices.GetRequiredService<IHostApplicationLifetime>();
        var cause = await Health.NotReadyBecause(call.Core, lifetime);
        return await call.Page<Overview.HealthPage>(("Shown", new ShownHealth(
            cause, await call.Core.Schema(), await call.Core.NodeSlots(), Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: false), Version)));
    }
}

/// <summary>How this server is.</summary>
/// <param name="NotReady">Why no requests can be served, in English; null where they can.</param>
/// <param name="Memory">Of the process, in bytes.</param>
/// <param name="Managed">Of that, what .NET holds for objects.</param>
public sealed record ShownHealth(string? NotReady, int Schema, IReadOnlyList<NodeSlot> Slots, long Memory, long Managed, string Version);
