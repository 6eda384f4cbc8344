using System.Net;
using Laurel.Server.Admin.Rules;
using Laurel.Server.Native;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Admin;

/// <summary>Rules in the administration: written, tried, applied to the past and explained.</summary>
public sealed class RulePageTests
{
    private const string Rule = """{"key":"editor","name":"Two edits","actions":["Edit"],"when":{"count":2},"badgeId":7}""";

    private static Dictionary<string, string> Fields(params (string Name, string Value)[] changed)
    {
        var fields = new Dictionary<string, string>(RuleForm.Empty) { ["key"] = "editor", ["enabled"] = "on", ["actions"] = "Edit\r\nLogin", ["target"] = "2", ["badgeId"] = "7" };
        foreach (var (name, value) in changed)
        {
            fields[name] = value;
        }
        return fields;
    }

    private static string Text(AdminBrowser.AdminAnswer answer) => WebUtility.HtmlDecode(answer.Html);

    // Users 2 and 3 edit by turns, twice each, from noon of the first of March on; user 1 manages the issuer, user 4 looks.
    private static async Task<TestServer> Start(Engine engine = Engine.Sqlite)
    {
        var time = new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var laurel = await NativeWorld.Start(engine, time);
        (await laurel.Put($"{Root}/users/4", """{"username":"viewer","permissions":["viewer"]}""")).Is(201);
        (await laurel.Put($"{Root}/action-types/Edit", """{"description":"Edits"}""")).Is(201);
        for (var id = 10; id < 14; id++)
        {
            (await laurel.Post($"{Root}/actions", $$"""{"id":{{id}},"type":"Edit","userId":{{2 + (id % 2)}},"subject":"page","properties":{"length":{{id}}} }""")).Is(201);
            time.Jump(TimeSpan.FromHours(1));
        }
        return laurel;
    }

    [Theory]
    [InlineData("""{"each":true}""", "")]
    [InlineData("""{"count":10}""", ""","validFrom":"2026-03-20T18:00:00Z","validUntil":"2026-03-22T18:00:00.5Z","maximumRecipients":3,"alarmAfterDays":30,"recipient":"owner","filter":"properties.a = 1\nor properties.b" """)]
    [InlineData("""{"count":3,"within":"PT1H30M"}""", ""","name":"Busy","enabled":false""")]
    [InlineData("""{"count":3,"per":{"every":2,"unit":"month","anchor":"2026-01-01"}}""", "")]
    [InlineData("""{"distinctSubjects":5}""", "")]
    [InlineData("""{"sum":"author.points","reaches":12.5}""", "")]
    [InlineData("""{"firstIn":{"every":1,"unit":"day","anchor":"2026-01-01"}}""", "")]
    [InlineData("""{"streak":7,"unit":"week"}""", "")]
    [InlineData("""{"holding":[1,2,3],"atLeast":2}""", ""","actions":[]""")]
    [InlineData("""{"count":true}""", ""","badgeId":null,"tiers":[{"badgeId":1,"at":2},{"badgeId":2,"at":4}]""")]
    public void The_form_holds_a_rule_of_every_kind(string when, string more) => Assert.NotNull(RuleForm.Fields(Body(when, more)));

    [Theory]
    [InlineData(""","validFrom":"2026-03-20T18:00:00.000001Z" """)]
    [InlineData(""","actions":[" Edit"]""")]
    [InlineData(""","filter":"properties.a = 1 " """)]
    public void The_form_does_not_hold_what_it_would_change(string more) => Assert.Null(RuleForm.Fields(Body("""{"each":true}""", more)));

    private static RuleBody Body(string when, string more)
    {
        var rule = System.Text.Json.Nodes.JsonNode.Parse($$"""{"key":"r","when":{{when}} }""")!.AsObject();
        foreach (var (name, value) in System.Text.Json.Nodes.JsonNode.Parse($$"""{"x":0{{more}} }""")!.AsObject().Where(member => member.Key != "x"))
        {
            rule[name] = value?.DeepClone();
        }
        rule.TryAdd("actions", new System.Text.Json.Nodes.JsonArray("Edit"));
        rule.TryAdd("badgeId", 7);
        return System.Text.Json.JsonSerializer.Deserialize(rule.ToJsonString(), NativeJson.Strict.RuleBody)!;
    }

    [Fact]
    public async Task A_rule_is_made_with_the_form_changed_as_json_and_switched_off()
    {
        await using var laurel = await Start();
        using var manager = await AdminBrowser.SignedIn(laurel, await laurel.Key(1, null));

        var made = (await manager.Submit("/admin/rules/new", Fields(("kind", "countWithin"), ("windowNumber", "90"), ("windowUnit", "minute")))).Is(HttpStatusCode.SeeOther);
        var page = made.Location!.Split('?')[0];
        var id = page.Split('/')[^1];
        var rule = (await laurel.Get($"{Root}/rules/{id}")).Is(200).Json;
        Assert.Equal("""{"count":2,"within":"PT1H30M"}""", rule["when"]!.ToJsonString());
        Assert.Equal("""["Edit","Login"]""", rule["actions"]!.ToJsonString());

        (await manager.Submit(page, new() { ["view"] = "raw", ["json"] = Rule })).Is(HttpStatusCode.SeeOther);
        rule = (await laurel.Get($"{Root}/rules/{id}")).Is(200).Json;
        Assert.Equal(("Two edits", 2), (rule["name"]!.ToString(), rule["revision"]!.GetValue<int>()));
        (await manager.Submit(page, [], $"{page}/enabled")).Is(HttpStatusCode.SeeOther);
        Assert.False((await laurel.Get($"{Root}/rules/{id}")).Json["enabled"]!.GetValue<bool>());
        var shown = Text((await manager.Get(page)).Is(HttpStatusCode.OK));
        Assert.Contains("For 2 of these actions: <bdi>Edit</bdi>.", shown, StringComparison.Ordinal);
        Assert.Contains("<span class=\"state off\">disabled</span>", shown, StringComparison.Ordinal);

        foreach (var (query, isThere) in new[] { ("", true), ("?badge=7", true), ("?badge=8", false), ("?issuer=100", true), ("?issuer=101", false), ("?action=Edit", true), ("?action=Login", false) })
        {
            Assert.Equal(isThere, (await manager.Get($"/admin/rules{query}")).Is(HttpStatusCode.OK).Html.Contains($"/admin/rules/{id}\"", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("key", "12", "f-key-error")]
    [InlineData("target", "many", "f-target-error")]
    [InlineData("target", "0", "f-kind-error")]
    [InlineData("badgeId", "77", "f-badgeId-error")]
    [InlineData("actions", "", "f-actions-error")]
    [InlineData("tiers", "8", "f-tiers-error")]
    [InlineData("validFrom", "tomorrow", "f-validFrom-error")]
    [InlineData("maximumRecipients", "0", "f-maximumRecipients-error")]
    public async Task What_the_form_may_not_say_is_told_at_its_field(string field, string value, string error)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        using var browser = await AdminBrowser.SignedIn(laurel);

        var answer = (await browser.Submit("/admin/rules/new", Fields((field, value), ("name", "Kept <as> sent")))).Is(HttpStatusCode.UnprocessableEntity);

        Assert.Contains($"id=\"{error}\"", answer.Html, StringComparison.Ordinal);
        Assert.Contains("value=\"Kept &lt;as&gt; sent\"", answer.Html, StringComparison.Ordinal);
        Assert.Empty((await laurel.Get($"{Root}/rules")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task A_filter_shows_where_it_stops_being_readable()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        using var browser = await AdminBrowser.SignedIn(laurel);

        var answer = (await browser.Submit("/admin/rules/new", Fields(("filter", "properties.a == 1")))).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Contains("properties.a <mark>== 1</mark>", Text(answer), StringComparison.Ordinal);
        Assert.Contains("Equality is written '='.", Text(answer), StringComparison.Ordinal);

        var raw = Text((await browser.Submit("/admin/rules/new", new() { ["view"] = "raw", ["json"] = Rule.Replace("\"name\"", "\"nome\"", StringComparison.Ordinal) })).Is(HttpStatusCode.UnprocessableEntity));
        Assert.Contains("Unknown member at $.nome", raw, StringComparison.Ordinal);
    }

    [Theory, EveryEngine]
    public async Task What_a_rule_would_do_is_shown_and_done_and_undone(Engine engine)
    {
        await using var laurel = await Start(engine);
        using var manager = await AdminBrowser.SignedIn(laurel, await laurel.Key(1, null));

        var preview = Text((await manager.Submit("/admin/rules/new", Fields(("do", "preview")))).Is(HttpStatusCode.OK));
        Assert.Contains("It looked at 4 actions. Of 2 users.", preview, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/admin/actions/12\"><bdi>12</bdi></a>", preview, StringComparison.Ordinal);
        Assert.Empty((await laurel.Get($"{Root}/rules")).Json["items"]!.AsArray());

        (await laurel.Put($"{Root}/rules/3", Rule)).Is(201);
        var begun = (await manager.Submit("/admin/rules/3/past", new() { ["do"] = "apply", ["from"] = "2026-03-01T12:00" })).Is(HttpStatusCode.SeeOther);
        var page = begun.Location!.Split('?')[0];
        var told = await Ended(manager, page);
        Assert.Contains("<dt>Awards made</dt><dd>2</dd>", told, StringComparison.Ordinal);
        Assert.Single((await laurel.Get($"{Root}/users/2/awards")).Json["items"]!.AsArray());
        Assert.Contains(page, (await manager.Get("/admin/rules/3/past")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);

        var undo = (await manager.Submit(page, [], $"{page}/undo")).Is(HttpStatusCode.SeeOther);
        Assert.Contains("<dt>Awards taken back</dt><dd>2</dd>", await Ended(manager, undo.Location!.Split('?')[0]), StringComparison.Ordinal);
        Assert.Empty((await laurel.Get($"{Root}/users/2/awards")).Json["items"]!.AsArray());
    }

    private static async Task<string> Ended(AdminBrowser browser, string page)
    {
        while (true)
        {
            var told = (await browser.Get($"{page}/progress")).Is(HttpStatusCode.OK);
            if (!told.Html.Contains("data-running", StringComparison.Ordinal))
            {
                return told.Html;
            }
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Viewers_look_and_change_nothing_and_managers_change_what_is_theirs()
    {
        await using var laurel = await Start();
        (await laurel.Put($"{Root}/rules/3", Rule)).Is(201);
        (await laurel.Put($"{Root}/issuers/200", """{"key":"other","name":"Other","creator":{"type":"User","id":3}}""")).Is(201);
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(4, null));
        using var other = await AdminBrowser.SignedIn(laurel, await laurel.Key(3, null));

        var shown = (await viewer.Get("/admin/rules/3")).Is(HttpStatusCode.OK);
        Assert.Contains("&quot;key&quot;: &quot;editor&quot;", shown.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/admin/rules/3/enabled", shown.Html, StringComparison.Ordinal);
        (await viewer.Get("/admin/rules/3/past")).Is(HttpStatusCode.OK);
        (await viewer.Submit("/admin/rules/3", Fields())).Is(HttpStatusCode.Forbidden);
        (await viewer.Submit("/admin/rules/3", [], "/admin/rules/3/past")).Is(HttpStatusCode.Forbidden);

        Assert.DoesNotContain("/admin/rules/3\"", (await other.Get("/admin/rules")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        (await other.Get("/admin/rules/3")).Is(HttpStatusCode.Forbidden);
        (await other.Submit("/admin/rules", Fields(), "/admin/rules/3")).Is(HttpStatusCode.Forbidden);
        (await other.Submit("/admin/rules", [], "/admin/rules/3/enabled")).Is(HttpStatusCode.Forbidden);
        (await other.Submit("/admin/rules/new", Fields())).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal(1, (await laurel.Get($"{Root}/rules/3")).Json["revision"]!.GetValue<int>());

        // What hides from them betrays itself by its rule no more than by its name.
        await laurel.Badge(8, more: ""","hiddenUntilClaimed":true""");
        (await laurel.Put($"{Root}/rules/4", Rule.Replace("editor", "surprise", StringComparison.Ordinal).Replace("\"badgeId\":7", "\"badgeId\":8", StringComparison.Ordinal))).Is(201);
        Assert.DoesNotContain("/admin/rules/4\"", (await viewer.Get("/admin/rules")).Html, StringComparison.Ordinal);
        (await viewer.Get("/admin/rules/4")).Is(HttpStatusCode.Forbidden);
        (await viewer.Get("/admin/explain?user=2&badge=8")).Is(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Who_was_slower_is_told_before_they_replace_another_revision()
    {
        await using var laurel = await Start();
        (await laurel.Put($"{Root}/rules/3", Rule)).Is(201);
        using var browser = await AdminBrowser.SignedIn(laurel);
        foreach (var view in new[] { "", "?view=raw" })
        {
            var fields = FormFields.Of((await browser.Get($"/admin/rules/3{view}")).Html);
            (await laurel.Put($"{Root}/rules/3", Rule.Replace("\"count\":2", "\"count\":7", StringComparison.Ordinal))).Is(200);

            var refused = (await browser.Post("/admin/rules/3", fields)).Is(HttpStatusCode.UnprocessableEntity).Html;

            Assert.Contains("Somebody else has changed this rule", refused, StringComparison.Ordinal);
            Assert.Equal(7, await Target());
            (await browser.Post("/admin/rules/3", FormFields.Of(refused))).Is(HttpStatusCode.SeeOther);
            Assert.Equal(2, await Target());
        }

        async Task<int> Target() => (await laurel.Get($"{Root}/rules/3")).Is(200).Json["when"]!["count"]!.GetValue<int>();
    }

    [Fact]
    public async Task What_the_form_cannot_hold_is_edited_as_json_alone()
    {
        await using var laurel = await Start();
        (await laurel.Put($"{Root}/rules/3", Rule[..^1] + ",\"validFrom\":\"2026-03-01T00:00:00.000001Z\"}")).Is(201);
        using var browser = await AdminBrowser.SignedIn(laurel);

        var page = (await browser.Get("/admin/rules/3")).Is(HttpStatusCode.OK).Html;

        Assert.Contains("This rule says more than the form can hold.", page, StringComparison.Ordinal);
        Assert.Contains("name=\"json\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"kind\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_explanation_says_what_counted_and_what_is_missing()
    {
        await using var laurel = await Start();
        (await laurel.Put($"{Root}/rules/3", Rule.Replace("\"count\":2", "\"count\":5", StringComparison.Ordinal))).Is(201);
        (await laurel.Post($"{Root}/actions", """{"id":20,"type":"Edit","userId":2}""")).Is(201);
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(4, null));

        var told = Text((await viewer.Get("/admin/explain?user=2&rule=3")).Is(HttpStatusCode.OK));

        Assert.Contains("The count is short of the target.", told, StringComparison.Ordinal);
        Assert.Contains("Counted: 1 of 5.", told, StringComparison.Ordinal);
        Assert.Contains("Missing: 4.", told, StringComparison.Ordinal);
        Assert.Contains("<dt>before the rule began to count</dt><dd>2</dd>", told, StringComparison.Ordinal);
        Assert.Contains("/admin/actions/20", told, StringComparison.Ordinal);
        Assert.Contains("العدد دون الهدف.", Text(await viewer.Get("/admin/explain?user=2&badge=7&lang=ar")), StringComparison.Ordinal);
        Assert.Contains("There is no such user.", Text((await viewer.Get("/admin/explain?user=99&badge=7")).Is(HttpStatusCode.UnprocessableEntity)), StringComparison.Ordinal);
    }
}
