using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class ActionBatchTests
{
    // Row, and the code it is refused with.
    private static readonly (string Row, string Code)[] Bad =
    [
        ("null", "malformed"),
        ("7", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        ("""{"type":"Edit","userId":"1"}""", "malformed"),
        ("""{"type":"Edit","userId":1,"extra":1}""", "malformed"),
        ("""{"type":"Edit","userId":1,"subject":"\ud800"}""", "malformed"),
        ("""{"type":"Edit","userId":1,"occurredAt":"yesterday"}""", "malformed"),
        ("""{"type":"Nothing","userId":1}""", "unknown_action_type"),
        ("""{"type":"Edit","userId":77}""", "unknown_user"),
        ("""{"type":"Edit","userId":1,"id":0}""", "id_reserved"),
        ("""{"type":"Edit","userId":1,"subject":""}""", "invalid"),
        ("""{"type":"Edit","userId":1,"occurredAt":"9999-01-01T00:00:00Z"}""", "invalid"),
        ("""{"type":"Edit","userId":1,"properties":[]}""", "invalid"),
        ("""{"type":"Edit","userId":2,"id":1}""", "action_mismatch"),
    ];

    private static async Task<TestServer> Start(Engine engine)
    {
        var laurel = await NativeWorld.Start(engine);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        return laurel;
    }

    private static Task<Answer> PostLines(TestServer laurel, string lines, string type = "application/x-ndjson", string? once = null) => laurel.Send(
        HttpMethod.Post, $"{Root}/actions", new ByteArrayContent(Encoding.UTF8.GetBytes(lines)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } },
        TestServer.AdministratorKey, once is null ? [] : [("Idempotency-Key", once)]);

    private static List<(string Row, string Code)> Rows() => [.. Enumerable.Range(0, 512).Select(i => i % 32 == 5
        ? Bad[i / 32 % Bad.Length]
        : (Row: $$"""{"id":{{i + 1}},"type":"Edit","userId":{{1 + (i % 3)}} }""", Code: ""))];

    private static void AreAnswered(List<(string Row, string Code)> rows, JsonArray items, string status)
    {
        Assert.Equal(rows.Count, items.Count);
        foreach (var ((row, code), item) in rows.Zip(items))
        {
            Assert.Equal(code.Length == 0 ? status : "refused", item!["status"]!.GetValue<string>());
            Assert.Equal(code.Length == 0 ? null : code, item["code"]?.GetValue<string>());
            Assert.Equal(code.Length == 0, item["counted"]!.GetValue<bool>());
            Assert.Equal(code.Length == 0 ? JsonNode.Parse(row)!["id"]!.GetValue<long>() : null, item["action"]?["id"]!.GetValue<long>());
            Assert.Equal(code.Length > 0, item["detail"] is not null);
        }
    }

    [Theory, EveryEngine]
    public async Task Bad_rows_harm_no_other_in_an_array_and_in_lines(Engine engine)
    {
        await using var laurel = await Start(engine);
        var rows = Rows();

        AreAnswered(rows, (await laurel.Post($"{Root}/actions", $" \n[{string.Join(',', rows.Select(row => row.Row))}]")).Is(200).Json.AsArray(), "created");
        AreAnswered(rows, (await PostLines(laurel, string.Join("\r\n \t\n\n", rows.Select(row => row.Row)))).Is(200).Json.AsArray(), "repeated");
        (await laurel.Get($"{Root}/actions/512")).Is(200);
    }

    [Theory, EveryEngine]
    public async Task Of_rows_with_one_id_the_first_is_recorded(Engine engine)
    {
        await using var laurel = await Start(engine);
        var rows = Enumerable.Range(0, 300).Select(i => $$"""{"id":{{1 + (i % 100)}},"type":"Edit","userId":1,"subject":"{{(i < 200 ? "a" : "b")}}"}""");

        var items = (await laurel.Post($"{Root}/actions", $"[{string.Join(',', rows)}]")).Is(200).Json.AsArray();

        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(i < 100 ? "created" : i < 200 ? "repeated" : "refused", items[i]!["status"]!.GetValue<string>());
            Assert.Equal(i < 200 ? null : "action_mismatch", items[i]!["code"]?.GetValue<string>());
        }
    }

    [Theory, EveryEngine]
    public async Task A_batch_awards_what_rules_give_for_it(Engine engine)
    {
        await using var laurel = await Start(engine);
        (await laurel.Put($"{Root}/rules/4", """{"key":"edits","actions":["Edit"],"when":{"count":100},"badgeId":7}""")).Is(201);
        (await PostLines(laurel, string.Join('\n', Enumerable.Repeat("""{"type":"Edit","userId":2}""", 99)))).Is(200);
        Assert.Empty((await laurel.Get($"{Root}/users/2/awards")).Json["items"]!.AsArray());

        (await PostLines(laurel, """{"type":"Edit","userId":2}""")).Is(200);

        var award = Assert.Single((await laurel.Get($"{Root}/users/2/awards")).Json["items"]!.AsArray())!;
        Assert.Equal(("rule", 4, 1), (award["source"]!.GetValue<string>(), award["ruleId"]!.GetValue<long>(), award["ruleRevision"]!.GetValue<long>()));
    }

    [Fact]
    public async Task A_batch_has_forms_and_limits_of_its_own()
    {
        await using var laurel = await Start(Engine.Sqlite);
        const string Row = """{"type":"Edit","userId":2}""";
        (await laurel.Post($"{Root}/actions", "[]")).Is(200).Says("[]");
        (await PostLines(laurel, "")).Is(200).Says("[]");
        (await PostLines(laurel, "\n \n\t\r\n")).Is(200).Says("[]");
        (await laurel.Post($"{Root}/actions", $"[{Row},")).IsProblem(400, "malformed");
        (await laurel.Post($"{Root}/actions", "[] []")).IsProblem(400, "malformed");
        (await laurel.Post($"{Root}/actions", $"[{string.Join(',', Enumerable.Repeat("1", 10_001))}]")).IsProblem(422, "batch_too_long");
        (await PostLines(laurel, string.Concat(Enumerable.Repeat("1\n", 10_001)))).IsProblem(422, "batch_too_long");
        (await PostLines(laurel, new string(' ', 2 << 20) + Row)).Is(200);
        (await PostLines(laurel, new string(' ', 17 << 20))).IsProblem(413, "body_too_large");
        foreach (var type in new[] { "application/ndjson", "text/x-ndjson", "application/x-ndjson; charset=utf-16", "application/vnd.laurel+x-ndjson" })
        {
            (await PostLines(laurel, Row, type)).IsProblem(415, "unsupported_media_type");
        }
        // Lines are what actions come in, and nothing else.
        (await laurel.Send(HttpMethod.Post, $"{Root}/awards", new StringContent("{}", Encoding.UTF8, "application/x-ndjson"), TestServer.AdministratorKey))
            .IsProblem(415, "unsupported_media_type");

        var first = (await PostLines(laurel, $"{Row}\n{Row}", "Application/X-NDJSON; charset=UTF-8", once: "lines")).Is(200);
        Assert.Equal(first.Body, (await PostLines(laurel, $"{Row}\n{Row}", once: "lines")).Body);
        Assert.Equal(2, first.Json.AsArray().Select(item => item!["action"]!["id"]!.GetValue<long>()).Distinct().Count());
    }

    [Fact]
    public async Task Whatever_the_lines_are_each_is_answered()
    {
        await using var laurel = await Start(Engine.Sqlite);
        const string Row = """{"type":"Edit","userId":2}""";
        string[] lines =
        [
            "{", "}", "\"", Row + Row, Row + ",", "[" + Row + "]", "\ufeff" + Row, "nul", "{'type':'Edit'}", new string('[', 100_000), "\0", "\u2028", "//",
            """{"type":"Edit","userId":1e400}""", """{"type":"Edit","type":"Edit","userId":2}""", """{"type":"\u0000","userId":2}""",
        ];
        var items = (await PostLines(laurel, string.Join('\n', lines))).Is(200).Json.AsArray();
        Assert.Equal(lines.Length, items.Count);
        Assert.All(items, item => Assert.Equal("malformed", item!["code"]!.GetValue<string>()));

        byte[] broken = [.. Encoding.UTF8.GetBytes("{\"type\":\"Edit\",\"userId\":2,\"subject\":\""), 0xff, .. Encoding.UTF8.GetBytes($"\"}}\n{Row}")];
        var answer = await laurel.Send(
            HttpMethod.Post, $"{Root}/actions", new ByteArrayContent(broken) { Headers = { ContentType = new("application/x-ndjson") } }, TestServer.AdministratorKey);
        Assert.Equal(["refused", "created"], answer.Is(200).Json.AsArray().Select(item => item!["status"]!.GetValue<string>()));
    }
}
