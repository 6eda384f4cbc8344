using System.Buffers;
using System.Text;

namespace Laurel.Core.Images;

/// <summary>Marks of what is no image and may hide in one: comments, profiles and palettes can hold anything, and readers of
/// archives and documents look for their beginning, or their end, anywhere in a file.</summary>
internal static class ForeignContent
{
    private const int ScriptHead = 16;

    // Five bytes at least, so that a megabyte of pixels hardly ever holds one by chance.
    private static readonly byte[][] Marks =
    [
        "<!doctype"u8.ToArray(), "<html"u8.ToArray(), "<head>"u8.ToArray(), "<body"u8.ToArray(), "<script"u8.ToArray(), "<iframe"u8.ToArray(),
        "<img "u8.ToArray(), "<svg "u8.ToArray(), "<svg>"u8.ToArray(), "<?php"u8.ToArray(),
        "%PDF-"u8.ToArray(), "PK\u0005\u0006\0\0\0\0"u8.ToArray(), "Rar!\u001a\u0007"u8.ToArray(),
    ];

    private static readonly SearchValues<byte> Beginnings = SearchValues.Create("<%PpRr"u8);

    public static bool IsIn(ReadOnlySpan<byte> file)
    {
        // A script may begin with any letters, if a comment follows at once.
        if (file[..Math.Min(file.Length, ScriptHead)].IndexOf("/*"u8) >= 0)
        {
            return true;
        }
        for (var rest = file; rest.IndexOfAny(Beginnings) is >= 0 and var next; rest = rest[(next + 1)..])
        {
            foreach (var mark in Marks)
            {
                if (rest.Length - next >= mark.Length && Ascii.EqualsIgnoreCase(rest.Slice(next, mark.Length), mark))
                {
                    return true;
                }
            }
        }
        return false;
    }
}
