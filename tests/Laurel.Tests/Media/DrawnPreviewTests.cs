using Laurel.Core.Images;
using Laurel.Server.Media;
using Laurel.Tests.Pages;
using Xunit;

namespace Laurel.Tests.Media;

[Collection(nameof(PagesCollection))]
public sealed class DrawnPreviewTests(PagesWorld world)
{
    [Fact]
    public async Task It_looks_as_a_browser_shows_the_icon()
    {
        var page = await world.Browser.Open(withoutPolicy: true);
        await page.GotoAsync(world.Address("/media/images/hidden.svg").AbsoluteUri);
        foreach (var name in Enumerable.Range(1, 24).Select(id => $"badge-{id}").Append("hidden"))
        {
            // The mean difference of a channel, of 255: what is left is the smoothing of edges. An emblem that is missing makes 3 and more.
            var difference = await page.EvaluateAsync<double>("""
                async name => {
                  const load = async path => { const image = new Image(); image.src = path; await image.decode(); return image; };
                  const canvas = new OffscreenCanvas(480, 480), paint = canvas.getContext('2d', { willReadFrequently: true });
                  const pixels = () => paint.getImageData(0, 0, 480, 480).data;
                  paint.drawImage(await load(`/media/images/${name}.png`), 0, 0);
                  const drawn = pixels();
                  paint.fillStyle = '#f5f4ee'; paint.fillRect(0, 0, 480, 480);
                  paint.drawImage(await load(`/media/images/${name}.svg`), 48, 48, 384, 384);
                  const meant = pixels();
                  return drawn.reduce((sum, value, at) => sum + Math.abs(value - meant[at]), 0) / drawn.length;
                }
                """, name);
            Assert.True(difference < 1, $"{name}: {difference}");
        }
        await page.Context.CloseAsync();
    }

    [Fact]
    public void It_is_a_small_png()
    {
        foreach (var id in new long[] { 1, 2, 3, 500, 70_000 })
        {
            var png = DrawnPreview.Of(id);
            Assert.InRange(png.Length, 1000, 40_000);
            Assert.True(ImageInfo.Read(png).Succeeded(out var info, out _));
            Assert.Equal((480, 480, ImageFormat.Png), (info.Width, info.Height, info.Format));
            Assert.Equal(png, DrawnPreview.Of(id));
        }
        Assert.NotEqual(DrawnPreview.Of(1), DrawnPreview.Of(2));
    }
}
