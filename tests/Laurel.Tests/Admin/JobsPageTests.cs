using System.Net;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Admin;

public sealed class JobsPageTests
{
    [Theory, EveryEngine]
    public async Task Backfills_of_all_rules_are_listed_for_those_who_may_know_the_rule(Engine engine)
    {
        var time = new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var laurel = await NativeWorld.Start(engine, time);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        await laurel.ActMany(1000, 3);
        (await laurel.Put($"{Root}/rules/3", """{"key":"editor","actions":["Edit"],"when":{"each":true},"badgeId":7,"enabled":true}""")).Is(201);
        var manager = await laurel.Key(1, null);
        await laurel.Ended((await laurel.Post($"{Root}/rules/3/backfills", "{}", manager)).Is(201));
        (await laurel.Put($"{Root}/issuers/200", """{"name":"Other","creator":{"type":"User","id":2}}""")).Is(201);
        (await laurel.Put($"{Root}/users/3", """{"username":"user3","permissions":["viewer"]}""")).Is(200);

        foreach (var key in new[] { TestServer.AdministratorKey, manager, await laurel.Key(3, null) })
        {
            using var browser = await AdminBrowser.SignedIn(laurel, key);
            var page = (await browser.Get("/admin/jobs")).Is(HttpStatusCode.OK).Html;
            Assert.Matches("""<a href="/admin/rules/3"><bdi>editor</bdi></a></td>\s*<td>Application</td>\s*<td><span class="state">done</span>""", page);
            Assert.Contains("""<a href="/admin/users/1">1</a>""", page, StringComparison.Ordinal);
        }
        using var stranger = await AdminBrowser.SignedIn(laurel, await laurel.Key(2, null));
        Assert.DoesNotContain("editor", (await stranger.Get("/admin/jobs")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_said_when_old_rows_were_dropped_and_when_they_will_be()
    {
        var time = new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var laurel = await TestServer.Start(time: time);
        using var browser = await AdminBrowser.SignedIn(laurel);
        Assert.Contains("Not yet since this server started.", (await browser.Get("/admin/jobs")).Html, StringComparison.Ordinal);

        time.Advance(TimeSpan.FromMinutes(61));
        while (laurel.Core.LastTrimming is null)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        var page = (await browser.Get("/admin/jobs")).Html;
        Assert.Contains("1 March 2026 14:00", page, StringComparison.Ordinal);
        Assert.Contains("""<span class="state on">done</span>""", page, StringComparison.Ordinal);
    }
}
