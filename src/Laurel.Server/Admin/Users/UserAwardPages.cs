using System.Globalization;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Users;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Awarding a user a badge, and what becomes of an award.</summary>
internal static class UserAwardPages
{
    // Of an award that is put back and removed again and again.
    private const int MostRemovals = 100;

    public static string PathOf(long userId, long awardId) => FormattableString.Invariant($"{UserPages.PathOf(userId)}/awards/{awardId}");

    public static string GivePathOf(long userId) => $"{UserPages.PathOf(userId)}/award";

    public static string RemovePathOf(long userId, long awardId) => $"{PathOf(userId, awardId)}/remove";

    public static string RewardPathOf(long userId, long awardId) => $"{PathOf(userId, awardId)}/reward";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/users/{id}/award", AdminRole.Manager, call => UserPages.Of(call, user => GivePage(call, user)));
        routes.MapAdminForm("/users/{id}/award", AdminRole.Manager, call => UserPages.Of(call, user => Give(call, user)));
        routes.MapAdminPage("/users/{id}/awards/{award}", AdminRole.Viewer, call => UserPages.Of(call, user => Show(call, user)));
        routes.MapAdminPage("/users/{id}/awards/{award}/remove", AdminRole.Manager, call => UserPages.Of(call, user => RemovePage(call, user)));
        routes.MapAdminForm("/users/{id}/awards/{award}/remove", AdminRole.Manager, call => UserPages.Of(call, user => Remove(call, user)));
        routes.MapAdminForm("/users/{id}/awards/{award}/reward", AdminRole.Manager, call => UserPages.Of(call, user => Reward(call, user)));
    }

    private static ValueTask<PageAnswer> GivePage(AdminCall call, User user) => call.Page<Users.GivePage>(("User", user));

    private static async ValueTask<PageAnswer> Give(AdminCall call, User user)
    {
        var form = call.Form;
        var (badge, action, at) = (form.Id("badgeId", call), form.Id("actionId", call), Moment(call, "awardedAt"));
        if (badge is null)
        {
            form.Wrong("badgeId", call.Reader["admin.form.id"]);
        }
        if (form.HasErrors)
        {
            return await GivePage(call, user);
        }
        var outcome = await call.Core.Awarding.Award(new AwardRequest(user.Id, badge!.Value, AwardSource.Native)
        {
            Subject = form.Text("subject"),
            ActionId = action,
            Payload = form.Text("payload"),
            AwardedAt = at,
            Manual = form.IsChecked("manual"),
        }, call.Caller, bulk: false, call.Http.RequestAborted);
        if (outcome.Refusal is { } refusal)
        {
            form.Wrong(AwardWords.Field(refusal), AwardWords.Refused(call.Reader, refusal));
            return await GivePage(call, user);
        }
        var name = outcome.Created ? "userAwarded" : "userAwardHeld";
        return AdminCall.Done(outcome.Award is { } award ? PathOf(user.Id, award.Id) : UserPages.PathOf(user.Id), name);
    }

    // As a browser sends it: to the minute, or to the second; UTC.
    private static long? Moment(AdminCall call, string name)
    {
        if (call.Form.Text(name) is not { } text)
        {
            return null;
        }
        if (DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return Clock.FromTime(time);
        }
        call.Form.Wrong(name, call.Reader["admin.users.moment"]);
        return null;
    }

    private static async ValueTask<PageAnswer> Show(AdminCall call, User user)
    {
        if (!call.TryId("award", out var id))
        {
            return await call.NotFound();
        }
        var removals = await call.Core.RemovedAwards.Of(user.Id, id, MostRemovals);
        if (await Standing(call, user.Id, id) is { } standing)
        {
            return await call.Page<Users.UserAwardPage>(
                ("User", user), ("Row", standing), ("Removals", await RemovedRow.Of(call, removals)), ("MayRemove", await Removable(call, standing) is not null));
        }
        return removals.Count == 0 ? await call.NotFound() : await call.Page<Users.UserAwardPage>(("User", user), ("Removals", await RemovedRow.Of(call, removals)));
    }

    private static async ValueTask<AwardRow?> Standing(AdminCall call, long userId, long awardId) =>
        await call.Core.UserAwards.Find(userId, awardId) is { } award ? (await AwardRow.Of(call, [award]))[0] : null;

    // In which ways the caller may remove it; null for none.
    private static async ValueTask<IReadOnlyList<RemovalKind>?> Removable(AdminCall call, AwardRow row) =>
        call.User.Role < AdminRole.Manager ? null
        : row.Badge is { } badge && await call.Core.Badges.MayManage(badge, call.Caller, Scopes.AwardsRemove) ? [RemovalKind.Reset, RemovalKind.Revoke]
        : call.Caller.MayFor(row.Award.UserId, Scopes.AwardsRemove) ? [RemovalKind.Reset]
        : null;

    private static async ValueTask<PageAnswer> RemovePage(AdminCall call, User user)
    {
        if (!call.TryId("award", out var id) || await Standing(call, user.Id, id) is not { } row)
        {
            return await call.NotFound();
        }
        return await Removable(call, row) is { } kinds
            ? await call.Page<Users.RemovePage>(("User", user), ("Row", row), ("Kinds", kinds))
            : await call.Forbidden();
    }

    private static async ValueTask<PageAnswer> Remove(AdminCall call, User user)
    {
        if (!call.TryId("award", out var id))
        {
            return await call.NotFound();
        }
        if (AwardWords.KindOf(call.Form["kind"]) is not { } kind)
        {
            call.Form.Wrong("kind", call.Reader["admin.users.remove.choose"]);
            return await RemovePage(call, user);
        }
        if ((await call.Core.Awarding.Remove(call.Caller, user.Id, id, kind, call.Form.Text("reason"), call.Http.RequestAborted)).Succeeded(out _, out var refusal))
        {
            return AdminCall.Done(PathOf(user.Id, id), "removed");
        }
        call.Refused(refusal);
        return await RemovePage(call, user);
    }

    private static async ValueTask<PageAnswer> Reward(AdminCall call, User user)
    {
        if (!call.TryId("award", out var id))
        {
            return await call.NotFound();
        }
        var ct = call.Http.RequestAborted;
        var outcome = call.Form["do"] switch
        {
            "claim" => await call.Core.Rewarding.Claim(user.Id, id, call.Caller, ct),
            "wear" => await call.Core.Rewarding.Wear(user.Id, id, call.Caller, ct),
            _ => await call.Core.Rewarding.Unwear(user.Id, id, call.Caller, ct),
        };
        if (outcome.Refusal is not { } refusal)
        {
            return AdminCall.Done(PathOf(user.Id, id), "saved");
        }
        call.Form.Wrong(AdminForm.Whole, AwardWords.Refused(call.Reader, refusal));
        return await Show(call, user);
    }
}
