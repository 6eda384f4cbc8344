using Laurel.Core.Showcases;
using Laurel.Server.Media;

namespace Laurel.Server.Pages;

/// <summary>The latest badges of a user's wall as one image.</summary>
internal static class WallSvg
{
    private const int Shown = 12;
    private const int Columns = 3;
    private const double Width = 600;
    private const double Margin = 20;
    private const double Row = 56;
    private const double Icon = 40;
    private const double Head = 76;

    public static byte[] Render(Reader reader, Wall wall, EmbedTheme theme)
    {
        var shown = wall.Won.Take(Shown).ToList();
        var height = Head + (((shown.Count + Columns - 1) / Columns) * Row) + 8;
        var user = PlainText.Clean(wall.User.ShownName(), 40);
        var title = string.Format(null, reader["wall.title"], PlainText.Isolated(user));
        using var svg = new SvgImage(reader, Width, height, $"{title}. {reader.Count("wall.count", wall.Won.Count)}");
        svg.Box(0.5, 0.5, Width - 1, height - 1, 14, theme.Paper, theme.Line);
        svg.Text(Margin, 36, 20, theme.Ink, EmbedText.Fitted(title, 20, Width - (2 * Margin)), isBold: true);
        svg.Text(Margin, 58, 13, theme.Soft, reader.Count("wall.count", wall.Won.Count));
        var column = (Width - (2 * Margin)) / Columns;
        for (var i = 0; i < shown.Count; i++)
        {
            var (x, y) = (Margin + (i % Columns * column), Head + ((i / Columns) * Row));
            var won = shown[i];
            svg.Icon(x, y, Icon, won.IsMasked ? DrawnIcon.HiddenDesign : DrawnIcon.DesignOf(won.Badge.Id));
            svg.Text(x + Icon + 10, y + 18, 13.5, theme.Ink, EmbedText.Fitted(EmbedText.Name(reader, won.Badge, won.IsMasked), 13.5, column - Icon - 18), isBold: true);
            svg.Text(x + Icon + 10, y + 35, 12, theme.Soft, reader.Language.Date(Reader.Day(won.FirstAt)));
        }
        return svg.Finish();
    }
}
