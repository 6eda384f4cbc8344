using System.Diagnostics;
using Laurel.Core.Awards;
using Laurel.Core.Storage;
using Laurel.Tests.Commands;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>Backups of a real server under load, and commands killed at any moment. LAUREL_KILL_ROUNDS sets how often.</summary>
public sealed class BackupFaultTests(ITestOutputHelper output)
{
    private const int Callers = 64;

    private static readonly int? Asked = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_KILL_ROUNDS"), out var asked) ? asked : null;

    [Fact]
    public async Task A_backup_under_load_is_a_prefix_with_all_that_was_acknowledged_before()
    {
        await using var database = new BackedUp(await TestDatabase.Create(Engine.Sqlite));
        await AwardLoad.Seed(database.Database);
        var load = new AwardLoad();
        var backups = new List<(string File, IReadOnlyCollection<(int User, int Badge)> Before)>();
        await using (var server = await ServerProcess.Start(database.ConnectionString, ["--open-dialects"]))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            var running = load.Run(server.Address, stop.Token, Callers);
            while (backups.Count < 3 && !load.IsUsedUp)
            {
                var before = load.AcknowledgedSoFar();
                var file = database.Beside($"backup-{backups.Count}");
                var (exitCode, _, error) = await ServerProcess.Run("backup", "create", file, "--database", database.ConnectionString);
                Assert.True(exitCode == 0, error);
                backups.Add((file, before));
            }
            await stop.CancelAsync();
            await running;
            Assert.Empty(await load.Missing(server.Client));
        }
        Assert.True(backups.Count > 1);
        Assert.NotEmpty(backups[^1].Before);

        var all = await Batches(database.ConnectionString);
        foreach (var (file, before) in backups)
        {
            await IsPrefix(file, before, all, database.Beside("restored.db"));
        }
        output.WriteLine($"{load.Acknowledged} acknowledged awards; before the backups {string.Join(", ", backups.Select(each => each.Before.Count))}.");
    }

    private static async Task IsPrefix(string file, IReadOnlyCollection<(int User, int Badge)> before, List<(long Node, long Sequence, byte[] Events)> all, string target)
    {
        var restored = $"Data Source={target}";
        var (exitCode, _, error) = await Line.Run("backup", "restore", file, "--to", target, "--discard");
        Assert.True(exitCode == 0, error);

        // The batches of the one server, up to one of them and none missing.
        var batches = await Batches(restored);
        var last = batches.Where(batch => batch.Node == 1).Max(batch => batch.Sequence);
        Assert.Equal(all.Where(batch => batch.Node != 1 || batch.Sequence <= last), batches, (one, other) =>
            one.Node == other.Node && one.Sequence == other.Sequence && one.Events.AsSpan().SequenceEqual(other.Events));

        await using (var server = await ServerProcess.Start(restored))
        {
            Assert.Empty(await AwardLoad.Missing(server.Client, before));
            Assert.Equal(0, await server.Terminate());
        }
        Assert.Equal(Awarded(batches), await Ledger(restored));
        var doctor = await Line.Run("doctor", "--database", restored);
        Assert.True(doctor.ExitCode == 0, doctor.Output);
    }

    [Fact]
    public async Task A_killed_create_leaves_no_backup_or_a_whole_one()
    {
        await using var database = new BackedUp(await TestDatabase.Create(Engine.Sqlite));
        await AwardLoad.Seed(database.Database);
        var load = new AwardLoad();
        await using var server = await ServerProcess.Start(database.ConnectionString, ["--open-dialects"]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = load.Run(server.Address, stop.Token, callers: 8);
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, (await ServerProcess.Run("backup", "create", database.Beside("first"), "--database", database.ConnectionString)).ExitCode);
        var whole = clock.Elapsed;
        var made = 0;
        for (var round = 0; round < (Asked ?? 8); round++)
        {
            var file = database.Beside($"backup-{round}");
            await KilledAfter(whole * (0.4 + (0.7 * Random.Shared.NextDouble())), "backup", "create", file, "--database", database.ConnectionString);
            if (File.Exists(file))
            {
                made++;
                Assert.True((await Backups.Verify(file)).Diagnosis.IsClean);
            }
        }
        await stop.CancelAsync();
        await running;
        // What was killed holds nothing up, and nobody has lost anything.
        Assert.Equal(0, (await ServerProcess.Run("backup", "create", database.Beside("last"), "--database", database.ConnectionString)).ExitCode);
        Assert.Empty(await load.Missing(server.Client));
        Assert.Equal(0, await server.Terminate());
        Assert.DoesNotContain(database.Files(), file => file.StartsWith("laurel.db-", StringComparison.Ordinal));
        output.WriteLine($"{made} of {Asked ?? 8} were made before they were killed.");
    }

    [Fact]
    public async Task A_killed_restore_leaves_the_old_database_or_the_backup()
    {
        await using var database = new BackedUp(await TestDatabase.Create(Engine.Sqlite));
        await AwardLoad.Seed(database.Database);
        var load = new AwardLoad();
        await Serve(database, load, 300);
        var file = await database.Backup();
        await Serve(database, load, 600);
        // Killed under load: with a log, and rows in no table.
        Copy(database.Path, database.Beside("old"));
        Assert.Equal(0, (await Line.Run("backup", "restore", file, "--to", database.Beside("scratch.db"))).ExitCode);
        var backup = await Contents($"Data Source={database.Beside("scratch.db")}");
        var old = await Contents(database.ConnectionString);
        Assert.NotEqual(backup, old);
        var clock = Stopwatch.StartNew();
        var (exitCode, _, error) = await ServerProcess.Run("backup", "restore", file, "--database", database.ConnectionString);
        Assert.True(exitCode == 0, error);
        var whole = clock.Elapsed;
        var replaced = 0;
        for (var round = 0; round < (Asked ?? 8); round++)
        {
            foreach (var left in database.Files().Where(name => name.StartsWith("laurel.db", StringComparison.Ordinal)))
            {
                File.Delete(database.Beside(left));
            }
            Copy(database.Beside("old"), database.Path);

            await KilledAfter(whole * (0.4 + (0.7 * Random.Shared.NextDouble())), "backup", "restore", file, "--database", database.ConnectionString);

            var found = await Contents(database.ConnectionString);
            Assert.Contains(found, new[] { old, backup });
            replaced += found == backup ? 1 : 0;
            var doctor = await Line.Run("doctor", "--database", database.ConnectionString);
            Assert.True(doctor.ExitCode == 0, doctor.Output);
        }
        output.WriteLine($"{replaced} of {Asked ?? 8} had replaced the database before they were killed.");
    }

    private static async Task Serve(BackedUp database, AwardLoad load, int until)
    {
        await using var server = await ServerProcess.Start(database.ConnectionString, ["--open-dialects"]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = load.Run(server.Address, stop.Token);
        while (load.Acknowledged < until)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
        server.Kill();
        await running;
    }

    // As it lies there, with its log.
    private static void Copy(string from, string to)
    {
        foreach (var part in new[] { "", "-wal" }.Where(part => File.Exists(from + part)))
        {
            File.Copy(from + part, to + part);
        }
    }

    // What the database holds: which awards, by which batches.
    private static async Task<string> Contents(string connection)
    {
        var batches = (await Batches(connection)).Where(batch => Outbox.Unpack(batch.Events).Count > 0).ToList();
        return $"{batches.Count} batches to {batches.Max(batch => batch.Sequence)}, {Awarded(batches).Count} awards";
    }

    private static async Task KilledAfter(TimeSpan delay, params string[] arguments)
    {
        using var process = ServerProcess.Launch(ServerProcess.Executable, arguments);
        await Task.Delay(delay);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    private static async Task<List<(long Node, long Sequence, byte[] Events)>> Batches(string connection)
    {
        await using var direct = Database.Open(new DatabaseOptions(connection));
        return await direct.Read(async session => (await session.Query<(long, long, byte[])>("SELECT node, sequence, events FROM outbox ORDER BY node, sequence")).ToList());
    }

    private static List<(long User, long Badge, long Id)> Awarded(List<(long Node, long Sequence, byte[] Events)> batches) =>
        [.. batches.SelectMany(batch => Outbox.Unpack(batch.Events)).Where(each => each.Kind == OutboxKind.Awarded)
            .Select(each => (each.UserId, each.BadgeId, each.AwardId)).Order()];

    private static async Task<List<(long User, long Badge, long Id)>> Ledger(string connection)
    {
        await using var direct = Database.Open(new DatabaseOptions(connection));
        return await direct.Read(async session => (await session.Query<(long, long, long)>("SELECT user_id, badge_id, id FROM awards ORDER BY user_id, badge_id, id")).ToList());
    }
}
