using System.Text.Json.Nodes;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class RuleTests
{
    private const string Week = """{"every":1,"unit":"week","anchor":"2023-01-02"}""";

    // What earns badge 7, and how it is told where that is not the same.
    public static TheoryData<string, string?> Forms => new()
    {
        { """{"each":true}""", null },
        { """{"count":10}""", null },
        { """{"count":1.0e1}""", """{"count":10}""" },
        { """{"count":10,"within":"P7D"}""", null },
        { """{"count":1000,"within":"PT90M"}""", """{"count":1000,"within":"PT1H30M"}""" },
        { $$"""{"count":10,"per":{{Week}}}""", null },
        { """{"distinctSubjects":5}""", null },
        { """{"sum":"points","reaches":100}""", null },
        { """{"sum":"score.points","reaches":0.5}""", null },
        { $$"""{"firstIn":{{Week}}}""", null },
        { """{"streak":7,"unit":"day"}""", null },
        { """{"streak":52,"unit":"week"}""", null },
    };

    [Theory, MemberData(nameof(Forms))]
    public async Task A_rule_is_told_as_it_was_put(string when, string? told)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite, new ManualTime());
        var answer = (await laurel.Put($"{Root}/rules/3", $$"""{"key":"r","actions":["Edit"],"when":{{when}},"badgeId":7}""")).Is(201);
        answer.Says($$"""
            {"id":3,"key":"r","name":null,"enabled":true,"actions":["Edit"],"filter":null,"recipient":"actor","when":{{told ?? when}},"badgeId":7,"tiers":null,
             "validFrom":null,"validUntil":null,"maximumRecipients":null,"alarmAfterDays":null,
             "revision":1,"countsFrom":"2026-01-01T00:00:00Z","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}
            """);
        (await laurel.Get($"{Root}/rules/3")).Is(200).Says(answer.Body);
    }

    [Theory]
    [InlineData("""{"count":true}""", "10", "100")]
    [InlineData("""{"count":true,"within":"P7D"}""", "10", "100")]
    [InlineData("""{"distinctSubjects":true}""", "1", "1000")]
    [InlineData("""{"sum":"points","reaches":true}""", "0.5", "1000000000000")]
    [InlineData("""{"streak":true,"unit":"day"}""", "7", "365")]
    [InlineData("""{"holding":[20,21,22],"atLeast":true}""", "1", "3")]
    public async Task Tiers_say_the_numbers(string when, string first, string second)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        foreach (var badge in new[] { 8, 20, 21, 22 })
        {
            await laurel.Badge(badge);
        }
        var actions = when.Contains("holding") ? "[]" : "[\"Edit\"]";
        var rule = (await laurel.Put($"{Root}/rules/3",
            $$"""{"key":"r","actions":{{actions}},"when":{{when}},"tiers":[{"badgeId":7,"at":{{first}} },{"badgeId":8,"at":{{second}} }]}""")).Is(201).Json;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(when), rule["when"]), rule.ToJsonString());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse($$"""[{"badgeId":7,"at":{{first}} },{"badgeId":8,"at":{{second}} }]"""), rule["tiers"]));
        Assert.Null(rule["badgeId"]);
    }

    [Fact]
    public async Task What_is_told_can_be_put_back_and_a_single_tier_is_a_badge()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite, new ManualTime());
        const string Rich = """
            {"key":"r","name":"Rule","enabled":false,"actions":["Edit","Vote"],"filter":"properties.minutes >= 5","recipient":"owner","when":{"count":true},
             "tiers":[{"badgeId":7,"at":10.0}],"validFrom":"2026-01-01T00:00:00Z","validUntil":"2027-01-01T00:00:00.5Z","maximumRecipients":100,"alarmAfterDays":7}
            """;
        var told = (JsonObject)(await laurel.Put($"{Root}/rules/3", Rich)).Is(201).Json;
        Assert.Equal(("{\"count\":10}", "7", null), (told["when"]!.ToJsonString(), told["badgeId"]!.ToJsonString(), told["tiers"]));
        Assert.Equal("2027-01-01T00:00:00.5Z", told["validUntil"]!.GetValue<string>());
        foreach (var readOnly in new[] { "id", "revision", "countsFrom", "createdAt", "updatedAt" })
        {
            told.Remove(readOnly);
        }
        var again = (await laurel.Put($"{Root}/rules/3", told.ToJsonString())).Is(200).Json;
        Assert.Equal(2, again["revision"]!.GetValue<long>());
        Assert.All(told, member => Assert.True(JsonNode.DeepEquals(member.Value, again[member.Key]), member.Key));
    }

    [Theory]
    [InlineData(""" "when":{},"badgeId":7""", "when")]
    [InlineData(""" "when":{"each":true,"count":1},"badgeId":7""", "when")]
    [InlineData(""" "when":{"each":1},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":0},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":1.5},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":-1},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":1000000000001},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":true},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":10},"tiers":[{"badgeId":7,"at":1}]""", "when")]
    [InlineData(""" "when":{"each":true},"tiers":[{"badgeId":7,"at":1}]""", "when")]
    [InlineData(""" "when":{"within":"P7D"},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":10,"within":"P7D","per":{"every":1,"unit":"day","anchor":"2023-01-01"}},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":10,"unit":"day"},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":10,"within":"1 week"},"badgeId":7""", "when.within")]
    [InlineData(""" "when":{"count":10,"within":"PT0S"},"badgeId":7""", "when.within")]
    [InlineData(""" "when":{"count":10,"within":"P367D"},"badgeId":7""", "when.within")]
    [InlineData(""" "when":{"count":1001,"within":"P7D"},"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":10,"per":{"every":0,"unit":"day","anchor":"2023-01-01"}},"badgeId":7""", "when.per")]
    [InlineData(""" "when":{"count":10,"per":{"every":1,"unit":"day","anchor":"2023-02-30"}},"badgeId":7""", "when.per.anchor")]
    [InlineData(""" "when":{"firstIn":{"every":1,"unit":"hour","anchor":"2023-01-01"}},"badgeId":7""", "when.firstIn")]
    [InlineData(""" "when":{"sum":"points"},"badgeId":7""", "when")]
    [InlineData(""" "when":{"reaches":7},"badgeId":7""", "when")]
    [InlineData(""" "when":{"streak":7},"badgeId":7""", "when")]
    [InlineData(""" "when":{"streak":7,"unit":"month"},"badgeId":7""", "when.streak")]
    [InlineData(""" "when":{"streak":7,"unit":"hour"},"badgeId":7""", "when.unit")]
    [InlineData(""" "when":{"holding":[7]},"badgeId":7""", "actions")]
    [InlineData(""" "when":{"count":1}""", "badgeId")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"tiers":[{"badgeId":7,"at":1}]""", "badgeId")]
    [InlineData(""" "when":{"count":true},"tiers":[]""", "tiers")]
    [InlineData(""" "when":{"count":true},"tiers":[{"badgeId":7,"at":2},{"badgeId":8,"at":1}]""", "tiers")]
    [InlineData(""" "when":{"count":true},"tiers":[{"badgeId":7,"at":1},{"badgeId":7,"at":2}]""", "tiers")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"recipient":"reader" """, "recipient")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"name":"" """, "name")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"actions":[null]""", "actions")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"validFrom":"2026-01-02T00:00:00Z","validUntil":"2026-01-01T00:00:00Z" """, "validUntil")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"maximumRecipients":0""", "maximumRecipients")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"alarmAfterDays":0""", "alarmAfterDays")]
    public async Task A_rule_that_says_what_cannot_be_is_refused(string members, string field)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await laurel.Badge(8);
        var actions = members.Contains("\"actions\"") ? "" : "\"actions\":[\"Edit\"],";
        (await laurel.Put($"{Root}/rules/3", $$"""{"key":"r",{{actions}}{{members}} }""")).IsProblem(422, "invalid", field);
    }

    [Theory]
    [InlineData(""" "when":{"count":null},"badgeId":7""", "when.count")]
    [InlineData(""" "when":{"count":false},"badgeId":7""", "when.count")]
    [InlineData(""" "when":{"count":"10"},"badgeId":7""", "when.count")]
    [InlineData(""" "when":{"count":1e400},"badgeId":7""", "when.count")]
    [InlineData(""" "when":{"count":1,"within":null},"badgeId":7""", "when.within")]
    [InlineData(""" "when":{"count":1,"often":true},"badgeId":7""", "when.often")]
    [InlineData(""" "when":{"firstIn":"day"},"badgeId":7""", "when.firstIn")]
    [InlineData(""" "when":{"holding":[7,null]},"badgeId":7""", "when.holding[1]")]
    [InlineData(""" "when":{"count":true},"tiers":[null]""", "tiers[0]")]
    [InlineData(""" "when":{"count":true},"tiers":[{"badgeId":7,"at":true}]""", "tiers[0].at")]
    [InlineData(""" "when":null,"badgeId":7""", "when")]
    [InlineData(""" "when":{"count":1},"badgeId":"7" """, "badgeId")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"recipient":null""", "recipient")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"filter":7""", "filter")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"maximumRecipients":1.5""", "maximumRecipients")]
    [InlineData(""" "when":{"count":1},"badgeId":7,"revision":1""", "revision")]
    public async Task A_value_of_the_wrong_type_is_named_by_its_path(string members, string field)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/rules/3", $$"""{"key":"r","actions":["Edit"],{{members}} }""")).IsProblem(400, "malformed", field);
    }

    [Fact]
    public async Task A_filter_that_cannot_be_read_is_refused_with_the_place()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var refused = (await laurel.Put($"{Root}/rules/3", """{"key":"r","actions":["Edit"],"filter":"properties.minutes >= ","when":{"each":true},"badgeId":7}"""))
            .IsProblem(422, "invalid_filter", "filter");
        Assert.Equal("properties.minutes >= ".Length, refused.Json["position"]!.GetValue<int>());
        refused = (await laurel.Put($"{Root}/rules/3", """{"key":"r","actions":["Edit"],"when":{"sum":"a..b","reaches":1},"badgeId":7}""")).IsProblem(422, "invalid_filter", "when.sum");
        Assert.True(refused.Json["position"]!.GetValue<int>() > 0);
        Assert.Null((await laurel.Put($"{Root}/rules/3", """{"key":"7","actions":["Edit"],"when":{"each":true},"badgeId":7}""")).IsProblem(422, "invalid", "key").Json["position"]);
        (await laurel.Put($"{Root}/rules/3", """{"key":"r","actions":["Edit"],"when":{"each":true},"badgeId":77}""")).IsProblem(422, "unknown_badge", "badgeId");
        (await laurel.Put($"{Root}/rules/3", """{"key":"r","actions":["Edit"],"when":{"count":true},"tiers":[{"badgeId":7,"at":1},{"badgeId":77,"at":2}]}"""))
            .IsProblem(422, "unknown_badge", "tiers");
        (await laurel.Put($"{Root}/rules/3", """{"key":"r","when":{"holding":[77]},"badgeId":7}""")).IsProblem(422, "unknown_badge", "when.holding");
    }

    [Theory, EveryEngine]
    public async Task Revisions_are_told_the_newest_first(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await NativeWorld.Start(engine, time);
        var manager = await laurel.Key(1, null);
        (await laurel.Put($"{Root}/rules/3", """{"key":"r","actions":["Edit"],"when":{"count":10},"badgeId":7}""")).Is(201);
        time.Jump(TimeSpan.FromMinutes(1));
        (await laurel.Put($"{Root}/rules/3", """{"key":"r","name":"N","actions":["Edit"],"when":{"count":10},"badgeId":7}""", manager)).Is(200);
        time.Jump(TimeSpan.FromMinutes(1));
        var last = (await laurel.Put($"{Root}/rules/3", """{"key":"r","actions":["Edit"],"when":{"count":11},"badgeId":7}""")).Is(200);
        // A name keeps the counts, a higher target does not.
        Assert.Equal("2026-01-01T00:02:00Z", last.Text("countsFrom"));

        var page = (await laurel.Get($"{Root}/rules/3/revisions?limit=2", manager)).Is(200).Json;
        Assert.Equal([3, 2], page["items"]!.AsArray().Select(item => item!["revision"]!.GetValue<long>()));
        Assert.Equal("N", page["items"]![1]!["rule"]!["name"]!.GetValue<string>());
        Assert.Equal(1, page["items"]![1]!["createdBy"]!.GetValue<long>());
        Assert.Equal("2026-01-01T00:01:00Z", page["items"]![1]!["createdAt"]!.GetValue<string>());
        var rest = (await laurel.Get($"{Root}/rules/3/revisions?limit=2&cursor={page["next"]}")).Is(200);
        rest.Says("""
            {"items":[{"revision":1,"createdAt":"2026-01-01T00:00:00Z","createdBy":null,
               "rule":{"key":"r","name":null,"enabled":true,"actions":["Edit"],"filter":null,"recipient":"actor","when":{"count":10},"badgeId":7,"tiers":null,
                       "validFrom":null,"validUntil":null,"maximumRecipients":null,"alarmAfterDays":null}}],"next":null}
            """);
        // What a rule was can be put again.
        Assert.Equal(4, (await laurel.Put($"{Root}/rules/3", rest.Json["items"]![0]!["rule"]!.ToJsonString())).Is(200).Json["revision"]!.GetValue<long>());
        (await laurel.Get($"{Root}/rules/4/revisions")).IsProblem(404, "unknown_rule");
        (await laurel.Get($"{Root}/rules/3/revisions?cursor=x")).IsProblem(400, "invalid", "cursor");
    }

    [Theory, EveryEngine]
    public async Task Managers_write_and_see_the_rules_of_their_issuers(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        (await laurel.Put($"{Root}/issuers/200", """{"name":"Other","creator":{"type":"User","id":2}}""")).Is(201);
        (await laurel.Put($"{Root}/badges/20", """{"issuerId":200,"texts":{"en":{"name":"B"}}}""")).Is(201);
        static string Body(int rule, int badge) => $$"""{"key":"rule-{{rule}}","actions":["Edit"],"when":{"each":true},"badgeId":{{badge}} }""";
        var (first, second, nobody) = (await laurel.Key(1, null), await laurel.Key(2, null), await laurel.Key(3, null));
        var (service, other) = (await laurel.Key(null, Scopes.RulesWrite), await laurel.Key(null, Scopes.BadgesWrite));
        for (var rule = 1; rule <= 6; rule++)
        {
            (await laurel.Put($"{Root}/rules/{rule}", Body(rule, rule % 2 == 0 ? 7 : 20), rule % 2 == 0 ? first : second)).Is(201);
        }

        (await laurel.Put($"{Root}/rules/9", Body(9, 20), first)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/rules/1", Body(1, 7), first)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/rules/1", first)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/rules/1/revisions", first)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/rules/77", first)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/rules/2", first)).Is(200);
        (await laurel.Put($"{Root}/rules/2", Body(2, 7), service)).Is(200);
        (await laurel.Get($"{Root}/rules/77", service)).IsProblem(404, "unknown_rule");
        (await laurel.Get($"{Root}/rules", other)).IsProblem(403, "forbidden");
        Assert.False((await laurel.Core.Rules.Watch(77, TestCore.Administrator)).Succeeded(out _, out var unknown));
        Assert.Equal(RefusalCode.UnknownRule, unknown!.Code);
        (await laurel.Get($"{Root}/rules/2", other)).IsProblem(403, "forbidden");
        Assert.Equal([1, 2, 3, 4, 5, 6], await Listed(TestServer.AdministratorKey));
        Assert.Equal([1, 2, 3, 4, 5, 6], await Listed(service));
        Assert.Equal([2, 4, 6], await Listed(first));
        Assert.Equal([1, 3, 5], await Listed(second));
        Assert.Empty(await Listed(nobody));

        async Task<List<long>> Listed(string key)
        {
            var ids = new List<long>();
            for (string? cursor = ""; cursor is not null;)
            {
                var page = (await laurel.Get($"{Root}/rules?limit=2{(cursor.Length == 0 ? "" : $"&cursor={cursor}")}", key)).Is(200).Json;
                ids.AddRange(page["items"]!.AsArray().Select(item => item!["id"]!.GetValue<long>()));
                cursor = page["next"]?.GetValue<string>();
            }
            return ids;
        }
    }
}
