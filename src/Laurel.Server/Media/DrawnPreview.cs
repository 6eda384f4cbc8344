using System.Collections.Concurrent;
using System.Globalization;

namespace Laurel.Server.Media;

/// <summary>A <see cref="DrawnIcon"/> as PNG, for the previews of pages: crawlers take no SVG. On the paper of the pages, because some
/// show what is transparent as black.</summary>
internal static class DrawnPreview
{
    public const string MediaType = "image/png";

    private const int Size = 480;
    private const double Scale = Size / 80.0;
    private const double Middle = 32;

    private static readonly (byte R, byte G, byte B) Paper = (0xf5, 0xf4, 0xee);
    private static readonly (byte R, byte G, byte B) White = (255, 255, 255);

    // There are fewer than two thousand designs, of a few kilobytes each.
    private static readonly ConcurrentDictionary<DrawnIcon.Design, byte[]> Drawn = new();

    public static byte[] Hidden => Drawn.GetOrAdd(DrawnIcon.HiddenDesign, design => Render(design, canvas =>
    {
        // The question mark of DrawnIcon.
        canvas.Stroke(Placed(PathOutline.Parse("M23.5 25.5a8.5 8.5 0 1 1 13 7.2c-3 1.9-4.5 3.3-4.5 6.3")), 6 * Scale, White);
        canvas.Fill(Placed(PathOutline.Parse("M32 44.3a3.7 3.7 0 1 0 .001 0z")), White, 1);
    }));

    public static byte[] Of(long badgeId) => Drawn.GetOrAdd(DrawnIcon.DesignOf(badgeId), design =>
        Render(design, canvas => canvas.Fill(Placed(PathOutline.Parse(design.Emblem)), White, 1)));

    private static byte[] Render(DrawnIcon.Design design, Action<Canvas> emblem)
    {
        var canvas = new Canvas(Size, Paper);
        var shape = PathOutline.Parse(design.Shape);
        canvas.Fill(Placed(shape), Colour(design.Colour), 1);
        // The line inside the edge: what lies between two outlines of different directions.
        canvas.Fill([.. Placed(shape, 0.877), .. Placed(shape, 0.863).Select(outline => outline.Reverse().ToArray())], White, 0.4);
        emblem(canvas);
        return PngFile.Write(canvas.Pixels, Size);
    }

    private static List<(double X, double Y)[]> Placed(List<(double X, double Y)[]> outlines, double scale = 1) =>
        [.. outlines.Select(outline => outline.Select(point => (Place(point.X, scale), Place(point.Y, scale))).ToArray())];

    private static double Place(double along, double scale) => ((along - Middle) * scale * Scale) + (Size / 2.0);

    private static (byte R, byte G, byte B) Colour(string hex)
    {
        var value = int.Parse(hex.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return ((byte)(value >> 16), (byte)(value >> 8), (byte)value);
    }
}
