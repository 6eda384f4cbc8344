using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Laurel.Bench;

/// <summary>What one table runs on: a directory, databases in it, servers over them. Disposing stops and deletes all of it.</summary>
internal sealed class Stage : IAsyncDisposable
{
    // Three rooms, because a server may watch its home: neither its database nor its log may move there.
    private readonly string directory;
    private readonly string home;
    private readonly string data;
    private readonly List<ServerProcess> servers = [];
    private readonly string adminKey = RandomNumberGenerator.GetHexString(32, lowercase: true);

    private Stage(Settings settings, string directory)
    {
        Settings = settings;
        this.directory = directory;
        home = Directory.CreateDirectory(Path.Combine(directory, "home")).FullName;
        data = Directory.CreateDirectory(Path.Combine(directory, "data")).FullName;
    }

    public Settings Settings { get; }

    public PrivatePostgres? Postgres { get; private set; }

    public static async Task<Stage> Open(Settings settings, CancellationToken ct)
    {
        if (new DriveInfo(settings.DataDirectory).DriveFormat is "tmpfs" or "ramfs")
            throw new BenchException($"{settings.DataDirectory} is memory, where a commit costs nothing: choose a disk with --data.");
        var stage = new Stage(settings, Path.Combine(settings.DataDirectory, $"laurel-bench-{Environment.ProcessId}"));
        try
        {
            if (settings.Engines.Contains(Engine.PostgreSql))
                stage.Postgres = await PrivatePostgres.Start(stage.data, ct);
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }

        return stage;
    }

    public async Task<IStore> NewStore(Engine engine, string name, CancellationToken ct)
    {
        if (engine == Engine.Sqlite)
            return new SqliteStore(Path.Combine(data, $"{name}.db"));
        await Postgres!.Create(name, ct);
        return new PostgresStore(Postgres.ConnectionString(name), Postgres.Pid);
    }

    public Task<ServerProcess> StartPeer(IStore store, int users, CancellationToken ct)
    {
        var address = NewAddress();
        return Start(new Launch(Settings.Peer, [address, store.ConnectionString, $"{users}"], address, "/bare/v1/badges/1"), ct);
    }

    public Task<ServerProcess> StartTwin(CancellationToken ct)
    {
        var address = NewAddress();
        return Start(new Launch(Settings.Twin, [address], address, "/health/ready"), ct);
    }

    public Task<ServerProcess> StartLaurel(IStore store, CancellationToken ct, params string[] more)
    {
        var address = NewAddress();
        string[] arguments = ["serve", "--urls", address, "--database", store.ConnectionString, "--open-dialects", .. more];
        return Start(new Launch(Settings.Laurel, arguments, address, "/health/ready") { AdminKey = adminKey }, ct);
    }

    /// <summary>Laurel's own recount of its database: what was built in bulk must be what the server would have written.</summary>
    public Task Doctor(IStore store, CancellationToken ct) =>
        Shell.Run(Settings.Laurel, ["doctor", "--database", store.ConnectionString], ct, home);

    /// <summary>Fills an empty database with the demo's data.</summary>
    public Task Demo(IStore store, CancellationToken ct) =>
        Shell.Run(Settings.Laurel, ["demo", "--database", store.ConnectionString], ct, home);

    public NativeApi NativeApi(ServerProcess server) => new(server.Address, adminKey);

    /// <summary>A file that wrk may read.</summary>
    public string Write(string name, IEnumerable<string> lines)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllLines(path, lines);
        return path;
    }

    /// <summary>Waits until nothing works any more: a naive server still chews on requests whose callers have gone.</summary>
    public async Task Settle(CancellationToken ct)
    {
        const double quietMicroseconds = 30_000;
        for (var waited = 0; waited < 60; waited++)
        {
            var before = Cpu();
            await Task.Delay(300, ct);
            if (Cpu() - before < quietMicroseconds)
                return;
        }

        double Cpu() => servers.Sum(server => server.Cpu()) + (Postgres is null ? 0 : ProcFs.CpuOfFamily(Postgres.Pid));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers)
            await server.DisposeAsync();
        if (Postgres is not null)
            await Postgres.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string NewAddress() => $"http://127.0.0.1:{FreePort()}";

    private async Task<ServerProcess> Start(Launch launch, CancellationToken ct)
    {
        var server = await ServerProcess.Start(launch, home, Path.Combine(directory, $"server-{servers.Count}.log"), ct);
        servers.Add(server);
        return server;
    }
}
