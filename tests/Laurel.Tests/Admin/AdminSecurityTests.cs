using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>What protects those who are signed in from other sites, and from what a browser keeps.</summary>
public sealed class AdminSecurityTests
{
    private const string Points = "/admin/users/3/points";

    [Fact]
    public async Task A_form_without_the_token_of_its_session_changes_nothing()
    {
        await using var laurel = await World();
        using var stranger = new AdminBrowser(laurel);
        var before = (await stranger.Get("/admin/sign-in")).Token;
        using var browser = stranger.At(laurel);
        (await browser.Submit("/admin/sign-in", new() { ["key"] = TestServer.AdministratorKey })).Is(HttpStatusCode.SeeOther);
        using var other = await AdminBrowser.SignedIn(laurel);
        var (own, others) = ((await browser.Get(Points)).Token, (await other.Get(Points)).Token);
        var altered = own[..^8] + (own[^8] == 'A' ? 'B' : 'A') + own[^7..];

        foreach (var token in new[] { null, "", "x", before, others, altered })
        {
            (await Give(browser, token)).Is(HttpStatusCode.BadRequest);
        }
        // The token of another session is no better with that session's own form cookie.
        using var mixed = other.At(laurel);
        mixed.Cookies["__Host-laurel-session"] = browser.Cookies["__Host-laurel-session"];
        (await Give(mixed, others)).Is(HttpStatusCode.BadRequest);
        Assert.Equal(0, await Balance(laurel));

        (await Give(browser, own)).Is(HttpStatusCode.SeeOther);
        Assert.Equal(5, await Balance(laurel));
    }

    [Fact]
    public async Task A_form_sent_from_another_site_changes_nothing()
    {
        await using var laurel = await World();
        using var browser = await AdminBrowser.SignedIn(laurel);
        var token = (await browser.Get(Points)).Token;
        foreach (var site in new[] { "cross-site", "same-site", "none", "Same-Origin", "" })
        {
            (await Give(browser, token, site)).Is(HttpStatusCode.BadRequest);
        }
        using var visitor = new AdminBrowser(laurel);
        var signIn = (await visitor.Get("/admin/sign-in")).Token;
        (await visitor.Post("/admin/sign-in", [new("token", signIn), new("key", TestServer.AdministratorKey)], From("cross-site"))).Is(HttpStatusCode.BadRequest);
        (await browser.Post("/admin/sign-out", [new("token", token)], From("cross-site"))).Is(HttpStatusCode.BadRequest);
        Assert.Equal(0, await Balance(laurel));

        (await Give(browser, token, "same-origin")).Is(HttpStatusCode.SeeOther);
        Assert.Equal(5, await Balance(laurel));
    }

    [Theory, EveryEngine]
    public async Task A_form_that_one_server_made_is_taken_by_another(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var here = await TestServer.StartSecond(database);
        await using var there = await TestServer.StartSecond(database);
        await here.Core.PutUser(3, new UserDraft(), null);
        using var browser = await AdminBrowser.SignedIn(here);
        var token = (await browser.Get(Points)).Token;
        using var elsewhere = browser.At(there);
        (await Give(elsewhere, token)).Is(HttpStatusCode.SeeOther);
        Assert.Equal(5, await Balance(here));
    }

    [Fact]
    public async Task A_form_of_an_older_key_is_taken_and_of_a_forgotten_one_refused()
    {
        await using var database = await TestDatabase.WithSchema(Engine.Sqlite);
        IKeyManager keys = null!;
        AdminBrowser browser;
        string old;
        await using (var laurel = await TestServer.StartSecond(database, map: app => keys = app.Services.GetRequiredService<IKeyManager>()))
        {
            await laurel.Core.PutUser(3, new UserDraft(), null);
            browser = await AdminBrowser.SignedIn(laurel);
            old = (await browser.Get(Points)).Token;
            var now = TimeProvider.System.GetUtcNow();
            keys.CreateNewKey(now, now.AddDays(1));
            // The server goes on with the key it has while it reads the new one.
            while (KeyOf((await browser.Get(Points)).Token) == KeyOf(old))
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
            (await Give(browser, old)).Is(HttpStatusCode.SeeOther);
            Assert.Equal(5, await Balance(laurel));
            await laurel.Core.Database.Write(async session => await session.Execute("DELETE FROM form_keys"));
        }
        await using var later = await TestServer.StartSecond(database);
        using var same = browser.At(later);
        browser.Dispose();

        Assert.Contains("This form is no longer good", (await Give(same, old)).Is(HttpStatusCode.BadRequest).Html, StringComparison.Ordinal);

        Assert.Equal(5, await Balance(later));
        (await Give(same, (await same.Get(Points)).Token)).Is(HttpStatusCode.SeeOther);
        Assert.Equal(10, await Balance(later));

        // Behind four bytes that say what it is.
        static Guid KeyOf(string token) => new(Base64Url.DecodeFromChars(token).AsSpan(4, 16));
    }

    [Fact]
    public async Task A_fault_of_the_database_is_a_page_that_tells_nothing_of_it()
    {
        await using var laurel = await World();
        (await laurel.Put($"{NativeWorld.Root}/users/3", """{"privacy":"public"}""")).Is(200);
        using var browser = await AdminBrowser.SignedIn(laurel);
        await laurel.Core.Database.Write(async session => await session.Execute("ALTER TABLE award_history RENAME TO zqxvjk"));

        foreach (var path in new[] { "/admin/users/3/removed", "/awards/3/99" })
        {
            foreach (var (language, title) in new[] { ("en", "Something went wrong"), ("ar", "حدث خطأ ما") })
            {
                var answer = (await browser.Get($"{path}?lang={language}")).Is(HttpStatusCode.InternalServerError);
                Assert.Contains($"<h1>{title}</h1>", answer.Html, StringComparison.Ordinal);
                Assert.Contains($"<html lang=\"{language}\"", answer.Html, StringComparison.Ordinal);
                Assert.Equal("no-store", answer.Headers["Cache-Control"]);
                Assert.All(new[] { "zqxvjk", "award_history", "sqlite", "exception", "Laurel.Core" }, leak => Assert.DoesNotContain(leak, answer.Html, StringComparison.OrdinalIgnoreCase));
            }
        }
    }

    [Fact]
    public async Task Whatever_is_asked_with_GET_nothing_changes_and_every_answer_is_guarded()
    {
        await using var laurel = await World();
        using var browser = await AdminBrowser.SignedIn(laurel);
        using var nobody = new AdminBrowser(laurel);
        var before = await Stored(laurel);
        foreach (var row in AdminMatrixTests.Rows.Where(row => row.Method == "GET"))
        {
            foreach (var path in new[] { row.Path, $"{row.Path}{(row.Path.Contains('?') ? '&' : '?')}delta=5&permission=administrator&do=claim&kind=Revoke&once=1&token=x" })
            {
                Guarded(await browser.Get(path));
                Guarded(await nobody.Get(path));
            }
        }
        Guarded(await browser.Get("/admin/nothing"));
        Guarded(await browser.Get("/admin/users/x"));
        Guarded(await nobody.Get("/admin/nothing"));
        Guarded((await browser.Post("/admin/users", [])).Is(HttpStatusCode.MethodNotAllowed));
        Guarded((await Give(browser, "x")).Is(HttpStatusCode.BadRequest));
        Assert.Equal(before, await Stored(laurel));
    }

    [Fact]
    public async Task Signing_in_leads_nowhere_else()
    {
        await using var laurel = await World();
        using var browser = await AdminBrowser.SignedIn(laurel);
        foreach (var (to, expected) in new[]
        {
            ("/admin/users?q=a", "/admin/users?q=a"), ("/admin", "/admin"), ("", "/admin"), ("https://elsewhere.example/admin/", "/admin"), ("//elsewhere.example/admin/", "/admin"),
            ("/\\elsewhere.example", "/admin"), ("/admin/\\..\\..\\x", "/admin"), ("/administrator", "/admin"), ("/admin@elsewhere.example", "/admin"),
            ("/admin/\r\nSet-Cookie: a=b", "/admin"), ("javascript:alert(1)", "/admin"), ("/users/3", "/admin"), ("/ADMIN/users", "/admin"), (" /admin/users", "/admin"),
        })
        {
            Assert.Equal(expected, (await browser.Get($"/admin/sign-in?to={Uri.EscapeDataString(to)}")).Is(HttpStatusCode.SeeOther).Location);
        }
        using var visitor = new AdminBrowser(laurel);
        var sent = await visitor.Submit("/admin/sign-in", new() { ["key"] = TestServer.AdministratorKey, ["to"] = "https://elsewhere.example/admin/" });
        Assert.Equal("/admin", sent.Is(HttpStatusCode.SeeOther).Location);
    }

    [Fact]
    public async Task Cookies_are_for_this_host_and_its_own_pages_alone()
    {
        await using var laurel = await World();
        using var browser = new AdminBrowser(laurel);
        var page = await browser.Get("/admin/sign-in");
        var signedIn = await browser.Post("/admin/sign-in", [new("token", page.Token), new("key", TestServer.AdministratorKey)]);
        var signedOut = await browser.Post("/admin/sign-out", [new("token", (await browser.Get("/admin/users")).Token)]);
        foreach (var (answer, name) in new[] { (page, "__Host-laurel-form"), (signedIn, "__Host-laurel-session"), (signedOut, "__Host-laurel-session") })
        {
            var cookie = answer.Headers["Set-Cookie"].Split('\n').Single(cookie => cookie.StartsWith(name + "=", StringComparison.Ordinal));
            var attributes = cookie.Split(';', StringSplitOptions.TrimEntries).Skip(1).Select(attribute => attribute.ToLowerInvariant()).ToList();
            Assert.Contains("secure", attributes);
            Assert.Contains("httponly", attributes);
            Assert.Contains("samesite=strict", attributes);
            Assert.Contains("path=/", attributes);
            Assert.DoesNotContain(attributes, attribute => attribute.StartsWith("domain", StringComparison.Ordinal));
        }
    }

    private static void Guarded(AdminBrowser.AdminAnswer answer)
    {
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.StartsWith(
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("DENY", answer.Headers["X-Frame-Options"]);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.Equal("same-origin", answer.Headers["Referrer-Policy"]);
    }

    private static Task<AdminBrowser.AdminAnswer> Give(AdminBrowser browser, string? token, string? site = null)
    {
        var fields = new Dictionary<string, string> { ["delta"] = "5" };
        if (token is not null)
        {
            fields["token"] = token;
        }
        return browser.Post(Points, fields, site is null ? null : From(site));
    }

    private static Action<HttpRequestMessage> From(string site) => request => request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);

    private static async Task<long> Balance(TestServer laurel) =>
        (await laurel.Get($"{NativeWorld.Root}/users/3/points")).Is(200).Json["balance"]!.GetValue<long>();

    // All that the administration could change.
    private static ValueTask<string> Stored(TestServer laurel) => laurel.Core.Database.Read<string>(async session =>
    {
        var all = new StringBuilder();
        foreach (var table in new[]
        {
            "settings", "issuers", "places", "badges", "badge_texts", "users", "user_names", "credentials", "idempotency_keys", "award_details", "award_claims",
            "award_history", "action_types", "user_actions", "point_accounts", "point_entries", "icons", "signing_keys", "rules", "rule_revisions", "rule_backfills", "form_keys",
        })
        {
            foreach (IDictionary<string, object?> row in await session.Query<dynamic>($"SELECT * FROM {table}"))
            {
                all.Append(CultureInfo.InvariantCulture, $"{table}: {string.Join(", ", row.Select(column => $"{column.Key}={column.Value}"))}\n");
            }
        }
        return all.ToString();
    });

    private static async Task<TestServer> World()
    {
        var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Award(3, 7)).Is(201);
        return laurel;
    }
}
