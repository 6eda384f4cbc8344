using System.Data.Common;
using Laurel.Tests.Harness;
using Microsoft.Data.Sqlite;
using Npgsql;
using Xunit;

namespace Laurel.Tests.HarnessTests;

public sealed class TestDatabaseTests
{
    [Theory, EveryEngine]
    public async Task Two_databases_of_an_engine_share_nothing(Engine engine)
    {
        await using var one = await TestDatabase.Create(engine);
        await using var other = await TestDatabase.Create(engine);

        await Execute(one, "CREATE TABLE t (n BIGINT)");
        await Execute(other, "CREATE TABLE t (n BIGINT)");
        await Execute(one, "INSERT INTO t VALUES (1)");

        Assert.Equal(0L, await Execute(other, "SELECT count(*) FROM t"));
        Assert.Equal(engine is Engine.PostgresPartitioned, one.Partitioned);
    }

    [Theory, EveryEngine]
    public async Task A_disposed_database_is_gone(Engine engine)
    {
        var database = await TestDatabase.Create(engine);
        await Execute(database, "CREATE TABLE t (n BIGINT)");

        await database.DisposeAsync();

        // Neither engine creates a database by opening it: SQLite would need the folder.
        await Assert.ThrowsAnyAsync<DbException>(() => Execute(database, "SELECT 1"));
    }

    [Theory, EveryEngine(1, "x"), EveryEngine(2, "y", Only = [Engine.Sqlite])]
    public void Further_values_follow_the_engine(Engine engine, int number, string text) =>
        Assert.True((number, text) == (1, "x") || (engine, number, text) == (Engine.Sqlite, 2, "y"));

    [Fact]
    public async Task A_crashed_cluster_comes_back_with_what_it_had_committed()
    {
        Requirement.Need(PrivatePostgres.Missing);
        await using var postgres = await PrivatePostgres.StartNew(settings: ["synchronous_commit=on", "log_min_messages=warning"]);
        var database = await postgres.CreateDatabase();
        await Execute(new NpgsqlConnection(database), "CREATE TABLE t (n BIGINT)");
        await Execute(new NpgsqlConnection(database), "INSERT INTO t VALUES (7)");

        postgres.Crash();
        await Assert.ThrowsAnyAsync<DbException>(() => Execute(new NpgsqlConnection(database), "SELECT n FROM t"));
        postgres.Start();

        Assert.Equal(7L, await Execute(new NpgsqlConnection(database), "SELECT n FROM t"));
    }

    private static Task<object?> Execute(TestDatabase database, string sql) => Execute(
        database.Engine is Engine.Sqlite ? new SqliteConnection(database.ConnectionString) : new NpgsqlConnection(database.ConnectionString), sql);

    private static async Task<object?> Execute(DbConnection connection, string sql)
    {
        await using (connection)
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            return await command.ExecuteScalarAsync();
        }
    }
}
