using System.Text.RegularExpressions;
using Laurel.Core.Awards;
using Laurel.Core.Storage;
using Laurel.Tests.Commands;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Storage;

/// <summary>Where each table lies on a cluster of Citus, as the migrations say it, and that a database is told so only there.</summary>
public sealed partial class CitusTests
{
    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task Every_table_has_a_place_and_no_unique_key_is_without_the_column_that_spreads_it(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await Migrator.Apply(direct);
        var declared = await Declared();

        var tables = await Column(direct, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
        Assert.Equal(tables.Order(), declared.Keys.Order());
        Assert.All(declared.Values, table => Assert.True(table.Reference != table.DistributedBy is not null, $"{table.Table} is reference or distributed."));

        var distributed = declared.Values.Where(table => table.DistributedBy is not null).ToList();
        foreach (var table in distributed)
        {
            // Also of unique indexes that are no constraints.
            Assert.Empty(await Column(direct, """
                SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid = @table::regclass AND i.indisunique AND NOT EXISTS
                  (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = @column AND a.attnum = ANY (i.indkey))
                """, new { table = table.Table, column = table.DistributedBy }));
        }

        // What lies together is spread by the same thing.
        var types = new Dictionary<string, string>();
        foreach (var table in distributed)
        {
            types[table.Table] = (await Column(direct, "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = @table::regclass AND attname = @column",
                new { table = table.Table, column = table.DistributedBy })).Single();
        }
        Assert.All(distributed.Where(table => table.With is not null), table => Assert.Equal(types[table.With!], types[table.Table]));
        Assert.All(distributed.Where(table => table.DistributedBy == "user_id"), table => Assert.Equal("users", table.With));
    }

    [Fact]
    public async Task Where_Citus_is_every_table_is_given_its_place_and_the_ledger_inserts_values()
    {
        Requirement.Need(PrivatePostgres.Missing);
        var folder = Workspace.NewFolder("citus");
        await using var cluster = await PrivatePostgres.StartNew(settings: ["log_statement=all"], folder: folder);
        await using var database = await TestDatabase.On(cluster);
        await FakeCitus.Install(database);

        await using (var first = await TestCore.OpenSecond(database))
        await using (var second = await TestCore.OpenSecond(database))
        {
            await first.Issuer(1);
            await first.Badge(1, 1);
            await first.Badge(2, 1, new Recurrence.PerSubject());
            for (var user = 1; user <= 20; user++)
            {
                await first.User(user);
            }
            await Task.WhenAll(Enumerable.Range(0, 80).Select(async round =>
            {
                var laurel = round % 2 == 0 ? first : second;
                Assert.Null((await laurel.Award(1 + (round / 2 % 20), 1)).Refusal);
                Assert.Null((await laurel.Award(1 + (round % 20), 2, subject: $"{round / 4}")).Refusal);
            }));
            Assert.Equal(20, await first.Core.Statistics.Awarded(1));
            // What a moderator revoked stays so.
            await first.Core.Awarding.RemoveAll(3, 1, RemovalKind.Revoke, null, null, TestContext.Current.CancellationToken);
            Assert.NotNull((await second.Award(3, 1)).Refusal);
        }
        await AssertSound(database);
        // Rules, actions and imports besides.
        await using var other = await TestDatabase.On(cluster);
        await FakeCitus.Install(other);
        Assert.Equal(0, (await Line.Demo(other)).ExitCode);
        await AssertSound(other);

        var declared = await Declared();
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        var standing = await Column(direct, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'pg_dist_partition'");
        // Others are gone again.
        var places = (await FakeCitus.Places(database)).Where(place => standing.Contains(place.Key)).ToDictionary();
        Assert.Equal(standing.Order(), places.Keys.Order());
        Assert.All(places, place => Assert.Equal(
            declared[place.Key] is { DistributedBy: { } column } table ? $"{column} {table.With ?? "none"}" : "reference", place.Value));
        var statements = await File.ReadAllTextAsync(Path.Combine(folder, "log"), TestContext.Current.CancellationToken);
        Assert.Contains("INSERT INTO awards", statements, StringComparison.Ordinal);
        Assert.DoesNotMatch(InsertFromArrays(), statements);
        Assert.DoesNotContain("FOR UPDATE", statements, StringComparison.Ordinal);
    }

    [Theory, EveryEngine(Only = [Engine.Postgres, Engine.PostgresPartitioned])]
    public async Task Where_Citus_is_not_nothing_of_it_runs(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await FakeCitus.Install(database, present: false);

        await using (await TestCore.OpenSecond(database))
        {
            Assert.Empty(await FakeCitus.Places(database));
        }
    }

    [Fact]
    public async Task Partitions_are_refused_where_Citus_is()
    {
        Requirement.Need(PrivatePostgres.Missing);
        await using var database = await TestDatabase.On(await PrivatePostgres.Shared());
        await FakeCitus.Install(database);

        var (exitCode, _, error) = await Line.Run("demo", "--database", database.ConnectionString, "--partitions", "4");

        Assert.Equal((2, "laurel: --partitions is for PostgreSQL without Citus, which spreads the tables by itself.\n"), (exitCode, error));
        Assert.Empty(await FakeCitus.Places(database));
    }

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task Rows_are_the_same_from_arrays_and_from_values(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await direct.Write(async session => await session.Execute("CREATE TABLE things (id BIGINT, kind SMALLINT, name TEXT, packed BYTEA, node SMALLINT, PRIMARY KEY (id, node))"));
        var insert = new PostgresInsert("things", "id bigint, kind smallint, name text, packed bytea", "ON CONFLICT DO NOTHING", ("node", "7"));
        var ids = Enumerable.Range(1, 1201).Select(id => (long)id).ToArray();
        Array[] values = [ids, ids.Select(id => (short)(id % 5)).ToArray(), ids.Select(id => id % 3 == 0 ? null : $"n{id}").ToArray(), ids.Select(id => new[] { (byte)id }).ToArray()];

        async Task<(int Statements, string Content)> Write(bool distributed) => await direct.Write<(int, string)>(async session =>
        {
            await session.Execute("DELETE FROM things");
            var inserted = new List<int>();
            foreach (var (sql, parameters) in insert.Statements(distributed, values))
            {
                await using var command = PostgresInsert.Command(session, sql, parameters);
                inserted.Add(await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
            }
            Assert.Equal(ids.Length, inserted.Sum());
            return (inserted.Count, (await session.QueryFirst<string>("SELECT string_agg(things::text, ';' ORDER BY id) FROM things"))!);
        });

        var (whole, fromArrays) = await Write(distributed: false);
        var (several, fromValues) = await Write(distributed: true);

        Assert.Equal((1, 3), (whole, several));
        Assert.Equal(fromArrays, fromValues);
        Assert.Contains("(3,3,,", fromArrays, StringComparison.Ordinal);
    }

    private static async Task AssertSound(TestDatabase database)
    {
        var (exitCode, output, error) = await Line.Run("doctor", "--database", database.ConnectionString);
        Assert.True(exitCode == 0, output + error);
    }

    // By name; of tables that were dropped again no more is asked.
    private static async Task<Dictionary<string, MigrationStatement>> Declared()
    {
        var statements = await Migrator.Statements(Migrator.Newest);
        var dropped = statements.Select(statement => statement.Sql).Where(sql => sql.StartsWith("DROP TABLE ", StringComparison.Ordinal)).Select(sql => sql.Split(' ')[2]);
        return statements.Where(statement => statement.IsTable).Prepend(Migrator.Versions).ExceptBy(dropped, table => table.Table).ToDictionary(table => table.Table);
    }

    private static async Task<IReadOnlyList<string>> Column(Database database, string sql, object? parameters = null) =>
        await database.Read<IReadOnlyList<string>>(async session => [.. await session.Query<string>(sql, parameters)]);

    [GeneratedRegex(@"INSERT INTO \w+ \([^)]*\)\s+SELECT \*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex InsertFromArrays();
}
