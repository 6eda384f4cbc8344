using System.Globalization;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Images;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Badges: looked for, looked at, and taken out of sight. Who may change one is asked of the core.</summary>
internal static class BadgePages
{
    public const string Root = AdminRoutes.Root + "/badges";

    private const int PerPage = 50;

    // With what a form of several parts adds; what is too large for an icon, the core says.
    private const long IconBodyLimit = 2 * Icons.MaximumBytes;

    private const string File = "file";

    public static string Path(long badgeId) => string.Create(CultureInfo.InvariantCulture, $"{Root}/{badgeId}");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/badges", AdminRole.Viewer, List);
        BadgeEditPages.Map(routes);
        routes.MapAdminPage("/badges/{id}", AdminRole.Viewer, View);
        routes.MapAdminPage("/badges/{id}/holders", AdminRole.Viewer, Holders);
        routes.MapAdminPage("/badges/{id}/icon", AdminRole.Manager, Icon);
        routes.MapAdminForm("/badges/{id}/icon", AdminRole.Manager, GiveIcon, IconBodyLimit);
        routes.MapAdminForm("/badges/{id}/icon/remove", AdminRole.Manager, TakeIcon);
        routes.MapAdminPage("/badges/{id}/delete", AdminRole.Manager, Delete);
        routes.MapAdminForm("/badges/{id}/delete", AdminRole.Manager, call => SetDeleted(call, isDeleted: true));
        routes.MapAdminForm("/badges/{id}/restore", AdminRole.Manager, call => SetDeleted(call, isDeleted: false));
    }

    private static async ValueTask<PageAnswer> List(AdminCall call)
    {
        var search = new BadgeSearch
        {
            Text = call.Query("text") is { } text && TextRules.IsStorable(text) ? text : null,
            IssuerId = call.QueryId("issuer"),
            State = BadgeWords.StateOf(call.Query("state")),
        };
        var filter = Filter(search);
        var after = call.QueryId("after");
        var (badges, next) = await call.Core.Badges.Search(search, after ?? 0, PerPage, call.Caller);
        var rows = new List<ListedBadge>(badges.Count);
        foreach (var badge in badges)
        {
            rows.Add(await Listed(call, badge));
        }
        call.Path = $"{Root}?{filter}{(after is null ? "" : $"&after={after}")}";
        return await call.Page<Badges.BadgeListPage>(
            ("Badges", rows), ("Search", search), ("Issuers", await IssuerChoice.All(call)),
            ("First", after is null ? null : $"{Root}?{filter}"), ("Next", next is null ? null : $"{Root}?{filter}&after={next}"));
    }

    private static string Filter(BadgeSearch search) => string.Create(CultureInfo.InvariantCulture,
        $"text={Uri.EscapeDataString(search.Text ?? "")}&issuer={search.IssuerId}&state={(search.State is { } state ? BadgeWords.Word(state) : "")}");

    private static async ValueTask<ListedBadge> Listed(AdminCall call, Badge badge) => new(
        await call.Core.Badges.AsSeenBy(badge, call.Caller), (await call.Core.Issuers.Find(badge.IssuerId))!,
        await call.Core.Statistics.Awarded(badge.Id), call.Core.Statistics.WinRate(badge.Id, badge.IssuerId), call.Core.Statistics.Visitors(badge.IssuerId));

    private static async ValueTask<PageAnswer> View(AdminCall call)
    {
        if (await Find(call) is not { } badge)
        {
            return await call.NotFound();
        }
        call.Path = Path(badge.Id);
        var statistics = call.Core.Statistics;
        var shows = await call.Core.Badges.ShowsItself(badge, call.Caller);
        var (today, days) = await statistics.AwardedByDay(badge.Id);
        return await call.Page<Badges.BadgeViewPage>(
            ("Listed", await Listed(call, badge)), ("IsMasked", !shows), ("PastDay", statistics.PastDay(badge.Id)), ("Today", today), ("Days", days),
            ("Rules", shows ? await call.Core.Rules.OfBadge(badge.Id) : []));
    }

    private static async ValueTask<PageAnswer> Holders(AdminCall call)
    {
        if (await Find(call) is not { } badge)
        {
            return await call.NotFound();
        }
        call.Path = Path(badge.Id) + "/holders";
        var list = string.Create(CultureInfo.InvariantCulture, $"admin holders of badge {badge.Id}");
        var (awards, next) = await call.Core.Holders.List(badge.Id, ListCursor.Award(call, list), PerPage);
        var holders = new List<Holder>(awards.Count);
        foreach (var award in awards)
        {
            // Never a key: it may be an address.
            var user = await call.Core.Users.Find(award.UserId);
            holders.Add(new Holder(award, user?.Draft.FullName is { Length: > 0 } name ? name : user?.Draft.Username));
        }
        return await call.Page<Badges.HoldersPage>(
            ("Badge", await call.Core.Badges.AsSeenBy(badge, call.Caller)), ("Holders", holders), ("First", ListCursor.First(call)),
            ("Next", next is { } key ? ListCursor.After(call, list, key) : null));
    }

    private static ValueTask<PageAnswer> Icon(AdminCall call) => ForManager(call, badge => call.Page<Badges.BadgeIconPage>(("Badge", badge)));

    private static ValueTask<PageAnswer> GiveIcon(AdminCall call) => ForManager(call, async badge =>
    {
        if (call.Form.File(File) is not { } file)
        {
            call.Form.Wrong(File, call.Reader["admin.badges.icon.none"]);
            return await Icon(call);
        }
        using var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, call.Http.RequestAborted);
        if ((await call.Core.Icons.Put(badge.Id, bytes.ToArray(), createOnly: false, call.Caller)).Succeeded(out _, out var refusal))
        {
            return AdminCall.Done(Path(badge.Id), "saved");
        }
        call.Refused(refusal with { Field = File });
        return await Icon(call);
    });

    private static ValueTask<PageAnswer> TakeIcon(AdminCall call) => ForManager(call, async badge =>
    {
        if (await call.Core.Icons.Remove(badge.Id, call.Caller) is not { } refusal)
        {
            return AdminCall.Done(Path(badge.Id), "saved");
        }
        call.Refused(refusal);
        return await Icon(call);
    });

    private static ValueTask<PageAnswer> Delete(AdminCall call) => ForManager(call, async badge => await call.Page<Badges.BadgeDeletePage>(
        ("Badge", badge), ("Awarded", await call.Core.Statistics.Awarded(badge.Id)), ("Rules", await call.Core.Rules.OfBadge(badge.Id))));

    private static ValueTask<PageAnswer> SetDeleted(AdminCall call, bool isDeleted) => ForManager(call, async badge =>
    {
        if (await call.Core.Badges.SetDeleted(badge.Id, isDeleted, call.Caller) is not { } refusal)
        {
            return AdminCall.Done(Path(badge.Id), isDeleted ? "removed" : "badgeRestored");
        }
        call.Refused(refusal);
        return await Delete(call);
    });

    internal static async ValueTask<Badge?> Find(AdminCall call) =>
        call.TryId("id", out var id) && IdRange.IsValid(id) ? await call.Core.Badges.Find(id) : null;

    /// <summary>A page about changing the badge of the path, for who may change it.</summary>
    internal static async ValueTask<PageAnswer> ForManager(AdminCall call, Func<Badge, ValueTask<PageAnswer>> page) =>
        await Find(call) is not { } badge ? await call.NotFound()
        : call.User.Manages(badge.IssuerId) ? await page(badge)
        : await call.Forbidden();
}

/// <summary>A badge in the list.</summary>
/// <param name="Badge">Masked where it hides from who looks.</param>
/// <param name="Awarded">Awards that stand.</param>
/// <param name="WinRate">0 to 1, of the visitors.</param>
/// <param name="Visitors">Distinct users seen at the issuer in the past day.</param>
public sealed record ListedBadge(Badge Badge, Issuer Issuer, long Awarded, double WinRate, long Visitors);

/// <summary>An award of a badge, and what its user is called, if they have a name.</summary>
public sealed record Holder(Award Award, string? Name);
