using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Laurel.Core;
using Laurel.Core.Images;
using Xunit;

namespace Laurel.Tests.Images;

/// <summary>What is taken as an image: one image from its first byte to its last, of a size that can be shown.</summary>
public sealed class ImageInfoTests
{
    public static TheoryData<string> Samples => [.. SampleImages.All.Keys];

    private static string? Refused(ReadOnlySpan<byte> file)
    {
        if (ImageInfo.Read(file).Succeeded(out _, out var refusal))
        {
            return null;
        }
        Assert.Equal(RefusalCode.InvalidImage, refusal.Code);
        return refusal.Message;
    }

    [Theory, MemberData(nameof(Samples))]
    public void An_image_is_known_by_its_content_and_measured(string sample)
    {
        var (file, format) = SampleImages.All[sample];
        Assert.True(ImageInfo.Read(file).Succeeded(out var info, out _));
        Assert.Equal(new ImageInfo(format, 5, 3), info);
    }

    [Theory, MemberData(nameof(Samples))]
    public void What_is_cut_off_anywhere_is_refused(string sample)
    {
        var file = SampleImages.All[sample].File;
        for (var length = 0; length < file.Length; length++)
        {
            Assert.NotNull(Refused(file.AsSpan(0, length)));
        }
    }

    [Theory, MemberData(nameof(Samples))]
    public void What_something_follows_or_precedes_is_refused(string sample)
    {
        var file = SampleImages.All[sample].File;
        foreach (var other in new[] { "\0", "\n", " ", ";", "<html>", "<script>alert(1)</script>", "%PDF-1.7\n", "PK\u0003\u0004", "PK\u0005\u0006" + new string('\0', 18), "MZ", "#!/bin/sh\n" })
        {
            Assert.NotNull(Refused([.. file, .. Encoding.Latin1.GetBytes(other)]));
            Assert.NotNull(Refused([.. Encoding.Latin1.GetBytes(other), .. file]));
        }
        Assert.NotNull(Refused([.. file, .. file]));
        foreach (var (another, _) in SampleImages.All.Values)
        {
            Assert.NotNull(Refused([.. file, .. another]));
        }
    }

    [Theory, MemberData(nameof(Samples))]
    public void No_bytes_make_the_reader_throw(string sample) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2000),
        Prop.ForAll(
            (from places in Gen.ListOf(Gen.Choose(0, SampleImages.All[sample].File.Length - 1))
             from values in Gen.ListOf(Gen.Choose(0, 255), places.Count)
             from length in Gen.Choose(0, SampleImages.All[sample].File.Length)
             from whole in Gen.Elements(true, false)
             select (places, values, length: whole ? SampleImages.All[sample].File.Length : length)).ToArbitrary(),
            damage =>
            {
                var file = (byte[])SampleImages.All[sample].File.Clone();
                foreach (var (place, value) in damage.places.Zip(damage.values))
                {
                    file[place] = (byte)value;
                }
                return ImageInfo.Read(file.AsSpan(0, damage.length)).Succeeded(out var info, out _)
                    ? info is { Width: >= 1 and <= 4096, Height: >= 1 and <= 4096 }
                    : true;
            }));

    [Theory]
    [InlineData("")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>")]
    [InlineData("<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>")]
    [InlineData("<!doctype html><html><script>alert(1)</script></html>")]
    [InlineData("GIF89a=1;alert(1);")]
    [InlineData("GIF89a/*....*/=alert(1)//;")]
    [InlineData("BM6\0\0\0\0\0\0\0")]
    [InlineData("RIFF\u0004\0\0\0WEBP")]
    [InlineData("RIFF\u00ff\u00ff\u00ff\u00ffWEBPVP8X\u00ff\u00ff\u00ff\u00ff")]
    [InlineData("II*\0\b\0\0\0")]
    [InlineData("\0\0\u0001\0\u0001\0")]
    [InlineData("\0\0\0\u001cftypavif")]
    [InlineData("%PDF-1.7")]
    [InlineData("\u00ff\u00d8\u00ff")]
    [InlineData("\u00ff\u00d8\u00ff\u00d9")]
    [InlineData("\u0089PNG\r\n\u001a\n")]
    public void What_is_no_image_is_refused_whatever_it_is_called(string file) => Assert.NotNull(Refused(Encoding.Latin1.GetBytes(file)));

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(4096, 4096, true)]
    [InlineData(4097, 1, false)]
    [InlineData(1, 4097, false)]
    [InlineData(0, 5, false)]
    [InlineData(5, 0, false)]
    [InlineData(50_000, 50_000, false)]
    [InlineData(uint.MaxValue, uint.MaxValue, false)]
    [InlineData(0x8000_0000, 1, false)]
    public void A_side_has_1_to_4096_pixels(uint width, uint height, bool isTaken)
    {
        Assert.Equal(isTaken, ImageInfo.Read(SampleImages.PngOf(width, height)).Succeeded(out var info, out _));
        if (isTaken)
        {
            Assert.Equal((width, height), ((uint)info.Width, (uint)info.Height));
        }
    }

    [Fact]
    public void Every_formats_own_sizes_are_bounded()
    {
        Assert.NotNull(Refused(With(SampleImages.Gif, 6, 0x50, 0xc3)));                 // 50,000 wide
        Assert.NotNull(Refused(With(SampleImages.Gif, At(SampleImages.Gif, (byte)',', 0, 0, 0, 0) + 1, 0xff, 0xff))); // a frame far out
        Assert.NotNull(Refused(With(SampleImages.Jpeg, At(SampleImages.Jpeg, 0xff, 0xc0) + 5, 0xc3, 0x50)));
        Assert.NotNull(Refused(With(SampleImages.Jpeg, At(SampleImages.Jpeg, 0xff, 0xc0) + 5, 0, 0)));
        Assert.NotNull(Refused(With(SampleImages.LossyWebP, At(SampleImages.LossyWebP, 0x9d, 0x01, 0x2a) + 3, 0xff, 0x3f)));
        Assert.NotNull(Refused(With(SampleImages.LosslessWebP, 21, 0xff, 0xff)));
        Assert.NotNull(Refused(With(SampleImages.AlphaWebP, 24, 0xff, 0xff, 0xff)));     // the canvas
        Assert.NotNull(Refused(With(SampleImages.AlphaWebP, 24, 9, 0, 0)));              // not the size of its pixels
    }

    public static TheoryData<string> Hidden =>
    [
        "<script>alert(1)</script>", "<SCRIPT src=//x>", "<html><body>", "<!DOCTYPE html>", "<svg onload=alert(1)>", "<svg>", "<iframe src=x>", "<img src=x onerror=alert(1)>",
        "<?php system($_GET[0]);", "%PDF-1.4", "PK\u0005\u0006\0\0\0\0\u0001\0\u0001\0", "Rar!\u001a\u0007\0",
    ];

    [Theory, MemberData(nameof(Hidden))]
    public void What_hides_in_a_comment_or_a_profile_is_refused(string hidden)
    {
        var bytes = Encoding.Latin1.GetBytes(hidden);
        Assert.NotNull(Refused(SampleImages.PngWith("tEXt", bytes)));
        Assert.NotNull(Refused(SampleImages.PngWith("prIv", bytes)));
        Assert.NotNull(Refused(SampleImages.JpegWith(0xfe, bytes)));
        Assert.NotNull(Refused(SampleImages.JpegWith(0xe1, bytes)));
        Assert.NotNull(Refused(SampleImages.GifWith(bytes)));
        Assert.NotNull(Refused(SampleImages.WebPWith("XMP ", bytes)));
        Assert.NotNull(Refused(SampleImages.WebPWith("EXIF", bytes)));
    }

    [Fact]
    public void What_tools_say_of_an_image_beside_it_is_no_harm()
    {
        var xmp = "<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF/></x:xmpmeta><?xpacket end='w'?>"u8;
        Assert.Null(Refused(SampleImages.PngWith("iTXt", xmp)));
        Assert.Null(Refused(SampleImages.JpegWith(0xe1, xmp)));
        Assert.Null(Refused(SampleImages.GifWith(xmp)));
        Assert.Null(Refused(SampleImages.WebPWith("XMP ", xmp)));
    }

    [Fact]
    public void A_script_in_the_clothes_of_a_header_is_refused()
    {
        // Its length reads as the beginning of a comment: letters, then "/*".
        var script = SampleImages.JpegWith(0xe0, new byte[0x2f2a - 2]);
        Assert.Equal("/*"u8, script.AsSpan(4, 2));
        Assert.NotNull(Refused(script));
        Assert.Null(Refused(SampleImages.JpegWith(0xe0, new byte[0x2f29 - 2])));
    }

    [Fact]
    public void Parts_out_of_their_order_are_refused()
    {
        Assert.NotNull(Refused(SampleImages.PngWith("IHDR", SampleImages.Png.AsSpan(16, 13))));
        Assert.NotNull(Refused(SampleImages.PngWith("IEND", [])));
        Assert.NotNull(Refused(SampleImages.PngWith("ABCD", [])));                      // critical, and unknown
        Assert.NotNull(Refused(SampleImages.PngWith("a<bc", [])));
        Assert.NotNull(Refused(With(SampleImages.Png, 24, 7)));                         // a depth of 7
        Assert.NotNull(Refused(With(SampleImages.Png, 25, 3)));                         // a palette's colours without a palette
        Assert.NotNull(Refused(SampleImages.JpegWith(0xc4, [1, 2]).AsSpan(..^2)));
        Assert.NotNull(Refused(SampleImages.JpegWith(0xda, [1, 2])));                   // pixels before their frame
        Assert.NotNull(Refused(SampleImages.JpegWith(0xc0, SampleImages.Jpeg.AsSpan(At(SampleImages.Jpeg, 0xff, 0xc0) + 4, 15)))); // two frames
        Assert.NotNull(Refused(SampleImages.JpegWith(0xc3, [])));                       // lossless
        Assert.NotNull(Refused(SampleImages.JpegWith(0xd8, [])));
        Assert.NotNull(Refused(SampleImages.WebPWith("ABCD", [1])));
        Assert.NotNull(Refused(SampleImages.WebPWith("VP8 ", SampleImages.LossyWebP.AsSpan(20)))); // a second picture
        Assert.NotNull(Refused(With(SampleImages.LossyWebP, 4, 0, 0, 0, 0)));
        Assert.NotNull(Refused(With(SampleImages.LossyWebP, 20, 0xf1)));                // no key frame
    }

    [Fact]
    public void Random_pixels_are_not_taken_for_something_else()
    {
        var random = new Random(20230501);
        var refused = 0;
        for (var i = 0; i < 64; i++)
        {
            var pixels = new byte[1 << 20];
            random.NextBytes(pixels);
            refused += Refused(SampleImages.PngWith("IDAT", pixels)) is null ? 0 : 1;
        }
        Assert.Equal(0, refused);
    }

    private static int At(byte[] file, params byte[] bytes) => file.AsSpan().IndexOf(bytes);

    private static byte[] With(byte[] file, int at, params byte[] bytes)
    {
        var changed = (byte[])file.Clone();
        bytes.CopyTo(changed, at);
        return changed;
    }
}
