using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>A new version takes over from the one before it. LAUREL_PREVIOUS names the executable of that one (tests/soak/rolling-upgrade
/// builds it); without it this version takes over from itself, as at a restart.</summary>
public sealed class RollingUpgradeTests(ITestOutputHelper output)
{
    private static readonly string Previous = Environment.GetEnvironmentVariable("LAUREL_PREVIOUS") is { Length: > 0 } given ? given : ServerProcess.Executable;

    // Requests for each part of the way.
    private static readonly int Part = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_UPGRADE_REQUESTS"), out var asked) ? asked : 300;

    [Theory, EveryEngine(Only = [Engine.Postgres, Engine.PostgresPartitioned])]
    public async Task Two_versions_serve_one_database_side_by_side_under_load_without_an_error(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        var load = new MixedLoad();
        using var stopOld = new CancellationTokenSource();
        using var stopNew = new CancellationTokenSource();
        await using var old = await MixedLoad.Serve(database, Previous);
        var before = await Schema(database);
        await MixedLoad.Seed(old.Address);
        var onOld = load.Run(old.Address, stopOld.Token);
        await Until(load, onOld);

        // Migrates where there is something to migrate.
        await using var @new = await MixedLoad.Serve(database);
        var onNew = load.Run(@new.Address, stopNew.Token);
        await Until(load, onOld, onNew);
        await stopOld.CancelAsync();
        await onOld;
        Assert.Empty(await load.Missing(@new.Address));
        Assert.Equal(0, await old.Terminate());
        await Until(load, onNew);
        await stopNew.CancelAsync();
        await onNew;

        Assert.Empty(load.Errors);
        Assert.Empty(await load.Missing(@new.Address));
        Assert.Equal(0, await @new.Terminate());
        await AssertSound(database);
        output.WriteLine($"{engine}: schema {before} to {Migrator.Newest}, {load.Answered} requests answered, {load.Acknowledged} awards, no error.");
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite])]
    public async Task A_version_goes_on_where_the_one_before_it_was_stopped(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        var load = new MixedLoad();
        foreach (var executable in new[] { Previous, ServerProcess.Executable })
        {
            using var stop = new CancellationTokenSource();
            await using var server = await MixedLoad.Serve(database, executable);
            if (load.Answered == 0)
            {
                await MixedLoad.Seed(server.Address);
            }
            Assert.Empty(await load.Missing(server.Address));
            var running = load.Run(server.Address, stop.Token);
            await Until(load, running);
            await stop.CancelAsync();
            await running;
            Assert.Equal(0, await server.Terminate());
        }

        Assert.Empty(load.Errors);
        await AssertSound(database);
        output.WriteLine($"{engine}: schema {Migrator.Newest}, {load.Answered} requests answered, {load.Acknowledged} awards, no error.");
    }

    [Theory, EveryEngine]
    public async Task A_server_goes_on_when_a_later_version_expands_the_schema_under_it_and_starts_no_more(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        var load = new MixedLoad();
        using var stop = new CancellationTokenSource();
        await using var server = await MixedLoad.Serve(database);
        await MixedLoad.Seed(server.Address);
        var running = load.Run(server.Address, stop.Token);
        await Until(load, running);

        await Expand(database);
        await Until(load, running);
        var late = await Assert.ThrowsAsync<InvalidOperationException>(() => MixedLoad.Serve(database));
        await Until(load, running);
        await stop.CancelAsync();
        await running;

        Assert.Contains("ended with 3 ", late.Message, StringComparison.Ordinal);
        Assert.Contains($"laurel: The database has schema {Migrator.Newest + 1}; this version knows {Migrator.Newest}.", late.Message, StringComparison.Ordinal);
        Assert.Empty(load.Errors);
        Assert.Empty(await load.Missing(server.Address));
        Assert.Equal(0, await server.Terminate());
        await Contract(database);
        await AssertSound(database);
    }

    // What the next version may do while this one runs: add tables, columns that may be missing, and indexes.
    private static async Task Expand(TestDatabase database)
    {
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await direct.Migrate(async session =>
        {
            foreach (var table in new[] { "awards", "badges", "users", "visitors", "user_actions", "user_rules", "badge_tallies", "outbox", "nodes", "changes" })
            {
                await session.Execute($"ALTER TABLE {table} ADD COLUMN of_a_later_version TEXT");
            }
            await session.Execute("CREATE TABLE later_things (id BIGINT NOT NULL PRIMARY KEY)");
            await session.Execute("CREATE INDEX awards_later ON awards (user_id, of_a_later_version) WHERE of_a_later_version IS NOT NULL");
            return await session.Execute("INSERT INTO schema_versions (version) VALUES (@number)", new { number = Migrator.Newest + 1L });
        });
    }

    // So that this version's doctor looks at it.
    private static async Task Contract(TestDatabase database)
    {
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await direct.Write(async session => await session.Execute("DELETE FROM schema_versions WHERE version > @newest", new { newest = (long)Migrator.Newest }));
    }

    private static async Task<int> Schema(TestDatabase database)
    {
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        return await Migrator.Find(direct);
    }

    // As much again, by all who run.
    private static async Task Until(MixedLoad load, params Task[] running)
    {
        var more = load.Answered + Part;
        while (load.Answered < more && load.Errors.Count == 0)
        {
            Assert.All(running, each => Assert.False(each.IsCompleted));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        Assert.Empty(load.Errors);
    }

    private static async Task AssertSound(TestDatabase database)
    {
        var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", database.ConnectionString);
        Assert.True(exitCode == 0, findings + error);
    }
}
