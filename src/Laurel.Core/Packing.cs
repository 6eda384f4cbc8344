using System.Text;

namespace Laurel.Core;

/// <summary>Writes numbers and texts in few bytes: numbers as zigzag varints, texts as their length in UTF-8 and that.</summary>
internal sealed class PackedWriter(int capacity)
{
    // The most a varint of 64 bits takes.
    private const int LongestNumber = 10;

    private byte[] _buffer = new byte[capacity];
    private int _length;

    /// <summary>What has been written, until more is.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Begins again.</summary>
    public PackedWriter Clear()
    {
        _length = 0;
        return this;
    }

    public PackedWriter Byte(byte value)
    {
        Space(1)[0] = value;
        _length++;
        return this;
    }

    public PackedWriter Number(long value)
    {
        var span = Space(LongestNumber);
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        var length = 0;
        while (zigzag >= 0x80)
        {
            span[length++] = (byte)(zigzag | 0x80);
            zigzag >>= 7;
        }
        span[length++] = (byte)zigzag;
        _length += length;
        return this;
    }

    public PackedWriter Text(string text)
    {
        Number(Encoding.UTF8.GetByteCount(text));
        _length += Encoding.UTF8.GetBytes(text, Space(text.Length * 3));
        return this;
    }

    /// <summary>Their number, and they.</summary>
    public PackedWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        bytes.CopyTo(Space(bytes.Length));
        _length += bytes.Length;
        return this;
    }

    public PackedWriter TextOrNull(string? text) => text is null ? Byte(0) : Byte(1).Text(text);

    public PackedWriter NumberOrNull(long? number) => number is null ? Byte(0) : Byte(1).Number(number.Value);

    public byte[] ToArray() => Written.ToArray();

    private Span<byte> Space(int length)
    {
        if (_buffer.Length - _length < length)
        {
            Array.Resize(ref _buffer, Math.Max(_length + length, 2 * _buffer.Length));
        }
        return _buffer.AsSpan(_length);
    }
}

/// <summary>Reads what <see cref="PackedWriter"/> wrote.</summary>
internal ref struct PackedReader(ReadOnlySpan<byte> packed)
{
    private ReadOnlySpan<byte> _rest = packed;

    public readonly bool IsAtEnd => _rest.Length == 0;

    /// <summary>How many bytes are left: no honest count of things that follow is larger.</summary>
    public readonly int Left => _rest.Length;

    /// <exception cref="InvalidDataException">It ends before.</exception>
    public byte Byte() => Take(1)[0];

    /// <exception cref="InvalidDataException">It ends inside the number.</exception>
    public long Number()
    {
        ulong zigzag = 0;
        for (var shift = 0; shift < 70 && _rest.Length > 0; shift += 7)
        {
            var next = _rest[0];
            _rest = _rest[1..];
            zigzag |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
            }
        }
        throw new InvalidDataException("Packed data ends inside a number.");
    }

    /// <summary>A number of things.</summary>
    /// <exception cref="InvalidDataException">It is negative or larger than can follow.</exception>
    public int Count()
    {
        var count = Number();
        return count >= 0 && count <= Left ? (int)count : throw new InvalidDataException("A count in packed data is out of range.");
    }

    /// <exception cref="InvalidDataException">It ends inside the text.</exception>
    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <exception cref="InvalidDataException">It ends inside them.</exception>
    public ReadOnlySpan<byte> Bytes() => Take(Count());

    /// <inheritdoc cref="Text"/>
    public string? TextOrNull() => Byte() == 0 ? null : Text();

    /// <inheritdoc cref="Number"/>
    public long? NumberOrNull() => Byte() == 0 ? null : Number();

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw new InvalidDataException("Packed data ends too early.");
        }
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
