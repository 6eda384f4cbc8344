using Microsoft.Data.Sqlite;

namespace Laurel.Core.Storage;

/// <summary>Copies a SQLite database as files, all of it as of one commit, while others write.</summary>
internal static class SqliteCopy
{
    private const int BlockLength = 1 << 20;

    // Writers leave gaps of less than a millisecond under load.
    private const string WaitLong = "PRAGMA busy_timeout = 30000";

    private const string Tables = "SELECT count(*) FROM sqlite_schema";

    /// <summary>Copies the newest commit.
    ///
    /// While nobody can write, a reader begins and the write-ahead log is copied: some megabytes, no more than a batch takes. From then on the
    /// reader keeps checkpoints from bringing anything later into the database file (if all that it sees is there already, anything at
    /// all). So whatever the file receives while it is copied is in the log's copy, and SQLite puts it in its place when it opens the two:
    /// a page that was caught half written too.</summary>
    /// <param name="database">To be copied.</param>
    /// <param name="target">An empty file. Neither it nor its log is synced.</param>
    /// <param name="percent">Told how much is copied, in hundredths.</param>
    /// <exception cref="StorageUnavailableException">The database cannot be opened.</exception>
    /// <exception cref="IOException">It cannot be read, or the copy cannot be written.</exception>
    public static async Task Snapshot(SqliteDatabase database, string target, IProgress<long>? percent)
    {
        try
        {
            using var reader = database.Open();
            using (var writer = database.Open())
            {
                writer.Raw(WaitLong).Step();
                writer.Begin("BEGIN IMMEDIATE");
                reader.Begin("BEGIN");
                reader.Raw(Tables).Execute();
                await Log(database.FilePath, target);
                writer.Rollback();
            }
            await Contents(reader, target, percent);
        }
        catch (SqliteException failure) when (SqliteDatabase.IsUnavailable(failure))
        {
            throw SqliteDatabase.Unavailable(failure);
        }
    }

    /// <summary>Copies a database's file as it is: all of the database, where nobody can write it and it has no log.</summary>
    /// <exception cref="SqliteException">It cannot be read.</exception>
    /// <exception cref="IOException">The copy cannot be written.</exception>
    public static async Task Contents(SqliteSession session, string target, IProgress<long>? percent)
    {
        var file = new SqliteFile((SqliteConnection)session.Connection);
        await using var copy = new FileStream(target, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0);
        var buffer = new byte[BlockLength];
        var length = file.Length;
        for (var position = 0L; position < length;)
        {
            var block = buffer.AsMemory(0, (int)Math.Min(BlockLength, length - position));
            file.Read(position, block.Span);
            await copy.WriteAsync(block);
            position += block.Length;
            percent?.Report(100 * position / length);
        }
    }

    /// <summary>Has SQLite bring a copy and its log into the one file.</summary>
    /// <exception cref="SqliteException">It cannot.</exception>
    public static void Settle(string target)
    {
        using var copy = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = target, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        copy.Open();
        using var settle = copy.CreateCommand();
        // Nobody relies on it before it is published, which syncs it.
        settle.CommandText = "PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE";
        if (settle.ExecuteScalar() is not "delete")
        {
            throw new BackupException("The copy cannot be brought into one file.");
        }
    }

    private static async Task Log(string database, string target)
    {
        if (File.Exists(database + "-wal"))
        {
            // SQLite takes no locks on it.
            await using var log = new FileStream(
                database + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
            await using var copy = new FileStream(target + "-wal", FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            await log.CopyToAsync(copy, BlockLength);
        }
    }
}
