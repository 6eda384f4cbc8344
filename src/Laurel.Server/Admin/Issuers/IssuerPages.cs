using System.Globalization;
using Laurel.Core;
using Laurel.Core.Issuers;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Issuers. Who may change one is asked of the core: administrators, so far.</summary>
internal static class IssuerPages
{
    public const string Root = AdminRoutes.Root + "/issuers";

    private const int PerPage = 50;

    // Of an issuer's managers on its page; there may be a thousand.
    private const int NamedManagers = 50;

    public static string Path(long issuerId) => string.Create(CultureInfo.InvariantCulture, $"{Root}/{issuerId}");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/issuers", AdminRole.Viewer, List);
        routes.MapAdminPage("/issuers/new", AdminRole.Administrator, call => Edit(call, null));
        routes.MapAdminForm("/issuers/new", AdminRole.Administrator, Create);
        routes.MapAdminPage("/issuers/{id}", AdminRole.Viewer, View);
        routes.MapAdminPage("/issuers/{id}/edit", AdminRole.Administrator, async call => await Find(call) is { } issuer ? await Edit(call, issuer) : await call.NotFound());
        routes.MapAdminForm("/issuers/{id}/edit", AdminRole.Administrator, Change);
        PlacePages.Map(routes);
    }

    private static async ValueTask<PageAnswer> List(AdminCall call)
    {
        var text = call.Query("text");
        var after = call.QueryId("after");
        var filter = $"{Root}?text={Uri.EscapeDataString(text ?? "")}";
        var (issuers, next) = await call.Core.Issuers.Search(text ?? "", after ?? 0, PerPage);
        call.Path = after is null ? filter : $"{filter}&after={after}";
        return await call.Page<Issuers.IssuerListPage>(
            ("Issuers", issuers), ("Text", text), ("First", after is null ? null : filter), ("Next", next is null ? null : $"{filter}&after={next}"));
    }

    private static async ValueTask<PageAnswer> View(AdminCall call)
    {
        if (await Find(call) is not { } issuer)
        {
            return await call.NotFound();
        }
        var path = Path(issuer.Id);
        var after = call.QueryId("after");
        var places = await call.Core.Issuers.ListPlaces(issuer.Id, after ?? 0, PerPage + 1);
        var managers = new List<(long, string?)>();
        foreach (var id in issuer.Managers.Take(NamedManagers))
        {
            // Never a key: it may be an address.
            var user = await call.Core.Users.Find(id);
            managers.Add((id, user?.Draft.FullName is { Length: > 0 } name ? name : user?.Draft.Username));
        }
        call.Path = after is null ? path : $"{path}?after={after}";
        return await call.Page<Issuers.IssuerViewPage>(
            ("Issuer", issuer), ("Managers", managers), ("Places", places.Take(PerPage).ToList()), ("First", after is null ? null : path),
            ("Next", places.Count > PerPage ? $"{path}?after={places[PerPage - 1].Id}" : null));
    }

    private static async ValueTask<PageAnswer> Create(AdminCall call)
    {
        var id = call.Form.Id("id", call);
        if (IssuerForm.Read(call) is not { } draft)
        {
            return await Edit(call, null);
        }
        var outcome = id is null
            ? await call.Core.Issuers.Create(draft, call.Caller)
            : (await call.Core.Issuers.Put(id.Value, draft, createOnly: true, call.Caller)).Map(put => put.Thing);
        if (outcome.Succeeded(out var issuer, out var refusal))
        {
            return AdminCall.Done(Path(issuer.Id), "made");
        }
        IssuerForm.Refused(call, refusal.Code == RefusalCode.AlreadyExists ? refusal with { Field = "id" } : refusal);
        return await Edit(call, null);
    }

    private static async ValueTask<PageAnswer> Change(AdminCall call)
    {
        if (await Find(call) is not { } issuer)
        {
            return await call.NotFound();
        }
        if (IssuerForm.Read(call) is not { } draft)
        {
            return await Edit(call, issuer);
        }
        var asOf = call.Form.Number(AdminForm.AsOf, call) ?? 0;
        if ((await call.Core.Issuers.Put(issuer.Id, draft, createOnly: false, call.Caller, asOf)).Succeeded(out _, out var refusal))
        {
            return AdminCall.Done(Path(issuer.Id), "saved");
        }
        // Who was told of the other's change may replace it by sending once more.
        var wasChanged = IssuerForm.Refused(call, refusal);
        var now = await call.Core.Issuers.Find(issuer.Id) ?? issuer;
        return await Edit(call, now, wasChanged ? now.UpdatedAt : asOf);
    }

    private static ValueTask<PageAnswer> Edit(AdminCall call, Issuer? issuer, long? asOf = null)
    {
        call.Path = issuer is null ? Root + "/new" : Path(issuer.Id) + "/edit";
        var sent = asOf ?? (long.TryParse(call.Form[AdminForm.AsOf], NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : issuer?.UpdatedAt);
        return call.Page<Issuers.IssuerFormPage>(("Issuer", issuer), ("AsOf", sent));
    }

    internal static async ValueTask<Issuer?> Find(AdminCall call) => call.TryId("id", out var id) ? await call.Core.Issuers.Find(id) : null;
}
