using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Text;

namespace Laurel.Tests.Harness;

/// <summary>The real executable as a process of its own, to be killed, stopped and measured.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServerProcess(Process process, int port)
    {
        _process = process;
        Address = new($"http://127.0.0.1:{port}");
        Client = new() { BaseAddress = Address };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    /// <summary>The executable of the same configuration as these tests.</summary>
    public static string Executable { get; } = Metadata("LaurelExecutable");

    public Uri Address { get; }

    public HttpClient Client { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>From the start of the process to the first 200 of <c>/health/ready</c>.</summary>
    public TimeSpan TimeToReady { get; private set; }

    /// <summary>Standard output and error so far, in the order they came.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary><c>laurel serve</c> on a free port, ready to answer.</summary>
    /// <param name="database">A connection string.</param>
    /// <param name="arguments">Further ones.</param>
    /// <param name="environment">Added to ours, from which all settings of Laurel and ASP.NET are removed; null removes a variable.</param>
    /// <param name="patience">How long it may take to become ready; by default 30 s.</param>
    /// <exception cref="InvalidOperationException">It ended or stayed unready; says what it wrote.</exception>
    public static Task<ServerProcess> Start(
        string database,
        IEnumerable<string>? arguments = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        TimeSpan? patience = null) => StartProgram(
            Executable,
            port => ["serve", "--urls", $"http://127.0.0.1:{port}", "--database", database, .. arguments ?? []],
            environment,
            patience);

    public static async Task<ServerProcess> StartProgram(
        string program,
        Func<int, IEnumerable<string>> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        TimeSpan? patience = null)
    {
        var port = Tool.FreePort();
        var clock = Stopwatch.StartNew();
        var server = new ServerProcess(Launch(program, arguments(port), environment), port);
        try
        {
            await server.BecomeReady(clock, patience ?? DefaultPatience);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command of the executable (<c>doctor</c>, <c>demo</c> …) to its end.</summary>
    public static Task<(int ExitCode, string Output, string Error)> Run(params IEnumerable<string> arguments) => Run(environment: null, arguments);

    /// <inheritdoc cref="Start" path="/param"/>
    public static async Task<(int ExitCode, string Output, string Error)> Run(
        IReadOnlyDictionary<string, string?>? environment, IEnumerable<string> arguments)
    {
        using var process = Launch(Executable, arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Runs a command of the executable, and kills it after a while if it has not ended by itself.</summary>
    /// <returns>Its exit code; null where it was killed.</returns>
    public static async Task<int?> RunAndKill(TimeSpan after, params IEnumerable<string> arguments)
    {
        using var process = Launch(Executable, arguments, environment: null);
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(after);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            return null;
        }
    }

    /// <summary>SIGKILL, to its children too: no chance to finish anything.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception ended) when (ended is InvalidOperationException or Win32Exception)
        {
            // It was faster.
        }

        _process.WaitForExit();
    }

    /// <summary>SIGTERM, as an orderly stop sends it; the exit code.</summary>
    /// <exception cref="TimeoutException">It did not end in time (by default 30 s) and was killed; says what it wrote.</exception>
    public async Task<int> Terminate(TimeSpan? patience = null)
    {
        Tool.Send(Signal.Terminate, _process.Id);
        using var deadline = new CancellationTokenSource(patience ?? DefaultPatience);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException tooLong)
        {
            Kill();
            throw new TimeoutException($"Process {Id} did not end after SIGTERM. It wrote:\n{Output}", tooLong);
        }
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        Client.Dispose();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task BecomeReady(Stopwatch clock, TimeSpan patience)
    {
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var probe = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(2) };
        var lastAnswer = "nothing listened";
        while (clock.Elapsed < patience)
        {
            if (_process.HasExited)
            {
                // The last lines of its output are still on their way.
                await _process.WaitForExitAsync();
                throw new InvalidOperationException($"The server ended with {_process.ExitCode} before it was ready. It wrote:\n{Output}");
            }

            try
            {
                using var answer = await probe.GetAsync(new Uri("/health/ready", UriKind.Relative));
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    TimeToReady = clock.Elapsed;
                    return;
                }

                lastAnswer = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
            }
            catch (Exception refused) when (refused is HttpRequestException or OperationCanceledException)
            {
                // Not listening yet.
            }

            await Task.Delay(10);
        }

        throw new InvalidOperationException($"The server was not ready after {patience}; last: {lastAnswer}. It wrote:\n{Output}");
    }

    /// <summary>Starts a program as a server is started; the caller ends it.</summary>
    public static Process Launch(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(Tool.Find(program) ?? program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // The content root, as `dotnet run` and ./run have it.
            WorkingDirectory = Metadata("LaurelContentRoot"),
        };
        foreach (var inherited in start.Environment.Keys.Where(IsSetting).ToList())
        {
            start.Environment.Remove(inherited);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        Workspace.Track(process.Id);
        return process;
    }

    private static bool IsSetting(string variable) =>
        variable.StartsWith("LAUREL_", StringComparison.Ordinal)
        || variable.StartsWith("ASPNETCORE_", StringComparison.Ordinal)
        || variable is "DOTNET_ENVIRONMENT" or "DOTNET_URLS";

    private static string Metadata(string key) => typeof(ServerProcess).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == key).Value!;

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
