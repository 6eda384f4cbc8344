using System.Globalization;

namespace Laurel.Server.Media;

/// <summary>The outlines of an SVG path as polygons. Reads what <see cref="DrawnIcon"/> is drawn with: M, L, H, V, A (circular), C
/// and Z, absolute and relative.</summary>
internal static class PathOutline
{
    private const int CurveSteps = 16;

    /// <exception cref="FormatException">Another command, or no number where one must be.</exception>
    public static List<(double X, double Y)[]> Parse(string path)
    {
        var outlines = new List<(double X, double Y)[]>();
        var points = new List<(double X, double Y)>();
        var tokens = new Tokens(path);
        var (x, y) = (0.0, 0.0);
        var command = ' ';
        while (tokens.Next(ref command))
        {
            var (fromX, fromY) = char.IsLower(command) ? (x, y) : (0.0, 0.0);
            switch (char.ToUpperInvariant(command))
            {
                case 'M':
                    Close(outlines, points);
                    points.Add((x, y) = (fromX + tokens.Number(), fromY + tokens.Number()));
                    // Further pairs are lines.
                    command = command == 'm' ? 'l' : 'L';
                    break;
                case 'L':
                    points.Add((x, y) = (fromX + tokens.Number(), fromY + tokens.Number()));
                    break;
                case 'H':
                    x = fromX + tokens.Number();
                    points.Add((x, y));
                    break;
                case 'V':
                    y = fromY + tokens.Number();
                    points.Add((x, y));
                    break;
                case 'A':
                    var radius = tokens.Number();
                    _ = tokens.Number() + tokens.Number();
                    var (large, sweep) = (tokens.Number() != 0, tokens.Number() != 0);
                    var end = (X: fromX + tokens.Number(), Y: fromY + tokens.Number());
                    Arc(points, (x, y), end, radius, large == sweep, sweep);
                    (x, y) = end;
                    break;
                case 'C':
                    var (a, b) = ((fromX + tokens.Number(), fromY + tokens.Number()), (fromX + tokens.Number(), fromY + tokens.Number()));
                    var to = (X: fromX + tokens.Number(), Y: fromY + tokens.Number());
                    Curve(points, (x, y), a, b, to);
                    (x, y) = to;
                    break;
                case 'Z':
                    (x, y) = points[0];
                    break;
                default:
                    throw new FormatException($"A path has no command '{command}' here.");
            }
        }
        Close(outlines, points);
        return outlines;
    }

    private static void Close(List<(double X, double Y)[]> outlines, List<(double X, double Y)> points)
    {
        if (points.Count > 1)
        {
            outlines.Add([.. points]);
        }
        points.Clear();
    }

    private static void Curve(
        List<(double X, double Y)> points, (double X, double Y) from, (double X, double Y) a, (double X, double Y) b, (double X, double Y) to)
    {
        for (var step = 1; step <= CurveSteps; step++)
        {
            var t = (double)step / CurveSteps;
            var u = 1 - t;
            points.Add((Along(from.X, a.X, b.X, to.X), Along(from.Y, a.Y, b.Y, to.Y)));

            double Along(double p, double q, double r, double s) => (u * u * u * p) + (3 * u * u * t * q) + (3 * u * t * t * r) + (t * t * t * s);
        }
    }

    // SVG 2, appendix B.2.4, for a circle.
    private static void Arc(
        List<(double X, double Y)> points, (double X, double Y) from, (double X, double Y) to, double radius, bool negative, bool sweep)
    {
        var (halfX, halfY) = ((from.X - to.X) / 2, (from.Y - to.Y) / 2);
        var half = (halfX * halfX) + (halfY * halfY);
        radius = Math.Max(radius, Math.Sqrt(half));
        var height = Math.Sqrt(Math.Max(0, ((radius * radius) - half) / half)) * (negative ? -1 : 1);
        var (centreX, centreY) = (((from.X + to.X) / 2) + (height * halfY), ((from.Y + to.Y) / 2) - (height * halfX));
        var start = Math.Atan2(from.Y - centreY, from.X - centreX);
        var turn = Math.Atan2(to.Y - centreY, to.X - centreX) - start;
        turn += sweep && turn < 0 ? 2 * Math.PI : !sweep && turn > 0 ? -2 * Math.PI : 0;
        var steps = Math.Max(2, (int)Math.Ceiling(Math.Abs(turn) * 12));
        for (var step = 1; step <= steps; step++)
        {
            var angle = start + (turn * step / steps);
            points.Add((centreX + (radius * Math.Cos(angle)), centreY + (radius * Math.Sin(angle))));
        }
    }

    private ref struct Tokens(string path)
    {
        private ReadOnlySpan<char> _rest = path;

        /// <summary>Whether anything follows: a new command, or another round of the last one.</summary>
        public bool Next(ref char command)
        {
            _rest = _rest.TrimStart(" ,");
            if (_rest.Length > 0 && char.IsAsciiLetter(_rest[0]))
            {
                command = _rest[0];
                _rest = _rest[1..];
            }
            else if (_rest.Length > 0 && command is 'Z' or 'z')
            {
                throw new FormatException("A closed path goes on with a command.");
            }
            else if (_rest.Length == 0)
            {
                return false;
            }
            return true;
        }

        public double Number()
        {
            _rest = _rest.TrimStart(" ,");
            var (length, dot) = (0, false);
            while (length < _rest.Length && (char.IsAsciiDigit(_rest[length]) || (_rest[length] == '-' && length == 0) || (_rest[length] == '.' && !dot)))
            {
                dot |= _rest[length] == '.';
                length++;
            }
            var number = double.Parse(_rest[..length], NumberStyles.Float, CultureInfo.InvariantCulture);
            _rest = _rest[length..];
            return number;
        }
    }
}
