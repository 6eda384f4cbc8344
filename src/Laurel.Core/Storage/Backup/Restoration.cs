using Microsoft.Data.Sqlite;

namespace Laurel.Core.Storage;

/// <summary>How to restore.</summary>
public sealed record RestoreOptions
{
    /// <summary>What is replaced is not set aside.</summary>
    public bool Discard { get; init; }

    /// <summary>Restores although the doctor finds differences in the backup. One whose bytes are not right is never restored.</summary>
    public bool DespiteFindings { get; init; }
}

/// <summary>What was restored.</summary>
/// <param name="Facts">What the backup holds.</param>
/// <param name="Database">The file in which it is now.</param>
/// <param name="SetAside">A backup of the database that was there; null for none.</param>
/// <param name="KeysRevokedAgain">Keys that were revoked after the backup, by what the database says that was there; null where there
/// was none to say so.</param>
public sealed record Restored(BackupFacts Facts, string Database, string? SetAside, int? KeysRevokedAgain);

/// <summary>Puts a backup in the place of a SQLite database. Whenever it is interrupted, there is either the old database with everything
/// in it or the backup; what is half done has names that end in <c>.part</c>.</summary>
public static class Restoration
{
    /// <summary>Verifies the backup and replaces the database by it.</summary>
    /// <param name="file">A backup that is there.</param>
    /// <param name="target">The database to be replaced, or where there is none yet.</param>
    /// <param name="options">How.</param>
    /// <param name="time">Now, to tell how long another history may have gone on since the backup.</param>
    /// <param name="percent">Told how much is done, in hundredths.</param>
    /// <exception cref="BackupException">The backup is damaged, or a server runs on the database, or something stands there that is no
    /// database of Laurel's; or the database is PostgreSQL.</exception>
    /// <exception cref="SchemaTooNewException">The backup is a later version's.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static async Task<Restored> Restore(
        string file, DatabaseOptions target, RestoreOptions options, TimeProvider time, IProgress<long>? percent = null)
    {
        var path = Backups.Sqlite(target with { MustExist = true }).FilePath;
        await RefuseWhereServed(path, time);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var made = new NewFile(path);
        BackupFacts facts;
        await using (var pages = made.Open())
        {
            facts = await BackupFile.Read(file, pages, Percent.Of(percent, 0, 30));
        }
        Migrator.RequireKnown(facts.Schema, "The backup");
        await Examine(made.Path, facts, options, Percent.Of(percent, 30, 70, facts.Awards));

        using var old = File.Exists(path) ? LockedDatabase.Open(path) : null;
        RefuseLeftLogs(path);
        var now = time.GetUtcNow();
        var aside = old is null || options.Discard || await IsEmpty(old.Session) ? null : await SetAside(old, path, now, Percent.Of(percent, 70, 95));
        int? revoked;
        await using (var restored = Database.Open(Copy(made.Path)))
        {
            revoked = await NewHistory.Begin(restored, now - facts.CreatedAt, old?.Session);
        }
        SqliteCopy.Settle(made.Path);
        if (old is not null && !OperatingSystem.IsWindows())
        {
            // The server that could open the old one can open this one.
            File.SetUnixFileMode(made.Path, File.GetUnixFileMode(path));
        }
        made.Publish(replace: old is not null);
        percent?.Report(100);
        return new Restored(facts, path, aside, revoked);
    }

    private static DatabaseOptions Copy(string path) => new(new SqliteConnectionStringBuilder { DataSource = path }.ToString()) { MustExist = true };

    private static async Task RefuseWhereServed(string path, TimeProvider time)
    {
        RefuseLeftLogs(path);
        if (!File.Exists(path))
        {
            return;
        }
        try
        {
            await using var database = Database.Open(Copy(path));
            await database.Read(async session =>
            {
                if (await IsEmpty(session))
                {
                    return true;
                }
                foreach (var (slot, owner, until) in await session.Query<(long, string, long)>("SELECT slot, owner, leased_until FROM nodes"))
                {
                    if (NodeLease.IsLive(until, owner, time.Micros()))
                    {
                        throw new BackupException($"A server runs on {path} ({NodeLease.Describe(owner)}, node slot {slot}): it must end first.");
                    }
                }
                return true;
            });
        }
        catch (StorageUnavailableException damaged) when (damaged.IsCorruption)
        {
            throw LockedDatabase.Broken(path, damaged);
        }
        catch (SqliteException)
        {
            throw new BackupException($"What is at {path} is no database of Laurel's: it stays as it is.");
        }
    }

    // It would be taken for the new one's.
    private static void RefuseLeftLogs(string path)
    {
        if (!File.Exists(path) && Array.Find([$"{path}-wal", $"{path}-journal"], File.Exists) is { } left)
        {
            throw new BackupException($"{left} is there without its database: move it away first.");
        }
    }

    private static async ValueTask<bool> IsEmpty(Session session) => await session.QueryFirst<long>("SELECT count(*) FROM sqlite_schema") == 0;

    private static async Task Examine(string copy, BackupFacts facts, RestoreOptions options, IProgress<long>? awards)
    {
        await using (var database = Database.Open(Copy(copy)))
        {
            await Migrator.Apply(database);
        }
        var diagnosis = await Doctor.Examine(Copy(copy), new AsOf(facts.CreatedAt), awards);
        if (!diagnosis.IsClean && !options.DespiteFindings)
        {
            var first = diagnosis.Findings[0];
            throw new BackupException($"The doctor finds differences in the backup ({diagnosis.Total}), the first: {first.Kind}: {first.What}: expected "
                + $"{first.Expected}, found {first.Found}.");
        }
    }

    private static async Task<string> SetAside(LockedDatabase old, string path, DateTimeOffset now, IProgress<long>? percent)
    {
        var name = $"{path}.before-{now.UtcDateTime:yyyyMMdd'T'HHmmssfff'Z'}";
        try
        {
            using var made = new NewFile(name);
            await SqliteCopy.Contents(old.Session, made.Path, Percent.Of(percent, 0, 60));
            await Backups.Complete(made, now, Percent.Of(percent, 60, 100));
            return name;
        }
        catch (Exception failure) when (failure is BackupException or StorageUnavailableException or SqliteException or SchemaMismatchException)
        {
            throw new BackupException($"The database at {path} cannot be set aside, only discarded. {failure.Message}", failure);
        }
    }
}
