using System.Text;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class AccessTests
{
    private const string Badge = """{"issuerId":100,"texts":{"en":{"name":"B"}}}""";

    [Fact]
    public async Task A_request_without_a_valid_key_is_unauthenticated()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        Assert.Equal("Bearer", (await laurel.Get($"{Root}/badges/7", key: null)).IsProblem(401, "unauthenticated").Headers["WWW-Authenticate"]);
        (await laurel.Get($"{Root}/badges/7", key: "laurel_no-such-key")).IsProblem(401, "unauthenticated");
        (await laurel.Put($"{Root}/badges/7", Badge, key: null)).IsProblem(401, "unauthenticated");
        (await Sent(("x-api-key", TestServer.AdministratorKey))).Is(200);
        (await Sent(("Cookie", $".ROBLOSECURITY={TestServer.AdministratorKey}"))).IsProblem(401, "unauthenticated");
        (await Sent(("Authorization", $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"x:{TestServer.AdministratorKey}"))}"))).IsProblem(401, "unauthenticated");
        (await Sent(("x-api-key", TestServer.AdministratorKey), ("Authorization", $"Bearer {TestServer.AdministratorKey}"))).IsProblem(400, "malformed");

        Task<Answer> Sent(params (string, string)[] headers) => laurel.Send(HttpMethod.Get, $"{Root}/badges/7", (string?)null, null, headers);
    }

    [Theory, EveryEngine]
    public async Task A_manager_does_what_belongs_to_the_issuer_and_no_more(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        (await laurel.Put($"{Root}/issuers/101", """{"name":"Other"}""")).Is(201);
        (await laurel.Put($"{Root}/badges/70", Badge.Replace("100", "101"))).Is(201);
        var manager = await laurel.Key(1, null);

        (await laurel.Put($"{Root}/badges/8", Badge, manager)).Is(201);
        (await laurel.Put($"{Root}/places/8", """{"issuerId":100,"name":"Lobby"}""", manager)).Is(201);
        var award = (await laurel.Award(2, 7, key: manager)).Is(201).Json["award"]!["id"];
        (await laurel.Delete($"{Root}/users/2/awards/{award}?kind=revoke", manager)).Is(204);
        (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":2}""", manager)).Is(204);

        (await laurel.Put($"{Root}/badges/70", Badge, manager)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/badges/8", Badge.Replace("100", "101"), manager)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/places/8", """{"issuerId":101,"name":"Lobby"}""", manager)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/issuers/100", """{"name":"Mine"}""", manager)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/users/9", "{}", manager)).IsProblem(403, "forbidden");
        (await laurel.Award(2, 70, key: manager)).IsProblem(403, "forbidden");
        (await laurel.Award(2, 7, ",\"manual\":true", manager)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/users/2", manager)).IsProblem(403, "forbidden");
    }

    [Fact]
    public async Task A_user_reads_their_own_record_and_gives_back_their_own_awards()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var user = await laurel.Key(2, null);
        var own = (await laurel.Award(2, 7)).Is(201).Json["award"]!["id"];
        var others = (await laurel.Award(3, 7)).Is(201).Json["award"]!["id"];

        (await laurel.Get($"{Root}/users/2", user)).Is(200);
        (await laurel.Get($"{Root}/users/3", user)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/users/77", user)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/users", user)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/users/3/awards", user)).Is(200);
        (await laurel.Get($"{Root}/badges/7/awards", user)).Is(200);
        (await laurel.Put($"{Root}/users/2", """{"permissions":["administrator"]}""", user)).IsProblem(403, "forbidden");
        (await laurel.Award(2, 7, key: user)).IsProblem(403, "forbidden");
        (await laurel.Delete($"{Root}/users/3/awards/{others}", user)).IsProblem(403, "forbidden");
        (await laurel.Delete($"{Root}/users/2/awards/{own}?kind=revoke", user)).IsProblem(403, "forbidden");
        (await laurel.Delete($"{Root}/users/2/awards/{own}", user)).Is(204);
    }

    [Fact]
    public async Task Scopes_limit_a_key_and_a_service_has_nothing_else()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var awarding = await laurel.Key(null, "awards:write");
        var limited = await laurel.Key(1, "badges:write");
        var users = await laurel.Key(null, "users:write", "users:read");

        (await laurel.Award(2, 7, key: awarding)).Is(201);
        (await laurel.Award(3, 7, ",\"manual\":true", awarding)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/users/2/awards/5", """{"badgeId":7}""", awarding)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/badges/8", Badge, awarding)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/badges/8", Badge, limited)).Is(201);
        (await laurel.Award(2, 7, key: limited)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/users/1", limited)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/users/9", """{"username":"nine"}""", users)).Is(201);
        (await laurel.Get($"{Root}/users", users)).Is(200);
        (await laurel.Put($"{Root}/users/9", """{"permissions":["administrator"]}""", users)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/users/9", """{"permissions":["administrator"]}""")).Is(200);
        (await laurel.Put($"{Root}/users/9", """{"password":"mine now"}""", users)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/issuers/8", """{"name":"By an administrator's key"}""", await laurel.Key(9, null))).Is(201);
    }

    [Theory, EveryEngine]
    public async Task A_key_is_shown_once_listed_without_its_secret_and_revoked(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine, new ManualTime());
        var made = (await laurel.Post($"{Root}/keys", """{"userId":2,"scopes":["users:read"],"expiresAt":"2027-01-01T00:00:00Z"}""")).Is(201);
        var (id, secret) = (made.Json["id"]!.GetValue<long>(), made.Text("secret")!);
        var told = $$"""
            {"id":{{id}},"kind":"key","userId":2,"prefix":"{{secret[..11]}}","scopes":["users:read"],"administrator":false,
             "createdAt":"2026-01-01T00:00:00Z","expiresAt":"2027-01-01T00:00:00Z","revokedAt":null}
            """;

        made.Says(told.Replace("\"userId\"", $"\"secret\":\"{secret}\",\"userId\""));
        (await laurel.Get($"{Root}/keys/{id}")).Is(200).Says(told);
        (await laurel.Get($"{Root}/keys?userId=2")).Is(200).Says($$"""{"items":[{{told}}],"next":null}""");
        (await laurel.Get($"{Root}/users/2", secret)).Is(200);
        (await laurel.Delete($"{Root}/keys/{id}")).Is(204);
        (await laurel.Get($"{Root}/users/2", secret)).IsProblem(401, "unauthenticated");
        Assert.Equal("2026-01-01T00:00:00Z", (await laurel.Get($"{Root}/keys/{id}")).Text("revokedAt"));
        (await laurel.Get($"{Root}/keys/5")).IsProblem(404, "unknown_key");
        (await laurel.Delete($"{Root}/keys/5")).IsProblem(404, "unknown_key");
    }

    [Fact]
    public async Task Nobody_makes_a_key_that_may_do_more_than_they_may()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/users/9", """{"permissions":["administrator"]}""")).Is(201);
        var user = await laurel.Key(2, null);
        var limited = await laurel.Key(2, "keys:write", "users:read");
        var service = await laurel.Key(null, "keys:write", "awards:write");
        Task<Answer> Make(string json, string key) => laurel.Post($"{Root}/keys", json, key);

        var own = (await Make("""{"userId":2}""", user)).Is(201);
        (await Make("""{"userId":3}""", user)).IsProblem(403, "forbidden");
        (await Make("""{"scopes":["awards:write"]}""", user)).IsProblem(403, "forbidden");
        (await Make("""{"userId":2,"administrator":true}""", user)).IsProblem(403, "forbidden");
        (await Make("""{"userId":2}""", limited)).IsProblem(403, "forbidden");
        (await Make("""{"userId":2,"scopes":["users:read","users:write"]}""", limited)).IsProblem(403, "forbidden");
        (await Make("""{"userId":2,"scopes":["users:read"]}""", limited)).Is(201);
        (await Make("""{"scopes":["awards:write"]}""", service)).Is(201);
        (await Make("""{"userId":9,"scopes":["awards:write"]}""", service)).IsProblem(403, "forbidden");
        (await Make("""{"administrator":true,"scopes":["awards:write"]}""", service)).IsProblem(403, "forbidden");

        var admin = (await Make("""{"administrator":true}""", TestServer.AdministratorKey)).Is(201);
        (await laurel.Put($"{Root}/users/20", "{}", admin.Text("secret"))).Is(201);
        (await laurel.Delete($"{Root}/keys/{admin.Json["id"]}", service)).IsProblem(403, "forbidden");
        (await laurel.Delete($"{Root}/keys/{own.Json["id"]}", user)).Is(204);
        (await laurel.Get($"{Root}/keys?userId=3", user)).IsProblem(403, "forbidden");
        Assert.All((await laurel.Get($"{Root}/keys", user)).Is(200).Json["items"]!.AsArray(), key => Assert.Equal(2, key!["userId"]!.GetValue<long>()));

        (await Make("{}", TestServer.AdministratorKey)).IsProblem(422, "invalid", "scopes");
        (await Make("""{"userId":2,"scopes":["everything"]}""", TestServer.AdministratorKey)).IsProblem(422, "invalid", "scopes");
        (await Make("""{"userId":77}""", TestServer.AdministratorKey)).IsProblem(422, "unknown_user", "userId");
        (await Make("""{"userId":2,"expiresAt":"2020-01-01T00:00:00Z"}""", TestServer.AdministratorKey)).IsProblem(422, "invalid", "expiresAt");
    }

    [Fact]
    public async Task A_badge_hidden_until_claimed_is_masked_but_for_managers()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await laurel.Badge(8, more: ",\"key\":\"surprise\",\"claimable\":true,\"hiddenUntilClaimed\":true,\"iconImageId\":5");
        var (user, manager) = (await laurel.Key(2, null), await laurel.Key(1, null));
        var award = (await laurel.Award(2, 8, ",\"payload\":\"surprise\"")).Is(201).Json["award"]!["id"];

        foreach (var path in new[] { "badges/8", "badges", $"users/2/awards/{award}", "users/2/awards", "badges/8/awards" })
        {
            Assert.DoesNotContain("surprise", (await laurel.Get($"{Root}/{path}", user)).Is(200).Body);
            Assert.Contains("surprise", (await laurel.Get($"{Root}/{path}", manager)).Is(200).Body);
        }
        var masked = await laurel.Get($"{Root}/badges/8", user);
        Assert.Equal("???", masked.Json["texts"]!["en"]!["name"]!.GetValue<string>());
        Assert.Equal(0, masked.Json["iconImageId"]!.GetValue<long>());
        (await laurel.Put($"{Root}/users/3/awards/5", """{"badgeId":8,"payload":"surprise","isClaimed":true}""")).Is(201);
        Assert.Contains("surprise", (await laurel.Get($"{Root}/users/3/awards/5", user)).Body);
    }
}
