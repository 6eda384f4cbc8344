using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Storage;

/// <summary>A new schema comes to a database that is in use.</summary>
public sealed class MigratorTests
{
    private const string WaitsForNodes = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'nodes'::regclass AND NOT granted)";

    [Theory, EveryEngine(Only = [Engine.Postgres, Engine.PostgresPartitioned])]
    public async Task A_migration_waits_for_a_table_as_long_as_it_takes_and_lets_others_through(Engine engine)
    {
        await using var given = await TestDatabase.Create(engine);
        // What a migration waits for, or works on, may take longer than any caller would wait.
        await using var database = Database.Open(new DatabaseOptions($"{given.ConnectionString};Command Timeout=1") { Partitions = given.Partitions });
        await Migrator.Apply(database, 6);
        await using var reader = Database.Open(new DatabaseOptions(given.ConnectionString));
        var (holds, isRead) = (new TaskCompletionSource(), new TaskCompletionSource());
        var reading = reader.ReadSnapshot(async session =>
        {
            await session.Execute("LOCK TABLE nodes IN ACCESS SHARE MODE");
            holds.SetResult();
            await isRead.Task;
            return true;
        }).AsTask();
        await holds.Task;

        var migration = Migrator.Apply(database);

        for (var waits = 0; waits < 2; waits++)
        {
            await Until(waiting: true);
            // Behind the migration, which steps back.
            Assert.Empty(await reader.Read(async session => await session.Query<long>("SELECT slot FROM nodes")));
            await Until(waiting: false);
        }
        isRead.SetResult();
        await reading;
        Assert.Equal(Migrator.Newest, await migration);
        Assert.Equal(Migrator.Newest, await Migrator.Find(reader));

        async Task Until(bool waiting)
        {
            while (await reader.Read(async session => await session.QueryFirst<bool>(WaitsForNodes)) != waiting)
            {
                Assert.False(migration.IsCompleted, "The migration did not wait.");
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }
    }
}
