using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Laurel.Core.Storage;

/// <summary>The lines of an export, NDJSON in UTF-8: rows as objects of their columns, and between them those that begin with
/// <c>{"laurel":</c>. Written byte by byte here, so that the same content is the same bytes with every version of every library.</summary>
internal sealed class ExportLine
{
    /// <summary>Moves when any byte would be written otherwise, the limits of a chunk included.</summary>
    public const int Format = 1;

    // No column has this name.
    private const string Mark = "{\"laurel\":";

    private readonly ArrayBufferWriter<byte> _buffer = new(1 << 16);

    public static byte[] Header(int schema) => Marked($"\"export\",\"format\":{Format},\"schema\":{schema}");

    public static byte[] Table(string name) => Marked($"\"table\",\"table\":\"{name}\"");

    /// <param name="rows">Since the chunk before it, or the table's begin.</param>
    /// <param name="hash">SHA-256 of all bytes before this line, in lower-case hex.</param>
    public static byte[] Chunk(int rows, string hash) => Marked($"\"chunk\",\"rows\":{rows},\"sha256\":\"{hash}\"");

    /// <inheritdoc cref="Chunk"/>
    public static byte[] End(IReadOnlyList<TransferTable> tables, IReadOnlyList<long> rows, string hash) => Marked(
        $"\"end\",\"rows\":{{{string.Join(',', tables.Select((table, place) => $"\"{table.Name}\":{rows[place]}"))}}},\"sha256\":\"{hash}\"");

    private static byte[] Marked(FormattableString rest) => Encoding.UTF8.GetBytes($"{Mark}{rest.ToString(CultureInfo.InvariantCulture)}}}\n");

    public static bool IsMarked(ReadOnlySpan<byte> line) => line.StartsWith("{\"laurel\":"u8);

    /// <summary>The schema that a header names; null where it is no header of this format.</summary>
    /// <exception cref="TransferException">It is of a later format.</exception>
    public static int? SchemaOf(ReadOnlySpan<byte> line)
    {
        try
        {
            using var header = JsonDocument.Parse(Encoding.UTF8.GetString(line));
            if (header.RootElement.GetProperty("laurel").GetString() != "export")
            {
                return null;
            }
            var (format, schema) = (header.RootElement.GetProperty("format").GetInt32(), header.RootElement.GetProperty("schema").GetInt32());
            return format > Format ? throw new TransferException($"The export has format {format}; this version knows {Format}.")
                : schema > Migrator.Newest ? throw new TransferException($"The export has schema {schema}; this version knows {Migrator.Newest}.")
                : schema >= 1 && Header(schema).AsSpan()[..^1].SequenceEqual(line) ? schema
                : null;
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    public int Length => _buffer.WrittenCount;

    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    public void Clear() => _buffer.ResetWrittenCount();

    public void Add(ReadOnlySpan<byte> line) => _buffer.Write(line);

    /// <summary>Adds the line of the row on which the statement stands.</summary>
    public void AddRow(TransferTable table, Statement row)
    {
        _buffer.Write("{"u8);
        for (var place = 0; place < table.Columns.Count; place++)
        {
            if (place > 0)
            {
                _buffer.Write(","u8);
            }
            _buffer.Write(table.Columns[place].Label);
            if (row.IsNull(place))
            {
                _buffer.Write("null"u8);
            }
            else
            {
                AddValue(table.Columns[place].Type, row, place);
            }
        }
        _buffer.Write("}\n"u8);
    }

    private void AddValue(ColumnType type, Statement row, int place)
    {
        switch (type)
        {
            case ColumnType.Small or ColumnType.Long:
                _ = Utf8Formatter.TryFormat(row.Long(place), _buffer.GetSpan(20), out var digits);
                _buffer.Advance(digits);
                break;
            case ColumnType.Text:
                AddText(row.Text(place));
                break;
            case ColumnType.Bytes:
                var bytes = row.Bytes(place);
                _buffer.Write("\""u8);
                _ = Base64.EncodeToUtf8(bytes, _buffer.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var letters);
                _buffer.Advance(letters);
                _buffer.Write("\""u8);
                break;
        }
    }

    // What JSON says must be escaped is, as a code of four digits, and nothing else.
    private void AddText(string text)
    {
        _buffer.Write("\""u8);
        var rest = text.AsSpan();
        for (int end; (end = rest.IndexOfAny(Escaped)) >= 0; rest = rest[(end + 1)..])
        {
            Encoding.UTF8.GetBytes(rest[..end], _buffer);
            Encoding.UTF8.GetBytes(rest[end] is '"' or '\\' ? $"\\{rest[end]}" : $"\\u{(int)rest[end]:x4}", _buffer);
        }
        Encoding.UTF8.GetBytes(rest, _buffer);
        _buffer.Write("\""u8);
    }

    private static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(code => (char)code), '"', '\\']);
}
