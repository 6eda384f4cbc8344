using System.Text.RegularExpressions;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Http;

/// <summary>The interactive page comes from this server alone.</summary>
public sealed class ApiDocumentsTests
{
    [Fact]
    public async Task The_page_and_all_it_needs_are_here()
    {
        await using var laurel = await TestServer.Start();
        var redirect = await laurel.Anonymous.GetAsync("/docs", TestContext.Current.CancellationToken);
        Assert.InRange((int)redirect.StatusCode, 301, 302);

        using var page = await laurel.Anonymous.GetAsync("/docs/index.html", TestContext.Current.CancellationToken);
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)page.StatusCode);
        var policy = string.Join(' ', page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("script-src 'self';", policy);
        Assert.DoesNotContain("unsafe-eval", policy);
        // The policy lets no script stand in the page itself.
        Assert.DoesNotMatch("<script(?![^>]*\\bsrc=)", html);
        Assert.DoesNotMatch("\\son[a-z]+=", html);

        var sources = Regex.Matches(html, "(?:src|href)=[\"'](?<source>[^\"']+)[\"']", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture).Select(match => match.Groups["source"].Value).ToList();
        Assert.True(sources.Count >= 4);
        foreach (var source in sources)
        {
            Assert.DoesNotMatch("^(https?:)?//", source);
            var asset = await laurel.Anonymous.GetAsync(new Uri(new Uri(laurel.Address, "/docs/index.html"), source), TestContext.Current.CancellationToken);
            Assert.True(asset.IsSuccessStatusCode, source);
        }
        var script = await laurel.Anonymous.GetStringAsync("/docs/index.js", TestContext.Current.CancellationToken);
        Assert.Contains("/openapi/native.json", script);
        Assert.Contains("/openapi/roblox.json", script);
        foreach (Match document in Regex.Matches(script, "/openapi/[a-z]+\\.json", RegexOptions.NonBacktracking))
        {
            Assert.True((await laurel.Anonymous.GetAsync(document.Value, TestContext.Current.CancellationToken)).IsSuccessStatusCode, document.Value);
        }
    }
}
