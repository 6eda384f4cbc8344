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
    /// <exception cref="TransferException">The file is damaged or of a later version, or the database has content or is in use.</exception>
    /// <exception cref="StorageUnavailableException">The database cannot be reached or written.</exception>
    public static async Task<Transferred> FromFile(
        DatabaseOptions options, Stream file, TimeProvider time, IProgress<long>? read = null, IProgress<long>? readBack = null)
    {
        await using var database = Database.Open(options);
        return await Run(database, file, time, read, rows: null, readBack);
    }

    /// <param name="rows">Told how many rows are stored.</param>
    internal static async Task<Transferred> Run(
        Database database, Stream input, TimeProvider time, IProgress<long>? read, IProgress<long>? rows, IProgress<long>? readBack)
    {
        using var reader = new ExportReader(input);
        await reader.ReadHeader();
        var current = await Migrator.Apply(database, reader.Schema.Version);
        if (current != reader.Schema.Version)
        {
            throw new TransferException($"The export has schema {reader.Schema.Version} and the database {current} already. Take a database that is new.");
        }
        var target = new ImportTarget(database, reader.Schema);
        if (await target.Begin(time) is { } there)
        {
            await RequireSame(database, reader, there, time);
            return new Transferred(TransferBegun.Already, reader.Summary!);
        }
        var begun = target.Stored.Number > 0 ? TransferBegun.Continued : TransferBegun.Anew;
        await Store(reader, target, read, rows);
        await target.End(reader.Summary!, readBack);
        return new Transferred(begun, reader.Summary!);
    }

    private static async Task Store(ExportReader reader, ImportTarget target, IProgress<long>? read, IProgress<long>? rows)
    {
        var (behind, hash) = target.Stored;
        var (stored, last) = (0L, 0L);
        await foreach (var chunk in reader.Chunks())
        {
            last = chunk.Number;
            if (last > behind)
            {
                await target.Put(chunk);
            }
            else if (last == behind && chunk.Hash != hash)
            {
                throw new OtherContentException(target);
            }
            read?.Report(chunk.Offset);
            rows?.Report(stored += chunk.Rows.Count);
        }
        if (last < behind)
        {
            throw new OtherContentException(target);
        }
    }

    // An import that was killed when all was done is done. Up to the first difference.
    private static async Task RequireSame(Database database, ExportReader reader, string there, TimeProvider time)
    {
        await using var export = new ExportStream(database, reader.Schema, time);
        using var other = new ExportReader(export.Input);
        await other.ReadHeader();
        await using var others = other.Chunks().GetAsyncEnumerator();
        var isSame = true;
        await foreach (var chunk in reader.Chunks())
        {
            isSame = await others.MoveNextAsync() && others.Current.Hash == chunk.Hash;
            if (!isSame)
            {
                break;
            }
        }
        if (!isSame || await others.MoveNextAsync())
        {
            throw new TransferException($"The database is not empty: there are {there}. An import needs one without content.");
        }
    }
}
