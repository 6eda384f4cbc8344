using Laurel.Tests.Harness;
using Laurel.Tests.Pages;
using Microsoft.Playwright;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>Every page of the administration: WCAG 2.2 AA as far as a program can see it, in both languages and themes, small windows,
/// no script, and a policy under which nothing is complained of.</summary>
public sealed class AdminAccessibilityTests(PagesWorld world) : IClassFixture<PagesWorld>
{
    // A page joins by its line.
    private static readonly string[] Paths =
    [
        "/admin",
        "/admin/badges", "/admin/badges/new", $"/admin/badges/{PagesWorld.Plain}", $"/admin/badges/{PagesWorld.Weekly}/edit",
        $"/admin/badges/{PagesWorld.Plain}/holders", $"/admin/badges/{PagesWorld.Plain}/icon", $"/admin/badges/{PagesWorld.Plain}/delete",
        "/admin/issuers", "/admin/issuers/new", "/admin/issuers/100", "/admin/issuers/100/edit", "/admin/issuers/100/places/new", "/admin/issuers/100/places/1000",
        "/admin/rules", "/admin/rules/new", "/admin/rules/3", "/admin/rules/3?view=raw", "/admin/rules/3/past",
        $"/admin/explain?user={PagesWorld.Ada}&rule=3",
        "/admin/actions", $"/admin/actions?user={PagesWorld.Ada}", "/admin/actions/new", "/admin/actions/type?name=Edit",
        "/admin/awards",
        "/admin/users", "/admin/users/new", $"/admin/users/{PagesWorld.Ada}", $"/admin/users/{PagesWorld.Ada}/edit", $"/admin/users/{PagesWorld.Ada}/award",
        $"/admin/users/{PagesWorld.Ada}/awards/{100 + PagesWorld.Plain}", $"/admin/users/{PagesWorld.Ada}/awards/{100 + PagesWorld.Plain}/remove",
        $"/admin/users/{PagesWorld.Ada}/removed", $"/admin/users/{PagesWorld.Ada}/points",
        "/admin/keys", "/admin/keys/new",
        "/admin/jobs", "/admin/settings", "/admin/health",
    ];

    public static TheoryData<string> Shown => [.. Paths];

    [Theory, MemberData(nameof(Shown))]
    public async Task Axe_finds_nothing_in_any_language_and_theme(string path)
    {
        var page = await world.Browser.Open(withoutPolicy: true);
        await AdminBrowser.SignIn(page, world.Laurel);
        foreach (var language in new[] { "en", "ar" })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
            var answer = await page.GotoAsync(world.Address(ShownPages.In(language, path)).AbsoluteUri);
            Assert.Equal(200, answer!.Status);
            Assert.Equal((language, language == "ar" ? "rtl" : "ltr"), (await page.GetAttributeAsync("html", "lang"), await page.GetAttributeAsync("html", "dir")));
            Assert.Empty(await page.Violations());
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
            Assert.Empty(await page.Violations(ofColours: true));
        }
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_policy_refuses_nothing_of_theirs()
    {
        var page = await world.Browser.Open();
        await AdminBrowser.SignIn(page, world.Laurel);
        var refused = new List<string>();
        page.PageError += (_, error) => refused.Add(error);
        page.Console += (_, message) => refused.AddRange(message.Type == "error" ? [message.Text] : Array.Empty<string>());
        foreach (var path in Paths)
        {
            await page.GotoAsync(world.Address(path).AbsoluteUri);
        }
        Assert.Empty(refused);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task All_fit_into_320_pixels_and_need_no_script()
    {
        var page = await world.Browser.Open(width: 320, scripts: false);
        await AdminBrowser.SignIn(page, world.Laurel);
        foreach (var path in Paths)
        {
            foreach (var language in new[] { "en", "ar" })
            {
                await page.GotoAsync(world.Address(ShownPages.In(language, path)).AbsoluteUri);
                Assert.True(await page.Overflow() <= 0, $"{path} in {language} is wider than its window.");
                Assert.True(await page.Locator("main h1").CountAsync() == 1, $"{path} has not one heading.");
                Assert.True(await page.Locator("script:not([src]), [style], [onclick], [onload]").CountAsync() == 0, $"{path} has a script or style within.");
            }
        }
        await page.Context.CloseAsync();
    }
}
