using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>Who may. Contract: docs/dialects/perfumer.md#authentication</summary>
public sealed class AccessTests
{
    private const string Unauthorized = "Authentication is needed.";
    private const string Forbidden = "Not allowed.";

    private static Task<PerfumerBed> Closed() => PerfumerBed.With(options => options with { OpenDialects = false });

    [Fact]
    public async Task Nothing_is_open_unless_it_is_said()
    {
        await using var perfumer = await Closed();
        foreach (var (method, path) in new[] { ("POST", "/badge"), ("GET", "/badges"), ("DELETE", "/badges"), ("GET", "/counters") })
        {
            foreach (var target in new[] { path, $"{path}/?collection=c&user=u&name=a&names=a" })
            {
                (await perfumer.Send(method, target)).Refuses(401, Unauthorized);
                (await perfumer.Send(method, target, key: "laurel_nobodys")).Refuses(401, Unauthorized);
                (await perfumer.Send(method, target, headers: [("Cookie", $".ROBLOSECURITY={TestServer.AdministratorKey}")])).Refuses(401, Unauthorized);
                (await perfumer.Send(method, target, headers: [("Authorization", "Basic YTpi")])).Refuses(401, Unauthorized);
                (await perfumer.Send(method, target, key: TestServer.AdministratorKey, headers: [("x-api-key", TestServer.AdministratorKey)])).Refuses(400);
            }
        }
        Assert.Null(await perfumer.Server.Core.Issuers.FindByKey("c"));
    }

    // 200 stands for success; the collection "ours" is managed by user 1, and user 2 has a badge in it.
    [Theory]
    [InlineData("administrator", 201, 201, 200, 200)]
    [InlineData("service", 201, 201, 200, 200)]
    [InlineData("manager", 201, 403, 200, 200)]
    [InlineData("owner", 403, 403, 200, 200)]
    [InlineData("other", 403, 403, 200, 403)]
    [InlineData("reading service", 403, 403, 200, 403)]
    [InlineData("owner without scope", 403, 403, 200, 403)]
    [InlineData("manager to award", 201, 403, 200, 403)]
    [InlineData("revoked", 401, 401, 401, 401)]
    [InlineData("expired", 401, 401, 401, 401)]
    public async Task Each_key_may_do_what_it_may(string who, int post, int make, int read, int remove)
    {
        await using var perfumer = await Closed();
        var laurel = perfumer.Server;
        foreach (var user in new[] { 1, 2, 3 })
        {
            (await laurel.Put($"/laurel/v1/users/{user}", "{}")).Is(201);
        }
        (await laurel.Put("/laurel/v1/issuers/100", """{"key":"ours","name":"Ours","creator":{"type":"User","id":1}}""")).Is(201);
        await perfumer.Send("POST", "/badge?collection=ours&user=2&name=a", key: TestServer.AdministratorKey);
        var key = await Key(perfumer, who);

        async Task Meet(int status, string method, string target)
        {
            var reply = await perfumer.Send(method, target, key: key);
            switch (status)
            {
                case 401:
                    reply.Refuses(401, Unauthorized);
                    break;
                case 403:
                    reply.Refuses(403, Forbidden);
                    break;
                default:
                    Assert.True(reply.Status == status, reply.Body);
                    break;
            }
        }

        await Meet(post, "POST", "/badge?collection=ours&user=2&name=b");
        await Meet(post, "POST", "/badge?collection=100&user=2&name=new/1");
        await Meet(make, "POST", "/badge?collection=made&user=2&name=b");
        await Meet(read, "GET", "/badges?collection=ours&user=2");
        await Meet(read, "GET", "/counters?collection=ours&user=2&names=_all");
        await Meet(remove, "DELETE", "/badges?collection=ours&user=2&name=a");
        Assert.Equal(make == 201, await laurel.Core.Issuers.FindByKey("made") is not null);
        var left = await perfumer.Count("ours", "2", "a", TestServer.AdministratorKey);
        Assert.Equal(remove == 200 ? 0 : 1, left);
    }

    private static async Task<string> Key(PerfumerBed perfumer, string who)
    {
        var keys = perfumer.Server.Core.Keys;
        async Task<NewKey> Made(long? user, long? expires, params string[]? scopes) =>
            TestCore.Value(await keys.Create(new KeyDraft(user, scopes, expires)));
        switch (who)
        {
            case "administrator":
                return TestServer.AdministratorKey;
            case "service":
                return (await Made(null, null, Scopes.AwardsWrite, Scopes.AwardsRemove)).Secret;
            case "reading service":
                return (await Made(null, null, Scopes.UsersRead)).Secret;
            case "manager":
                return (await Made(1, null, null)).Secret;
            case "manager to award":
                return (await Made(1, null, Scopes.AwardsWrite)).Secret;
            case "owner":
                return (await Made(2, null, null)).Secret;
            case "owner without scope":
                return (await Made(2, null, Scopes.AwardsWrite)).Secret;
            case "other":
                return (await Made(3, null, null)).Secret;
            case "expired":
                var expiring = await Made(1, Laurel.Core.Clock.FromTime(perfumer.Time.GetUtcNow().AddMinutes(1)), null);
                perfumer.Time.Advance(TimeSpan.FromMinutes(2));
                return expiring.Secret;
            case "revoked":
                var revoked = await perfumer.Server.Post("/laurel/v1/keys", """{"userId":1}""");
                (await perfumer.Server.Delete($"/laurel/v1/keys/{revoked.Json["id"]}")).Is(204);
                return revoked.Text("secret")!;
            default:
                throw new ArgumentOutOfRangeException(nameof(who), who, null);
        }
    }

    [Theory]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("Host", "evil.example")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task An_open_call_that_may_come_from_elsewhere_is_refused(string name, string value)
    {
        await using var perfumer = await PerfumerBed.With();
        foreach (var (method, target) in new[]
        {
            ("POST", "/badge?collection=c&user=u&name=a"), ("GET", "/badges?collection=c&user=u"), ("DELETE", "/badges?collection=c&user=u"),
            ("GET", "/counters?collection=c&user=u&names=a"),
        })
        {
            var reply = await perfumer.Send(method, target, headers: [(name, value)]);
            reply.Refuses(401, Unauthorized);
            Assert.Null(reply.Header("Access-Control-Allow-Origin"));
        }
    }

    [Fact]
    public async Task A_page_of_an_allowed_origin_may_call_and_another_may_not()
    {
        const string Allowed = "https://app.example";
        await using var perfumer = await PerfumerBed.With(options => options with { PerfumerOrigins = [Allowed, "http://localhost:3000"] });
        (string, string)[] Asking(string origin) =>
            [("Origin", origin), ("Access-Control-Request-Method", "DELETE"), ("Access-Control-Request-Headers", "authorization,content-type,x-api-key")];
        foreach (var path in new[] { "/badge", "/badges", "/badges/", "/counters" })
        {
            var method = path == "/badge" ? "POST" : "GET";
            var preflight = await perfumer.Send("OPTIONS", path, headers: [("Origin", Allowed), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "authorization,content-type,x-api-key")]);
            Assert.Equal((204, Allowed), (preflight.Status, preflight.Header("Access-Control-Allow-Origin")));
            Assert.Contains(method, preflight.Header("Access-Control-Allow-Methods"));
            Assert.Null(preflight.Header("Access-Control-Allow-Credentials"));
            Assert.Contains("x-api-key", preflight.Header("Access-Control-Allow-Headers"));
        }
        Assert.Equal(Allowed, (await perfumer.Send("OPTIONS", "/badges", headers: Asking(Allowed))).Header("Access-Control-Allow-Origin"));
        foreach (var foreign in new[] { "https://evil.example", "https://app.example.evil", "http://app.example", "https://app.example:8443", "null", "*" })
        {
            Assert.Null((await perfumer.Send("OPTIONS", "/badges", headers: Asking(foreign))).Header("Access-Control-Allow-Origin"));
            var refused = await perfumer.Send("POST", "/badge?collection=c&user=u&name=a", headers: [("Origin", foreign)]);
            refused.Refuses(401, Unauthorized);
            Assert.Null(refused.Header("Access-Control-Allow-Origin"));
            Assert.Null((await perfumer.Send("GET", "/badges?collection=c&user=u", key: TestServer.AdministratorKey, headers: [("Origin", foreign)])).Header("Access-Control-Allow-Origin"));
        }
        var posted = await perfumer.Send("POST", "/badge?collection=c&user=u&name=a", headers: [("Origin", Allowed), ("Sec-Fetch-Site", "cross-site")]);
        posted.Is(201, PerfumerBed.Done);
        Assert.Equal(Allowed, posted.Header("Access-Control-Allow-Origin"));
        Assert.Contains("Origin", posted.Header("Vary"));
        // Errors too, or a page could not read them.
        var bad = await perfumer.Send("GET", "/badges", headers: [("Origin", Allowed)]);
        Assert.Equal((400, Allowed), (bad.Status, bad.Header("Access-Control-Allow-Origin")));
        // Other dialects answer no foreign page, nor do they take its open calls.
        Assert.Null((await perfumer.Send("GET", "/v1/badges/metadata", headers: [("Origin", Allowed)])).Header("Access-Control-Allow-Origin"));
        Assert.Equal(401, (await perfumer.Send("POST", "/v1/users/1/badges/1/award-badge", headers: [("Origin", Allowed)])).Status);
        // An origin opens nothing that is closed to a proxy.
        (await perfumer.Send("GET", "/badges?collection=c&user=u", headers: [("Origin", Allowed), ("X-Forwarded-For", "1.2.3.4")])).Refuses(401, Unauthorized);
    }

    [Fact]
    public async Task Without_a_list_of_origins_a_preflight_is_an_unknown_verb()
    {
        await using var perfumer = await PerfumerBed.With();
        var preflight = await perfumer.Send("OPTIONS", "/badges", headers: [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")]);
        preflight.Refuses(404, "Not found");
        Assert.Null(preflight.Header("Access-Control-Allow-Origin"));
    }
}
