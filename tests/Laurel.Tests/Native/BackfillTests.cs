using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

/// <summary>Previews, backfills and the watch, through the API.</summary>
public sealed class BackfillTests
{
    private const string Rule = """{"key":"editor","actions":["Edit"],"when":{"count":2},"badgeId":7}""";

    // Users 2 and 3 edit on three days, 2 at noon and 3 an hour later; 1 once.
    private static async Task<(TestServer Laurel, ManualTime Time)> Start(Engine engine)
    {
        var time = new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var laurel = await NativeWorld.Start(engine, time);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        await Edit(laurel, 1, 1);
        for (var day = 0; day < 3; day++)
        {
            await Edit(laurel, 10 + day, 2);
            time.Jump(TimeSpan.FromHours(1));
            await Edit(laurel, 20 + day, 3);
            time.Jump(TimeSpan.FromHours(23));
        }
        return (laurel, time);
    }

    private static async Task Edit(TestServer laurel, long id, long user) =>
        (await laurel.Post($"{Root}/actions", $$"""{"id":{{id}},"type":"Edit","userId":{{user}},"subject":"page"}""")).Is(201);

    private static async Task<List<string>> Held(TestServer laurel)
    {
        var held = new List<string>();
        foreach (var user in new[] { 1, 2, 3 })
        {
            held.AddRange((await laurel.Get($"{Root}/users/{user}/awards")).Is(200).Json["items"]!.AsArray()
                .Select(award => $"{user} {award!["source"]} {award["actionId"]}"));
        }
        return held;
    }

    private static string Counts(JsonNode preview) => string.Join(' ',
        new[] { "gain", "lose", "stay", "change", "removed" }.Select(name => preview[name]!["count"]!.ToJsonString()));

    [Theory, EveryEngine]
    public async Task A_backfill_is_shown_before_runs_and_is_undone(Engine engine)
    {
        var (laurel, time) = await Start(engine);
        await using var owned = laurel;
        var manager = await laurel.Key(1, null);

        var preview = (await laurel.Post($"{Root}/rules/preview", $$"""{"rule":{{Rule}}}""", manager)).Is(200);
        preview.Says("""
            {"horizon":{"from":"2026-03-01T12:00:00Z","to":"2026-03-04T12:00:00Z","actions":7,"users":3},"isComplete":true,"lastUser":3,
             "gain":{"count":2,"samples":[
               {"userId":2,"badgeId":7,"at":"2026-03-02T12:00:00Z","actionId":11,"subject":"page","insteadOf":null},
               {"userId":3,"badgeId":7,"at":"2026-03-02T13:00:00Z","actionId":21,"subject":"page","insteadOf":null}]},
             "lose":{"count":0,"samples":[]},"stay":{"count":0,"samples":[]},"change":{"count":0,"samples":[]},"removed":{"count":0,"samples":[]}}
            """);
        var behind = (await laurel.Post($"{Root}/rules/preview", $$"""{"rule":{{Rule}},"from":"2026-03-02T12:00:00Z","afterUser":2}""")).Is(200).Json;
        Assert.Equal("1 0 0 0 0", Counts(behind));
        Assert.Equal("2026-03-03T13:00:00Z", behind["gain"]!["samples"]![0]!["at"]!.GetValue<string>());

        (await laurel.Put($"{Root}/rules/3", Rule)).Is(201);
        Assert.Empty(await Held(laurel));
        Assert.Equal("2 0 0 0 0", Counts((await laurel.Post($"{Root}/rules/3/preview", "{}", manager)).Is(200).Json));
        (await laurel.Get($"{Root}/rules/3/watch", manager)).Is(200).Says("""{"ruleId":3,"awarded":0,"lastAwardedAt":null,"late":0,"isAlarming":false}""");

        var begun = (await laurel.Post($"{Root}/rules/3/backfills", """{"from":"2026-03-02T00:00:00Z"}""", manager)).Is(201);
        Assert.Equal(("apply", "2026-03-02T00:00:00Z", "1", null), (begun.Text("kind"), begun.Text("countsFrom"), begun.Text("createdBy"), begun.Text("undoes")));
        var done = await laurel.Ended(begun);
        done.Says($$"""
            {"id":{{begun.Json["id"]}},"ruleId":3,"kind":"apply","undoes":null,"state":"done","countsFrom":"2026-03-02T00:00:00Z","cursor":null,
             "users":3,"actions":4,"awarded":2,"takenBack":0,"createdBy":1,"createdAt":"2026-03-04T12:00:00Z","updatedAt":"2026-03-04T12:00:00Z"}
            """);
        Assert.Equal(["2 backfill 12", "3 backfill 22"], await Held(laurel));
        (await laurel.Get($"{Root}/rules/3/watch")).Is(200).Says("""{"ruleId":3,"awarded":2,"lastAwardedAt":"2026-03-04T12:00:00Z","late":0,"isAlarming":false}""");

        // Of all that is recorded, others would have tipped it.
        var change = (await laurel.Post($"{Root}/rules/3/preview", $$"""{"rule":{{Rule}}}""")).Is(200).Json;
        Assert.Equal("0 0 0 2 0", Counts(change));
        Assert.Equal("2026-03-03T12:00:00Z", change["change"]!["samples"]![0]!["insteadOf"]!.GetValue<string>());
        Assert.Equal("0 2 0 0 0", Counts((await laurel.Post($"{Root}/rules/3/preview", $$"""{"rule":{{Rule.Replace("2}", "4}")}}}""")).Is(200).Json));
        Assert.Equal(["2 backfill 12", "3 backfill 22"], await Held(laurel));

        var undo = await laurel.Ended((await laurel.Post($"{Root}/backfills/{done.Json["id"]}/undo", "{}")).Is(201));
        Assert.Equal(("undo", done.Text("id"), "done", "2", null),
            (undo.Text("kind"), undo.Text("undoes"), undo.Text("state"), undo.Text("takenBack"), undo.Text("createdBy")));
        Assert.Empty(await Held(laurel));
        (await laurel.Post($"{Root}/backfills/{undo.Json["id"]}/undo", "")).IsProblem(422, "invalid");

        var page = (await laurel.Get($"{Root}/rules/3/backfills?limit=1", manager)).Is(200).Json;
        Assert.Equal(done.Text("id"), page["items"]![0]!["id"]!.ToString());
        page = (await laurel.Get($"{Root}/rules/3/backfills?limit=1&cursor={page["next"]}", manager)).Is(200).Json;
        Assert.Equal((undo.Text("id"), null), (page["items"]![0]!["id"]!.ToString(), page["next"]));
        (await laurel.Get($"{Root}/rules/4/backfills?cursor=x")).IsProblem(400, "invalid", "cursor");
    }

    [Theory, EveryEngine]
    public async Task A_backfill_can_be_stopped(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        await laurel.ActMany(5000, 2000);
        (await laurel.Put($"{Root}/rules/3", """{"key":"editor","actions":["Edit"],"when":{"each":true},"badgeId":7}""")).Is(201);

        var begun = (await laurel.Post($"{Root}/rules/3/backfills", "{}", once: "begin")).Is(201);
        Assert.Equal(begun.Body, (await laurel.Post($"{Root}/rules/3/backfills", "{}", once: "begin")).Is(201).Body);
        (await laurel.Post($"{Root}/rules/3/backfills", "{}")).IsProblem(409, "backfill_running");
        var stopped = (await laurel.Post($"{Root}/backfills/{begun.Json["id"]}/stop", "{}")).Is(200);

        Assert.Equal("stopped", stopped.Text("state"));
        Assert.InRange(stopped.Json["cursor"]!.GetValue<long>(), 0, 6999);
        (await laurel.Post($"{Root}/backfills/{begun.Json["id"]}/stop", "")).Is(200).Says(stopped.Body);
        (await laurel.Get($"{Root}/backfills/{begun.Json["id"]}")).Is(200).Says(stopped.Body);
        await laurel.Ended((await laurel.Post($"{Root}/backfills/{begun.Json["id"]}/undo", "{}")).Is(201));
        Assert.Equal("0", (await laurel.Get($"{Root}/badges/7/awards")).Is(200).Json["items"]!.AsArray().Count.ToString());
    }

    [Theory]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"count":0},"badgeId":7}}""", 422, "invalid", "rule.when")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{},"badgeId":7}}""", 422, "invalid", "rule.when")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":7,"recipient":"reader"}}""", 422, "invalid", "rule.recipient")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"filter":"(","when":{"each":true},"badgeId":7}}""", 422, "invalid_filter", "rule.filter")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":77}}""", 422, "unknown_badge", "rule.badgeId")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"count":null},"badgeId":7}}""", 400, "malformed", "rule.when.count")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":7},"from":"1969-12-31T23:59:59Z"}""", 422, "invalid", "from")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":7},"from":"2026-01-01T00:00:00.000001Z"}""", 422, "invalid", "from")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":7},"from":"now"}""", 400, "malformed", "from")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":7},"afterUser":-1}""", 422, "invalid", "afterUser")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":7},"afterUser":9007199254740992}""", 422, "invalid", "afterUser")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":7},"afterUser":null}""", 400, "malformed", "afterUser")]
    [InlineData("""{"rule":{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":7,"id":3}}""", 400, "malformed", "rule.id")]
    public async Task What_cannot_be_previewed_is_named(string body, int status, string code, string field)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite, new ManualTime());
        (await laurel.Put($"{Root}/rules/3", Rule)).Is(201);
        (await laurel.Post($"{Root}/rules/preview", body)).IsProblem(status, code, field);
        (await laurel.Post($"{Root}/rules/3/preview", body)).IsProblem(status, code, field);
    }

    [Theory, EveryEngine]
    public async Task A_new_rule_is_previewed_as_a_whole(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        (await laurel.Post($"{Root}/rules/preview", "{}")).IsProblem(400, "malformed");
        (await laurel.Post($"{Root}/rules/preview", """{"rule":null}""")).IsProblem(400, "malformed", "rule");
        (await laurel.Post($"{Root}/rules/77/preview", "{}")).IsProblem(404, "unknown_rule");
        (await laurel.Post($"{Root}/rules/77/preview", "{}", await laurel.Key(1, null))).IsProblem(403, "forbidden");
    }
}
