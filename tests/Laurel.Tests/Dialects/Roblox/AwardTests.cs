using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>Awarding and removing. Contract: docs/dialects/roblox.md#award</summary>
public sealed class AwardTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    [Fact]
    public async Task An_award_answers_the_badges_creator_and_assets_and_shows_at_once()
    {
        var user = await roblox.NewUser();

        (await roblox.AwardFromPlace(user, 700)).Is(200, """{"creatorType":"User","creatorId":100,"awardAssetIds":[11,12]}""");
        (await roblox.AwardFromPlace(user, 701)).Is(200, """{"creatorType":"User","creatorId":0,"awardAssetIds":[]}""");
        (await roblox.AwardFromPlace(user, 703, "60000")).Is(200, """{"creatorType":"Group","creatorId":9,"awardAssetIds":[]}""");

        (await roblox.Get($"/v1/users/{user}/badges/700/awarded-date")).Is(200, """{"badgeId":700,"awardedDate":"2026-01-01T00:00:00.000000Z"}""");
        Assert.Equal([700, 701, 703], ReadingTests.Ids((await roblox.Get($"/v1/users/{user}/badges")).Body));
        (await roblox.AwardFromPlace(user, 700)).Is(403, Errors.AwardFailed);
    }

    [Fact]
    public async Task The_checks_come_in_the_contracts_order()
    {
        var user = await roblox.NewUser();
        foreach (var place in new[] { null, "", "x", "1.5", "0", "-5", "1", "9223372036854775808", "50000,50000" })
        {
            (await roblox.AwardFromPlace(0, 0, place)).Is(400, Errors.Place);
        }
        foreach (var id in new[] { 0, -1, 1, long.MaxValue })
        {
            (await roblox.AwardFromPlace(0, id)).Is(404, Errors.Badge);
        }
        foreach (var id in new[] { 0, -1, 1, long.MaxValue })
        {
            foreach (var badge in new[] { 700, RobloxBed.OtherBadge, RobloxBed.DisabledBadge })
            {
                (await roblox.AwardFromPlace(id, badge)).Is(404, Errors.User);
            }
        }
        (await roblox.AwardFromPlace(user, RobloxBed.OtherBadge)).Is(403, Errors.PlaceMayNot);
        (await roblox.AwardFromPlace(user, RobloxBed.DisabledBadge, "60000")).Is(403, Errors.PlaceMayNot);
        (await roblox.AwardFromPlace(user, RobloxBed.DisabledBadge)).Is(403, Errors.AwardFailed);
    }

    [Theory]
    [InlineData("/v1/users/9223372036854775808/badges/700/award-badge", 404, 4)]
    [InlineData("/v1/users/102/badges/-9223372036854775809/award-badge", 404, 1)]
    [InlineData("/v1/users/x/badges/700/award-badge", 404, 0)]
    [InlineData("/v1/users/102/badges/1.5/award-badge", 404, 0)]
    public async Task Ids_beyond_int64_are_nothings_and_other_texts_no_route(string path, int status, int code)
    {
        var answer = await roblox.Send("POST", path, headers: [("Roblox-Place-Id", "50000")]);
        answer.Is(status, code switch { 1 => Errors.Badge, 4 => Errors.User, _ => Errors.NotFound });
    }

    [Theory]
    [InlineData("{", "application/json")]
    [InlineData("a=b", "application/x-www-form-urlencoded")]
    [InlineData("", "application/json")]
    [InlineData("<xml/>", "no/such/type;;")]
    public async Task Its_body_and_type_are_ignored(string body, string type)
    {
        var user = await roblox.NewUser();
        var answer = await roblox.Send("POST", $"/v1/users/{user}/badges/700/award-badge", body: body, type: type, headers: [("roblox-place-id", "50000")]);
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task A_badge_that_needs_a_subject_or_an_action_cannot_be_awarded_here()
    {
        var user = await roblox.NewUser();
        var perSubject = await roblox.NewBadge(draft => draft with { Recurrence = new Recurrence.PerSubject() });
        (await roblox.AwardFromPlace(user, perSubject)).Is(403, Errors.AwardFailed);
    }

    [Fact]
    public async Task A_repeatable_badge_can_be_awarded_again_and_is_removed_whole()
    {
        var user = await roblox.NewUser();
        var key = await roblox.NewKey(user);
        Assert.Equal(200, (await roblox.AwardFromPlace(user, RobloxBed.RepeatableBadge)).Status);
        Assert.Equal(200, (await roblox.AwardFromPlace(user, RobloxBed.RepeatableBadge)).Status);

        (await roblox.Write("DELETE", $"/v1/user/badges/{RobloxBed.RepeatableBadge}", key)).Is(200, "{}");

        Assert.Empty(ReadingTests.Ids((await roblox.Get($"/v1/users/{user}/badges")).Body));
    }

    [Fact]
    public async Task A_removed_badge_can_be_earned_again()
    {
        var user = await roblox.NewUser();
        var key = await roblox.NewKey(user);
        Assert.Equal(200, (await roblox.AwardFromPlace(user, 700)).Status);
        (await roblox.Write("DELETE", "/v1/user/badges/700", key)).Is(200, "{}");
        Assert.Equal(204, (await roblox.Get($"/v1/users/{user}/badges/700/awarded-date")).Status);
        Assert.Equal(200, (await roblox.AwardFromPlace(user, 700)).Status);
        Assert.Equal(200, (await roblox.Get($"/v1/users/{user}/badges/700/awarded-date")).Status);
    }

    [Fact]
    public async Task Removing_is_for_the_user_and_for_managers()
    {
        var user = await roblox.NewUser();
        var path = $"/v1/user/{user}/badges/700";
        await roblox.Award(user, 700);
        (await roblox.Write("DELETE", path, roblox.StrangerKey)).Is(403, Errors.MayNotManage);
        (await roblox.Write("DELETE", path, await roblox.NewKey(user, [Scopes.UsersRead]))).Is(403, Errors.MayNotManage);
        Assert.Equal(200, (await roblox.Get($"/v1/users/{user}/badges/700/awarded-date")).Status);
        (await roblox.Write("DELETE", path, roblox.ManagerKey)).Is(200, "{}");
        Assert.Equal(204, (await roblox.Get($"/v1/users/{user}/badges/700/awarded-date")).Status);
        // Not held any more: no error.
        (await roblox.Write("DELETE", path, roblox.CreatorKey)).Is(200, "{}");
        (await roblox.Write("DELETE", path, await roblox.NewKey(user))).Is(200, "{}");
        (await roblox.Write("DELETE", $"/v1/user/{user}/badges/703", roblox.ManagerKey)).Is(403, Errors.MayNotManage);
    }

    [Theory]
    [InlineData("{\"x\":1}", "application/json")]
    [InlineData("{", "application/json")]
    [InlineData("", "application/json")]
    [InlineData(null, null)]
    public async Task Removing_ignores_bodies(string? body, string? type) =>
        (await roblox.Send("DELETE", "/v1/user/badges/700", cookie: roblox.PlayerKey, token: await roblox.Token(roblox.PlayerKey), body: body, type: type)).Is(200, "{}");

    [Fact]
    public async Task Removing_what_does_not_exist_is_404()
    {
        foreach (var id in new[] { "0", "-1", "1", "9223372036854775808" })
        {
            (await roblox.Write("DELETE", $"/v1/user/badges/{id}", roblox.PlayerKey)).Is(404, Errors.Badge);
            (await roblox.Write("DELETE", $"/v1/user/102/badges/{id}", roblox.PlayerKey)).Is(404, Errors.Badge);
        }
        (await roblox.Write("DELETE", "/v1/user/0/badges/700", roblox.PlayerKey)).Is(404, Errors.Badge);
        (await roblox.Write("DELETE", "/v1/user/-1/badges/700", roblox.PlayerKey)).Is(404, Errors.Badge);
        (await roblox.Write("DELETE", "/v1/user/9223372036854775808/badges/700", roblox.PlayerKey)).Is(404, Errors.Badge);
        foreach (var path in new[] { "/v1/user/badges/x", "/v1/user/x/badges/700", "/v1/user/102/badges/x" })
        {
            (await roblox.Write("DELETE", path, roblox.PlayerKey)).Is(404, Errors.NotFound);
        }
    }

    [Fact]
    public async Task A_key_awards_as_far_as_its_rights_reach()
    {
        var user = await roblox.NewUser();
        (await roblox.AwardFromPlace(user, 700, bearer: await roblox.NewKey(null, [Scopes.UsersRead]))).Is(403, Errors.PlaceMayNot);
        (await roblox.AwardFromPlace(user, 700, bearer: roblox.StrangerKey)).Is(403, Errors.PlaceMayNot);
        (await roblox.AwardFromPlace(0, 700, bearer: roblox.StrangerKey)).Is(404, Errors.User);
        (await roblox.AwardFromPlace(user, 700, bearer: await roblox.NewKey(RobloxBed.Manager, [Scopes.BadgesWrite]))).Is(403, Errors.PlaceMayNot);
        (await roblox.AwardFromPlace(user, 700, bearer: "laurel_wrong")).Is(401, Errors.Unauthorized);
        (await roblox.AwardFromPlace(user, 700, bearer: await roblox.NewKey(null, [Scopes.AwardsWrite])))
            .Is(200, """{"creatorType":"User","creatorId":100,"awardAssetIds":[11,12]}""");
        Assert.Equal(200, (await roblox.AwardFromPlace(user, 701, bearer: roblox.ManagerKey)).Status);
        (await roblox.AwardFromPlace(user, 701, bearer: roblox.ManagerKey)).Is(403, Errors.AwardFailed);
    }

    [Fact]
    public async Task An_expired_or_revoked_key_is_refused()
    {
        await using var own = await RobloxBed.With();
        var brief = await own.NewKey(null, [Scopes.AwardsWrite], own.Time.Micros() + Clock.Second);
        var revoked = await own.NewKeyInfo(null, [Scopes.AwardsWrite]);
        Assert.Equal(200, (await own.AwardFromPlace(102, 700, bearer: brief)).Status);
        Assert.Equal(200, (await own.AwardFromPlace(103, 700, bearer: revoked.Secret)).Status);

        own.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(await own.Server.Core.Keys.Revoke(revoked.Info.Id));

        (await own.AwardFromPlace(102, 701, bearer: brief)).Is(401, Errors.Unauthorized);
        (await own.AwardFromPlace(103, 701, bearer: revoked.Secret)).Is(401, Errors.Unauthorized);
    }
}
