using System.Globalization;
using Laurel.Core.Live;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>What the stream keeps: awards, removals and corrections of the past seven days.</summary>
internal static class AwardsPages
{
    public const string Path = AdminRoutes.Root + "/awards";

    /// <summary>By what events are filtered; the stream knows these parameters by the same names.</summary>
    public static readonly IReadOnlyList<string> Filters = ["issuerId", "userId", "badgeId"];

    private const int PageLength = 50;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapAdminPage("/awards", AdminRole.Viewer, Show);

    private static async ValueTask<PageAnswer> Show(AdminCall call)
    {
        foreach (var name in Filters.Where(name => call.Query(name) is not null && call.QueryId(name) is null))
        {
            call.Form.Wrong(name, call.Reader["admin.form.id"]);
        }
        LiveEventId? before = LiveEventId.TryParse(call.Query("before"), out var place) ? place : null;
        call.Path = Address(call, before);
        var past = await call.Core.Live.Past(before, each => IsWanted(call, each), PageLength, call.Http.RequestAborted);
        return await call.Page<Overview.AwardsPage>(
            ("Events", await ShownEvent.All(call.Core, past.Events, call.Caller)),
            ("Newest", before is null ? null : Address(call, before: null)),
            ("Older", past.Older is { } older ? Address(call, older) : null),
            ("Stream", before is null && !call.Form.HasErrors ? Filtered(call, AdminStream.Path, ("lastEventId", past.Head.ToString())) : null));
    }

    private static async ValueTask<bool> IsWanted(AdminCall call, LiveEvent each) =>
        Matches(call, "userId", each.UserId) && Matches(call, "badgeId", each.BadgeId)
        && (call.QueryId("issuerId") is not { } issuer || (await call.Core.Badges.Find(each.BadgeId))?.IssuerId == issuer);

    private static bool Matches(AdminCall call, string name, long id) => call.QueryId(name) is not { } wanted || wanted == id;

    private static string Address(AdminCall call, LiveEventId? before) =>
        before is { } place ? Filtered(call, Path, ("before", place.ToString())) : Filtered(call, Path);

    private static string Filtered(AdminCall call, string path, params (string Name, string Value)[] more)
    {
        var parts = Filters.Select(name => (Name: name, Id: call.QueryId(name))).Where(part => part.Id is not null)
            .Select(part => (part.Name, Value: part.Id!.Value.ToString(CultureInfo.InvariantCulture))).Concat(more)
            .Select(part => $"{part.Name}={part.Value}");
        return string.Join('&', parts) is { Length: > 0 } query ? $"{path}?{query}" : path;
    }
}
