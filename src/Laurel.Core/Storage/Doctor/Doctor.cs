using System.Data.Common;

namespace Laurel.Core.Storage;

/// <summary>Counts every statistic again from the ledger, by code of its own, and checks what must hold between the tables.
///
/// The ledger is read in ranges of user ids, each on a snapshot of its own of about 50,000 rows, so that a long examination keeps no
/// long transaction open. It may run while servers write: what the batches between the first snapshot and a range's own did is
/// read from the outbox and taken back, so that all counts are as of one moment. (Outbox rows are kept seven days.) The tallies are
/// read on one snapshot. Memory: a dictionary of at most about four million counts; a database with more of them is read in
/// several passes over its badges. One user's awards of a range are held at a time, for the check of their ids.</summary>
public static class Doctor
{
    private static readonly Func<Examination, Task>[] Checks =
    [
        CheckIntegrity,
        LedgerCheck.Run,
        HistoryCheck.Run,
        VisitorCheck.Run,
        CatalogueCheck.Run,
        DirectoryCheck.Run,
        PointsCheck.Run,
        OutboxCheck.Run,
        CounterCheck.Run,
    ];

    /// <summary>Examines a database that exists and has this version's schema, without changing it.</summary>
    /// <param name="options">Where it is; it is never created.</param>
    /// <param name="time">Now decides which five-minute counts are still kept.</param>
    /// <param name="progress">Told the number of awards counted so far.</param>
    /// <exception cref="StorageUnavailableException">The database is not there or cannot be reached.</exception>
    /// <exception cref="SchemaMismatchException">It is of another version, or no database of Laurel's.</exception>
    /// <exception cref="ArgumentException">The connection string is malformed.</exception>
    public static async Task<Diagnosis> Examine(DatabaseOptions options, TimeProvider time, IProgress<long>? progress = null)
    {
        await using var database = Database.Open(options with { MustExist = true });
        var examination = new Examination(database, time) { Progress = progress };
        await Try(_ => Migrator.RequireNewest(database), examination);
        // Not even the schema can be read: there is nothing more to see.
        return examination.Diagnosis.IsClean ? await Examine(examination) : examination.Diagnosis;
    }

    internal static async Task<Diagnosis> Examine(Examination examination)
    {
        foreach (var check in Checks)
        {
            await Try(check, examination);
        }
        return examination.Diagnosis;
    }

    // A table that is missing or torn is a finding, and the other checks go on; a database that is away is not.
    private static async Task Try(Func<Examination, Task> check, Examination examination)
    {
        try
        {
            await check(examination);
        }
        catch (StorageUnavailableException torn) when (torn.IsCorruption)
        {
            examination.Found(FindingKind.Integrity, "database", "readable", torn.Message);
        }
        catch (InvalidDataException damaged)
        {
            examination.Found(FindingKind.Outbox, "what waits for its tables", "rows", damaged.Message);
        }
        catch (DbException refused)
        {
            examination.Found(FindingKind.Integrity, "database", "readable", refused.Message);
        }
    }

    private static async Task CheckIntegrity(Examination examination)
    {
        foreach (var complaint in await examination.Database.CheckIntegrity())
        {
            examination.Found(FindingKind.Integrity, "file", "ok", complaint);
        }
    }
}
