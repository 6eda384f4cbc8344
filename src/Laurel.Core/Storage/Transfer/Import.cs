namespace Laurel.Core.Storage;

/// <summary>Fills an empty database with an export. Format: docs/operations.md#export-and-import</summary>
public static class Import
{
    /// <summary>Imports a file, which has been verified whole, chunk by chunk; interrupted at any point and called again, it goes on. In the
    /// end everything is read back, and only then may servers use the database.</summary>
    /// <param name="options">Where the database is; it is created, or its schema is, where it is not there.</param>
    /// <param name="file">From its beginning.</param>
    /// <param name="time">The clock.</param>
    /// <param name="read">Told how many bytes of the file are read.</param>
    /// <param name="readBack">Told how many rows are read back.</param>
    /// <returns>What was imported, and behind which chunk it went on; 0 where it began.</returns>
    /// <exception cref="TransferException">The file is damaged or of a later version, or the database has content or is in use.</exception>
    /// <exception cref="StorageUnavailableException">The database cannot be reached or written.</exception>
    public static async Task<(ExportSummary Summary, long Behind)> FromFile(
        DatabaseOptions options, Stream file, TimeProvider time, IProgress<long>? read = null, IProgress<long>? readBack = null)
    {
        await using var database = Database.Open(options);
        return await Run(database, file, time, read, rows: null, readBack, replaces: false);
    }

    /// <param name="rows">Told how many rows are stored.</param>
    /// <param name="replaces">Where other content was begun to be imported, that goes. Otherwise it is an error.</param>
    internal static async Task<(ExportSummary Summary, long Behind)> Run(
        Database database, Stream input, TimeProvider time, IProgress<long>? read, IProgress<long>? rows, IProgress<long>? readBack, bool replaces)
    {
        using var reader = new ExportReader(input);
        await reader.ReadHeader();
        var current = await Migrator.Apply(database, reader.Schema.Version);
        if (current != reader.Schema.Version)
        {
            throw new TransferException($"The export has schema {reader.Schema.Version} and the database {current} already. Take a database that is new.");
        }
        var target = new ImportTarget(database, reader.Schema);
        await target.Begin(time);
        var (behind, hash) = target.Stored;
        var (stored, isOther, last) = (0L, false, 0L);
        await foreach (var chunk in reader.Chunks())
        {
            last = chunk.Number;
            isOther |= last == behind && chunk.Hash != hash;
            if (isOther)
            {
                break;
            }
            if (last > behind)
            {
                await target.Put(chunk);
            }
            read?.Report(chunk.Offset);
            rows?.Report(stored += chunk.Rows.Count);
        }
        if (isOther || last < behind)
        {
            if (replaces)
            {
                await target.Clear();
            }
            throw new OtherContentException();
        }
        await target.End(reader.Summary!, readBack);
        return (reader.Summary!, behind);
    }
}
