using System.Buffers.Binary;

namespace Laurel.Core.Images;

/// <summary>PNG (W3C PNG, third edition): a signature and chunks, from IHDR to IEND.</summary>
internal static class PngFile
{
    private const int ChunkOverhead = 12;
    private const int HeaderLength = 13;
    private const int Palette = 3;
    private const int MaximumPalette = 3 * 256;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    public static bool Is(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    /// <summary>Width and height; null where the file is not one whole image.</summary>
    public static (long Width, long Height)? Size(ReadOnlySpan<byte> file)
    {
        var rest = file[Signature.Length..];
        if (!TryChunk(ref rest, out var type, out var header) || !type.SequenceEqual("IHDR"u8) || !IsHeader(header))
        {
            return null;
        }
        var (hasPalette, hasPixels, pixelsEnded) = (false, false, false);
        while (TryChunk(ref rest, out type, out var data))
        {
            if (type.SequenceEqual("IEND"u8))
            {
                var isWhole = data.IsEmpty && rest.IsEmpty && hasPixels && (hasPalette || header[9] != Palette);
                return isWhole ? (BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..])) : null;
            }
            var isPixels = type.SequenceEqual("IDAT"u8);
            var isPalette = type.SequenceEqual("PLTE"u8);
            // What is critical and not known makes it no image that can be shown.
            if ((isPixels && pixelsEnded)
                || (isPalette && (hasPalette || hasPixels || data.Length is 0 or > MaximumPalette || data.Length % 3 != 0))
                || (!isPixels && !isPalette && char.IsAsciiLetterUpper((char)type[0])))
            {
                return null;
            }
            pixelsEnded = hasPixels && !isPixels;
            hasPixels |= isPixels;
            hasPalette |= isPalette;
        }
        return null;
    }

    private static bool TryChunk(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> data)
    {
        type = data = default;
        if (rest.Length < ChunkOverhead || BinaryPrimitives.ReadUInt32BigEndian(rest) is var length && length > rest.Length - ChunkOverhead)
        {
            return false;
        }
        type = rest[4..8];
        data = rest.Slice(8, (int)length);
        rest = rest[(ChunkOverhead + (int)length)..];
        return IsLetters(type);
    }

    private static bool IsLetters(ReadOnlySpan<byte> type)
    {
        foreach (var letter in type)
        {
            if (!char.IsAsciiLetter((char)letter))
            {
                return false;
            }
        }
        return true;
    }

    // Depth and colour in one of the combinations there are; compression, filter and interlacing of the methods there are.
    private static bool IsHeader(ReadOnlySpan<byte> header) =>
        header.Length == HeaderLength
        && (Colour: header[9], Depth: header[8]) is (0, 1 or 2 or 4 or 8 or 16) or (Palette, 1 or 2 or 4 or 8) or (2 or 4 or 6, 8 or 16)
        && header[10] == 0 && header[11] == 0 && header[12] <= 1;
}
