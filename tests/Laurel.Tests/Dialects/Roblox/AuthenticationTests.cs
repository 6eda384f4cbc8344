using Laurel.Core.Access;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>Sessions, tokens against forgery, keys. Contract: docs/dialects/roblox.md#authentication</summary>
public sealed class AuthenticationTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    private const string Preamble = "_|WARNING:-DO-NOT-SHARE-THIS.--Sharing-this-will-allow-someone-to-log-in-as-you-and-to-steal-your-ROBUX-and-items.|_";

    public static TheoryData<string, string> Writes => new()
    {
        { "PATCH", "/v1/badges/700" },
        { "DELETE", "/v1/user/badges/700" },
        { "DELETE", "/v1/user/102/badges/700" },
    };

    [Theory, MemberData(nameof(Writes))]
    public async Task The_order_of_checks_is_cookie_token_session(string method, string path)
    {
        foreach (var token in new[] { null, "x", await roblox.Token("laurel_wrong") })
        {
            (await roblox.Send(method, path, token: token)).Is(401, Errors.Unauthorized);
            (await roblox.Send(method, path, cookie: "", token: token)).Is(401, Errors.Unauthorized);
        }
        foreach (var cookie in new[] { "laurel_wrong", roblox.PlayerKey })
        {
            (await roblox.Send(method, path, cookie: cookie)).Is(403, Errors.Token);
            foreach (var wrong in new[] { "undefined", "", "x", await roblox.Token("another"), new string('A', 5000) })
            {
                (await roblox.Send(method, path, cookie: cookie, headers: [("x-csrf-token", wrong)])).Is(403, Errors.Token);
            }
        }
        // The token that came with the refusal is good for the retry, whether or not the session is.
        var refused = await roblox.Send(method, path, cookie: "laurel_wrong");
        (await roblox.Send(method, path, cookie: "laurel_wrong", token: refused.Header("x-csrf-token"))).Is(401, Errors.Unauthorized);
        // All of it before anybody looks whether the badge exists.
        (await roblox.Send(method, path.Replace("700", "1"), cookie: roblox.PlayerKey)).Is(403, Errors.Token);
        (await roblox.Send(method, path.Replace("700", "1"))).Is(401, Errors.Unauthorized);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("", ";")]
    [InlineData("", "; RBXEventTrackerV2=CreateDate=11/22/2020 3:04:05 PM&rbxid=1|2:3; b=\"c,d\"")]
    [InlineData(Preamble, "")]
    [InlineData(Preamble, ";")]
    [InlineData(Preamble, "; a=b; =; ;;c")]
    [InlineData("_|WARNING:-DO-NOT-SHARE-THIS.|_", " ;")]
    public async Task The_cookie_is_read_as_clients_send_it(string before, string after)
    {
        var cookie = before + roblox.PlayerKey + after;
        var refused = await roblox.Send("DELETE", "/v1/user/badges/700", cookie: cookie);
        refused.Is(403, Errors.Token);
        (await roblox.Send("DELETE", "/v1/user/badges/700", cookie: cookie, token: refused.Header("x-csrf-token"))).Is(200, "{}");
        (await roblox.Send("GET", "/v1/users/authenticated", cookie: cookie)).Is(200, """{"id":102,"name":"ada","displayName":"ada"}""");
    }

    [Theory]
    [InlineData("a=b; ")]
    [InlineData("RBXSource=rbx_acquisition_time=11/22/2020 3:04:05 PM&x=;;GuestData=UserID=-1;")]
    public async Task Cookies_may_come_before_it(string before)
    {
        var answer = await roblox.Send("GET", "/v1/users/authenticated", headers: [("Cookie", $"{before}.ROBLOSECURITY={roblox.PlayerKey}")]);
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task A_token_lives_half_an_hour_and_is_bound_to_its_cookie()
    {
        await using var own = await RobloxBed.With();
        var token = await own.Token(own.PlayerKey);
        (await own.Send("DELETE", "/v1/user/badges/700", cookie: own.StrangerKey, token: token)).Is(403, Errors.Token);
        own.Time.Jump(TimeSpan.FromMinutes(30));
        (await own.Send("DELETE", "/v1/user/badges/700", cookie: own.PlayerKey, token: token)).Is(200, "{}");
        own.Time.Jump(TimeSpan.FromMinutes(15));
        var stale = await own.Send("DELETE", "/v1/user/badges/700", cookie: own.PlayerKey, token: token);
        stale.Is(403, Errors.Token);
        (await own.Send("DELETE", "/v1/user/badges/700", cookie: own.PlayerKey, token: stale.Header("x-csrf-token"))).Is(200, "{}");
    }

    [Theory]
    [InlineData("/v2/login")]
    [InlineData("/v2/logout")]
    public async Task A_token_is_had_with_and_without_a_cookie(string path)
    {
        (await roblox.Send("POST", path)).Is(403, Errors.Token);
        (await roblox.Send("POST", path, body: "{\"ctype\":\"Username\"}")).Is(403, Errors.Token);
        var given = await roblox.Send("POST", path, cookie: roblox.PlayerKey);
        given.Is(403, Errors.Token);
        (await roblox.Send("DELETE", "/v1/user/badges/700", cookie: roblox.PlayerKey, token: given.Header("x-csrf-token"))).Is(200, "{}");
        // The session goes on, whatever the path is called.
        (await roblox.Send("POST", path, cookie: roblox.PlayerKey, token: given.Header("x-csrf-token"))).Is(403, Errors.Token);
        Assert.Equal(200, (await roblox.Send("GET", "/v1/users/authenticated", cookie: roblox.PlayerKey)).Status);
    }

    [Theory, MemberData(nameof(Writes))]
    public async Task A_key_needs_no_token(string method, string path)
    {
        var body = method == "PATCH" ? "{}" : null;
        foreach (var (name, value) in new[] { ("Authorization", $"Bearer {roblox.ManagerKey}"), ("authorization", $"bearer  {roblox.ManagerKey}"), ("x-api-key", roblox.ManagerKey) })
        {
            (await roblox.Send(method, path, body: body, headers: [(name, value)])).Is(200, "{}");
            (await roblox.Send(method, path, body: body, headers: [(name, value), ("x-csrf-token", "undefined")])).Is(200, "{}");
        }
        foreach (var (name, value) in new[] { ("Authorization", "Bearer laurel_wrong"), ("Authorization", "Bearer"), ("Authorization", "Basic YTpi"), ("Authorization", "Digest x"), ("x-api-key", ""), ("x-api-key", "laurel_wrong") })
        {
            (await roblox.Send(method, path, body: body, headers: [(name, value)])).Is(401, Errors.Unauthorized);
        }
    }

    [Fact]
    public async Task A_key_without_a_user_has_no_badges_of_its_own()
    {
        (await roblox.Send("DELETE", "/v1/user/badges/700", bearer: await roblox.NewKey(null, [Scopes.AwardsRemove]))).Is(401, Errors.Unauthorized);
        (await roblox.Send("GET", "/v1/users/authenticated", bearer: await roblox.NewKey(null, [Scopes.AwardsRemove]))).Is(401, Errors.Unauthorized);
        (await roblox.Send("GET", "/v1/users/authenticated")).Is(401, Errors.Unauthorized);
        (await roblox.Send("GET", "/v1/users/authenticated", cookie: "laurel_wrong")).Is(401, Errors.Unauthorized);
    }

    [Theory]
    [InlineData("GET", "/v1/badges/700")]
    [InlineData("GET", "/v1/badges/metadata")]
    [InlineData("GET", "/v1/universes/5000/badges")]
    [InlineData("GET", "/v2/universes/5000/badges")]
    [InlineData("GET", "/v1/universes/5000/free-badges-quota")]
    [InlineData("GET", "/v1/users/102/badges")]
    [InlineData("GET", "/v1/users/102/badges/awarded-dates?badgeIds=1")]
    [InlineData("GET", "/v1/users/102/badges/700/awarded-date")]
    [InlineData("GET", "/v1/users/authenticated")]
    [InlineData("PATCH", "/v1/badges/700")]
    [InlineData("DELETE", "/v1/user/badges/700")]
    [InlineData("DELETE", "/v1/user/102/badges/700")]
    [InlineData("POST", "/v1/users/102/badges/700/award-badge")]
    [InlineData("POST", "/v2/logout")]
    [InlineData("POST", "/v2/login")]
    public async Task Two_credentials_are_refused_everywhere(string method, string path)
    {
        var key = roblox.PlayerKey;
        (await roblox.Send(method, path, cookie: key, bearer: key)).IsBadRequest();
        (await roblox.Send(method, path, cookie: key, headers: [("x-api-key", key)])).IsBadRequest();
        (await roblox.Send(method, path, bearer: key, headers: [("x-api-key", key)])).IsBadRequest();
        if (method != "GET")
        {
            (await roblox.Send(method, path, cookie: $"{key}; .ROBLOSECURITY=other")).IsBadRequest();
        }
    }
}
