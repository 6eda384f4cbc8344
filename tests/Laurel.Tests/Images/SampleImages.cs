using System.Buffers.Binary;
using System.Text;
using Laurel.Core.Images;

namespace Laurel.Tests.Images;

/// <summary>Small images, each 5 by 3 pixels, as common tools write them.</summary>
internal static class SampleImages
{
    public static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAAHklEQVR4nGM8oaHBgASYGBgYfL4tgPMZkeUtrt8AAHlABf76ZkviAAAAAElFTkSuQmCC");

    public static readonly byte[] PngWithText = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAAD3RFWHRTb2Z0d2FyZQBsYXVyZWxdYpBGAAAAO2lUWHRYTUw6Y29tLmFkb2JlLnhtcAAAAAAA"
        + "PHg6eG1wbWV0YSB4bWxuczp4PSdhZG9iZTpuczptZXRhLycvPrE7u9UAAAAeSURBVHicYzyhocGABJgYGBh8vi2A8xmR5S2u3wAAeUAF/vpmS+IAAAAASUVO"
        + "RK5CYII=");

    public static readonly byte[] AnimatedPng = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAAFAAAAAwAAAAAAAAAAAAAD6AAAniIO"
        + "MwAAAB5JREFUeJxjPKGhwYAEmBgYGHy+LYDzGZHlLa7fAAB5QAX++mZL4gAAABpmY1RMAAAAAQAAAAUAAAADAAAAAAAAAAAAAAPoAAAFUeTnAAAAJmZkQVQA"
        + "AAACeJxjZPjPcEJTgwEGmOAcn28LGBgYGE9oICQZGBgAtwkGMCL/FjwAAAAASUVORK5CYII=");

    public static readonly byte[] Jpeg = Convert.FromBase64String(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/"
        + "2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAADAAUDASIAAhEBAxEB/8QA"
        + "HwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkK"
        + "FhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXG"
        + "x8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAEC"
        + "AxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOE"
        + "hYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwCK1jR924Zx"
        + "70UUV5tSUlJ6nHjq1SFeUYyaWnXyR//Z");

    public static readonly byte[] ProgressiveJpeg = Convert.FromBase64String(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/"
        + "2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wgARCAADAAUDASIAAhEBAxEB/8QA"
        + "FQABAQAAAAAAAAAAAAAAAAAAAAL/xAAVAQEBAAAAAAAAAAAAAAAAAAADBP/aAAwDAQACEAMQAAABgTD/AP/EABYQAAMAAAAAAAAAAAAAAAAAAAABAv/aAAgB"
        + "AQABBQKUf//EABcRAQEBAQAAAAAAAAAAAAAAAAECAAP/2gAIAQMBAT8B73RaDv/EABcRAQADAAAAAAAAAAAAAAAAAAEAAhH/2gAIAQIBAT8Bsuz/xAAUEAEA"
        + "AAAAAAAAAAAAAAAAAAAA/9oACAEBAAY/An//xAAWEAEBAQAAAAAAAAAAAAAAAAABEQD/2gAIAQEAAT8hJt3/2gAMAwEAAgADAAAAEPP/xAAYEQEAAwEAAAAA"
        + "AAAAAAAAAAABACFBYf/aAAgBAwEBPxBGAVvCf//EABYRAQEBAAAAAAAAAAAAAAAAAAEAIf/aAAgBAgEBPxAC2//EABcQAQADAAAAAAAAAAAAAAAAABEAIWH/"
        + "2gAIAQEAAT8QoxNn/9k=");

    public static readonly byte[] GreyJpeg = Convert.FromBase64String(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6/+b9//j/"
        + "wAALCAADAAUBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEI"
        + "I0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ip"
        + "qrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AGQorbsjNf/Z");

    public static readonly byte[] Gif = Convert.FromBase64String(
        "R0lGODdhBQADAIEAAAD/AMgoKBQeyAAAACwAAAAABQADAAAICwADCBwoYKBBAAEBADs=");

    public static readonly byte[] AnimatedGif = Convert.FromBase64String(
        "R0lGODlhBQADAIIAAMwzAAD/AMwAM8wzMwAAzAAAAAAAAAAAACH/C05FVFNDQVBFMi4wAwEAAAAsAAAAAAUAAwAACA0ABwgcSACAgIECAwQEACwAAAAABQAD"
        + "AILMAAAA/wDMADPMMzMAM8wAAAAAAAAAAAAIDgADDBhIEAABggMEDAgIADs=");

    public static readonly byte[] LossyWebP = Convert.FromBase64String(
        "UklGRlQAAABXRUJQVlA4IEgAAADwAQCdASoFAAMABUB8JbACdEf/gbh53aAA/nBcANU1fV2vXk/OcoBvyMDtZcv91HHZlH/zAcvu83pY8+/skqoi/8HddTfr"
        + "SAA=");

    public static readonly byte[] LosslessWebP = Convert.FromBase64String(
        "UklGRjwAAABXRUJQVlA4TDAAAAAvBIAAABcgFkz+SeRPmYZAIAlif4oBBQJJqOOONf8xaw4UpG3AjPrXsac4ov9xzAU=");

    public static readonly byte[] AlphaWebP = Convert.FromBase64String(
        "UklGRnwAAABXRUJQVlA4WAoAAAAQAAAABAAAAgAAQUxQSA0AAAABDzD/ERHiHh8R/Q8DAFZQOCBIAAAA8AEAnQEqBQADAAVAfCWwAnRH/4G4ed+gAP5wXADV"
        + "NX1dr15PznKAb8jA7Vtn+MJPayj/5gOX3ebuk+Hf0kqoi/8HddTfv6AA");

    public static readonly byte[] AnimatedWebP = Convert.FromBase64String(
        "UklGRsIAAABXRUJQVlA4WAoAAAASAAAABAAAAgAAQU5JTQYAAAAAAAAAAABBTk1GSAAAAAAAAAAAAAQAAAIAAAAAAAJWUDhMMAAAAC8EgAAAFyAWTP5J5E+Z"
        + "hkAgCWJ/igEFAkmo4441/zFrDhSkbcCM+texpzii/3HMBUFOTUZGAAAAAAAAAAAABAAAAgAAAAAAAFZQOEwuAAAALwSAABAfICQgZCf8X+mGQCAJYn+KAQUC"
        + "SajjjjX/AWbNA4JJmmrv738i+h9yGA==");

    public static IReadOnlyDictionary<string, (byte[] File, ImageFormat Format)> All { get; } = new Dictionary<string, (byte[], ImageFormat)>
    {
        [nameof(Png)] = (Png, ImageFormat.Png),
        [nameof(PngWithText)] = (PngWithText, ImageFormat.Png),
        [nameof(AnimatedPng)] = (AnimatedPng, ImageFormat.Png),
        [nameof(Jpeg)] = (Jpeg, ImageFormat.Jpeg),
        [nameof(ProgressiveJpeg)] = (ProgressiveJpeg, ImageFormat.Jpeg),
        [nameof(GreyJpeg)] = (GreyJpeg, ImageFormat.Jpeg),
        [nameof(Gif)] = (Gif, ImageFormat.Gif),
        [nameof(AnimatedGif)] = (AnimatedGif, ImageFormat.Gif),
        [nameof(LossyWebP)] = (LossyWebP, ImageFormat.WebP),
        [nameof(LosslessWebP)] = (LosslessWebP, ImageFormat.WebP),
        [nameof(AlphaWebP)] = (AlphaWebP, ImageFormat.WebP),
        [nameof(AnimatedWebP)] = (AnimatedWebP, ImageFormat.WebP),
    };

    /// <summary>The PNG with another size in its header.</summary>
    public static byte[] PngOf(uint width, uint height)
    {
        var file = (byte[])Png.Clone();
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(20), height);
        return file;
    }

    /// <summary>The PNG with a chunk more, behind its header.</summary>
    public static byte[] PngWith(string type, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        return [.. Png.AsSpan(0, 33), .. chunk, .. Png.AsSpan(33)];
    }

    /// <summary>The JPEG with a segment more, at its beginning.</summary>
    public static byte[] JpegWith(byte marker, ReadOnlySpan<byte> data)
    {
        var head = new byte[] { 0xff, marker, 0, 0 };
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), (ushort)(data.Length + 2));
        return [.. Jpeg.AsSpan(0, 2), .. head, .. data, .. Jpeg.AsSpan(2)];
    }

    /// <summary>The GIF with a comment, whose parts are at most 255 bytes.</summary>
    public static byte[] GifWith(ReadOnlySpan<byte> comment) => [.. Gif.AsSpan(..^1), (byte)'!', 0xfe, (byte)comment.Length, .. comment, 0, (byte)';'];

    /// <summary>The transparent WebP with a chunk more at its end, and its size set right.</summary>
    public static byte[] WebPWith(string type, ReadOnlySpan<byte> data)
    {
        var head = new byte[8];
        Encoding.ASCII.GetBytes(type, head);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), data.Length);
        byte[] file = [.. AlphaWebP, .. head, .. data, .. new byte[data.Length % 2]];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        return file;
    }
}
