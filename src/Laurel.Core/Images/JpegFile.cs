using System.Buffers.Binary;

namespace Laurel.Core.Images;

/// <summary>JPEG (ITU-T T.81): segments from SOI to EOI, and behind each SOS the coded pixels. Baseline, extended and progressive:
/// what browsers show.</summary>
internal static class JpegFile
{
    private const byte Mark = 0xff;
    private const byte EndOfImage = 0xd9;
    private const byte StartOfScan = 0xda;

    private static ReadOnlySpan<byte> Beginning => [Mark, 0xd8, Mark];

    public static bool Is(ReadOnlySpan<byte> file) => file.StartsWith(Beginning);

    /// <summary>Width and height; null where the file is not one whole image.</summary>
    public static (long Width, long Height)? Size(ReadOnlySpan<byte> file)
    {
        (long, long)? size = null;
        var hasScan = false;
        for (var at = 2; TryMarker(file, ref at, out var marker);)
        {
            if (marker == EndOfImage)
            {
                return at == file.Length && hasScan ? size : null;
            }
            if (!IsSegment(marker) || !TrySegment(file, ref at, out var segment))
            {
                return null;
            }
            if (IsFrame(marker))
            {
                if (size is not null || (size = FrameSize(segment)) is null)
                {
                    return null;
                }
            }
            else if (marker == StartOfScan)
            {
                if (size is null || !TrySkipPixels(file, ref at))
                {
                    return null;
                }
                hasScan = true;
            }
        }
        return null;
    }

    // Before a marker any number of fill bytes may stand.
    private static bool TryMarker(ReadOnlySpan<byte> file, ref int at, out byte marker)
    {
        marker = 0;
        if (at >= file.Length || file[at] != Mark)
        {
            return false;
        }
        var name = file[at..].IndexOfAnyExcept(Mark);
        if (name < 0)
        {
            return false;
        }
        marker = file[at + name];
        at += name + 1;
        return true;
    }

    // Frames, tables, restart interval, scan, application data, comment. No arithmetic coding, hierarchy or late height.
    private static bool IsSegment(byte marker) =>
        IsFrame(marker) || marker is 0xc4 or StartOfScan or 0xdb or 0xdd or (>= 0xe0 and <= 0xef) or 0xfe;

    private static bool IsFrame(byte marker) => marker is 0xc0 or 0xc1 or 0xc2;

    private static bool TrySegment(ReadOnlySpan<byte> file, ref int at, out ReadOnlySpan<byte> segment)
    {
        segment = default;
        if (file.Length - at < 2 || BinaryPrimitives.ReadUInt16BigEndian(file[at..]) is var length && (length < 2 || length > file.Length - at))
        {
            return false;
        }
        segment = file.Slice(at + 2, length - 2);
        at += length;
        return true;
    }

    private static (long, long)? FrameSize(ReadOnlySpan<byte> frame) =>
        frame.Length >= 6 && frame[0] == 8 && frame[5] is 1 or 3 or 4 && frame.Length == 6 + (3 * frame[5])
            ? (BinaryPrimitives.ReadUInt16BigEndian(frame[3..]), BinaryPrimitives.ReadUInt16BigEndian(frame[1..]))
            : null;

    // A mark inside them is followed by 0 or is a restart; anything else ends them.
    private static bool TrySkipPixels(ReadOnlySpan<byte> file, ref int at)
    {
        while (file[at..].IndexOf(Mark) is >= 0 and var next && at + next + 1 < file.Length)
        {
            at += next;
            if (file[at + 1] is not (0 or Mark or (>= 0xd0 and <= 0xd7)))
            {
                return true;
            }
            at += file[at + 1] == Mark ? 1 : 2;
        }
        return false;
    }
}
