using System.Diagnostics;

namespace Laurel.Bench;

/// <summary>How to start a server, and where it says that it can serve.</summary>
internal sealed record Launch(string File, string[] Arguments, string Address, string ReadyPath)
{
    public string? AdminKey { get; init; }
}

/// <summary>A server under measurement, started by us and stopped by us.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly HttpClient Probe = new() { Timeout = TimeSpan.FromSeconds(2) };

    private readonly Process process;
    private readonly string log;
    private bool disposed;

    private ServerProcess(Process process, string log, Uri address)
    {
        this.process = process;
        this.log = log;
        Address = address;
        Pid = process.Id;
    }

    public Uri Address { get; }

    /// <summary>From the start of the process to its first 200.</summary>
    public TimeSpan StartUp { get; private set; }

    public int Pid { get; }

    public double Cpu() => disposed ? 0 : ProcFs.Cpu(Pid);

    public static async Task<ServerProcess> Start(Launch launch, string home, string log, CancellationToken ct)
    {
        if (!File.Exists(launch.File))
            throw new BenchException($"{launch.File} is not there: build it first (bench/run does), or leave it out with --only.");
        // exec keeps the pid, so that it is the server's own CPU we read.
        const string script = """exec "$0" "$@" > "$BENCH_LOG" 2>&1 < /dev/null""";
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, launch.File, .. launch.Arguments]) { WorkingDirectory = home };
        start.Environment["BENCH_LOG"] = log;
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        if (launch.AdminKey is not null)
            start.Environment["LAUREL_ADMIN_KEY"] = launch.AdminKey;

        var clock = Stopwatch.StartNew();
        var server = new ServerProcess(Shell.Start(start), log, new Uri(launch.Address));
        try
        {
            await server.WaitUntilReady(new Uri(server.Address, launch.ReadyPath), ct);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        server.StartUp = clock.Elapsed;
        return server;
    }

    /// <summary>Asks the server to end and waits until it has, so that it leaves its database as it does in real life.</summary>
    public async Task Stop(CancellationToken ct)
    {
        await Shell.Run("kill", ["-TERM", $"{Pid}"], ct);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Failed("did not stop within a minute of SIGTERM");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
            return;
        disposed = true;
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    public BenchException Failed(string how)
    {
        var end = string.Join('\n', File.ReadLines(log).TakeLast(20));
        return new BenchException($"{process.StartInfo.ArgumentList[2]} {how}. The end of its log:\n{end}");
    }

    private async Task WaitUntilReady(Uri ready, CancellationToken ct)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromMinutes(5); await Task.Delay(2, ct))
        {
            if (process.HasExited)
                throw Failed("ended before it was ready");
            try
            {
                using var answer = await Probe.GetAsync(ready, ct);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // Listening, but slow to answer.
            }
        }

        throw Failed("was not ready within five minutes");
    }
}
