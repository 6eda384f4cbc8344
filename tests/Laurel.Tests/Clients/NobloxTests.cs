using System.Text.Json;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Clients;

/// <summary>The ids written into noblox.js's own badge tests. The server must hold them.</summary>
internal static class NobloxData
{
    /// <summary>Enabled, with a description, of <see cref="Universe"/>.</summary>
    public const long Badge = 459405541;

    public const long Universe = 66654135;

    /// <summary>Its awarded-dates are asked for. The list may be empty, the user must exist.</summary>
    public const long UserOfDates = 64679301;

    /// <summary>Holds at least one badge with a description.</summary>
    public const long UserOfList = 55549140;
}

/// <summary>A real client of the Roblox badge API, unmodified, over TLS and under the original's host names.
/// Contract: docs/dialects/roblox.md#real-clients</summary>
public sealed class NobloxTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory, InlineData("http"), InlineData("https")]
    public async Task Its_own_badge_suite_passes(string scheme)
    {
        await using var laurel = await RobloxStub.Start(_authority);
        await using var noblox = await NobloxClient.Start(_authority, laurel.Address(scheme));

        var report = await noblox.RunBadgeSuite(RobloxStub.Session);

        Assert.True(report is { Success: true, Failed: 0, Total: > 0 } && report.Passed == report.Total, report.Log);
        Assert.Contains("badges.roblox.com:443", noblox.Hosts);
        Assert.Contains("users.roblox.com:443", noblox.Hosts);
    }

    [Fact]
    public async Task UpdateBadgeInfo_passes_the_handshake_for_a_token()
    {
        await using var laurel = await RobloxStub.Start(_authority);
        await using var noblox = await NobloxClient.Start(_authority, laurel.Address("http"));

        var updated = await noblox.Call(RobloxStub.Session, "updateBadgeInfo", NobloxData.Badge, "Renamed", "Reworded", true);

        Assert.Equal("""{"result":{}}""", updated.GetRawText());
        Assert.Contains("auth.roblox.com:443", noblox.Hosts);
        var badge = (await noblox.Call(RobloxStub.Session, "getBadgeInfo", NobloxData.Badge)).GetProperty("result");
        Assert.Equal("Renamed", badge.GetProperty("name").GetString());
        Assert.Equal("Reworded", badge.GetProperty("description").GetString());
    }

    [Fact]
    public async Task A_stale_token_is_replaced_and_the_call_repeated()
    {
        await using var laurel = await RobloxStub.Start(_authority);
        await using var noblox = await NobloxClient.Start(_authority, laurel.Address("http"));

        var patched = await noblox.Call(RobloxStub.Session, "http", $"https://badges.roblox.com/v1/badges/{NobloxData.Badge}", new
        {
            method = "PATCH",
            jar = "$COOKIE",
            headers = new Dictionary<string, string> { ["X-CSRF-TOKEN"] = "stale", ["Content-Type"] = "application/json" },
            body = JsonSerializer.Serialize(new { name = "Again", description = "Reworded", enabled = true }),
        });

        Assert.Equal(200, patched.GetProperty("result").GetProperty("statusCode").GetInt32());
        Assert.Equal(2, noblox.Hosts.Count(host => host == "badges.roblox.com:443"));
        var badge = (await noblox.Call(RobloxStub.Session, "getBadgeInfo", NobloxData.Badge)).GetProperty("result");
        Assert.Equal("Again", badge.GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_refusal_reaches_its_caller_with_status_and_code()
    {
        await using var laurel = await RobloxStub.Start(_authority);
        await using var noblox = await NobloxClient.Start(_authority, laurel.Address("http"));

        var error = (await noblox.Call(RobloxStub.Session, "getBadgeInfo", 1)).GetProperty("error");

        Assert.Equal(404, error.GetProperty("status").GetInt32());
        Assert.Equal(1, error.GetProperty("code").GetInt32());
    }
}
