using System.Net;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Admin;

public sealed class HealthPageTests
{
    [Theory, EveryEngine]
    public async Task Health_tells_of_this_server_and_of_all_on_its_database(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var laurel = await TestServer.StartSecond(database);
        using var browser = await AdminBrowser.SignedIn(laurel);
        string both;
        await using (await TestServer.StartSecond(database))
        {
            both = (await browser.Get("/admin/health")).Is(HttpStatusCode.OK).Html;
        }
        var alone = (await browser.Get("/admin/health")).Is(HttpStatusCode.OK).Html;

        Assert.Matches("Stores awards</dt>\\s*<dd><span class=\"state on\">yes</span>", both);
        Assert.Contains($"<bdi dir=\"ltr\">{laurel.Core.Engine}</bdi>", both, StringComparison.Ordinal);
        Assert.Contains($"<dd>{Migrator.Newest}</dd>", both, StringComparison.Ordinal);
        var own = laurel.Core.Nodes.Count;
        Assert.Equal((2 * own, own), (Count(both, Holder), Count(alone, Holder)));
        Assert.Equal(own, Count(both, "<span class=\"state on\">this server</span>"));
    }

    private static string Holder => $"process {Environment.ProcessId} on <bdi>{Environment.MachineName}</bdi>";

    private static int Count(string page, string text) => page.Split(text).Length - 1;
}
