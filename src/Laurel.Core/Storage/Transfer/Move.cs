using System.IO.Pipelines;

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
    /// <returns>What was moved, and behind which chunk it went on; 0 where it began.</returns>
    /// <exception cref="TransferException">The target has content or is in use.</exception>
    /// <exception cref="StorageUnavailableException">A database cannot be reached.</exception>
    /// <exception cref="SchemaMismatchException">The source is of another version, or no database of Laurel's.</exception>
    public static async Task<(ExportSummary Summary, long Behind)> Run(
        DatabaseOptions source, DatabaseOptions target, TimeProvider time, IProgress<long>? progress = null, IProgress<long>? readBack = null)
    {
        await using var from = await Export.OpenSource(source);
        await using var to = Database.Open(target);
        await using var still = await from.OpenStill(from.CopyBeside, time);
        try
        {
            return await Run(still, to, time, progress, readBack);
        }
        catch (OtherContentException)
        {
            return await Run(still, to, time, progress, readBack);
        }
    }

    private static async Task<(ExportSummary Summary, long Behind)> Run(
        Database still, Database to, TimeProvider time, IProgress<long>? progress, IProgress<long>? readBack)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20, useSynchronizationContext: false));
        var writing = Task.Run(() => Write(still, pipe.Writer));
        try
        {
            return await Import.Run(to, pipe.Reader.AsStream(), time, read: null, progress, readBack, replaces: true);
        }
        finally
        {
            // Whoever still writes has nobody to write to.
            await pipe.Reader.CompleteAsync();
            await writing;
        }
    }

    // What fails here is told to who reads.
    private static async Task Write(Database still, PipeWriter output)
    {
        try
        {
            var schema = await TransferSchema.At(Migrator.Newest);
            await using var stream = new PipeStream(output);
            using var writer = new ExportWriter(schema, stream);
            await still.ReadSnapshot(async session => await writer.Write(session, ExportPlace.Begin(schema), progress: null));
            await output.CompleteAsync();
        }
        catch (Exception failure)
        {
            await output.CompleteAsync(failure);
        }
    }

    // A pipe's own stream writes on when nobody reads any more.
    private sealed class PipeStream(PipeWriter output) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if ((await output.WriteAsync(buffer, cancellationToken)).IsCompleted)
            {
                throw new IOException("Nobody reads any more.");
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
