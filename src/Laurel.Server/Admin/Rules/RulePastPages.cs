using Laurel.Core;
using Laurel.Core.Rules;
using Laurel.Server.Admin.Rules;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>A rule and the past: what applying it would do, and its backfills.</summary>
internal static class RulePastPages
{
    private const int PageLength = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/rules/{id}/past", AdminRole.Viewer, call => Of(call, (rule, named) => Page(call, rule, named)));
        routes.MapAdminForm("/rules/{id}/past", AdminRole.Manager, call => Of(call, (rule, named) => Take(call, rule, named)));
    }

    public static string PathOf(long ruleId) => $"{RulePages.PathOf(ruleId)}/past";

    /// <summary>Whether a form asks what a rule would do, from the first user on or from where it was.</summary>
    public static bool AsksForPreview(AdminCall call) => call.Form["do"] == "preview" || call.Form.IsChecked("afterUser");

    /// <summary>What a rule would do to the past, as the form says from when on and behind which user.</summary>
    /// <param name="draft">Null for the rule as it is.</param>
    public static async ValueTask<(RulePreview? Preview, Refusal? Refusal)> Preview(AdminCall call, long? ruleId, RuleDraft? draft)
    {
        var from = FormTime.Read(call, "from");
        var afterUser = call.Form.Number("afterUser", call) ?? 0;
        if (call.Form.HasErrors)
        {
            return default;
        }
        return (await call.Core.Previews.Make(ruleId, draft, from, afterUser, call.Caller, call.Http.RequestAborted)).Succeeded(out var preview, out var refusal)
            ? (preview, null)
            : (null, refusal with { Field = OfRule(refusal.Field) });
    }

    // The core says that it is the rule's.
    private static string? OfRule(string? field) => field?.StartsWith("rule.", StringComparison.Ordinal) == true ? field["rule.".Length..] : field;

    private static async ValueTask<PageAnswer> Of(AdminCall call, Func<Rule, NamedBadges, ValueTask<PageAnswer>> answer) =>
        !call.TryId("id", out var id) ? await call.NotFound()
        : (await call.Core.Rules.Find(id, call.Caller)).Succeeded(out var rule, out var refusal) ? await answer(rule, await NamedBadges.Of(call, [rule.Draft]))
        : await RulePages.Missing(call, refusal);

    private static async ValueTask<PageAnswer> Take(AdminCall call, Rule rule, NamedBadges named)
    {
        RulePreview? preview = null;
        Refusal? refusal = null;
        if (AsksForPreview(call))
        {
            (preview, refusal) = await Preview(call, rule.Id, null);
        }
        else
        {
            var from = FormTime.Read(call, "from");
            if (!call.Form.HasErrors && (await call.Core.Backfills.Apply(rule.Id, from, call.Caller)).Succeeded(out var begun, out refusal))
            {
                return AdminCall.Done(BackfillPages.PathOf(begun.Id), "backfillBegun");
            }
        }
        if (refusal is not null)
        {
            call.Refused(refusal);
        }
        return await Page(call, rule, named, preview);
    }

    private static async ValueTask<PageAnswer> Page(AdminCall call, Rule rule, NamedBadges named, RulePreview? preview = null)
    {
        call.Path = PathOf(rule.Id);
        var list = $"admin backfills of rule {rule.Id}";
        (await call.Core.Backfills.List(rule.Id, ListCursor.Id(call, list) ?? 0, PageLength + 1, call.Caller)).Succeeded(out var backfills, out _);
        var shown = (backfills ?? []).Take(PageLength).ToList();
        return await call.Page<RulePastPage>(
            ("Rule", rule), ("Named", named), ("MayWrite", RulePages.MayWrite(call, rule, named)), ("Preview", preview), ("Backfills", shown),
            ("Next", backfills?.Count > PageLength ? ListCursor.After(call, list, $"{shown[^1].Id}") : null));
    }
}
