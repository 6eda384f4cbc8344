using System.Globalization;
using Laurel.Core;
using Laurel.Core.Issuers;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Places of an issuer: added, renamed, and given to another.</summary>
internal static class PlacePages
{
    public static string Path(Place place) => string.Create(CultureInfo.InvariantCulture, $"{IssuerPages.Path(place.IssuerId)}/places/{place.Id}");

    public static string NewPath(Issuer issuer) => IssuerPages.Path(issuer.Id) + "/places/new";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/issuers/{id}/places/new", AdminRole.Manager, call => ForManager(call, issuer => Page(call, issuer, null)));
        routes.MapAdminForm("/issuers/{id}/places/new", AdminRole.Manager, call => ForManager(call, issuer => Create(call, issuer)));
        routes.MapAdminPage("/issuers/{id}/places/{place}", AdminRole.Manager, call => OfPlace(call, (issuer, place) => Page(call, issuer, place)));
        routes.MapAdminForm("/issuers/{id}/places/{place}", AdminRole.Manager, call => OfPlace(call, (issuer, place) => Change(call, issuer, place)));
    }

    private static async ValueTask<PageAnswer> Create(AdminCall call, Issuer issuer)
    {
        var id = call.Form.Id("id", call);
        if (call.Form.HasErrors)
        {
            return await Page(call, issuer, null);
        }
        var outcome = id is null
            ? await call.Core.Issuers.CreatePlace(issuer.Id, call.Form["name"], call.Caller)
            : (await call.Core.Issuers.PutPlace(id.Value, issuer.Id, call.Form["name"], createOnly: true, call.Caller)).Map(put => put.Thing);
        if (outcome.Succeeded(out _, out var refusal))
        {
            return AdminCall.Done(IssuerPages.Path(issuer.Id), "made");
        }
        call.Refused(refusal.Code == RefusalCode.AlreadyExists ? refusal with { Field = "id" } : refusal);
        return await Page(call, issuer, null);
    }

    private static async ValueTask<PageAnswer> Change(AdminCall call, Issuer issuer, Place place)
    {
        var to = call.Form.Id("issuerId", call) ?? issuer.Id;
        if (!call.Form.HasErrors)
        {
            if ((await call.Core.Issuers.PutPlace(place.Id, to, call.Form["name"], createOnly: false, call.Caller)).Succeeded(out _, out var refusal))
            {
                return AdminCall.Done(IssuerPages.Path(to), "saved");
            }
            call.Refused(refusal);
        }
        return await Page(call, issuer, place);
    }

    private static ValueTask<PageAnswer> Page(AdminCall call, Issuer issuer, Place? place)
    {
        call.Path = place is null ? NewPath(issuer) : Path(place);
        return call.Page<Issuers.PlaceFormPage>(("Issuer", issuer), ("Place", place));
    }

    private static async ValueTask<PageAnswer> ForManager(AdminCall call, Func<Issuer, ValueTask<PageAnswer>> page) =>
        await IssuerPages.Find(call) is not { } issuer ? await call.NotFound()
        : call.User.Manages(issuer.Id) ? await page(issuer)
        : await call.Forbidden();

    private static ValueTask<PageAnswer> OfPlace(AdminCall call, Func<Issuer, Place, ValueTask<PageAnswer>> page) => ForManager(call, async issuer =>
        call.TryId("place", out var id) && await call.Core.Issuers.FindPlace(id) is { } place && place.IssuerId == issuer.Id
            ? await page(issuer, place)
            : await call.NotFound());
}
