using System.Xml.Linq;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Pages;

[Collection(nameof(PagesCollection))]
public sealed class EmbedTests(PagesWorld world)
{
    private Task<Answer> Ask(string path) => world.Laurel.Get(path, null);

    [Fact]
    public async Task Shields_gets_what_it_expects()
    {
        var answer = (await Ask($"/embed/badges/{PagesWorld.Plain}.json")).Is(200).Says("""{"schemaVersion":1,"label":"Second Sea","message":"3 times","color":"1c6b45"}""");
        Assert.Equal("application/json; charset=utf-8", answer.ContentType);
        (await Ask($"/embed/badges/{PagesWorld.Plain}.json?lang=ar")).Is(200).Says("""{"schemaVersion":1,"label":"وسام 7","message":"٣ مرات","color":"1c6b45"}""");
        (await Ask($"/embed/badges/{PagesWorld.Hidden}.json")).Is(200).Says("""{"schemaVersion":1,"label":"Hidden badge","message":"Once","color":"1c6b45"}""");
    }

    [Fact]
    public async Task An_image_is_one_that_may_be_framed_and_runs_nothing()
    {
        foreach (var path in new[] { $"/embed/badges/{PagesWorld.Plain}.svg", $"/embed/users/{PagesWorld.Ada}.svg", $"/embed/badges/{PagesWorld.Plain}.json" })
        {
            var answer = (await Ask(path)).Is(200);
            Assert.Equal(
                ("default-src 'none'; sandbox", "public, max-age=60", "cross-origin", "nosniff", "*"),
                (answer.Headers["Content-Security-Policy"], answer.Headers["Cache-Control"], answer.Headers["Cross-Origin-Resource-Policy"],
                    answer.Headers["X-Content-Type-Options"], answer.Headers["Access-Control-Allow-Origin"]));
            Assert.DoesNotContain("X-Frame-Options", answer.Headers.Keys);
            (await world.Laurel.Send(HttpMethod.Get, path, (HttpContent?)null, null, ("If-None-Match", answer.Headers["ETag"]))).Is(304);
        }
    }

    [Fact]
    public async Task It_speaks_the_language_and_wears_the_theme_of_its_address()
    {
        var light = Svg((await Ask($"/embed/users/{PagesWorld.Ada}.svg")).Is(200));
        var dark = Svg((await Ask($"/embed/users/{PagesWorld.Ada}.svg?theme=dark&lang=ar")).Is(200));

        Assert.Equal(("ltr", "rtl"), (light.Attribute("direction")!.Value, dark.Attribute("direction")!.Value));
        Assert.NotEqual(Fill(light), Fill(dark));
        Assert.Contains("Second Sea", light.Value, StringComparison.Ordinal);
        Assert.Contains("وسام 7", dark.Value, StringComparison.Ordinal);
        Assert.Contains("Hidden badge", light.Value, StringComparison.Ordinal);
        Assert.DoesNotContain("Zqxvjk", light.Value, StringComparison.Ordinal);

        static string Fill(XElement svg) => svg.Elements().First(each => each.Name.LocalName == "rect").Attribute("fill")!.Value;
    }

    [Fact]
    public async Task No_text_leaves_its_image()
    {
        foreach (var path in new[] { $"/embed/badges/{PagesWorld.Plain}.svg", $"/embed/badges/{PagesWorld.Plain}.svg?lang=ar", $"/embed/users/{PagesWorld.Ada}.svg", $"/embed/users/{PagesWorld.Bo}.svg?lang=ar" })
        {
            var page = await world.Browser.Open();
            await page.GotoAsync(world.Address(path).AbsoluteUri);
            var outside = await page.EvaluateAsync<string[]>("""
                [...document.querySelectorAll('text')].filter(each => { const box = each.getBBox(), all = document.documentElement.viewBox.baseVal;
                  return box.x < 0 || box.x + box.width > all.width || box.y < 0 || box.y + box.height > all.height; }).map(each => each.textContent)
                """);
            Assert.Empty(outside);
            await page.Context.CloseAsync();
        }
    }

    [Fact]
    public async Task What_no_page_shows_no_image_does()
    {
        foreach (var (path, status) in new[]
        {
            ("/embed/badges/1.svg", 404), ("/embed/badges/x.json", 404), ($"/embed/badges/{PagesWorld.Gone}.svg", 410), ($"/embed/users/{PagesWorld.Cleo}.svg", 404), ("/embed/users/99.svg", 404),
        })
        {
            (await Ask(path)).Is(status);
        }
    }

    private static XElement Svg(Answer answer)
    {
        Assert.Equal("image/svg+xml; charset=utf-8", answer.ContentType);
        return XDocument.Parse(answer.Body).Root!;
    }
}
