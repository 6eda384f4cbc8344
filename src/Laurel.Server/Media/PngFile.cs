using System.Buffers.Binary;
using System.IO.Compression;

namespace Laurel.Server.Media;

/// <summary>Writes pixels as PNG (W3C PNG, third edition).</summary>
internal static class PngFile
{
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    private static readonly uint[] Crcs = [.. Enumerable.Range(0, 256).Select(Crc)];

    /// <param name="pixels">RGB, row by row.</param>
    /// <param name="size">Of a side, in pixels.</param>
    public static byte[] Write(byte[] pixels, int size)
    {
        using var file = new MemoryStream();
        file.Write(Signature);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, size);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), size);
        // 8 bits a sample, colour.
        (header[8], header[9]) = (8, 2);
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Compressed(pixels, size * 3));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static byte[] Compressed(byte[] pixels, int stride)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize))
        {
            for (var at = 0; at < pixels.Length; at += stride)
            {
                // The row is not filtered.
                zlib.WriteByte(0);
                zlib.Write(pixels, at, stride);
            }
        }
        return packed.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        var crc = uint.MaxValue;
        foreach (var each in type)
        {
            crc = Crcs[(crc ^ each) & 0xff] ^ (crc >> 8);
        }
        foreach (var each in data)
        {
            crc = Crcs[(crc ^ each) & 0xff] ^ (crc >> 8);
        }
        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        file.Write(number);
    }

    private static uint Crc(int value)
    {
        var crc = (uint)value;
        for (var bit = 0; bit < 8; bit++)
        {
            crc = (crc & 1) == 0 ? crc >> 1 : 0xedb88320 ^ (crc >> 1);
        }
        return crc;
    }
}
