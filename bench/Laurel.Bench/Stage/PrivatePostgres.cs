using Npgsql;

namespace Laurel.Bench;

/// <summary>A PostgreSQL cluster of this run alone: fsync and synchronous_commit on, other settings as shipped.</summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private readonly string programs;
    private readonly string directory;

    private PrivatePostgres(string programs, string directory, int port)
    {
        this.programs = programs;
        this.directory = directory;
        Port = port;
    }

    public int Port { get; }

    public int Pid { get; private set; }

    public static async Task<PrivatePostgres> Start(string parent, CancellationToken ct)
    {
        const string installed = "/usr/lib/postgresql";
        var newest = (Directory.Exists(installed) ? Directory.EnumerateDirectories(installed) : [])
            .Where(path => File.Exists($"{path}/bin/initdb"))
            .MaxBy(path => int.Parse(Path.GetFileName(path)));
        if (newest is null)
            throw new BenchException("PostgreSQL is missing (apt-get install postgresql); --engines sqlite measures without it.");

        var own = Directory.CreateDirectory(Path.Combine(parent, "postgres")).FullName;
        var postgres = new PrivatePostgres($"{newest}/bin", own, Stage.FreePort());
        try
        {
            await postgres.Start(ct);
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }

        return postgres;
    }

    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database}";

    public async Task Create(string database, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        await using var create = source.CreateCommand($"CREATE DATABASE {database}");
        await create.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Its version and what it says of its own durability.</summary>
    public async Task<string> Describe(CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        await using var settings = source.CreateCommand(
            """
            SELECT 'PostgreSQL ' || current_setting('server_version') || ' with '
              || string_agg(name || ' ' || current_setting(name), ', ' ORDER BY name)
            FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers')
            """);
        return (string)(await settings.ExecuteScalarAsync(ct))!;
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists($"{directory}/d/postmaster.pid"))
            await Call("pg_ctl", ["-D", $"{directory}/d", "-m", "immediate", "-w", "stop"], CancellationToken.None);
    }

    private async Task Start(CancellationToken ct)
    {
        if (Environment.UserName == "root")
            await Shell.Run("chown", ["postgres:postgres", directory], ct);
        await Call("initdb", ["-D", $"{directory}/d", "-U", "postgres", "-A", "trust", "--no-sync"], ct);
        // Two servers with a pool each: more connections than the shipped hundred.
        var options = $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={directory} " +
            "-c fsync=on -c synchronous_commit=on -c max_connections=300";
        await Call("pg_ctl", ["-D", $"{directory}/d", "-l", $"{directory}/log", "-w", "-o", options, "start"], ct);
        Pid = int.Parse(File.ReadLines($"{directory}/d/postmaster.pid").First());
    }

    // PostgreSQL refuses to run as root. pg_ctl must not hold our pipes: the server it starts would inherit them.
    private Task<string> Call(string program, string[] arguments, CancellationToken ct)
    {
        const string script = """ "$0" "$@" > "$BENCH_LOG" 2>&1 || { cat "$BENCH_LOG" >&2; exit 1; } """;
        string[] logged = ["env", $"BENCH_LOG={directory}/{program}.log", "sh", "-c", script, $"{programs}/{program}", .. arguments];
        return Environment.UserName == "root"
            ? Shell.Run("runuser", ["-u", "postgres", "--", .. logged], ct, directory)
            : Shell.Run(logged[0], logged[1..], ct, directory);
    }
}
