using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Laurel.Tests.Harness;

namespace Laurel.Tests.Clients;

/// <summary>noblox.js as its users run it, led to a server under test by its environment alone.
/// See tests/clients/noblox/README.md.</summary>
internal sealed class NobloxClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Folder = Path.Combine(RepositoryRoot(), "tests", "clients", "noblox");
    private static readonly Lazy<Task<string?>> Installation = new(Install);

    private readonly TestAuthority _authority;
    private readonly ConnectProxy _proxy;

    private NobloxClient(TestAuthority authority, Uri server)
    {
        _authority = authority;
        _proxy = ConnectProxy.Start(server, authority.Leaf);
    }

    /// <summary>The hosts called so far, as <c>badges.roblox.com:443</c>.</summary>
    public IReadOnlyCollection<string> Hosts => _proxy.Hosts;

    /// <summary>Skips the running test where the client cannot be installed.</summary>
    /// <param name="authority">What the client is told to trust.</param>
    /// <param name="server"><c>https</c> with the authority's leaf, or plain <c>http</c>.</param>
    public static async Task<NobloxClient> Start(TestAuthority authority, Uri server)
    {
        if (await Installation.Value is { } reason)
        {
            Missing.Skip(reason);
        }

        return new NobloxClient(authority, server);
    }

    /// <summary>Runs the badge tests that noblox.js publishes, as published.</summary>
    public async Task<SuiteReport> RunBadgeSuite(string session)
    {
        var report = Path.GetTempFileName();
        try
        {
            // The time-out is jest's only setting that speaks of this machine, which may be busy.
            var run = await Node(session,
                "node_modules/jest/bin/jest.js", "--config=jest.config.json", "--runInBand", "--no-cache", "--no-watchman",
                "--testTimeout=20000", "--json", $"--outputFile={report}");
            var json = await File.ReadAllTextAsync(report);
            return json.Length == 0
                ? throw new InvalidOperationException($"jest reported nothing: {run}")
                : SuiteReport.Parse(json, $"{run}\n{string.Join('\n', _proxy.Failures)}");
        }
        finally
        {
            File.Delete(report);
        }
    }

    /// <summary>Calls one exported function of noblox.js after <c>setCookie</c>.</summary>
    /// <returns><c>{"result":…}</c>, or <c>{"error":{"message","status","code"}}</c>.</returns>
    public async Task<JsonElement> Call(string session, string function, params object?[] arguments)
    {
        var run = await Node(session, "call.js", function, JsonSerializer.Serialize(arguments));
        var answer = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [.., var last] ? last : "";
        return answer.StartsWith('{')
            ? JsonElement.Parse(answer)
            : throw new InvalidOperationException($"noblox.js answered nothing: {run}");
    }

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    private Task<Finished> Node(string session, params string[] arguments) => Run("node", arguments, environment =>
    {
        // Nothing of the machine's own may lead the client elsewhere (NO_PROXY), loosen TLS or change Node.
        var path = environment["PATH"];
        environment.Clear();
        environment["PATH"] = path;
        environment["HOME"] = Path.GetTempPath();
        environment["HTTPS_PROXY"] = _proxy.Address.ToString();
        environment["NODE_EXTRA_CA_CERTS"] = _authority.PemFile;
        environment["COOKIE"] = session;
    });

    private static async Task<string?> Install()
    {
        try
        {
            var version = await Run("node", ["--version"], _ => { });
            if (!Version.TryParse(version.Output.TrimStart('v').Trim(), out var node) || node.Major < 18)
            {
                return $"noblox.js needs Node 18 or newer, here is {version.Output.Trim()}.";
            }

            var install = await Run("bash", ["install"], _ => { });
            return install.ExitCode == 0 ? null : $"noblox.js could not be installed: {install}";
        }
        catch (Win32Exception e)
        {
            return $"noblox.js needs Node, npm and bash: {e.Message}";
        }
    }

    private static async Task<Finished> Run(string program, string[] arguments, Action<IDictionary<string, string?>> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        environment(start.Environment);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            return new Finished(-1, await output, $"{await error}\n(stopped after {Patience})");
        }

        return new Finished(process.ExitCode, await output, await error);
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Laurel.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside their repository.");
        }

        return folder.FullName;
    }

    private sealed record Finished(int ExitCode, string Output, string Error)
    {
        public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
    }
}

/// <summary>What jest's <c>--json</c> says of one run.</summary>
internal sealed record SuiteReport(int Total, int Passed, int Failed, bool Success, string Log)
{
    public static SuiteReport Parse(string json, string log)
    {
        var report = JsonElement.Parse(json);
        return new SuiteReport(
            report.GetProperty("numTotalTests").GetInt32(),
            report.GetProperty("numPassedTests").GetInt32(),
            report.GetProperty("numFailedTests").GetInt32(),
            report.GetProperty("success").GetBoolean(),
            log);
    }
}
