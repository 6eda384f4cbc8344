using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

/// <summary>Logging in, and what the tokens of a session are good for.</summary>
public sealed class TokenTests
{
    [Theory, EveryEngine]
    public async Task A_user_logs_in_and_the_token_works_wherever_a_key_does(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        var tokens = await LogIn(laurel);
        var access = tokens.Text("accessToken")!;
        Assert.Equal("Bearer", tokens.Text("tokenType"));
        Assert.Equal("no-store", tokens.Headers["Cache-Control"]);

        (await laurel.Get($"{Root}/users/50", access)).Is(200);
        (await laurel.Get($"{Root}/users/2", access)).IsProblem(403, "forbidden");
        (await laurel.Send(HttpMethod.Get, $"{Root}/users/50", (string?)null, null, ("x-api-key", access))).Is(200);
        Assert.Equal(50, (await laurel.Get("/v1/users/authenticated", access)).Is(200).Json["id"]!.GetValue<long>());
        (await laurel.Get($"{Root}/users/50", tokens.Text("refreshToken"))).IsProblem(401, "unauthenticated");

        var next = (await Refresh(laurel, tokens.Text("refreshToken")!)).Is(201);
        Assert.Equal(tokens.Json["sessionId"]!.GetValue<long>(), next.Json["sessionId"]!.GetValue<long>());
        (await laurel.Get($"{Root}/users/50", next.Text("accessToken"))).Is(200);
        (await Refresh(laurel, tokens.Text("refreshToken")!)).IsProblem(401, "invalid_token");
        (await laurel.Get($"{Root}/users/50", next.Text("accessToken"))).IsProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_session_is_listed_and_ended_as_a_key_is()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var (first, second) = (await LogIn(laurel), await LogIn(laurel));
        var access = first.Text("accessToken")!;
        var own = (await laurel.Get($"{Root}/keys", access)).Is(200).Json["items"]!.AsArray();
        Assert.Equal(2, own.Count);
        Assert.All(own, key => Assert.Equal(("session", 50), (key!["kind"]!.GetValue<string>(), key["userId"]!.GetValue<int>())));
        Assert.DoesNotContain(second.Text("refreshToken")!, (await laurel.Get($"{Root}/keys", access)).Body);

        (await laurel.Delete($"{Root}/keys/{second.Json["sessionId"]}", access)).Is(204);
        (await laurel.Get($"{Root}/users/50", second.Text("accessToken"))).IsProblem(401, "unauthenticated");
        (await Refresh(laurel, second.Text("refreshToken")!)).IsProblem(401, "invalid_token");
        (await laurel.Delete($"{Root}/keys/{first.Json["sessionId"]}", await laurel.Key(3, null))).IsProblem(403, "forbidden");
        (await laurel.Delete($"{Root}/keys/{first.Json["sessionId"]}", access)).Is(204);
        (await laurel.Get($"{Root}/users/50", access)).IsProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Who_has_not_the_password_gets_no_token()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/users/50", """{"username":"ada","password":"correct horse"}""")).Is(201);
        foreach (var (username, password) in new[] { ("ada", "wrong"), ("ada", ""), ("Ada", "correct horse"), ("nobody", "x"), ("user2", ""), ("", "") })
        {
            (await laurel.Post($"{Root}/tokens", $$"""{"username":"{{username}}","password":"{{password}}"}""", key: null)).IsProblem(401, "wrong_login");
        }
        foreach (var body in new[]
        {
            "", "null", "[]", "{}", """{"username":"ada"}""", """{"username":"ada","password":null}""", """{"username":7,"password":"x"}""",
            """{"username":"ada","password":"a\u0000"}""", """{"username":"ada","password":"\ud800"}""", """{"username":"ada","password":"x","more":1}""",
        })
        {
            (await laurel.Post($"{Root}/tokens", body, key: null)).IsProblem(400, "malformed");
        }
        foreach (var token in new[] { "", "x", "a.b.c", TestServer.AdministratorKey, new string('x', 10_000), "\u00fc.\u00fc.\u00fc" })
        {
            (await Refresh(laurel, token)).IsProblem(401, "invalid_token");
        }
        (await laurel.Post($"{Root}/tokens/refresh", """{"refreshToken":null}""", key: null)).IsProblem(400, "malformed");
    }

    [Theory, EveryEngine]
    public async Task What_the_user_may_is_asked_anew_each_time(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        var access = (await LogIn(laurel)).Text("accessToken")!;
        (await laurel.Get($"{Root}/users", access)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/users/50", """{"username":"ada","permissions":["administrator"]}""")).Is(200);
        (await laurel.Get($"{Root}/users", access)).Is(200);
        (await laurel.Post($"{Root}/signing-keys", "", access)).Is(201);
        (await laurel.Get($"{Root}/users", access)).Is(200);
        (await laurel.Put($"{Root}/users/50", """{"username":"ada"}""")).Is(200);
        (await laurel.Post($"{Root}/signing-keys", "{}", access)).IsProblem(403, "forbidden");
    }

    private static async Task<Answer> LogIn(TestServer laurel)
    {
        (await laurel.Put($"{Root}/users/50", """{"username":"ada","password":"correct horse"}""")).Json.ToString();
        return (await laurel.Post($"{Root}/tokens", """{"username":"ada","password":"correct horse"}""", key: null)).Is(201);
    }

    private static Task<Answer> Refresh(TestServer laurel, string token) =>
        laurel.Post($"{Root}/tokens/refresh", $$"""{"refreshToken":"{{token}}"}""", key: null);
}
