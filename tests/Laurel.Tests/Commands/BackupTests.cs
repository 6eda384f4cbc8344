using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary><c>laurel backup</c>: what it makes, what it finds wrong, and what it refuses. Under load and kills: Faults/BackupFaultTests.</summary>
public sealed class BackupTests
{
    [Fact]
    public async Task A_backup_is_one_file_that_verifies_and_restores_to_the_same()
    {
        await using var database = await Demo();
        var (file, restored) = (database.Beside("backup"), database.Beside("restored.db"));

        var created = await Line.Run("backup", "create", file, "--database", database.ConnectionString, "--json");
        var verified = await Line.Run("backup", "verify", file, "--json");
        var written = await File.ReadAllBytesAsync(file);
        var restoring = await Line.Run("backup", "restore", file, "--to", restored);

        Assert.Equal((0, 0, 0), (created.ExitCode, verified.ExitCode, restoring.ExitCode));
        var holds = JsonDocument.Parse(created.Output).RootElement.GetProperty("holds");
        Assert.Equal((1500, Migrator.Newest), (holds.GetProperty("awards").GetInt64(), holds.GetProperty("schema").GetInt32()));
        var report = JsonDocument.Parse(verified.Output).RootElement;
        Assert.True(report.GetProperty("clean").GetBoolean());
        Assert.Equal(1500, report.GetProperty("awards").GetInt64());
        Assert.Equal(written, await File.ReadAllBytesAsync(file));
        Assert.Equal(["backup", "laurel.db", "restored.db"], database.Files());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, BackedUp.Mode(file));
        Assert.Equal(await Awards(database.ConnectionString), await Awards($"Data Source={restored}"));
        Assert.Equal(0, (await Line.Run("doctor", "--database", $"Data Source={restored}")).ExitCode);
    }

    [Fact]
    public async Task Its_checksum_is_that_of_the_usual_tools_and_sqlite_reads_it_as_it_is()
    {
        await using var database = await Demo();
        var file = await database.Backup();

        var bytes = await File.ReadAllBytesAsync(file);
        await using var direct = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=false");
        await direct.OpenAsync(TestContext.Current.CancellationToken);
        await using var count = direct.CreateCommand();
        count.CommandText = "SELECT count(*) FROM badges";

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes[..^65])) + "\n", Encoding.ASCII.GetString(bytes[^65..]));
        Assert.Equal(40L, await count.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["backup", "laurel.db"], database.Files());
    }

    [Fact]
    public async Task A_flipped_bit_anywhere_a_cut_and_an_addition_are_found()
    {
        await using var database = await Demo();
        var bytes = await File.ReadAllBytesAsync(await database.Backup());
        var damaged = database.Beside("damaged");
        var places = Enumerable.Range(0, 200).Select(_ => RandomNumberGenerator.GetInt32(bytes.Length))
            .Concat(Enumerable.Range(0, 100)).Concat(Enumerable.Range(bytes.Length - 260, 260));

        foreach (var place in places)
        {
            byte[] flipped = [.. bytes];
            flipped[place] ^= (byte)(1 << RandomNumberGenerator.GetInt32(8));
            await Refused(damaged, flipped, $"a bit of byte {place}");
        }
        foreach (var length in Enumerable.Range(0, 40).Select(_ => RandomNumberGenerator.GetInt32(bytes.Length)).Concat([0, 1, 99, 100, 164, 165, bytes.Length - 65, bytes.Length - 1]))
        {
            await Refused(damaged, bytes[..length], $"cut to {length}");
        }
        await Refused(damaged, [.. bytes, (byte)'\n'], "a line feed more");
        await Refused(damaged, [.. bytes, .. bytes], "twice");
        await Refused(damaged, [.. bytes[4096..], .. bytes[..4096]], "pages in another order");
    }

    private static async Task Refused(string file, byte[] bytes, string what)
    {
        await File.WriteAllBytesAsync(file, bytes);
        var report = await Backups.Verify(file);
        Assert.True(report is { Facts: null, Diagnosis.IsClean: false }, what);
    }

    [Fact]
    public async Task What_is_damaged_or_foreign_is_one_line_and_changes_nothing()
    {
        await using var database = await Demo();
        var good = await File.ReadAllBytesAsync(await database.Backup());
        var before = await File.ReadAllBytesAsync(database.Path);
        good[good.Length / 2] ^= 1;
        foreach (var bytes in new[] { good, [], Encoding.UTF8.GetBytes("badges"), before })
        {
            var file = database.Beside("damaged");
            await File.WriteAllBytesAsync(file, bytes);

            var verified = await Line.Run("backup", "verify", file);
            var restored = await Line.Run("backup", "restore", file, "--database", database.ConnectionString);

            Assert.Equal((1, 1), (verified.ExitCode, restored.ExitCode));
            Assert.StartsWith("Backup: ", verified.Output, StringComparison.Ordinal);
            Assert.Single(verified.Output.Trim().Split('\n'));
            Assert.Single(restored.Error.Trim().Split('\n'));
            Assert.Equal("", restored.Output);
            Assert.Equal(before, await File.ReadAllBytesAsync(database.Path));
            Assert.Equal(["backup", "damaged", "laurel.db"], database.Files());
        }
    }

    [Fact]
    public async Task Nothing_is_overwritten()
    {
        await using var database = await Demo();
        var file = database.Beside("backup");
        await File.WriteAllTextAsync(file, "precious", TestContext.Current.CancellationToken);

        var refused = await Line.Run("backup", "create", file, "--database", database.ConnectionString);
        // Who looks first and is overtaken.
        await Assert.ThrowsAsync<IOException>(() => Backups.Create(new DatabaseOptions(database.ConnectionString), file, TimeProvider.System));

        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Equal("precious", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(["backup", "laurel.db"], database.Files());
    }

    [Theory]
    [InlineData("create", "/nowhere/backup")]
    [InlineData("verify", "/nowhere/backup")]
    [InlineData("restore", "/nowhere/backup")]
    public async Task Where_there_is_no_file_it_is_wrong_use(string what, string file)
    {
        var (exitCode, output, error) = await Line.Run("backup", what, file);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("/nowhere/backup is not there", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_postgresql_it_names_the_tools_that_are_there_for_it()
    {
        await using var database = await Demo();
        var file = await database.Backup();
        string[] postgres = ["--database", "Host=127.0.0.1;Username=laurel;Password=geheim"];

        foreach (var arguments in new string[][] { ["backup", "create", database.Beside("other")], ["backup", "restore", file] })
        {
            var (exitCode, output, error) = await Line.Run([.. arguments, .. postgres]);

            Assert.Equal((1, ""), (exitCode, output));
            Assert.Contains("pg_basebackup", error, StringComparison.Ordinal);
            Assert.Single(error.Trim().Split('\n'));
            Assert.DoesNotContain("geheim", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_database_that_is_not_there_or_not_laurels_is_three()
    {
        await using var database = await Demo();
        await Plain(database.Beside("plain.db"));

        var absent = await Line.Run("backup", "create", database.Beside("other"), "--database", $"Data Source={database.Beside("absent.db")}");
        var foreign = await Line.Run("backup", "create", database.Beside("other"), "--database", $"Data Source={database.Beside("plain.db")}");

        Assert.Equal((3, 3), (absent.ExitCode, foreign.ExitCode));
        Assert.Equal(["laurel.db", "plain.db"], database.Files());
    }

    [Fact]
    public async Task The_doctors_differences_are_listed_and_restored_only_on_demand()
    {
        await using var database = await Demo();
        await Change(database.ConnectionString, "UPDATE badges SET awarded = 0");
        var file = await database.Backup();
        string[] restore = ["backup", "restore", file, "--to", database.Beside("restored.db")];

        var verified = await Line.Run("backup", "verify", file);
        var refused = await Line.Run(restore);
        var there = database.Files();
        var done = await Line.Run([.. restore, "--despite-findings"]);

        Assert.Equal((1, 1, 0), (verified.ExitCode, refused.ExitCode, done.ExitCode));
        Assert.Contains("BadgeNotFrozen: badge ", verified.Output, StringComparison.Ordinal);
        Assert.Contains("BadgeNotFrozen: badge ", refused.Error, StringComparison.Ordinal);
        Assert.Equal(["backup", "laurel.db"], there);
    }

    [Fact]
    public async Task A_later_versions_database_is_left_to_it()
    {
        await using var database = await Demo();
        await Change(database.ConnectionString, "INSERT INTO schema_versions (version) VALUES (99)");

        var (exitCode, _, error) = await Line.Run("backup", "create", database.Beside("backup"), "--database", database.ConnectionString);

        Assert.Equal(3, exitCode);
        Assert.Contains("schema 99", error, StringComparison.Ordinal);
        Assert.Equal(["laurel.db"], database.Files());
    }

    [Fact]
    public async Task An_earlier_versions_backup_is_brought_to_this_schema_as_it_is_restored()
    {
        await using var earlier = new BackedUp(await TestDatabase.Create(Engine.Sqlite));
        await using (var direct = Database.Open(new DatabaseOptions(earlier.ConnectionString)))
        {
            await Migrator.Apply(direct, 2);
        }
        var file = await earlier.Backup();

        var verified = await Line.Run("backup", "verify", file);
        var restored = await Line.Run("backup", "restore", file, "--to", earlier.Beside("restored.db"));
        var doctor = await Line.Run("doctor", "--database", $"Data Source={earlier.Beside("restored.db")}");

        Assert.Equal((3, 0, 0), (verified.ExitCode, restored.ExitCode, doctor.ExitCode));
        Assert.Contains("bytes are right", verified.Error, StringComparison.Ordinal);
    }

    private static async Task<BackedUp> Demo()
    {
        var database = await TestDatabase.Create(Engine.Sqlite);
        var (exitCode, _, error) = await Line.Demo(database);
        Assert.True(exitCode == 0, error);
        return new BackedUp(database);
    }

    internal static async Task Change(string connection, string sql)
    {
        await using var direct = Database.Open(new DatabaseOptions(connection));
        await direct.Write(async session => await session.Execute(sql));
    }

    internal static async Task<List<string>> Awards(string connection)
    {
        await using var direct = Database.Open(new DatabaseOptions(connection));
        return await direct.Read(async session => (await session.Query<string>(
            "SELECT concat_ws(' ', user_id, badge_id, occasion, id, awarded_at, subject) FROM awards ORDER BY user_id, badge_id, occasion")).ToList());
    }

    internal static async Task Plain(string path)
    {
        await using var plain = new SqliteConnection($"Data Source={path};Pooling=false");
        await plain.OpenAsync();
        await using var make = plain.CreateCommand();
        make.CommandText = "CREATE TABLE bookmarks (url TEXT)";
        await make.ExecuteNonQueryAsync();
    }
}

/// <summary>A database in a folder of its own, and what is put beside it.</summary>
internal sealed class BackedUp(TestDatabase database) : IAsyncDisposable
{
    public TestDatabase Database => database;

    public string ConnectionString => database.ConnectionString;

    public string Path { get; } = new SqliteConnectionStringBuilder(database.ConnectionString).DataSource;

    public string Beside(string name) => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, name);

    /// <summary>Names, in order.</summary>
    public List<string> Files() =>
        [.. Directory.GetFiles(System.IO.Path.GetDirectoryName(Path)!).Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    public async Task<string> Backup(string name = "backup")
    {
        await Backups.Create(new DatabaseOptions(ConnectionString), Beside(name), TimeProvider.System);
        return Beside(name);
    }

    public static UnixFileMode Mode(string file) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(file);

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
