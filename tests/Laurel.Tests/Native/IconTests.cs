using System.Security.Cryptography;
using System.Text;
using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Laurel.Tests.Images;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

/// <summary>Icons: uploaded, told, served, replaced and taken back.</summary>
public sealed class IconTests
{
    private static Task<Answer> Upload(TestServer laurel, byte[] file, string? key = TestServer.AdministratorKey, string badge = "7", string? type = null, params (string, string)[] headers)
    {
        var body = new ByteArrayContent(file);
        if (type is not null)
        {
            body.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        return laurel.Send(HttpMethod.Put, $"{Root}/badges/{badge}/icon", body, key, headers);
    }

    private static async Task<byte[]?> Served(TestServer laurel, string path)
    {
        using var answer = await laurel.Anonymous.GetAsync(path, TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken) : null;
    }

    private static string Path(byte[] file, string extension) => $"/media/images/{Convert.ToHexStringLower(SHA256.HashData(file))}.{extension}";

    [Theory, EveryEngine]
    public async Task An_uploaded_icon_is_served_as_it_came_and_a_deleted_one_no_more(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        const string Drawn = """{"path":"/media/images/badge-7.svg","mediaType":"image/svg+xml","width":null,"height":null,"isUploaded":false}""";
        (await laurel.Get($"{Root}/badges/7/icon")).Is(200).Says(Drawn);
        foreach (var (file, extension, type) in new[]
        {
            (SampleImages.Png, "png", "image/png"), (SampleImages.Jpeg, "jpg", "image/jpeg"), (SampleImages.AnimatedGif, "gif", "image/gif"),
            (SampleImages.AlphaWebP, "webp", "image/webp"),
        })
        {
            var told = $$"""{"path":"{{Path(file, extension)}}","mediaType":"{{type}}","width":5,"height":3,"isUploaded":true}""";
            (await Upload(laurel, file)).Is(extension == "png" ? 201 : 200).Says(told);
            (await Upload(laurel, file)).Is(200).Says(told);
            (await laurel.Get($"{Root}/badges/7/icon")).Is(200).Says(told);
            Assert.Equal(file, await Served(laurel, Path(file, extension)));
        }
        // Replaced ones are gone.
        Assert.Null(await Served(laurel, Path(SampleImages.Png, "png")));
        (await laurel.Delete($"{Root}/badges/7/icon")).Is(204);
        (await laurel.Delete($"{Root}/badges/7/icon")).Is(204);
        Assert.Null(await Served(laurel, Path(SampleImages.AlphaWebP, "webp")));
        (await laurel.Get($"{Root}/badges/7/icon")).Is(200).Says(Drawn);
    }

    [Theory, EveryEngine]
    public async Task An_image_is_stored_once_for_as_long_as_a_badge_shows_it(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        await laurel.Badge(8);
        (await Upload(laurel, SampleImages.Png)).Is(201);
        (await Upload(laurel, SampleImages.Png, badge: "8")).Is(201);
        Assert.Equal(1, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM icons")));
        (await laurel.Delete($"{Root}/badges/7/icon")).Is(204);
        Assert.Equal(SampleImages.Png, await Served(laurel, Path(SampleImages.Png, "png")));
        (await Upload(laurel, SampleImages.Gif, badge: "8")).Is(200);
        Assert.Null(await Served(laurel, Path(SampleImages.Png, "png")));
        Assert.Equal(1, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM icons")));
    }

    [Theory, EveryEngine]
    public async Task A_replaced_or_edited_badge_keeps_its_icon_and_its_times(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        var before = (await laurel.Get($"{Root}/badges/7")).Is(200).Body;
        (await Upload(laurel, SampleImages.Png)).Is(201);
        Assert.Equal(before, (await laurel.Get($"{Root}/badges/7")).Is(200).Body);
        (await laurel.Put($"{Root}/badges/7", """{"issuerId":100,"texts":{"en":{"name":"Renamed"}}}""")).Is(200);
        Assert.Null(await laurel.Core.Badges.Edit(7, "Edited", null, null, TestCore.Administrator));
        Assert.Equal(Path(SampleImages.Png, "png"), (await laurel.Get($"{Root}/badges/7/icon")).Text("path"));
        (await laurel.Award(2, 7)).Is(201);
        (await laurel.Delete($"{Root}/badges/7/icon")).Is(204);
    }

    [Theory, EveryEngine]
    public async Task Other_servers_let_go_of_what_was_deleted(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestServer.StartSecond(database);
        await using var second = await TestServer.StartSecond(database);
        (await first.Put($"{Root}/issuers/100", """{"name":"Isle"}""")).Is(201);
        await first.Badge(7);
        (await Upload(first, SampleImages.Png)).Is(201);
        Assert.Equal(SampleImages.Png, await Served(second, Path(SampleImages.Png, "png")));
        (await first.Delete($"{Root}/badges/7/icon")).Is(204);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await Served(second, Path(SampleImages.Png, "png")) is not null)
        {
            await Task.Delay(20, patience.Token);
        }
    }

    [Fact]
    public async Task Who_may_write_the_badge_may_give_it_an_icon()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        foreach (var key in new[] { await laurel.Key(1, null), await laurel.Key(1, Scopes.BadgesWrite), await laurel.Key(null, Scopes.BadgesWrite) })
        {
            (await Upload(laurel, SampleImages.Png, key)).Is(201);
            (await laurel.Delete($"{Root}/badges/7/icon", key)).Is(204);
        }
        foreach (var key in new[] { await laurel.Key(2, null), await laurel.Key(1, Scopes.AwardsWrite), await laurel.Key(null, Scopes.AwardsWrite) })
        {
            (await Upload(laurel, SampleImages.Png, key)).IsProblem(403, "forbidden");
            (await laurel.Delete($"{Root}/badges/7/icon", key)).IsProblem(403, "forbidden");
            (await laurel.Get($"{Root}/badges/7/icon", key)).Is(200);
        }
        (await Upload(laurel, SampleImages.Png, key: null)).IsProblem(401, "unauthenticated");
        (await Upload(laurel, SampleImages.Png, headers: ("x-api-key", TestServer.AdministratorKey))).IsProblem(400, "malformed");
        (await Upload(laurel, SampleImages.Png, badge: "77")).IsProblem(404, "unknown_badge");
        (await laurel.Delete($"{Root}/badges/77/icon")).IsProblem(404, "unknown_badge");
        (await Upload(laurel, SampleImages.Png)).Is(201);
        (await Upload(laurel, SampleImages.Gif, headers: ("If-None-Match", "*"))).IsProblem(412, "already_exists");
    }

    [Fact]
    public async Task The_bytes_decide_what_it_is_and_not_what_it_is_called()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        foreach (var type in new[] { null, "image/png", "image/svg+xml", "text/html", "application/json", "multipart/form-data; boundary=x", "x" })
        {
            Assert.Equal("image/gif", (await Upload(laurel, SampleImages.Gif, type: type)).Text("mediaType"));
            foreach (var wrong in new[] { "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "<html></html>", "", "GIF89a" })
            {
                (await Upload(laurel, Encoding.ASCII.GetBytes(wrong), type: type)).IsProblem(422, "invalid_image");
            }
        }
        (await Upload(laurel, SampleImages.PngOf(50_000, 50_000))).IsProblem(422, "invalid_image");
        (await Upload(laurel, [.. SampleImages.Png, .. "<script>"u8])).IsProblem(422, "invalid_image");
        Assert.Equal(Path(SampleImages.Gif, "gif"), (await laurel.Get($"{Root}/badges/7/icon")).Text("path"));
    }

    [Fact]
    public async Task An_icon_has_at_most_a_mebibyte()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var frame = SampleImages.PngWith("IDAT", []).Length;
        byte[] Sized(int length) => SampleImages.PngWith("IDAT", new byte[length - frame]);
        (await Upload(laurel, Sized(1 << 20))).Is(201);
        (await Upload(laurel, Sized((1 << 20) + 1), headers: ("Expect", "100-continue"))).IsProblem(413, "body_too_large");
    }

    [Fact]
    public async Task Of_what_hides_the_real_icon_is_told_to_managers_alone()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await laurel.Badge(8, more: ",\"claimable\":true,\"hiddenUntilClaimed\":true");
        (await Upload(laurel, SampleImages.Png, badge: "8")).Is(201);
        const string Hidden = """{"path":"/media/images/hidden.svg","mediaType":"image/svg+xml","width":null,"height":null,"isUploaded":false}""";
        (await laurel.Get($"{Root}/badges/8/icon", await laurel.Key(2, null))).Is(200).Says(Hidden);
        (await laurel.Get($"{Root}/badges/8/icon", await laurel.Key(null, Scopes.AwardsWrite))).Is(200).Says(Hidden);
        Assert.Equal(Path(SampleImages.Png, "png"), (await laurel.Get($"{Root}/badges/8/icon", await laurel.Key(1, null))).Text("path"));
    }

    [Theory, EveryEngine]
    public async Task Many_who_give_and_take_at_once_leave_what_is_shown_and_no_more(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        await laurel.Badge(8);
        byte[][] files = [SampleImages.Png, SampleImages.Gif, SampleImages.Jpeg];
        await Parallel.ForEachAsync(Enumerable.Range(0, 60), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var badge = 7 + (i % 2);
            var answer = i % 5 == 0 ? await laurel.Delete($"{Root}/badges/{badge}/icon") : await Upload(laurel, files[i % 3], badge: $"{badge}");
            Assert.InRange((int)answer.Status, 200, 204);
        });
        var shown = new HashSet<string>();
        foreach (var badge in new[] { 7, 8 })
        {
            var path = (await laurel.Get($"{Root}/badges/{badge}/icon")).Is(200).Text("path")!;
            Assert.NotNull(await Served(laurel, path));
            if (!path.EndsWith(".svg", StringComparison.Ordinal))
            {
                shown.Add(path);
            }
        }
        Assert.Equal(shown.Count, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM icons")));
    }
}
