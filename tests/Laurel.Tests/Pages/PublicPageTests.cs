using System.Net;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Laurel.Tests.Pages;

/// <summary>What is told of whom, and how it may be kept; expected by hand.</summary>
public sealed class PublicPageTests
{
    private const int Kilobyte = 1000;

    private static async Task<TestServer> Start(ManualTime time, Engine engine = Engine.Sqlite)
    {
        var laurel = await TestServer.Start(engine, time);
        await PagesWorld.Fill(laurel);
        return laurel;
    }

    private static ManualTime Noon => new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private static Task<Answer> Ask(TestServer laurel, string path, params (string, string)[] headers) => laurel.Send(HttpMethod.Get, path, (HttpContent?)null, null, headers);

    [Theory, EveryEngine]
    public async Task A_badge_tells_what_it_is(Engine engine)
    {
        await using var laurel = await Start(Noon, engine);

        var page = (await Ask(laurel, $"/badges/{PagesWorld.Plain}")).Is(200).Body;
        foreach (var text in new[]
        {
            "<bdi>Second Sea</bdi>", "About Second Sea.", "Awarded by <bdi>Isle</bdi>", ">Rare<", ">Gold<", "<strong>3</strong><span>awards in all",
            "Everybody can earn it once.", "It can be earned at any time.", "Awarded 3 times in the last 90 days. Most often on 23 November 2026: 3.",
        })
        {
            Assert.Contains(text, page, StringComparison.Ordinal);
        }
        var weekly = (await Ask(laurel, $"/badges/{PagesWorld.Weekly}")).Is(200).Body;
        Assert.Contains("It can be earned once every week.", weekly, StringComparison.Ordinal);
        Assert.Contains("from <time datetime=\"2026-11-29\">29 November 2026</time>", weekly, StringComparison.Ordinal);
        var ruled = (await Ask(laurel, $"/badges/{PagesWorld.Ruled}")).Is(200).Body;
        Assert.Contains("For 10 of these actions: <bdi>Edit</bdi>. Not all of them count.", ruled, StringComparison.Ordinal);
        Assert.DoesNotContain("properties.size", ruled, StringComparison.Ordinal);
        Assert.Contains("cannot be earned at present", (await Ask(laurel, $"/badges/{PagesWorld.Disabled}")).Is(200).Body, StringComparison.Ordinal);
    }

    [Theory, EveryEngine]
    public async Task A_wall_tells_what_is_won_and_how_far_the_rest_is(Engine engine)
    {
        await using var laurel = await Start(Noon, engine);

        var wall = (await Ask(laurel, $"/users/{PagesWorld.Ada}")).Is(200).Body;

        Assert.Contains("<h1>Badges of <bdi>Ada Lindqvist</bdi></h1>", wall, StringComparison.Ordinal);
        Assert.Contains("4 badges won", wall, StringComparison.Ordinal);
        Assert.Contains("<progress max=\"10\" value=\"4\" aria-label=\"4 of 10\">", wall, StringComparison.Ordinal);
        // Hidden once, for the one not claimed; the claimed one shows itself. What is removed or disabled is not to be won.
        Assert.Equal(1, Count(wall, "Hidden badge"));
        Assert.Contains("Unveiled", wall, StringComparison.Ordinal);
        Assert.All(new[] { "Zqxvjk", "zqxvjk", "Erased", "Retired", "secret@example.org" }, text => Assert.DoesNotContain(text, wall, StringComparison.Ordinal));
        Assert.Contains("None yet.", (await Ask(laurel, $"/users/{PagesWorld.Fresh}")).Is(200).Body, StringComparison.Ordinal);
    }

    [Theory, EveryEngine]
    public async Task An_award_tells_who_what_and_when_for_as_long_as_it_stands(Engine engine)
    {
        await using var laurel = await Start(Noon, engine);
        var path = $"/awards/{PagesWorld.Ada}/{100 + PagesWorld.Plain}";

        var award = (await Ask(laurel, path)).Is(200).Body;
        foreach (var text in new[]
        {
            "This award stands.", "Ada Lindqvist", "Second Sea", "<time datetime=\"2026-11-23T12:00:00Z\">23 November 2026, 12:00 UTC</time>",
            $"<meta property=\"og:image\" content=\"{laurel.Address}media/images/badge-{PagesWorld.Plain}.png\"", $"<meta property=\"og:url\" content=\"{laurel.Address}{path[1..]}\"",
        })
        {
            Assert.Contains(text, award, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("Zqxvjk", (await Ask(laurel, $"/awards/{PagesWorld.Ada}/{100 + PagesWorld.Hidden}")).Is(200).Body, StringComparison.Ordinal);
        var removed = (await Ask(laurel, $"/awards/{PagesWorld.Ada}/{PagesWorld.Removed}")).Is(410).Body;
        Assert.DoesNotContain("zqxvjk", removed, StringComparison.Ordinal);

        (await laurel.Delete($"/laurel/v1/users/{PagesWorld.Ada}/awards/{100 + PagesWorld.Plain}?kind=reset")).Is(204);
        (await Ask(laurel, path)).Is(410);
        Assert.Contains("3 badges won", (await Ask(laurel, $"/users/{PagesWorld.Ada}")).Is(200).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_private_is_not_there_and_who_is_unlisted_is_not_found()
    {
        await using var laurel = await Start(Noon);
        var nobody = (await Ask(laurel, "/users/99")).Is(404);

        foreach (var path in new[] { "/users/3", "/awards/3/1003", "/embed/users/3.svg" })
        {
            (await Ask(laurel, path)).Is(404);
        }
        Assert.Equal(nobody.Body.Replace("99", "3", StringComparison.Ordinal), (await Ask(laurel, "/users/3")).Body);
        foreach (var path in new[] { "/users/2", "/awards/2/1002", "/embed/users/2.svg" })
        {
            Assert.Equal("noindex", (await Ask(laurel, path)).Is(200).Headers["X-Robots-Tag"]);
        }
        Assert.Contains("private", (await Ask(laurel, "/users/2")).Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.DoesNotContain("X-Robots-Tag", (await Ask(laurel, "/users/1")).Headers.Keys);

        (await laurel.Put("/laurel/v1/users/3", """{"username":"cleo","privacy":"public"}""")).Is(200);
        (await Ask(laurel, "/users/3")).Is(200);
        (await laurel.Put("/laurel/v1/users/3", """{"username":"cleo"}""")).Is(200);
        (await Ask(laurel, "/users/3")).Is(404);
        (await laurel.Put("/laurel/v1/users/3", """{"privacy":"secret"}""")).IsProblem(422, "invalid", "privacy");
    }

    [Fact]
    public async Task Nothing_public_tells_a_key_or_an_address_of_anybody()
    {
        await using var laurel = await TestServer.Start();
        await PagesWorld.Fill(laurel);
        using var stream = await EventReader.Open(laurel.Anonymous, "/laurel/v1/stream?userId=21&userId=22", TestServer.AdministratorKey, ct: TestContext.Current.CancellationToken);
        // Neither has a name: one shows what they have won, the other nothing at all.
        const int Shown = 21, Hidden = 22;
        foreach (var (id, privacy) in new[] { (Shown, "public"), (Hidden, "private") })
        {
            await PagesWorld.Put(laurel, $"users/{id}", $$$"""
                {"key":"key{{{id}}}@zqx.example","email":"mail{{{id}}}@zqx.example","privacy":"{{{privacy}}}","profile":{"phone":"+49 zqx","bio":"zqx"} }
                """);
            await PagesWorld.Put(laurel, $"users/{id}/awards/{2000 + id}", $$"""{"badgeId":{{PagesWorld.Plain}}}""");
        }
        string[] paths =
        [
            "/", "/badges/7", "/users/{user}", "/awards/{user}/{award}", "/embed/badges/7.svg", "/embed/badges/7.json", "/embed/users/{user}.svg",
        ];
        // A page that is not asked for here fails the test.
        var mapped = laurel.Endpoints.OfType<RouteEndpoint>().Select(endpoint => $"/{endpoint.RoutePattern.RawText!.Trim('/')}")
            .Where(route => route == "/" || new[] { "/badges/{", "/users/{", "/awards/{", "/embed/" }.Any(root => route.StartsWith(root, StringComparison.Ordinal))).Distinct();
        Assert.Equal(paths.Length, mapped.Count());

        foreach (var (path, language) in paths.SelectMany(path => new[] { (path, "en"), (path, "ar") }))
        {
            foreach (var user in new[] { Shown, Hidden })
            {
                var asked = path.Replace("{user}", $"{user}", StringComparison.Ordinal).Replace("{award}", $"{2000 + user}", StringComparison.Ordinal);
                var answer = await Ask(laurel, ShownPages.In(language, asked));
                answer.Is(user == Hidden && asked != path ? 404 : 200);
                var told = WebUtility.HtmlDecode(Uri.UnescapeDataString(answer.Body)) + string.Join('\n', answer.Headers.Values);
                Assert.DoesNotContain("zqx", told, StringComparison.OrdinalIgnoreCase);
            }
        }
        Assert.Contains("<h1>Badges of <bdi>21</bdi></h1>", (await Ask(laurel, $"/users/{Shown}")).Body, StringComparison.Ordinal);

        var events = await stream.Take(2);
        Assert.Equal([21L, 22L], events.Select(each => each.Json["userId"]!.GetValue<long>()).Order());
        Assert.All(events, each => Assert.DoesNotContain("zqx", each.Json.ToJsonString(), StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task What_is_not_there_says_so_as_a_page()
    {
        await using var laurel = await Start(Noon);
        foreach (var (method, path, status) in new[]
        {
            (HttpMethod.Get, "/badges/1", 404), (HttpMethod.Get, "/badges/07", 404), (HttpMethod.Get, "/badges/x", 404), (HttpMethod.Get, $"/badges/{PagesWorld.Gone}", 410),
            (HttpMethod.Get, "/users/0", 404), (HttpMethod.Get, "/users/9223372036854775807", 404), (HttpMethod.Get, "/users/1?page=2", 404), (HttpMethod.Get, "/users/1/2", 404),
            (HttpMethod.Get, "/awards/1/99", 404), (HttpMethod.Get, "/awards/99/1", 404), (HttpMethod.Get, "/assets/laurel.css", 404), (HttpMethod.Get, "/language/fr", 404),
            (HttpMethod.Post, $"/badges/{PagesWorld.Plain}", 405), (HttpMethod.Post, "/", 405),
        })
        {
            var answer = (await laurel.Send(method, path, (HttpContent?)null, null)).Is(status);
            Assert.Equal("text/html; charset=utf-8", answer.ContentType);
            Assert.Equal("no-store", answer.Headers["Cache-Control"]);
            Assert.Contains("<h1>", answer.Body, StringComparison.Ordinal);
        }
        // Perfumer's own address is as before.
        Assert.StartsWith("application/json", (await Ask(laurel, "/badges")).ContentType, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_is_still_so_costs_no_body()
    {
        var time = Noon;
        await using var laurel = await Start(time);
        foreach (var path in new[] { $"/badges/{PagesWorld.Plain}", "/users/1", $"/awards/1/{100 + PagesWorld.Plain}" })
        {
            var first = (await Ask(laurel, path)).Is(200);
            Assert.Equal(("public, no-cache", "Accept-Language, Cookie"), (first.Headers["Cache-Control"], first.Headers["Vary"]));
            var again = (await Ask(laurel, path, ("If-None-Match", $"W/\"x\", {first.Headers["ETag"]}"))).Is(304);
            Assert.Equal(("", first.Headers["ETag"], first.Headers["Vary"]), (again.Body, again.Headers["ETag"], again.Headers["Vary"]));
            // Rendered again, it is the same.
            time.Advance(TimeSpan.FromSeconds(2));
            (await Ask(laurel, path, ("If-None-Match", first.Headers["ETag"]))).Is(304);
            (await Ask(laurel, path, ("If-None-Match", first.Headers["ETag"]), ("Accept-Language", "ar"))).Is(200);
            (await Ask(laurel, path, ("If-None-Match", "\"x\""))).Is(200);
            Assert.Equal("Accept-Encoding", (await Ask(laurel, ShownPages.In("ar", path))).Headers["Vary"]);
            var head = (await laurel.Send(HttpMethod.Head, path, (HttpContent?)null, null)).Is(200);
            Assert.Equal(("", first.Headers["ETag"]), (head.Body, head.Headers["ETag"]));
        }
    }

    [Fact]
    public async Task A_wall_keeps_its_tag_until_what_it_shows_moves()
    {
        var time = Noon;
        await using var laurel = await Start(time);
        var path = $"/users/{PagesWorld.Ada}";
        var tag = (await Ask(laurel, path)).Is(200).Headers["ETag"];
        var hidden = $"/laurel/v1/badges/{PagesWorld.Hidden}";

        // Hidden, it looks the same; what it is called is nobody's business yet.
        (await laurel.Put(hidden, """{"issuerId":100,"texts":{"en":{"name":"Jkxvqz"}},"claimable":true,"hiddenUntilClaimed":true}""")).Is(200);
        (await Ask(laurel, path, ("If-None-Match", tag))).Is(304);
        time.Advance(TimeSpan.FromSeconds(2));
        (await Ask(laurel, path, ("If-None-Match", tag))).Is(304);
        (await laurel.Post("/laurel/v1/actions", $$"""{"type":"Edit","userId":{{PagesWorld.Ada}},"properties":{"size":5} }""")).Is(201);
        time.Advance(TimeSpan.FromSeconds(2));
        var moved = (await Ask(laurel, path, ("If-None-Match", tag))).Is(200);
        Assert.Contains("aria-label=\"5 of 10\"", moved.Body, StringComparison.Ordinal);
        // Of two that differ only in what one of them shows, each is rendered.
        (await laurel.Put($"/laurel/v1/badges/{PagesWorld.Plain}", """{"issuerId":100,"texts":{"en":{"name":"Third Sea"}}}""")).Is(200);
        Assert.Contains("Third Sea", (await Ask(laurel, path, ("If-None-Match", moved.Headers["ETag"]))).Is(200).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_shows_at_once_and_a_count_within_a_second()
    {
        var time = Noon;
        await using var laurel = await Start(time);
        var path = $"/badges/{PagesWorld.Plain}";
        Assert.Contains("<strong>3</strong>", (await Ask(laurel, path)).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Second Sea", (await Ask(laurel, "/users/4")).Body, StringComparison.Ordinal);

        (await laurel.Put("/laurel/v1/users/4/awards/900", $$"""{"badgeId":{{PagesWorld.Plain}}}""")).Is(201);
        Assert.Contains("Second Sea", (await Ask(laurel, "/users/4")).Body, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("<strong>4</strong>", (await Ask(laurel, path)).Body, StringComparison.Ordinal);

        (await laurel.Put($"/laurel/v1{path}", """{"issuerId":100,"texts":{"en":{"name":"Third Sea"}}}""")).Is(200);
        Assert.Contains("Third Sea", (await Ask(laurel, path)).Body, StringComparison.Ordinal);
        Assert.Contains("Third Sea", (await Ask(laurel, "/users/4")).Body, StringComparison.Ordinal);
        (await laurel.Put("/laurel/v1/rules/4", $$$"""{"key":"four","enabled":true,"actions":["Edit"],"when":{"each":true},"badgeId":{{{PagesWorld.Plain}}} }""")).Is(201);
        Assert.Contains("For every <bdi>Edit</bdi>.", (await Ask(laurel, path)).Body, StringComparison.Ordinal);

        // What is claimed shows within a second too.
        (await Ask(laurel, $"/awards/1/{100 + PagesWorld.Hidden}")).Is(200);
        (await laurel.Post($"/laurel/v1/users/1/awards/{100 + PagesWorld.Hidden}/claim", "{}")).Is(200);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("Zqxvjk", (await Ask(laurel, $"/awards/1/{100 + PagesWorld.Hidden}")).Body, StringComparison.Ordinal);
    }

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task What_another_server_takes_back_is_gone_within_a_second(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var laurel = await TestServer.StartSecond(database);
        await using var other = await TestServer.StartSecond(database);
        await PagesWorld.Fill(laurel);
        var path = $"/awards/1/{100 + PagesWorld.Plain}";
        (await Ask(laurel, path)).Is(200);

        (await other.Delete($"/laurel/v1/users/1/awards/{100 + PagesWorld.Plain}?kind=reset")).Is(204);

        while ((await Ask(laurel, path)).Status != HttpStatusCode.Gone)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task No_page_weighs_much()
    {
        await using var laurel = await Start(Noon);
        for (var id = 1001; id <= 1060; id++)
        {
            await PagesWorld.Put(laurel, $"badges/{id}", $$$"""{"issuerId":100,"texts":{"en":{"name":"{{{new string('n', 60)}}}"} } }""");
            await PagesWorld.Put(laurel, $"users/1/awards/{id}", $$"""{"badgeId":{{id}}}""");
        }
        foreach (var path in ShownPages.Paths.Values.SelectMany(path => new[] { ShownPages.In("en", path), ShownPages.In("ar", path) }))
        {
            using var page = await laurel.Anonymous.GetAsync(path, TestContext.Current.CancellationToken);
            var html = await page.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            var style = System.Text.Encoding.UTF8.GetString(html).Split('"').Single(part => part.StartsWith("/assets/laurel", StringComparison.Ordinal));
            using var sheet = await laurel.Anonymous.GetAsync(style, TestContext.Current.CancellationToken);
            Assert.Equal("public, max-age=31536000, immutable", sheet.Headers.CacheControl?.ToString());
            var weight = html.Length + (await sheet.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length;
            Assert.InRange(weight, 1, 60 * Kilobyte);
        }
        Assert.Contains("Page 1 of 2", (await Ask(laurel, "/users/1")).Body, StringComparison.Ordinal);
        Assert.Contains("Page 2 of 2", (await Ask(laurel, "/users/1?page=2")).Is(200).Body, StringComparison.Ordinal);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
