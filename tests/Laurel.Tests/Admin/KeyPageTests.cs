using System.Net;
using System.Text.RegularExpressions;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>Keys, made and ended: the secret is shown once.</summary>
public sealed partial class KeyPageTests
{
    private const string Root = NativeWorld.Root;

    [Fact]
    public async Task A_key_is_made_once_and_shows_its_secret_once()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        using var browser = await AdminBrowser.SignedIn(laurel);
        var page = (await browser.Get("/admin/keys/new?lang=en")).Is(HttpStatusCode.OK);
        KeyValuePair<string, string>[] fields =
        [
            new("token", page.Token), new("once", Once().Match(page.Html).Groups["once"].Value), new("userId", "2"), new("scopes", "awards:write"),
            new("scopes", "users:read"), new("expiresAt", "2999-12-31"),
        ];
        var made = (await browser.Post("/admin/keys/new", fields)).Is(HttpStatusCode.OK);
        Assert.Equal("no-store", made.Headers["Cache-Control"]);
        var secret = Secret().Match(made.Html).Value;
        Assert.Equal("user2", (await laurel.Get($"{Root}/users/2", secret)).Is(200).Text("username"));
        var key = (await laurel.Get($"{Root}/keys?userId=2")).Json["items"]!.AsArray().Single()!;
        Assert.Equal("[\"awards:write\",\"users:read\"]", key["scopes"]!.ToJsonString());
        Assert.Equal("3000-01-01T00:00:00Z", (string?)key["expiresAt"]);

        // Loaded again, the answer sends the form again.
        var again = (await browser.Post("/admin/keys/new?lang=en", fields)).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Contains("sent before", again.Html, StringComparison.Ordinal);
        Assert.Single((await laurel.Get($"{Root}/keys?userId=2")).Json["items"]!.AsArray());
        foreach (var path in new[] { "/admin/keys", "/admin/keys?user=2", $"/admin/keys/{key["id"]}" })
        {
            var html = (await browser.Get(path)).Is(HttpStatusCode.OK).Html;
            Assert.Contains((string)key["prefix"]!, html, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, html, StringComparison.Ordinal);
        }
        fields[1] = new("once", Once().Match(again.Html).Groups["once"].Value);
        Assert.NotEqual(secret, Secret().Match((await browser.Post("/admin/keys/new", fields)).Is(HttpStatusCode.OK).Html).Value);
        Assert.Equal(2, (await laurel.Get($"{Root}/keys?userId=2")).Json["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task What_is_refused_makes_no_key_and_the_form_may_be_sent_again()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        using var browser = await AdminBrowser.SignedIn(laurel);
        var page = await browser.Get("/admin/keys/new");
        var (token, once) = (page.Token, Once().Match(page.Html).Groups["once"].Value);
        foreach (var (user, field, value, error) in new[]
        {
            ("2", "expiresAt", "2001-01-01", "f-expiresAt-error"), ("2", "expiresAt", "soon", "f-expiresAt-error"), ("999", "scopes", "users:read", "f-userId-error"),
            ("x", "scopes", "users:read", "f-userId-error"), ("2", "scopes", "everything", "scopes-error"), ("", "other", "", "scopes-error"),
        })
        {
            var fields = new Dictionary<string, string> { ["token"] = token, ["once"] = once, ["userId"] = user, [field] = value };
            var refused = (await browser.Post("/admin/keys/new", fields)).Is(HttpStatusCode.UnprocessableEntity);
            Assert.Contains($"id=\"{error}\"", refused.Html, StringComparison.Ordinal);
            Assert.Equal(once, Once().Match(refused.Html).Groups["once"].Value);
        }
        (await browser.Post("/admin/keys/new", [new("token", token), new("userId", "2")])).Is(HttpStatusCode.UnprocessableEntity);
        (await browser.Post("/admin/keys/new", [new("token", token), new("once", once), new("administrator", "on")])).Is(HttpStatusCode.OK);
        Assert.Single((await laurel.Get($"{Root}/keys")).Json["items"]!.AsArray(), key => (string?)key!["kind"] == "key");
    }

    [Fact]
    public async Task A_manager_has_their_own_keys_alone()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var (own, others) = ((await laurel.Post($"{Root}/keys", """{"userId":1}""")).Is(201), (await laurel.Post($"{Root}/keys", """{"userId":2}""")).Is(201));
        using var browser = await AdminBrowser.SignedIn(laurel, own.Text("secret")!);
        var list = (await browser.Get("/admin/keys")).Is(HttpStatusCode.OK).Html;
        Assert.Contains($"/admin/keys/{own.Json["id"]}\"", list, StringComparison.Ordinal);
        Assert.DoesNotContain($"/admin/keys/{others.Json["id"]}\"", list, StringComparison.Ordinal);
        (await browser.Get("/admin/keys?user=2")).Is(HttpStatusCode.Forbidden);
        (await browser.Get($"/admin/keys/{others.Json["id"]}")).Is(HttpStatusCode.Forbidden);
        (await browser.Submit("/admin/keys/new", [], $"/admin/keys/{others.Json["id"]}/revoke")).Is(HttpStatusCode.Forbidden);
        (await laurel.Get($"{Root}/users/2", others.Text("secret"))).Is(200);

        // Whatever the form says, it is for themselves, and never an administrator's.
        (await Make(browser, new() { ["administrator"] = "on" })).Is(HttpStatusCode.UnprocessableEntity);
        var made = Secret().Match((await Make(browser, new() { ["userId"] = "2" })).Is(HttpStatusCode.OK).Html).Value;
        (await laurel.Get($"{Root}/users/1", made)).Is(200);
        (await laurel.Get($"{Root}/users/2", made)).Is(403);
    }

    [Fact]
    public async Task An_ended_key_is_good_no_more_nor_is_a_session_of_a_browser()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var key = (await laurel.Post($"{Root}/keys", """{"userId":1}""")).Is(201);
        using var begun = await AdminBrowser.SignedIn(laurel, key.Text("secret")!);
        using var browser = await AdminBrowser.SignedIn(laurel);
        var session = (await laurel.Get($"{Root}/keys?userId=1")).Json["items"]!.AsArray().Single(each => (string?)each!["kind"] == "browser")!["id"];

        Assert.Equal($"/admin/keys/{session}?done=keyRevoked", (await browser.Submit($"/admin/keys/{session}", [], $"/admin/keys/{session}/revoke")).Is(HttpStatusCode.SeeOther).Location);
        (await begun.Get("/admin/keys")).Is(HttpStatusCode.SeeOther);
        (await laurel.Get($"{Root}/users/1", key.Text("secret"))).Is(200);

        (await browser.Submit($"/admin/keys/{key.Json["id"]}", [], $"/admin/keys/{key.Json["id"]}/revoke")).Is(HttpStatusCode.SeeOther);
        (await laurel.Get($"{Root}/users/1", key.Text("secret"))).Is(401);
        Assert.DoesNotContain("/revoke\"", (await browser.Get($"/admin/keys/{key.Json["id"]}")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
    }

    private static async Task<AdminBrowser.AdminAnswer> Make(AdminBrowser browser, Dictionary<string, string> fields)
    {
        var page = await browser.Get("/admin/keys/new");
        return await browser.Post("/admin/keys/new", [.. fields, new("token", page.Token), new("once", Once().Match(page.Html).Groups["once"].Value)]);
    }

    [GeneratedRegex("name=\"once\" value=\"(?<once>[0-9a-f]{32})\"", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Once();

    [GeneratedRegex("laurel_[A-Za-z0-9_-]{43}", RegexOptions.None, 10_000)]
    private static partial Regex Secret();
}
