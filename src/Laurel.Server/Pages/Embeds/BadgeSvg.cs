using Laurel.Core.Showcases;
using Laurel.Server.Media;

namespace Laurel.Server.Pages;

/// <summary>A badge as a small image: its icon, its name, how often it was awarded.</summary>
internal static class BadgeSvg
{
    private const double Height = 36;
    private const double Size = 14;
    private const double Gap = 10;

    public static byte[] Render(Reader reader, ShownBadge shown, EmbedTheme theme)
    {
        var name = EmbedText.Name(reader, shown.Badge, shown.IsMasked);
        var count = reader.Language.Number(shown.Awarded);
        var nameAt = Gap + 24 + 8;
        var countAt = nameAt + EmbedText.Width(name, Size) + Gap;
        var countWidth = EmbedText.Width(count, Size) + 16;
        using var svg = new SvgImage(reader, countAt + countWidth + 6, Height, PlainText.Isolated(name) + " " + reader.Count("wall.times", shown.Awarded));
        svg.Box(0.5, 0.5, countAt + countWidth + 5, Height - 1, 10, theme.Paper, theme.Line);
        svg.Icon(Gap, 6, 24, shown.IsMasked ? DrawnIcon.HiddenDesign : DrawnIcon.DesignOf(shown.Badge.Id));
        svg.Text(nameAt, 23, Size, theme.Ink, name, isBold: true);
        svg.Box(countAt, 6, countWidth, 24, 8, theme.Leaf);
        svg.Text(countAt + 8, 23, Size, theme.OnLeaf, count, isBold: true);
        return svg.Finish();
    }
}
