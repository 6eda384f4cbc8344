using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Server.Admin.Actions;
using Laurel.Server.Admin.Rules;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>What users did: a user's actions, one of them, and a new one.</summary>
internal static class ActionPages
{
    public const string Path = AdminRoutes.Root + "/actions";
    public const string NewPath = Path + "/new";

    private const int PageLength = 50;
    private const string TypeList = "admin action types";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/actions", AdminRole.Viewer, List);
        routes.MapAdminPage("/actions/new", AdminRole.Manager, call => call.Page<NewActionPage>());
        routes.MapAdminForm("/actions/new", AdminRole.Manager, Record);
        routes.MapAdminPage("/actions/{id}", AdminRole.Viewer, Show);
    }

    private static ValueTask<PageAnswer> List(AdminCall call) => call.Query("user") is null ? Types(call) : OfUser(call);

    private static async ValueTask<PageAnswer> Types(AdminCall call)
    {
        var types = await call.Core.ActionTypes.List(ListCursor.Text(call, TypeList) ?? "", PageLength + 1);
        var shown = types.Take(PageLength).ToList();
        return await call.Page<ActionTypeListPage>(("Types", shown), ("Next", types.Count > PageLength ? ListCursor.After(call, TypeList, shown[^1].Name) : null));
    }

    private static async ValueTask<PageAnswer> OfUser(AdminCall call)
    {
        if (call.QueryId("user") is not { } user)
        {
            call.Form.Wrong("user", call.Reader["admin.form.id"]);
            return await Types(call);
        }
        call.Path = ListCursor.With(Path, ("user", user));
        var list = $"admin actions of user {user}";
        if (!(await call.Core.Actions.OfUser(user, ListCursor.Position(call, list) ?? Position.Last, PageLength + 1, call.Caller)).Succeeded(out var actions, out var refusal))
        {
            call.Form.Wrong("user", AdminRefusals.Say(call.Reader, refusal));
            call.Path = Path;
            return await Types(call);
        }
        var shown = actions.Take(PageLength).ToList();
        return await call.Page<ActionListPage>(
            ("UserId", user), ("Actions", shown),
            ("Next", actions.Count > PageLength ? ListCursor.After(call, list, new Position(shown[^1].OccurredAt, shown[^1].Id)) : null));
    }

    private static async ValueTask<PageAnswer> Show(AdminCall call) =>
        !call.TryId("id", out var id) ? await call.NotFound()
        : (await call.Core.Actions.Find(id, call.Caller)).Succeeded(out var action, out var refusal)
            ? await call.Page<ActionPage>(("Action", action), ("Counting", await call.Core.Rules.Counting(action, call.Caller)))
        : await RulePages.Missing(call, refusal);

    private static async ValueTask<PageAnswer> Record(AdminCall call)
    {
        var draft = new ActionDraft(call.Form["type"], call.Form.Id("userId", call) ?? 0)
        {
            Id = call.Form.Id("id", call),
            Subject = call.Form.Text("subject"),
            OccurredAt = FormTime.Read(call, "occurredAt"),
            Properties = call.Form.Text("properties"),
        };
        if (!call.Form.HasErrors)
        {
            if ((await call.Core.Actions.Record(draft, call.Caller, bulk: false, call.Http.RequestAborted)).Succeeded(out var outcome, out var refusal))
            {
                return AdminCall.Done($"{Path}/{outcome.Action.Id}", outcome.Counted ? "actionRecorded" : "actionLate");
            }
            call.Refused(refusal);
        }
        return await call.Page<NewActionPage>();
    }
}
