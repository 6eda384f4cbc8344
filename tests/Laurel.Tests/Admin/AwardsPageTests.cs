using System.Net;
using System.Text.RegularExpressions;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Microsoft.Playwright;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Admin;

public sealed partial class AwardsPageTests
{
    [Theory, EveryEngine]
    public async Task Pages_lead_from_the_newest_event_to_the_oldest(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        Assert.Null(await laurel.Core.Users.PutMany(Enumerable.Range(1000, 70).Select(id => ((long)id, new UserDraft()))));
        var rows = Enumerable.Range(1000, 70).Select(id => $$"""{"userId":{{id}},"badgeId":7}""");
        (await laurel.Post($"{Root}/awards/batch", $"[{string.Join(',', rows)}]")).Is(200);
        var award = (await laurel.Award(2, 7)).Is(201).Json["award"]!["id"];
        (await laurel.Delete($"{Root}/users/2/awards/{award}?kind=revoke")).Is(204);
        using var browser = await AdminBrowser.SignedIn(laurel);

        var newest = (await browser.Get("/admin/awards")).Is(HttpStatusCode.OK).Html;
        var older = (await browser.Get(Older(newest)!)).Is(HttpStatusCode.OK).Html;

        Assert.Equal((50, 22), (Users(newest).Count, Users(older).Count));
        Assert.Equal(["2", "2"], Users(newest).Take(2));
        Assert.Contains("Removal", newest[..newest.IndexOf("/admin/users/2", StringComparison.Ordinal)], StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1000, 70).Select(id => $"{id}").Order(), Users(newest).Skip(2).Concat(Users(older)).Order());
        Assert.Null(Older(older));
        Assert.DoesNotContain("<script", older, StringComparison.Ordinal);
        Assert.Equal(["1007"], Users((await browser.Get("/admin/awards?issuerId=100&userId=1007&badgeId=")).Html));
        Assert.Empty(Users((await browser.Get("/admin/awards?issuerId=101")).Html));
        Assert.Contains("An id is a number", (await browser.Get("/admin/awards?userId=ada")).Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.Ordinal);
        Assert.Contains("href=\"/admin/users?q=ada\"", (await browser.Get("/admin/awards?userId=ada")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_look_sees_what_hides_as_hidden_and_who_may_not_nothing()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await laurel.Badge(9, more: ""","hiddenUntilClaimed":true""");
        (await laurel.Award(2, 9)).Is(201);
        (await laurel.Put($"{Root}/users/3", """{"username":"user3","permissions":["viewer"]}""")).Is(200);
        using var administrator = await AdminBrowser.SignedIn(laurel);
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(3, null));
        using var nobody = new AdminBrowser(laurel);

        Assert.Contains("Badge 9", (await administrator.Get("/admin/awards")).Html, StringComparison.Ordinal);
        foreach (var path in new[] { "/admin", "/admin/awards" })
        {
            var page = (await viewer.Get(path)).Is(HttpStatusCode.OK).Html;
            Assert.Contains("???", page, StringComparison.Ordinal);
            Assert.DoesNotContain("Badge 9", page, StringComparison.Ordinal);
        }
        Assert.Equal("/admin/sign-in?to=%2Fadmin%2Fawards", (await nobody.Get("/admin/awards")).Is(HttpStatusCode.SeeOther).Location);
    }

    [Fact]
    public async Task New_events_appear_by_themselves_until_somebody_pauses()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await using var chromium = new Browser();
        (await laurel.Award(1, 7)).Is(201);
        using var session = await AdminBrowser.SignedIn(laurel);
        var page = await chromium.Open();
        await page.Context.AddCookiesAsync(session.Cookies.Select(cookie => new Microsoft.Playwright.Cookie
        {
            Name = cookie.Key, Value = cookie.Value, Domain = laurel.Address.Host, Path = "/", Secure = true, HttpOnly = true, SameSite = SameSiteAttribute.Strict,
        }));
        await page.GotoAsync(new Uri(laurel.Address, "/admin/awards?badgeId=7").AbsoluteUri);
        var users = page.Locator("tbody a[href^='/admin/users/']");

        Assert.Equal(["1"], await users.AllTextContentsAsync());
        (await laurel.Award(2, 7)).Is(201);
        await Assertions.Expect(users).ToHaveTextAsync(["2", "1"]);
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("New since you came: 1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        (await laurel.Award(3, 7)).Is(201);
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Paused. Waiting: 1");
        Assert.Equal(["2", "1"], await users.AllTextContentsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(users).ToHaveTextAsync(["3", "2", "1"]);
        var rows = page.Locator("tbody tr");
        // A minute may have passed between them.
        Assert.Equal(
            Time().Replace((await rows.Nth(2).InnerTextAsync()).Replace("\t1\t", "\t3\t", StringComparison.Ordinal), "00:00"),
            Time().Replace(await rows.Nth(0).InnerTextAsync(), "00:00"));
    }

    private static List<string> Users(string page) => [.. User().Matches(page).Select(user => user.Groups["id"].Value)];

    private static string? Older(string page) =>
        OlderLink().Match(page) is { Success: true } link ? WebUtility.HtmlDecode(link.Groups["path"].Value) : null;

    [GeneratedRegex("href=\"/admin/users/(?<id>[0-9]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex User();

    [GeneratedRegex("^[0-9]{1,2} [A-Z][a-z]+ [0-9]{4} [0-9]{2}:[0-9]{2}(?=\t)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Time();

    [GeneratedRegex("<a href=\"(?<path>[^\"]+)\" rel=\"next\">", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OlderLink();
}
