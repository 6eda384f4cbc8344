using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Laurel.Core.Storage;

/// <summary>A SQLite database that this process alone has open, all of it in its one file: no log beside it that could be taken for
/// another database's. Until this is closed nobody else reads or writes it, and who has waited meanwhile finds, if the file has been
/// replaced, that what it opened has moved: SQLite looks before it brings a database back to its log, which every connection of Laurel's does first.</summary>
internal sealed class LockedDatabase : IDisposable
{
    private const int Patience = 2000;

    private LockedDatabase(SqliteSession session) => Session = session;

    public SqliteSession Session { get; }

    /// <exception cref="BackupException">Another process has it open, or it cannot be opened.</exception>
    public static LockedDatabase Open(string path)
    {
        SqliteSession? session = null;
        try
        {
            var connection = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
            session = new SqliteSession(connection);
            connection.Open();
            session.Raw($"PRAGMA busy_timeout = {Patience}").Step();
            session.Raw("PRAGMA locking_mode = EXCLUSIVE").Step();
            session.Raw("PRAGMA synchronous = FULL").Execute();
            // First to the log, which who was interrupted here has left: only then SQLite looks whether the file has moved.
            Switch(session, "PRAGMA journal_mode = WAL", "wal");
            // What is in the log goes into the file, and the log is deleted. This, too, is refused while anybody else is there.
            Switch(session, "PRAGMA journal_mode = DELETE", "delete");
            session.Begin("BEGIN EXCLUSIVE");
            // Both are nobody's any more. (The journal of the last switch has ended, and stays while the lock does.)
            File.Delete(path + "-shm");
            File.Delete(path + "-journal");
            return new LockedDatabase(session);
        }
        catch (SqliteException refused)
        {
            session?.Dispose();
            throw refused.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED
                ? new BackupException($"Another process has {path} open: it must end first.", refused)
                : Broken(path, refused);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    /// <summary>What stands there is of no use, and may be what somebody still wants to look at.</summary>
    public static BackupException Broken(string path, Exception cause) =>
        new($"What is at {path} cannot be opened ({cause.Message}). Move it away first, and {path}-wal with it.", cause);

    private static void Switch(SqliteSession session, string how, string to)
    {
        var now = "";
        // To its end: with it the switch is committed.
        for (var mode = session.Raw(how); mode.Step();)
        {
            now = mode.Text(0);
        }
        if (now != to)
        {
            throw new BackupException($"SQLite stays in journal mode {now} where it should go to {to}.");
        }
    }

    public void Dispose()
    {
        Session.Rollback();
        Session.Dispose();
    }
}
