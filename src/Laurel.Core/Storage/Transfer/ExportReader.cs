using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Laurel.Core.Storage;

/// <summary>The rows of a chunk, all in one table, and where they are.</summary>
/// <param name="Number">Counts the chunks from 1.</param>
/// <param name="Table">The place of their table.</param>
/// <param name="IsFirst">The first chunk of its table.</param>
/// <param name="Rows">In the order of <see cref="TransferTable.Columns"/>: <see cref="long"/>, <see cref="string"/>, bytes or null.</param>
/// <param name="Hash">SHA-256 of all lines before the one that ends it.</param>
/// <param name="From">The first line.</param>
/// <param name="To">The line that ends it.</param>
/// <param name="Offset">How many bytes it and all before it take.</param>
internal sealed record ExportChunk(long Number, int Table, bool IsFirst, List<object?[]> Rows, string Hash, long From, long To, long Offset);

/// <summary>Reads an export and believes none of it: every line is one that <see cref="ExportWriter"/> writes, keys ascend, and each chunk
/// is told only when its checksum has been found right. Memory: one chunk.</summary>
internal sealed class ExportReader(Stream input) : IDisposable
{
    private readonly LineReader _lines = new(input);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private TransferSchema? _schema;
    private long[] _rows = [];
    private long _chunks;
    private bool _peeked;
    private byte[][]? _last;

    /// <summary>Set by <see cref="ReadHeader"/>.</summary>
    public TransferSchema Schema => _schema!;

    /// <summary>Set when <see cref="Chunks"/> has come to the end.</summary>
    public ExportSummary? Summary { get; private set; }

    /// <exception cref="TransferException">It is no export, or of a later version.</exception>
    public async Task ReadHeader()
    {
        var schema = await _lines.Next() ? ExportLine.SchemaOf(_lines.Line.Span[..^1]) : null;
        _schema = await TransferSchema.At(schema ?? throw Damaged(1, "this is no export of Laurel's."));
        _rows = new long[_schema.Tables.Count];
        _hash.AppendData(_lines.Line.Span);
    }

    /// <summary>All chunks, each when its checksum is right. What follows a damaged one is not told.</summary>
    /// <exception cref="TransferException">The file is damaged: says where.</exception>
    public async IAsyncEnumerable<ExportChunk> Chunks()
    {
        for (var place = 0; place < Schema.Tables.Count; place++)
        {
            var table = Schema.Tables[place];
            await Need();
            Match(ExportLine.Table(table.Name), $"the rows of {table.Name} should begin here.");
            _hash.AppendData(_lines.Line.Span);
            _last = null;
            for (var isFirst = true; isFirst || !await PeekMarked(); isFirst = false)
            {
                yield return await ReadChunk(place, isFirst);
            }
        }
        await Need();
        var hash = Hash();
        Match(ExportLine.End(Schema.Tables, _rows, hash), "the counts or the checksum at the end are not what was read.");
        if (await _lines.Next())
        {
            throw Damaged(_lines.Number, "something follows the end.");
        }
        Summary = new ExportSummary(Schema.Tables.Index().ToDictionary(each => each.Item.Name, each => _rows[each.Index]), hash);
    }

    // A line that was looked at is the next that is needed.
    private async ValueTask<bool> PeekMarked()
    {
        await Need();
        _peeked = true;
        return ExportLine.IsMarked(_lines.Line.Span);
    }

    private async ValueTask Need()
    {
        if (!_peeked && !await _lines.Next())
        {
            throw Damaged(_lines.Number, "the file ends here, before its end.");
        }
        _peeked = false;
    }

    private void Match(byte[] expected, string otherwise)
    {
        if (!_lines.Line.Span.SequenceEqual(expected))
        {
            throw Damaged(_lines.Number, otherwise);
        }
    }

    private async ValueTask<ExportChunk> ReadChunk(int place, bool isFirst)
    {
        await Need();
        var (table, rows, from) = (Schema.Tables[place], new List<object?[]>(), _lines.Number);
        while (!ExportLine.IsMarked(_lines.Line.Span))
        {
            if (rows.Count == ExportWriter.ChunkRows || !TryParse(_lines.Line.Span, table, out var row))
            {
                throw Damaged(_lines.Number, $"this is no row of {table.Name}.");
            }
            RequireAscending(table, row);
            rows.Add(row);
            _hash.AppendData(_lines.Line.Span);
            await Need();
        }
        var hash = Hash();
        Match(ExportLine.Chunk(rows.Count, hash), rows.Count == 0
            ? "the checksum is not that of the lines before it."
            : $"the checksum is not that of the lines before it, from line {from} on.");
        _hash.AppendData(_lines.Line.Span);
        _rows[place] += rows.Count;
        return new ExportChunk(++_chunks, place, isFirst, rows, hash, from, _lines.Number, _lines.Offset);
    }

    private static bool TryParse(ReadOnlySpan<byte> line, TransferTable table, out object?[] row)
    {
        row = new object?[table.Columns.Count];
        try
        {
            var json = new Utf8JsonReader(line);
            var isRow = json.Read() && json.TokenType == JsonTokenType.StartObject;
            foreach (var (place, column) in table.Columns.Index())
            {
                isRow = isRow && json.Read() && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals(column.Name)
                    && json.Read() && TryRead(ref json, column.Type, out row[place]);
            }
            foreach (var place in table.Key)
            {
                isRow &= row[place] is not null;
            }
            return isRow && json.Read() && json.TokenType == JsonTokenType.EndObject && !json.Read();
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static bool TryRead(ref Utf8JsonReader json, ColumnType type, out object? value)
    {
        value = null;
        if (json.TokenType == JsonTokenType.Null)
        {
            return true;
        }
        switch (type)
        {
            case ColumnType.Small when json.TokenType == JsonTokenType.Number && json.TryGetInt16(out var small):
                value = (long)small;
                return true;
            case ColumnType.Long when json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number):
                value = number;
                return true;
            case ColumnType.Text when json.TokenType == JsonTokenType.String:
                value = json.GetString();
                return !((string)value!).Contains('\0');
            case ColumnType.Bytes when json.TokenType == JsonTokenType.String:
                value = json.GetBytesFromBase64();
                return true;
            default:
                return false;
        }
    }

    // The database would refuse a key that comes twice, but only after others of the file were stored.
    private void RequireAscending(TransferTable table, object?[] row)
    {
        var key = table.Key.Select(place => Comparable(row[place]!)).ToArray();
        if (_last is not null && Compare(_last, key) >= 0)
        {
            throw Damaged(_lines.Number, "its key does not follow that of the row before.");
        }
        _last = key;
    }

    // Bytes in whose order both engines hold keys.
    private static byte[] Comparable(object value)
    {
        if (value is string text)
        {
            return Encoding.UTF8.GetBytes(text);
        }
        var bytes = new byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, (long)value ^ long.MinValue);
        return bytes;
    }

    private static int Compare(byte[][] one, byte[][] other)
    {
        for (var place = 0; place < one.Length; place++)
        {
            if (one[place].AsSpan().SequenceCompareTo(other[place]) is var order and not 0)
            {
                return order;
            }
        }
        return 0;
    }

    private string Hash() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    internal static TransferException Damaged(long line, string what) => new($"Line {line}: {what}");

    public void Dispose() => _hash.Dispose();
}
