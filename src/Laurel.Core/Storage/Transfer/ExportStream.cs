using System.IO.Pipelines;

namespace Laurel.Core.Storage;

/// <summary>A database's export as a stream, written as it is read. Nothing else may use the snapshot's database to write.</summary>
internal sealed class ExportStream : IAsyncDisposable
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20, useSynchronizationContext: false));
    private readonly Task _writing;

    public ExportStream(Database still, TransferSchema schema, TimeProvider time)
    {
        Input = _pipe.Reader.AsStream();
        _writing = Task.Run(() => Write(still, schema, time));
    }

    /// <summary>To be read; fails as the export does.</summary>
    public Stream Input { get; }

    private async Task Write(Database still, TransferSchema schema, TimeProvider time)
    {
        try
        {
            await using var output = new Output(_pipe.Writer);
            using var writer = new ExportWriter(schema, output);
            await still.ReadSnapshot(async session =>
                await writer.Write(session, await TalliesBehind.Read(still, session, time), ExportPlace.Begin(schema), progress: null));
            await _pipe.Writer.CompleteAsync();
        }
        catch (Exception failure)
        {
            await _pipe.Writer.CompleteAsync(failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever still writes has nobody to write to.
        await _pipe.Reader.CompleteAsync();
        await _writing;
    }

    // A pipe's own stream writes on when nobody reads any more.
    private sealed class Output(PipeWriter pipe) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if ((await pipe.WriteAsync(buffer, cancellationToken)).IsCompleted)
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
