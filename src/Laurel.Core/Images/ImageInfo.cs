namespace Laurel.Core.Images;

/// <summary>What an image says of itself: recognised by its content, measured by its header, never decoded. Pixels are the reader's
/// business; here it is only asked whether the file is one image from its first byte to its last, so that nothing else hides in it.</summary>
public readonly record struct ImageInfo(ImageFormat Format, int Width, int Height)
{
    /// <summary>The largest width and height, in pixels.</summary>
    public const int MaximumSide = 4096;

    /// <summary>Reads a whole file. Total: any bytes get an answer.</summary>
    public static Outcome<ImageInfo> Read(ReadOnlySpan<byte> file)
    {
        if (FormatOf(file) is not { } format)
        {
            return Invalid("Not a PNG, JPEG, WebP or GIF image.");
        }
        var size = format switch
        {
            ImageFormat.Png => PngFile.Size(file),
            ImageFormat.Jpeg => JpegFile.Size(file),
            ImageFormat.WebP => WebPFile.Size(file),
            ImageFormat.Gif => GifFile.Size(file),
        };
        if (size is not var (width, height))
        {
            return Invalid($"The {format} image is incomplete or damaged, or something follows it.");
        }
        if (width is < 1 or > MaximumSide || height is < 1 or > MaximumSide)
        {
            return Invalid("An image is 1 to 4,096 pixels wide and high.");
        }
        return ForeignContent.IsIn(file)
            ? Invalid("The image holds something else besides: markup, a script, a document or an archive.")
            : new ImageInfo(format, (int)width, (int)height);
    }

    private static ImageFormat? FormatOf(ReadOnlySpan<byte> file) =>
        PngFile.Is(file) ? ImageFormat.Png
        : JpegFile.Is(file) ? ImageFormat.Jpeg
        : WebPFile.Is(file) ? ImageFormat.WebP
        : GifFile.Is(file) ? ImageFormat.Gif
        : null;

    internal static Refusal Invalid(string message) => new(RefusalCode.InvalidImage, message);
}
