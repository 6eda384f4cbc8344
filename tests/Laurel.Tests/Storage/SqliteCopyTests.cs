using Laurel.Core.Storage;
using Laurel.Tests.Commands;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Storage;

/// <summary>A copy that is made while every page is written again and again, and brought into the file whenever SQLite allows it.</summary>
public sealed class SqliteCopyTests
{
    private const int Rows = 2_000;

    [Theory]
    [InlineData("PRAGMA user_version")] // the log holds what the file does not
    [InlineData("PRAGMA wal_checkpoint(PASSIVE)")] // the file holds everything, and the log begins anew with the next commit
    [InlineData("PRAGMA wal_checkpoint(TRUNCATE)")] // there is nothing in the log
    public async Task It_is_the_state_of_one_commit(string before)
    {
        await using var source = new BackedUp(await TestDatabase.Create(Engine.Sqlite));
        await using var database = new SqliteDatabase(new DatabaseOptions(source.ConnectionString));
        await BackupTests.Change(source.ConnectionString, "CREATE TABLE versions (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, padding BLOB NOT NULL)");
        using var writer = database.Open();
        for (var row = 0; row < Rows; row++)
        {
            writer.Raw("INSERT INTO versions (version, padding) VALUES (0, zeroblob(3500))").Execute();
        }
        writer.Raw("UPDATE versions SET version = 1").Execute();
        writer.Raw(before).Execute();
        var (written, file) = (1, source.Beside("copy"));
        await File.WriteAllBytesAsync(file, [], TestContext.Current.CancellationToken);

        await SqliteCopy.Snapshot(database, file, new Meanwhile(() =>
        {
            written++;
            writer.Raw("UPDATE versions SET version = version + 1").Execute();
            writer.Raw("PRAGMA wal_checkpoint(PASSIVE)").Execute();
        }));
        SqliteCopy.Settle(file);

        Assert.True(written > 5, $"Only {written} versions were written meanwhile.");
        await using var copy = Database.Open(new DatabaseOptions($"Data Source={file}") { Immutable = true });
        Assert.Empty(await copy.CheckIntegrity());
        Assert.Equal((Rows, 1, 1), await copy.Read(async session =>
            await session.QueryFirst<(long, long, long)>("SELECT count(*), min(version), max(version) FROM versions")));
        Assert.Equal(written, await database.Read(async session => await session.QueryFirst<long>("SELECT min(version) FROM versions")));
    }

    private sealed class Meanwhile(Action act) : IProgress<long>
    {
        public void Report(long value) => act();
    }
}
