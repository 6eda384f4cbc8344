using System.Text.Json.Nodes;
using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>Contract: docs/dialects/perfumer.md#payloads</summary>
public sealed class PayloadTests(PerfumerBed perfumer) : IClassFixture<PerfumerBed>
{
    [Theory]
    [InlineData("""{"foo":"bar"}""", """{"foo":"bar"}""")]
    [InlineData("""{ "b" : [ 1 , 2.50 , { } ] ,  "a" : "\u00e9 \" , : é 🏅" }""", """{"b":[1,2.50,{}],"a":"\u00e9 \" , : é 🏅"}""")]
    [InlineData("""[1,[2],{"a":null}]""", """[1,[2],{"a":null}]""")]
    [InlineData("""{"a":1,"a":2}""", """{"a":1,"a":2}""")]
    [InlineData("\"text\"", """["text"]""")]
    [InlineData("\"[1]\"", """["[1]"]""")]
    [InlineData("\" \"", """[" "]""")]
    [InlineData("0", "[0]")]
    [InlineData("-1.5e3", "[-1.5e3]")]
    [InlineData("12345678901234567890", "[12345678901234567890]")]
    [InlineData("true", "[true]")]
    [InlineData("false", "[false]")]
    [InlineData("[null]", "[null]")]
    [InlineData("[\"\"]", "[\"\"]")]
    [InlineData("null", null)]
    [InlineData("\"\"", null)]
    [InlineData("{}", null)]
    [InlineData("[ ]", null)]
    public async Task It_is_kept_as_an_object_or_array_and_left_out_when_empty(string posted, string? shown)
    {
        var (collection, user) = (PerfumerBed.New("c"), PerfumerBed.New("u"));
        (await perfumer.Send("POST", "/badge", $$"""{"collection":"{{collection}}","user":"{{user}}","name":"a","payload":{{posted}} }""")).Is(201, PerfumerBed.Done);
        var time = perfumer.Time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss");
        var payload = shown is null ? "" : $"\"payload\":{shown},";
        (await perfumer.Send("GET", $"/badges?collection={collection}&user={user}")).Is(200,
            "{\"status\":true,\"content\":{\"badges\":[{\"name\":\"a\",\"user\":\"" + user + "\"," + payload + "\"created_at\":\"" + time + "\"}]}}");
    }

    [Theory]
    [InlineData("&payload=x", """["x"]""")]
    [InlineData("&payload=%7B%22a%22%3A1%7D", """["{\"a\":1}"]""")]
    [InlineData("&payload=", null)]
    [InlineData("&payload", null)]
    public async Task Of_the_query_it_is_a_text(string query, string? shown)
    {
        var (collection, user) = (PerfumerBed.New("c"), PerfumerBed.New("u"));
        (await perfumer.Send("POST", $"/badge?collection={collection}&user={user}&name=a{query}")).Is(201, PerfumerBed.Done);
        var badge = JsonNode.Parse((await perfumer.Send("GET", $"/badges?collection={collection}&user={user}")).Body)!["content"]!["badges"]![0]!;
        Assert.Equal(shown is null ? null : JsonNode.Parse(shown)!.ToJsonString(), badge["payload"]?.ToJsonString());
    }

    public static TheoryData<string, bool> Limits => new()
    {
        { $"\"{new string('x', 16_380)}\"", true },
        { $"\"{new string('x', 16_383)}\"", false },
        { $"{{\"a\":\"{new string('x', 20_000)}\"}}", false },
        { new string('[', 16) + new string(']', 16), true },
        { new string('[', 17) + new string(']', 17), false },
        { new string('[', 40) + new string(']', 40), false },
        { string.Concat(Enumerable.Repeat("{\"a\":", 16)) + "1" + new string('}', 16), true },
        { string.Concat(Enumerable.Repeat("{\"a\":", 17)) + "1" + new string('}', 17), false },
    };

    [Theory, MemberData(nameof(Limits))]
    public async Task It_has_limits_and_nothing_comes_to_be_by_one_beyond_them(string payload, bool fits)
    {
        var (collection, user) = (PerfumerBed.New("c"), PerfumerBed.New("u"));
        var reply = await perfumer.Send("POST", "/badge", $$"""{"collection":"{{collection}}","user":"{{user}}","name":"a","payload":{{payload}} }""");
        if (fits)
        {
            reply.Is(201, PerfumerBed.Done);
        }
        else
        {
            reply.Refuses(400, "\"payload\" parameter is invalid");
            Assert.Null(await perfumer.Server.Core.Issuers.FindByKey(collection));
            Assert.Null(await perfumer.Server.Core.Users.FindIdByKey(user));
        }
    }

    [Fact]
    public async Task Parts_of_one_in_the_query_are_refused() =>
        (await perfumer.Send("POST", "/badge?collection=c&user=u&name=a&payload[a]=1")).Refuses(400, "\"payload\" parameter is invalid");
}
