using System.Net;
using Laurel.Tests.Harness;
using Laurel.Tests.Images;
using Laurel.Tests.Pages;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>Badges in the administration: found, made, changed, and taken out of sight; seen through the native API.</summary>
public sealed class BadgePageTests
{
    private const string Native = "/laurel/v1";

    private static ManualTime Noon => new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    // Issuers 100 and 101, users 1 (manages 100), 2 (may look), 3 (manages 101).
    private static async Task<TestServer> Start(Engine engine = Engine.Sqlite, ManualTime? time = null)
    {
        var laurel = await TestServer.Start(engine, time ?? Noon);
        await PagesWorld.Put(laurel, "users/1", """{"username":"mona","fullName":"Mona"}""");
        await PagesWorld.Put(laurel, "users/2", """{"username":"vera","permissions":["viewer"]}""");
        await PagesWorld.Put(laurel, "users/3", """{"username":"otto","key":"otto@example.org"}""");
        await PagesWorld.Put(laurel, "issuers/100", """{"key":"isle","name":"Isle","managers":[1]}""");
        await PagesWorld.Put(laurel, "issuers/101", """{"key":"reef","name":"Reef","managers":[3]}""");
        await PagesWorld.Put(laurel, "badges/7", """
            {"issuerId":100,"key":"second-sea","texts":{"en":{"name":"Second Sea","description":"Sail on."},"ar":{"name":"البحر الثاني"},"fr":{"name":"Étoile"}},
             "level":"gold","cost":5,"claimable":true,"recognises":["Sail"],"awardAssetIds":[4,5],"uid":"5a1c1c1e-2f4b-4d65-9a38-1f1a9c6e7b10","createdBy":"ada"}
            """);
        await PagesWorld.Put(laurel, "badges/8", """{"issuerId":101,"texts":{"en":{"name":"Coral"}},"enabled":false}""");
        await PagesWorld.Put(laurel, "badges/9", """{"issuerId":100,"texts":{"en":{"name":"Zqxvjk"}},"hiddenUntilClaimed":true}""");
        return laurel;
    }

    // As the page's form would be sent untouched.
    private static Dictionary<string, string> Definition(params (string Name, string Value)[] changes)
    {
        var fields = new Dictionary<string, string>
        {
            ["issuerId"] = "100", ["enabled"] = "on", ["isActive"] = "on", ["recurrence"] = "once", ["rarity"] = "1", ["sourceLocale"] = "en", ["texts.en.name"] = "Second Sea",
        };
        foreach (var (name, value) in changes)
        {
            fields[name] = value;
        }
        return fields;
    }

    [Theory, EveryEngine]
    public async Task A_badge_is_made_and_changed_with_all_it_can_be(Engine engine)
    {
        var time = Noon;
        await using var laurel = await Start(engine, time);
        using var browser = await AdminBrowser.SignedIn(laurel);

        var made = (await browser.Submit("/admin/badges/new", Definition(
            ("id", "20"), ("key", "week"), ("texts.en.name", "Market Week"), ("texts.en.description", "One.\r\nTwo."), ("texts.ar.name", "أسبوع السوق"), ("locale", "pt-BR"),
            ("texts.pt-BR.name", "Semana"), ("texts.en.lines.never", "Sell {target}.\r\nSoon."), ("target", "3"), ("rarity", "3"), ("level", "silver"), ("cost", "12"),
            ("claimable", "on"), ("recurrence", "perPeriod"), ("every", "2"), ("unit", "week"), ("anchor", "2026-01-04"), ("recognises", "Sell\r\nBuy"),
            ("awardAssetIds", "1, 2"), ("creatorType", "Group"), ("creatorId", "77"), ("iconImageId", "9"), ("createdAt", "2020-01-01T00:00:00Z"), ("createdBy", "mona"),
            ("uid", "0b1c1c1e-2f4b-4d65-9a38-1f1a9c6e7b10")))).Is(HttpStatusCode.SeeOther);

        Assert.Equal("/admin/badges/20?done=made", made.Location);
        (await laurel.Get($"{Native}/badges/20")).Is(200).Says("""
            {"id":20,"issuerId":100,"key":"week","enabled":true,"creator":{"type":"Group","id":77},"sourceLocale":"en",
             "texts":{"ar":{"name":"أسبوع السوق","description":null,"lines":null,"iconImageId":0},
               "en":{"name":"Market Week","description":"One.\nTwo.","lines":{"never":["Sell {target}.","Soon."],"held":[],"again":[]},"iconImageId":0},
               "pt-BR":{"name":"Semana","description":null,"lines":null,"iconImageId":0}},
             "recurrence":{"every":2,"unit":"week","anchor":"2026-01-04"},"target":3,"recognises":["Sell","Buy"],"iconImageId":9,"awardAssetIds":[1,2],
             "rarity":3,"level":"silver","cost":12,"claimable":true,"hiddenUntilClaimed":false,"uid":"0b1c1c1e-2f4b-4d65-9a38-1f1a9c6e7b10","isActive":true,
             "createdBy":"mona","updatedBy":null,"deletedBy":null,"createdAt":"2020-01-01T00:00:00Z","updatedAt":"2026-11-23T12:00:00Z","deletedAt":null}
            """);
        time.Advance(TimeSpan.FromMinutes(1));
        var asOf = AsOf(await browser.Get("/admin/badges/20/edit"));
        Assert.Equal("/admin/badges/20?done=saved", (await browser.Submit("/admin/badges/20/edit", Definition(("asOf", asOf), ("texts.en.name", "Fair")))).Is(HttpStatusCode.SeeOther).Location);

        // What is not ticked and what is empty goes back; the uid and the beginning stay.
        var changed = (await laurel.Get($"{Native}/badges/20")).Is(200);
        Assert.Equal(
            ("Fair", "once", "0b1c1c1e-2f4b-4d65-9a38-1f1a9c6e7b10", "2020-01-01T00:00:00Z", "2026-11-23T12:01:00Z", "[]"),
            (changed.Json["texts"]!["en"]!["name"]!.ToString(), changed.Text("recurrence"), changed.Text("uid"), changed.Text("createdAt"), changed.Text("updatedAt"), changed.Text("recognises")));
        Assert.Single(changed.Json["texts"]!.AsObject());
    }

    [Fact]
    public async Task A_form_that_is_sent_untouched_changes_nothing()
    {
        await using var laurel = await Start();
        using var browser = await AdminBrowser.SignedIn(laurel);
        foreach (var id in new[] { "7", "8", "9" })
        {
            var before = (await laurel.Get($"{Native}/badges/{id}")).Is(200).Body;
            var page = await browser.Get($"/admin/badges/{id}/edit");

            (await browser.Post($"/admin/badges/{id}/edit", FormFields.Of(page.Html))).Is(HttpStatusCode.SeeOther);

            Assert.Equal(before, (await laurel.Get($"{Native}/badges/{id}")).Is(200).Body);
        }
    }

    [Theory, EveryEngine]
    public async Task Badges_are_found_by_what_is_known_of_them(Engine engine)
    {
        await using var laurel = await Start(engine);
        using var browser = await AdminBrowser.SignedIn(laurel);
        foreach (var (query, found) in new[]
        {
            ("", "7 8 9"), ("?text=second+SEA", "7"), ("?text=étOILE", "7"), ("?text=البحر", "7"), ("?text=second-s", "7"), ("?text=8", "8"), ("?text=zqx", "9"), ("?text=%25", ""),
            ("?issuer=101", "8"), ("?issuer=100&text=coral", ""), ("?state=disabled", "8"), ("?state=enabled&issuer=100", "7 9"), ("?state=deleted", ""), ("?after=7", "8 9"), ("?text=a%00b", "7 8 9"),
        })
        {
            Assert.Equal(found, string.Join(' ', Linked((await browser.Get($"/admin/badges{query}")).Is(HttpStatusCode.OK).Html)));
        }
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(2, null));
        // By its face it is not found by who must not see it.
        Assert.Empty(Linked((await viewer.Get("/admin/badges?text=zqx")).Html));
        Assert.DoesNotContain("Zqxvjk", (await viewer.Get("/admin/badges")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_goes_on_where_a_page_ended()
    {
        await using var laurel = await Start();
        foreach (var id in Enumerable.Range(1000, 51).Select(id => PagesWorld.Number(id)))
        {
            await PagesWorld.Put(laurel, $"badges/{id}", $$$"""{"issuerId":101,"texts":{"en":{"name":"Many {{{id}}}"} } }""");
        }
        using var browser = await AdminBrowser.SignedIn(laurel);

        var first = (await browser.Get("/admin/badges?text=many&issuer=101")).Html;

        Assert.Equal(50, Linked(first).Count);
        Assert.Contains("href=\"/admin/badges?text=many&amp;issuer=101&amp;state=&amp;after=1049\" rel=\"next\"", first, StringComparison.Ordinal);
        var second = (await browser.Get("/admin/badges?text=many&issuer=101&state=&after=1049")).Html;
        Assert.Equal(["1050"], Linked(second));
        Assert.DoesNotContain("rel=\"next\"", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_stands_beside_its_field_and_nothing_that_was_sent_is_lost()
    {
        await using var laurel = await Start();
        using var browser = await AdminBrowser.SignedIn(laurel);
        foreach (var (field, value, message) in new[]
        {
            ("texts.en.name", "", "A name has 1 to 255 characters."), ("texts.ar.lines.never", new string('x', 256), "At most 20 lines"), ("key", "a/b", "badge&#x27;s key"),
            ("id", "x", "An id is a number"), ("id", "4503599627370496", "hands out the ids"), ("id", "7", "There is one already."), ("cost", "x", "a whole number"), ("cost", "-1", "A cost is"),
            ("issuerId", "99", "no such issuer"), ("awardAssetIds", "1 x", "Ids are numbers"), ("uid", "x", "UUID"), ("createdAt", "yesterday", "A time is written as"),
            ("creatorId", "9007199254740992", "A creator has"), ("rarity", "9999999999", "Rarity is"), ("level", "tin", "A level is"),
        })
        {
            // Whoever names a badge in a language gives it a name there.
            var page = (await browser.Submit("/admin/badges/new", Definition(("texts.en.description", "Kept."), ("texts.ar.name", "وسام"), (field, value)))).Is(HttpStatusCode.UnprocessableEntity).Html;
            Assert.Contains(message, page, StringComparison.Ordinal);
            Assert.Contains("aria-invalid=\"true\"", page, StringComparison.Ordinal);
            Assert.Contains("Kept.", page, StringComparison.Ordinal);
        }
        foreach (var (anchor, unit) in new[] { ("soon", "week"), ("2026-01-04", "year") })
        {
            (await browser.Submit("/admin/badges/new", Definition(("recurrence", "perPeriod"), ("every", "1"), ("unit", unit), ("anchor", anchor)))).Is(HttpStatusCode.UnprocessableEntity);
        }
        var added = (await browser.Submit("/admin/badges/new", Definition(("texts.en.description", "Kept."), ("newLocale", "PT-br"), ("add", "yes")))).Is(HttpStatusCode.OK).Html;
        Assert.Contains("name=\"texts.pt-BR.name\"", added, StringComparison.Ordinal);
        Assert.Contains("Kept.", added, StringComparison.Ordinal);
        (await browser.Submit("/admin/badges/new", Definition(("newLocale", "no tag"), ("add", "yes")))).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal(3, (await laurel.Get($"{Native}/badges")).Json["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task The_first_award_freezes_how_a_badge_recurs()
    {
        await using var laurel = await Start();
        using var browser = await AdminBrowser.SignedIn(laurel);
        Assert.Contains("name=\"recurrence\"", (await browser.Get("/admin/badges/7/edit")).Html, StringComparison.Ordinal);
        await PagesWorld.Put(laurel, "users/1/awards/50", """{"badgeId":7}""");

        var page = await browser.Get("/admin/badges/7/edit");

        Assert.DoesNotContain("name=\"recurrence\"", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"issuerId\"", page.Html, StringComparison.Ordinal);
        Assert.Contains("It has been awarded, so this can change no more.", page.Html, StringComparison.Ordinal);
        var refused = (await browser.Submit("/admin/badges/7/edit", Definition(("asOf", AsOf(page)), ("recurrence", "always")))).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Contains("its recurrence, anchor, time zone and issuer are frozen", refused.Html, StringComparison.Ordinal);
        (await browser.Post("/admin/badges/7/edit", FormFields.Of(page.Html))).Is(HttpStatusCode.SeeOther);
    }

    [Theory, EveryEngine]
    public async Task Who_was_slower_is_told_before_they_replace_what_somebody_else_did(Engine engine)
    {
        var time = Noon;
        await using var laurel = await Start(engine, time);
        using var browser = await AdminBrowser.SignedIn(laurel);
        var asOf = AsOf(await browser.Get("/admin/badges/8/edit"));
        time.Advance(TimeSpan.FromSeconds(1));
        (await laurel.Put($"{Native}/badges/8", """{"issuerId":101,"texts":{"en":{"name":"Theirs"}}}""")).Is(200);

        var refused = (await browser.Submit("/admin/badges/8/edit", Definition(("issuerId", "101"), ("asOf", asOf), ("texts.en.name", "Mine")))).Is(HttpStatusCode.UnprocessableEntity);

        Assert.Contains("Somebody else has changed this badge", refused.Html, StringComparison.Ordinal);
        Assert.Contains("value=\"Mine\"", refused.Html, StringComparison.Ordinal);
        Assert.Equal("Theirs", (await laurel.Get($"{Native}/badges/8")).Json["texts"]!["en"]!["name"]!.ToString());
        (await browser.Submit("/admin/badges/8/edit", Definition(("issuerId", "101"), ("asOf", AsOf(refused)), ("texts.en.name", "Mine")))).Is(HttpStatusCode.SeeOther);
        Assert.Equal("Mine", (await laurel.Get($"{Native}/badges/8")).Json["texts"]!["en"]!["name"]!.ToString());
    }

    [Fact]
    public async Task A_badge_gets_an_icon_and_loses_it_again()
    {
        await using var laurel = await Start();
        using var browser = await AdminBrowser.SignedIn(laurel);

        Assert.Equal("/admin/badges/7?done=saved", (await browser.Upload("/admin/badges/7/icon", "file", SampleImages.Png)).Is(HttpStatusCode.SeeOther).Location);

        var icon = (await laurel.Get($"{Native}/badges/7/icon")).Is(200);
        Assert.Equal("true", icon.Text("isUploaded"));
        Assert.Contains($"src=\"{icon.Text("path")}\"", (await browser.Get("/admin/badges/7/icon")).Html, StringComparison.Ordinal);
        foreach (var (bytes, message) in new[] { ("<svg/>"u8.ToArray(), "Not a PNG"), ([], "Choose a file."), (new byte[(1 << 20) + 1], "at most 1 MiB") })
        {
            Assert.Contains(message, (await browser.Upload("/admin/badges/7/icon", "file", bytes)).Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.OrdinalIgnoreCase);
        }
        (await browser.Submit("/admin/badges/7/icon", [], "/admin/badges/7/icon/remove")).Is(HttpStatusCode.SeeOther);
        Assert.Equal("false", (await laurel.Get($"{Native}/badges/7/icon")).Text("isUploaded"));
    }

    [Fact]
    public async Task A_badge_goes_out_of_sight_and_comes_back()
    {
        await using var laurel = await Start();
        using var browser = await AdminBrowser.SignedIn(laurel);
        await PagesWorld.Put(laurel, "users/1/awards/50", """{"badgeId":7}""");
        Assert.Contains("One award of it stands.", (await browser.Get("/admin/badges/7/delete")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);

        Assert.Equal("/admin/badges/7?done=removed", (await browser.Submit("/admin/badges/7/delete", [])).Is(HttpStatusCode.SeeOther).Location);

        (await laurel.Get("/badges/7", null)).Is(410);
        Assert.Equal(["7"], Linked((await browser.Get("/admin/badges?state=deleted")).Html));
        (await browser.Submit("/admin/badges/7", [], "/admin/badges/7/restore")).Is(HttpStatusCode.SeeOther);
        (await laurel.Get("/badges/7", null)).Is(200);
        Assert.Equal("gold", (await laurel.Get($"{Native}/badges/7")).Text("level"));
    }

    [Theory, EveryEngine]
    public async Task A_badge_tells_how_it_does_and_who_holds_it(Engine engine)
    {
        await using var laurel = await Start(engine);
        await PagesWorld.Put(laurel, "action-types/Sail", "{}");
        await PagesWorld.Put(laurel, "rules/3", """{"key":"sailor","name":"Sailing","enabled":true,"actions":["Sail"],"when":{"count":10},"badgeId":7}""");
        await PagesWorld.Put(laurel, "users/1/awards/50", """{"badgeId":7}""");
        await PagesWorld.Put(laurel, "users/3/awards/51", """{"badgeId":7}""");
        using var browser = await AdminBrowser.SignedIn(laurel, await laurel.Key(2, null));

        var page = (await browser.Get("/admin/badges/7")).Is(HttpStatusCode.OK).Html;
        foreach (var text in new[]
        {
            "<h1><bdi>Second Sea</bdi></h1>", "<strong>2</strong><span>awards in all", "Awarded 2 times in the last 90 days.", "<a href=\"/admin/rules/3\"><bdi>Sailing</bdi></a>",
            "<a href=\"/badges/7\">", "<a href=\"/admin/issuers/100\"><bdi>Isle</bdi></a>", "<bdi lang=\"fr\">Étoile</bdi>",
        })
        {
            Assert.Contains(text, page, StringComparison.Ordinal);
        }
        var holders = (await browser.Get("/admin/badges/7/holders")).Is(HttpStatusCode.OK).Html;
        Assert.Matches("(?s)/admin/users/1\".*<bdi>Mona</bdi>.*/admin/users/3\".*<bdi>otto</bdi>", holders);
        Assert.DoesNotContain("example.org", holders, StringComparison.Ordinal);
        Assert.Contains("Nobody holds it.", (await browser.Get("/admin/badges/8/holders")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_who_manages_the_issuer_changes_its_badges()
    {
        await using var laurel = await Start();
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(2, null));
        using var manager = await AdminBrowser.SignedIn(laurel, await laurel.Key(1, null));
        using var other = await AdminBrowser.SignedIn(laurel, await laurel.Key(3, null));
        foreach (var path in new[] { "/admin/badges/7/edit", "/admin/badges/7/icon", "/admin/badges/7/delete" })
        {
            (await viewer.Get(path)).Is(HttpStatusCode.Forbidden);
            (await other.Get(path)).Is(HttpStatusCode.Forbidden);
            (await other.Submit("/admin/badges", Definition(), path)).Is(HttpStatusCode.Forbidden);
            Assert.Contains($"href=\"{path}\"", (await manager.Get("/admin/badges/7")).Html, StringComparison.Ordinal);
            Assert.DoesNotContain($"href=\"{path}\"", (await other.Get("/admin/badges/7")).Html, StringComparison.Ordinal);
        }
        foreach (var path in new[] { "/admin/badges/7/icon/remove", "/admin/badges/7/restore" })
        {
            (await other.Submit("/admin/badges", [], path)).Is(HttpStatusCode.Forbidden);
        }
        // Into an issuer of somebody else's, too.
        (await manager.Submit("/admin/badges/new", Definition(("issuerId", "101")))).Is(HttpStatusCode.UnprocessableEntity);
        (await manager.Submit("/admin/badges/7/edit", Definition(("issuerId", "101"), ("asOf", AsOf(await manager.Get("/admin/badges/7/edit")))))).Is(HttpStatusCode.UnprocessableEntity);
        (await manager.Submit("/admin/badges/new", Definition(("id", "30")))).Is(HttpStatusCode.SeeOther);
        Assert.Equal("100", (await laurel.Get($"{Native}/badges/7")).Text("issuerId"));
        // What hides shows its face to its managers alone.
        Assert.Contains("Zqxvjk", (await manager.Get("/admin/badges/9")).Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Zqxvjk", (await other.Get("/admin/badges/9")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Zqxvjk", (await other.Get("/admin/badges/9/holders")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
    }

    private static string AsOf(AdminBrowser.AdminAnswer page) => FormFields.Of(page.Html).Single(field => field.Key == "asOf").Value;

    // In the table of badges, in their order.
    private static List<string> Linked(string html) =>
        [.. System.Text.RegularExpressions.Regex.Matches(html, "<th scope=\"row\"><a href=\"/admin/badges/(?<id>[0-9]+)\"", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10))
            .Select(match => match.Groups["id"].Value)];
}
