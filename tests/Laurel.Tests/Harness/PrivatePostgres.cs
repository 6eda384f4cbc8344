using Npgsql;

namespace Laurel.Tests.Harness;

/// <summary>A PostgreSQL cluster of the tests' own, on a free loopback port, without a password. Most tests share one per process,
/// started when the first of them needs it; <c>LAUREL_TEST_POSTGRES</c> (the connection string of a role that may create
/// databases) names an existing server to use instead.</summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private const string DataFolder = "data";
    private static readonly string? Existing = Environment.GetEnvironmentVariable("LAUREL_TEST_POSTGRES") is { Length: > 0 } given ? given : null;
    private static readonly string? Binaries = FindBinaries();
    private static readonly Lazy<Task<PrivatePostgres>> One = new(() => Existing is null
        ? StartNew()
        : Task.FromResult(new PrivatePostgres(folder: null, new NpgsqlConnectionStringBuilder(Existing))));
    private static int _databases;

    private readonly string? _folder;
    private readonly NpgsqlConnectionStringBuilder _connection;
    private readonly NpgsqlDataSource _maintenance;
    private (int Id, long StartedAt)? _postmaster;

    private PrivatePostgres(string? folder, NpgsqlConnectionStringBuilder connection)
    {
        _folder = folder;
        _connection = new(connection.ConnectionString) { IncludeErrorDetail = true, MaxPoolSize = 20 };
        _maintenance = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_connection.ConnectionString) { MaxPoolSize = 4 });
    }

    /// <summary>Whether the shared one goes with this process, and all that is left in it.</summary>
    public static bool IsOurs => Existing is null;

    /// <summary>Why no cluster can be started here; null when one can.</summary>
    public static string? Missing => Existing is null ? MissingForNew : null;

    private static string? MissingForNew =>
        Binaries is null ? "PostgreSQL is not installed (no initdb in /usr/lib/postgresql/*/bin, beside pg_config, or on the PATH)."
        : Environment.IsPrivilegedProcess && Tool.Try("runuser", "-u", "postgres", "--", "true").ExitCode != 0
            ? "PostgreSQL does not run as root, and there is no user 'postgres' to run it as."
            : null;

    public int Port => _connection.Port;

    public static Task<PrivatePostgres> Shared() => One.Value;

    /// <summary>A cluster for one test alone, which may crash it.</summary>
    /// <param name="fsync">Without it a commit is safe from a crash of the server, not from <see cref="PowerCut"/>.</param>
    /// <param name="settings">Further ones, as <c>name=value</c>.</param>
    /// <param name="folder">Where to keep it (a <see cref="PowerCut.Folder"/>); by default the workspace.</param>
    public static async Task<PrivatePostgres> StartNew(bool fsync = false, IEnumerable<string>? settings = null, string? folder = null)
    {
        if (MissingForNew is { } missing)
        {
            throw new InvalidOperationException(missing);
        }

        return await StartNew(folder ?? Workspace.NewFolder("postgres"), fsync, settings ?? [], data =>
            Postgres("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"));
    }

    /// <summary>As a host: where the cluster listens besides TCP.</summary>
    public const string Sockets = "@laurel";

    /// <summary>A standby of this cluster, which follows it under a name.</summary>
    /// <param name="name">As <c>synchronous_standby_names</c> has it.</param>
    /// <param name="settings">Further ones.</param>
    public Task<PrivatePostgres> StartStandby(string name, IEnumerable<string> settings) =>
        StartNew(Workspace.NewFolder("postgres"), fsync: false, [.. settings, $"primary_conninfo={FollowedAs(name)}"], data =>
            Postgres("pg_basebackup", "-D", data, "-d", FollowedAs(name), "-c", "fast", "-X", "stream", "-R", "--no-sync"));

    /// <summary>How a standby follows this cluster.</summary>
    public string FollowedAs(string name) => $"host=127.0.0.1 port={Port} user=postgres application_name={name}";

    /// <summary>A statement outside of every database of a test's.</summary>
    public async Task<T> Ask<T>(string sql)
    {
        await using var command = _maintenance.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Changes a setting that needs no restart.</summary>
    public async Task Set(string name, string value)
    {
        await using var set = _maintenance.CreateCommand($"ALTER SYSTEM SET {name} = '{value}'");
        await set.ExecuteNonQueryAsync();
        await Ask<bool>("SELECT pg_reload_conf()");
    }

    private static async Task<PrivatePostgres> StartNew(string folder, bool fsync, IEnumerable<string> settings, Action<string> make)
    {
        if (Environment.IsPrivilegedProcess)
        {
            Tool.Run("chown", "postgres", folder);
        }

        return await Task.Run(() =>
        {
            make(Path.Combine(folder, DataFolder));
            List<string> all = [$"fsync={(fsync ? "on" : "off")}", "max_connections=200", "listen_addresses=127.0.0.1", .. settings];
            for (var attempt = 1; ; attempt++)
            {
                var cluster = new PrivatePostgres(folder, new()
                {
                    Host = "127.0.0.1",
                    Port = Tool.FreePort(),
                    Username = "postgres",
                    Database = "postgres",
                });
                // A socket without a file: a deep temporary folder would make its path too long.
                File.WriteAllLines(
                    Path.Combine(folder, DataFolder, "postgresql.auto.conf"),
                    [.. all.Select(Quoted), $"port = {cluster.Port}", $"unix_socket_directories = '{Sockets}'"]);
                if (fsync)
                {
                    // The fresh cluster too must outlive a power cut.
                    Tool.Run("sync", "--file-system", folder);
                }

                try
                {
                    cluster.Start();
                    return cluster;
                }
                catch (InvalidOperationException) when (attempt < 3)
                {
                    // Somebody may have taken the port since it was found free.
                    cluster._maintenance.Dispose();
                }
            }
        });
    }

    /// <summary>A database nobody used before: its connection string, with a pool of at most 20.</summary>
    /// <param name="model">The connection string of a database to copy, to which nobody is connected; null for an empty one.</param>
    public async Task<string> CreateDatabase(string? model = null)
    {
        var name = $"laurel_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}_{Random.Shared.Next():x}";
        var template = model is null ? "" : $" TEMPLATE {new NpgsqlConnectionStringBuilder(model).Database}";
        await using var create = _maintenance.CreateCommand($"CREATE DATABASE {name}{template}");
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(_connection.ConnectionString) { Database = name }.ConnectionString;
    }

    public async Task DropDatabase(string connectionString)
    {
        await using (var pooled = new NpgsqlConnection(connectionString))
        {
            NpgsqlConnection.ClearPool(pooled);
        }

        var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
        await using var drop = _maintenance.CreateCommand($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        await drop.ExecuteNonQueryAsync();
    }

    /// <summary>Ends the server without a checkpoint, as a crash does. <see cref="Start"/> brings it back through recovery.</summary>
    public void Crash()
    {
        if (_postmaster is var (id, startedAt))
        {
            Workspace.Stop(id, startedAt);
        }
    }

    public void Start()
    {
        // What was open to a server that crashed leads nowhere.
        _maintenance.Clear();
        var data = Path.Combine(Own, DataFolder);
        var log = Path.Combine(Own, "log");
        if (_postmaster is var (former, startedAt) && Tool.StartedAt(former) != startedAt)
        {
            // Left by a power cut. After a real one no process has its number; here the dead one may still be waiting to be reaped.
            File.Delete(Path.Combine(data, "postmaster.pid"));
        }

        try
        {
            Postgres("pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "start");
        }
        catch (InvalidOperationException failed)
        {
            throw new InvalidOperationException($"{failed.Message}\n{string.Join('\n', File.Exists(log) ? File.ReadLines(log).TakeLast(20) : [])}", failed);
        }

        var id = int.Parse(File.ReadLines(Path.Combine(data, "postmaster.pid")).First());
        Workspace.Track(id, postmaster: true);
        _postmaster = (id, Tool.StartedAt(id) ?? throw new InvalidOperationException("PostgreSQL ended as soon as it had started."));
    }

    public async ValueTask DisposeAsync()
    {
        await _maintenance.DisposeAsync();
        await Task.Run(() =>
        {
            Crash();
            if (_folder is not null)
            {
                Workspace.Clear(Path.Combine(_folder, DataFolder));
            }
        });
    }

    private string Own => _folder ?? throw new InvalidOperationException("The server of LAUREL_TEST_POSTGRES is not ours to start and stop.");

    private static string Quoted(string setting) =>
        setting.Split('=', 2) is [var name, var value] ? $"{name} = '{value.Replace("'", "''", StringComparison.Ordinal)}'" : throw new ArgumentException(setting);

    /// <summary>Runs one of PostgreSQL's own programs to its end, as a user that it may run as.</summary>
    public static void Postgres(string program, params string[] arguments)
    {
        var path = Path.Combine(Binaries!, program);
        _ = Environment.IsPrivilegedProcess ? Tool.Run("runuser", ["-u", "postgres", "--", path, .. arguments]) : Tool.Run(path, arguments);
    }

    private static string? FindBinaries()
    {
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0)
            : Enumerable.Empty<string>();
        IEnumerable<string?> folders =
        [
            .. debian.Select(folder => Path.Combine(folder, "bin")),
            Tool.Find("pg_config") is { } config ? Tool.Try(config, "--bindir").Output.Trim() : null,
            Path.GetDirectoryName(Tool.Find("initdb")),
        ];
        return folders.FirstOrDefault(folder => folder is { Length: > 0 } && File.Exists(Path.Combine(folder, "initdb")));
    }
}
