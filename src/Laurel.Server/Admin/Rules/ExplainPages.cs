using Laurel.Core;
using Laurel.Core.Rules;
using Laurel.Server.Admin.Rules;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Why a user has a badge, or has not.</summary>
internal static class ExplainPages
{
    public const string Path = AdminRoutes.Root + "/explain";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapAdminPage("/explain", AdminRole.Viewer, Show);

    public static string PathOf(long userId, long ruleId) => ListCursor.With(Path, ("user", userId), ("rule", ruleId));

    public static string KeyOf(RuleVerdict verdict) => verdict switch
    {
        RuleVerdict.Awarded => "admin.explain.awarded",
        RuleVerdict.HeldByAnother => "admin.explain.heldByAnother",
        RuleVerdict.Removed => "admin.explain.removed",
        RuleVerdict.RuleDisabled => "admin.explain.ruleDisabled",
        RuleVerdict.BadgeDisabled => "admin.explain.badgeDisabled",
        RuleVerdict.AllSeatsTaken => "admin.explain.allSeatsTaken",
        RuleVerdict.AwaitsBackfill => "admin.explain.awaitsBackfill",
        RuleVerdict.NotValidNow => "admin.explain.notValidNow",
        RuleVerdict.CountMissing => "admin.explain.countMissing",
    };

    private static async ValueTask<PageAnswer> Show(AdminCall call)
    {
        var (userId, badgeId, ruleId) = (call.QueryId("user"), call.QueryId("badge"), call.QueryId("rule"));
        call.Path = ListCursor.With(Path, ("user", userId), ("badge", badgeId), ("rule", ruleId));
        IReadOnlyList<long> awarded = [];
        if (ruleId is { } id)
        {
            if (!(await call.Core.Rules.Find(id, call.Caller)).Succeeded(out var rule, out var missing))
            {
                return await RulePages.Missing(call, missing);
            }
            awarded = [.. rule.Draft.Tiers.Select(tier => tier.BadgeId)];
            badgeId ??= awarded.Count == 1 ? awarded[0] : null;
        }
        Explanation? explanation = null;
        if (userId is { } user && badgeId is { } badge
            && !(await call.Core.Explanations.Make(user, badge, call.Caller)).Succeeded(out explanation, out var refusal))
        {
            call.Form.Wrong(refusal.Code == RefusalCode.UnknownUser ? "user" : "badge", AdminRefusals.Say(call.Reader, refusal));
        }
        return await call.Page<ExplainPage>(
            ("UserId", userId), ("BadgeId", badgeId), ("RuleId", ruleId), ("Choices", badgeId is null ? awarded : []), ("Explanation", explanation),
            ("Named", await NamedBadges.Of(call, badgeId is { } named ? [.. awarded, named] : awarded)));
    }
}
