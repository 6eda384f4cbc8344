using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Pages;

/// <summary>Whatever is written into a text, it stays a text: no script runs, even where no policy forbids it, no element comes or goes,
/// and nothing around it moves.</summary>
[Collection(nameof(PagesCollection))]
public sealed class InjectionTests(PagesWorld world)
{
    // {0} is the id of everything that bears the attack in the same place of the list.
    private static readonly string[] Public =
    [
        "/badges/{0}?lang=en", "/badges/{0}?lang=ar", "/users/{0}?lang=en", "/users/{0}?lang=ar", "/awards/{0}/{0}?lang=en", "/embed/badges/{0}.svg",
        "/embed/users/{0}.svg?lang=ar&theme=dark",
    ];

    [Fact]
    public async Task No_text_becomes_markup_on_any_page()
    {
        await using var laurel = await TestServer.Start();
        await AttackedWorld.Fill(laurel, attack => attack);
        var page = await world.Browser.Open(width: 320, withoutPolicy: true);
        var dialogs = 0;
        page.Dialog += (_, dialog) =>
        {
            dialogs++;
            _ = dialog.DismissAsync();
        };
        foreach (var path in Public)
        {
            var innocent = "";
            for (var id = 1; id <= Attacks.All.Count; id++)
            {
                var asked = string.Format(null, path, id);
                await page.GotoAsync(new Uri(laurel.Address, asked).AbsoluteUri);
                var seen = await Attacks.Look(page);
                innocent = id == 1 ? seen : innocent;
                Assert.True(seen == innocent, $"{asked} ({Attacks.All[id - 1]}): {seen} instead of {innocent}");
            }
        }
        Assert.Equal(0, dialogs);
        await page.Context.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(ShownPages.Names), MemberType = typeof(ShownPages))]
    public async Task The_policy_lets_no_script_run(string name)
    {
        var page = await world.Browser.Open();
        var refused = new List<string>();
        page.Console += (_, message) => refused.Add(message.Text);
        var answer = await page.GotoAsync(world.Address(ShownPages.Paths[name]).AbsoluteUri);
        Assert.DoesNotContain(refused, text => text.Contains("Content Security Policy", StringComparison.Ordinal));

        // Not even if somebody brought one in.
        await page.EvaluateAsync("""
            () => { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.canary=1"><p style="position:fixed">');
              const script = document.createElement('script'); script.textContent = 'window.canary=1'; document.body.append(script); }
            """);
        while (!await page.EvaluateAsync<bool>("[...document.images].at(-1).complete"))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        Assert.Equal("undefined", await page.EvaluateAsync<string>("typeof window.canary"));
        var policy = (await answer!.AllHeadersAsync())["content-security-policy"];
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        await page.Context.CloseAsync();
    }
}
