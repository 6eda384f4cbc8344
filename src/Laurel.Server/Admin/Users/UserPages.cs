using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Users;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Users: found, shown and edited. What their records hold of them (e-mail, key, profile) is for those to whom the native API
/// tells it.</summary>
internal static class UserPages
{
    public const string Path = AdminRoutes.Root + "/users";
    public const string NewPath = Path + "/new";

    /// <summary>Things on a page of a list.</summary>
    public const int PerPage = 50;

    public static string PathOf(long id) => FormattableString.Invariant($"{Path}/{id}");

    public static string EditPathOf(long id) => $"{PathOf(id)}/edit";

    public static string PointsPathOf(long id) => $"{PathOf(id)}/points";

    public static string RemovedPathOf(long id) => $"{PathOf(id)}/removed";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/users", AdminRole.Viewer, List);
        routes.MapAdminPage("/users/new", AdminRole.Administrator, call => EditPage(call, null));
        routes.MapAdminForm("/users/new", AdminRole.Administrator, Create);
        routes.MapAdminPage("/users/{id}", AdminRole.Viewer, call => Of(call, user => Show(call, user)));
        routes.MapAdminPage("/users/{id}/edit", AdminRole.Administrator, call => Of(call, user => Edit(call, user)));
        routes.MapAdminForm("/users/{id}/edit", AdminRole.Administrator, call => Of(call, user => Change(call, user)));
        routes.MapAdminPage("/users/{id}/points", AdminRole.Administrator, call => Of(call, user => Points(call, user)));
        routes.MapAdminForm("/users/{id}/points", AdminRole.Administrator, call => Of(call, user => AddPoints(call, user)));
        routes.MapAdminPage("/users/{id}/removed", AdminRole.Viewer, call => Of(call, user => Removed(call, user)));
    }

    /// <summary>Whether the caller may read the whole record of a user.</summary>
    public static bool MayRead(this AdminCall call, long userId) => call.Caller.MayFor(userId, Scopes.UsersRead);

    /// <summary>What to call a user: a name of theirs, their key only to those who may read it, else their id.</summary>
    public static string NameOf(AdminCall call, User user) =>
        user.Draft.FullName is { Length: > 0 } name ? name
        : user.Draft.Username is { Length: > 0 } username ? username
        : call.MayRead(user.Id) ? user.Key
        : FormattableString.Invariant($"{user.Id}");

    /// <summary>Runs what is asked of the user whom the path names.</summary>
    public static async ValueTask<PageAnswer> Of(AdminCall call, Func<User, ValueTask<PageAnswer>> handle) =>
        call.TryId("id", out var id) && await call.Core.Users.Find(id) is { } user ? await handle(user) : await call.NotFound();

    private static async ValueTask<PageAnswer> List(AdminCall call)
    {
        if (call.Query("q") is { } sought)
        {
            return await Search(call, sought);
        }
        var users = await call.Core.Users.List(call.QueryId("after") ?? 0, PerPage + 1);
        return await call.Page<Users.UserListPage>(
            ("Users", users.Take(PerPage).ToList()),
            ("Next", users.Count > PerPage ? FormattableString.Invariant($"{Path}?after={users[PerPage - 1].Id}") : null),
            ("First", call.QueryId("after") is null ? null : Path));
    }

    private static async ValueTask<PageAnswer> Search(AdminCall call, string sought)
    {
        var behind = After(call.Query("after"));
        var found = await call.Core.UserSearch.Find(sought, call.Caller.MayEverywhere(Scopes.UsersRead), behind, PerPage);
        var users = found.Users.ToList();
        if (behind is null && TextRules.TryCanonicalId(sought, out var id) && await call.Core.Users.Find(id) is { } named)
        {
            users.RemoveAll(user => user.Id == id);
            users.Insert(0, named);
        }
        var first = $"{Path}?q={Uri.EscapeDataString(sought)}";
        return await call.Page<Users.UserListPage>(
            ("Sought", sought), ("Users", users), ("IsCut", found.IsCut),
            ("Next", found.Next is { } next ? $"{first}&after={Uri.EscapeDataString((next.IsLogin ? "l" : "k") + next.Name)}" : null),
            ("First", behind is null ? null : first));
    }

    private static NamePosition? After(string? cursor) => cursor is ['l' or 'k', _, ..] ? new(cursor[1..], cursor[0] == 'l') : null;

    private static async ValueTask<PageAnswer> Show(AdminCall call, User user)
    {
        var after = call.Query("after") is { } cursor && ReadPosition(cursor) is { } position ? position : Position.First;
        var awards = await call.Core.UserAwards.List(user.Id, after, PerPage + 1);
        var isFirst = after == Position.First;
        return await call.Page<Users.UserPage>(
            ("User", user),
            ("Awards", await AwardRow.Of(call, [.. awards.Take(PerPage)])),
            ("Progress", isFirst ? await OpenBadge.Of(call, user.Id) : []),
            ("Points", (await call.Core.Points.Find(user.Id, call.Caller)).Succeeded(out var account, out _) ? account.Balance : null),
            ("First", isFirst ? null : PathOf(user.Id)),
            ("Next", awards.Count > PerPage
                ? FormattableString.Invariant($"{PathOf(user.Id)}?after={awards[PerPage - 1].AwardedAt}.{awards[PerPage - 1].Id}")
                : null));
    }

    private static Position? ReadPosition(string cursor) =>
        cursor.Split('.') is [var at, var id] && TextRules.TryCanonicalId(at, out var time) && TextRules.TryCanonicalId(id, out var award)
            ? new Position(time, award)
            : null;

    private static async ValueTask<PageAnswer> Create(AdminCall call)
    {
        var (id, draft, password) = (call.Form.Id("id", call), UserForm.ToDraft(call, null), UserForm.Password(call));
        if (call.Form.HasErrors)
        {
            return await EditPage(call, null);
        }
        var outcome = id is { } chosen
            ? (await call.Core.Users.Put(chosen, draft, password, createOnly: true, call.Caller)).Map(put => put.Thing)
            : await call.Core.Users.Create(draft, password, call.Caller);
        if (outcome.Succeeded(out var user, out var refusal))
        {
            return AdminCall.Done(PathOf(user.Id), "made");
        }
        call.Refused(refusal.Code == RefusalCode.AlreadyExists ? refusal with { Field = "id" } : refusal, UserForm.Fields);
        return await EditPage(call, null);
    }

    private static ValueTask<PageAnswer> Edit(AdminCall call, User user) => call.MayRead(user.Id) ? EditPage(call, user) : call.Forbidden();

    private static async ValueTask<PageAnswer> Change(AdminCall call, User user)
    {
        if (!call.MayRead(user.Id))
        {
            return await call.Forbidden();
        }
        var (draft, password) = (UserForm.ToDraft(call, user), UserForm.Password(call));
        if (call.Form.HasErrors)
        {
            return await EditPage(call, user);
        }
        if ((await call.Core.Users.Put(user.Id, draft, password, createOnly: false, call.Caller, AsOf(call))).Succeeded(out _, out var refusal))
        {
            return AdminCall.Done(PathOf(user.Id), "saved");
        }
        if (!AdminRefusals.IsOfAnother(refusal))
        {
            call.Refused(refusal, UserForm.Fields);
            return await EditPage(call, user);
        }
        // Who was told of the other's change may replace it by sending once more.
        call.Form.Wrong(AdminForm.Whole, call.Reader["admin.users.changed"]);
        var now = await call.Core.Users.Find(user.Id) ?? user;
        return await EditPage(call, now, now.UpdatedAt);
    }

    private static ValueTask<PageAnswer> EditPage(AdminCall call, User? user, long? asOf = null) =>
        call.Page<Users.UserEditPage>(("User", user), ("AsOf", asOf ?? AsOf(call) ?? user?.UpdatedAt));

    private static long? AsOf(AdminCall call) => call.Form.Number(AdminForm.AsOf, call);

    private static async ValueTask<PageAnswer> Points(AdminCall call, User user)
    {
        if (!(await call.Core.Points.Find(user.Id, call.Caller)).Succeeded(out var account, out _))
        {
            return await call.Forbidden();
        }
        var after = call.QueryId("after") ?? 0;
        var entries = await call.Core.Points.List(user.Id, after, PerPage + 1);
        return await call.Page<Users.PointsPage>(
            ("User", user), ("Account", account), ("Entries", entries.Take(PerPage).ToList()),
            ("First", after == 0 ? null : PointsPathOf(user.Id)),
            ("Next", entries.Count > PerPage ? FormattableString.Invariant($"{PointsPathOf(user.Id)}?after={entries[PerPage - 1].Number}") : null));
    }

    private static async ValueTask<PageAnswer> AddPoints(AdminCall call, User user)
    {
        var delta = call.Form.Number("delta", call);
        if (!call.Form.HasErrors)
        {
            if ((await call.Core.Points.Add(user.Id, delta ?? 0, call.Form.Text("reason"), call.Caller)).Succeeded(out _, out var refusal))
            {
                return AdminCall.Done(PointsPathOf(user.Id), "pointsChanged");
            }
            call.Refused(refusal);
        }
        return await Points(call, user);
    }

    private static async ValueTask<PageAnswer> Removed(AdminCall call, User user)
    {
        var list = $"admin removed awards of user {user.Id}";
        var removed = await call.Core.RemovedAwards.List(user.Id, ListCursor.Removed(call, list) ?? RemovedPosition.First, PerPage + 1);
        return await call.Page<Users.RemovedPage>(
            ("User", user), ("Removed", await RemovedRow.Of(call, [.. removed.Take(PerPage)])), ("First", ListCursor.First(call)),
            ("Next", removed.Count > PerPage ? ListCursor.After(call, list, removed[PerPage - 1].Position) : null));
    }
}
