using System.Text;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary>Exports, imports and moves that are broken off and called again, and files that are damaged.</summary>
public sealed class ExportFaultTests
{
    private sealed class BrokenOff : Exception;

    // Breaks off at the n-th report, between two chunks.
    private sealed class Breaking(int reports) : IProgress<long>
    {
        private int _left = reports;

        public void Report(long value)
        {
            if (--_left == 0)
            {
                throw new BrokenOff();
            }
        }
    }

    private static DatabaseOptions Options(TestDatabase database) =>
        new(database.ConnectionString) { Partitions = database.Partitioned ? 4 : 0 };

    [Theory, EveryEngine(Only = [Engine.Sqlite, Engine.Postgres])]
    public async Task A_broken_off_export_goes_on_and_is_the_same(Engine engine)
    {
        var sample = await ExportSample.Get();
        // PostgreSQL tells only of the whole cluster whether somebody has written.
        await using var cluster = engine == Engine.Postgres ? await PrivatePostgres.StartNew(settings: ["autovacuum=off"]) : null;
        await using var database = cluster is null ? await TestDatabase.Create(engine) : await TestDatabase.On(cluster);
        Assert.Equal(0, (await Line.Run(ExportSample.ImportArguments(sample.File, database))).ExitCode);
        var random = new Random(1);
        var continued = 0;
        for (var at = 1; at < 32; at += 5)
        {
            var file = Path.Combine(Workspace.NewFolder("export"), "all");
            await Assert.ThrowsAsync<BrokenOff>(() => Export.ToFile(Options(database), file, TimeProvider.System, new Breaking(at)));
            Assert.False(File.Exists(file));
            // A process may also be killed within a chunk, or the machine lose its end.
            await using (var partial = File.OpenWrite(file + ".partial"))
            {
                partial.SetLength(partial.Length - random.NextInt64(partial.Length / 2));
            }

            var exported = await Export.ToFile(Options(database), file, TimeProvider.System);

            continued += exported.Begun == TransferBegun.Continued ? 1 : 0;
            Assert.NotEqual(TransferBegun.Again, exported.Begun);
            ExportSample.Same(sample.Bytes, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.Equal([file], Directory.GetFiles(Path.GetDirectoryName(file)!));
        }
        Assert.InRange(continued, 3, 7);
    }

    [Theory, EveryEngine]
    public async Task It_begins_again_when_the_database_has_changed(Engine engine)
    {
        var sample = await ExportSample.Get();
        await using var database = await TestDatabase.Create(engine);
        Assert.Equal(0, (await Line.Run(ExportSample.ImportArguments(sample.File, database))).ExitCode);
        var file = Path.Combine(Workspace.NewFolder("export"), "all");
        await Assert.ThrowsAsync<BrokenOff>(() => Export.ToFile(Options(database), file, TimeProvider.System, new Breaking(30)));
        await using (var direct = Database.Open(Options(database)))
        {
            // Nothing else tells of it.
            await direct.Write(async session => await session.Execute("UPDATE users SET followers_count = followers_count + 1 WHERE id = 3"));
        }

        var (exitCode, output, _) = await Line.Run("export", file, "--database", database.ConnectionString);

        Assert.Equal(0, exitCode);
        Assert.Contains("It began again: the source has changed", output, StringComparison.Ordinal);
        ExportSample.Same(await ExportSample.Export(database), await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
    }

    [Theory, EveryEngine]
    public async Task A_broken_off_import_goes_on_and_nobody_serves_half_of_it(Engine engine)
    {
        var sample = await ExportSample.Get();
        await using var database = await TestDatabase.Create(engine);
        var other = Path.Combine(Workspace.NewFolder("export"), "other");
        await File.WriteAllBytesAsync(other, await Other(), TestContext.Current.CancellationToken);
        for (var at = 6; at < 32; at += 8)
        {
            await using (var file = File.OpenRead(sample.File))
            {
                await Assert.ThrowsAsync<BrokenOff>(() => Import.FromFile(Options(database), file, TimeProvider.System, new Breaking(at)));
            }
            var serve = await Line.Run("serve", "--urls", "http://127.0.0.1:0", "--database", database.ConnectionString);
            Assert.Equal((1, "laurel: An import into this database has not come to its end. Run it again first."), (serve.ExitCode, serve.Error.Trim()));
        }
        var exported = await Line.Run("export", other + "2", "--database", database.ConnectionString);
        var mixed = await Line.Run(ExportSample.ImportArguments(other, database));
        Assert.Equal((1, 1), (exported.ExitCode, mixed.ExitCode));
        Assert.Contains("An import into this database has not come to its end", exported.Error, StringComparison.Ordinal);
        Assert.Contains("the beginning of another import", mixed.Error, StringComparison.Ordinal);
        await using (var file = File.OpenRead(sample.File))
        {
            // All is stored, and nobody has looked whether it is right.
            await Assert.ThrowsAsync<BrokenOff>(() => Import.FromFile(Options(database), file, TimeProvider.System, null, new Breaking(20)));
        }

        var (exitCode, output, error) = await Line.Run(ExportSample.ImportArguments(sample.File, database));

        Assert.True(exitCode == 0, error);
        Assert.Contains("It went on where an interrupted one ended.", output, StringComparison.Ordinal);
        ExportSample.Same(sample.Bytes, await ExportSample.Export(database));
        Assert.Equal(0, (await Line.Run("doctor", "--database", database.ConnectionString)).ExitCode);
    }

    // The sample, but that its last row of users is another one's.
    private static async Task<byte[]> Other()
    {
        var sample = await ExportSample.Get();
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        sample.CopyTo(database);
        await using (var direct = Database.Open(Options(database)))
        {
            await direct.Write(async session => await session.Execute("UPDATE issuers SET name = 'Other'"));
        }
        return await ExportSample.Export(database);
    }

    [Theory, EveryEngine]
    public async Task A_broken_off_move_goes_on_or_begins_again_with_a_source_that_changed(Engine engine)
    {
        var sample = await ExportSample.Get();
        await using var source = await TestDatabase.Create(Engine.Sqlite);
        await using var target = await TestDatabase.Create(engine);
        sample.CopyTo(source);
        foreach (var at in new[] { 9, 31 })
        {
            await Assert.ThrowsAsync<BrokenOff>(() => Move.Run(Options(source), Options(target), TimeProvider.System, new Breaking(at)));
        }

        Assert.Equal(TransferBegun.Continued, (await Move.Run(Options(source), Options(target), TimeProvider.System)).Begun);
        ExportSample.Same(sample.Bytes, await ExportSample.Export(target));
        await using var second = await TestDatabase.Create(engine);
        await Assert.ThrowsAsync<BrokenOff>(() => Move.Run(Options(source), Options(second), TimeProvider.System, new Breaking(31)));
        await using (var direct = Database.Open(Options(source)))
        {
            await direct.Write(async session => await session.Execute("DELETE FROM places"));
        }
        Assert.Equal(TransferBegun.Again, (await Move.Run(Options(source), Options(second), TimeProvider.System)).Begun);
        ExportSample.Same(await ExportSample.Export(source), await ExportSample.Export(second));
        Assert.Equal(["laurel.db"], Directory.GetFiles(Path.GetDirectoryName(ExportSample.PathOf(source.ConnectionString))!).Select(Path.GetFileName));
    }

    [Theory, EveryEngine(Only = [Engine.Sqlite, Engine.Postgres])]
    public async Task Killed_at_any_point_and_run_again_it_is_the_same(Engine engine)
    {
        var sample = await ExportSample.Get();
        await using var source = await TestDatabase.Create(Engine.Sqlite);
        sample.CopyTo(source);
        await using var imported = await TestDatabase.Create(engine);
        await using var moved = await TestDatabase.Create(engine);
        var file = Path.Combine(Workspace.NewFolder("export"), "all");
        string[][] commands =
        [
            ["export", file, "--database", source.ConnectionString],
            ExportSample.ImportArguments(sample.File, imported),
            ["migrate", "--database", source.ConnectionString, "--to", moved.ConnectionString],
        ];
        foreach (var command in commands)
        {
            // Later each time, and never at the same moment, until one has ended.
            int? exitCode = null;
            for (var milliseconds = 160 + Random.Shared.Next(60); exitCode is null; milliseconds += milliseconds * 2 / 5)
            {
                exitCode = await ServerProcess.RunAndKill(TimeSpan.FromMilliseconds(milliseconds), command);
                // Killed when the file had its name, there was nothing left to do.
                exitCode ??= command[0] == "export" && File.Exists(file) ? 0 : null;
            }
            Assert.Equal(0, exitCode);
        }
        ExportSample.Same(sample.Bytes, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        ExportSample.Same(sample.Bytes, await ExportSample.Export(imported));
        ExportSample.Same(sample.Bytes, await ExportSample.Export(moved));
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task A_flipped_bit_anywhere_is_found_and_its_line_named(int seed)
    {
        var sample = await ExportSample.Get();
        var random = new Random(seed);
        var ends = ExportSample.Lines(sample.Bytes).Index().Where(line => line.Item.StartsWith("{\"laurel\":", StringComparison.Ordinal)).Select(line => line.Index + 1).ToList();
        for (var times = 0; times < 60; times++)
        {
            // Some of them in the first lines and in the last.
            var at = (times % 6) switch { 0 => random.Next(400), 1 => sample.Bytes.Length - 1 - random.Next(1200), _ => random.Next(sample.Bytes.Length) };
            var damaged = (byte[])sample.Bytes.Clone();
            damaged[at] ^= (byte)(1 << random.Next(8));
            var line = 1 + sample.Bytes.AsSpan(0, at).Count((byte)'\n');

            var failure = await Assert.ThrowsAsync<TransferException>(() => Verify(damaged));

            // Found in the line, or by the checksum behind it.
            if (failure.Message.StartsWith("Line ", StringComparison.Ordinal))
            {
                var named = int.Parse(failure.Message["Line ".Length..failure.Message.IndexOf(':')]);
                Assert.True(named >= line && named <= ends.First(end => end >= line) + 1, $"Byte {at} of line {line}: {failure.Message}");
            }
            else
            {
                Assert.Equal(1, line);
            }
        }
    }

    [Fact]
    public async Task A_missing_and_a_doubled_line_and_a_lost_end_are_found()
    {
        var sample = await ExportSample.Get();
        var random = new Random(3);
        var lines = ExportSample.Lines(sample.Bytes)[..^1];
        for (var times = 0; times < 40; times++)
        {
            var line = times < 3 ? times : times == 3 ? lines.Length - 1 : random.Next(lines.Length);
            await Assert.ThrowsAsync<TransferException>(() => Verify([.. lines[..line], .. lines[(line + 1)..]]));
            var doubled = await Assert.ThrowsAsync<TransferException>(() => Verify([.. lines[..(line + 1)], .. lines[line..]]));
            Assert.StartsWith($"Line {line + 2}: ", doubled.Message, StringComparison.Ordinal);
            var other = random.Next(lines.Length);
            if (other != line)
            {
                string[] swapped = [.. lines];
                (swapped[line], swapped[other]) = (lines[other], lines[line]);
                await Assert.ThrowsAsync<TransferException>(() => Verify(swapped));
            }
            var cut = await Assert.ThrowsAsync<TransferException>(() => Verify(sample.Bytes[..random.Next(sample.Bytes.Length)]));
            Assert.StartsWith("Line ", cut.Message, StringComparison.Ordinal);
        }
        await Assert.ThrowsAsync<TransferException>(() => Verify([.. lines[..^1]]));
        await Assert.ThrowsAsync<TransferException>(() => Verify([.. sample.Bytes, (byte)'\n']));
    }

    private static Task<ExportSummary> Verify(string[] lines) => Verify(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));

    private static Task<ExportSummary> Verify(byte[] bytes) => Export.Verify(new MemoryStream(bytes));

    [Theory]
    [InlineData("", "Line 1: this is no export of Laurel's.")]
    [InlineData("\n", "Line 1: this is no export of Laurel's.")]
    [InlineData("a,b\n1,2\n", "Line 1: this is no export of Laurel's.")]
    [InlineData("{\"laurel\":7}\n", "Line 1: this is no export of Laurel's.")]
    [InlineData("[1]\n", "Line 1: this is no export of Laurel's.")]
    [InlineData("{\"laurel\":\"export\",\"format\":1,\"schema\":0}\n", "Line 1: this is no export of Laurel's.")]
    [InlineData("{\"laurel\":\"export\",\"format\":1, \"schema\":3}\n", "Line 1: this is no export of Laurel's.")]
    [InlineData("{\"laurel\":\"export\",\"format\":2,\"schema\":3}\n", "The export has format 2; this version knows 1.")]
    [InlineData("{\"laurel\":\"export\",\"format\":1,\"schema\":99}\n", "The export has schema 99; this version knows ")]
    [InlineData("{\"laurel\":\"export\",\"format\":1,\"schema\":3}\n", "Line 1: the file ends here, before its end.")]
    public async Task Another_file_is_refused_in_one_line_and_changes_nothing(string text, string why)
    {
        var folder = Workspace.NewFolder("export");
        var file = Path.Combine(folder, "file");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        var verified = await Line.Run("export", "--verify", file);
        var imported = await Line.Run("import", file, "--database", $"Data Source={Path.Combine(folder, "laurel.db")}");

        Assert.Equal((1, "", 1, ""), (verified.ExitCode, verified.Output, imported.ExitCode, imported.Output));
        Assert.StartsWith($"laurel: {why}", verified.Error, StringComparison.Ordinal);
        Assert.Equal(verified.Error, imported.Error);
        Assert.Single(verified.Error.Trim().Split('\n'));
        Assert.Equal([file], Directory.GetFiles(folder));
    }

    [Theory, EveryEngine]
    public async Task A_database_in_use_or_with_content_is_not_imported_into(Engine engine)
    {
        var sample = await ExportSample.Get();
        await using var database = await TestDatabase.Create(engine);
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            var used = await Line.Run(ExportSample.ImportArguments(sample.File, database));
            Assert.Equal((1, "laurel: A server runs on the database. Stop it first."), (used.ExitCode, used.Error.Trim()));
            var migrated = await Line.Run("migrate", "--database", database.ConnectionString, "--to", database.ConnectionString);
            Assert.Equal((1, used.Error), (migrated.ExitCode, migrated.Error));
        }
        var none = await Line.Run("export", Path.Combine(Workspace.NewFolder("export"), "all"), "--database", $"Data Source={Path.Combine(Workspace.NewFolder("export"), "none.db")}");
        Assert.Equal(3, none.ExitCode);
        // A server that stored nothing left only its own traces.
        Assert.Equal(0, (await Line.Run(ExportSample.ImportArguments(sample.File, database))).ExitCode);
        var again = await Line.Run(ExportSample.ImportArguments(sample.File, database));
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.EndsWith("That had been done already.", again.Output.Trim(), StringComparison.Ordinal);
        await using (var direct = Database.Open(Options(database)))
        {
            await direct.Write(async session => await session.Execute("UPDATE users SET followers_count = 5 WHERE id = 3"));
        }
        var full = await Line.Run(ExportSample.ImportArguments(sample.File, database));
        Assert.Equal((1, "laurel: The database is not empty: there are issuers. An import needs one without content."), (full.ExitCode, full.Error.Trim()));
        var there = await Line.Run("export", sample.File, "--database", database.ConnectionString);
        Assert.Equal(1, there.ExitCode);
        Assert.Contains("is there already", there.Error, StringComparison.Ordinal);
    }
}
