using System.Collections;
using Laurel.Server;
using Laurel.Server.Commands;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary>Options, then the environment.</summary>
public sealed class SettingsTests
{
    [Fact]
    public void Every_option_of_serve_has_a_variable()
    {
        var options = Read([], new()
        {
            ["LAUREL_URLS"] = "http://127.0.0.1:1234",
            ["LAUREL_DATABASE"] = "Data Source=/tmp/x.db",
            ["LAUREL_ADMIN_KEY"] = "k",
            ["LAUREL_OPEN_DIALECTS"] = "true",
            ["LAUREL_OPEN_NETWORKS"] = "10.0.0.0/8, fd00::/8",
            ["LAUREL_ALLOW_PLAIN_BASIC"] = "true",
            ["LAUREL_ALLOWED_HOSTS"] = "badges.example.org",
            ["LAUREL_PERFUMER_ORIGINS"] = "https://app.example, http://localhost:3000/",
            ["LAUREL_ACTION_LATENESS"] = "PT36H",
            ["LAUREL_ACTION_RETENTION"] = "P90D",
            ["LAUREL_LOG"] = "json",
            ["LAUREL_PARTITIONS"] = "4",
            ["LAUREL_SYNCHRONOUS"] = "normal",
            ["LAUREL_MAXIMUM_CONNECTIONS"] = "5",
            ["LAUREL_REQUESTS_PER_SECOND"] = "6",
            ["LAUREL_MAXIMUM_SUBSCRIBERS"] = "7",
        });

        Assert.Equal(("http://127.0.0.1:1234", "Data Source=/tmp/x.db", "k"), (options.Urls, options.Database, options.AdministratorKey));
        Assert.True(options.OpenDialects && options.AllowPlainBasic && options.JsonLogs);
        Assert.Equal(["10.0.0.0/8", "fd00::/8"], options.OpenNetworks.Select(network => network.ToString()));
        Assert.Equal(["badges.example.org"], options.AllowedHosts);
        Assert.Equal(["https://app.example", "http://localhost:3000"], options.PerfumerOrigins);
        Assert.Equal((TimeSpan.FromHours(36), TimeSpan.FromDays(90)), (options.ActionLateness, options.ActionRetention));
        Assert.Equal((4, "NORMAL"), (options.Partitions, options.Synchronous));
        Assert.Equal((5, 6, 7), (options.MaximumConnections, options.RequestsPerSecond, options.MaximumSubscribers));
    }

    [Fact]
    public void An_option_goes_before_a_variable()
    {
        var options = Read(["--urls", "http://127.0.0.1:1", "--database", "Data Source=/tmp/y.db", "--partitions", "2"], new()
        {
            ["LAUREL_URLS"] = "http://127.0.0.1:2",
            ["LAUREL_DATABASE"] = "Data Source=/tmp/x.db",
            ["LAUREL_PARTITIONS"] = "3",
        });

        Assert.Equal(("http://127.0.0.1:1", "Data Source=/tmp/y.db", 2), (options.Urls, options.Database, options.Partitions));
    }

    [Fact]
    public void Nothing_is_open_unless_it_is_said()
    {
        var options = Read([], []);

        Assert.False(options.OpenDialects || options.AllowPlainBasic);
        Assert.Empty(options.OpenNetworks);
        Assert.Empty(options.PerfumerOrigins);
        Assert.StartsWith("http://127.0.0.1:", options.Urls, StringComparison.Ordinal);
        Assert.Equal("FULL", options.Synchronous);
        Assert.Equal((TimeSpan.FromDays(1), TimeSpan.FromDays(400)), (options.ActionLateness, options.ActionRetention));
        Assert.EndsWith("laurel.db", options.Database, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_known_where_each_setting_comes_from()
    {
        var options = Read(["--urls", "http://127.0.0.1:1", "--json"], new()
        {
            ["LAUREL_URLS"] = "http://127.0.0.1:2",
            ["LAUREL_OPEN_DIALECTS"] = "false",
            ["LAUREL_ANSWERHUB_ISSUERS"] = "1,2",
            ["LAUREL_PUBLIC_URL"] = "",
            ["LAUREL_ADMIN_KEY"] = "k",
        });

        Assert.Equal(
            ["AdminKey: Environment", "AnswerhubIssuers: Environment", "Log: CommandLine", "OpenDialects: Environment", "Urls: CommandLine"],
            options.Sources.Select(source => $"{source.Key}: {source.Value}").Order());
    }

    [Fact]
    public void A_flag_is_true_or_false() =>
        Assert.Throws<UsageException>(() => Read([], new() { ["LAUREL_OPEN_DIALECTS"] = "perhaps" }));

    [Theory]
    [InlineData("*")]
    [InlineData("null")]
    [InlineData("app.example")]
    [InlineData("https://*.example")]
    [InlineData("https://app.example/path")]
    [InlineData("ftp://app.example")]
    public void An_origin_is_a_scheme_and_a_host(string origin) =>
        Assert.Throws<UsageException>(() => Read(["--perfumer-origins", origin], []));

    [Theory]
    [InlineData("1")]
    [InlineData("1.00:00:00")]
    [InlineData("-P1D")]
    [InlineData("P99999999D")]
    public void A_time_is_a_duration(string time)
    {
        Assert.Throws<UsageException>(() => Read(["--action-lateness", time], []));
        Assert.Throws<UsageException>(() => Read(["--action-retention", time], []));
    }

    private static ServerOptions Read(string[] arguments, Hashtable environment) =>
        ServeCommand.Options(RootCommands.Root.Parse(["serve", .. arguments]), Settings.From(environment));
}
