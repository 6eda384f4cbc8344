using System.Text;
using Laurel.Core.Access;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.AnswerHub;

/// <summary>Who may call, and how they say who they are. Contract: docs/dialects/answerhub.md#authentication</summary>
public sealed class AuthenticationTests(AnswerHubBed hub) : IClassFixture<AnswerHubBed>
{
    private static readonly string[] Paths = ["/award/507/action/1125.json", "/award/507/user/7.json", "/award/507.json", "/award.json", "/user/7/award.json"];

    // Statuses of: award for an action, award by hand, the three reads.
    [Theory]
    [InlineData("nobody", 401, 401, 200)]
    [InlineData("cookie", 401, 401, 200)]
    [InlineData("basic moderator", 200, 200, 200)]
    [InlineData("basic without the permission", 403, 403, 200)]
    [InlineData("basic wrong password", 401, 401, 401)]
    [InlineData("basic unknown", 401, 401, 401)]
    [InlineData("basic without password", 401, 401, 401)]
    [InlineData("basic key", 401, 401, 401)]
    [InlineData("key of the environment", 200, 200, 200)]
    [InlineData("key of an administrator", 200, 200, 200)]
    [InlineData("key of an administrator without awards:write", 403, 403, 200)]
    [InlineData("key of the moderator", 200, 200, 200)]
    [InlineData("key of the moderator with awards:write", 200, 200, 200)]
    [InlineData("key of the moderator with users:read", 403, 403, 200)]
    [InlineData("key of another user", 403, 403, 200)]
    [InlineData("key of a manager", 403, 403, 200)]
    [InlineData("service with awards:write", 200, 403, 200)]
    [InlineData("service with actions:write", 403, 403, 200)]
    [InlineData("revoked key", 401, 401, 401)]
    [InlineData("expired key", 401, 401, 401)]
    [InlineData("no key", 401, 401, 401)]
    [InlineData("two", 400, 400, 400)]
    public async Task Each_caller_may_what_the_table_says(string who, int action, int byHand, int read)
    {
        // What other rows of the table failed to log in with is forgotten.
        hub.Time.Advance(TimeSpan.FromMinutes(6));
        var headers = await Headers(who);
        var (badge, user) = (await hub.NewBadge(), await hub.NewUser());
        var done = await hub.NewAction(user);
        var awarded = await hub.Post($"/award/{badge}/action/{done}.json", login: null, headers: headers);
        Check(awarded, action);
        Assert.Equal(action == 200 ? 1 : 0, await hub.CountOf(user, badge));
        Check(await hub.Post($"/award/{badge}/user/{user}.json", login: null, headers: headers), byHand);
        Assert.Equal((action == 200 ? 1 : 0) + (byHand == 200 ? 1 : 0), await hub.CountOf(user, badge));
        foreach (var path in Paths.Skip(2))
        {
            Check(await hub.Get(path, headers: headers), read);
        }
    }

    private static void Check(Answer answer, int status)
    {
        if (status == 200)
        {
            answer.Is(200);
        }
        else
        {
            answer.IsError(status);
        }
    }

    private async Task<(string, string)[]> Headers(string who)
    {
        static (string, string) Bearer(string key) => ("Authorization", $"Bearer {key}");
        return who switch
        {
            "nobody" => [],
            "cookie" => [("Cookie", $".ROBLOSECURITY={TestServer.AdministratorKey}")],
            "basic moderator" => [AnswerHubBed.Basic(AnswerHubBed.Login)],
            "basic without the permission" => [AnswerHubBed.Basic("eve:of eve's own")],
            "basic wrong password" => [AnswerHubBed.Basic("answerhub:test124")],
            "basic unknown" => [AnswerHubBed.Basic("nobody:test123")],
            "basic without password" => [AnswerHubBed.Basic("ada:")],
            "basic key" => [AnswerHubBed.Basic($"answerhub:{TestServer.AdministratorKey}")],
            "key of the environment" => [Bearer(TestServer.AdministratorKey)],
            "key of an administrator" => [("x-api-key", await hub.NewKey(AnswerHubBed.Root))],
            "key of an administrator without awards:write" => [Bearer(await hub.NewKey(AnswerHubBed.Root, Scopes.AwardsRemove))],
            "key of the moderator" => [Bearer(await hub.NewKey(AnswerHubBed.Moderator))],
            "key of the moderator with awards:write" => [("x-api-key", await hub.NewKey(AnswerHubBed.Moderator, Scopes.AwardsWrite))],
            "key of the moderator with users:read" => [Bearer(await hub.NewKey(AnswerHubBed.Moderator, Scopes.UsersRead))],
            "key of another user" => [Bearer(await hub.NewKey(AnswerHubBed.Eve))],
            "key of a manager" => [Bearer(await hub.NewKey(AnswerHubBed.Manager))],
            "service with awards:write" => [Bearer(await hub.NewKey(null, Scopes.AwardsWrite))],
            "service with actions:write" => [Bearer(await hub.NewKey(null, Scopes.ActionsWrite))],
            "revoked key" => [Bearer(await Ended(revoke: true))],
            "expired key" => [Bearer(await Ended(revoke: false))],
            "no key" => [Bearer("laurel_nothing")],
            "two" => [AnswerHubBed.Basic(AnswerHubBed.Login), ("x-api-key", TestServer.AdministratorKey)],
            _ => throw new ArgumentException(who),
        };
    }

    private async Task<string> Ended(bool revoke)
    {
        var now = Core.Clock.FromTime(hub.Time.GetUtcNow());
        var key = TestCore.Value(await hub.Server.Core.Keys.Create(new KeyDraft(AnswerHubBed.Root, null, revoke ? null : now + Core.Clock.Second)));
        if (revoke)
        {
            await hub.Server.Core.Keys.Revoke(key.Info.Id);
        }
        else
        {
            hub.Time.StepClock(TimeSpan.FromSeconds(2));
        }
        return key.Secret;
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic ====")]
    [InlineData("Basic YW5zd2VyaHViOnRlc3QxMjM")]
    [InlineData("Basic %%%")]
    [InlineData("Basic Og==")]
    [InlineData("Basic YW5zd2VyaHVi")]
    [InlineData("Basic //8=")]
    [InlineData("Basic 7aCAOng=")]
    [InlineData("Digest YW5zd2VyaHViOnRlc3QxMjM=")]
    [InlineData("YW5zd2VyaHViOnRlc3QxMjM=")]
    public async Task What_is_no_login_is_a_wrong_one(string header)
    {
        hub.Time.Advance(TimeSpan.FromMinutes(6));
        foreach (var path in Paths)
        {
            (await hub.Send(path.Contains("/507/") ? "POST" : "GET", path, headers: ("Authorization", header))).IsError(401);
        }
    }

    [Fact]
    public async Task Nul_in_a_login_is_a_bad_request()
    {
        (await hub.Post(Paths[0], "answerhub:test\0123")).IsError(400);
        (await hub.Get(Paths[3], "answer\0hub:test123")).IsError(400);
    }

    [Fact]
    public async Task A_login_may_hold_colons_spaces_and_any_script()
    {
        hub.Time.Advance(TimeSpan.FromMinutes(6));
        await hub.Server.Core.PutUser(50, new UserDraft { Username = "Ada Lovelace 📐" }, "كلمة: سر");
        (await hub.Get(Paths[3], "Ada Lovelace 📐:كلمة: سر")).Is(200);
        (await hub.Get(Paths[3], "ada lovelace 📐:كلمة: سر")).IsError(401);
        (await hub.Get(Paths[3], headers: ("Authorization", "bAsIc " + Convert.ToBase64String(Encoding.UTF8.GetBytes(AnswerHubBed.Login))))).Is(200);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("Forwarded", "for=10.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task A_password_over_plain_http_is_taken_from_this_machine_only(string name, string value)
    {
        var computed = hub.Server.Core.Passwords.Computed;
        foreach (var path in Paths)
        {
            (await hub.Send(path.Contains("/507/") ? "POST" : "GET", path, "root:not looked at", headers: (name, value))).IsError(403, "--allow-plain-basic");
        }
        Assert.Equal(computed, hub.Server.Core.Passwords.Computed);
        (await hub.Get(Paths[3], key: TestServer.AdministratorKey, headers: (name, value))).Is(200);

        await using var allowed = await AnswerHubBed.With(with: options => options with { AllowPlainBasic = true });
        (await allowed.Post(Paths[0], headers: (name, value))).IsDone();
    }

    [Theory]
    [InlineData("Origin", "https://evil.example", true)]
    [InlineData("Origin", "null", true)]
    [InlineData("Sec-Fetch-Site", "cross-site", true)]
    [InlineData("Sec-Fetch-Site", "same-site", true)]
    [InlineData("Sec-Fetch-Site", "same-origin", false)]
    [InlineData("Sec-Fetch-Site", "none", false)]
    public async Task A_foreign_page_awards_nothing_by_the_browsers_login(string name, string value, bool isForeign)
    {
        hub.Time.Advance(TimeSpan.FromMinutes(6));
        var user = await hub.NewUser();
        var badge = await hub.NewBadge();
        var answer = await hub.Post($"/award/{badge}/user/{user}.json", headers: (name, value));
        Check(answer, isForeign ? 403 : 200);
        Assert.Equal(isForeign ? 0 : 1, await hub.CountOf(user, badge));
        // A key is sent by no browser on its own.
        (await hub.Post($"/award/{badge}/user/{user}.json", key: TestServer.AdministratorKey, headers: (name, value))).IsDone();
    }

    [Fact]
    public async Task Who_guesses_is_told_to_wait_and_nobody_else_is()
    {
        await using var bed = await AnswerHubBed.With();
        for (var i = 0; i < 10; i++)
        {
            (await bed.Get(Paths[3], $"eve:{i}")).IsError(401);
        }
        var computed = bed.Server.Core.Passwords.Computed;
        var refused = (await bed.Get(Paths[3], "eve:of eve's own")).IsError(429);
        Assert.Equal("300", refused.Headers["Retry-After"]);
        (await bed.Post(Paths[0], "eve:x")).IsError(429);
        Assert.Equal(computed, bed.Server.Core.Passwords.Computed);
        (await bed.Post(Paths[0])).IsDone();
        (await bed.Get(Paths[3])).Is(200);

        bed.Time.Advance(TimeSpan.FromSeconds(299.5));
        Assert.Equal("1", (await bed.Get(Paths[3], "eve:of eve's own")).IsError(429).Headers["Retry-After"]);
        bed.Time.Advance(TimeSpan.FromSeconds(0.5));
        (await bed.Get(Paths[3], "eve:of eve's own")).Is(200);
    }

    [Fact]
    public async Task A_permission_that_is_taken_away_is_gone_at_once()
    {
        await using var bed = await AnswerHubBed.With();
        var key = await bed.NewKey(AnswerHubBed.Moderator);
        (await bed.Post(Paths[0])).IsDone();
        (await bed.Post(Paths[0], key: key)).IsDone();
        TestCore.Value(await bed.Server.Core.Users.Put(AnswerHubBed.Moderator, new UserDraft { Username = "answerhub" }, null, createOnly: false));
        (await bed.Post(Paths[0])).IsError(403);
        (await bed.Post(Paths[0], key: key)).IsError(403);
        TestCore.Value(await bed.Server.Core.Users.Put(AnswerHubBed.Moderator, new UserDraft { Username = "renamed", Permissions = [Permissions.AwardBonusReputation] }, null, createOnly: false));
        (await bed.Post(Paths[0])).IsError(401);
        (await bed.Post(Paths[0], "renamed:test123")).IsDone();
    }
}
