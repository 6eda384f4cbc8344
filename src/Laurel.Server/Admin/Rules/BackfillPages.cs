using Laurel.Core;
using Laurel.Core.Rules;
using Laurel.Server.Admin.Rules;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>A backfill: how far it is, its end and its undoing.</summary>
internal static class BackfillPages
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/backfills/{id}", AdminRole.Viewer, Show);
        routes.MapAdminPage("/backfills/{id}/progress", AdminRole.Viewer, Progress);
        routes.MapAdminForm("/backfills/{id}/stop", AdminRole.Manager, call => Take(call, call.Core.Backfills.Stop, "backfillStopped"));
        routes.MapAdminForm("/backfills/{id}/undo", AdminRole.Manager, call => Take(call, call.Core.Backfills.TakeBack, "backfillBegun"));
    }

    public static string PathOf(long id) => $"{AdminRoutes.Root}/backfills/{id}";

    public static string KindKey(BackfillKind kind) => kind switch
    {
        BackfillKind.Apply => "admin.backfill.apply",
        BackfillKind.TakeBack => "admin.backfill.undo",
    };

    private static async ValueTask<PageAnswer> Show(AdminCall call) =>
        !call.TryId("id", out var id) ? await call.NotFound()
        : (await call.Core.Backfills.Find(id, call.Caller)).Succeeded(out var backfill, out var refusal) ? await Page(call, backfill)
        : await RulePages.Missing(call, refusal);

    private static async ValueTask<PageAnswer> Page(AdminCall call, Backfill backfill)
    {
        call.Path = PathOf(backfill.Id);
        var (rule, mayWrite) = await RuleOf(call, backfill);
        return await call.Page<BackfillPage>(("Backfill", backfill), ("Rule", rule), ("MayWrite", mayWrite));
    }

    private static async ValueTask<(Rule Rule, bool MayWrite)> RuleOf(AdminCall call, Backfill backfill)
    {
        var rule = (await call.Core.Rules.Find(backfill.RuleId))!;
        return (rule, RulePages.MayWrite(call, rule, await NamedBadges.Of(call, [rule.Draft])));
    }

    // What a page that stays open asks for again and again.
    private static async ValueTask<PageAnswer> Progress(AdminCall call)
    {
        if (!call.TryId("id", out var id))
        {
            return await call.NotFound();
        }
        if (!(await call.Core.Backfills.Find(id, call.Caller)).Succeeded(out var backfill, out var refusal))
        {
            return await RulePages.Missing(call, refusal);
        }
        var (_, mayWrite) = await RuleOf(call, backfill);
        return await call.Page<BackfillProgress>(("Backfill", backfill), ("MayWrite", mayWrite));
    }

    private static async ValueTask<PageAnswer> Take(AdminCall call, Func<long, Laurel.Core.Access.Caller, Task<Outcome<Backfill>>> change, string done)
    {
        if (!call.TryId("id", out var id))
        {
            return await call.NotFound();
        }
        if ((await change(id, call.Caller)).Succeeded(out var changed, out var refusal))
        {
            return AdminCall.Done(PathOf(changed.Id), done);
        }
        if (!(await call.Core.Backfills.Find(id, call.Caller)).Succeeded(out var standing, out _))
        {
            return await RulePages.Missing(call, refusal);
        }
        call.Refused(refusal);
        return await Page(call, standing);
    }
}
