using System.Net;
using System.Text.RegularExpressions;
using Laurel.Core.Access;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>Who comes in, and until when.</summary>
public sealed partial class SignInTests
{
    private const string Session = "__Host-laurel-session";
    private const string SignIn = "/admin/sign-in";
    private const string Password = " secret ";

    [Fact]
    public async Task A_session_is_new_at_each_sign_in_and_the_old_one_ends()
    {
        await using var laurel = await World();
        using var browser = new AdminBrowser(laurel);
        browser.Cookies[Session] = "planted";
        (await browser.Submit(SignIn, new() { ["name"] = "ada", ["password"] = Password })).Is(HttpStatusCode.SeeOther);
        var first = browser.Cookies[Session];
        Assert.NotEqual("planted", first);
        Assert.True(await IsIn(laurel, first));
        Assert.False(await IsIn(laurel, "planted"));

        var token = (await browser.Get("/admin/users")).Token;
        (await browser.Post(SignIn, new Dictionary<string, string> { ["token"] = token, ["name"] = "ada", ["password"] = Password })).Is(HttpStatusCode.SeeOther);
        Assert.NotEqual(first, browser.Cookies[Session]);
        Assert.True(await IsIn(laurel, browser.Cookies[Session]));
        Assert.False(await IsIn(laurel, first));
    }

    [Fact]
    public async Task Signing_out_ends_the_session_at_the_server()
    {
        await using var laurel = await World();
        using var browser = await AdminBrowser.SignedIn(laurel, "ada", Password);
        var secret = browser.Cookies[Session];
        var token = (await browser.Get("/admin/users")).Token;
        (await browser.Post("/admin/sign-out", [])).Is(HttpStatusCode.BadRequest);
        Assert.True(await IsIn(laurel, secret));

        Assert.Equal(SignIn, (await browser.Post("/admin/sign-out", [new("token", token)])).Is(HttpStatusCode.SeeOther).Location);

        Assert.DoesNotContain(Session, browser.Cookies.Keys);
        Assert.False(await IsIn(laurel, secret));
    }

    [Fact]
    public async Task A_session_ends_after_twelve_hours_and_with_its_key()
    {
        var time = new ManualTime();
        await using var laurel = await World(time);
        var soon = time.GetUtcNow().AddHours(1).ToString("yyyy-MM-ddTHH:mm:ssZ", null);
        var expiring = (await laurel.Post($"{NativeWorld.Root}/keys", $$"""{"userId":2,"expiresAt":"{{soon}}"}""")).Is(201);
        var ended = (await laurel.Post($"{NativeWorld.Root}/keys", """{"userId":2}""")).Is(201);
        using var byPassword = await AdminBrowser.SignedIn(laurel, "ada", Password);
        using var byExpiring = await AdminBrowser.SignedIn(laurel, expiring.Text("secret")!);
        using var byEnded = await AdminBrowser.SignedIn(laurel, ended.Text("secret")!);
        Assert.True(await IsIn(byEnded));
        (await laurel.Delete($"{NativeWorld.Root}/keys/{ended.Json["id"]}")).Is(204);
        Assert.False(await IsIn(byEnded));

        time.Jump(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        Assert.True(await IsIn(byExpiring));
        time.Jump(TimeSpan.FromSeconds(1));
        Assert.False(await IsIn(byExpiring));
        time.Jump(TimeSpan.FromHours(11) - TimeSpan.FromSeconds(1));
        Assert.True(await IsIn(byPassword));
        time.Jump(TimeSpan.FromSeconds(1));
        Assert.False(await IsIn(byPassword));
    }

    [Theory, EveryEngine]
    public async Task What_ends_a_session_ends_it_on_other_servers(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var here = await TestServer.StartSecond(database);
        await using var there = await TestServer.StartSecond(database);
        await People(here);
        var key = (await here.Post($"{NativeWorld.Root}/keys", """{"userId":2}""")).Is(201);
        using var byKey = await AdminBrowser.SignedIn(here, key.Text("secret")!);
        using var byPassword = await AdminBrowser.SignedIn(here, "ada", Password);
        using (var leaving = await AdminBrowser.SignedIn(here, "ada", Password))
        using (var left = leaving.At(there))
        {
            Assert.True(await IsIn(left));
            (await leaving.Post("/admin/sign-out", [new("token", (await leaving.Get("/admin/users")).Token)])).Is(HttpStatusCode.SeeOther);
            await Until(async () => !await IsIn(left));
        }
        using var keyThere = byKey.At(there);
        using var passwordThere = byPassword.At(there);
        Assert.True(await IsIn(keyThere));
        Assert.True(await IsIn(passwordThere));

        (await here.Delete($"{NativeWorld.Root}/keys/{key.Json["id"]}")).Is(204);
        await Until(async () => !await IsIn(keyThere));

        (await here.Put($"{NativeWorld.Root}/users/2", """{"username":"ada"}""")).Is(200);
        (await byPassword.Get("/admin/users")).Is(HttpStatusCode.Forbidden);
        await Until(async () => (await passwordThere.Get("/admin/users")).Status == HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Sessions_are_no_keys_and_keys_no_sessions()
    {
        await using var laurel = await World();
        using var browser = await AdminBrowser.SignedIn(laurel, "ada", Password);
        var secret = browser.Cookies[Session];
        (await laurel.Get($"{NativeWorld.Root}/users/2", secret)).IsProblem(401, "unauthenticated");
        Assert.False(await IsIn(laurel, TestServer.AdministratorKey));
        Assert.False(await IsIn(laurel, await laurel.Key(2, null)));
        Assert.False(await IsIn(laurel, BrowserSessions.HashOf(secret)));

        var tokens = (await laurel.Post($"{NativeWorld.Root}/tokens", $$"""{"username":"ada","password":"{{Password}}"}""", key: null)).Is(201);
        using var other = new AdminBrowser(laurel);
        (await other.Submit(SignIn, new() { ["key"] = tokens.Text("accessToken")! })).Is(HttpStatusCode.Unauthorized);
        (await other.Submit(SignIn, new() { ["key"] = secret })).Is(HttpStatusCode.Unauthorized);
        Assert.DoesNotContain(Session, other.Cookies.Keys);
    }

    [Theory, EveryEngine]
    public async Task A_new_password_ends_the_users_other_sessions(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var laurel = await TestServer.StartSecond(database);
        await People(laurel);
        using var changing = await AdminBrowser.SignedIn(laurel, "ada", Password);
        using var other = await AdminBrowser.SignedIn(laurel, "ada", Password);
        using var byKey = await AdminBrowser.SignedIn(laurel, await laurel.Key(2, null));
        var token = (await laurel.Post($"{NativeWorld.Root}/tokens", $$"""{"username":"ada","password":"{{Password}}"}""", key: null)).Is(201).Text("accessToken");
        await Change("ada", null);
        await Change("ada", Password);
        Assert.True(await IsIn(other));

        await Change("ada", "new");

        Assert.True(await IsIn(changing));
        Assert.True(await IsIn(byKey));
        Assert.False(await IsIn(other));
        (await laurel.Get($"{NativeWorld.Root}/users/2", token)).Is(401);

        async Task Change(string username, string? password) => TestCore.Value(await laurel.Core.Users.Put(
            2, (await laurel.Core.Users.Find(2))!.Draft with { Username = username }, password, createOnly: false,
            await laurel.Core.BrowserSessions.Find(changing.Cookies[Session])));
    }

    [Fact]
    public async Task The_language_switch_keeps_where_signing_in_leads()
    {
        await using var laurel = await World();
        using var browser = new AdminBrowser(laurel);
        var page = await browser.Get((await browser.Get("/admin/users?q=ada")).Is(HttpStatusCode.SeeOther).Location!);
        var there = WebUtility.HtmlDecode(page.Html.Split("href=\"").Single(part => part.StartsWith("/language/ar", StringComparison.Ordinal)).Split('"')[0]);
        var back = (await browser.Get(there)).Is(HttpStatusCode.SeeOther).Location!;
        Assert.Contains("name=\"to\" value=\"/admin/users?q=ada\"", (await browser.Get(back)).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Players_and_services_do_not_come_in()
    {
        await using var laurel = await World();
        var service = await laurel.Key(null, "users:read");
        foreach (var fields in new Dictionary<string, string>[]
        {
            new() { ["name"] = "player", ["password"] = Password }, new() { ["key"] = await laurel.Key(3, null) }, new() { ["key"] = service },
        })
        {
            using var browser = new AdminBrowser(laurel);
            (await browser.Submit(SignIn, fields)).Is(HttpStatusCode.Forbidden);
            Assert.DoesNotContain(Session, browser.Cookies.Keys);
            Assert.Equal("/admin/sign-in?to=%2Fadmin%2Fusers", (await browser.Get("/admin/users")).Is(HttpStatusCode.SeeOther).Location);
        }
    }

    [Fact]
    public async Task Wrong_passwords_are_throttled_and_do_not_tell_who_exists()
    {
        await using var laurel = await World(new ManualTime());
        using var browser = new AdminBrowser(laurel);
        for (var attempt = 0; attempt < 10; attempt++)
        {
            Assert.Equal(await Failed(browser, "ada", "wrong", HttpStatusCode.Unauthorized), await Failed(browser, "noo", "wrong", HttpStatusCode.Unauthorized));
        }
        Assert.Equal(await Failed(browser, "ada", Password, HttpStatusCode.TooManyRequests), await Failed(browser, "noo", Password, HttpStatusCode.TooManyRequests));
        Assert.Equal("300", (await browser.Submit(SignIn, new() { ["name"] = "ada", ["password"] = Password })).Headers["Retry-After"]);
        Assert.DoesNotContain(Session, browser.Cookies.Keys);
    }

    // The page without what differs from one to the next by itself.
    private static async Task<string> Failed(AdminBrowser browser, string name, string password, HttpStatusCode status)
    {
        var html = Tokens().Replace((await browser.Submit(SignIn, new() { ["name"] = name, ["password"] = password })).Is(status).Html, "");
        Assert.DoesNotContain(password.Trim(), html, StringComparison.Ordinal);
        return html.Replace($"value=\"{name}\"", "", StringComparison.Ordinal);
    }

    private static async Task<bool> IsIn(TestServer laurel, string secret)
    {
        using var browser = new AdminBrowser(laurel);
        browser.Cookies[Session] = secret;
        return await IsIn(browser);
    }

    private static async Task<bool> IsIn(AdminBrowser browser)
    {
        var answer = await browser.Get("/admin/users");
        Assert.True(answer.Status == HttpStatusCode.OK || answer.Location?.StartsWith(SignIn, StringComparison.Ordinal) == true, $"{answer.Status}: {answer.Html}");
        return answer.Status == HttpStatusCode.OK;
    }

    private static async Task Until(Func<Task<bool>> isSo)
    {
        while (!await isSo())
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<TestServer> World(TimeProvider? time = null)
    {
        var laurel = await TestServer.Start(time: time);
        await People(laurel);
        return laurel;
    }

    private static async Task People(TestServer laurel)
    {
        await laurel.Core.PutUser(2, new UserDraft { Username = "ada", Permissions = [Permissions.Administrator] }, Password);
        await laurel.Core.PutUser(3, new UserDraft { Username = "player" }, Password);
    }

    [GeneratedRegex("name=\"token\" value=\"[^\"]+\"", RegexOptions.None, 10_000)]
    private static partial Regex Tokens();
}
