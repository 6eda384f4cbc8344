using System.Globalization;
using System.Text;

namespace Laurel.Core.Rules.Filters;

/// <summary>A text in UTF-8, plain or as JSON escapes it. It is compared in place, without being unescaped first.</summary>
internal readonly ref struct Utf8Text
{
    private readonly ReadOnlySpan<byte> bytes;
    private readonly bool hasEscapes;

    private Utf8Text(ReadOnlySpan<byte> bytes, bool hasEscapes)
    {
        this.bytes = bytes;
        this.hasEscapes = hasEscapes;
    }

    public static Utf8Text OfPlain(ReadOnlySpan<byte> utf8) => new(utf8, hasEscapes: false);

    /// <param name="json">What stands between the quotes of a JSON string.</param>
    public static Utf8Text OfJson(ReadOnlySpan<byte> json) => new(json, json.Contains((byte)'\\'));

    /// <summary>By code points, which is how UTF-8 bytes compare; UTF-16 would put surrogates before U+E000.</summary>
    /// <returns>Below, at or above 0, as the left text comes before the right one, is equal to it or comes after it.</returns>
    public static int Compare(Utf8Text left, Utf8Text right)
    {
        if (!left.hasEscapes && !right.hasEscapes)
        {
            return left.bytes.SequenceCompareTo(right.bytes);
        }

        var leftRest = left.bytes;
        var rightRest = right.bytes;
        while (true)
        {
            var a = Next(ref leftRest, left.hasEscapes);
            var b = Next(ref rightRest, right.hasEscapes);
            if (a != b || a < 0)
            {
                return a.CompareTo(b);
            }
        }
    }

    // The next code point, or -1 at the end.
    private static int Next(ref ReadOnlySpan<byte> rest, bool hasEscapes)
    {
        if (rest.IsEmpty)
        {
            return -1;
        }
        if (hasEscapes && rest[0] == '\\')
        {
            return Escaped(ref rest);
        }

        Rune.DecodeFromUtf8(rest, out var rune, out var length);
        rest = rest[length..];
        return rune.Value;
    }

    private static int Escaped(ref ReadOnlySpan<byte> rest)
    {
        if (rest[1] == 'u')
        {
            var unit = Unit(ref rest);
            return char.IsHighSurrogate(unit) && rest is [(byte)'\\', (byte)'u', ..] ? char.ConvertToUtf32(unit, Unit(ref rest)) : unit;
        }

        var escape = rest[1];
        rest = rest[2..];
        return escape switch
        {
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            _ => escape, // ", \ and / stand for themselves
        };
    }

    private static char Unit(ref ReadOnlySpan<byte> rest)
    {
        var unit = (char)ushort.Parse(rest[2..6], NumberStyles.AllowHexSpecifier);
        rest = rest[6..];
        return unit;
    }
}
