using Laurel.Core.Badges;

namespace Laurel.Server.Pages;

/// <summary>Texts within images.</summary>
internal static class EmbedText
{
    /// <summary>The longest name in an image, in UTF-16 units.</summary>
    private const int Longest = 48;

    /// <summary>A badge's name in the reader's language, on one line.</summary>
    public static string Name(Reader reader, Badge badge, bool isMasked) =>
        isMasked ? reader["badge.hidden"] : PlainText.Clean(reader.TextOf(badge).Name, Longest);

    /// <summary>How wide a text is at most at this size, in pixels: which font shows it is not known here.</summary>
    public static double Width(string text, double size)
    {
        var ems = 0.0;
        foreach (var rune in text.EnumerateRunes())
        {
            ems += rune.Value switch
            {
                'i' or 'j' or 'l' or 'I' or '.' or ',' or '\'' or '|' or ' ' or ':' => 0.34,
                'm' or 'w' or 'M' or 'W' or '@' or '%' => 0.95,
                >= 'A' and <= 'Z' => 0.72,
                < 0x1100 => 0.6,
                _ => 1.1,
            };
        }
        return Math.Ceiling(ems * size);
    }

    /// <summary>No more of a text than fits.</summary>
    public static string Fitted(string text, double size, double width)
    {
        if (Width(text, size) <= width)
        {
            return text;
        }
        var shown = new System.Text.StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (Width(shown.ToString() + rune, size) > width - size)
            {
                break;
            }
            shown.Append(rune.ToString());
        }
        return shown.ToString().TrimEnd() + "…";
    }
}

/// <summary>The colours of an image, which cannot ask its reader for a scheme where it is shown.</summary>
internal sealed record EmbedTheme(string Name, string Paper, string Line, string Ink, string Soft, string Leaf, string OnLeaf)
{
    public static readonly EmbedTheme Light = new("light", "#ffffff", "#dcdad0", "#1a211d", "#525c56", "#1c6b45", "#ffffff");

    public static readonly EmbedTheme Dark = new("dark", "#1a201d", "#313a35", "#e8ece9", "#aab5ae", "#7dd3a3", "#10251a");
}
