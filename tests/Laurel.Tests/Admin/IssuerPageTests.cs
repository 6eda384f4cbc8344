using System.Net;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Laurel.Tests.Pages;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>Issuers and their places in the administration, seen through the native API.</summary>
public sealed class IssuerPageTests
{
    private const string Native = "/laurel/v1";

    private static async Task<TestServer> Start(Engine engine = Engine.Sqlite, ManualTime? time = null)
    {
        var laurel = await TestServer.Start(engine, time ?? new ManualTime());
        await PagesWorld.Put(laurel, "users/1", """{"username":"mona","fullName":"Mona"}""");
        await PagesWorld.Put(laurel, "users/2", """{"username":"vera","permissions":["viewer"]}""");
        await PagesWorld.Put(laurel, "issuers/100", """{"key":"isle","name":"Isle","managers":[1]}""");
        await PagesWorld.Put(laurel, "issuers/101", """{"key":"reef","name":"Élan"}""");
        return laurel;
    }

    [Theory, EveryEngine]
    public async Task An_issuer_is_made_changed_and_found(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        using var browser = await AdminBrowser.SignedIn(laurel);

        var made = await browser.Submit("/admin/issuers/new", new()
        {
            ["id"] = "200", ["name"] = "Fair", ["key"] = "fair", ["timeZone"] = "Asia/Riyadh", ["rootPlaceId"] = "2000", ["lifetimeDays"] = "30",
            ["creatorType"] = "Group", ["creatorId"] = "5", ["creatorName"] = "Guild", ["managers"] = "1\r\n2, 3",
        });

        Assert.Equal("/admin/issuers/200?done=made", made.Is(HttpStatusCode.SeeOther).Location);
        (await laurel.Get($"{Native}/issuers/200")).Is(200).Says("""
            {"id":200,"key":"fair","name":"Fair","rootPlaceId":2000,"timeZone":"Asia/Riyadh","creator":{"type":"Group","id":5,"name":"Guild"},"managers":[1,2,3],
             "lifetimeDays":30,"origin":"native","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}
            """);
        var page = (await browser.Get("/admin/issuers/200")).Is(HttpStatusCode.OK).Html;
        Assert.All(new[] { "Asia/Riyadh", "30 days", "<a href=\"/admin/users/1\">", "<bdi>Mona</bdi>", "/admin/issuers/200/places/2000" }, text => Assert.Contains(text, page, StringComparison.Ordinal));
        foreach (var (query, found) in new[] { ("", "Isle Élan Fair"), ("?text=FAIR", "Fair"), ("?text=éLAN", "Élan"), ("?text=200", "Fair"), ("?text=nowhere", ""), ("?after=101", "Fair") })
        {
            var list = (await browser.Get($"/admin/issuers{query}")).Is(HttpStatusCode.OK).Html;
            Assert.Equal(found.Split(' ', StringSplitOptions.RemoveEmptyEntries), new[] { "Isle", "Élan", "Fair" }.Where(name => list.Contains($"<bdi>{name}</bdi>", StringComparison.Ordinal)));
        }
        // Sent untouched, it stays as it is.
        var edit = FormFields.Of((await browser.Get("/admin/issuers/200/edit")).Html);
        (await browser.Post("/admin/issuers/200/edit", edit)).Is(HttpStatusCode.SeeOther);
        Assert.Equal("[1,2,3]", (await laurel.Get($"{Native}/issuers/200")).Json["managers"]!.ToJsonString());
        // Who was slower is told first.
        time.Advance(TimeSpan.FromSeconds(1));
        (await laurel.Put($"{Native}/issuers/200", """{"key":"fair","name":"Theirs","timeZone":"Asia/Riyadh"}""")).Is(200);
        var refused = (await browser.Post("/admin/issuers/200/edit", edit)).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Contains("Somebody else has changed this issuer", refused.Html, StringComparison.Ordinal);
        (await browser.Post("/admin/issuers/200/edit", FormFields.Of(refused.Html))).Is(HttpStatusCode.SeeOther);
        Assert.Equal("Fair", (await laurel.Get($"{Native}/issuers/200")).Text("name"));
    }

    [Fact]
    public async Task What_an_issuer_cannot_be_is_said_beside_its_field()
    {
        await using var laurel = await Start();
        using var browser = await AdminBrowser.SignedIn(laurel);
        foreach (var (field, value, message) in new[]
        {
            ("name", "", "A name has 1 to 255 characters."), ("timeZone", "Mars/Olympus", "Not a time zone"), ("lifetimeDays", "0", "A lifetime is"), ("lifetimeDays", "99999999999", "A lifetime is"),
            ("managers", "mona", "Ids are numbers"), ("key", "isle", "Another has this key name already."), ("key", "17", "A key has"), ("id", "100", "There is one already."),
            ("rootPlaceId", "4503599627370496", "A place&#x27;s id"), ("creatorType", "Nobody", "A creator&#x27;s type"),
        })
        {
            var page = (await browser.Submit("/admin/issuers/new", new() { ["name"] = "Fair", ["creatorName"] = "Kept", [field] = value })).Is(HttpStatusCode.UnprocessableEntity).Html;
            Assert.Contains(message, page, StringComparison.Ordinal);
            Assert.Contains("value=\"Kept\"", page, StringComparison.Ordinal);
        }
        Assert.Equal(2, (await laurel.Get($"{Native}/issuers")).Json["items"]!.AsArray().Count);
    }

    [Theory, EveryEngine]
    public async Task Places_are_added_renamed_and_given_to_another(Engine engine)
    {
        await using var laurel = await Start(engine);
        using var manager = await AdminBrowser.SignedIn(laurel, await laurel.Key(1, null));
        using var administrator = await AdminBrowser.SignedIn(laurel);

        (await manager.Submit("/admin/issuers/100/places/new", new() { ["name"] = "Lobby", ["id"] = "8" })).Is(HttpStatusCode.SeeOther);
        (await manager.Submit("/admin/issuers/100/places/new", new() { ["name"] = "Arena" })).Is(HttpStatusCode.SeeOther);
        Assert.Contains("There is one already.", (await manager.Submit("/admin/issuers/100/places/new", new() { ["name"] = "Mine", ["id"] = "8" })).Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.Ordinal);
        (await manager.Submit("/admin/issuers/100/places/new", new() { ["name"] = "" })).Is(HttpStatusCode.UnprocessableEntity);

        var page = (await manager.Get("/admin/issuers/100")).Is(HttpStatusCode.OK).Html;
        Assert.Contains("<a href=\"/admin/issuers/100/places/8\"><bdi>Lobby</bdi></a>", page, StringComparison.Ordinal);
        Assert.Contains("<bdi>Arena</bdi>", page, StringComparison.Ordinal);
        (await manager.Submit("/admin/issuers/100/places/8", new() { ["name"] = "Hall" })).Is(HttpStatusCode.SeeOther);
        var renamed = (await laurel.Get($"{Native}/places/8")).Is(200);
        Assert.Equal(("Hall", "100"), (renamed.Text("name"), renamed.Text("issuerId")));
        (await manager.Submit("/admin/issuers/100/places/8", new() { ["name"] = "Hall", ["issuerId"] = "101" })).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal("/admin/issuers/101?done=saved", (await administrator.Submit("/admin/issuers/100/places/8", new() { ["name"] = "Hall", ["issuerId"] = "101" })).Is(HttpStatusCode.SeeOther).Location);
        (await manager.Get("/admin/issuers/100/places/8")).Is(HttpStatusCode.NotFound);
        (await manager.Get("/admin/issuers/101/places/8")).Is(HttpStatusCode.Forbidden);
        Assert.DoesNotContain("Hall", (await administrator.Get("/admin/issuers/100")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_an_administrator_makes_and_changes_issuers()
    {
        await using var laurel = await Start();
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(2, null));
        using var manager = await AdminBrowser.SignedIn(laurel, await laurel.Key(1, null));
        foreach (var browser in new[] { viewer, manager })
        {
            foreach (var path in new[] { "/admin/issuers/new", "/admin/issuers/100/edit" })
            {
                (await browser.Get(path)).Is(HttpStatusCode.Forbidden);
                (await browser.Submit("/admin/issuers", new() { ["name"] = "X" }, path)).Is(HttpStatusCode.Forbidden);
            }
            Assert.DoesNotContain("/edit\"", (await browser.Get("/admin/issuers/100")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        }
        Assert.Contains("href=\"/admin/issuers/100/places/new\"", (await manager.Get("/admin/issuers/100")).Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/places/new\"", (await viewer.Get("/admin/issuers/100")).Html, StringComparison.Ordinal);
        (await viewer.Submit("/admin/issuers", new() { ["name"] = "X" }, "/admin/issuers/100/places/new")).Is(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task What_somebody_manages_is_read_once_for_each_change()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var issuers = laurel.Core.Issuers;
        var managed = await issuers.ManagedBy(1);
        Assert.Equal([100L], managed.Select(issuer => issuer.Id));
        // While the log of changes is not read, nothing is kept.
        while (!ReferenceEquals(managed, managed = await issuers.ManagedBy(1)))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        (await laurel.Put($"{NativeWorld.Root}/issuers/100", """{"key":"isle","name":"Isle"}""")).Is(200);

        Assert.Empty(await issuers.ManagedBy(1));
    }

    [Fact]
    public async Task Every_page_of_the_catalogue_speaks_both_languages()
    {
        await using var laurel = await Start();
        await PagesWorld.Put(laurel, "badges/7", """{"issuerId":100,"texts":{"en":{"name":"Second Sea"}}}""");
        await PagesWorld.Put(laurel, "places/8", """{"issuerId":100,"name":"Lobby"}""");
        await PagesWorld.Put(laurel, "users/1/awards/50", """{"badgeId":7}""");
        using var browser = await AdminBrowser.SignedIn(laurel);
        foreach (var path in new[]
        {
            "/badges", "/badges/new", "/badges/7", "/badges/7/edit", "/badges/7/icon", "/badges/7/delete", "/badges/7/holders",
            "/issuers", "/issuers/new", "/issuers/100", "/issuers/100/edit", "/issuers/100/places/new", "/issuers/100/places/8",
        })
        {
            foreach (var (language, direction) in new[] { ("en", "ltr"), ("ar", "rtl") })
            {
                var page = (await browser.Get($"/admin{path}?lang={language}")).Is(HttpStatusCode.OK).Html;
                Assert.Contains($"<html lang=\"{language}\" dir=\"{direction}\">", page, StringComparison.Ordinal);
                Assert.Single(System.Text.RegularExpressions.Regex.Matches(page, "<h1>", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(10)));
                // A name that is shown twice may be told apart by programs only if its id is there once.
                var ids = System.Text.RegularExpressions.Regex.Matches(page, " id=\"(?<id>[^\"]+)\"", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10)).Select(match => match.Groups["id"].Value).ToList();
                Assert.Equal(ids.Distinct(), ids);
            }
        }
        foreach (var path in new[] { "/badges/99", "/badges/x", "/badges/99/edit", "/badges/99/holders", "/issuers/99", "/issuers/99/edit", "/issuers/100/places/99", "/issuers/99/places/new" })
        {
            (await browser.Get($"/admin{path}")).Is(HttpStatusCode.NotFound);
        }
    }
}
