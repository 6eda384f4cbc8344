using System.Net;
using Laurel.Core.Access;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>Users, found, edited, awarded: what pages show of them, and what their forms change.</summary>
public sealed class UserPageTests
{
    private const string Root = NativeWorld.Root;

    [Theory, EveryEngine]
    public async Task Users_are_found_by_id_and_by_how_their_names_begin(Engine engine)
    {
        await using var laurel = await TestServer.Start(engine);
        Assert.Null(await laurel.Core.Users.PutMany(Enumerable.Range(100, 60).Select(id => ((long)id, new UserDraft { Key = $"mail{id}@x.example", FullName = $"Full {id}" }))));
        await laurel.Core.PutUser(1, new UserDraft { Username = "adam", Key = "adam" }, "x");
        await laurel.Core.PutUser(2, new UserDraft { Username = "Ada" }, "x");
        await laurel.Core.PutUser(3, new UserDraft { Username = "ad\U0010FFFDa%_" }, "x");
        await laurel.Core.PutUser(4, new UserDraft { Username = "ad without a password" }, null);
        await laurel.Core.PutUser(5, new UserDraft { Username = "eve", Permissions = [Permissions.Viewer] }, "x");
        using var browser = await AdminBrowser.SignedIn(laurel);

        Assert.Equal([1, 3], await Found(browser, "/admin/users?q=ad"));
        Assert.Equal([2], await Found(browser, "/admin/users?q=A"));
        Assert.Equal([], await Found(browser, "/admin/users?q=%25"));
        Assert.Equal([104], await Found(browser, "/admin/users?q=104"));
        Assert.Equal([142], await Found(browser, "/admin/users?q=mail142"));
        var first = await browser.Get("/admin/users?q=mail");
        Assert.Equal(Enumerable.Range(100, 50).Select(id => (long)id), Ids(first));
        Assert.Equal(Enumerable.Range(150, 10).Select(id => (long)id), await Found(browser, Next(first)));
        var all = await browser.Get("/admin/users");
        Assert.Equal(Enumerable.Range(1, 5).Concat(Enumerable.Range(100, 45)).Select(id => (long)id), Ids(all));
        Assert.Equal(Enumerable.Range(145, 15).Select(id => (long)id), await Found(browser, Next(all)));

        // A key may be an address, which is not for viewers: neither shown nor guessed.
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(5, null));
        Assert.Equal([], await Found(viewer, "/admin/users?q=mail142"));
        Assert.Equal([1, 3], await Found(viewer, "/admin/users?q=ad"));
        Assert.DoesNotContain("@x.example", (await viewer.Get("/admin/users")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_is_made_and_edited_as_the_native_API_tells_it()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        using var browser = await AdminBrowser.SignedIn(laurel);
        var made = await browser.Submit("/admin/users/new", new()
        {
            ["id"] = "77", ["username"] = "linus", ["privacy"] = "Unlisted", ["permission"] = "viewer", ["others"] = "one\r\ntwo\r\n", ["followersCount"] = "3",
            ["email"] = "l@x.example", ["profile.bio"] = "a\r\nb", ["profile.topDomainElo"] = "1200.5", ["timeZone"] = "Europe/Berlin",
        });
        Assert.Equal("/admin/users/77?done=made", made.Is(HttpStatusCode.SeeOther).Location);
        var stored = (await laurel.Get($"{Root}/users/77")).Is(200);
        Assert.Equal(("linus", "unlisted", "l@x.example", "Europe/Berlin", "3", "False"), (
            stored.Text("username"), stored.Text("privacy"), stored.Text("email"), stored.Text("timeZone"), stored.Text("followersCount"), stored.Json["hasPassword"]!.GetValue<bool>().ToString()));
        Assert.Equal("[\"viewer\",\"one\",\"two\"]", stored.Json["permissions"]!.ToJsonString());
        Assert.Equal(("a\nb", "1200.5"), ((string?)stored.Json["profile"]!["bio"], stored.Json["profile"]!["topDomainElo"]!.ToString()));

        // What somebody sends as it was shown is stored as it was, down to what a field cannot hold.
        (await laurel.Put($"{Root}/users/77", """{"username":"linus","key":" l ","fullName":"\u202eevil<b>","profile":{"bio":"\n x\n"},"password":"p"}""")).Is(200);
        Assert.Contains("<bdi>\u202eevil&lt;b&gt;</bdi>", (await browser.Get("/admin/users/77")).Html, StringComparison.Ordinal);
        (await browser.Submit("/admin/users/77/edit", new()
        {
            ["username"] = "torvalds", ["key"] = "l", ["profile.bio"] = "x", ["privacy"] = "Public", ["password"] = "", ["fullName"] = "\u202eevil<b>",
        })).Is(HttpStatusCode.SeeOther);
        stored = (await laurel.Get($"{Root}/users/77")).Is(200);
        Assert.Equal(("torvalds", " l ", "public", "\n x\n"), (stored.Text("username"), stored.Text("key"), stored.Text("privacy"), (string?)stored.Json["profile"]!["bio"]));
        Assert.True(stored.Json["hasPassword"]!.GetValue<bool>());
    }

    [Fact]
    public async Task What_is_refused_is_said_at_its_field_and_stays_written()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await laurel.Core.PutUser(50, new UserDraft { Username = "taken" }, "x");
        using var browser = await AdminBrowser.SignedIn(laurel);
        var refused = (await browser.Submit("/admin/users/3/edit?lang=en", new()
        {
            ["username"] = "taken", ["password"] = "secret", ["privacy"] = "Private", ["bio"] = "", ["followersCount"] = "0",
        }, "/admin/users/3/edit")).Is(HttpStatusCode.UnprocessableEntity).Html;
        Assert.Contains("<p class=\"error\" id=\"f-username-error\">Another user has this name.</p>", refused, StringComparison.Ordinal);
        Assert.Contains("value=\"taken\"", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused, StringComparison.Ordinal);
        var many = (await browser.Submit("/admin/users/3/edit", new() { ["followersCount"] = "many", ["profile.topDomainElo"] = "x", ["privacy"] = "Private" })).Is(HttpStatusCode.UnprocessableEntity).Html;
        Assert.Contains("f-followersCount-error", many, StringComparison.Ordinal);
        Assert.Contains("f-profile.topDomainElo-error", many, StringComparison.Ordinal);
        Assert.Contains("f-timeZone-error", (await browser.Submit("/admin/users/3/edit", new() { ["timeZone"] = "Mars", ["privacy"] = "Private" })).Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.Ordinal);
        Assert.Contains("f-id-error", (await browser.Submit("/admin/users/new", new() { ["id"] = "3", ["privacy"] = "Private" })).Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.Ordinal);
        Assert.Equal("user3", (await laurel.Get($"{Root}/users/3")).Text("username"));
        (await browser.Get("/admin/users/999")).Is(HttpStatusCode.NotFound);
        (await browser.Get("/admin/users/03")).Is(HttpStatusCode.NotFound);
    }

    [Theory, EveryEngine]
    public async Task Who_was_slower_is_told_before_they_replace_a_record(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        using var browser = await AdminBrowser.SignedIn(laurel);
        var fields = FormFields.Of((await browser.Get("/admin/users/3/edit")).Html);
        (await laurel.Put($"{Root}/users/3", """{"username":"theirs"}""")).Is(200);

        var refused = (await browser.Post("/admin/users/3/edit", fields)).Is(HttpStatusCode.UnprocessableEntity).Html;

        Assert.Contains("Somebody else has changed this user", refused, StringComparison.Ordinal);
        Assert.Contains("value=\"user3\"", refused, StringComparison.Ordinal);
        Assert.Equal("theirs", (await laurel.Get($"{Root}/users/3")).Text("username"));
        (await browser.Post("/admin/users/3/edit", FormFields.Of(refused))).Is(HttpStatusCode.SeeOther);
        Assert.Equal("user3", (await laurel.Get($"{Root}/users/3")).Text("username"));
    }

    [Fact]
    public async Task A_viewer_sees_a_user_without_what_is_private()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/users/3", """{"username":"cleo","key":"key@x.example","email":"mail@x.example","profile":{"phone":"+49 1"} }""")).Is(200);
        (await laurel.Put($"{Root}/users/5", """{"permissions":["viewer"]}""")).Is(201);
        (await laurel.Put($"{Root}/users/3/awards/8", """{"badgeId":7,"payload":{"a":1} }""")).Is(201);
        using var viewer = await AdminBrowser.SignedIn(laurel, await laurel.Key(5, null));
        using var administrator = await AdminBrowser.SignedIn(laurel);
        foreach (var (browser, sees) in new[] { (viewer, false), (administrator, true) })
        {
            var html = (await browser.Get("/admin/users/3")).Is(HttpStatusCode.OK).Html;
            Assert.Contains("cleo", html, StringComparison.Ordinal);
            Assert.Contains("Badge 7", html, StringComparison.Ordinal);
            Assert.Contains("href=\"/users/3\"", html, StringComparison.Ordinal);
            foreach (var hidden in new[] { "key@x.example", "mail@x.example", "+49 1", "/admin/users/3/edit", "/admin/users/3/award\"" })
            {
                Assert.Equal(sees, WebUtility.HtmlDecode(html).Contains(hidden, StringComparison.Ordinal));
            }
            Assert.Equal(sees, (await browser.Get("/admin/users/3/awards/8")).Is(HttpStatusCode.OK).Html.Contains("/remove", StringComparison.Ordinal));
        }
    }

    [Theory, EveryEngine]
    public async Task An_award_is_given_and_removed_and_its_history_told(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        using var browser = await AdminBrowser.SignedIn(laurel, await laurel.Key(1, null));
        var given = (await browser.Submit("/admin/users/3/award", new() { ["badgeId"] = "7", ["awardedAt"] = "2023-03-17T09:30", ["payload"] = """{"a":"<b>"}""" })).Is(HttpStatusCode.SeeOther).Location!;
        Assert.EndsWith("?done=userAwarded", given, StringComparison.Ordinal);
        var page = given[..given.IndexOf('?')];
        var award = (await laurel.Get($"{Root}/users/3/awards")).Is(200).Json["items"]!.AsArray().Single()!;
        Assert.Equal(("2023-03-17T09:30:00Z", "<b>"), ((string?)award["awardedAt"], (string?)award["payload"]!["a"]));
        Assert.Contains("&lt;b&gt;", (await browser.Get(page)).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        Assert.Equal($"{page}?done=userAwardHeld", (await browser.Submit("/admin/users/3/award", new() { ["badgeId"] = "7" })).Is(HttpStatusCode.SeeOther).Location);

        (await browser.Submit($"{page}/remove", new() { ["kind"] = "Corrected" })).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal($"{page}?done=removed", (await browser.Submit($"{page}/remove", new() { ["kind"] = "Revoke", ["reason"] = "cheated <i>" })).Is(HttpStatusCode.SeeOther).Location);
        Assert.Empty((await laurel.Get($"{Root}/users/3/awards")).Is(200).Json["items"]!.AsArray());
        foreach (var path in new[] { $"{page}?lang=en", "/admin/users/3/removed?lang=en" })
        {
            var told = (await browser.Get(path)).Is(HttpStatusCode.OK).Html;
            Assert.Contains("cheated &lt;i&gt;", told, StringComparison.Ordinal);
            Assert.Contains("revoked", told, StringComparison.Ordinal);
            Assert.Contains("href=\"/admin/users/1\"", told, StringComparison.Ordinal);
            Assert.DoesNotContain("lifted", told, StringComparison.Ordinal);
        }
        Assert.Contains("was revoked", (await browser.Submit("/admin/users/3/award?lang=en", new() { ["badgeId"] = "7" })).Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.Ordinal);

        using var administrator = await AdminBrowser.SignedIn(laurel);
        (await administrator.Submit("/admin/users/3/award", new() { ["badgeId"] = "7", ["manual"] = "on" })).Is(HttpStatusCode.SeeOther);
        Assert.Contains("lifted", (await browser.Get("/admin/users/3/removed?lang=en")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removed_awards_are_listed_page_by_page()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await laurel.Badge(8, "\"perSubject\"");
        var subjects = Enumerable.Range(0, 53).Select(number => $"s{number:00}").ToList();
        foreach (var subject in subjects)
        {
            var award = (await laurel.Award(3, 8, $",\"subject\":\"{subject}\"")).Is(201).Json["award"]!["id"];
            (await laurel.Delete($"{Root}/users/3/awards/{award}?kind=reset")).Is(204);
        }
        using var browser = await AdminBrowser.SignedIn(laurel);
        var first = await browser.Get("/admin/users/3/removed");
        var second = await browser.Get(Next(first));
        Assert.Equal(subjects[..50], subjects.Where(subject => first.Html.Contains($"<bdi>{subject}</bdi>", StringComparison.Ordinal)));
        Assert.Equal(subjects[50..], subjects.Where(subject => second.Html.Contains($"<bdi>{subject}</bdi>", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_manager_awards_and_removes_only_what_their_issuers_give()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/issuers/200", """{"key":"other","name":"Other","rootPlaceId":2000,"creator":{"type":"User","id":2}}""")).Is(201);
        (await laurel.Award(3, 7)).Is(201);
        var award = (await laurel.Get($"{Root}/users/3/awards")).Json["items"]![0]!["id"];
        using var other = await AdminBrowser.SignedIn(laurel, await laurel.Key(2, null));
        var refused = (await other.Submit("/admin/users/3/award?lang=en", new() { ["badgeId"] = "7" })).Is(HttpStatusCode.UnprocessableEntity).Html;
        Assert.Contains("You may not award this badge", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("/remove", (await other.Get($"/admin/users/3/awards/{award}")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        (await other.Get($"/admin/users/3/awards/{award}/remove")).Is(HttpStatusCode.Forbidden);
        (await other.Submit("/admin/users/3/award", new() { ["kind"] = "Revoke" }, $"/admin/users/3/awards/{award}/remove")).Is(HttpStatusCode.Forbidden);
        (await other.Submit("/admin/users/3/award", new() { ["do"] = "claim" }, $"/admin/users/3/awards/{award}/reward")).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Single((await laurel.Get($"{Root}/users/3/awards")).Json["items"]!.AsArray());
        using var manager = await AdminBrowser.SignedIn(laurel, await laurel.Key(1, null));
        (await manager.Submit($"/admin/users/3/awards/{award}/remove", new() { ["kind"] = "Reset" })).Is(HttpStatusCode.SeeOther);
        Assert.Empty((await laurel.Get($"{Root}/users/3/awards")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task Points_are_given_and_spent_on_a_claim()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await laurel.Badge(9, more: ",\"claimable\":true,\"cost\":30");
        (await laurel.Award(3, 9)).Is(201);
        var award = (await laurel.Get($"{Root}/users/3/awards")).Json["items"]![0]!["id"];
        using var browser = await AdminBrowser.SignedIn(laurel);
        var (page, claim) = ($"/admin/users/3/awards/{award}", $"/admin/users/3/awards/{award}/reward");
        Assert.Contains("fewer points", (await browser.Submit($"{page}?lang=en", new() { ["do"] = "claim" }, $"{claim}?lang=en")).Is(HttpStatusCode.UnprocessableEntity).Html, StringComparison.Ordinal);
        (await browser.Submit("/admin/users/3/points", new() { ["delta"] = "0" })).Is(HttpStatusCode.UnprocessableEntity);
        (await browser.Submit("/admin/users/3/points", new() { ["delta"] = "50", ["reason"] = "thanks" })).Is(HttpStatusCode.SeeOther);
        (await browser.Submit(page, new() { ["do"] = "claim" }, claim)).Is(HttpStatusCode.SeeOther);
        (await browser.Submit(page, new() { ["do"] = "wear" }, claim)).Is(HttpStatusCode.SeeOther);
        var stored = (await laurel.Get($"{Root}/users/3/awards/{award}")).Is(200);
        Assert.True(stored.Json["isClaimed"]!.GetValue<bool>() && stored.Json["isBadged"]!.GetValue<bool>());
        var points = (await browser.Get("/admin/users/3/points?lang=en")).Is(HttpStatusCode.OK).Html;
        Assert.Contains("20 points at present.", points, StringComparison.Ordinal);
        Assert.Contains("thanks", points, StringComparison.Ordinal);
        Assert.Contains("−30", WebUtility.HtmlDecode(points), StringComparison.Ordinal);
        Assert.Contains("٢٠ نقطة الآن.", (await browser.Get("/admin/users/3/points?lang=ar")).Is(HttpStatusCode.OK).Html, StringComparison.Ordinal);
    }

    private static async Task<IEnumerable<long>> Found(AdminBrowser browser, string path) => Ids(await browser.Get(path));

    private static IEnumerable<long> Ids(AdminBrowser.AdminAnswer list) =>
        list.Is(HttpStatusCode.OK).Html.Split("<th scope=\"row\"><a href=\"/admin/users/").Skip(1)
            .Select(row => long.Parse(row[..row.IndexOf('"')], System.Globalization.CultureInfo.InvariantCulture));

    private static string Next(AdminBrowser.AdminAnswer list)
    {
        var end = list.Html.IndexOf("\" rel=\"next\"", StringComparison.Ordinal);
        Assert.True(end > 0, list.Html);
        return WebUtility.HtmlDecode(list.Html[(list.Html.LastIndexOf('"', end - 1) + 1)..end]);
    }
}
