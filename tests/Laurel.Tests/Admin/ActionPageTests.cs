using System.Net;
using System.Text.RegularExpressions;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Admin;

/// <summary>Actions and their types in the administration.</summary>
public sealed partial class ActionPageTests
{
    [Theory, EveryEngine]
    public async Task A_users_actions_are_listed_the_latest_first_over_periods_and_pages(Engine engine)
    {
        var time = new ManualTime(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var laurel = await NativeWorld.Start(engine, time);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        // Two at each time, which two days divide from the next two: over the edges of periods and of the page.
        for (var id = 1; id <= 60; id++)
        {
            (await laurel.Post($"{Root}/actions", $$"""{"id":{{id}},"type":"Edit","userId":2}""")).Is(201);
            time.Jump(TimeSpan.FromDays(id % 2 == 0 ? 2 : 0));
        }
        (await laurel.Post($"{Root}/actions", """{"id":100,"type":"Edit","userId":3,"properties":{"ownerId":2}}""")).Is(201);
        (await laurel.Put($"{Root}/users/4", """{"username":"viewer","permissions":["viewer"]}""")).Is(201);
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(4, null));

        var first = (await viewer.Get("/admin/actions?user=2")).Is(HttpStatusCode.OK).Html;
        var next = WebUtility.HtmlDecode(Next().Match(first).Groups["path"].Value);
        var second = (await viewer.Get(next)).Is(HttpStatusCode.OK).Html;

        Assert.Equal([100, .. Enumerable.Range(1, 60).Reverse()], Listed().Matches(first + second).Select(match => int.Parse(match.Groups["id"].Value, null)));
        Assert.Equal(50, Listed().Count(first));
        Assert.DoesNotContain("rel=\"next\"", second, StringComparison.Ordinal);
        (await viewer.Get("/admin/actions?user=99")).Is(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task An_action_is_recorded_by_hand_and_shows_the_rules_that_count_it()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite, new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        using var browser = await AdminBrowser.SignedIn(laurel);
        (await browser.Submit("/admin/actions/type", new() { ["name"] = "a b?&", ["description"] = "Odd" })).Is(HttpStatusCode.SeeOther);
        var types = (await browser.Get("/admin/actions")).Is(HttpStatusCode.OK).Html;
        Assert.Contains("/admin/actions/type?name=a%20b%3F%26", types, StringComparison.Ordinal);
        (await browser.Submit("/admin/actions/type?name=a%20b%3F%26", new() { ["description"] = "Odder" })).Is(HttpStatusCode.SeeOther);
        Assert.Equal("Odder", Assert.Single((await laurel.Get($"{Root}/action-types")).Json["items"]!.AsArray())!["description"]!.ToString());
        (await browser.Submit("/admin/actions/type", new() { ["name"] = "a b?&" })).Is(HttpStatusCode.UnprocessableEntity);
        (await laurel.Put($"{Root}/rules/3", """{"key":"long","actions":["a b?&"],"filter":"properties.length > 5","when":{"each":true},"badgeId":7}""")).Is(201);
        (await laurel.Put($"{Root}/rules/4", """{"key":"short","actions":["a b?&"],"filter":"properties.length < 5","when":{"each":true},"badgeId":7}""")).Is(201);

        var recorded = (await browser.Submit("/admin/actions/new", new() { ["type"] = "a b?&", ["userId"] = "2", ["properties"] = """{"length":6}""" })).Is(HttpStatusCode.SeeOther);

        var page = WebUtility.HtmlDecode((await browser.Get(recorded.Location!)).Is(HttpStatusCode.OK).Html);
        Assert.Contains("The action is recorded.", page, StringComparison.Ordinal);
        Assert.Contains("""{"length":6}""", page, StringComparison.Ordinal);
        Assert.Contains("/admin/explain?user=2&rule=3", page, StringComparison.Ordinal);
        Assert.DoesNotContain("rule=4", page, StringComparison.Ordinal);
        Assert.Single((await laurel.Get($"{Root}/users/2/awards")).Json["items"]!.AsArray());
    }

    [Theory]
    [InlineData("type", "Nothing", "f-type-error")]
    [InlineData("userId", "99", "f-userId-error")]
    [InlineData("occurredAt", "2027-01-01T00:00", "f-occurredAt-error")]
    [InlineData("properties", "[1]", "f-properties-error")]
    [InlineData("id", "x", "f-id-error")]
    public async Task What_cannot_be_recorded_is_told_at_its_field(string field, string value, string error)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite, new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        using var browser = await AdminBrowser.SignedIn(laurel);

        var answer = await browser.Submit("/admin/actions/new", new() { ["type"] = "Edit", ["userId"] = "2", [field] = value });

        Assert.Contains($"id=\"{error}\"", answer.Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Managers_record_no_actions_and_see_none_of_others()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        (await laurel.Post($"{Root}/actions", """{"id":20,"type":"Edit","userId":2}""")).Is(201);
        using var manager = await AdminBrowser.SignedIn(laurel, await laurel.Key(1, null));

        (await manager.Submit("/admin/actions/new", new() { ["type"] = "Edit", ["userId"] = "2" })).Is(HttpStatusCode.UnprocessableEntity);
        (await manager.Submit("/admin/actions", new() { ["description"] = "Mine" }, "/admin/actions/type?name=Edit")).Is(HttpStatusCode.UnprocessableEntity);
        Assert.DoesNotContain("/admin/actions/20", (await manager.Get("/admin/actions?user=2")).Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.Ordinal);
        (await manager.Get("/admin/actions/20")).Is(HttpStatusCode.Forbidden);
        Assert.DoesNotContain("/admin/actions/new", (await manager.Get("/admin/actions")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
    }

    [GeneratedRegex("<th scope=\"row\"><a href=\"/admin/actions/(?<id>[0-9]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listed();

    [GeneratedRegex("href=\"(?<path>[^\"]+)\" rel=\"next\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Next();
}
