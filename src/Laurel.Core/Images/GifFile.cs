using System.Buffers.Binary;

namespace Laurel.Core.Images;

/// <summary>GIF87a and GIF89a: a screen, blocks, and a trailer.</summary>
internal static class GifFile
{
    private const int ScreenEnd = 13;
    private const int FrameLength = 9;

    public static bool Is(ReadOnlySpan<byte> file) => file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8);

    /// <summary>Width and height, of the screen or of a frame that is larger; null where the file is not one whole image.</summary>
    public static (long Width, long Height)? Size(ReadOnlySpan<byte> file)
    {
        if (file.Length < ScreenEnd)
        {
            return null;
        }
        long width = BinaryPrimitives.ReadUInt16LittleEndian(file[6..]);
        long height = BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        var hasFrame = false;
        for (var at = ScreenEnd + TableLength(file[10]); at < file.Length;)
        {
            switch (file[at++])
            {
                case (byte)';':
                    return at == file.Length && hasFrame ? (width, height) : null;
                case (byte)'!':
                    at++;
                    break;
                case (byte)',' when file.Length - at > FrameLength:
                    var frame = file.Slice(at, FrameLength);
                    width = Math.Max(width, BinaryPrimitives.ReadUInt16LittleEndian(frame) + BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]));
                    height = Math.Max(height, BinaryPrimitives.ReadUInt16LittleEndian(frame[2..]) + BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]));
                    at += FrameLength + TableLength(frame[8]);
                    if (IsEmpty(frame) || at >= file.Length || file[at++] is < 2 or > 8)
                    {
                        return null;
                    }
                    hasFrame = true;
                    break;
                default:
                    return null;
            }
            if (!TrySkipParts(file, ref at))
            {
                return null;
            }
        }
        return null;
    }

    private static bool IsEmpty(ReadOnlySpan<byte> frame) =>
        BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]) == 0 || BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]) == 0;

    private static int TableLength(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    // Each tells its length; an empty one ends them.
    private static bool TrySkipParts(ReadOnlySpan<byte> file, ref int at)
    {
        while (at < file.Length)
        {
            var length = file[at++];
            if (length == 0)
            {
                return true;
            }
            at += length;
        }
        return false;
    }
}
