using Laurel.Tests.Harness;
using Microsoft.Playwright;
using Xunit;

namespace Laurel.Tests.Pages;

/// <summary>WCAG 2.2 AA as far as a program can see it, and what it cannot: small windows, no script, the keyboard.</summary>
[Collection(nameof(PagesCollection))]
public sealed class AccessibilityTests(PagesWorld world)
{
    [Fact]
    public async Task Axe_would_find_what_is_wrong()
    {
        var page = await world.Browser.Open();
        await page.SetContentAsync("<html><body><img src='x'><p style='color:#eee;background:#fff'>Pale</p></body></html>");
        Assert.Contains(await page.Violations(), found => found.StartsWith("image-alt: ", StringComparison.Ordinal));
        Assert.All(await page.Violations(ofColours: true), found => Assert.StartsWith("color-contrast: ", found, StringComparison.Ordinal));
        Assert.NotEmpty(await page.Violations(ofColours: true));
        await page.Context.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(ShownPages.Names), MemberType = typeof(ShownPages))]
    public async Task Axe_finds_nothing_in_any_language_and_theme(string name)
    {
        var page = await world.Browser.Open(withoutPolicy: true);
        foreach (var language in new[] { "en", "ar" })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
            await page.GotoAsync(world.Address(ShownPages.In(language, ShownPages.Paths[name])).AbsoluteUri);
            Assert.Empty(await page.Violations());
            Assert.Equal((language, language == "ar" ? "rtl" : "ltr"), (await page.GetAttributeAsync("html", "lang"), await page.GetAttributeAsync("html", "dir")));
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
            Assert.Empty(await page.Violations(ofColours: true));
        }
        await page.Context.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(ShownPages.Names), MemberType = typeof(ShownPages))]
    public async Task It_fits_into_320_pixels_and_needs_no_script(string name)
    {
        var page = await world.Browser.Open(width: 320, scripts: false);
        foreach (var language in new[] { "en", "ar" })
        {
            await page.GotoAsync(world.Address(ShownPages.In(language, ShownPages.Paths[name])).AbsoluteUri);
            Assert.InRange(await page.Overflow(), int.MinValue, 0);
            Assert.Equal(1, await page.Locator("main h1").CountAsync());
            Assert.Equal(0, await page.Locator("script, [style], [onclick], [onload]").CountAsync());
        }
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_keyboard_reaches_everything_and_shows_where_it_is()
    {
        var page = await world.Browser.Open();
        await page.GotoAsync(world.Address($"/badges/{PagesWorld.Plain}").AbsoluteUri);
        var reached = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            reached.Add(await page.EvaluateAsync<string>("document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineWidth === '3px' ? document.activeElement.textContent.trim() : 'unseen'"));
        }
        Assert.Equal(["Skip to the content", "العربية", "As a table, by week"], reached);
        Assert.False(await page.Locator("table").IsVisibleAsync());
        await page.Keyboard.PressAsync("Enter");
        Assert.True(await page.Locator("table").IsVisibleAsync());
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Targets_are_large_enough()
    {
        var page = await world.Browser.Open(width: 320);
        foreach (var path in ShownPages.Paths.Values)
        {
            await page.GotoAsync(world.Address(path).AbsoluteUri);
            var small = await page.EvaluateAsync<string[]>("""
                [...document.querySelectorAll('a, summary, button, input')]
                  .filter(each => !each.matches('.skip, bdi a, dd a'))
                  .map(each => [each, each.getBoundingClientRect()])
                  .filter(([, box]) => box.width < 24 || box.height < 24)
                  .map(([each, box]) => `${each.outerHTML} ${box.width}x${box.height}`)
                """);
            Assert.Empty(small);
        }
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_language_switch_stays_and_comes_back()
    {
        var page = await world.Browser.Open(scripts: false);
        await page.GotoAsync(world.Address($"/badges/{PagesWorld.Plain}").AbsoluteUri);
        await page.GetByRole(AriaRole.Link, new() { Name = "العربية" }).ClickAsync();

        Assert.Equal(world.Address($"/badges/{PagesWorld.Plain}").AbsoluteUri, page.Url);
        Assert.Equal("وسام 7", await page.Locator("h1").TextContentAsync());
        await page.GotoAsync(world.Address($"/users/{PagesWorld.Ada}").AbsoluteUri);
        Assert.Equal("rtl", await page.GetAttributeAsync("html", "dir"));
        await page.Context.CloseAsync();
    }
}
