using System.Net;
using System.Text.RegularExpressions;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Admin;

public sealed partial class DashboardPageTests
{
    [Theory, EveryEngine]
    public async Task The_overview_tells_what_was_awarded(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await NativeWorld.Start(engine, time);
        await laurel.Badge(8);
        using var browser = await AdminBrowser.SignedIn(laurel);
        Assert.Contains("Nothing was awarded in the last 90 days.", (await browser.Get("/admin")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        // Which badges are shown is kept for a minute.
        time.Jump(TimeSpan.FromSeconds(61));
        foreach (var user in new[] { 1, 2, 3 })
        {
            (await laurel.Post($"{Root}/visits", $$"""{"issuerId":100,"userId":{{user}}}""")).Is(204);
        }
        (await laurel.Award(1, 8)).Is(201);
        time.StepClock(TimeSpan.FromMilliseconds(1));
        (await laurel.Award(2, 7, ""","awardedAt":"2025-12-01T00:00:00Z" """)).Is(201);
        time.StepClock(TimeSpan.FromMilliseconds(1));
        var removed = (await laurel.Award(1, 7)).Is(201).Json["award"]!["id"];
        time.StepClock(TimeSpan.FromMilliseconds(1));
        (await laurel.Award(3, 7)).Is(201);

        var page = (await browser.Get("/admin")).Is(HttpStatusCode.OK).Html;
        (await laurel.Delete($"{Root}/users/1/awards/{removed}?kind=reset")).Is(204);
        var after = (await browser.Get("/admin")).Is(HttpStatusCode.OK).Html;

        Assert.Matches("<strong data-minute=\"[0-9,]+\">4</strong>", page);
        Assert.Contains("4 awards in the last 90 days. Most often on 1 January 2026: 3.", page, StringComparison.Ordinal);
        Assert.Contains("3 awards in the last 90 days. Most often on 1 January 2026: 2.", after, StringComparison.Ordinal);
        Assert.Equal(["7: 3", "8: 1"], Standings(page, "most"));
        Assert.Equal(["7: 2", "8: 1"], Standings(after, "most"));
        Assert.Equal(["8: 33.3%", "7: 66.7%"], Standings(page, "rarest"));
        Assert.Equal(["3", "1", "2", "1"], User().Matches(Section(page, "newest")).Select(user => user.Groups["id"].Value));
    }

    [Fact]
    public async Task What_failed_is_counted()
    {
        await using var laurel = await TestServer.Start(map: app => app.MapGet("/fails", IResult () => throw new InvalidOperationException("on purpose")));
        using var browser = await AdminBrowser.SignedIn(laurel);
        (await laurel.Get("/fails")).Is(500);
        (await laurel.Get("/absent")).Is(404);

        Assert.Contains("<strong>1</strong><span>Failed answers (5xx) since the start</span>", (await browser.Get("/admin")).Html, StringComparison.Ordinal);
    }

    private static string Section(string page, string heading)
    {
        var from = page.IndexOf($"<h2 id=\"{heading}\"", StringComparison.Ordinal);
        return page[from..page.IndexOf("</section>", from, StringComparison.Ordinal)];
    }

    private static IEnumerable<string> Standings(string page, string heading) =>
        Standing().Matches(Section(page, heading)).Select(row => $"{row.Groups["id"].Value}: {row.Groups["number"].Value}");

    [GeneratedRegex("/admin/badges/(?<id>[0-9]+)\".*?<td class=\"figure\">(?<number>[^<]+)</td>", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex Standing();

    [GeneratedRegex("href=\"/admin/users/(?<id>[0-9]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex User();
}
