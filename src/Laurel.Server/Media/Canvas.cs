namespace Laurel.Server.Media;

/// <summary>A square of pixels (RGB, row by row) on which polygons are filled, smoothed at their edges.</summary>
internal sealed class Canvas
{
    // Rows of samples in a row of pixels; within one, coverage is exact.
    private const int Samples = 5;

    private readonly int _size;

    public Canvas(int size, (byte R, byte G, byte B) paper)
    {
        (_size, Pixels) = (size, new byte[size * size * 3]);
        for (var i = 0; i < Pixels.Length; i += 3)
        {
            (Pixels[i], Pixels[i + 1], Pixels[i + 2]) = paper;
        }
    }

    public byte[] Pixels { get; }

    /// <summary>Fills what the polygons wind around (the rule "nonzero").</summary>
    public void Fill(IReadOnlyList<(double X, double Y)[]> polygons, (byte R, byte G, byte B) colour, double opacity)
    {
        var covered = new double[_size];
        var crossings = new List<(double X, int Turn)>();
        for (var row = 0; row < _size; row++)
        {
            Array.Clear(covered);
            for (var sample = 0; sample < Samples; sample++)
            {
                Cross(polygons, row + ((sample + 0.5) / Samples), crossings);
                var winding = 0;
                for (var i = 0; i + 1 < crossings.Count; i++)
                {
                    winding += crossings[i].Turn;
                    if (winding != 0)
                    {
                        Cover(covered, crossings[i].X, crossings[i + 1].X);
                    }
                }
            }
            for (var column = 0; column < _size; column++)
            {
                Blend(column, row, colour, covered[column] / Samples * opacity);
            }
        }
    }

    /// <summary>Draws the lines with round ends and corners.</summary>
    public void Stroke(IReadOnlyList<(double X, double Y)[]> lines, double width, (byte R, byte G, byte B) colour)
    {
        for (var row = 0; row < _size; row++)
        {
            for (var column = 0; column < _size; column++)
            {
                var nearest = lines.Min(line => Enumerable.Range(1, line.Length - 1).Min(i => Distance(column + 0.5, row + 0.5, line[i - 1], line[i])));
                Blend(column, row, colour, Math.Clamp((width / 2) - nearest + 0.5, 0, 1));
            }
        }
    }

    private static double Distance(double x, double y, (double X, double Y) from, (double X, double Y) to)
    {
        var (dx, dy) = (to.X - from.X, to.Y - from.Y);
        var length = (dx * dx) + (dy * dy);
        var along = length == 0 ? 0 : Math.Clamp((((x - from.X) * dx) + ((y - from.Y) * dy)) / length, 0, 1);
        return Math.Sqrt(Square(x - from.X - (along * dx)) + Square(y - from.Y - (along * dy)));
    }

    private static double Square(double number) => number * number;

    private static void Cross(IReadOnlyList<(double X, double Y)[]> polygons, double y, List<(double X, int Turn)> crossings)
    {
        crossings.Clear();
        foreach (var polygon in polygons)
        {
            for (var i = 0; i < polygon.Length; i++)
            {
                var (a, b) = (polygon[i], polygon[(i + 1) % polygon.Length]);
                if ((a.Y <= y) != (b.Y <= y))
                {
                    crossings.Add((a.X + ((y - a.Y) / (b.Y - a.Y) * (b.X - a.X)), a.Y < b.Y ? 1 : -1));
                }
            }
        }
        crossings.Sort((a, b) => a.X.CompareTo(b.X));
    }

    private void Cover(double[] covered, double from, double to)
    {
        (from, to) = (Math.Clamp(from, 0, _size), Math.Clamp(to, 0, _size));
        for (var column = (int)from; column < to; column++)
        {
            covered[column] += Math.Min(to, column + 1) - Math.Max(from, column);
        }
    }

    private void Blend(int column, int row, (byte R, byte G, byte B) colour, double opacity)
    {
        if (opacity <= 0)
        {
            return;
        }
        var at = ((row * _size) + column) * 3;
        Pixels[at] = Mixed(Pixels[at], colour.R);
        Pixels[at + 1] = Mixed(Pixels[at + 1], colour.G);
        Pixels[at + 2] = Mixed(Pixels[at + 2], colour.B);

        byte Mixed(byte below, byte above) => (byte)Math.Round(below + ((above - below) * Math.Min(1, opacity)));
    }
}
