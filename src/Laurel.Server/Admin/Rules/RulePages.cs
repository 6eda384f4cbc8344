using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Rules;
using Laurel.Server.Admin.Rules;
using Laurel.Server.Http;
using Laurel.Server.Native;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>The rules: found, written as a form or as the native API's JSON, tried, switched on and off.</summary>
internal static class RulePages
{
    public const string Path = AdminRoutes.Root + "/rules";
    public const string NewPath = Path + "/new";

    private const int PageLength = 50;
    private const int RevisionsShown = 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/rules", AdminRole.Viewer, List);
        routes.MapAdminPage("/rules/new", AdminRole.Manager, New);
        routes.MapAdminForm("/rules/new", AdminRole.Manager, call => Save(call, null));
        routes.MapAdminPage("/rules/{id}", AdminRole.Viewer, Show);
        routes.MapAdminForm("/rules/{id}", AdminRole.Manager, Change);
        routes.MapAdminForm("/rules/{id}/enabled", AdminRole.Manager, Switch);
    }

    public static string PathOf(long id) => $"{Path}/{id}";

    /// <summary>Why a thing cannot be shown: it is not there, or not for them.</summary>
    public static ValueTask<PageAnswer> Missing(AdminCall call, Refusal refusal) =>
        refusal.Code == RefusalCode.Forbidden ? call.Forbidden() : call.NotFound();

    private static async ValueTask<PageAnswer> List(AdminCall call)
    {
        var search = new RuleSearch(call.QueryId("issuer"), call.QueryId("badge"), call.Query("action"));
        call.Path = ListCursor.With(Path, ("issuer", search.IssuerId), ("badge", search.BadgeId), ("action", search.Action));
        var list = $"admin rules {search}";
        var after = ListCursor.Id(call, list) ?? 0;
        if (!(await call.Core.Rules.Search(search, after, PageLength + 1, call.Caller)).Succeeded(out var rules, out var refusal))
        {
            return await Missing(call, refusal);
        }
        var shown = rules.Take(PageLength).ToList();
        return await call.Page<RuleListPage>(
            ("Rules", shown), ("Search", search), ("Named", await NamedBadges.Of(call, shown.Select(rule => rule.Draft))),
            ("Next", rules.Count > PageLength ? ListCursor.After(call, list, $"{shown[^1].Id}") : null));
    }

    private static ValueTask<PageAnswer> New(AdminCall call)
    {
        var fields = new Dictionary<string, string>(RuleForm.Empty) { ["enabled"] = "on", ["badgeId"] = $"{call.QueryId("badge")}" };
        return Page(call, new RuleView(null) { Fields = fields, IsRaw = IsRaw(call.Query("view")), Json = Example, MayWrite = true });
    }

    private static async ValueTask<PageAnswer> Show(AdminCall call) =>
        !call.TryId("id", out var id) ? await call.NotFound()
        : (await call.Core.Rules.Find(id, call.Caller)).Succeeded(out var rule, out var refusal) ? await Page(call, await Viewed(call, rule))
        : await Missing(call, refusal);

    private static async ValueTask<RuleView> Viewed(AdminCall call, Rule rule)
    {
        var body = RuleBody.From(rule.Draft);
        (await call.Core.Rules.Watch(rule.Id, call.Caller)).Succeeded(out var watch, out _);
        (await call.Core.Rules.Revisions(rule.Id, long.MaxValue, RevisionsShown, call.Caller)).Succeeded(out var revisions, out _);
        return new RuleView(rule)
        {
            AsOf = call.Form.Number(AdminForm.AsOf, call) ?? rule.Revision,
            Fields = RuleForm.Fields(body),
            Json = Text(body),
            IsRaw = IsRaw(call.Form.IsSent ? call.Form["view"] : call.Query("view")),
            Watch = watch,
            Revisions = [.. (revisions ?? []).Select(revision => new ViewedRevision(revision.Number, revision.CreatedAt, revision.CreatedBy, Text(RuleBody.From(revision.Draft))))],
        };
    }

    private static async ValueTask<PageAnswer> Page(AdminCall call, RuleView view)
    {
        var path = view.Rule is null ? NewPath : PathOf(view.Rule.Id);
        call.Path = view.IsRaw ? ListCursor.With(path, ("view", "raw")) : path;
        var drafts = new[] { view.Rule?.Draft, view.Tried }.OfType<RuleDraft>();
        var named = await NamedBadges.Of(call, drafts);
        return await call.Page<RulePage>(("View", view), ("Named", named), ("MayWrite", view.MayWrite || MayWrite(call, view.Rule!, named)));
    }

    /// <summary>Whether to offer changes of a rule, and its application to the past; the core decides.</summary>
    public static bool MayWrite(AdminCall call, Rule rule, NamedBadges named) =>
        rule.Draft.Tiers.All(tier => named.IssuerOf(tier.BadgeId) is { } issuer && call.User.Manages(issuer.Id));

    private static async ValueTask<PageAnswer> Change(AdminCall call) =>
        !call.TryId("id", out var id) ? await call.NotFound()
        : (await call.Core.Rules.Find(id, call.Caller)).Succeeded(out var rule, out var refusal) ? await Save(call, rule)
        : await Missing(call, refusal);

    private static async ValueTask<PageAnswer> Save(AdminCall call, Rule? rule)
    {
        var isRaw = IsRaw(call.Form["view"]);
        RulePreview? preview = null;
        Refusal? refusal = null;
        var draft = Draft(call, isRaw);
        if (draft is not null)
        {
            if (RulePastPages.AsksForPreview(call))
            {
                (preview, refusal) = await RulePastPages.Preview(call, rule?.Id, draft);
            }
            else
            {
                var stored = rule is null
                    ? await call.Core.Rules.Create(draft, call.Caller)
                    : (await call.Core.Rules.Put(rule.Id, draft, createOnly: false, call.Caller, call.Form.Number(AdminForm.AsOf, call))).Map(put => put.Thing);
                if (stored.Succeeded(out var made, out refusal))
                {
                    return AdminCall.Done(ListCursor.With(PathOf(made.Id), ("view", isRaw ? "raw" : null)), rule is null ? "made" : "saved");
                }
            }
            if (refusal is not null)
            {
                Refused(call, refusal, isRaw);
            }
        }
        var wasChanged = refusal is not null && AdminRefusals.IsOfAnother(refusal);
        rule = wasChanged ? await call.Core.Rules.Find(rule!.Id) ?? rule : rule;
        var view = rule is null ? new RuleView(null) { Fields = RuleForm.Empty, Json = Example } : await Viewed(call, rule);
        return await Page(call, view with
        {
            IsRaw = isRaw,
            MayWrite = true,
            // Who was told of the other's change may replace it by sending once more.
            AsOf = wasChanged ? rule!.Revision : view.AsOf,
            // One that was refused may name any number of badges.
            Tried = preview is null ? null : draft,
            Preview = preview,
            Unreadable = refusal is { Position: { } position } ? new UnreadableText(refusal.Field == "filter" ? draft!.Filter! : SumOf(draft!), position) : null,
        });
    }

    private static string SumOf(RuleDraft draft) => draft.Condition is Condition.Sum sum ? sum.Property : "";

    private static RuleDraft? Draft(AdminCall call, bool isRaw)
    {
        if ((isRaw ? Parsed(call) : RuleForm.Of(call).Read()) is not { } body || call.Form.HasErrors)
        {
            return null;
        }
        if (body.ToDraft().Succeeded(out var draft, out var refusal))
        {
            return draft;
        }
        Refused(call, refusal, isRaw);
        return null;
    }

    private static RuleBody? Parsed(AdminCall call)
    {
        try
        {
            return Bodies.Parse(Encoding.UTF8.GetBytes(call.Form["json"]), NativeJson.Strict.RuleBody);
        }
        catch (BadRequestException bad)
        {
            call.Form.Wrong("json", $"{call.Reader["admin.rules.json.wrong"]} {PlainText.Isolated(bad.Message)}");
            return null;
        }
    }

    private static void Refused(AdminCall call, Refusal refusal, bool isRaw)
    {
        if (AdminRefusals.IsOfAnother(refusal))
        {
            call.Form.Wrong(AdminForm.Whole, call.Reader["admin.rules.changed"]);
        }
        else if (isRaw && refusal.Field is { } field)
        {
            call.Form.Wrong("json", $"{PlainText.Isolated(field)}: {AdminRefusals.Say(call.Reader, refusal)}");
        }
        else
        {
            call.Refused(refusal, RuleForm.FieldOf);
        }
    }

    private static async ValueTask<PageAnswer> Switch(AdminCall call)
    {
        if (!call.TryId("id", out var id))
        {
            return await call.NotFound();
        }
        var enabled = call.Form.IsChecked("enabled");
        if (!(await call.Core.Rules.Find(id, call.Caller)).Succeeded(out var rule, out var refusal))
        {
            return await Missing(call, refusal);
        }
        // Enabled again, it would begin to count anew: one that is so already is left alone.
        if (rule.Draft.Enabled != enabled
            && !(await call.Core.Rules.Put(id, rule.Draft with { Enabled = enabled }, createOnly: false, call.Caller, rule.Revision)).Succeeded(out _, out refusal))
        {
            if (!AdminRefusals.IsOfAnother(refusal))
            {
                return await Missing(call, refusal);
            }
            Refused(call, refusal, isRaw: false);
            return await Page(call, await Viewed(call, await call.Core.Rules.Find(id) ?? rule));
        }
        return AdminCall.Done(PathOf(id), enabled ? "ruleEnabled" : "ruleDisabled");
    }

    private static bool IsRaw(string? view) => view == "raw";

    // As the native API writes it, laid out for people.
    private static string Text(RuleBody rule)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            JsonSerializer.Serialize(writer, rule, NativeJson.Strict.RuleBody);
        }
        return Encoding.UTF8.GetString(json.ToArray());
    }

    private const string Example = """
        {
          "key": "",
          "name": null,
          "actions": [],
          "filter": null,
          "when": {"count": 10},
          "badgeId": 0
        }
        """;
}
