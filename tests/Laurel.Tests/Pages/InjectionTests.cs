using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Microsoft.Playwright;
using Xunit;

namespace Laurel.Tests.Pages;

/// <summary>Whatever is written into a text, it stays a text: no script runs, even where no policy forbids it, no element comes or goes,
/// and nothing around it moves.</summary>
[Collection(nameof(PagesCollection))]
public sealed class InjectionTests(PagesWorld world)
{
    private const string Innocent = "innocent";

    // {0} is the id of everything that is named like the attack in the same place of the list.
    private static readonly string[] Public =
    [
        "/badges/{0}?lang=en", "/badges/{0}?lang=ar", "/users/{0}?lang=en", "/users/{0}?lang=ar", "/awards/{0}/{0}?lang=en", "/embed/badges/{0}.svg",
        "/embed/users/{0}.svg?lang=ar&theme=dark",
    ];

    private static readonly string[] Administration =
    [
        "/admin/badges/{0}", "/admin/badges/{0}/edit", "/admin/issuers/{0}?lang=ar", "/admin/issuers/{0}/edit", "/admin/rules/{0}",
        "/admin/rules/{0}?view=raw", "/admin/users/{0}", "/admin/users/{0}/edit", "/admin/users/{0}/awards/{0}", "/admin/users/{0}/awards/{0}/remove?lang=ar",
        "/admin/explain?user={0}&rule={0}",
    ];

    private static readonly string[] Attacks =
    [
        Innocent,
        "<script>canary=1</script>",
        "</title></head><body><script>canary=1</script>",
        "\"><img src=x onerror=canary=1>",
        "' autofocus onfocus=canary=1 tabindex=1 x='",
        "<svg/onload=canary=1>",
        "</text></svg><script>canary=1</script>",
        "]]><script xmlns=\"http://www.w3.org/1999/xhtml\">canary=1</script>",
        "<!--", "--><script>canary=1</script>", "<![CDATA[", "<?xml-stylesheet href='javascript:canary=1'?>",
        "javascript:canary=1//", "data:text/html,<script>canary=1</script>",
        "{{constructor.constructor('canary=1')()}}", "${canary=1}", "{0}{1}{9}{", "&lt;script&gt;canary=1&lt;/script&gt;&#x3c;",
        "\u202e\u202e\u2067\u2066reversed", "\u2069\u2069\u202c\u202cpopped", "שלום \u202eעולם\u202e", "a\ufeff\u200b\u200d\u00adb\uffff\ufffe",
        "Z\u0351\u036e\u0334a\u0319\u0348l\u0363g\u0334o\u0351" + new string('\u0489', 40), new string('W', 200), "two\nlines\tand\r\nmore",
    ];

    [Fact]
    public Task No_text_becomes_markup_on_any_page() => Try(Public, isSignedIn: false);

    [Fact]
    public Task No_text_becomes_markup_in_the_administration() => Try(Administration, isSignedIn: true);

    private async Task Try(IEnumerable<string> paths, bool isSignedIn)
    {
        await using var laurel = await TestServer.Start();
        await PagesWorld.Put(laurel, "action-types/Act", "{}");
        for (var i = 0; i < Attacks.Length; i++)
        {
            await Write(laurel, i + 1, Attacks[i]);
        }
        // Those of the administration show tables that are wider.
        var page = await world.Browser.Open(width: isSignedIn ? 1000 : 320, withoutPolicy: true);
        if (isSignedIn)
        {
            await Admin.AdminBrowser.SignIn(page, laurel);
        }
        var dialogs = 0;
        page.Dialog += (_, dialog) =>
        {
            dialogs++;
            _ = dialog.DismissAsync();
        };
        foreach (var path in paths)
        {
            var innocent = "";
            for (var id = 1; id <= Attacks.Length; id++)
            {
                var asked = string.Format(null, path, id);
                await page.GotoAsync(new Uri(laurel.Address, asked).AbsoluteUri);
                var seen = await Look(page);
                innocent = id == 1 ? seen : innocent;
                Assert.True(seen == innocent, $"{asked} ({Attacks[id - 1]}): {seen} instead of {innocent}");
            }
        }
        Assert.Equal(0, dialogs);
        await page.Context.CloseAsync();
    }

    // The elements in their order with the names of their attributes; whether the canary lives; where what surrounds the text lies.
    private static Task<string> Look(IPage page) => page.EvaluateAsync<string>("""
        async () => {
          await new Promise(done => setTimeout(done, 0));
          const all = [...document.querySelectorAll('*')].map(each => each.localName + [...each.attributes].map(at => '@' + at.name).sort().join(''));
          const html = document.documentElement.localName === 'html';
          const at = selector => { const box = document.querySelector(selector).getBoundingClientRect(); return [box.left, box.right].map(Math.round).join('-'); };
          return JSON.stringify({ canary: typeof canary, wide: html && document.documentElement.scrollWidth > innerWidth,
            bar: html && at('.brand') + ' ' + at('.languages'), foot: html && at('.foot p'), all: all.join(' ') });
        }
        """);

    private static async Task Write(TestServer laurel, int id, string attack)
    {
        var text = new JsonObject { ["name"] = attack, ["description"] = OneLine(attack) };
        await PagesWorld.Put(laurel, $"issuers/{id}", new JsonObject { ["key"] = $"i{id}", ["name"] = attack }.ToJsonString());
        await PagesWorld.Put(laurel, $"badges/{id}", new JsonObject
        {
            ["issuerId"] = id, ["sourceLocale"] = "fr", ["texts"] = new JsonObject { ["fr"] = text },
        }.ToJsonString());
        await PagesWorld.Put(laurel, $"users/{id}", new JsonObject
        {
            ["fullName"] = attack, ["username"] = Short(OneLine(attack)), ["privacy"] = "public", ["profile"] = new JsonObject { ["bio"] = attack, ["profilePicture"] = attack },
        }.ToJsonString());
        await PagesWorld.Put(laurel, $"rules/{id}", new JsonObject
        {
            ["key"] = $"r{id}", ["name"] = OneLine(attack), ["enabled"] = true, ["actions"] = new JsonArray("Act"), ["when"] = new JsonObject { ["sum"] = "amount", ["reaches"] = 9 }, ["badgeId"] = id,
        }.ToJsonString());
        await PagesWorld.Put(laurel, $"users/{id}/awards/{id}", new JsonObject { ["badgeId"] = id, ["payload"] = attack }.ToJsonString());
    }

    // A description of several lines is several paragraphs, and a rule's name of several lines fits no field of a form.
    private static string OneLine(string attack) => attack.ReplaceLineEndings(" ").Replace('\t', ' ');

    private static string Short(string attack) => attack[..Math.Min(100, attack.Length)];

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
