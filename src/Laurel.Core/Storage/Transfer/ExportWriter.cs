using System.Security.Cryptography;

namespace Laurel.Core.Storage;

/// <summary>Up to where an export is written.</summary>
/// <param name="Table">The place of the table that is next, or of which the next rows are.</param>
/// <param name="After">The last row that is written of it; null where its first line is not.</param>
/// <param name="Rows">How many rows of each table are written.</param>
/// <param name="Offset">How many bytes are written.</param>
internal sealed record ExportPlace(int Table, object?[]? After, long[] Rows, long Offset)
{
    public static ExportPlace Begin(TransferSchema schema) => new(0, null, new long[schema.Tables.Count], 0);
}

/// <summary>Writes an export in chunks: a chunk's lines and the one that ends it go out together. Memory: one chunk.</summary>
internal sealed class ExportWriter(TransferSchema schema, Stream output) : IDisposable
{
    /// <summary>After how many rows a chunk ends.</summary>
    public const int ChunkRows = 2000;

    /// <summary>After how many bytes it ends before.</summary>
    private const int ChunkBytes = 1 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ExportLine _lines = new();

    /// <summary>Takes note of what is written already, up to the place where <see cref="Write"/> goes on.</summary>
    public async Task Reread(Stream written, long length)
    {
        var buffer = new byte[1 << 16];
        while (length > 0)
        {
            var read = await written.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length)));
            _hash.AppendData(buffer, 0, read > 0 ? read : throw new EndOfStreamException());
            length -= read;
        }
    }

    /// <summary>Writes all that follows a place.</summary>
    /// <param name="session">On one snapshot.</param>
    /// <param name="behind">What its tallies do not count.</param>
    /// <param name="from">Where to go on.</param>
    /// <param name="progress">Told how many rows are written.</param>
    public async Task<ExportSummary> Write(Session session, TalliesBehind behind, ExportPlace from, IProgress<long>? progress)
    {
        var rows = from.Rows;
        if (from.Offset == 0)
        {
            _lines.Add(ExportLine.Header(schema.Version));
        }
        for (var place = from.Table; place < schema.Tables.Count; place++)
        {
            var table = schema.Tables[place];
            var after = place == from.Table ? from.After : null;
            if (after is null)
            {
                _lines.Add(ExportLine.Table(table.Name));
            }
            for (var ends = false; !ends;)
            {
                var (count, isFull, last) = await ReadChunk(session, table, behind, after);
                if (count > 0 || after is null)
                {
                    await EndChunk(count);
                }
                rows[place] += count;
                progress?.Report(rows.Sum());
                (after, ends) = (last, !isFull);
            }
        }
        var hash = Hash();
        _lines.Add(ExportLine.End(schema.Tables, rows, hash));
        await output.WriteAsync(_lines.Written);
        await output.FlushAsync();
        return new ExportSummary(schema.Tables.Index().ToDictionary(each => each.Item.Name, each => rows[each.Index]), hash);
    }

    private async ValueTask<(int Count, bool IsFull, object?[]? Last)> ReadChunk(
        Session session, TransferTable table, TalliesBehind behind, object?[]? after)
    {
        var select = session.Prepare(after is null ? table.SelectFirst(behind) : table.SelectNext(behind));
        if (after is not null)
        {
            Bind(select, table, after);
        }
        var (count, last, begin) = (0, (object?[]?)null, _lines.Length);
        while (await select.Read())
        {
            _lines.AddRow(table, select);
            count++;
            if (count == ChunkRows || _lines.Length - begin >= ChunkBytes)
            {
                last = KeyOf(table, select);
                await select.Done();
                return (count, true, last);
            }
        }
        return (count, false, null);
    }

    private static object?[] KeyOf(TransferTable table, Statement row)
    {
        var key = new object?[table.Columns.Count];
        foreach (var place in table.Key)
        {
            key[place] = table.Columns[place].Type == ColumnType.Text ? row.Text(place) : row.Long(place);
        }
        return key;
    }

    private static void Bind(Statement select, TransferTable table, object?[] after)
    {
        foreach (var (index, place) in table.Key.Index())
        {
            _ = after[place] is string text ? select.Set(index + 1, text) : select.Set(index + 1, (long)after[place]!);
        }
    }

    private async ValueTask EndChunk(int rows)
    {
        var hash = Hash();
        var line = ExportLine.Chunk(rows, hash);
        _hash.AppendData(line);
        _lines.Add(line);
        await output.WriteAsync(_lines.Written);
        _lines.Clear();
    }

    // Of everything before the line that is to name it.
    private string Hash()
    {
        _hash.AppendData(_lines.Written.Span);
        return Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    public void Dispose() => _hash.Dispose();
}
