using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Laurel.Tests.Harness;

/// <summary>One real Chromium for all tests of pages, driven by Playwright. Each look at a page is in a context of its own: no cookies,
/// nothing cached.</summary>
public sealed class Browser : IAsyncDisposable
{
    // No test depends on how fast a machine is, or on its being left alone.
    private const float Patience = 120_000;

    private readonly SemaphoreSlim _starting = new(1, 1);
    private IPlaywright? _driver;
    private IBrowser? _browser;

    /// <summary>A page that is still empty.</summary>
    /// <param name="width">Of the window, in CSS pixels.</param>
    /// <param name="scripts">Whether pages may run scripts.</param>
    /// <param name="withoutPolicy">Sets Content-Security-Policy aside: for tests that run scripts of their own in a page, and for those
    /// of what holds without it.</param>
    /// <param name="dark">Which colours the reader prefers.</param>
    internal async Task<IPage> Open(int width = 1000, bool scripts = true, bool withoutPolicy = false, bool dark = false)
    {
        var context = await (await Started()).NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 800 },
            JavaScriptEnabled = scripts,
            BypassCSP = withoutPolicy,
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            Locale = "en",
        });
        context.SetDefaultTimeout(Patience);
        return await context.NewPageAsync();
    }

    private async Task<IBrowser> Started()
    {
        Requirement.Need(Chromium.Missing);
        await _starting.WaitAsync();
        try
        {
            _driver ??= await Playwright.CreateAsync();
            return _browser ??= await _driver.Chromium.LaunchAsync(new()
            {
                ExecutablePath = Chromium.Program,
                Timeout = Patience,
                Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync"],
            });
        }
        finally
        {
            _starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
        _driver?.Dispose();
        _starting.Dispose();
    }
}

internal static class BrowserPages
{
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    /// <summary>What axe finds, in one line each: none is what there should be. (Asked in the page itself: the library's own way
    /// opens another page for each answer.)</summary>
    /// <param name="ofColours">Asks about colours alone: nothing else changes with the theme.</param>
    public static async Task<string[]> Violations(this IPage page, bool ofColours = false)
    {
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
        {
            await page.EvaluateAsync($"() => {{ {Axe} }}");
        }
        return await page.EvaluateAsync<string[]>("""
            async rules => (await axe.run(document, { resultTypes: ['violations'], ...(rules && { runOnly: { type: 'rule', values: rules } }) }))
              .violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html}`))
            """, ofColours ? new[] { "color-contrast" } : null);
    }

    /// <summary>By how much the page is wider than its window.</summary>
    public static Task<int> Overflow(this IPage page) => page.EvaluateAsync<int>("document.documentElement.scrollWidth - window.innerWidth");
}
