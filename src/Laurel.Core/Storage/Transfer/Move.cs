namespace Laurel.Core.Storage;

/// <summary>Moves a database into another, whatever the engines: an export that is imported as it is written.</summary>
public static class Move
{
    /// <summary>Copies the state of one moment, which holds everything acknowledged before. Interrupted at any point and called again, it
    /// goes on if the source is what it was, and begins again otherwise.</summary>
    /// <param name="source">Servers may run on it; it is not changed.</param>
    /// <param name="target">Without content, or not there yet.</param>
    /// <param name="time">The clock.</param>
    /// <param name="progress">Told how many rows are stored.</param>
    /// <param name="readBack">Told how many rows are read back.</param>
    /// <exception cref="TransferException">The target has content or is in use.</exception>
    /// <exception cref="StorageUnavailableException">A database cannot be reached.</exception>
    /// <exception cref="SchemaMismatchException">The source is of another version, or no database of Laurel's.</exception>
    public static async Task<Transferred> Run(
        DatabaseOptions source, DatabaseOptions target, TimeProvider time, IProgress<long>? progress = null, IProgress<long>? readBack = null)
    {
        await using var from = await Export.OpenSource(source);
        await using var to = Database.Open(target);
        await using var still = await from.OpenStill(from.CopyBeside, time);
        try
        {
            return await Once();
        }
        catch (OtherContentException begun)
        {
            await begun.Target.Clear();
            return await Once() with { Begun = TransferBegun.Again };
        }

        async Task<Transferred> Once()
        {
            await using var export = new ExportStream(still, await TransferSchema.At(Migrator.Newest), time);
            return await Import.Run(to, export.Input, time, read: null, progress, readBack);
        }
    }
}
