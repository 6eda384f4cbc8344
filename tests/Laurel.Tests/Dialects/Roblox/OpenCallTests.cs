using System.Net;
using Laurel.Core.Access;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>Nothing is open by default: who may award without a key. Contract: docs/dialects/roblox.md#authentication</summary>
public sealed class OpenCallTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    private const string Call = "/v1/users/102/badges/701/award-badge";

    [Fact]
    public async Task Without_the_switch_only_keys_award()
    {
        await using var closed = await RobloxBed.With(options => options with { OpenDialects = false });
        (await closed.AwardFromPlace(102, 700)).Is(401, Errors.Unauthorized);
        (await closed.Send("POST", Call, cookie: closed.ManagerKey, headers: [("Roblox-Place-Id", "50000")])).Is(401, Errors.Unauthorized);
        Assert.Equal(200, (await closed.Get("/v1/badges/700")).Status);
        var key = await closed.NewKey(null, [Scopes.AwardsWrite]);
        Assert.Equal(200, (await closed.AwardFromPlace(102, 700, bearer: key)).Status);
        Assert.Equal(200, (await closed.Send("POST", Call, headers: [("x-api-key", key), ("Roblox-Place-Id", "50000"), ("X-Forwarded-For", "1.2.3.4"), ("Host", "evil.example")])).Status);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("X-Forwarded-Proto", "http")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "badges.roblox.com")]
    [InlineData("Host", "localhost.evil.example")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://localhost:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task An_open_call_that_may_come_from_elsewhere_is_refused(string name, string value) =>
        (await roblox.Send("POST", Call, headers: [(name, value), ("Roblox-Place-Id", "50000")])).Is(401, Errors.Unauthorized);

    [Theory]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Host", "localhost")]
    [InlineData("Host", "127.0.0.1:8080")]
    public async Task An_open_call_from_here_is_served(string name, string value)
    {
        var user = await roblox.NewUser();
        var answer = await roblox.Send("POST", $"/v1/users/{user}/badges/700/award-badge", headers: [(name, value), ("Roblox-Place-Id", "50000")]);
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task The_operator_can_name_hosts_and_networks()
    {
        await using var named = await RobloxBed.With(options => options with
        {
            AllowedHosts = ["badges.example"],
            OpenNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        });
        Assert.Equal(200, (await named.Send("POST", Call,
            headers: [("Host", "Badges.Example"), ("X-Forwarded-For", "10.0.0.1"), ("Roblox-Place-Id", "50000")])).Status);
        (await named.Send("POST", Call, headers: [("Host", "other.example"), ("Roblox-Place-Id", "50000")])).Is(401, Errors.Unauthorized);
    }
}
