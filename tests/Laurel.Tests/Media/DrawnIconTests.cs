using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Laurel.Core.Images;
using Laurel.Server.Media;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Media;

/// <summary>The icons this server draws: stable, distinct, and to be read at any size.</summary>
public sealed class DrawnIconTests
{
    private const double Needed = 3; // WCAG 2.2, 1.4.11: what a graphic needs to be understood.

    [Fact]
    public void A_badge_keeps_its_icon_for_good()
    {
        Assert.Equal(DrawnIcon.Of(8), DrawnIcon.Of(8));
        // Who changes how badges are drawn changes everybody's icons: this is to notice.
        Assert.Contains("#3a6fd8", Encoding.UTF8.GetString(DrawnIcon.Of(1)));
        Assert.Contains("#a86a00", Encoding.UTF8.GetString(DrawnIcon.Of(8)));
    }

    [Fact]
    public void Neighbours_differ_and_few_are_alike()
    {
        var drawn = Enumerable.Range(1, 1000).Select(id => Encoding.UTF8.GetString(DrawnIcon.Of(id))).ToList();
        Assert.All(drawn.Zip(drawn.Skip(1)), pair => Assert.NotEqual(pair.First, pair.Second));
        Assert.True(drawn.Distinct().Count() > 700);
        Assert.DoesNotContain(Encoding.UTF8.GetString(DrawnIcon.Hidden), drawn);
    }

    [Fact]
    public void It_is_a_picture_and_holds_nothing_that_runs_or_loads()
    {
        foreach (var svg in Enumerable.Range(1, 200).Select(id => DrawnIcon.Of(id)).Append(DrawnIcon.Of(long.MaxValue)).Append(DrawnIcon.Hidden))
        {
            var root = XDocument.Parse(Encoding.UTF8.GetString(svg)).Root!;
            Assert.Equal("{http://www.w3.org/2000/svg}svg", root.Name.ToString());
            Assert.All(root.Descendants(), element => Assert.Contains(element.Name.LocalName, new[] { "path", "circle" }));
            Assert.All(root.DescendantsAndSelf().Attributes().Where(each => !each.IsNamespaceDeclaration), attribute =>
            {
                Assert.DoesNotMatch("^(on|style|href)", attribute.Name.LocalName);
                Assert.DoesNotContain("url", attribute.Value);
            });
            Assert.True(svg.Length < 2000);
        }
    }

    [Fact]
    public void Its_colours_stand_out_against_light_and_dark()
    {
        var colours = DrawnIcon.Colours.Append(Regex.Match(Encoding.UTF8.GetString(DrawnIcon.Hidden), "fill=\"(?<colour>#[0-9a-f]{6})\"", RegexOptions.NonBacktracking).Groups["colour"].Value);
        foreach (var colour in colours)
        {
            foreach (var ground in new[] { "#ffffff", "#f2f2f2", "#121212", "#000000" })
            {
                Assert.True(Contrast(colour, ground) >= Needed, $"{colour} on {ground}");
            }
        }
        Assert.Equal(DrawnIcon.Colours.Length, DrawnIcon.Colours.Distinct().Count());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(512)]
    public void It_renders_small_and_large(int size)
    {
        if (Tool.Find("rsvg-convert") is null)
        {
            Missing.Skip("rsvg-convert is not installed (Debian: librsvg2-bin).");
        }
        var folder = Workspace.NewFolder("icons");
        foreach (var id in new long[] { 0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233 })
        {
            var (svg, png) = (Path.Combine(folder, $"{id}.svg"), Path.Combine(folder, $"{id}.png"));
            File.WriteAllBytes(svg, id == 0 ? DrawnIcon.Hidden : DrawnIcon.Of(id));
            Tool.Run("rsvg-convert", "-w", $"{size}", "-h", $"{size}", "-o", png, svg);
            var file = File.ReadAllBytes(png);
            Assert.True(ImageInfo.Read(file).Succeeded(out var info, out _));
            Assert.Equal((size, size), (info.Width, info.Height));
            var pixels = Pixels(file, size);
            // A shape that fills most of its square, with an emblem in it that is neither a speck nor all of it.
            var opaque = pixels.Count(pixel => pixel.A > 200) / (double)pixels.Count;
            var light = pixels.Count(pixel => pixel is { A: > 200, R: > 200, G: > 200, B: > 200 }) / (double)pixels.Count;
            Assert.True(opaque is > 0.4 and < 0.95, $"badge {id}: {opaque:P0} covered");
            Assert.True(light is > 0.02 and < 0.35, $"badge {id}: {light:P0} light");
        }
        Workspace.Clear(folder);
    }

    // An RGBA PNG of 8 bits, not interlaced, as rsvg-convert writes it.
    private static List<(byte R, byte G, byte B, byte A)> Pixels(byte[] png, int size)
    {
        Assert.Equal([8, 6, 0, 0, 0], png[24..29]);
        using var packed = new MemoryStream();
        for (var at = 8; at < png.Length;)
        {
            var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            if (Encoding.ASCII.GetString(png, at + 4, 4) == "IDAT")
            {
                packed.Write(png, at + 8, length);
            }
            at += 12 + length;
        }
        packed.Position = 0;
        using var rows = new ZLibStream(packed, CompressionMode.Decompress);
        var (row, above) = (new byte[1 + (size * 4)], new byte[1 + (size * 4)]);
        var pixels = new List<(byte, byte, byte, byte)>();
        for (var y = 0; y < size; y++)
        {
            rows.ReadExactly(row);
            for (var x = 1; x < row.Length; x++)
            {
                int left = x > 4 ? row[x - 4] : 0, up = above[x], corner = x > 4 ? above[x - 4] : 0;
                row[x] += (byte)(row[0] switch { 0 => 0, 1 => left, 2 => up, 3 => (left + up) / 2, _ => Paeth(left, up, corner) });
            }
            for (var x = 1; x < row.Length; x += 4)
            {
                pixels.Add((row[x], row[x + 1], row[x + 2], row[x + 3]));
            }
            (row, above) = (above, row);
        }
        return pixels;
    }

    private static int Paeth(int left, int up, int corner)
    {
        var (a, b, c) = (Math.Abs(up - corner), Math.Abs(left - corner), Math.Abs(left + up - (2 * corner)));
        return a <= b && a <= c ? left : b <= c ? up : corner;
    }

    private static double Contrast(string a, string b)
    {
        var (x, y) = (Luminance(a), Luminance(b));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    private static double Luminance(string colour)
    {
        double Part(int at)
        {
            var value = int.Parse(colour.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }
        return (0.2126 * Part(1)) + (0.7152 * Part(3)) + (0.0722 * Part(5));
    }
}
