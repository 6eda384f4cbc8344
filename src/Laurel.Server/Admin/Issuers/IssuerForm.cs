using Laurel.Core;
using Laurel.Core.Issuers;
using Laurel.Server.Native;

namespace Laurel.Server.Admin;

/// <summary>An issuer as its form sends it: the fields of the native API's body.</summary>
internal static class IssuerForm
{
    private static readonly Dictionary<string, string> Fields = new() { ["creator"] = "creatorId", ["creator.type"] = "creatorType" };

    /// <summary>What was sent; null, and the form says why, where it is no issuer.</summary>
    public static IssuerDraft? Read(AdminCall call)
    {
        var form = call.Form;
        var body = new IssuerBody
        {
            Name = form["name"],
            RootPlaceId = form.Id("rootPlaceId", call) ?? 0,
            TimeZone = form.Text("timeZone") ?? Core.Awards.Zones.Utc,
            Creator = new() { Type = form.Text("creatorType") ?? "User", Id = form.Id("creatorId", call) ?? 0, Name = form.Text("creatorName") },
            Managers = form.Ids("managers", call),
            LifetimeDays = form.Number("lifetimeDays", call) is { } days ? (int)Math.Clamp(days, int.MinValue, int.MaxValue) : null,
        };
        if (form.Text("key") is { } key)
        {
            body.Key = key;
        }
        if (!body.ToDraft().Succeeded(out var draft, out var refusal))
        {
            call.Refused(refusal, Fields);
        }
        return form.HasErrors ? null : draft;
    }

    /// <summary>Takes the core's refusal of what was sent.</summary>
    /// <returns>Whether it was refused because somebody else was faster.</returns>
    public static bool Refused(AdminCall call, Refusal refusal)
    {
        if (AdminRefusals.IsOfAnother(refusal))
        {
            call.Form.Wrong(AdminForm.Whole, call.Reader["admin.issuers.changed"]);
            return true;
        }
        call.Refused(refusal, Fields);
        return false;
    }
}
