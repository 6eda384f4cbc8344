using System.Text;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.AnswerHub;

/// <summary>Whatever arrives: never the server's fault, always this dialect's shape, and nothing is awarded by it.</summary>
public sealed class HostileInputTests(AnswerHubBed hub) : IClassFixture<AnswerHubBed>
{
    private static readonly (string Method, string Path)[] Endpoints =
    [
        ("POST", "/award/{0}/action/{1}.json"), ("POST", "/award/{0}/user/{2}.json"), ("GET", "/award/{0}.json"), ("GET", "/award.json"), ("GET", "/user/{2}/award.json"),
    ];

    private static readonly string[] Texts =
    [
        "-1", "+1", "1 ", " 1", "1,0", "0x1", "1e400", "NaN", "null", "undefined", "true", "[]", "{}", "''", "\"", "1;DROP%20TABLE%20badges", "1'", "1--",
        "%FF", "%C0%80", "%ED%A0%80", "%F0%9F%8F%86", "%E2%80%AE", "%07", "%0D%0AX-Injected:1", "%EF%BF%BE", "%u0041", "%25", "..%2F..%2Fetc", "٣", "１",
        "%D9%A3", "%EF%BC%91", "$where", "{{7*7}}", "<script>", "507.json", "507%2Ejson%2E", "a".PadRight(5000, 'a'), "1".PadRight(5000, '.'),
    ];

    public static TheoryData<int> Each => [.. Enumerable.Range(0, Endpoints.Length)];

    [Theory, MemberData(nameof(Each))]
    public async Task Paths(int endpoint)
    {
        var (method, pattern) = Endpoints[endpoint];
        for (var place = 0; place < 3; place++)
        {
            if (!pattern.Contains($"{{{place}}}"))
            {
                continue;
            }
            foreach (var text in Texts)
            {
                object[] ids = [AnswerHubBed.Blind, AnswerHubBed.Answer, AnswerHubBed.Eve];
                ids[place] = text;
                await Refused(method, string.Format(pattern, ids), "");
            }
        }
    }

    [Theory, MemberData(nameof(Each))]
    public async Task Queries(int endpoint)
    {
        var (method, pattern) = Endpoints[endpoint];
        var path = string.Format(pattern, AnswerHubBed.Blind, AnswerHubBed.Answer, AnswerHubBed.Eve);
        foreach (var text in Texts.Where(text => text.Length < 1000).Append(new string('9', 4000)))
        {
            foreach (var query in new[] { $"page={text}", $"pageSize={text}", $"sort={text}", $"wrap={text}", $"{text}={text}&{text}", $"page[]={text}", string.Join('&', Enumerable.Repeat($"x={text}", 200)) })
            {
                await Shaped(method, $"{path}?{query}", "");
            }
        }
        foreach (var query in new[] { "wrap=%00", "%00=1", "a=1&wrap=x%00y" })
        {
            (await Raw(method, $"{path}?{query}", "")).IsError(400);
        }
    }

    [Theory, MemberData(nameof(Each))]
    public async Task Headers(int endpoint)
    {
        var (method, pattern) = Endpoints[endpoint];
        var path = string.Format(pattern, AnswerHubBed.Blind, AnswerHubBed.Answer, AnswerHubBed.Eve);
        var basics = new[]
        {
            "", ":", "answerhub", "answerhub:", ":test123", "answerhub:test123\n", "\u0001:\u0002", "\ufeffanswerhub:test123", new string('x', 10_000) + ":y", "answerhub:" + new string('x', 10_000),
            "answerhub\u202e:test123", "ANSWERHUB:test123", "answerhub :test123", "5:test123",
        };
        // Each costs a whole password check: one endpoint that writes and one that reads will do.
        foreach (var basic in endpoint is 0 or 3 ? basics : [])
        {
            (await Raw(method, path, $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(basic))}\r\n")).IsError(401);
            // Nobody is shut out by trying all of these.
            hub.Time.Advance(TimeSpan.FromMinutes(6));
        }
        foreach (var header in new[]
        {
            "Authorization: \r\n", "Authorization: Basic \x80\xff\r\n", "Authorization: Basic " + new string('A', 20_000) + "\r\n", "Authorization: Bearer\r\n", "Authorization: Negotiate x\r\n",
            "x-api-key: \r\n", "x-api-key: " + new string('x', 20_000) + "\r\n", "Cookie: .ROBLOSECURITY=x\r\n", "Cookie: " + new string(';', 20_000) + "\r\n",
            "Origin: x\r\nSec-Fetch-Site: \x80\r\n", "Content-Type: \"\r\nAccept: ;;;\r\n", "X-HTTP-Method-Override: DELETE\r\n", "Expect: 100-continue\r\n",
            "Authorization: Basic QTpC\r\nAuthorization: Basic QTpC\r\n", "x-api-key: a\r\nx-api-key: b\r\n", "Authorization: Bearer a\r\nCookie: .ROBLOSECURITY=x\r\n",
        })
        {
            await Shaped(method, path, header);
            hub.Time.Advance(TimeSpan.FromMinutes(6));
        }
    }

    [Theory]
    [InlineData("%00")]
    [InlineData("507%00.json")]
    [InlineData("\xff.json")]
    public async Task What_the_server_below_refuses_has_no_body(string path)
    {
        var answer = await Raw("GET", $"/award/{path}", "");
        Assert.Equal((400, ""), ((int)answer.Status, answer.Body));
    }

    [Fact]
    public async Task Nothing_was_awarded()
    {
        await Paths(0);
        await Paths(1);
        Assert.Empty(AnswerHubBed.Items(await hub.Get($"/user/{AnswerHubBed.Eve}/award.json")));
    }

    // Neither a success nor the server's fault.
    private async Task Refused(string method, string path, string header)
    {
        var answer = await Shaped(method, path, $"x-api-key: {TestServer.AdministratorKey}\r\n{header}");
        Assert.True((int)answer.Status is 400 or 404, $"{path}: {(int)answer.Status} {answer.Body}");
    }

    private async Task<Answer> Shaped(string method, string path, string header)
    {
        var answer = await Raw(method, path, header);
        Assert.True((int)answer.Status is 200 or (>= 400 and < 500), $"{method} {path} {header}: {(int)answer.Status} {answer.Body}");
        if ((int)answer.Status >= 400 && answer is not { Body: "", ContentType: null })
        {
            answer.IsError((int)answer.Status);
        }
        return answer;
    }

    private async Task<Answer> Raw(string method, string path, string header)
    {
        using var raw = await RawHttp.Connect(hub.Server.Address);
        await raw.Send($"{method} /services/v2{Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(path))} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}Content-Length: 0\r\n\r\n");
        var (status, head, body) = await raw.Receive();
        var headers = head.Split("\r\n").Skip(1).Select(line => line.Split(": ", 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
        return new Answer((System.Net.HttpStatusCode)status, headers.GetValueOrDefault("Content-Type"), body, headers);
    }
}
