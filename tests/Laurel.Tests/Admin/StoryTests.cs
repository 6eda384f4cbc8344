using Laurel.Tests.Harness;
using Laurel.Tests.Images;
using Microsoft.Playwright;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>An administrator's day in a real browser, with scripts and under the pages' own policy.</summary>
public sealed class StoryTests
{
    private const int Nour = 5;

    // Where the browser and the server are busy with other tests too.
    private static readonly LocatorAssertionsToBeVisibleOptions Patiently = new() { Timeout = 120_000 };

    [Fact]
    public async Task A_badge_is_made_earned_by_a_rule_seen_as_it_is_won_and_taken_back()
    {
        await using var laurel = await TestServer.Start();
        await using var browser = new Browser();
        (await laurel.Put($"/laurel/v1/users/{Nour}", """{"username":"nour","privacy":"public"}""")).Is(201);
        (await laurel.Put("/laurel/v1/action-types/Edit", "{}")).Is(201);
        var page = await browser.Open();
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error);
        page.Console += (_, message) => errors.AddRange(message.Type == "error" ? [message.Text] : Array.Empty<string>());

        // In: whoever asks for the administration signs in first, and is led on.
        await Open("/admin/issuers/new");
        await page.FillAsync("[name=key]", TestServer.AdministratorKey);
        await Send("button.primary", "/admin/issuers/new");

        // An issuer.
        await page.FillAsync("[name=name]", "Atlas");
        await page.FillAsync("[name=key]", "atlas");
        await page.FillAsync("[name=timeZone]", "Asia/Riyadh");
        var issuer = await Send("button.primary", "/admin/issuers/");

        // A badge in two languages, with an icon.
        await Open($"/admin/badges/new?issuer={issuer}");
        await page.FillAsync("[name='texts.en.name']", "Cartographer");
        await page.FillAsync("[name='texts.en.description']", "Edited three maps.");
        await page.FillAsync("[name='texts.ar.name']", "رسّام الخرائط");
        await page.FillAsync("[name='texts.ar.description']", "حرّر ثلاث خرائط.");
        var badge = await Send("button.primary", "/admin/badges/");
        await Open($"/admin/badges/{badge}/icon");
        await page.SetInputFilesAsync("[name=file]", new FilePayload { Name = "icon.png", MimeType = "image/png", Buffer = SampleImages.Png });
        await Send("main form button.primary", "/admin/badges/");
        Assert.True((await laurel.Get($"/laurel/v1/badges/{badge}/icon")).Is(200).Json["isUploaded"]!.GetValue<bool>());

        // A rule: tried before it is switched on.
        await Open($"/admin/rules/new?badge={badge}");
        await page.FillAsync("[name=key]", "cartographer");
        await page.SelectOptionAsync("[name=kind]", "count");
        await page.FillAsync("[name=target]", "3");
        await page.FillAsync("[name=actions]", "Edit");
        await page.UncheckAsync("[name=enabled]");
        await page.ClickAsync("button[value=preview]");
        await Assertions.Expect(page.Locator("[name=key]")).ToHaveValueAsync("cartographer", new() { Timeout = Patiently.Timeout });
        Assert.Empty((await laurel.Get("/laurel/v1/rules")).Is(200).Json["items"]!.AsArray());
        var rule = await Send("button[value=save]", "/admin/rules/");
        Assert.False((await laurel.Get($"/laurel/v1/rules/{rule}")).Is(200).Json["enabled"]!.GetValue<bool>());
        await Send($"form[action$='/enabled'] button", "/admin/rules/");
        Assert.True((await laurel.Get($"/laurel/v1/rules/{rule}")).Is(200).Json["enabled"]!.GetValue<bool>());

        // It is won, and shows by itself.
        await Open("/admin/awards");
        Assert.Equal(0, await page.GetByText("Cartographer").CountAsync());
        for (var i = 0; i < 3; i++)
        {
            (await laurel.Post("/laurel/v1/actions", $$"""{"type":"Edit","userId":{{Nour}}}""")).Is(201);
        }
        await Assertions.Expect(page.GetByText("Cartographer").First).ToBeVisibleAsync(Patiently);
        Assert.Contains("Cartographer", await Roblox(), StringComparison.Ordinal);

        // As a reader of Arabic sees it.
        await Open($"/badges/{badge}?lang=ar");
        Assert.Equal(("ar", "rtl"), (await page.GetAttributeAsync("html", "lang"), await page.GetAttributeAsync("html", "dir")));
        Assert.Equal("رسّام الخرائط", (await page.Locator("main h1").TextContentAsync())!.Trim());

        // Taken back, with a reason.
        var award = (await laurel.Get($"/laurel/v1/users/{Nour}/awards")).Is(200).Json["items"]!.AsArray().Single()!["id"]!.GetValue<long>();
        await Open($"/admin/users/{Nour}/awards/{award}/remove");
        await page.SelectOptionAsync("[name=kind]", "Revoke");
        await page.FillAsync("[name=reason]", "The maps were copied.");
        await Send("main form button.danger", $"/admin/users/{Nour}");
        Assert.DoesNotContain("Cartographer", await Roblox(), StringComparison.Ordinal);
        await Open($"/admin/users/{Nour}/awards/{award}");
        await Assertions.Expect(page.GetByText("The maps were copied.")).ToBeVisibleAsync(Patiently);
        Assert.Empty(errors);

        Task Open(string path) => page.GotoAsync(new Uri(laurel.Address, path).AbsoluteUri);

        // Clicks, and waits for the page that it leads to: what follows the path's beginning there, as far as it is an id.
        async Task<string> Send(string button, string to)
        {
            await page.RunAndWaitForResponseAsync(() => page.Locator(button).First.ClickAsync(), answer => answer.Request.Method == "GET" && new Uri(answer.Url).AbsolutePath.StartsWith(to, StringComparison.Ordinal));
            await page.WaitForLoadStateAsync();
            return string.Concat(new Uri(page.Url).AbsolutePath[to.Length..].TakeWhile(char.IsAsciiDigit));
        }

        async Task<string> Roblox() => (await laurel.Get($"/v1/users/{Nour}/badges?limit=100")).Is(200).Json["data"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    [Fact]
    public async Task The_example_of_the_documents_shows_who_wins_a_badge()
    {
        await using var laurel = await TestServer.Start();
        await using var browser = new Browser();
        (await laurel.Put("/laurel/v1/issuers/100", """{"key":"isle","name":"Isle"}""")).Is(201);
        (await laurel.Put("/laurel/v1/badges/7", """{"issuerId":100,"texts":{"en":{"name":"<b>Second</b> Sea"}}}""")).Is(201);
        (await laurel.Put($"/laurel/v1/users/{Nour}", "{}")).Is(201);
        var page = await browser.Open();
        // The game's own server: it has the page, and passes the stream on with its key.
        await page.RouteAsync("**/game", route => route.FulfillAsync(new() { Path = Path.Combine(Rules.RulesPage.Root, "docs", "examples", "toast.html"), ContentType = "text/html; charset=utf-8" }));
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.RouteAsync("**/badge-events", async route =>
        {
            await route.ContinueAsync(new()
            {
                Url = new Uri(laurel.Address, "/laurel/v1/stream").AbsoluteUri,
                Headers = route.Request.Headers.Append(new("authorization", $"Bearer {TestServer.AdministratorKey}")),
            });
            asked.TrySetResult();
        });
        await page.GotoAsync(new Uri(laurel.Address, "/game").AbsoluteUri);
        await asked.Task;
        // Whoever subscribes is told of what comes from then on.
        while (laurel.Core.Live.Subscribers == 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        (await laurel.Post("/laurel/v1/awards", $$"""{"userId":{{Nour}},"badgeId":7}""")).Is(201);
        await Assertions.Expect(page.Locator("#toasts bdi")).ToHaveTextAsync("<b>Second</b> Sea", new() { Timeout = Patiently.Timeout });
    }
}
