using System.Text.Json;
using Laurel.Core.Access;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary><c>laurel backup restore</c> onto a database that is there: what it refuses, what it keeps, and what begins anew.</summary>
public sealed class RestoreTests
{
    private const long Ada = 1;
    private const long Pioneer = 5;
    private const long Hello = 6;

    [Fact]
    public async Task What_is_replaced_is_set_aside_and_restores_in_turn()
    {
        await using var database = await Small();
        var file = await database.Backup();
        await Award(database, Ada, Hello);
        var later = await BackupTests.Awards(database.ConnectionString);

        var restored = await Line.Run("backup", "restore", file, "--database", database.ConnectionString, "--json");
        var aside = JsonDocument.Parse(restored.Output).RootElement.GetProperty("setAside").GetString()!;
        var earlier = await BackupTests.Awards(database.ConnectionString);
        var verified = await Line.Run("backup", "verify", aside);
        var back = await Line.Run("backup", "restore", aside, "--database", database.ConnectionString, "--discard");

        Assert.Equal((0, 0, 0), (restored.ExitCode, verified.ExitCode, back.ExitCode));
        Assert.Equal((1, 2), (earlier.Count, later.Count));
        Assert.Equal(later, await BackupTests.Awards(database.ConnectionString));
        Assert.Equal(["backup", "laurel.db", Path.GetFileName(aside)], database.Files());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, BackedUp.Mode(aside));
    }

    [Fact]
    public async Task It_may_be_opened_by_whoever_could_open_the_old_one_and_a_link_to_it_stays()
    {
        await using var database = await Small();
        var file = await database.Backup();
        Tool.Run("chmod", "660", database.Path);
        File.CreateSymbolicLink(database.Beside("link.db"), database.Path);

        var (exitCode, _, error) = await Line.Run("backup", "restore", file, "--database", $"Data Source={database.Beside("link.db")}", "--discard");

        Assert.True(exitCode == 0, error);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, BackedUp.Mode(database.Path));
        Assert.NotNull(new FileInfo(database.Beside("link.db")).LinkTarget);
        Assert.Equal(["backup", "laurel.db", "link.db"], database.Files());
    }

    [Fact]
    public async Task Under_a_server_it_is_refused_and_the_server_goes_on()
    {
        await using var database = await Small();
        var file = await database.Backup();
        await using var server = await ServerProcess.Start(database.ConnectionString);

        var (exitCode, output, error) = await Line.Run("backup", "restore", file, "--database", database.ConnectionString);

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains($"process {server.Id} ", error, StringComparison.Ordinal);
        using var ready = await server.Client.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.True(ready.IsSuccessStatusCode);
        Assert.Equal(0, await server.Terminate());
        Assert.Single(await BackupTests.Awards(database.ConnectionString));
        Assert.Equal(["backup", "laurel.db"], database.Files());
    }

    [Fact]
    public async Task While_anybody_has_the_database_open_it_is_refused()
    {
        await using var database = await Small();
        var file = await database.Backup();
        await Award(database, Ada, Hello);
        await using var reader = Database.Open(new DatabaseOptions(database.ConnectionString));
        Assert.Equal(2L, await reader.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards")));

        var refused = await Line.Run("backup", "restore", file, "--database", database.ConnectionString);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("has " + database.Path + " open", refused.Error, StringComparison.Ordinal);
        await reader.Write(async session => await session.Execute("UPDATE badges SET updated_at = updated_at"));
        Assert.Equal(2L, await reader.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards")));
    }

    [Fact]
    public async Task Who_waited_for_the_old_file_never_writes_into_it()
    {
        await using var database = await Small();
        await using var waiting = new SqliteConnection(new SqliteConnectionStringBuilder(database.ConnectionString) { Pooling = false, DefaultTimeout = 1 }.ToString());
        await waiting.OpenAsync(TestContext.Current.CancellationToken);
        await using var first = waiting.CreateCommand();
        first.CommandText = "PRAGMA journal_mode = WAL";
        using (LockedDatabase.Open(database.Path))
        {
            var locked = Assert.Throws<SqliteException>(() => first.ExecuteNonQuery());
            Assert.Equal(SQLitePCL.raw.SQLITE_BUSY, locked.SqliteErrorCode);
            Assert.Throws<BackupException>(() => LockedDatabase.Open(database.Path));
            File.Move(database.Path, database.Beside("gone.db"));
            await BackupTests.Plain(database.Path);
        }

        var moved = Assert.Throws<SqliteException>(() => first.ExecuteNonQuery());

        Assert.Equal(SQLitePCL.raw.SQLITE_READONLY, moved.SqliteErrorCode);
        Assert.Equal(["gone.db", "laurel.db"], database.Files());
    }

    [Theory]
    [InlineData("-wal")]
    [InlineData("-journal")]
    public async Task A_log_without_its_database_is_not_given_to_another_one(string log)
    {
        await using var database = await Small();
        var (file, there) = (await database.Backup(), database.Beside("there.db"));
        await File.WriteAllTextAsync(there + log, "precious", TestContext.Current.CancellationToken);

        var (exitCode, _, error) = await Line.Run("backup", "restore", file, "--to", there);

        Assert.Equal(1, exitCode);
        Assert.Contains(there + log, error, StringComparison.Ordinal);
        Assert.Equal(["backup", "laurel.db", "there.db" + log], database.Files());
    }

    [Fact]
    public async Task What_is_not_laurels_is_not_replaced()
    {
        await using var database = await Small();
        var (file, plain, text) = (await database.Backup(), database.Beside("plain.db"), database.Beside("text"));
        await BackupTests.Plain(plain);
        await File.WriteAllTextAsync(text, string.Join(' ', Enumerable.Repeat("precious", 1000)), TestContext.Current.CancellationToken);
        var before = await File.ReadAllBytesAsync(text, TestContext.Current.CancellationToken);

        var overPlain = await Line.Run("backup", "restore", file, "--to", plain);
        var overText = await Line.Run("backup", "restore", file, "--to", text);

        Assert.Equal((1, 1), (overPlain.ExitCode, overText.ExitCode));
        Assert.Contains("no database of Laurel's", overPlain.Error, StringComparison.Ordinal);
        Assert.Contains("Move it away", overText.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(text, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Ids_that_were_handed_out_after_the_backup_are_not_handed_out_again()
    {
        await using var database = await Small();
        var file = await database.Backup();
        await BackupTests.Change(database.ConnectionString, "UPDATE counters SET next = next + 1000000000 WHERE kind BETWEEN 1 AND 9");
        var after = await Counters(database.ConnectionString);

        Assert.Equal(0, (await Line.Run("backup", "restore", file, "--database", database.ConnectionString, "--discard")).ExitCode);

        var restored = await Counters(database.ConnectionString);
        Assert.Equal(9, restored.Count);
        Assert.All(restored, each => Assert.True(each.Value >= after[each.Key], $"kind {each.Key}"));
        await using var laurel = await TestCore.OpenSecond(database.Database);
        Assert.True((await laurel.Award(Ada, Hello)).Award!.Id >= after[(long)IdKind.Award]);
    }

    [Fact]
    public async Task Where_no_database_tells_what_was_handed_out_time_does()
    {
        await using var database = await Small();
        var file = await database.Backup();
        var before = await Counters(database.ConnectionString);
        var time = new ManualTime(TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1));

        await Restoration.Restore(file, new DatabaseOptions($"Data Source={database.Beside("restored.db")}"), new RestoreOptions(), time);

        var restored = await Counters($"Data Source={database.Beside("restored.db")}");
        Assert.All(restored, each => Assert.True(each.Value - before[each.Key] >= 86_400 * 100_000L, $"kind {each.Key}"));
        Assert.Equal(0, (await Line.Run("doctor", "--database", $"Data Source={database.Beside("restored.db")}")).ExitCode);
    }

    [Fact]
    public async Task Sessions_end_and_keys_stay_revoked_and_others_good()
    {
        await using var database = await Small();
        NewKey kept, revoked;
        IssuedTokens session;
        string file;
        await using (var laurel = await TestCore.OpenSecond(database.Database))
        {
            kept = TestCore.Value(await laurel.Core.Keys.Create(new KeyDraft(Ada, Scopes: null, ExpiresAt: null)));
            revoked = TestCore.Value(await laurel.Core.Keys.Create(new KeyDraft(Ada, Scopes: null, ExpiresAt: null)));
            session = await laurel.Core.Sessions.Begin(Ada);
            file = await database.Backup();
            Assert.True(await laurel.Core.Keys.Revoke(revoked.Info.Id));
        }

        var lost = await Line.Run("backup", "restore", file, "--to", database.Beside("other.db"));
        var known = await Line.Run("backup", "restore", file, "--database", database.ConnectionString, "--json");

        Assert.Equal((0, 0), (lost.ExitCode, known.ExitCode));
        Assert.Contains("are good again", lost.Output, StringComparison.Ordinal);
        Assert.Equal(1, JsonDocument.Parse(known.Output).RootElement.GetProperty("keysRevokedAgain").GetInt32());
        await using var restored = await TestCore.OpenSecond(database.Database);
        Assert.NotNull(await restored.Core.Keys.Authenticate(kept.Secret));
        Assert.Null(await restored.Core.Keys.Authenticate(revoked.Secret));
        Assert.Null(await restored.Core.Keys.Authenticate(session.AccessToken));
        Assert.Null(await restored.Core.Sessions.Refresh(session.RefreshToken));
        var again = await restored.Core.Sessions.Begin(Ada);
        Assert.NotNull(await restored.Core.Keys.Authenticate(again.AccessToken));
    }

    [Fact]
    public async Task What_is_committed_and_in_no_table_yet_is_in_the_backup()
    {
        await using var database = await Small();
        var (file, awards) = ("", 1);
        await using (var laurel = await TestCore.OpenSecond(database.Database))
        {
            // Whoever is fast enough finds it before it is flushed.
            for (var tries = 0; tries < 20 && !(file.Length > 0 && await Buffers(file)); tries++)
            {
                await laurel.Badge(100 + tries, 1);
                await laurel.Award(Ada, 100 + tries);
                awards++;
                file = await database.Backup($"backup-{tries}");
            }
            Assert.True(await Buffers(file));
        }

        Assert.Equal(0, (await Line.Run("backup", "verify", file)).ExitCode);
        Assert.Equal(0, (await Line.Run("backup", "restore", file, "--database", database.ConnectionString, "--discard")).ExitCode);
        await using var restored = await TestCore.OpenSecond(database.Database);
        await TestCore.Settled(restored.Core);
        Assert.Equal(awards, (await BackupTests.Awards(database.ConnectionString)).Count);
    }

    private static async Task<bool> Buffers(string file)
    {
        await using var backup = Database.Open(new DatabaseOptions($"Data Source={file}") { Immutable = true });
        return await backup.Read(async session => await session.QueryFirst<long>("SELECT max(buffers) FROM nodes")) == 1;
    }

    private static async Task<BackedUp> Small()
    {
        var database = new BackedUp(await TestDatabase.Create(Engine.Sqlite));
        await using var laurel = await TestCore.OpenSecond(database.Database);
        await laurel.Issuer(1);
        await laurel.Badge(Pioneer, 1);
        await laurel.Badge(Hello, 1);
        await laurel.User(Ada);
        await laurel.Award(Ada, Pioneer);
        return database;
    }

    private static async Task Award(BackedUp database, long userId, long badgeId)
    {
        await using var laurel = await TestCore.OpenSecond(database.Database);
        await laurel.Award(userId, badgeId);
    }

    private static async Task<Dictionary<long, long>> Counters(string connection)
    {
        await using var direct = Database.Open(new DatabaseOptions(connection));
        return await direct.Read(async session => (await session.Query<(long Kind, long Next)>("SELECT kind, next FROM counters WHERE kind BETWEEN 1 AND 9"))
            .ToDictionary(each => each.Kind, each => each.Next));
    }
}
