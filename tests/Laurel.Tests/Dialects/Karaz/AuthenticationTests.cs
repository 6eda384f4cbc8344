using System.Text;
using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Dialects.Karaz.KarazWorld;

namespace Laurel.Tests.Dialects.Karaz;

/// <summary>A user's bearer token, in its header, reads its own user. Contract: docs/dialects/karaz.md#authentication</summary>
public sealed class AuthenticationTests(AuthenticationTests.Server server) : IClassFixture<AuthenticationTests.Server>
{
    public static TheoryData<string> Lists => [All, Obtained];

    private static void Refused(Answer answer, int status)
    {
        answer.Is(status);
        Assert.Equal("application/json; charset=utf-8", answer.ContentType);
        Assert.Equal("error", answer.Text("status"));
        Assert.False(string.IsNullOrEmpty(answer.Text("message")));
        Assert.Equal(["status", "message"], answer.Json.AsObject().Select(member => member.Key));
        Assert.Equal(status == 401 ? "Bearer" : null, answer.Headers.GetValueOrDefault("WWW-Authenticate"));
        Assert.Equal("no-store, private", string.Join(", ", answer.Headers["Cache-Control"].Split(", ").Order()));
    }

    private Task<Answer> Sent(string path, params (string Name, string Value)[] headers) =>
        server.Laurel.Send(HttpMethod.Get, path, (string?)null, key: null, headers);

    [Theory, MemberData(nameof(Lists))]
    public async Task Without_a_good_token_it_is_401(string path)
    {
        Refused(await Sent(path), 401);
        foreach (var header in new[] { "", "Bearer", "Bearer ", "Bearer x", $"Token {server.Ada}", server.Ada, $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"user1:{server.Ada}"))}", "Bearer " + new string('x', 5000) })
        {
            Refused(await Sent(path, ("Authorization", header)), 401);
        }
        Refused(await Sent(path, ("x-api-key", server.Ada)), 401);
        Refused(await Sent(path, ("Cookie", $".ROBLOSECURITY={server.Ada}")), 401);
        foreach (var query in new[] { "access_token", "token", "Authorization", "bearer" })
        {
            Refused(await Sent($"{path}?{query}={server.Ada}"), 401);
            Refused(await Sent($"{path}?{query}=Bearer%20{server.Ada}"), 401);
        }
    }

    [Theory, MemberData(nameof(Lists))]
    public async Task Two_credentials_are_refused(string path)
    {
        Refused(await Sent(path, ("Authorization", $"Bearer {server.Ada}"), ("x-api-key", server.Ada)), 400);
        Refused(await Sent(path, ("Authorization", $"Bearer {server.Ada}"), ("Cookie", $".ROBLOSECURITY={server.Ada}")), 400);
        Refused(await Sent(path, ("Authorization", $"Bearer {server.Ada}, Bearer {server.Bob}")), 401);
    }

    [Theory, MemberData(nameof(Lists))]
    public async Task A_key_without_a_user_has_no_badges(string path)
    {
        Refused(await server.Laurel.Get(path, await server.Laurel.Key(null, Scopes.AwardsWrite)), 403);
        Refused(await server.Laurel.Get(path), 403);
    }

    [Theory, MemberData(nameof(Lists))]
    public async Task A_token_reads_its_own_user_whatever_else_is_asked(string path)
    {
        foreach (var asked in new[] { path, path + "?userId=2", path.ToUpperInvariant(), path.ToLowerInvariant(), path + "/" })
        {
            Assert.Equal([1], (await server.Laurel.List(asked, server.Ada)).Where(item => item["I"]!.GetValue<long>() > 0).Ids());
            Assert.Equal([2], (await server.Laurel.List(asked, server.Bob)).Where(item => item["I"]!.GetValue<long>() > 0).Ids());
        }
        // A limited key, and a scheme in another letter case, read too.
        Assert.NotEmpty(await server.Laurel.List(path, await server.Laurel.Key(1, Scopes.VisitsWrite)));
        (await Sent(path, ("Authorization", $"bEARER {server.Ada}"))).Is(200);
    }

    [Fact]
    public async Task An_expired_or_revoked_key_is_401()
    {
        var made = (await server.Laurel.Post($"{Root}/keys", """{"userId":1,"expiresAt":"2023-05-01T12:00:01Z"}""")).Is(201);
        var revoked = (await server.Laurel.Post($"{Root}/keys", """{"userId":1}""")).Is(201);
        (await server.Laurel.Get(All, made.Text("secret"))).Is(200);
        (await server.Laurel.Get(All, revoked.Text("secret"))).Is(200);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        (await server.Laurel.Delete($"{Root}/keys/{revoked.Json["id"]}")).Is(204);
        Refused(await server.Laurel.Get(All, made.Text("secret")), 401);
        Refused(await server.Laurel.Get(All, revoked.Text("secret")), 401);
    }

    public sealed class Server : IAsyncLifetime
    {
        internal TestServer Laurel { get; private set; } = null!;

        internal ManualTime Time { get; } = new(SeedTime);

        internal string Ada { get; private set; } = "";

        internal string Bob { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            Laurel = await KarazWorld.Start(time: Time);
            (Ada, Bob) = (await Laurel.Key(1, null), await Laurel.Key(2, null));
            foreach (var id in new[] { 1, 2 })
            {
                await Laurel.Badge(id);
                await Laurel.Award(id, id);
            }
        }

        public ValueTask DisposeAsync() => Laurel.DisposeAsync();
    }
}
