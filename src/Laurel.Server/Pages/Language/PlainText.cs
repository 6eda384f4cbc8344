using System.Globalization;
using System.Text;

namespace Laurel.Server.Pages;

/// <summary>Texts of somebody's own where no element can keep them apart: in titles, attributes and images.</summary>
internal static class PlainText
{
    private const char FirstStrongIsolate = '\u2068';
    private const char PopIsolate = '\u2069';

    /// <summary>On one line, without control characters and without what turns the direction of the text around it.</summary>
    /// <param name="longest">In UTF-16 units; what is beyond becomes an ellipsis.</param>
    public static string Clean(string text, int longest = int.MaxValue)
    {
        var clean = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > longest)
            {
                return clean.Append('…').ToString();
            }
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                clean.Append(' ');
            }
            else if (!Turns(rune.Value) && !IsNoCharacter(rune.Value))
            {
                clean.Append(rune.ToString());
            }
        }
        return clean.ToString();
    }

    /// <summary>The same, between marks that let it run its own way.</summary>
    public static string Isolated(string text, int longest = int.MaxValue) => $"{FirstStrongIsolate}{Clean(text, longest)}{PopIsolate}";

    // Embeddings, overrides and isolates; single marks of direction are part of good spelling.
    private static bool Turns(int value) => value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);

    // XML has no way to write them.
    private static bool IsNoCharacter(int value) => (value & 0xFFFE) == 0xFFFE;
}
