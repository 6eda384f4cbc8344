using System.Net;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.HarnessTests;

/// <summary>With a stand-in for the server that obeys or ignores SIGTERM as told.</summary>
public sealed class ServerProcessTests
{
    private const string StandIn = """
        const [port, stubborn, ...rest] = process.argv.slice(1);
        if (port === 'broken') { console.error('no such database'); process.exit(3); }
        process.on('SIGTERM', () => { if (stubborn === 'no') { console.log('draining'); process.exit(0); } });
        const readyAt = Date.now() + 150;
        require('http').createServer((request, response) => {
          response.statusCode = request.url !== '/health/ready' ? 404 : Date.now() < readyAt ? 503 : 200;
          response.end('migrating');
        }).listen(+port, '127.0.0.1', () => console.log('listening', process.env.LAUREL_X));
        """;

    [Fact]
    public async Task It_is_ready_when_the_health_check_says_so_and_stops_in_order()
    {
        await using var server = await Start(stubborn: false);

        Assert.InRange(server.TimeToReady, TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(20));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync(new Uri("/", UriKind.Relative))).StatusCode);
        Assert.Equal(0, await server.Terminate());
        Assert.Contains("listening given", server.Output, StringComparison.Ordinal);
        Assert.Contains("draining", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kill_asks_nobody()
    {
        await using var server = await Start(stubborn: true);

        server.Kill();

        Assert.True(server.HasExited);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Client.GetAsync(new Uri("/", UriKind.Relative)));
    }

    [Fact]
    public async Task A_server_that_ignores_the_signal_is_killed_with_a_complaint()
    {
        await using var server = await Start(stubborn: true);

        await Assert.ThrowsAsync<TimeoutException>(() => server.Terminate(TimeSpan.FromMilliseconds(200)));

        Assert.True(server.HasExited);
    }

    [Fact]
    public async Task A_server_that_fails_to_start_tells_why()
    {
        Requirement.Need(Missing);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ServerProcess.StartProgram("node", _ => ["-e", StandIn, "--", "broken"]));

        Assert.Contains("no such database", failure.Message, StringComparison.Ordinal);
        Assert.Contains("3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_executable_lies_where_it_is_looked_for() => Assert.True(File.Exists(ServerProcess.Executable), ServerProcess.Executable);

    private static string? Missing => Tool.Find("node") is null ? "Node is not installed." : null;

    private static Task<ServerProcess> Start(bool stubborn)
    {
        Requirement.Need(Missing);
        return ServerProcess.StartProgram(
            "node",
            port => ["-e", StandIn, "--", $"{port}", stubborn ? "yes" : "no"],
            new Dictionary<string, string?> { ["LAUREL_X"] = "given" });
    }
}
