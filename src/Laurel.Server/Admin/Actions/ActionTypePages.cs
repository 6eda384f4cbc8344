using Laurel.Server.Admin.Actions;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>A type of actions, named in the query: there are names that no path can hold.</summary>
internal static class ActionTypePages
{
    public const string Path = ActionPages.Path + "/type";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/actions/type", AdminRole.Viewer, Show);
        routes.MapAdminForm("/actions/type", AdminRole.Manager, Save);
    }

    public static string PathOf(string name) => ListCursor.With(Path, ("name", name));

    private static async ValueTask<PageAnswer> Show(AdminCall call)
    {
        if (call.Query("name") is not { } name)
        {
            return await call.Page<ActionTypePage>();
        }
        call.Path = PathOf(name);
        return await call.Core.ActionTypes.Find(name) is { } type ? await call.Page<ActionTypePage>(("Type", type)) : await call.NotFound();
    }

    private static async ValueTask<PageAnswer> Save(AdminCall call)
    {
        var isNew = call.Query("name") is null;
        var name = call.Query("name") ?? call.Form["name"];
        if ((await call.Core.ActionTypes.Put(name, call.Form.Text("description"), createOnly: isNew, call.Caller)).Succeeded(out var put, out var refusal))
        {
            return AdminCall.Done(PathOf(put.Thing.Name), put.Created ? "made" : "saved");
        }
        call.Refused(refusal);
        return await call.Page<ActionTypePage>(("Type", isNew ? null : await call.Core.ActionTypes.Find(name)));
    }
}
