using System.Text;
using System.Text.RegularExpressions;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>Whatever arrives: no 5xx, and always this dialect's shape. Where the server below refuses a request before any
/// dialect sees it (docs/dialects/roblox.md#errors), the answer is 400, 414 or 431 without a body.</summary>
public sealed class HostileInputTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    private const string Error = "^\\{\"errors\":\\[\\{\"code\":[0-9]+,\"message\":\"[^\"]+\"(,\"field\":\"[a-zA-Z]+\")?(,\"userFacingMessage\":\"Something went wrong\")?\\}\\]\\}$";

    private static readonly (string Method, string Path)[] Endpoints =
    [
        ("GET", "/v1/badges/metadata"), ("GET", "/v1/badges/700"), ("PATCH", "/v1/badges/700"), ("GET", "/v1/universes/5000/badges"),
        ("GET", "/v2/universes/5000/badges"), ("GET", "/v1/universes/5000/free-badges-quota"), ("GET", "/v1/users/102/badges"),
        ("GET", "/v1/users/102/badges/awarded-dates?badgeIds=700"), ("GET", "/v1/users/102/badges/700/awarded-date"),
        ("POST", "/v1/users/102/badges/700/award-badge"), ("DELETE", "/v1/user/badges/700"), ("DELETE", "/v1/user/102/badges/700"),
        ("GET", "/v1/users/authenticated"), ("POST", "/v2/login"), ("POST", "/v2/logout"),
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

    private static readonly string[] Texts =
    [
        "0", "-1", "9223372036854775808", "-9223372036854775809", "1e400", "NaN", "null", "undefined", "true", "[]", "{}", "''", "\"", "1;DROP TABLE badges",
        "%00", "1%00", "%FF", "%C0%80", "%ED%A0%80", "%F0%9F%8F%86", "%E2%80%AE", "%E2%81%A6x", "%07", "%0D%0AX-Injected:1", "%EF%BF%BE", "%u0041", "%", "%2",
        "..%2F..%2Fetc", "%2e%2e", "٣", "１", "$where", "{{7*7}}", "<script>",
    ];

    private static readonly byte[][] Bodies =
    [
        [], [0], [0xff, 0xfe, 0x00], [0xef, 0xbb, 0xbf], "{"u8.ToArray(), "\"x\""u8.ToArray(), "[[[]]]"u8.ToArray(), "{\"name\":{\"name\":{}}}"u8.ToArray(),
        "{\"name\":\"\\ud83d\"}"u8.ToArray(), "{\"name\":\"\\u0000\"}"u8.ToArray(), [.. "{\"name\":\""u8, 0xc3, 0x28, .. "\"}"u8],
        [.. "{\""u8, 0xed, 0xa0, 0x80, .. "\":1}"u8], "{\"name\":\"\u202e\u2066\u200f\u0007\"}"u8.ToArray(), "{\"enabled\":9e999}"u8.ToArray(),
        Encoding.ASCII.GetBytes($"{{\"enabled\":{new string('1', 1_000_000)}}}"), Encoding.ASCII.GetBytes($"{{\"name\":\"{new string('x', 1_000_000)}\"}}"),
        Encoding.ASCII.GetBytes(new string('[', 100_000)), Encoding.ASCII.GetBytes($"{{\"x\":{string.Concat(Enumerable.Repeat("{\"x\":", 5000))}1{new string('}', 5001)}"),
        Encoding.ASCII.GetBytes(string.Join('&', Enumerable.Range(0, 5000).Select(i => $"k{i}=1"))), Encoding.ASCII.GetBytes("name=" + new string('1', 1_000_000)),
        Encoding.ASCII.GetBytes(new string('k', 10_000) + "=1"), "name=%FF&enabled=%ff&description=%"u8.ToArray(), "&&&===&"u8.ToArray(), new byte[(1 << 20) + 1],
        Encoding.Unicode.GetBytes("{\"name\":\"x\"}"), "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\ny\r\n--x--"u8.ToArray(),
    ];

    private static readonly string[] Types =
    [
        "application/json", "text/json; charset=utf-16", "application/json; charset=nonsense", "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-7", "application/x-www-form-urlencoded; charset=nonsense", "multipart/form-data; boundary=x",
        "multipart/form-data", "text/plain", "*/*", "x", "", "application/json, text/plain", "application/json; charset=\"",
    ];

    private static void AssertShaped(Answer answer, string what)
    {
        Assert.True(answer.Status is 200 or 204 or (>= 400 and < 500), $"{what}: {answer.Status} {answer.Body}");
        if (answer.Status >= 400 && !(answer is { Status: 400, Body: "", Type: null }))
        {
            Assert.True(Regex.IsMatch(answer.Body, Error, RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture), $"{what}: {answer.Body}");
            Assert.Contains(answer.Type, new[] { "application/json; charset=utf-8", "text/json; charset=utf-8" });
        }
    }

    [Theory, MemberData(nameof(Calls))]
    public async Task Paths_and_queries(string method, string path)
    {
        foreach (var text in Texts)
        {
            string[] spoiled =
            [
                $"{path}{(path.Contains('?') ? '&' : '?')}limit={text}", $"{path}{(path.Contains('?') ? '&' : '?')}{text}={text}&{text}",
                path.Replace("700", text), path.Replace("102", text), path.Replace("5000", text), $"{path.Split('?')[0]}?badgeIds={text}&cursor={text}",
                $"{path.Split('?')[0]}?sortOrder={text}", $"{path.Split('?')[0]}?limit=10&badgeIds[]={text}",
            ];
            foreach (var target in spoiled)
            {
                // As it stands: no client's tidying up between.
                var answer = await Raw($"{method} {Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(target))} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-api-key: {roblox.PlayerKey}\r\nContent-Length: 0\r\n\r\n");
                AssertShaped(answer, target);
            }
        }
    }

    [Theory, MemberData(nameof(Calls))]
    public async Task Bodies_and_types(string method, string path)
    {
        foreach (var body in Bodies)
        {
            foreach (var type in method == "PATCH" ? Types : Types[..1])
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(body) };
                request.Headers.Add("x-api-key", roblox.ManagerKey);
                request.Headers.ConnectionClose = true;
                request.Headers.Add("Roblox-Place-Id", "50000");
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
                try
                {
                    AssertShaped(await Answer.Of(await roblox.Server.Anonymous.SendAsync(request, TestContext.Current.CancellationToken)),
                        $"{type}: {Encoding.Latin1.GetString(body.AsSpan(0, Math.Min(body.Length, 60)))}");
                }
                catch (HttpRequestException) when (body.Length > 1 << 20)
                {
                    // The server hung up on a body it would never read, while it was still being sent.
                }
            }
        }
    }

    [Theory, MemberData(nameof(Calls))]
    public async Task Headers(string method, string path)
    {
        var values = new[]
        {
            "", " ", "\xff\xfe", "\xc3\x28", "\x07", "\x7f", "a\tb", "Bearer", "Bearer \xff", ".ROBLOSECURITY=\xff", ".ROBLOSECURITY=%FF%00;;;=;", ".ROBLOSECURITY=\"a", "_|WARNING:-DO-NOT-SHARE-THIS",
            ".ROBLOSECURITY=_|WARNING:-DO-NOT-SHARE-THIS", ".ROBLOSECURITY=_|WARNING:-DO-NOT-SHARE-THIS|_", new string('9', 20_000), new string(';', 20_000), new string(',', 20_000), ".ROBLOSECURITY=" + new string('x', 20_000),
            "Bearer " + new string('x', 20_000), string.Join(',', Enumerable.Repeat("text/json;q=0.1", 1000)), string.Join(',', Enumerable.Repeat("en-US-x-a;q=0.1", 1000)), "\xe2\x80\xae", "\xf0\x9f\x8f\x86",
        };
        foreach (var name in new[] { "Cookie", "Authorization", "x-api-key", "X-CSRF-TOKEN", "Roblox-Place-Id", "Accept", "Accept-Language", "Content-Type", "Origin", "Sec-Fetch-Site", "X-Forwarded-For" })
        {
            foreach (var value in values)
            {
                AssertShaped(await Raw($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{name}: {value}\r\nContent-Length: 0\r\n\r\n"), $"{name}: {value[..Math.Min(40, value.Length)]}");
            }
        }
    }

    [Theory]
    [InlineData("GET /v1/badges/700 HTTP/1.1\r\nHost: localhost\r\n{0}\r\n\r\n", 431)]
    [InlineData("GET /v1/badges/{1} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414)]
    [InlineData("GET /v1/badges/700%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400)]
    [InlineData("GET /v1/badges/\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400)]
    [InlineData("GET /v1/badges/700 HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [InlineData("GET /v1/badges/700 HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /v1/badges/700 HTTP/9.9\r\nHost: localhost\r\n\r\n", 505)]
    [InlineData("garbage\r\n\r\n", 400)]
    [InlineData("POST /v2/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("POST /v2/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", 400)]
    public async Task What_is_no_http_is_answered_before_any_dialect(string request, int status)
    {
        var header = "x: " + new string('y', 40_000);
        var answer = await Raw(string.Format(request, header, new string('7', 1_000_000)));
        Assert.Equal((status, ""), (answer.Status, answer.Body));
    }

    [Theory]
    [InlineData("ZZ\r\n{}\r\n0\r\n\r\n", "application/json")]
    [InlineData("-5\r\n{}\r\n0\r\n\r\n", "application/json")]
    [InlineData("FFFFFFFFFFFFFFFFFF\r\n{}", "application/json")]
    [InlineData("2\r\n{}XX0\r\n\r\n", "application/json")]
    [InlineData("ZZ\r\nname=x\r\n0\r\n\r\n", "application/x-www-form-urlencoded")]
    public async Task Chunks_that_are_none(string chunks, string type)
    {
        var answer = await Raw($"PATCH /v1/badges/700 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-api-key: {roblox.ManagerKey}\r\n"
            + $"Content-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        answer.IsBadRequest();
    }

    [Fact]
    public async Task A_chunked_body_beyond_the_limit_is_413()
    {
        var chunk = $"10000\r\n{new string('x', 0x10000)}\r\n";
        var answer = await Raw($"PATCH /v1/badges/700 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-api-key: {roblox.ManagerKey}\r\n"
            + $"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{string.Concat(Enumerable.Repeat(chunk, 17))}0\r\n\r\n");
        answer.Is(413, Errors.Framework("PayloadTooLarge"));
    }

    [Fact]
    public async Task Two_lines_of_one_credential_are_refused()
    {
        foreach (var (name, value) in new[] { ("Authorization", "Bearer x"), ("x-api-key", "x") })
        {
            foreach (var (method, path) in Endpoints)
            {
                (await Raw($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{name}: {value}\r\n{name}: {value}\r\nContent-Length: 0\r\n\r\n")).IsBadRequest();
            }
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task A_type_without_a_body_does_no_harm(string method)
    {
        var path = method == "GET" ? "/v1/badges/701" : "/v1/user/badges/701";
        var answer = await Raw($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nx-api-key: {roblox.PlayerKey}\r\n\r\n");
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task Callers_that_hang_up_harm_no_other()
    {
        var user = await roblox.NewUser();
        var badge = await roblox.NewBadge();
        string[] halves =
        [
            $"PATCH /v1/badges/{badge} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {roblox.ManagerKey}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"na",
            $"PATCH /v1/badges/{badge} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {roblox.ManagerKey}\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nna",
            $"POST /v1/users/{user}/badges/{badge}/award-badge HTTP/1.1\r\nHost: localhost\r\nRoblox-Place-Id: 50000\r\nContent-Length: 0\r\n\r\n",
            "GET /v1/universes/5000/badges?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /v1/bad",
        ];
        var users = new List<long>();
        for (var i = 0; i < 20; i++)
        {
            users.Add(await roblox.NewUser());
        }
        var rude = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                using var raw = await RawHttp.Connect(roblox.Server.Address);
                await raw.Send(halves[i % halves.Length]);
                raw.Reset();
            }
        }, TestContext.Current.CancellationToken);
        var answers = await Task.WhenAll(users.Select(other => roblox.AwardFromPlace(other, badge)));
        await rude;

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Contains($"\"name\":\"Badge {badge}\"", (await roblox.Get($"/v1/badges/{badge}")).Body);
        var awarded = System.Text.Json.JsonElement.Parse((await roblox.Get($"/v1/badges/{badge}")).Body).GetProperty("statistics").GetProperty("awardedCount").GetInt64();
        Assert.InRange(awarded, users.Count, users.Count + 1);
    }

    private async Task<Answer> Raw(string request)
    {
        using var raw = await RawHttp.Connect(roblox.Server.Address);
        await raw.Send(request);
        var (status, head, body) = await raw.Receive();
        var headers = head.Split("\r\n").Skip(1).Select(line => line.Split(": ", 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        return new Answer(status, body, headers.GetValueOrDefault("Content-Type"), headers);
    }
}
