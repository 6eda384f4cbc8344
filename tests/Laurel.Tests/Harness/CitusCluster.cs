using Laurel.Core.Storage;
using Npgsql;

namespace Laurel.Tests.Harness;

/// <summary>The cluster of Citus that <c>LAUREL_TEST_CITUS</c> names, by the connection string of its coordinator to a database with the
/// extension and all workers. Every test of <see cref="Engine.Postgres"/> then has its database there: a copy, on each machine, of one
/// that was migrated for the first of them.</summary>
internal sealed class CitusCluster
{
    // Few, so that there is not more to copy than to test.
    private const int Shards = 4;

    private static readonly string? Given = Environment.GetEnvironmentVariable("LAUREL_TEST_CITUS") is { Length: > 0 } given ? given : null;
    private static readonly Lazy<Task<CitusCluster>> One = new(Open);
    private static int _databases;

    private readonly string _template = $"laurel_template_{Environment.ProcessId}";
    private static readonly SemaphoreSlim Copying = new(1, 1);

    private CitusCluster(IReadOnlyList<string> machines) => Machines = machines;

    public static bool IsGiven => Given is not null;

    /// <summary>Connection strings: the coordinator's, then the workers'.</summary>
    public IReadOnlyList<string> Machines { get; }

    public static Task<CitusCluster> Shared() => One.Value;

    private static async Task<CitusCluster> Open()
    {
        var coordinator = new NpgsqlConnectionStringBuilder(Given) { Pooling = false, IncludeErrorDetail = true };
        var machines = new List<string> { coordinator.ConnectionString };
        await using (var connection = new NpgsqlConnection(coordinator.ConnectionString))
        {
            await connection.OpenAsync();
            await using var workers = new NpgsqlCommand("SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0 AND noderole = 'primary' ORDER BY groupid", connection);
            await using var row = await workers.ExecuteReaderAsync();
            while (await row.ReadAsync())
            {
                machines.Add(new NpgsqlConnectionStringBuilder(coordinator.ConnectionString) { Host = row.GetString(0), Port = row.GetInt32(1) }.ConnectionString);
            }
        }
        var cluster = new CitusCluster(machines);
        await cluster.MakeTemplate();
        return cluster;
    }

    private async Task MakeTemplate()
    {
        await Everywhere($"CREATE DATABASE {_template}");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Everywhere($"DROP DATABASE {_template} WITH (FORCE)").GetAwaiter().GetResult();
        foreach (var machine in Machines)
        {
            await Run(In(machine, _template), "CREATE EXTENSION citus");
        }
        var coordinator = new NpgsqlConnectionStringBuilder(Machines[0]);
        List<string> join = [$"SELECT citus_set_coordinator_host('{coordinator.Host}', {coordinator.Port})"];
        foreach (var machine in Machines.Skip(1))
        {
            var worker = new NpgsqlConnectionStringBuilder(machine);
            join.Add($"SELECT citus_add_node('{worker.Host}', {worker.Port})");
        }
        await Run(In(Machines[0], _template), [.. join]);
        await using (var database = Database.Open(new DatabaseOptions(OfTests(_template))))
        {
            await Migrator.Apply(database);
        }
        // Nobody may be connected to what is copied; what Citus itself keeps there comes back until nobody may connect.
        await Everywhere($"ALTER DATABASE {_template} ALLOW_CONNECTIONS false");
        await Everywhere($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_template}'");
    }

    /// <summary>A database nobody used before, with the newest schema: its connection string, with a pool of at most 20.</summary>
    public async Task<string> CreateDatabase()
    {
        var name = $"laurel_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        await Copying.WaitAsync();
        try
        {
            // The workers first: the coordinator's part looks for theirs as soon as it is there.
            await Everywhere($"CREATE DATABASE {name} TEMPLATE {_template}");
        }
        finally
        {
            Copying.Release();
        }
        return OfTests(name);
    }

    public async Task DropDatabase(string connectionString)
    {
        await using (var pooled = new NpgsqlConnection(connectionString))
        {
            NpgsqlConnection.ClearPool(pooled);
        }
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
        // What Citus itself keeps there would come back between the end of all connections and that of the database.
        await Everywhere($"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        await Everywhere($"DROP DATABASE {name} WITH (FORCE)");
    }

    /// <summary>Ends a machine's server without a checkpoint, and starts it again after a while. Its files are on this machine.</summary>
    public static async Task Crash(string machine, Func<Task> meanwhile)
    {
        var data = await Ask<string>(machine, "SHOW data_directory");
        PrivatePostgres.Postgres("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop");
        try
        {
            await meanwhile();
        }
        finally
        {
            PrivatePostgres.Postgres("pg_ctl", "-D", data, "-l", Path.Combine(data, "restarted.log"), "-w", "start");
        }
    }

    /// <summary>Waits until no machine has a part of a transaction that the coordinator has not told it the end of.</summary>
    public async Task Recovered(string connectionString)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database;
        foreach (var machine in Machines)
        {
            while (await Ask<long>(machine, $"SELECT count(*) FROM pg_prepared_xacts WHERE database = '{database}'") > 0)
            {
                await Task.Delay(200);
            }
        }
    }

    private string OfTests(string name) => new NpgsqlConnectionStringBuilder(In(Machines[0], name))
    {
        Pooling = true,
        MaxPoolSize = 20,
        Options = $"-c citus.shard_count={Shards}",
    }.ConnectionString;

    private static string In(string machine, string database) => new NpgsqlConnectionStringBuilder(machine) { Database = database }.ConnectionString;

    // Each machine has its own list of databases. The coordinator last.
    private async Task Everywhere(string sql)
    {
        foreach (var machine in Machines.Reverse())
        {
            await Run(machine, "SET citus.enable_create_database_propagation = off", sql);
        }
    }

    private static async Task<T> Ask<T>(string machine, string sql)
    {
        await using var connection = new NpgsqlConnection(machine);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private static async Task Run(string machine, params string[] statements)
    {
        await using var connection = new NpgsqlConnection(machine);
        await connection.OpenAsync();
        foreach (var sql in statements)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
