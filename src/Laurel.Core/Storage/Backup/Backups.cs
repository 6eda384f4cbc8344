using Laurel.Core.Awards;

namespace Laurel.Core.Storage;

/// <summary>Backups of a SQLite database in single files, made while servers write. Decision 9 says why this way.</summary>
public static class Backups
{
    private const string StoredAwards = "SELECT coalesce(sum(awarded), 0) FROM badge_tallies WHERE span = 0";

    /// <summary>Copies the newest commit: an exact prefix of the ledger, in which is all that was acknowledged before this began. What is
    /// committed and not in its table yet is in it the same way, and is written by whoever starts on the restored database.</summary>
    /// <param name="options">A database that is there.</param>
    /// <param name="file">The backup, not there yet. It is readable by its owner only, and there as a whole or not at all.</param>
    /// <param name="time">When it is made.</param>
    /// <param name="percent">Told how much is done, in hundredths.</param>
    /// <exception cref="BackupException">The database is PostgreSQL, or cannot be copied.</exception>
    /// <exception cref="StorageUnavailableException">The database is not there or cannot be read.</exception>
    /// <exception cref="SchemaMismatchException">It is no database of Laurel's.</exception>
    /// <exception cref="SchemaTooNewException">A later version's.</exception>
    /// <exception cref="IOException">The file cannot be written, or is there.</exception>
    public static async Task<BackupFacts> Create(DatabaseOptions options, string file, TimeProvider time, IProgress<long>? percent = null)
    {
        await using var database = Sqlite(options with { MustExist = true });
        Migrator.RequireKnown(await Migrator.Find(database), "The database");
        using var made = new NewFile(file);
        var createdAt = time.GetUtcNow();
        await SqliteCopy.Snapshot(database, made.Path, Percent.Of(percent, 0, 60));
        return await Complete(made, createdAt, Percent.Of(percent, 60, 100));
    }

    /// <summary>Makes a backup of a copy and gives it its name.</summary>
    internal static async Task<BackupFacts> Complete(NewFile copied, DateTimeOffset createdAt, IProgress<long>? percent)
    {
        SqliteCopy.Settle(copied.Path);
        var facts = await FactsOf(copied.Path, createdAt);
        await BackupFile.Seal(copied.Path, facts, percent);
        copied.Publish(replace: false);
        return facts;
    }

    /// <summary>Reads all of a backup, then lets SQLite check it and recounts it as the doctor does, without changing it.</summary>
    /// <param name="file">A file that is there.</param>
    /// <param name="percent">Told how much is done, in hundredths.</param>
    /// <exception cref="SchemaTooNewException">Its bytes are right and a later version wrote it.</exception>
    /// <exception cref="SchemaMismatchException">Its bytes are right and an earlier version wrote it.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static async Task<BackupReport> Verify(string file, IProgress<long>? percent = null)
    {
        BackupFacts facts;
        try
        {
            facts = await BackupFile.Read(file, percent: Percent.Of(percent, 0, 30));
        }
        catch (DamagedBackupException damaged)
        {
            return new BackupReport(null, new Diagnosis("sqlite", 0, [new Finding(FindingKind.Backup, file, "a backup", damaged.Message)], 1));
        }
        Migrator.RequireKnown(facts.Schema, "The backup");
        if (facts.Schema < Migrator.Newest)
        {
            throw new SchemaMismatchException($"The backup's bytes are right; it has schema {facts.Schema}, and this version counts in schema "
                + $"{Migrator.Newest}. Restored to a file of its own it is brought there, and the doctor counts it.");
        }
        return new BackupReport(facts, await Doctor.Examine(Immutable(file), new AsOf(facts.CreatedAt), Percent.Of(percent, 30, 100, facts.Awards)));
    }

    /// <exception cref="BackupException">The database is PostgreSQL.</exception>
    internal static SqliteDatabase Sqlite(DatabaseOptions options) => Database.Open(options) as SqliteDatabase
        ?? throw new BackupException("This is for SQLite: PostgreSQL is backed up and restored with pg_basebackup and an archive of its log, "
            + "or with pg_dump and pg_restore.");

    private static DatabaseOptions Immutable(string file) => new($"Data Source={Path.GetFullPath(file)}") { Immutable = true };

    private static async Task<BackupFacts> FactsOf(string copy, DateTimeOffset createdAt)
    {
        await using var database = Database.Open(Immutable(copy));
        var schema = await Migrator.Find(database);
        return await database.ReadSnapshot(async session => new BackupFacts(
            typeof(Backups).Assembly.GetName().Version!.ToString(3), schema, createdAt, await Awards(new Examination(database, new AsOf(createdAt)), session),
            [.. (await Examination.ReadSequences(session)).OrderBy(last => last.Key).Select(last => new LastBatch((int)last.Key, last.Value))]));
    }

    private static async ValueTask<long> Awards(Examination examination, Session session)
    {
        var awards = await session.QueryFirst<long>(StoredAwards);
        foreach (var (node, tallied) in await examination.ReadTallied(session))
        {
            var rows = session.Prepare(Outbox.RowsBehind).Set(1, node).Set(2, tallied);
            while (await rows.Read())
            {
                // What does not unpack is for the doctor to find.
                awards += OutboxCheck.TryUnpack(rows.Bytes(1))?.Sum(each => (long)each.Awards) ?? 0;
            }
        }
        return awards;
    }
}
