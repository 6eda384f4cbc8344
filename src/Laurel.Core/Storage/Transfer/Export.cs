namespace Laurel.Core.Storage;

/// <summary>Writes a database into one file that anybody can read, and checks such files. Format: docs/operations.md#export-and-import</summary>
public static class Export
{
    /// <summary>Exports the state of one moment, which holds everything acknowledged before; servers may run. Until it is whole the file is
    /// called <c>….partial</c>: interrupted at any point and called again, it goes on there if the database is what it was.</summary>
    /// <param name="options">Where the database is; it is never created.</param>
    /// <param name="file">Not there yet. Its owner alone may read it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="progress">Told how many rows are written.</param>
    /// <exception cref="TransferException">The file is there, or the database holds half an import.</exception>
    /// <exception cref="StorageUnavailableException">The database is not there or cannot be read.</exception>
    /// <exception cref="SchemaMismatchException">It is of another version, or no database of Laurel's.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static async Task<Transferred> ToFile(DatabaseOptions options, string file, TimeProvider time, IProgress<long>? progress = null)
    {
        if (File.Exists(file))
        {
            throw new TransferException($"The file {file} is there already.");
        }
        await using var database = await OpenSource(options);
        Transferred exported;
        // Nobody else writes it as long as it is open.
        await using (var partial = Create(file + ".partial"))
        {
            await using var still = await database.OpenStill(file + ".partial.db", time);
            exported = await still.ReadSnapshot(session => Write(still, session, partial, file + ".partial.of", time, progress));
            partial.Flush(flushToDisk: true);
        }
        File.Delete(file + ".partial.of");
        File.Move(file + ".partial", file);
        return exported;
    }

    /// <summary>Reads a file to its end.</summary>
    /// <exception cref="TransferException">It is damaged, says where; or no export, or of a later version.</exception>
    public static async Task<ExportSummary> Verify(Stream file, IProgress<long>? progress = null)
    {
        using var reader = new ExportReader(file);
        await reader.ReadHeader();
        await foreach (var chunk in reader.Chunks())
        {
            progress?.Report(chunk.Offset);
        }
        return reader.Summary!;
    }

    internal static async Task<Database> OpenSource(DatabaseOptions options)
    {
        var database = Database.Open(options with { MustExist = true });
        try
        {
            await Migrator.RequireNewest(database);
            await ImportTarget.RequireNone(database);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens or makes a file that only its owner may read.</summary>
    internal static FileStream Create(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        return new FileStream(file, options);
    }

    private static async ValueTask<Transferred> Write(
        Database still, Session session, FileStream partial, string of, TimeProvider time, IProgress<long>? progress)
    {
        var schema = await TransferSchema.At(Migrator.Newest);
        var state = await still.StateOf(session);
        var isSame = state is not null && File.Exists(of) && await File.ReadAllTextAsync(of) == state;
        var place = isSame ? await Find(partial, schema) : ExportPlace.Begin(schema);
        var begun = place.Offset > 0 ? TransferBegun.Continued : partial.Length > 0 && !isSame ? TransferBegun.Again : TransferBegun.Anew;
        partial.SetLength(place.Offset);
        if (!isSame)
        {
            await File.WriteAllTextAsync(of, state);
        }
        using var writer = new ExportWriter(schema, partial);
        partial.Position = 0;
        await writer.Reread(partial, place.Offset);
        return new Transferred(begun, await writer.Write(session, await TalliesBehind.Read(still, session, time), place, progress));
    }

    // Behind the last chunk that is whole.
    private static async Task<ExportPlace> Find(FileStream partial, TransferSchema schema)
    {
        var place = ExportPlace.Begin(schema);
        using var reader = new ExportReader(partial);
        try
        {
            await reader.ReadHeader();
            await foreach (var chunk in reader.Chunks())
            {
                place.Rows[chunk.Table] += chunk.Rows.Count;
                place = chunk.Rows.Count == 0
                    ? place with { Table = chunk.Table + 1, After = null, Offset = chunk.Offset }
                    : place with { Table = chunk.Table, After = chunk.Rows[^1], Offset = chunk.Offset };
            }
        }
        catch (TransferException)
        {
            // It was interrupted here.
        }
        return place;
    }
}
