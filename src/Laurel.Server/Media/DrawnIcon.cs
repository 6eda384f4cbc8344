using System.Globalization;
using System.Text;

namespace Laurel.Server.Media;

/// <summary>The icon of a badge that has none: a shape, a colour and an emblem, chosen by the badge's id and by nothing else, so that
/// it stays the same for good and tells nothing. Plain geometry, to be read at 16 pixels; the colours stand out against light and
/// dark alike.</summary>
internal static class DrawnIcon
{
    public const string MediaType = "image/svg+xml";

    private const string Grey = "#767676";

    private const string Question =
        "<path d=\"M23.5 25.5a8.5 8.5 0 1 1 13 7.2c-3 1.9-4.5 3.3-4.5 6.3\" fill=\"none\" stroke=\"#fff\" stroke-width=\"6\" "
        + "stroke-linecap=\"round\"/><circle cx=\"32\" cy=\"48\" r=\"3.7\" fill=\"#fff\"/>";

    internal static readonly string[] Colours =
    [
        "#d03a3a", "#c4511a", "#a86a00", "#7d7a00", "#4c8a1c", "#178a4c", "#0d8580", "#1a7fb0", "#3a6fd8", "#6a5ae0", "#9a48d0", "#c23a9a",
        "#c93a66", "#8a6548", "#5f7488",
    ];

    // Each fills a square of 64.
    private static readonly string[] Shapes =
    [
        "M32 3a29 29 0 1 0 .01 0z",
        "M15 5h34a10 10 0 0 1 10 10v34a10 10 0 0 1-10 10H15A10 10 0 0 1 5 49V15A10 10 0 0 1 15 5z",
        "M32 3 58 11v20c0 15-11 26-26 30C17 57 6 46 6 31V11z",
        "M32 2 58 17v30L32 62 6 47V17z",
        "M20 4h24l16 16v24L44 60H20L4 44V20z",
        "M32 1 63 32 32 63 1 32z",
        "M32 1.5 38.9 6.4 47.2 5.6 50.7 13.3 58.4 16.7 57.6 25.1 62.5 32 57.6 38.9 58.4 47.2 50.7 50.7 47.2 58.4 "
        + "38.9 57.6 32 62.5 25.1 57.6 16.8 58.4 13.3 50.7 5.6 47.3 6.4 38.9 1.5 32 6.4 25.1 5.6 16.7 13.3 13.3 "
        + "16.7 5.6 25.1 6.4z",
        "M43.9 3.4 49.7 14.3 60.6 20.1 57 32 60.6 43.9 49.7 49.7 43.9 60.6 32 57 20.1 60.6 14.3 49.7 3.4 43.9 7 32 "
        + "3.4 20.1 14.3 14.3 20.1 3.4 32 7z",
    ];

    // Each within a circle of 16 around the middle.
    private static readonly string[] Emblems =
    [
        "M32 16 36.1 26.5 47.2 27.2 38.7 34.3 41.4 45 32 39.1 22.6 45 25.3 34.3 16.8 27.2 27.9 26.5z",
        "M32 47 18.5 33.5a8.5 8.5 0 0 1 12-12L32 23l1.5-1.5a8.5 8.5 0 0 1 12 12z",
        "M36 15 19 36h10l-3 14 18-22H33z",
        "M32 15c7 9 11 14.5 11 20a11 11 0 0 1-22 0c0-5.5 4-11 11-20z",
        "M19 45h26v-5H19zM19 37h26l3-16-9 6-7-10-7 10-9-6z",
        "M15 44 27 22l7 11 4-6 11 17z",
        "M38 17a16 16 0 1 0 8.5 24A13 13 0 0 1 38 17z",
        "M21 16h5v2h21l-5 7 5 7H26v16h-5z",
        "M17 33l5-5 7 7 14-14 5 5-19 19z",
        "M28 17h8v11h11v8H36v11h-8V36H17v-8h11z",
        "M32 16 47 32h-9v15H26V32h-9z",
        "M32 16 47 29v8L32 24 17 37v-8zM32 30l15 13v5L32 38 17 48v-5z",
        "M22 20h20l7 9-17 19-17-19z",
        "M46 17c1 18-6 29-17 29a11 11 0 0 1-5-1l-4 4-4-3 5-5c-6-13 8-24 25-24z",
        "M33 14c1 8 11 12 11 22a12 12 0 0 1-24 0c0-5 3-8 5-11 1 3 2 4 4 5 0-6 1-11 4-16z",
        "M20 16h24v5l-8 11 8 11v5H20v-5l8-11-8-11z",
    ];

    /// <summary>What stands for a badge that is masked.</summary>
    public static readonly byte[] Hidden = Render(Shapes[1], Grey, Question);

    /// <summary>What an icon is made of: the outline of its shape, its colour, and the outline of the white emblem on it.</summary>
    internal readonly record struct Design(string Shape, string Colour, string Emblem);

    /// <summary>What the icon of a masked badge is made of, its emblem apart.</summary>
    internal static Design HiddenDesign => new(Shapes[1], Grey, "");

    /// <summary>A badge's icon as an SVG in UTF-8.</summary>
    public static byte[] Of(long badgeId)
    {
        var design = DesignOf(badgeId);
        return Render(design.Shape, design.Colour, $"<path d=\"{design.Emblem}\" fill=\"#fff\"/>");
    }

    internal static Design DesignOf(long badgeId)
    {
        var bits = Mixed((ulong)badgeId);
        return new(Shapes[Take(ref bits, Shapes.Length)], Colours[Take(ref bits, Colours.Length)], Emblems[Take(ref bits, Emblems.Length)]);
    }

    // Neighbours shall look nothing alike: every bit of the id decides about every bit of this (the end of SplitMix64).
    private static ulong Mixed(ulong id)
    {
        unchecked
        {
            var bits = id + 0x9e3779b97f4a7c15;
            bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
            bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
            return bits ^ (bits >> 31);
        }
    }

    private static int Take(ref ulong bits, int count)
    {
        var (rest, taken) = Math.DivRem(bits, (ulong)count);
        bits = rest;
        return (int)taken;
    }

    // The line inside the edge shows when it is large.
    private static byte[] Render(string shape, string colour, string emblem) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="512" height="512"><path d="{shape}" fill="{colour}"/><path d="{shape}" transform="translate(32 32) scale(.87) translate(-32 -32)" fill="none" stroke="#fff" stroke-opacity=".4"/>{emblem}</svg>
        """));
}
