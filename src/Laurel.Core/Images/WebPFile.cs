using System.Buffers.Binary;

namespace Laurel.Core.Images;

/// <summary>WebP (RFC 9649): one RIFF of chunks. Lossy (VP8), lossless (VP8L), or extended (VP8X) around them.</summary>
internal static class WebPFile
{
    private const int RiffEnd = 12;
    private const int ChunkHead = 8;
    private const int FrameHead = 16;

    private static ReadOnlySpan<byte> StartCode => [0x9d, 0x01, 0x2a];

    public static bool Is(ReadOnlySpan<byte> file) => file.Length >= RiffEnd && file.StartsWith("RIFF"u8) && file[8..].StartsWith("WEBP"u8);

    /// <summary>Width and height; null where the file is not one whole image.</summary>
    public static (long Width, long Height)? Size(ReadOnlySpan<byte> file)
    {
        var rest = file[RiffEnd..];
        if (BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) != file.Length - ChunkHead || !TryChunk(ref rest, out var type, out var data))
        {
            return null;
        }
        return type.SequenceEqual("VP8X"u8) ? Extended(data, rest)
            : rest.IsEmpty ? Pixels(type, data)
            : null;
    }

    private static (long Width, long Height)? Extended(ReadOnlySpan<byte> header, ReadOnlySpan<byte> rest)
    {
        if (header.Length != 10)
        {
            return null;
        }
        var canvas = (Width: UInt24(header[4..]) + 1, Height: UInt24(header[7..]) + 1);
        var isAnimated = (header[0] & 2) != 0;
        var frames = 0;
        while (TryChunk(ref rest, out var type, out var data))
        {
            if (type.SequenceEqual("ANMF"u8))
            {
                if (!isAnimated || !IsFrame(data, canvas))
                {
                    return null;
                }
                frames++;
            }
            else if (Pixels(type, data) is { } size)
            {
                if (isAnimated || frames++ > 0 || size != canvas)
                {
                    return null;
                }
            }
            else if (!IsBeside(type))
            {
                return null;
            }
        }
        return rest.IsEmpty && frames > 0 ? canvas : null;
    }

    private static bool IsFrame(ReadOnlySpan<byte> frame, (long Width, long Height) canvas)
    {
        if (frame.Length < FrameHead)
        {
            return false;
        }
        var (width, height) = (UInt24(frame[6..]) + 1, UInt24(frame[9..]) + 1);
        var pixels = 0;
        var rest = frame[FrameHead..];
        while (TryChunk(ref rest, out var type, out var data))
        {
            if (Pixels(type, data) is { } size)
            {
                pixels += size == (width, height) ? 1 : 2;
            }
            else if (!type.SequenceEqual("ALPH"u8))
            {
                return false;
            }
        }
        return rest.IsEmpty && pixels == 1
            && (2 * UInt24(frame)) + width <= canvas.Width && (2 * UInt24(frame[3..])) + height <= canvas.Height;
    }

    // Transparency, colours, the animation's own, and what cameras and editors add.
    private static bool IsBeside(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("ALPH"u8) || type.SequenceEqual("ICCP"u8) || type.SequenceEqual("ANIM"u8) || type.SequenceEqual("EXIF"u8)
        || type.SequenceEqual("XMP "u8);

    private static (long Width, long Height)? Pixels(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data) =>
        type.SequenceEqual("VP8 "u8) ? Lossy(data)
        : type.SequenceEqual("VP8L"u8) ? Lossless(data)
        : null;

    // RFC 6386, 9.1: a key frame that is shown, its start code, and two sizes of 14 bits.
    private static (long Width, long Height)? Lossy(ReadOnlySpan<byte> frame) =>
        frame.Length > 10 && (frame[0] & 0x11) == 0x10 && frame[3..].StartsWith(StartCode) && UInt24(frame) >> 5 <= frame.Length - 10
            ? (BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]) & 0x3fff, BinaryPrimitives.ReadUInt16LittleEndian(frame[8..]) & 0x3fff)
            : null;

    // A signature, two sizes of 14 bits less one, whether it is transparent, and version 0.
    private static (long Width, long Height)? Lossless(ReadOnlySpan<byte> data)
    {
        if (data.Length <= 5 || data[0] != 0x2f)
        {
            return null;
        }
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
        return bits >> 29 == 0 ? ((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1) : null;
    }

    // One of odd length is followed by a byte of nothing.
    private static bool TryChunk(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> data)
    {
        type = data = default;
        if (rest.Length < ChunkHead || BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) is var length && length > rest.Length - ChunkHead)
        {
            return false;
        }
        var end = ChunkHead + (int)length;
        var isPadded = length % 2 == 1;
        if (isPadded && (end == rest.Length || rest[end] != 0))
        {
            return false;
        }
        type = rest[..4];
        data = rest[ChunkHead..end];
        rest = rest[(isPadded ? end + 1 : end)..];
        return true;
    }

    private static long UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
