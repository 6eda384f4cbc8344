using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Laurel.Core.Storage;

/// <summary>The form of a backup: a SQLite database, a line of JSON that says what it holds (<see cref="BackupFacts"/>), and a last
/// line with the SHA-256 of everything before it, in hex. SQLite reads it as it is, because it looks at no more pages than its
/// header tells; <c>head -c -65 FILE | sha256sum</c> computes what <c>tail -n 1 FILE</c> says.</summary>
internal static class BackupFile
{
    private const int LastLine = (2 * SHA256.HashSizeInBytes) + 1;
    private const int HeaderLength = 100;
    private const int LongestFacts = 1 << 20;
    private const int BlockLength = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>Makes a backup of a database that nobody has open, and syncs it.</summary>
    /// <exception cref="BackupException">The file is longer or shorter than its header says.</exception>
    public static async Task Seal(string file, BackupFacts facts, IProgress<long>? percent = null)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, useAsync: false);
        var header = new byte[HeaderLength];
        if (await stream.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength || DatabaseLength(header) != stream.Length)
        {
            throw new BackupException("The copy is not as long as its header says.");
        }
        stream.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await Walk(stream, stream.Length, percent, block =>
        {
            hash.AppendData(block.Span);
            return ValueTask.CompletedTask;
        });
        byte[] line = [(byte)'\n', .. JsonSerializer.SerializeToUtf8Bytes(facts, CoreJson.Stored.BackupFacts), (byte)'\n'];
        hash.AppendData(line);
        await stream.WriteAsync(line);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash.GetHashAndReset()) + "\n"));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Reads all of a backup and answers what it holds, if every byte is as it was written.</summary>
    /// <param name="file">The backup.</param>
    /// <param name="database">Takes the database as it is read; not to be trusted before this ends.</param>
    /// <param name="percent">Told how much is read, in hundredths.</param>
    /// <exception cref="DamagedBackupException">It is not.</exception>
    public static async Task<BackupFacts> Read(string file, Stream? database = null, IProgress<long>? percent = null)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        var header = new byte[HeaderLength];
        var (end, length) = (stream.Length - LastLine, -1L);
        if (await stream.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false) == HeaderLength)
        {
            length = DatabaseLength(header);
        }
        if (length < 0 || end - length is < 0 or > LongestFacts)
        {
            throw new DamagedBackupException($"{file} is no backup of Laurel's, or damaged: its length is not what its header says.");
        }
        stream.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (read, facts) = (0L, new MemoryStream());
        await Walk(stream, end, percent, async block =>
        {
            hash.AppendData(block.Span);
            var pages = (int)Math.Clamp(length - read, 0, block.Length);
            if (database is not null)
            {
                await database.WriteAsync(block[..pages]);
            }
            await facts.WriteAsync(block[pages..]);
            read += block.Length;
        });
        var computed = Convert.ToHexStringLower(hash.GetHashAndReset()) + "\n";
        var last = new byte[LastLine];
        await stream.ReadExactlyAsync(last);
        if (!last.AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(computed)))
        {
            throw new DamagedBackupException($"{file} is damaged: its bytes are not those whose checksum is in its last line.");
        }
        return Parse(facts.ToArray()) ?? throw new DamagedBackupException($"{file} does not say what it holds.");
    }

    private static BackupFacts? Parse(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, CoreJson.Stored.BackupFacts);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // -1 for what is no database.
    private static long DatabaseLength(ReadOnlySpan<byte> header)
    {
        if (!header.StartsWith(Magic))
        {
            return -1;
        }
        var pageSize = BinaryPrimitives.ReadUInt16BigEndian(header[16..]);
        return (pageSize == 1 ? 65_536L : pageSize) * BinaryPrimitives.ReadUInt32BigEndian(header[28..]);
    }

    private static async Task Walk(FileStream stream, long end, IProgress<long>? percent, Func<ReadOnlyMemory<byte>, ValueTask> take)
    {
        var buffer = new byte[BlockLength];
        for (var position = 0L; position < end;)
        {
            var block = buffer.AsMemory(0, (int)Math.Min(BlockLength, end - position));
            await stream.ReadExactlyAsync(block);
            await take(block);
            position += block.Length;
            percent?.Report(100 * position / end);
        }
    }
}
