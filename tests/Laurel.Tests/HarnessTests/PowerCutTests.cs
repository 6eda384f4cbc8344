using Laurel.Tests.Harness;
using Microsoft.Data.Sqlite;
using Npgsql;
using Xunit;

namespace Laurel.Tests.HarnessTests;

public sealed class PowerCutTests
{
    private const int Tries = 3;
    private const int Rows = 100;

    [Fact]
    public async Task What_was_synced_survives_and_what_was_not_is_lost()
    {
        await using var disk = await PowerCut.Create();
        var synced = Path.Combine(disk.Folder, "synced");
        var unsynced = Path.Combine(disk.Folder, "unsynced");
        var bytes = new byte[100_000];
        Random.Shared.NextBytes(bytes);
        var lost = 0;
        for (var i = 0; i < Tries; i++)
        {
            Write(synced, bytes, sync: true);
            Write(unsynced, bytes, sync: false);

            disk.Cut();
            Assert.ThrowsAny<IOException>(() => Write(Path.Combine(disk.Folder, "dark"), bytes, sync: true));
            await disk.Restore();

            Assert.Equal(bytes, await File.ReadAllBytesAsync(synced));
            lost += File.Exists(unsynced) && File.ReadAllBytes(unsynced).AsSpan().SequenceEqual(bytes) ? 0 : 1;
            File.Delete(unsynced);
        }

        Assert.True(lost > 0, "Nothing was ever lost: these power cuts prove nothing.");
    }

    [Fact]
    public async Task SQLite_keeps_every_commit_with_synchronous_full_and_loses_some_with_normal()
    {
        await using var disk = await PowerCut.Create();
        var lost = 0;
        for (var i = 0; i < Tries; i++)
        {
            Assert.Equal(Rows, await CommittedAndLeft(disk, $"full-{i}", "FULL"));
            lost += Rows - await CommittedAndLeft(disk, $"normal-{i}", "NORMAL");
        }

        Assert.True(lost > 0, "Nothing was ever lost: these power cuts prove nothing.");
    }

    [Fact]
    public async Task PostgreSQL_keeps_every_commit()
    {
        Requirement.Need(PrivatePostgres.Missing);
        await using var disk = await PowerCut.Create();
        await using var postgres = await PrivatePostgres.StartNew(fsync: true, folder: disk.Folder);
        await using var database = NpgsqlDataSource.Create(await postgres.CreateDatabase());
        await database.CreateCommand("CREATE TABLE t (n BIGINT)").ExecuteNonQueryAsync();
        for (var row = 0; row < Rows; row++)
        {
            await database.CreateCommand($"INSERT INTO t VALUES ({row})").ExecuteNonQueryAsync();
        }

        disk.Cut();
        postgres.Crash();
        await disk.Restore();
        postgres.Start();

        database.Clear();
        Assert.Equal((long)Rows, await database.CreateCommand("SELECT count(*) FROM t").ExecuteScalarAsync());
    }

    private static async Task<int> CommittedAndLeft(PowerCut disk, string name, string synchronous)
    {
        var file = $"Data Source={Path.Combine(disk.Folder, name)};Pooling=False";
        // Exclusive locking keeps the WAL's index out of shared memory: touching a mapped page of a dead disk kills the process.
        var connection = Open(file, $"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}");
        Execute(connection, "CREATE TABLE t (n INTEGER PRIMARY KEY); PRAGMA wal_checkpoint(TRUNCATE)");
        for (var row = 0; row < Rows; row++)
        {
            Execute(connection, $"INSERT INTO t VALUES ({row})");
        }

        disk.Cut();
        try
        {
            connection.Dispose();
        }
        catch (SqliteException)
        {
            // Its last checkpoint cannot be written.
        }

        await disk.Restore();
        using var after = Open(file, "");
        Assert.Equal("ok", Execute(after, "PRAGMA integrity_check"));
        return (int)(long)Execute(after, "SELECT count(*) FROM t")!;
    }

    private static SqliteConnection Open(string connectionString, string pragmas)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        Execute(connection, pragmas);
        return connection;
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static void Write(string path, byte[] bytes, bool sync)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Write(bytes);
        if (sync)
        {
            file.Flush(flushToDisk: true);
        }
    }
}
