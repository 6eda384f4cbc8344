using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Laurel.Core.Storage;

/// <summary>Copies a SQLite database page by page, all of it as of one commit, while others write.</summary>
internal static class SqliteCopy
{
    private const string Tables = "SELECT count(*) FROM sqlite_schema";

    // 4 MB: progress is seen, and the call costs nothing.
    private const int PagesAtOnce = 1024;

    /// <summary>Copies what the source's transaction sees; if it has not read yet, the newest commit. Until that transaction ends, the
    /// source's write-ahead log cannot begin anew.</summary>
    /// <param name="source">In a transaction.</param>
    /// <param name="target">An empty file. Its pages are not synced.</param>
    /// <param name="percent">Told how much is copied, in hundredths.</param>
    /// <exception cref="BackupException">A page cannot be read, or cannot be written.</exception>
    public static void Pages(SqliteSession source, string target, IProgress<long>? percent)
    {
        // In a transaction that has begun to read: without one, SQLite would copy all again whenever another process commits.
        source.Raw(Tables).Execute();
        using var copy = Open(target);
        using (var backup = raw.sqlite3_backup_init(copy.Handle!, "main", ((SqliteConnection)source.Connection).Handle!, "main"))
        {
            var result = backup is null || backup.IsInvalid ? raw.sqlite3_errcode(copy.Handle!) : raw.SQLITE_OK;
            while (result == raw.SQLITE_OK)
            {
                result = raw.sqlite3_backup_step(backup, PagesAtOnce);
                var pages = raw.sqlite3_backup_pagecount(backup);
                percent?.Report(100L * (pages - raw.sqlite3_backup_remaining(backup)) / Math.Max(1, pages));
            }
            if (result != raw.SQLITE_DONE)
            {
                throw new BackupException($"The database cannot be copied: {raw.sqlite3_errstr(result).utf8_to_string()}.");
            }
        }
    }

    /// <summary>Makes a copy one file that is read without a log beside it.</summary>
    /// <exception cref="BackupException">It cannot be written.</exception>
    public static void Close(string target)
    {
        using var copy = Open(target);
        using var settle = copy.CreateCommand();
        settle.CommandText = "PRAGMA journal_mode = DELETE";
        if (settle.ExecuteScalar() is not "delete")
        {
            throw new BackupException("The copy cannot be brought into one file.");
        }
    }

    private static SqliteConnection Open(string target)
    {
        var copy = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = target, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        try
        {
            copy.Open();
            using var pragmas = copy.CreateCommand();
            // Nobody relies on it before it is complete and synced.
            pragmas.CommandText = "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;";
            pragmas.ExecuteNonQuery();
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }
}
