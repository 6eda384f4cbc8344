using System.Globalization;
using Laurel.Core.Rules;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>What Laurel does by itself: rules applied to the past, old rows dropped, the stream numbered.</summary>
internal static class JobsPages
{
    private const string Path = AdminRoutes.Root + "/jobs";

    private const int PageLength = 20;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapAdminPage("/jobs", AdminRole.Viewer, Show);

    private static async ValueTask<PageAnswer> Show(AdminCall call)
    {
        var before = call.QueryId("before");
        if (!(await call.Core.Backfills.List(before, PageLength + 1, call.Caller)).Succeeded(out var backfills, out _))
        {
            return await call.Forbidden();
        }
        var shown = new List<ShownBackfill>();
        foreach (var backfill in backfills.Take(PageLength))
        {
            shown.Add(new ShownBackfill(backfill, await call.Core.Rules.Find(backfill.RuleId)));
        }
        return await call.Page<Overview.JobsPage>(
            ("Backfills", shown),
            ("First", before is null ? null : Path),
            ("Next", backfills.Count > PageLength ? string.Create(CultureInfo.InvariantCulture, $"{Path}?before={shown[^1].Backfill.Id}") : null));
    }
}

/// <summary>A backfill, and its rule.</summary>
public sealed record ShownBackfill(Backfill Backfill, Rule? Rule);
