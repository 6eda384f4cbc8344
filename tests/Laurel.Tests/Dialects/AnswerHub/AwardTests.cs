using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.AnswerHub;

/// <summary>What an award for an action does, and one by hand. Contract: docs/dialects/answerhub.md#awarding</summary>
public sealed class AwardTests(AnswerHubBed hub) : IClassFixture<AnswerHubBed>
{
    private static readonly Dictionary<string, Recurrence> Recurrences = new()
    {
        ["once"] = new Recurrence.Once(),
        ["per_node"] = new Recurrence.PerSubject(),
        ["per_action"] = new Recurrence.PerAction(),
        ["per_period"] = new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2026, 1, 1)),
        ["always"] = new Recurrence.Always(),
    };

    [Theory]
    // Award type, action: status, and whether Ada is awarded.
    [InlineData("507", "1125", 200, true)]
    [InlineData("0507", "001125", 200, true)]
    [InlineData("508", "1125", 200, false)]
    [InlineData("509", "1125", 200, false)]
    [InlineData("507", "1126", 200, false)]
    [InlineData("511", "1125", 200, true)]
    [InlineData("512", "1125", 404, false)]
    [InlineData("1", "1125", 404, false)]
    [InlineData("507", "1", 404, false)]
    [InlineData("0", "1125", 404, false)]
    [InlineData("507", "0", 404, false)]
    [InlineData("9223372036854775808", "1125", 404, false)]
    [InlineData("507", "99999999999999999999999999", 404, false)]
    [InlineData("1", "x", 400, false)]
    [InlineData("x", "1125", 400, false)]
    [InlineData("507", "-1125", 400, false)]
    [InlineData("507", "1125.0", 400, false)]
    [InlineData("507", "1e3", 400, false)]
    [InlineData("507", "%D9%A1", 400, false)]
    [InlineData("507", "%20", 400, false)]
    public async Task Each_case_has_its_status(string awardType, string action, int status, bool awards)
    {
        // The others that are awarded to Ada change nothing here: each is awarded once.
        var before = await hub.AllAwardsOf(AnswerHubBed.Ada);
        var answer = await hub.Post($"/award/{awardType}/action/{action}.json");
        if (status == 200)
        {
            answer.IsDone();
        }
        else
        {
            answer.IsError(status);
        }
        var after = await hub.AllAwardsOf(AnswerHubBed.Ada);
        if (awards)
        {
            Assert.Single(after, award => award.BadgeId == long.Parse(awardType));
        }
        else
        {
            Assert.Equal(before, after);
        }
    }

    [Theory]
    [EveryEngine("once", 1, 1, 1, 1)]
    [EveryEngine("per_node", 1, 1, 2, 2)]
    [EveryEngine("per_action", 1, 2, 3, 3)]
    [EveryEngine("per_period", 1, 1, 1, 2)]
    [EveryEngine("always", 2, 4, 5, 6)]
    public async Task Modes(Engine engine, string mode, int twice, int atOnceForAnother, int onAnotherNode, int nextDay)
    {
        await using var bed = await AnswerHubBed.With(engine);
        var badge = await bed.NewBadge(draft => draft with { Recurrence = Recurrences[mode] });
        var user = await bed.NewUser();
        var (first, second, third) = (await bed.NewAction(user, subject: "node:1"), await bed.NewAction(user, subject: "node:1"), await bed.NewAction(user, subject: "node:2"));
        Assert.Equal(mode, (await bed.Get($"/award/{badge}.json")).Text("mode"));

        (await bed.Award(badge, first)).IsDone();
        (await bed.Award(badge, first)).IsDone();
        Assert.Equal(twice, await bed.CountOf(user, badge));

        // One of the two through another API.
        var native = bed.Server.Post("/laurel/v1/awards", $$"""{"userId":{{user}},"badgeId":{{badge}},"subject":"node:1","actionId":{{second}}}""");
        (await bed.Award(badge, second)).IsDone();
        Assert.InRange((int)(await native).Status, 200, 201);
        Assert.Equal(atOnceForAnother, await bed.CountOf(user, badge));

        (await bed.Award(badge, third)).IsDone();
        Assert.Equal(onAnotherNode, await bed.CountOf(user, badge));

        bed.Time.Jump(TimeSpan.FromDays(1));
        (await bed.Award(badge, first)).IsDone();
        Assert.Equal(nextDay, await bed.CountOf(user, badge));
        Assert.Equal(nextDay, (await bed.AwardsOf(user, badge)).Count);
    }

    [Theory, EveryEngine]
    public async Task Of_many_at_once_one_awards(Engine engine)
    {
        await using var bed = await AnswerHubBed.With(engine);
        foreach (var mode in new[] { "once", "per_node", "per_action", "per_period" })
        {
            var badge = await bed.NewBadge(draft => draft with { Recurrence = Recurrences[mode] });
            foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => bed.Award(badge, AnswerHubBed.Edit))))
            {
                answer.IsDone();
            }
            Assert.Single(await bed.AwardsOf(AnswerHubBed.Ada, badge));
            Assert.Equal(1, await bed.Server.Core.Statistics.Awarded(badge));
        }
    }

    [Fact]
    public async Task The_award_tells_its_action_and_is_made_now()
    {
        var user = await hub.NewUser();
        var action = await hub.NewAction(user, subject: "question:1");
        var badge = await hub.NewBadge();
        hub.Time.StepClock(TimeSpan.FromHours(1));
        (await hub.Award(badge, action)).IsDone();

        var award = Assert.Single(await hub.AwardsOf(user, badge));
        Assert.Equal((action, "question:1", AwardSource.AnswerHub, Core.Clock.FromTime(hub.Time.GetUtcNow())), (award.ActionId, award.Subject, award.Source, award.AwardedAt));
    }

    [Fact]
    public async Task A_node_that_the_mode_needs_and_the_action_lacks_is_nothing_awarded()
    {
        var user = await hub.NewUser();
        var badge = await hub.NewBadge(draft => draft with { Recurrence = new Recurrence.PerSubject() });
        (await hub.Award(badge, await hub.NewAction(user))).IsDone();
        Assert.Empty(await hub.AwardsOf(user, badge));
    }

    [Fact]
    public async Task What_was_reset_is_earned_again_and_what_was_revoked_is_not()
    {
        var user = await hub.NewUser();
        var action = await hub.NewAction(user);
        var badge = await hub.NewBadge();
        var key = await hub.NewKey(AnswerHubBed.Root);
        (await hub.Award(badge, action)).IsDone();
        await hub.Server.Core.Awarding.RemoveAll(user, badge, RemovalKind.Reset, null, null, default);
        (await hub.Award(badge, action)).IsDone();
        Assert.Equal(1, await hub.CountOf(user, badge));

        await hub.Server.Core.Awarding.RemoveAll(user, badge, RemovalKind.Revoke, null, null, default);
        (await hub.Award(badge, action)).IsDone();
        Assert.Equal(0, await hub.CountOf(user, badge));
        // The permission lifts nothing; an administrator does, by hand and not by an action.
        (await hub.AwardManually(badge, user)).IsError(403, "revoked");
        (await hub.AwardManually(badge, user)).IsError(403, "revoked");
        (await hub.Award(badge, action, key: key)).IsDone();
        Assert.Equal(0, await hub.CountOf(user, badge));
        (await hub.AwardManually(badge, user, key: key)).IsDone();
        Assert.Equal(1, await hub.CountOf(user, badge));
        Assert.Equal("", Assert.Single(await hub.AwardsOf(user, badge)).Occasion);
    }

    [Theory, EveryEngine]
    public async Task By_hand_it_takes_the_free_occasion_and_then_its_own(Engine engine)
    {
        await using var bed = await AnswerHubBed.With(engine);
        var (badge, user) = (await bed.NewBadge(draft => draft with { Recognises = [] }), await bed.NewUser());
        for (var count = 1; count <= 3; count++)
        {
            (await bed.AwardManually(badge, user)).IsDone();
            Assert.Equal(count, await bed.CountOf(user, badge));
        }
        var awards = await bed.AwardsOf(user, badge);
        Assert.Equal(["", $"m:{awards[1].Id}", $"m:{awards[2].Id}"], awards.Select(award => award.Occasion));

        // Any that stands makes it held.
        await bed.Server.Core.Awarding.Remove(user, awards[0].Id, RemovalKind.Reset, null, null, default);
        Assert.False((await bed.Server.Core.Awarding.Award(new AwardRequest(user, badge, AwardSource.Native), TestCore.Administrator, false, default)).Created);
        Assert.Equal(2, await bed.CountOf(user, badge));
    }

    [Theory, EveryEngine]
    public async Task By_hand_no_node_and_no_action_is_needed(Engine engine)
    {
        await using var bed = await AnswerHubBed.With(engine);
        foreach (var mode in new[] { "per_node", "per_action" })
        {
            var badge = await bed.NewBadge(draft => draft with { Recurrence = Recurrences[mode] });
            (await bed.AwardManually(badge, AnswerHubBed.Ada)).IsDone();
            var award = Assert.Single(await bed.AwardsOf(AnswerHubBed.Ada, badge));
            Assert.Equal($"m:{award.Id}", award.Occasion);
            // The action's own occasion is as free as before.
            (await bed.Award(badge, AnswerHubBed.Edit)).IsDone();
            Assert.Equal(2, await bed.CountOf(AnswerHubBed.Ada, badge));
        }
        // In Laurel's own API an occasion that is missing stays a refusal.
        (await bed.Server.Post("/laurel/v1/awards", $$"""{"userId":7,"badgeId":{{await bed.NewBadge(draft => draft with { Recurrence = new Recurrence.PerSubject() })}},"manual":true}"""))
            .IsProblem(422, "occasion_missing");
    }

    [Theory]
    [InlineData("507", "8", 200, true)]
    [InlineData("509", "8", 200, true)]
    [InlineData("508", "8", 200, false)]
    [InlineData("512", "8", 404, false)]
    [InlineData("1", "8", 404, false)]
    [InlineData("507", "1", 404, false)]
    [InlineData("507", "0", 404, false)]
    [InlineData("507", "99999999999999999999999999", 404, false)]
    [InlineData("x", "8", 400, false)]
    [InlineData("507", "eve", 400, false)]
    public async Task By_hand_each_case_has_its_status(string awardType, string user, int status, bool awards)
    {
        var before = await hub.AllAwardsOf(AnswerHubBed.Eve);
        var answer = await hub.Post($"/award/{awardType}/user/{user}.json");
        if (status == 200)
        {
            answer.IsDone();
        }
        else
        {
            answer.IsError(status);
        }
        Assert.Equal(before.Count + (awards ? 1 : 0), (await hub.AllAwardsOf(AnswerHubBed.Eve)).Count);
    }

    [Fact]
    public async Task It_reaches_no_further_than_its_issuers()
    {
        await using var bed = await AnswerHubBed.With(with: options => options with { AnswerHubIssuers = [AnswerHubBed.Community] });
        var key = await bed.NewKey(AnswerHubBed.Root);
        (await bed.Award(AnswerHubBed.Editor, AnswerHubBed.Edit, key: key)).IsDone();
        (await bed.Award(AnswerHubBed.Foreign, AnswerHubBed.Edit, key: key)).IsError(404);
        (await bed.AwardManually(AnswerHubBed.Foreign, AnswerHubBed.Ada, key: key)).IsError(404);
        (await bed.Get($"/award/{AnswerHubBed.Foreign}.json", key: key)).IsError(404);
        Assert.DoesNotContain(AnswerHubBed.Items(await bed.Get("/award.json?pageSize=200")), item => item["id"]!.GetValue<long>() is AnswerHubBed.Foreign or AnswerHubBed.Collected);
        // What was awarded there by others does not show here.
        await bed.Server.Core.Awarding.Award(new AwardRequest(AnswerHubBed.Ada, AnswerHubBed.Foreign, AwardSource.Native), TestCore.Administrator, false, default);
        Assert.Equal((0, 1), (await bed.CountOf(AnswerHubBed.Ada, AnswerHubBed.Foreign), await bed.CountOf(AnswerHubBed.Ada, AnswerHubBed.Editor)));

        await using var named = await AnswerHubBed.With(with: options => options with { AnswerHubIssuers = [AnswerHubBed.Collection] });
        (await named.Award(AnswerHubBed.Collected, AnswerHubBed.Edit, key: TestServer.AdministratorKey)).IsDone();
        (await named.Award(AnswerHubBed.Editor, AnswerHubBed.Edit, key: TestServer.AdministratorKey)).IsError(404);
    }

    [Fact]
    public async Task A_body_is_ignored()
    {
        var badge = await hub.NewBadge();
        foreach (var type in new[] { "application/json", "text/plain", "x" })
        {
            using var body = new ByteArrayContent([0xff, 0, 1]);
            body.Headers.TryAddWithoutValidation("Content-Type", type);
            (await hub.Server.Send(HttpMethod.Post, $"/services/v2/award/{badge}/action/1125.json", body, null, AnswerHubBed.Basic(AnswerHubBed.Login))).IsDone();
        }
        Assert.Equal(1, await hub.CountOf(AnswerHubBed.Ada, badge));
    }
}
