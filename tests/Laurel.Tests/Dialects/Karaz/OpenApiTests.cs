using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Xunit;
using static Laurel.Tests.Dialects.Karaz.KarazWorld;

namespace Laurel.Tests.Dialects.Karaz;

/// <summary>The document describes the server: nothing more, nothing less.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task It_is_valid_and_has_the_routes_that_are_mapped()
    {
        await using var laurel = await TestServer.Start();
        var document = OpenApi.Parse((await laurel.Get("/openapi/karaz.json", key: null)).Is(200).Body);
        Assert.Empty(document.Faults());
        Assert.Equal(OpenApi.Mapped(laurel, "karaz").Order(), document.Operations.Order());
    }

    [Fact]
    public async Task Answers_are_as_it_says()
    {
        await using var laurel = await KarazWorld.Start();
        await using var broken = await TestServer.Start(map: app =>
        {
            app.MapGet("/v2/Users/broken", _ => throw new InvalidOperationException());
            app.MapGet("/v2/Users/away", _ => throw new StorageUnavailableException("…"));
        });
        await using var busy = await TestServer.Start(with: options => options with { RequestsPerSecond = 1 });
        var document = OpenApi.Parse((await laurel.Get("/openapi/karaz.json", key: null)).Is(200).Body);
        await laurel.Badge(1, """{"every":1,"unit":"month","anchor":"2023-01-31"}""");
        await laurel.Badge(2);
        await laurel.Award(1, 1);
        await laurel.Award(1, 2);
        var (holder, other) = (await laurel.Key(1, null), await laurel.Key(2, null));
        var hurried = (await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => busy.Get(All)))).First(answer => (int)answer.Status == 429);

        foreach (var (operation, path) in new[] { ("GET /v2/Users/BadgesList", All), ("GET /v2/Users/Badges", Obtained) })
        {
            var met = new HashSet<int>();
            foreach (var answer in new[]
            {
                (await laurel.Get(path, holder)).Is(200),
                (await laurel.Get(path, other)).Is(200),
                (await laurel.Get(path, key: null)).Is(401),
                (await laurel.Get(path)).Is(403),
                (await laurel.Send(HttpMethod.Get, path, (string?)null, holder, ("x-api-key", holder))).Is(400),
                (await broken.Get("/v2/Users/broken")).Is(500),
                (await broken.Get("/v2/Users/away")).Is(503),
                hurried,
            })
            {
                Assert.Null(document.Differs(operation, (int)answer.Status, answer.ContentType, answer.Body));
                met.Add((int)answer.Status);
            }
            Assert.Equal(document.Operation(operation).GetProperty("responses").EnumerateObject().Select(response => int.Parse(response.Name)).Order(), met.Order());
        }
    }
}
