using System.Text.Json;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Users;
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

    [Fact]
    public async Task Its_own_badge_suite_passes()
    {
        await using var laurel = await TestServer.Start();
        var session = await Fill(laurel);
        await using var noblox = await NobloxClient.Start(_authority, laurel.Address);

        var report = await noblox.RunBadgeSuite(session);

        Assert.True(report is { Success: true, Failed: 0, Total: > 0 } && report.Passed == report.Total, report.Log);
        Assert.Contains("badges.roblox.com:443", noblox.Hosts);
        Assert.Contains("users.roblox.com:443", noblox.Hosts);
    }

    [Theory, InlineData(""), InlineData("_|WARNING:-DO-NOT-SHARE-THIS.|_")]
    public async Task UpdateBadgeInfo_passes_the_handshake_for_a_token(string preamble)
    {
        await using var laurel = await TestServer.Start();
        var session = preamble + await Fill(laurel);
        await using var noblox = await NobloxClient.Start(_authority, laurel.Address);

        var updated = await noblox.Call(session, "updateBadgeInfo", NobloxData.Badge, "Renamed", "Reworded", true);

        Assert.Equal("""{"result":{}}""", updated.GetRawText());
        Assert.Contains("auth.roblox.com:443", noblox.Hosts);
        var badge = (await noblox.Call(session, "getBadgeInfo", NobloxData.Badge)).GetProperty("result");
        Assert.Equal("Renamed", badge.GetProperty("name").GetString());
        Assert.Equal("Reworded", badge.GetProperty("description").GetString());
    }

    [Fact]
    public async Task A_stale_token_is_replaced_and_the_call_repeated()
    {
        await using var laurel = await TestServer.Start();
        var session = await Fill(laurel);
        await using var noblox = await NobloxClient.Start(_authority, laurel.Address);

        var patched = await noblox.Call(session, "http", $"https://badges.roblox.com/v1/badges/{NobloxData.Badge}", new
        {
            method = "PATCH",
            jar = "$COOKIE",
            headers = new Dictionary<string, string> { ["X-CSRF-TOKEN"] = "stale", ["Content-Type"] = "application/json" },
            body = JsonSerializer.Serialize(new { name = "Again", description = "Reworded", enabled = true }),
        });

        Assert.Equal(200, patched.GetProperty("result").GetProperty("statusCode").GetInt32());
        Assert.Equal(2, noblox.Hosts.Count(host => host == "badges.roblox.com:443"));
        var badge = (await noblox.Call(session, "getBadgeInfo", NobloxData.Badge)).GetProperty("result");
        Assert.Equal("Again", badge.GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_refusal_reaches_its_caller_with_status_and_code()
    {
        await using var laurel = await TestServer.Start();
        var session = await Fill(laurel);
        await using var noblox = await NobloxClient.Start(_authority, laurel.Address);

        var error = (await noblox.Call(session, "getBadgeInfo", 1)).GetProperty("error");

        Assert.Equal(404, error.GetProperty("status").GetInt32());
        Assert.Equal(1, error.GetProperty("code").GetInt32());
    }

    /// <summary>Stores what the client's tests ask for; the secret of a manager's session.</summary>
    private static async Task<string> Fill(TestServer laurel)
    {
        const long Manager = 1;
        var core = laurel.Core;
        foreach (var user in new[] { Manager, NobloxData.UserOfDates, NobloxData.UserOfList })
        {
            TestCore.Value(await core.Users.Put(user, new UserDraft { Username = $"user{user}" }, null, createOnly: true));
        }
        TestCore.Value(await core.Issuers.Put(NobloxData.Universe, new IssuerDraft("game", "Game") { Managers = [Manager] }, createOnly: true));
        TestCore.Value(await core.Badges.Put(NobloxData.Badge, new BadgeDraft
        {
            IssuerId = NobloxData.Universe,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new("Welcome", "For coming by.") },
        }, createOnly: true));
        foreach (var user in new[] { NobloxData.UserOfDates, NobloxData.UserOfList })
        {
            var award = await core.Awarding.Award(
                new AwardRequest(user, NobloxData.Badge, AwardSource.Native), TestCore.Administrator, bulk: false, TestContext.Current.CancellationToken);
            Assert.True(award.Created);
        }
        return TestCore.Value(await core.Keys.Create(new KeyDraft(Manager, Scopes: null, ExpiresAt: null))).Secret;
    }
}
