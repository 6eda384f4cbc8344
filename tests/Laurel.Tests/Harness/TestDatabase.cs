using System.Collections.Concurrent;
using Laurel.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Laurel.Tests.Harness;

/// <summary>An empty database of one test, gone after it.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private const string FileName = "laurel.db";

    // Made once for each engine, and copied: the schema takes PostgreSQL longer than most tests take.
    private static readonly ConcurrentDictionary<Engine, Lazy<Task<TestDatabase>>> Models = new();

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

    /// <summary>Into how many: see <see cref="DatabaseOptions.Partitions"/>.</summary>
    public int Partitions => Partitioned ? 4 : 0;

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

    /// <summary>One that has the newest schema already, and nothing in it.</summary>
    public static async Task<TestDatabase> WithSchema(Engine engine)
    {
        Requirement.Need(Missing(engine));
        if (engine != Engine.Sqlite && (CitusCluster.IsGiven || !PrivatePostgres.IsOurs))
        {
            return await Create(engine);
        }
        var model = await Models.GetOrAdd(engine, of => new(() => Model(of))).Value;
        if (engine == Engine.Sqlite)
        {
            var folder = Workspace.NewFolder("sqlite");
            File.Copy(new SqliteConnectionStringBuilder(model.ConnectionString).DataSource, Path.Combine(folder, FileName));
            return InFolder(folder, deleteFolder: true);
        }
        return await InPostgres(engine, await PrivatePostgres.Shared(), model.ConnectionString);
    }

    private static async Task<TestDatabase> Model(Engine engine)
    {
        var model = await Create(engine);
        await using var database = Database.Open(new DatabaseOptions(model.ConnectionString) { Partitions = model.Partitions });
        await Migrator.Apply(database);
        return model;
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
        var connectionString = $"Data Source={Path.Combine(folder, FileName)}";
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

    private static async Task<TestDatabase> InPostgres(Engine engine, PrivatePostgres server, string? model = null)
    {
        var connectionString = await server.CreateDatabase(model);
        return new(engine, connectionString, async () => await server.DropDatabase(connectionString));
    }
}
