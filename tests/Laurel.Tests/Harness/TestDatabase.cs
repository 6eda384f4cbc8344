using Microsoft.Data.Sqlite;

namespace Laurel.Tests.Harness;

/// <summary>An empty database of one test, gone after it.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly Func<ValueTask> _delete;

    private TestDatabase(Engine engine, string connectionString, Func<ValueTask> delete)
    {
        Engine = engine;
        ConnectionString = connectionString;
        _delete = delete;
    }

    public Engine Engine { get; }

    public string ConnectionString { get; }

    /// <summary>Whether its growing tables are to be created partitioned (STORAGE.md, rule 8).</summary>
    public bool Partitioned => Engine is Engine.PostgresPartitioned;

    /// <summary>Why the engine cannot run here; null when it can.</summary>
    public static string? Missing(Engine engine) => engine switch
    {
        Engine.Sqlite => null,
        Engine.Postgres when CitusCluster.IsGiven => null,
        Engine.Postgres or Engine.PostgresPartitioned => PrivatePostgres.Missing,
    };

    public static async Task<TestDatabase> Create(Engine engine)
    {
        Requirement.Need(Missing(engine));
        return engine switch
        {
            Engine.Sqlite => InFolder(Workspace.NewFolder("sqlite"), deleteFolder: true),
            Engine.Postgres when CitusCluster.IsGiven => await OnCitus(),
            Engine.Postgres or Engine.PostgresPartitioned => await InPostgres(engine, await PrivatePostgres.Shared()),
        };
    }

    private static async Task<TestDatabase> OnCitus()
    {
        var cluster = await CitusCluster.Shared();
        var connectionString = await cluster.CreateDatabase();
        return new(Engine.Postgres, connectionString, async () => await cluster.DropDatabase(connectionString));
    }

    /// <summary>One in a cluster of the test's own.</summary>
    public static Task<TestDatabase> On(PrivatePostgres cluster) => InPostgres(Engine.Postgres, cluster);

    /// <summary>One that somebody else has made on PostgreSQL, and deletes.</summary>
    public static TestDatabase OnPostgres(string connectionString) => new(Engine.Postgres, connectionString, () => ValueTask.CompletedTask);

    /// <summary>A SQLite database in a folder of the test's own, as that of a <see cref="PowerCut"/>; the folder stays.</summary>
    public static TestDatabase InFolder(string folder) => InFolder(folder, deleteFolder: false);

    public ValueTask DisposeAsync() => _delete();

    private static TestDatabase InFolder(string folder, bool deleteFolder)
    {
        var connectionString = $"Data Source={Path.Combine(folder, "laurel.db")}";
        return new(Engine.Sqlite, connectionString, () =>
        {
            using (var pooled = new SqliteConnection(connectionString))
            {
                SqliteConnection.ClearPool(pooled);
            }

            if (deleteFolder)
            {
                Workspace.Clear(folder);
            }

            return ValueTask.CompletedTask;
        });
    }

    private static async Task<TestDatabase> InPostgres(Engine engine, PrivatePostgres server)
    {
        var connectionString = await server.CreateDatabase();
        return new(engine, connectionString, async () => await server.DropDatabase(connectionString));
    }
}
