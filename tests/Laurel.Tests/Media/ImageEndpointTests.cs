using System.Security.Cryptography;
using Laurel.Tests.Harness;
using Laurel.Tests.Images;
using Laurel.Tests.Native;
using Xunit;

namespace Laurel.Tests.Media;

/// <summary>Images as browsers get them.</summary>
public sealed class ImageEndpointTests(ImageEndpointTests.Server server) : IClassFixture<ImageEndpointTests.Server>
{
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(SampleImages.Png));

    public static TheoryData<string, string, string> Images => new()
    {
        { $"{Hash}.png", "image/png", "public, max-age=31536000, immutable" },
        { "badge-7.svg", "image/svg+xml", "public, max-age=86400" },
        { "badge-9007199254740991.svg", "image/svg+xml", "public, max-age=86400" },
        { "hidden.svg", "image/svg+xml", "public, max-age=86400" },
    };

    [Theory, MemberData(nameof(Images))]
    public async Task An_image_is_shown_and_never_run(string name, string type, string caching)
    {
        var answer = (await server.Laurel.Get($"/media/images/{name}", key: null)).Is(200);
        Assert.Equal(type, answer.ContentType);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.Equal("default-src 'none'; sandbox", answer.Headers["Content-Security-Policy"]);
        Assert.Equal("cross-origin", answer.Headers["Cross-Origin-Resource-Policy"]);
        Assert.Equal(caching.Split(", ").Order(), answer.Headers["Cache-Control"].Split(", ").Order());

        using var whole = await server.Laurel.Anonymous.GetAsync($"/media/images/{name}", TestContext.Current.CancellationToken);
        Assert.Equal("inline", whole.Content.Headers.ContentDisposition!.ToString());
        var tag = whole.Headers.ETag!.ToString();
        var unchanged = (await server.Laurel.Send(HttpMethod.Get, $"/media/images/{name}", (string?)null, null, ("If-None-Match", tag))).Is(304);
        Assert.Equal(("", tag), (unchanged.Body, unchanged.Headers["ETag"]));
        (await server.Laurel.Send(HttpMethod.Get, $"/media/images/{name}", (string?)null, null, ("If-None-Match", "\"x\""))).Is(200);
        using var head = await server.Laurel.Anonymous.SendAsync(new(HttpMethod.Head, $"/media/images/{name}"), TestContext.Current.CancellationToken);
        Assert.Equal((200, whole.Content.Headers.ContentLength), ((int)head.StatusCode, head.Content.Headers.ContentLength));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Names_that_name_nothing_are_404()
    {
        foreach (var name in new[]
        {
            "", "x", ".", "..", "..%2F", "%2e%2e%2fappsettings.json", "..%5c..%5cx", "hidden", "hidden.jpg", "Hidden.svg", "hidden.svg%20", "hidden.svg%0a", "hidden.svg/", "badge-.svg",
            "badge-0.svg", "badge--1.svg", "badge-+7.svg", "badge-007.svg", "badge-7.jpg", "badge-7.svg.svg", "badge-7.5.svg", "badge-9007199254740992.svg", "badge-99999999999999999999.svg",
            "BADGE-7.SVG", "badge-%D9%A7.svg", $"{Hash}", $"{Hash}.", $"{Hash}.jpg", $"{Hash}.PNG", $"{Hash}.png.png", $"{Hash.ToUpperInvariant()}.png", $"{Hash[..^1]}.png",
            $"{Hash}0.png", $"{new string('0', 64)}.png", $"{Hash}%2Fx.png", $"{Hash}.png%3Fx", $"{Hash}'--.png", "%F0%9F%92%A9.svg", "%ED%A0%80", new string('a', 4000),
        })
        {
            var path = $"/media/images/{name}";
            var answer = await server.Laurel.Get(path, key: null);
            // A slash at the end, and dots, are the client's and the framework's to take away.
            if (name is "hidden.svg/")
            {
                answer.Is(200);
                continue;
            }
            answer.Is(404);
            Assert.StartsWith("text/plain", answer.ContentType);
            Assert.DoesNotContain("<", answer.Body);
        }
    }

    [Fact]
    public async Task Raw_targets_lead_nowhere_else()
    {
        foreach (var target in new[] { "/media/images/../../etc/passwd", "/media/images/..%2f..%2fetc%2fpasswd", "/media/images/%00", "/media/images/\\..\\x", "/media//images/hidden.svg" })
        {
            using var raw = await RawHttp.Connect(server.Laurel.Address);
            await raw.Send($"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
            var (status, _, body) = await raw.Receive();
            Assert.True(status is 400 or 404, $"{status} for {target}");
            Assert.DoesNotContain("root:", body);
        }
    }

    [Fact]
    public async Task Other_verbs_are_405_and_two_credentials_400()
    {
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Patch })
        {
            (await server.Laurel.Send(method, "/media/images/hidden.svg", "{}", TestServer.AdministratorKey)).Is(405);
        }
        (await server.Laurel.Send(HttpMethod.Get, "/media/images/hidden.svg", (string?)null, TestServer.AdministratorKey, ("x-api-key", "x"))).Is(400);
        (await server.Laurel.Get("/media/images/hidden.svg", "laurel_wrong")).Is(200);
    }

    [Fact]
    public async Task The_document_describes_it()
    {
        var document = OpenApi.Parse((await server.Laurel.Get("/openapi/media.json", key: null)).Is(200).Body);
        Assert.Empty(document.Faults());
        Assert.Equal(OpenApi.Mapped(server.Laurel, "media").Order(), document.Operations.Order());
        foreach (var image in Images)
        {
            var (name, type, _) = image.Data;
            Assert.Matches(document.Document.GetProperty("components").GetProperty("parameters").GetProperty("Name").GetProperty("schema").GetProperty("pattern").GetString()!, name);
            Assert.True(document.Document.GetProperty("components").GetProperty("responses").GetProperty("Image").GetProperty("content").TryGetProperty(type, out _));
        }
    }

    public sealed class Server : IAsyncLifetime
    {
        internal TestServer Laurel { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Laurel = await NativeWorld.Start(Engine.Sqlite);
            (await Laurel.Send(HttpMethod.Put, $"{NativeWorld.Root}/badges/7/icon", new ByteArrayContent(SampleImages.Png), TestServer.AdministratorKey)).Is(201);
        }

        public ValueTask DisposeAsync() => Laurel.DisposeAsync();
    }
}
