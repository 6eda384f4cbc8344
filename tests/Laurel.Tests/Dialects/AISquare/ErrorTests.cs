using System.Text;
using Laurel.Core.Access;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;
using static Laurel.Tests.Dialects.AISquare.AISquareBed;

namespace Laurel.Tests.Dialects.AISquare;

/// <summary>Contract: docs/dialects/aisquare.md#errors</summary>
public sealed class ErrorTests
{
    private const string NoCredential = """{"detail":"Authentication credentials were not provided."}""";
    private const string BadToken = """{"detail":"Given token not valid for any token type"}""";
    private const string Forbidden = """{"detail":"You do not have permission to perform this action."}""";
    private const string NotFound = """{"detail":"Not found."}""";
    private const string NotBoolean = """{"is_badged":["Must be a valid boolean."]}""";

    [Fact]
    public async Task Without_a_good_credential_it_is_401()
    {
        await using var laurel = await Start();
        var secret = await laurel.Key(Ada, null);
        Assert.Equal("Bearer", (await laurel.Patch(1)).IsError(401, NoCredential).Headers["WWW-Authenticate"]);
        Assert.Equal("Bearer", (await laurel.Patch(1, "{}", "laurel_nobody")).IsError(401, BadToken).Headers["WWW-Authenticate"]);
        (await laurel.Patch(1, "{}", "a.b.c")).IsError(401, BadToken);
        (await laurel.Patch("x", "[", null)).IsError(401, NoCredential);
        (await laurel.Patch(1, "{}", null, ("Cookie", $".ROBLOSECURITY={secret}"))).IsError(401, NoCredential);
        (await laurel.Patch(1, "{}", null, ("Authorization", $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"ada:{secret}"))}"))).IsError(401, NoCredential);
        (await laurel.Patch(1, "{}", null, ("x-api-key", secret))).Is(200);
        (await laurel.Patch(1, "{}", secret, ("x-api-key", secret))).IsError(400, """{"detail":"Send exactly one credential: a cookie, a bearer token, an x-api-key or Basic."}""");
        var tokens = await laurel.Core.Sessions.Begin(Ada);
        (await laurel.Patch(1, "{}", tokens.AccessToken)).Is(200);
        (await laurel.Patch(1, "{}", tokens.RefreshToken)).IsError(401, BadToken);
        await laurel.Core.Keys.Revoke(tokens.SessionId);
        (await laurel.Patch(1, "{}", tokens.AccessToken)).IsError(401, BadToken);
    }

    [Fact]
    public async Task A_key_that_reaches_no_rewards_is_403()
    {
        await using var laurel = await Start();
        (await laurel.Patch(1, "{}", TestServer.AdministratorKey)).IsError(403, Forbidden);
        (await laurel.Patch(1, "{}", await laurel.Key(null, Scopes.RewardsWrite))).IsError(403, Forbidden);
        (await laurel.Patch(1, "{}", await laurel.Key(Ada, Scopes.AwardsWrite))).IsError(403, Forbidden);
        (await laurel.Patch(1, "{}", await laurel.Key(Ada, Scopes.RewardsWrite))).Is(200);
    }

    [Fact]
    public async Task Anybody_elses_reward_is_404()
    {
        await using var laurel = await Start(with: options => options with { AISquareIssuers = [100] });
        var ada = await laurel.Key(Ada, null);
        foreach (var id in new object[]
        {
            5, 4, 77, 0, -1, "x", "1.0", "01", "+1", "%31%20", "99999999999999999999", long.MaxValue, "%F0%9F%92%A9", new string('9', 4000),
        })
        {
            (await laurel.Patch(id, "not even read", ada)).IsError(404, NotFound);
        }
        // The administrator has no more rewards than anybody.
        (await laurel.Put($"{Root}/users/3", """{"permissions":["administrator"]}""")).Is(201);
        (await laurel.Patch(1, "{}", await laurel.Key(3, null))).IsError(404, NotFound);
        (await laurel.Delete($"{Root}/users/1/awards/1")).Is(204);
        (await laurel.Patch(1, "{}", ada)).IsError(404, NotFound);
    }

    [Fact]
    public async Task By_default_it_speaks_for_every_issuer()
    {
        await using var laurel = await Start();
        (await laurel.Patch(4, "{}", await laurel.Key(Ada, null))).Is(200);
    }

    [Fact]
    public async Task A_body_that_says_no_boolean_is_400()
    {
        await using var laurel = await Start();
        var key = await laurel.Key(Ada, null);
        foreach (var value in new[]
        {
            "2", "-1", "0.5", "1e400", "\"\"", "\"maybe\"", "\"null\"", "\"tRUE\"", "\" true\"", "[]", "[true]", "{}", "99999999999999999999999", "\"💩\"",
            $"\"{new string('x', 100_000)}\"",
        })
        {
            (await laurel.Patch(1, $$"""{"is_badged":{{value}}}""", key)).IsError(400, NotBoolean);
        }
        (await laurel.Patch(1, """{"is_badged":null}""", key)).IsError(400, """{"is_badged":["This field may not be null."]}""");
        foreach (var (body, word) in new[] { ("[]", "list"), ("\"{}\"", "str"), ("7", "int"), ("7.5", "float"), ("true", "bool") })
        {
            (await laurel.Patch(1, body, key)).IsError(400, $$"""{"non_field_errors":["Invalid data. Expected a dictionary, but got {{word}}."]}""");
        }
        (await laurel.Patch(1, "null", key)).IsError(400, """{"non_field_errors":["No data provided"]}""");
        Assert.False((await laurel.Get($"{Root}/users/1/awards/1")).Json["isBadged"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_body_that_is_no_JSON_is_400()
    {
        await using var laurel = await Start();
        var key = await laurel.Key(Ada, null);
        foreach (var body in new[]
        {
            " ", "{", "{}x", "{}{}", "not json", "{'is_badged':true}", """{"is_badged":true,}""", "\ufeff{}", """{"is_badged":NaN}""", """{"a":"\ud800"}""",
            """{"a":"x\u0000"}""", """{"\u0000":1}""", "{\"a\":\"x\0\"}", new string('[', 100_000), """{"a":/**/1}""",
        })
        {
            var answer = (await laurel.Patch(1, body, key)).Is(400);
            Assert.StartsWith("{\"detail\":\"JSON parse error - ", answer.Body);
            Assert.Equal("application/json", answer.ContentType);
        }
        foreach (var broken in new[] { new byte[] { 0xff }, [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80] })
        {
            Assert.StartsWith("{\"detail\":\"JSON parse error - ", (await laurel.Patch(1, [.. "{\"a\":\""u8, .. broken, .. "\"}"u8], "application/json", key)).Is(400).Body);
        }
        Assert.False((await laurel.Get($"{Root}/users/1/awards/1")).Json["isBadged"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_body_of_another_type_is_415()
    {
        await using var laurel = await Start();
        var key = await laurel.Key(Ada, null);
        foreach (var type in new[] { "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "json" })
        {
            (await laurel.Patch(1, "{}", type, key)).IsError(415, $$"""{"detail":"Unsupported media type \"{{type}}\" in request."}""");
        }
        (await laurel.Patch(1, "{}", null, key)).IsError(415, """{"detail":"Unsupported media type \"\" in request."}""");
        // Nothing is of no type.
        (await laurel.Patch(1, "", "text/plain", key)).Is(200);
        (await laurel.Patch(1, new string(' ', (1 << 20) + 1), "application/json", key)).IsError(413, """{"detail":"The request body is too large."}""");
    }

    [Fact]
    public async Task Wrong_routes_and_verbs_have_the_shape()
    {
        await using var laurel = await Start();
        foreach (var path in new[] { "/api/v1", "/api/v1/", "/api/v1/rewards", "/api/v1/rewards/1", "/api/v1/rewards/1/badge/x", "/api/v1//rewards/1/badge", "/API/V1/x" })
        {
            (await laurel.Get(path, null)).IsError(404, NotFound);
        }
        foreach (var verb in new[] { "GET", "PUT", "POST", "DELETE", "OPTIONS" })
        {
            (await laurel.Send(new HttpMethod(verb), "/api/v1/rewards/1/badge/", (string?)null, null)).IsError(405, $$"""{"detail":"Method \"{{verb}}\" not allowed."}""");
        }
        using var refused = await laurel.Anonymous.GetAsync("/api/v1/rewards/1/badge", TestContext.Current.CancellationToken);
        Assert.Equal(["PATCH"], refused.Content.Headers.Allow);
        (await laurel.Get("/api/v2/rewards", null)).Is(404);
    }

    [Fact]
    public async Task Failures_have_the_shape_and_say_nothing()
    {
        await using var laurel = await Start(map: app =>
        {
            app.MapGet("/api/v1/broken", (RequestDelegate)(_ => throw new InvalidOperationException("secret")));
            app.MapGet("/api/v1/away", (RequestDelegate)(_ => throw new StorageUnavailableException("secret")));
        });
        (await laurel.Get("/api/v1/broken")).IsError(500, """{"detail":"A server error occurred."}""");
        var away = (await laurel.Get("/api/v1/away")).IsError(503, """{"detail":"Service temporarily unavailable, try again later."}""");
        Assert.Equal("1", away.Headers["Retry-After"]);

        await using var busy = await TestServer.Start(with: options => options with { RequestsPerSecond = 1 });
        var hurried = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => busy.Get("/api/v1/x")));
        var throttled = hurried.First(answer => (int)answer.Status == 429);
        throttled.IsError(429, """{"detail":"Request was throttled. Expected available in 1 second."}""");
        Assert.Equal("1", throttled.Headers["Retry-After"]);
    }
}
