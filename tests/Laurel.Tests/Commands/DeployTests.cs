using System.Collections;
using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Laurel.Server.Commands;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary>What deploy/ says of the server is true of it, and its files agree with each other.</summary>
public sealed partial class DeployTests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(typeof(DeployTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "LaurelContentRoot").Value!, "..", "..", "deploy"));

    private static readonly IReadOnlyDictionary<string, string> Files =
        Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(Folder, file), File.ReadAllText);

    [Fact]
    public void Every_variable_is_a_setting()
    {
        var settings = Commands(RootCommands.Root).SelectMany(command => command.Options)
            .Select(option => $"LAUREL_{option.Name.TrimStart('-').Replace('-', '_').ToUpperInvariant()}").Append("LAUREL_ADMIN_KEY").ToHashSet();

        var named = Files.Values.SelectMany(text => Variable().Matches(text)).Select(match => match.Value).ToHashSet();

        Assert.Contains("LAUREL_DATABASE", named);
        Assert.Subset(settings, named);
    }

    [Fact]
    public void Every_command_is_one_of_the_server()
    {
        var lines = Files.Values.SelectMany(text => Call().Matches(text.Replace("\", \"", " ", StringComparison.Ordinal))).Select(match => match.Groups["line"].Value.Trim()).ToList();

        Assert.Subset(lines.ToHashSet(), new HashSet<string> { "serve", "health" });
        Assert.All(lines, line => Assert.Empty(RootCommands.Root.Parse(line).Errors));
    }

    [Fact]
    public void The_settings_of_the_service_are_understood()
    {
        // The second database stands commented, for who uses the cluster.
        foreach (var lines in new[] { "", "#" }.Select(Settings))
        {
            var options = ServeCommand.Options(RootCommands.Root.Parse("serve"), Server.Commands.Settings.From(lines));

            Assert.Equal(lines["LAUREL_DATABASE"], options.Database);
        }
    }

    [Fact]
    public void The_service_keeps_its_database_where_it_may_write()
    {
        var unit = Files["systemd/laurel.service"];

        Assert.Equal($"Data Source=/var/lib/{After(unit, "StateDirectory=")}/laurel.db", Settings("")["LAUREL_DATABASE"]);
        Assert.Contains("ProtectSystem=strict", unit, StringComparison.Ordinal);
    }

    [Fact]
    public void The_container_listens_on_the_port_it_exposes_and_keeps_its_database_in_its_volume()
    {
        var file = Files["Dockerfile"];
        var port = After(file, "EXPOSE ");
        var volume = After(file, "VOLUME ");

        Assert.Contains($"LAUREL_URLS=http://0.0.0.0:{port} ", file, StringComparison.Ordinal);
        Assert.Contains($"LAUREL_DATABASE=\"Data Source={volume}/laurel.db\"", file, StringComparison.Ordinal);
        Assert.Equal($"http://127.0.0.1:{port}/health/ready", HealthCommand.Ready($"http://0.0.0.0:{port}").ToString());
    }

    [Fact]
    public void The_cluster_is_where_its_servers_look_for_it()
    {
        var connection = new NpgsqlConnectionStringBuilder((string)Settings("#")["LAUREL_DATABASE"]!);
        var hosts = connection.Host!.Split(',');

        Assert.Equal(("primary", 3), (connection.TargetSessionAttributes, hosts.Length));
        Assert.Contains($"PATRONI_POSTGRESQL_LISTEN=@ADDRESS@:{connection.Port}", Files["cluster/patroni.env"], StringComparison.Ordinal);
        Assert.Contains($"host {connection.Database} {connection.Username} ", Files["cluster/patroni.yml"], StringComparison.Ordinal);
        Assert.Contains($"hosts: {string.Join(',', hosts.Select(host => $"{host}:2379"))}", Files["cluster/patroni.yml"], StringComparison.Ordinal);
        Assert.Contains($"ETCD_INITIAL_CLUSTER={string.Join(',', hosts.Zip("abc", (host, name) => $"{name}=http://{host}:2380"))}", Files["cluster/etcd.env"], StringComparison.Ordinal);
        // All servers' pools together, on as many machines.
        var most = int.Parse(After(Files["cluster/patroni.yml"], "max_connections: "));
        Assert.InRange(hosts.Length * connection.MaxPoolSize, 1, most - 20);
    }

    [Fact]
    public async Task A_server_is_asked_for_its_health()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        string address;
        await using (var server = await ServerProcess.Start(database.ConnectionString))
        {
            address = server.Address.GetLeftPart(UriPartial.Authority);
            Assert.Equal((0, "{\"status\":\"ready\"}\n", ""), await Line.Run("health", "--urls", address));
        }

        Assert.Equal((1, "", $"laurel: {address}/health/ready does not answer.\n"), await Line.Run("health", "--urls", address));
    }

    [Theory]
    [InlineData("http://+:81", "http://127.0.0.1:81/health/ready")]
    [InlineData("https://[::]:8443;http://127.0.0.1:81", "http://127.0.0.1:81/health/ready")]
    [InlineData("https://[::]:8443", "https://[::1]:8443/health/ready")]
    [InlineData("http://badges.example", "http://badges.example/health/ready")]
    public void Who_listens_everywhere_is_asked_at_this_machine(string urls, string asked) => Assert.Equal(asked, HealthCommand.Ready(urls).ToString());

    // As systemd reads them.
    private static Hashtable Settings(string comment)
    {
        var settings = new Hashtable();
        foreach (var line in Files["systemd/laurel.env"].Split('\n').Where(line => line.StartsWith($"{comment}LAUREL_", StringComparison.Ordinal)))
        {
            var setting = line.TrimStart('#').Split('=', 2);
            settings.Add(setting[0], setting[1].Trim('"'));
        }
        return settings;
    }

    // The rest of the one line that begins so.
    private static string After(string file, string beginning) =>
        file.Split('\n').Select(line => line.Trim()).Single(line => line.StartsWith(beginning, StringComparison.Ordinal))[beginning.Length..];

    private static IEnumerable<Command> Commands(Command command) => command.Subcommands.SelectMany(Commands).Append(command);

    [GeneratedRegex("LAUREL_[A-Z_]+", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Variable();

    // Behind the executable's path, in a unit, in a Dockerfile (whose quotes and commas are gone), in the README.
    [GeneratedRegex("/(opt/laurel|app)/laurel (?<line>[a-z]+( --[^\"\\]\n`]+(\"[^\"]*\")?)*)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Call();
}
