namespace Laurel.Core.Images;

/// <summary>The kinds of images that are taken: all of them pixels, which every browser shows.</summary>
public enum ImageFormat
{
    Png,
    Jpeg,
    WebP,
    Gif,
}

/// <summary>What the kinds of images are called.</summary>
public static class ImageFormats
{
    public static string MediaType(this ImageFormat format) => format switch
    {
        ImageFormat.Png => "image/png",
        ImageFormat.Jpeg => "image/jpeg",
        ImageFormat.WebP => "image/webp",
        ImageFormat.Gif => "image/gif",
    };

    /// <summary>As it ends a file's name, without the dot.</summary>
    public static string Extension(this ImageFormat format) => format switch
    {
        ImageFormat.Png => "png",
        ImageFormat.Jpeg => "jpg",
        ImageFormat.WebP => "webp",
        ImageFormat.Gif => "gif",
    };

    /// <summary>The format of this media type; null for any other.</summary>
    public static ImageFormat? Of(string mediaType)
    {
        foreach (var format in Enum.GetValues<ImageFormat>())
        {
            if (format.MediaType() == mediaType)
            {
                return format;
            }
        }
        return null;
    }
}
