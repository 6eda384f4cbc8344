using System.Net;
using Laurel.Core.Storage;
using Laurel.Server;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Admin;

public sealed class SettingsPageTests
{
    [Fact]
    public async Task Every_setting_is_shown_with_where_it_comes_from_and_no_secret_is()
    {
        await using var laurel = await TestServer.Start(with: options => options with
        {
            AllowedHosts = ["badges.example.org", "b.example.org"],
            MaximumConnections = 77,
            Sources = new Dictionary<string, SettingSource>
            {
                ["AllowedHosts"] = SettingSource.File,
                ["MaximumConnections"] = SettingSource.CommandLine,
                ["AdminKey"] = SettingSource.Environment,
            },
        });
        using var browser = await AdminBrowser.SignedIn(laurel);

        var page = (await browser.Get("/admin/settings")).Is(HttpStatusCode.OK).Html;

        AssertShows(page, "--allowed-hosts", "<code dir=\"ltr\">badges.example.org, b.example.org</code>", "appsettings.json");
        AssertShows(page, "--maximum-connections", "<code dir=\"ltr\">77</code>", "command line");
        AssertShows(page, "--requests-per-second", "<code dir=\"ltr\">0</code>", "default");
        AssertShows(page, "--action-lateness", "<code dir=\"ltr\">P1D</code>", "default");
        AssertShows(page, "--perfumer-origins", "none", "default");
        AssertShows(page, "LAUREL_ADMIN_KEY", "set", "environment");
        Assert.DoesNotContain(TestServer.AdministratorKey, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task They_are_for_administrators()
    {
        await using var laurel = await TestServer.Start();
        (await laurel.Put("/laurel/v1/users/3", """{"username":"user3","permissions":["viewer"]}""")).Is(201);
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(3, null));

        (await viewer.Get("/admin/settings")).Is(HttpStatusCode.Forbidden);
        Assert.DoesNotContain("/admin/settings", (await viewer.Get("/admin/health")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=pg1,pg2;Username=laurel;Password=zqxvjk;SSL Password=zqxvjk", "host=pg1,pg2; username=laurel; password=…; ssl password=…")]
    [InlineData("Data Source=/tmp/x.db;PWD=zqxvjk", "data source=/tmp/x.db; pwd=…")]
    [InlineData("Host=pg;Options=-c zqxvjk=1", "host=pg; options=…")]
    public void Of_a_connection_only_what_is_no_secret_is_shown(string connection, string shown) =>
        Assert.Equal(shown, new DatabaseOptions(connection).ShownConnection);

    private static void AssertShows(string page, string name, string value, string source) =>
        Assert.Matches($"{name}</code></th>\\s*<td>\\s*{value}\\s*</td>\\s*<td>{source}</td>", page);
}
