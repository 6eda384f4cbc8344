using System.Text.Json.Nodes;
using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class ExplanationTests
{
    private static async Task<TestServer> Start(Engine engine, ManualTime time)
    {
        var laurel = await NativeWorld.Start(engine, time);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        return laurel;
    }

    private static async Task Put(TestServer laurel, string more = "", int status = 201, string when = """{"count":2}""") =>
        (await laurel.Put($"{Root}/rules/3", $$"""{"key":"editor","actions":["Edit"],"when":{{when}},"badgeId":7{{more}}}""")).Is(status);

    private static async Task Edit(TestServer laurel, long id, long user = 2, string more = "") =>
        (await laurel.Post($"{Root}/actions", $$"""{"id":{{id}},"type":"Edit","userId":{{user}},"subject":"page","properties":{"size":{{id}}}{{more}}}""")).Is(201);

    private static async Task<JsonNode> Explain(TestServer laurel, long user = 2, string key = TestServer.AdministratorKey) =>
        (await laurel.Get($"{Root}/users/{user}/badges/7/explanation", key)).Is(200).Json;

    private static async Task Says(TestServer laurel, string verdict, long user = 2) =>
        Assert.Equal(verdict, (await Explain(laurel, user))["rules"]![0]!["verdict"]!.GetValue<string>());

    [Theory, EveryEngine]
    public async Task It_tells_what_has_been_counted_and_what_tipped_it(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        var manager = await laurel.Key(1, null);
        await Edit(laurel, 1);
        time.Jump(TimeSpan.FromHours(1));
        await Put(laurel, ",\"filter\":\"properties.size != 4\",\"validUntil\":\"2026-01-01T04:00:00Z\"", when: """{"count":3}""");
        await Edit(laurel, 2);
        await Edit(laurel, 4);
        time.Jump(TimeSpan.FromHours(1));
        await Edit(laurel, 5);

        static string Told(string award, string removal, string verdict, int count, string outside, string last) => $$"""
            {"userId":2,"badgeId":7,"awards":[{{award}}],"removals":[{{removal}}],
             "rules":[{"ruleId":3,"ruleKey":"editor","revision":1,"verdict":"{{verdict}}","count":{{count}},"target":3,
               "actions":{"notTheirs":0,"tooLate":0,"tooEarly":1,"outsideValidity":{{outside}},"notMatching":1,"counted":{{count}}},
               "lastCounted":[{"id":2,"type":"Edit","userId":2,"subject":"page","occurredAt":"2026-01-01T01:00:00Z","recordedAt":"2026-01-01T01:00:00Z"},
                 {"id":5,"type":"Edit","userId":2,"subject":"page","occurredAt":"2026-01-01T02:00:00Z","recordedAt":"2026-01-01T02:00:00Z"}{{last}}]}]}
            """;
        (await laurel.Get($"{Root}/users/2/badges/7/explanation", manager)).Is(200).Says(Told("", "", "countMissing", 2, "0", ""));

        time.Jump(TimeSpan.FromHours(1));
        await Edit(laurel, 6);
        const string Tipped = """{"id":6,"type":"Edit","userId":2,"subject":"page","occurredAt":"2026-01-01T03:00:00Z","recordedAt":"2026-01-01T03:00:00Z"}""";
        var award = (await laurel.Get($"{Root}/users/2/awards")).Is(200).Json["items"]![0]!;
        Assert.Equal(3, award["ruleId"]!.GetValue<long>());
        time.Jump(TimeSpan.FromHours(1));
        await Edit(laurel, 7);
        (await laurel.Get($"{Root}/users/2/badges/7/explanation", manager)).Is(200).Says(
            Told($$"""{"award":{{award.ToJsonString()}},"action":{{Tipped}}}""", "", "awarded", 3, "1", "," + Tipped));

        (await laurel.Delete($"{Root}/users/2/awards/{award["id"]}?kind=revoke&reason=cheat", manager)).Is(204);
        (await laurel.Get($"{Root}/users/2/badges/7/explanation", manager)).Is(200).Says(Told("",
            $$"""
            {"awardId":{{award["id"]}},"occasion":"","awardedAt":"2026-01-01T03:00:00Z","kind":"revoke","removedAt":"2026-01-01T04:00:00Z",
             "removedBy":1,"reason":"cheat","isLifted":false}
            """, "removed", 3, "1", "," + Tipped));
    }

    [Theory, EveryEngine]
    public async Task Each_verdict_is_given(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        Assert.Empty((await Explain(laurel))["rules"]!.AsArray());

        await Put(laurel, ",\"maximumRecipients\":1,\"validUntil\":\"2026-01-02T00:00:00Z\"");
        await Says(laurel, "countMissing");
        await Edit(laurel, 1);
        await Edit(laurel, 2);
        await Says(laurel, "awarded");
        await Says(laurel, "allSeatsTaken", user: 3);

        await Put(laurel, ",\"validUntil\":\"2026-01-02T00:00:00Z\"", 200);
        await Says(laurel, "countMissing", user: 3);
        time.Jump(TimeSpan.FromDays(2));
        await Says(laurel, "notValidNow", user: 3);

        await Put(laurel, ",\"enabled\":false", 200);
        await Says(laurel, "ruleDisabled", user: 3);
        await Says(laurel, "awarded");

        await Put(laurel, status: 200);
        (await laurel.Award(3, 7)).Is(201);
        await Edit(laurel, 3, user: 3);
        await Says(laurel, "countMissing", user: 3);
        await Edit(laurel, 4, user: 3);
        await Says(laurel, "heldByAnother", user: 3);

        (await laurel.Put($"{Root}/badges/7", """{"issuerId":100,"texts":{"en":{"name":"Badge 7","description":"About 7"}},"enabled":false}""")).Is(200);
        await Says(laurel, "badgeDisabled", user: 1);
    }

    [Theory, EveryEngine]
    public async Task Who_is_behind_a_backfill_is_told_so(Engine engine)
    {
        await using var laurel = await Start(engine, new ManualTime());
        await laurel.ActMany(5000, 2000);
        await Put(laurel, when: """{"each":true}""");
        var begun = (await laurel.Post($"{Root}/rules/3/backfills", "{}")).Is(201);
        await Says(laurel, "awaitsBackfill", user: 6999);
        await laurel.Ended(begun);
        await Says(laurel, "awarded", user: 6999);
    }

    [Theory, EveryEngine]
    public async Task What_a_late_action_corrects_is_told(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        await Put(laurel);
        time.Jump(TimeSpan.FromHours(1));
        await Edit(laurel, 10);
        await Edit(laurel, 11);
        await Edit(laurel, 9, more: ",\"occurredAt\":\"2026-01-01T00:30:00Z\"");

        var told = await Explain(laurel);
        Assert.Equal("10", told["awards"]![0]!["action"]!["id"]!.ToString());
        Assert.Equal(["corrected"], told["removals"]!.AsArray().Select(removal => removal!["kind"]!.GetValue<string>()));
        await Says(laurel, "awarded");

        time.Jump(TimeSpan.FromDays(3));
        await Edit(laurel, 12, more: ",\"occurredAt\":\"2026-01-01T00:40:00Z\"");
        Assert.Equal("1", (await Explain(laurel))["rules"]![0]!["actions"]!["tooLate"]!.ToString());
        Assert.Equal("1", (await laurel.Get($"{Root}/rules/3/watch")).Is(200).Text("late"));
    }

    [Fact]
    public async Task It_is_for_who_manages_the_issuer()
    {
        await using var laurel = await Start(Engine.Sqlite, new ManualTime());
        var path = $"{Root}/users/2/badges/7/explanation";
        (await laurel.Get(path, await laurel.Key(1, null))).Is(200);
        (await laurel.Get(path, await laurel.Key(null, Scopes.UsersRead))).Is(200);
        foreach (var key in new[] { await laurel.Key(2, null), await laurel.Key(3, null), await laurel.Key(1, Scopes.RulesWrite) })
        {
            (await laurel.Get(path, key)).IsProblem(403, "forbidden");
            (await laurel.Get($"{Root}/users/77/badges/7/explanation", key)).IsProblem(403, "forbidden");
        }
        (await laurel.Get($"{Root}/users/77/badges/7/explanation")).IsProblem(404, "unknown_user");
        (await laurel.Get($"{Root}/users/2/badges/77/explanation")).IsProblem(404, "unknown_badge");
    }
}
