using System.Text;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>Whatever arrives: no 5xx, and always this dialect's shape.</summary>
public sealed class HostileInputTests(PerfumerBed perfumer) : IClassFixture<PerfumerBed>
{
    private static readonly (string Method, string Path)[] Endpoints = [("POST", "/badge"), ("GET", "/badges"), ("DELETE", "/badges"), ("GET", "/counters/")];

    private static readonly string[] Texts =
    [
        "0", "-1", "9223372036854775808", "1e400", "NaN", "null", "true", "[]", "{}", "''", "\"", "1;DROP TABLE badges", "%00", "1%00", "%FF", "%C0%80",
        "%ED%A0%80", "%F0%9F%8F%86", "%E2%80%AE", "%07", "%0D%0AX-Injected:1", "%EF%BF%BE", "%u0041", "%", "%2", "..%2F..", "%2e%2e", "%D9%A3", "%EF%BC%91",
        "/", "//", "_all", "_all/", ",", "a/b/c", "%F4%90%80%80", "%C2%85", "%E3%80%80", "[", "]", "[[]]", "%5B%5D",
    ];

    private static readonly byte[][] Bodies =
    [
        [0], [0xff, 0xfe, 0x00], [0xef, 0xbb, 0xbf], "{"u8.ToArray(), "[[[]]]"u8.ToArray(), "{\"name\":{\"name\":{}}}"u8.ToArray(), " "u8.ToArray(),
        "{\"name\":\"\\ud83d\"}"u8.ToArray(), "{\"name\":\"\\u0000\"}"u8.ToArray(), [.. "{\"name\":\""u8, 0xc3, 0x28, .. "\"}"u8],
        [.. "{\""u8, 0xed, 0xa0, 0x80, .. "\":1}"u8], "{\"user\":\"\u202e\u2066\u200f\u0007\"}"u8.ToArray(), "{\"collection\":9e999}"u8.ToArray(),
        "{\"collection\":\"c\",\"user\":\"u\",\"name\":\"a\",\"payload\":\"\\udc00\"}"u8.ToArray(), "{\"collection\":\"c\",\"user\":\"u\",\"name\":\"a\",\"payload\":{\"\\u0000\":1}}"u8.ToArray(),
        Encoding.ASCII.GetBytes($"{{\"collection\":{new string('1', 900_000)}}}"), Encoding.ASCII.GetBytes($"{{\"user\":\"{new string('x', 900_000)}\",\"collection\":\"c\"}}"),
        Encoding.ASCII.GetBytes(new string('[', 100_000)), Encoding.ASCII.GetBytes($"{{\"x\":{string.Concat(Enumerable.Repeat("{\"x\":", 5000))}1{new string('}', 5001)}"),
        Encoding.ASCII.GetBytes($"{{\"collection\":\"c\",\"user\":\"u\",\"names\":[{string.Join(',', Enumerable.Repeat("\"a/b\"", 100_000))}]}}"),
        Encoding.ASCII.GetBytes($"{{\"collection\":\"c\",\"user\":\"u\",\"names\":\"{new string(',', 900_000)}\"}}"),
        Encoding.ASCII.GetBytes($"{{\"collection\":\"c\",\"user\":\"u\",\"name\":\"{new string('/', 900_000)}\"}}"),
        Encoding.Unicode.GetBytes("{\"name\":\"x\"}"),
    ];

    public static TheoryData<string, string> Calls
    {
        get
        {
            var calls = new TheoryData<string, string>();
            foreach (var (method, path) in Endpoints)
            {
                calls.Add(method, path);
            }
            return calls;
        }
    }

    private static void AssertShaped(Reply reply, string what)
    {
        Assert.True(reply.Status is 200 or 201 or (>= 400 and < 500), $"{what}: {reply.Status} {reply.Body}");
        if (reply.Status >= 400)
        {
            Assert.Matches("^\\{\"status\":false,\"message\":\".+\"\\}$", reply.Body);
            Assert.Equal("application/json; charset=utf-8", reply.Type);
        }
        Assert.Null(reply.Header("X-Injected"));
    }

    [Theory, MemberData(nameof(Calls))]
    public async Task Queries(string method, string path)
    {
        foreach (var text in Texts)
        {
            foreach (var query in new[]
            {
                $"collection={text}&user=u&name=a&names=a", $"collection=c&user={text}&name=a&names=a", $"collection=c&user=u&name={text}&names={text}",
                $"{text}={text}&{text}", $"collection=c&user=u&name=a&payload={text}&names[]={text}", $"collection{text}=c&user{text}=u", $"names{text}={text}&name[{text}]=1&names[{text}]",
            })
            {
                using var raw = await RawHttp.Connect(perfumer.Server.Address);
                await raw.Send($"{method} {path}?{query.Replace(" ", "+")} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                var (status, head, body) = await raw.Receive();
                Assert.True(status is 200 or 201 or 400, $"{query}: {status} {body}");
                Assert.DoesNotContain("X-Injected", head);
                Assert.True(status < 400 || body.Contains("{\"status\":false,\"message\":\"", StringComparison.Ordinal), $"{query}: {body}");
            }
        }
    }

    [Theory, MemberData(nameof(Calls))]
    public async Task Bodies_of_every_kind(string method, string path)
    {
        foreach (var body in Bodies)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(body) };
            using var response = await perfumer.Server.Anonymous.SendAsync(request, TestContext.Current.CancellationToken);
            AssertShaped(await Reply.Of(response), Encoding.Latin1.GetString(body.AsSpan(0, Math.Min(body.Length, 60))));
            Assert.True(response.StatusCode is System.Net.HttpStatusCode.BadRequest || body.Length > 100_000, $"{(int)response.StatusCode}");
        }
    }
}
