using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class ProgressTests
{
    private static async Task<TestServer> Start(Engine engine, ManualTime time)
    {
        var laurel = await NativeWorld.Start(engine, time);
        (await laurel.Put($"{Root}/action-types/Login", "{}")).Is(201);
        (await laurel.Put($"{Root}/action-types/Vote", "{}")).Is(201);
        foreach (var badge in new[] { 10, 11, 12, 13, 14, 15 })
        {
            await laurel.Badge(badge);
        }
        foreach (var (id, rule) in new[]
        {
            (1, """ "actions":["Login"],"when":{"count":3},"badgeId":7"""),
            (2, """ "actions":["Login"],"when":{"count":true},"tiers":[{"badgeId":10,"at":1},{"badgeId":11,"at":3}]"""),
            (3, """ "actions":["Login"],"when":{"streak":3,"unit":"day"},"badgeId":12"""),
            (4, """ "actions":["Login"],"when":{"each":true},"badgeId":13"""),
            (5, """ "when":{"holding":[7,10,12],"atLeast":2},"badgeId":14"""),
            (6, """ "actions":["Login"],"enabled":false,"when":{"count":3},"badgeId":15"""),
            (7, """ "actions":["Vote"],"when":{"count":3},"badgeId":15"""),
            (8, """ "actions":["Login"],"when":{"sum":"points","reaches":10.5},"badgeId":15"""),
            (9, """ "actions":["Login"],"when":{"count":2,"within":"PT1H"},"badgeId":15"""),
            (10, """ "when":{"holding":[15]},"badgeId":14"""),
        })
        {
            (await laurel.Put($"{Root}/rules/{id}", $$"""{"key":"rule-{{id}}",{{rule}} }""")).Is(201);
        }
        return laurel;
    }

    private static async Task LogIn(TestServer laurel, int user = 2) =>
        (await laurel.Post($"{Root}/actions", $$"""{"type":"Login","userId":{{user}},"properties":{"points":1.25} }""")).Is(201);

    private static async Task<List<string>> Progress(TestServer laurel, string query = "") =>
        [.. (await laurel.Get($"{Root}/users/2/progress{query}")).Is(200).Json["items"]!.AsArray()
            .Select(item => $"{item!["ruleId"]} {item["badgeId"]} {item["count"]}/{item["target"]}{(item["done"]!.GetValue<bool>() ? " done" : "")}")];

    [Theory, EveryEngine]
    public async Task Each_rule_that_counts_something_of_the_user_tells_how_far(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        Assert.Empty(await Progress(laurel));

        await LogIn(laurel);
        await LogIn(laurel, user: 3);
        time.Jump(TimeSpan.FromDays(1));
        await LogIn(laurel);
        Assert.Equal(["1 7 2/3", "2 11 2/3", "3 12 2/3", "4 13 1/1 done", "5 14 1/2", "8 15 2.5/10.5", "9 15 1/2"], await Progress(laurel));

        // The window moves on and the streak breaks.
        time.Jump(TimeSpan.FromDays(2));
        Assert.Equal(["1 7 2/3", "2 11 2/3", "3 12 0/3", "4 13 1/1 done", "5 14 1/2", "8 15 2.5/10.5", "9 15 0/2"], await Progress(laurel));

        await LogIn(laurel);
        Assert.Equal(["1 7 3/3 done", "2 11 3/3 done", "3 12 1/3", "4 13 1/1 done", "5 14 2/2 done", "8 15 3.75/10.5", "9 15 1/2"], await Progress(laurel));

        // What can be earned once and is held needs no further counting.
        (await laurel.Award(2, 12)).Is(201);
        Assert.Contains("3 12 1/3 done", await Progress(laurel));
        Assert.Equal(["5 14 3/2 done"], (await Progress(laurel)).Where(told => told.StartsWith("5 ", StringComparison.Ordinal)));
    }

    [Theory, EveryEngine]
    public async Task A_streak_is_told_on_the_users_own_calendar(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        (await laurel.Put($"{Root}/users/2", """{"username":"user2","timeZone":"Asia/Tokyo"}""")).Is(200);
        await LogIn(laurel);
        // 09:00 there; 23:00 on the day after; 01:00 on the third.
        time.Jump(TimeSpan.FromHours(38));
        Assert.Contains("3 12 1/3", await Progress(laurel));
        time.Jump(TimeSpan.FromHours(2));
        Assert.Contains("3 12 0/3", await Progress(laurel));
    }

    [Theory, EveryEngine]
    public async Task It_comes_in_pages_and_counting_anew_ends_it(Engine engine)
    {
        await using var laurel = await Start(engine, new ManualTime());
        await LogIn(laurel);
        Assert.Equal(["1 7 1/3", "2 11 1/3"], await Progress(laurel, "?limit=2"));
        var page = (await laurel.Get($"{Root}/users/2/progress?limit=2")).Is(200);
        Assert.Equal("rule-1", page.Json["items"]![0]!["ruleKey"]!.GetValue<string>());
        Assert.Equal(["3 12 1/3", "4 13 1/1 done"], await Progress(laurel, $"?limit=2&cursor={page.Text("next")}"));

        (await laurel.Put($"{Root}/rules/1", """{"key":"rule-1","actions":["Login","Vote"],"when":{"count":3},"badgeId":7}""")).Is(200);
        (await laurel.Put($"{Root}/rules/2", """{"key":"rule-2","enabled":false,"actions":["Login"],"when":{"count":3},"badgeId":11}""")).Is(200);
        Assert.Equal("3 12 1/3", (await Progress(laurel))[0]);
    }

    [Theory, EveryEngine]
    public async Task What_has_disappeared_is_held_no_longer(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        await LogIn(laurel);
        Assert.Contains("5 14 1/2", await Progress(laurel));
        (await laurel.Put($"{Root}/issuers/100", """{"key":"isle","name":"Isle","rootPlaceId":1000,"creator":{"type":"User","id":1},"lifetimeDays":2}""")).Is(200);
        time.Jump(TimeSpan.FromDays(3));
        Assert.Equal(["1 7 1/3", "2 10 1/3"], (await Progress(laurel)).Take(2).Select(told => told.Replace("2 11", "2 10", StringComparison.Ordinal)));
        Assert.DoesNotContain(await Progress(laurel), told => told.StartsWith("4 ", StringComparison.Ordinal) || told.StartsWith("5 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_may_read_it_and_what_hides_from_them()
    {
        await using var laurel = await Start(Engine.Sqlite, new ManualTime());
        await laurel.Badge(16, more: ",\"hiddenUntilClaimed\":true");
        (await laurel.Put($"{Root}/rules/16", """{"key":"secret","actions":["Login"],"when":{"count":true},"tiers":[{"badgeId":7,"at":5},{"badgeId":16,"at":6}]}""")).Is(201);
        await LogIn(laurel);
        var path = $"{Root}/users/2/progress";
        var (own, other, manager) = (await laurel.Key(2, null), await laurel.Key(3, null), await laurel.Key(1, null));

        Assert.Contains("secret", (await laurel.Get(path)).Is(200).Body);
        Assert.DoesNotContain("secret", (await laurel.Get(path, own)).Is(200).Body);
        Assert.Contains("rule-1", (await laurel.Get(path, own)).Body);
        Assert.DoesNotContain("secret", (await laurel.Get(path, await laurel.Key(null, Scopes.UsersRead))).Is(200).Body);
        Assert.Contains("secret", (await laurel.Get(path, await laurel.Key(null, Scopes.UsersRead, Scopes.BadgesWrite))).Is(200).Body);
        foreach (var key in new[] { other, manager, await laurel.Key(2, Scopes.PointsWrite), await laurel.Key(null, Scopes.RulesWrite) })
        {
            (await laurel.Get(path, key)).IsProblem(403, "forbidden");
        }
        (await laurel.Get($"{Root}/users/77/progress")).IsProblem(404, "unknown_user");
        (await laurel.Get($"{Root}/users/77/progress", other)).IsProblem(403, "forbidden");
    }
}
