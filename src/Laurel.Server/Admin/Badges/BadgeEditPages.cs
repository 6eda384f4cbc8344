using System.Globalization;
using Laurel.Core;
using Laurel.Core.Badges;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Badges: made and changed.</summary>
internal static class BadgeEditPages
{
    private const string NewPath = BadgePages.Root + "/new";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/badges/new", AdminRole.Manager, call => Page(call, null));
        routes.MapAdminForm("/badges/new", AdminRole.Manager, Create);
        routes.MapAdminPage("/badges/{id}/edit", AdminRole.Manager, call => BadgePages.ForManager(call, badge => Page(call, badge)));
        routes.MapAdminForm("/badges/{id}/edit", AdminRole.Manager, call => BadgePages.ForManager(call, badge => Change(call, badge)));
    }

    private static async ValueTask<PageAnswer> Create(AdminCall call)
    {
        var id = call.Form.Id("id", call);
        if (BadgeForm.Adds(call) || BadgeForm.Read(call, null) is not { } draft)
        {
            return await Page(call, null);
        }
        var outcome = id is null
            ? await call.Core.Badges.Create(draft, call.Caller)
            : (await call.Core.Badges.Put(id.Value, draft, createOnly: true, call.Caller)).Map(put => put.Thing);
        if (outcome.Succeeded(out var badge, out var refusal))
        {
            return AdminCall.Done(BadgePages.Path(badge.Id), "made");
        }
        BadgeForm.Refused(call, refusal.Code == RefusalCode.AlreadyExists ? refusal with { Field = "id" } : refusal);
        return await Page(call, null);
    }

    private static async ValueTask<PageAnswer> Change(AdminCall call, Badge badge)
    {
        if (BadgeForm.Adds(call) || BadgeForm.Read(call, badge) is not { } draft)
        {
            return await Page(call, badge);
        }
        var asOf = call.Form.Number(AdminForm.AsOf, call) ?? 0;
        if ((await call.Core.Badges.Put(badge.Id, draft, createOnly: false, call.Caller, asOf)).Succeeded(out _, out var refusal))
        {
            return AdminCall.Done(BadgePages.Path(badge.Id), "saved");
        }
        var wasChanged = BadgeForm.Refused(call, refusal);
        // Who was told of the other's change may replace it by sending once more.
        var now = await call.Core.Badges.Find(badge.Id) ?? badge;
        return await Page(call, now, wasChanged ? now.UpdatedAt : asOf);
    }

    private static async ValueTask<PageAnswer> Page(AdminCall call, Badge? badge, long? asOf = null)
    {
        call.Path = badge is null ? NewPath : BadgePages.Path(badge.Id) + "/edit";
        var sent = asOf ?? (call.Form.IsSent && long.TryParse(call.Form[AdminForm.AsOf], NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : badge?.UpdatedAt);
        return await call.Page<Badges.BadgeFormPage>(
            ("Badge", badge), ("AsOf", sent), ("Locales", BadgeForm.Locales(call, badge)), ("Issuers", await IssuerChoice.Managed(call)));
    }
}
