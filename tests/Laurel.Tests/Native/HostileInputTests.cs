using System.Text;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

/// <summary>Whatever is sent, the answer is a problem, and never the server's fault.</summary>
public sealed class HostileInputTests(HostileInputTests.Server server) : IClassFixture<HostileInputTests.Server>
{
    // A path, a body that is accepted, and a text member of it.
    private static readonly (HttpMethod Method, string Path, string Body, string Text)[] Writes =
    [
        (HttpMethod.Put, "issuers/200", """{"name":"N"}""", "name"),
        (HttpMethod.Post, "issuers", """{"name":"N"}""", "name"),
        (HttpMethod.Put, "places/200", """{"issuerId":100,"name":"N"}""", "name"),
        (HttpMethod.Post, "places", """{"issuerId":100,"name":"N"}""", "name"),
        (HttpMethod.Put, "users/200", """{"username":"N"}""", "username"),
        (HttpMethod.Post, "users", """{"username":"N"}""", "username"),
        (HttpMethod.Put, "badges/200", """{"issuerId":100,"texts":{"en":{"name":"N"}},"createdBy":"N"}""", "createdBy"),
        (HttpMethod.Post, "badges", """{"issuerId":100,"texts":{"en":{"name":"N"}},"createdBy":"N"}""", "createdBy"),
        (HttpMethod.Post, "awards", """{"userId":2,"badgeId":8,"subject":"N"}""", "subject"),
        (HttpMethod.Put, "users/2/awards/200", """{"badgeId":8,"subject":"N"}""", "subject"),
        (HttpMethod.Post, "keys", """{"userId":2,"scopes":null,"expiresAt":"9000-01-01T00:00:00Z"}""", "expiresAt"),
        (HttpMethod.Post, "users/2/points", """{"delta":7,"reason":"N"}""", "reason"),
        (HttpMethod.Post, "visits", """{"issuerId":100,"userId":2,"at":"2020-01-01T00:00:00Z"}""", "at"),
        (HttpMethod.Post, "actions", """{"type":"Edit","userId":2,"subject":"N"}""", "subject"),
        (HttpMethod.Put, "rules/200", """{"key":"N","actions":["Edit"],"when":{"count":7},"badgeId":7}""", "key"),
        (HttpMethod.Post, "rules", """{"key":"N","actions":["Edit"],"when":{"count":7},"badgeId":7}""", "key"),
        (HttpMethod.Post, "rules/preview", """{"rule":{"key":"N","actions":["Edit"],"when":{"count":7},"badgeId":7},"from":"2020-01-01T00:00:00Z","afterUser":100}""", "key"),
        (HttpMethod.Post, "rules/3/preview", """{"rule":null,"from":"2020-01-01T00:00:00Z","afterUser":100}""", "from"),
        (HttpMethod.Post, "rules/3/backfills", """{"from":"2020-01-01T00:00:00Z"}""", "from"),
    ];

    private static readonly string[] Paths =
    [
        "issuers/{0}", "places/{0}", "users/{0}", "badges/{0}", "keys/{0}", "users/{0}/awards", "users/{0}/awards/5", "users/{0}/points", "users/{0}/points/entries", "users/2/awards/{0}", "badges/{0}/awards", "actions/{0}", "badges/{0}/icon",
        "rules/{0}", "rules/{0}/revisions", "users/{0}/progress", "rules/{0}/watch", "rules/{0}/backfills", "backfills/{0}",
        "users/{0}/badges/7/explanation", "users/2/badges/{0}/explanation",
    ];

    public static TheoryData<int> EachWrite => [.. Enumerable.Range(0, Writes.Length)];

    [Theory, MemberData(nameof(EachWrite))]
    public async Task Bodies(int write)
    {
        var (method, path, body, text) = Writes[write];
        var open = body[..^1];
        var value = body.IndexOf($"\"{text}\":", StringComparison.Ordinal) is var at
            ? body[(at + text.Length + 3)..body.IndexOf('"', at + text.Length + 4)] + "\""
            : "";
        string With(string json) => body.Replace($"\"{text}\":{value}", $"\"{text}\":{json}");

        foreach (var hostile in new[]
        {
            "", " ", "{", "null", "[]", "7", "\"text\"", "{}x", "not json", "{'a':1}", "{\"a\":1,}", "\ufeff" + body, body + body,
            open + ",\"extra\":1}", open + $",\"{text}\":{value}}}", open + ",\"__proto__\":{}}", open + ",\"EXTRA\":null}", open + ",/* */}",
            With("7"), With("-1"), With("true"), With("[]"), With("{}"), With("1e400"), With("\"\\ud800\""), With("\"\\udc00\\ud800\""), With("\"a\\u0000b\""),
            With("\"a\0b\""), With(new string('[', 100) + new string(']', 100)), With(new string('[', 100_000)),
            body.Replace(":100", ":1.5"), body.Replace(":100", ":\"100\""), body.Replace("Id\":2", "Id\":1e3"), body.Replace("Id\":8", "Id\":null"),
            body.Replace("Id\":8", "Id\":99999999999999999999"),
        })
        {
            // An array of actions is a batch, and may be empty.
            if (hostile != body && (path, hostile) != ("actions", "[]"))
            {
                Problem(await Send(method, path, hostile), 400, hostile);
            }
        }
        foreach (var odd in new[]
        {
            body.Replace(":100", ":-1"), body.Replace(":100", $":{long.MaxValue}"), body.Replace("Id\":2", $"Id\":{long.MinValue}"), body.Replace("Id\":8", "Id\":0"),
            // A reason may be empty.
            With($"\"{new string('x', 100_000)}\""), text == "reason" ? body : With("\"\""),
        })
        {
            if (odd != body)
            {
                var answer = await Send(method, path, odd);
                Problem(answer, (int)answer.Status is 400 or 403 ? (int)answer.Status : 422, odd);
            }
        }
        // Texts that are odd but texts: accepted or refused, and never broken.
        foreach (var text2 in new[] { "\u202egnol\u202c", "\u0007", "💩", "a\u0301\u0301\u0301", "\\u202e", "<script>", "'; DROP TABLE users; --", "%00", "\uffff", " " })
        {
            Assert.InRange((int)(await Send(method, path, With($"\"{text2}\""))).Status, 200, 499);
        }
    }

    [Theory, MemberData(nameof(EachWrite))]
    public async Task Encodings_and_media_types(int write)
    {
        var (method, path, body, text) = Writes[write];
        foreach (var broken in new[] { new byte[] { 0xff }, [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc0, 0x80] })
        {
            var (before, after) = (body.IndexOf('"', body.IndexOf(text, StringComparison.Ordinal) + text.Length + 1) + 1, body);
            Problem(await Send(method, path, [.. Encoding.UTF8.GetBytes(body[..before]), .. broken, .. Encoding.UTF8.GetBytes(after[before..])]), 400, "broken UTF-8");
        }
        Problem(await Send(method, path, Encoding.Unicode.GetBytes(body)), 400, "UTF-16");
        foreach (var type in new[]
        {
            null, "text/plain", "text/json", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
            "application/json; charset=utf-16", "application/jsonx", "json", "application/json, application/json", "application/json; charset=\"",
        })
        {
            Problem(await Send(method, path, Encoding.UTF8.GetBytes(body), type), 415, type ?? "none");
        }
        foreach (var type in new[] { "application/json", "Application/JSON; Charset=\"UTF-8\"", "application/vnd.laurel+json" })
        {
            Assert.InRange((int)(await Send(method, path, Encoding.UTF8.GetBytes(body), type)).Status, 200, 409);
        }
        var oversized = new StringContent(new string(' ', (path == "actions" ? 16 << 20 : 1 << 20) + 1), Encoding.UTF8, "application/json");
        Problem(await server.Laurel.Send(method, $"{Root}/{path}", oversized, TestServer.AdministratorKey, ("Expect", "100-continue")), 413, "oversized");
    }

    [Fact]
    public async Task Ids_in_paths()
    {
        foreach (var path in Paths)
        {
            foreach (var id in new[] { "x", "-1", "+5", "007", "1.5", "1e3", "99999999999999999999", "%F0%9F%92%A9", "%ED%A0%80", "%E2%80%AE", "null", new string('9', 4000) })
            {
                Problem(await server.Laurel.Get($"{Root}/{string.Format(path, id)}"), 400, id);
            }
            foreach (var id in new[] { "0", "5000", $"{1L << 53}", $"{long.MaxValue}" })
            {
                Problem(await server.Laurel.Get($"{Root}/{string.Format(path, id)}"), 404, id);
            }
        }
        foreach (var (_, path, body, _) in Writes.Where(write => write.Method == HttpMethod.Put))
        {
            var at = path.LastIndexOf('/') + 1;
            foreach (var id in new[] { "0", $"{1L << 53}", $"{long.MaxValue}" })
            {
                Problem(await Send(HttpMethod.Put, path[..at] + id, body), 422, id);
            }
            Problem(await Send(HttpMethod.Put, path[..at] + "-1", body), 400, "-1");
        }
    }

    [Fact]
    public async Task Routes_and_verbs()
    {
        var laurel = server.Laurel;
        // The HTTP layer itself refuses NUL in a target, before there is any API to word it.
        (await laurel.Get($"{Root}/badges/%00")).Is(400);
        (await laurel.Get("/laurel")).IsProblem(404, "not_found");
        (await laurel.Get("/laurel/v2/badges")).IsProblem(404, "not_found");
        (await laurel.Get($"{Root}/nothing", key: null)).IsProblem(404, "not_found");
        (await laurel.Delete($"{Root}/badges/7")).IsProblem(405, "method_not_allowed");
        (await laurel.Send(HttpMethod.Patch, $"{Root}/badges/7", "{}", TestServer.AdministratorKey)).IsProblem(405, "method_not_allowed");
        (await laurel.Get($"{Root}/visits")).IsProblem(405, "method_not_allowed");
    }

    [Theory]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":7}}}""", "texts.en.name")]
    [InlineData("""{"issuerId":100,"texts":{"en":null}}""", "texts.en")]
    [InlineData("""{"issuerId":"100","texts":{"en":{"name":"N"}}}""", "issuerId")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"creator":{"type":"User","id":"1"}}""", "creator.id")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"creator":null}""", "creator")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"recurrence":7}""", "recurrence")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"createdAt":"2021-02-30T00:00:00Z"}""", "createdAt")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"recognises":[1]}""", "recognises[0]")]
    public async Task A_value_of_the_wrong_type_is_named_by_its_path(string body, string field) =>
        (await server.Laurel.Put($"{Root}/badges/201", body)).IsProblem(400, "malformed", field);

    private Task<Answer> Send(HttpMethod method, string path, string body) => Send(method, path, Encoding.UTF8.GetBytes(body));

    private Task<Answer> Send(HttpMethod method, string path, byte[] body, string? type = "application/json")
    {
        var content = new ByteArrayContent(body);
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        return server.Laurel.Send(method, $"{Root}/{path}", content, TestServer.AdministratorKey);
    }

    private static void Problem(Answer answer, int status, string hostile)
    {
        Assert.True((int)answer.Status == status, $"{(int)answer.Status} instead of {status} for {hostile[..Math.Min(hostile.Length, 200)]}: {answer.Body}");
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.NotNull(answer.Text("code"));
    }

    public sealed class Server : IAsyncLifetime
    {
        internal TestServer Laurel { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Laurel = await NativeWorld.Start(Engine.Sqlite);
            await Laurel.Badge(8, "\"perSubject\"");
            (await Laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
            (await Laurel.Put($"{Root}/rules/3", """{"key":"three","actions":["Edit"],"when":{"count":7},"badgeId":7}""")).Is(201);
        }

        public ValueTask DisposeAsync() => Laurel.DisposeAsync();
    }
}
