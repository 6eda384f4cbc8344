using System.Text.Json;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary>Everything out of one database and into another: nothing is lost, and nothing looks different.</summary>
public sealed class ExportTests
{
    [Theory, EveryEngine]
    public async Task There_and_back_it_is_the_same_to_the_byte(Engine engine)
    {
        var sample = await ExportSample.Get();
        await using var there = await TestDatabase.Create(engine);
        await using var back = await TestDatabase.Create(Engine.Sqlite);

        var (exitCode, output, error) = await Line.Run([.. ExportSample.ImportArguments(sample.File, there), "--json"]);

        Assert.True(exitCode == 0, error);
        var told = JsonDocument.Parse(output).RootElement;
        Assert.Equal("anew", told.GetProperty("begun").GetString());
        Assert.Equal(ExportSample.Lines(sample.Bytes).Count(line => line.Length > 0 && !line.StartsWith("{\"laurel\":", StringComparison.Ordinal)),
            told.GetProperty("rows").GetInt32());
        ExportSample.Same(sample.Bytes, await ExportSample.Export(there));
        if (engine != Engine.Sqlite)
        {
            await using var imported = Database.Open(new DatabaseOptions(there.ConnectionString));
            Assert.True(await imported.Read(async session => await session.QueryFirst<float>("SELECT reltuples FROM pg_class WHERE oid = 'awards'::regclass")) > 0,
                "The planner does not know how many awards were imported.");
        }
        var doctor = await Line.Run("doctor", "--database", there.ConnectionString);
        Assert.True(doctor.ExitCode == 0, doctor.Output);

        var migrated = await Line.Run("migrate", "--database", there.ConnectionString, "--to", back.ConnectionString);

        Assert.True(migrated.ExitCode == 0, migrated.Error);
        Assert.EndsWith("awards counted on sqlite: no difference.", migrated.Output.Trim(), StringComparison.Ordinal);
        ExportSample.Same(sample.Bytes, await ExportSample.Export(back));
    }

    [Theory, EveryEngine]
    public async Task No_table_is_forgotten(Engine engine)
    {
        var sample = await ExportSample.Get();
        await using var database = await TestDatabase.Create(engine);
        await using var open = Database.Open(new DatabaseOptions(database.ConnectionString));
        await Migrator.Apply(open);
        var columns = await open.Read(async session => (await session.Query<(string Table, string Column)>(engine == Engine.Sqlite
            ? "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
            : "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'")).ToList());
        var schema = await TransferSchema.At(Migrator.Newest);

        // Whoever adds a table that is left out says so there.
        Assert.Equal(columns.Select(each => each.Table).Distinct().Order(),
            schema.Tables.Select(table => table.Name).Concat(TransferSchema.LeftOut).Append("schema_versions").Order());
        Assert.All(schema.Tables, table => Assert.Equal(
            columns.Where(each => each.Table == table.Name).Select(each => each.Column).Order(), table.Stored.Select(column => column.Name).Order()));
        Assert.Equal([("awards", "listed"), ("badge_tallies", "node"), ("visitor_tallies", "node"), ("rule_watch", "node")],
            schema.Tables.SelectMany(table => table.Stored.Except(table.Columns).Select(column => (table.Name, column.Name))));
        // And the sample, which all these tests are about, has a row of each.
        var summary = await Export.Verify(new MemoryStream(sample.Bytes));
        Assert.Equal(schema.Tables.Select(table => table.Name), summary.Rows.Keys);
        Assert.All(summary.Rows, table => Assert.True(table.Value > 0, table.Key));
    }

    [Theory, EveryEngine]
    public async Task A_server_goes_on_where_the_other_ended(Engine engine)
    {
        var sample = await ExportSample.Get();
        await using var database = await TestDatabase.Create(engine);
        Assert.Equal(0, (await Line.Run(ExportSample.ImportArguments(sample.File, database))).ExitCode);
        await using var laurel = await TestCore.OpenSecond(database);
        var core = laurel.Core;

        Assert.Equal(1, (await core.Keys.Authenticate(sample.Secret))?.UserId);
        Assert.Equal(1, (await core.Keys.Authenticate(sample.AccessToken))?.UserId);
        var answer = (await core.Idempotency.Begin("scope", "one", "{}"u8.ToArray())).Answer!;
        Assert.Equal(201, answer.Status);
        Assert.Equal<byte>([0, 1, 254, 255], answer.Body);
        Assert.NotNull(await core.Icons.Find((await core.Badges.Find(2_125_253_106))!.IconHash!));
        // The award that is there is not made again; a new one has an id that nobody had.
        Assert.False((await laurel.Award(9001, 2_125_253_106)).Created);
        var ids = await core.Database.Read(async session => (await session.Query<long>("SELECT id FROM awards UNION SELECT award_id FROM award_history")).ToHashSet());
        var before = await core.Statistics.Awarded(2_125_253_106);
        await laurel.User(9002);
        var award = (await laurel.Award(9002, 2_125_253_106)).Award!;
        Assert.DoesNotContain(award.Id, ids);
        Assert.Equal(before + 1, await core.Statistics.Awarded(2_125_253_106));
        // Whoever was halfway in a rule needs one action more, and a new action is a new one.
        TestCore.Value(await core.Actions.Record(new ActionDraft(ExportSample.Action, 14)));
        Assert.NotNull(await core.UserAwards.AwardedDate(14, ExportSample.Pioneers));
        await TestCore.Settled(core);
        Assert.Equal(4, await core.Database.Read(async session => await session.QueryFirst<long>("SELECT taken FROM rule_seats")));
        var doctor = await Line.Run("doctor", "--database", database.ConnectionString);
        Assert.True(doctor.ExitCode == 0, doctor.Output);
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite, Engine.Postgres])]
    public async Task While_a_server_runs_it_holds_all_that_was_acknowledged(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var elsewhere = await TestDatabase.Create(engine == Engine.Sqlite ? Engine.Postgres : Engine.Sqlite);
        await using var laurel = await TestCore.OpenSecond(database);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        await laurel.Badge(2, 1, new Recurrence.Always());
        await laurel.Badge(3, 1, new Recurrence.PerSubject());
        for (var user = 1; user <= 40; user++)
        {
            await laurel.User(user);
        }
        TestCore.Value(await laurel.Core.ActionTypes.Put("visit", null, createOnly: false));
        using var ending = new CancellationTokenSource();
        var acknowledged = new System.Collections.Concurrent.ConcurrentDictionary<long, bool>();
        var awarding = Task.WhenAll(Enumerable.Range(1, 16).Select(caller => Task.Run(async () =>
        {
            for (var turn = caller; !ending.IsCancellationRequested; turn += 16)
            {
                var (user, badge) = (1 + (turn % 40), 1 + (turn % 3));
                if (await laurel.Award(user, badge, badge == 3 ? $"node:{turn}" : null) is { Created: true, Award: { } award })
                {
                    acknowledged.TryAdd(award.Id, true);
                }
                TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("visit", user)));
                if (turn % 7 == 0)
                {
                    await laurel.Core.Awarding.RemoveAll(user, 2, RemovalKind.Reset, null, null, default);
                }
            }
        })));
        while (acknowledged.Count < 300 && !awarding.IsCompleted)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        var before = acknowledged.Keys.ToList();
        var bytes = await ExportSample.Export(database);
        await ending.CancelAsync();
        await awarding;

        var rows = ExportSample.Lines(bytes);
        Assert.DoesNotContain(before, id => !Array.Exists(rows, row => row.Contains($"\"id\":{id},", StringComparison.Ordinal)
            || row.Contains($"\"award_id\":{id},", StringComparison.Ordinal)));
        var file = Path.Combine(Workspace.NewFolder("export"), "all.ndjson");
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        var imported = await Line.Run(ExportSample.ImportArguments(file, elsewhere));
        Assert.True(imported.ExitCode == 0, imported.Error);
        ExportSample.Same(bytes, await ExportSample.Export(elsewhere));
        var doctor = await Line.Run("doctor", "--database", elsewhere.ConnectionString);
        Assert.True(doctor.ExitCode == 0, doctor.Output);
    }

    [Fact]
    public async Task What_a_killed_server_left_is_in_it()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await using var elsewhere = await TestDatabase.Create(Engine.Postgres);
        await Faults.AwardLoad.Seed(database);
        var load = new Faults.AwardLoad();
        await using (var server = await ServerProcess.Start(database.ConnectionString, ["--open-dialects"]))
        {
            var running = load.Run(server.Address, TestContext.Current.CancellationToken);
            while (load.Acknowledged < 500 && !running.IsCompleted)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
            server.Kill();
            await running;
        }

        var migrated = await Line.Run("migrate", "--database", database.ConnectionString, "--to", elsewhere.ConnectionString);

        Assert.True(migrated.ExitCode == 0, migrated.Error);
        await using var there = await ServerProcess.Start(elsewhere.ConnectionString, ["--open-dialects"]);
        Assert.Empty(await load.Missing(there.Client));
    }

    [Fact]
    public async Task Only_its_owner_may_read_it()
    {
        var sample = await ExportSample.Get();
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        sample.CopyTo(database);
        var folder = Workspace.NewFolder("export");
        var modes = new Dictionary<string, UnixFileMode>();

        await Export.ToFile(new DatabaseOptions(database.ConnectionString), Path.Combine(folder, "all"), TimeProvider.System, new Each(() =>
        {
            foreach (var file in Directory.GetFiles(folder).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
            {
                modes[Path.GetFileName(file)] = Mode(file);
            }
        }));

        Assert.Contains("all.partial", modes.Keys);
        Assert.Contains("all.partial.db", modes.Keys);
        Assert.All(modes.Where(mode => mode.Key != "all.partial.of"), mode => Assert.Equal((mode.Key, OwnerOnly), (mode.Key, mode.Value)));
        Assert.Equal(["all"], Directory.GetFiles(folder).Select(Path.GetFileName));
        Assert.Equal(OwnerOnly, Mode(Path.Combine(folder, "all")));
    }

    [Fact]
    public async Task A_file_of_an_earlier_schema_becomes_this_ones()
    {
        var file = Path.Combine(Workspace.NewFolder("export"), "two.ndjson");
        await using (var old = await TestDatabase.Create(Engine.Sqlite))
        {
            await using var direct = Database.Open(new DatabaseOptions(old.ConnectionString));
            await Migrator.Apply(direct, 2);
            await direct.Write(async session => await session.Execute(
                "INSERT INTO actions (id, type, user_id, subject, occurred_at, recorded_at, properties) VALUES (5, 'edit', 7, 'node:1', 2592000000001, 3, NULL)"));
            var schema = await TransferSchema.At(2);
            await using var output = File.Create(file);
            using var writer = new ExportWriter(schema, output);
            await direct.ReadSnapshot(async session => await writer.Write(session, TalliesBehind.None, ExportPlace.Begin(schema), null));
        }
        await using var database = await TestDatabase.Create(Engine.Postgres);

        var (exitCode, _, error) = await Line.Run(ExportSample.ImportArguments(file, database));

        Assert.True(exitCode == 0, error);
        await using var now = Database.Open(new DatabaseOptions(database.ConnectionString));
        await Migrator.RequireNewest(now);
        Assert.Equal((1L, 7L, "node:1"), await now.Read(async session =>
            (await session.Query<(long, long, string)>("SELECT period, user_id, subject FROM user_actions WHERE id = 5")).Single()));
        var again = await Line.Run(ExportSample.ImportArguments(file, database));
        Assert.Equal((1, $"laurel: The export has schema 2 and the database {Migrator.Newest} already. Take a database that is new."), (again.ExitCode, again.Error.Trim()));
    }

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static UnixFileMode Mode(string file) => OperatingSystem.IsWindows() ? OwnerOnly : File.GetUnixFileMode(file);

    private sealed class Each(Action report) : IProgress<long>
    {
        public void Report(long value) => report();
    }
}
