using Laurel.Tests.Harness;
using Laurel.Tests.Pages;
using Microsoft.Playwright;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>Every page of the administration, and every form as it comes back, with every text attacked: the same elements as where
/// nobody attacks, links to nowhere else, no script, and nothing moved.</summary>
public sealed class AdminInjectionTests
{
    // By the routes of the matrix. {0} is the id of what bears the same attack; {1} its type of actions, {2} its backfill, {3} its key,
    // {4} its award that was removed.
    private static readonly Dictionary<string, string[]> Pages = new()
    {
        ["/admin"] = ["/admin"],
        ["/admin/awards"] = ["/admin/awards", "/admin/awards?user={0}"],
        ["/admin/jobs"] = ["/admin/jobs"],
        ["/admin/settings"] = ["/admin/settings"],
        ["/admin/health"] = ["/admin/health"],
        ["/admin/badges"] = ["/admin/badges", "/admin/badges?issuer={0}&text={1}"],
        ["/admin/badges/new"] = ["/admin/badges/new?issuer={0}"],
        ["/admin/badges/{id}"] = ["/admin/badges/{0}"],
        ["/admin/badges/{id}/holders"] = ["/admin/badges/{0}/holders"],
        ["/admin/badges/{id}/edit"] = ["/admin/badges/{0}/edit"],
        ["/admin/badges/{id}/icon"] = ["/admin/badges/{0}/icon"],
        ["/admin/badges/{id}/delete"] = ["/admin/badges/{0}/delete"],
        ["/admin/issuers"] = ["/admin/issuers", "/admin/issuers?text={1}"],
        ["/admin/issuers/new"] = ["/admin/issuers/new"],
        ["/admin/issuers/{id}"] = ["/admin/issuers/{0}", "/admin/issuers/{0}?lang=ar"],
        ["/admin/issuers/{id}/edit"] = ["/admin/issuers/{0}/edit"],
        ["/admin/issuers/{id}/places/new"] = ["/admin/issuers/{0}/places/new"],
        ["/admin/issuers/{id}/places/{place}"] = ["/admin/issuers/{0}/places/{0}"],
        ["/admin/rules"] = ["/admin/rules", "/admin/rules?action={1}"],
        ["/admin/rules/new"] = ["/admin/rules/new?badge={0}"],
        ["/admin/rules/{id}"] = ["/admin/rules/{0}", "/admin/rules/{0}?view=raw"],
        ["/admin/rules/{id}/past"] = ["/admin/rules/{0}/past"],
        ["/admin/backfills/{id}"] = ["/admin/backfills/{2}"],
        ["/admin/explain"] = ["/admin/explain", "/admin/explain?user={0}&rule={0}", "/admin/explain?user={0}&badge={0}&lang=ar"],
        ["/admin/actions"] = ["/admin/actions", "/admin/actions?user={0}"],
        ["/admin/actions/new"] = ["/admin/actions/new?type={1}"],
        ["/admin/actions/{id}"] = ["/admin/actions/{0}"],
        ["/admin/actions/type"] = ["/admin/actions/type?name={1}"],
        ["/admin/users"] = ["/admin/users", "/admin/users?q=u{1}"],
        ["/admin/users/new"] = ["/admin/users/new"],
        ["/admin/users/{id}"] = ["/admin/users/{0}"],
        ["/admin/users/{id}/edit"] = ["/admin/users/{0}/edit"],
        ["/admin/users/{id}/points"] = ["/admin/users/{0}/points"],
        ["/admin/users/{id}/removed"] = ["/admin/users/{0}/removed"],
        ["/admin/users/{id}/award"] = ["/admin/users/{0}/award"],
        ["/admin/users/{id}/awards/{award}"] = ["/admin/users/{0}/awards/{0}", "/admin/users/{0}/awards/{4}"],
        ["/admin/users/{id}/awards/{award}/remove"] = ["/admin/users/{0}/awards/{0}/remove?lang=ar"],
        ["/admin/keys"] = ["/admin/keys", "/admin/keys?user={0}"],
        ["/admin/keys/new"] = ["/admin/keys/new?user={0}"],
        ["/admin/keys/{id}"] = ["/admin/keys/{3}"],
    };

    // No page: numbers for a script.
    private const string Progress = "/admin/backfills/{id}/progress";

    [Fact]
    public async Task No_text_becomes_markup_on_any_page_or_in_any_form()
    {
        Assert.Equal(AdminMatrixTests.Rows.Where(row => row.Method == "GET" && row.Route != Progress).Select(row => row.Route).Order(StringComparer.Ordinal),
            Pages.Keys.Order(StringComparer.Ordinal));
        await using var browser = new Browser();
        await using var quiet = await World.Start(browser, _ => Attacks.Innocent);
        await using var attacked = await World.Start(browser, attack => attack);
        var wrong = new List<string>();
        foreach (var path in Pages.Values.SelectMany(paths => paths))
        {
            var ids = path.Contains('{', StringComparison.Ordinal) ? Enumerable.Range(2, Attacks.All.Count - 1).ToArray() : [2];
            var innocent = (await quiet.Read(path, [2]))[0];
            foreach (var (id, seen) in ids.Zip(await attacked.Read(path, ids)))
            {
                // What is chosen of a list lies elsewhere for another id.
                Compare($"{path} of {id}", seen == innocent ? innocent : (await quiet.Read(path, [id]))[0], seen);
            }
            Compare($"{path} as it is shown", await quiet.Show(path), await attacked.Show(path));
            innocent = (await quiet.Submit(path, [Attacks.Innocent]))[0];
            foreach (var (attack, seen) in Attacks.All.Zip(await attacked.Submit(path, Attacks.All)))
            {
                Compare($"the form of {path} with {attack}", innocent, seen);
            }
        }
        Compare("an award that came meanwhile", await quiet.Watch(), await attacked.Watch());
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(0, attacked.Dialogs);

        void Compare(string what, string innocent, string seen)
        {
            if (seen != innocent)
            {
                var at = innocent.Zip(seen).TakeWhile(pair => pair.First == pair.Second).Count();
                wrong.Add($"{what}: …{Around(seen, at)}… instead of …{Around(innocent, at)}…");
            }
        }
    }

    private static string Around(string text, int at) => text[Math.Max(0, at - 60)..Math.Min(text.Length, at + 60)];

    /// <summary>A server that is filled, and a browser's page in which somebody has signed in.</summary>
    private sealed class World(TestServer laurel, AttackedWorld.Ids ids, IPage page, Func<string, string> text) : IAsyncDisposable
    {
        // What is the same in both worlds: each element with its attributes, and where those lead that lead anywhere. Whether a field is
        // found wrong depends on what was written.
        private const string Looking = """
            const leading = ['href', 'src', 'srcset', 'action', 'formaction', 'data', 'poster', 'ping'];
            const to = value => { try { const url = new URL(value, location.href); return url.origin === location.origin ? 'here' : url.protocol + url.host; } catch { return 'nowhere'; } };
            const named = at => '@' + at.name + (leading.includes(at.name) ? '=' + to(at.value) : '');
            const parse = html => new DOMParser().parseFromString(html, 'text/html');
            const look = parsed => [...parsed.querySelectorAll('*:not(p.error)')]
              .map(each => each.localName + [...each.attributes].filter(at => !at.name.startsWith('aria-')).map(named).sort().join('')).join(' ');
            """;

        public int Dialogs { get; private set; }

        public static async Task<World> Start(Browser browser, Func<string, string> text)
        {
            var laurel = await TestServer.Start();
            var ids = await AttackedWorld.Fill(laurel, text);
            var page = await browser.Open(withoutPolicy: true);
            await AdminBrowser.SignIn(page, laurel);
            await page.GotoAsync(new Uri(laurel.Address, "/admin/health").AbsoluteUri);
            var world = new World(laurel, ids, page, text);
            page.Dialog += (_, dialog) =>
            {
                world.Dialogs++;
                _ = dialog.DismissAsync();
            };
            return world;
        }

        public string Address(string path, int id) => string.Format(
            null, path, id, Uri.EscapeDataString(AttackedWorld.ActionType(id, text(Attacks.All[id - 1]))), ids.Backfills[id - 1], ids.Keys[id - 1],
            AttackedWorld.Removed + id);

        /// <summary>What the browser makes of a page for each id, without showing it.</summary>
        public Task<string[]> Read(string path, int[] of) => page.EvaluateAsync<string[]>($$"""
            async paths => { {{Looking}}
              const seen = [];
              for (const path of paths) {
                const answer = await fetch(path);
                seen.push(answer.status + ' ' + look(parse(await answer.text())));
              }
              return seen; }
            """, of.Select(id => Address(path, id)));

        /// <summary>What is to be seen of a page with the whole attack.</summary>
        public async Task<string> Show(string path)
        {
            await page.GotoAsync(new Uri(laurel.Address, Address(path, Attacks.All.Count)).AbsoluteUri);
            return await Attacks.Look(page);
        }

        /// <summary>What is to be seen once the page's own script has shown an award of the badge with the whole attack.</summary>
        public async Task<string> Watch()
        {
            var id = Attacks.All.Count;
            await page.GotoAsync(new Uri(laurel.Address, "/admin/awards?lang=en").AbsoluteUri);
            var rows = await page.Locator("tbody tr").CountAsync();
            await PagesWorld.Put(laurel, $"users/{id}/awards/5000", $$"""{"badgeId":{{id}},"subject":"live"}""");
            await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(rows + 1, new() { Timeout = 120_000 });
            return await Attacks.Look(page);
        }

        /// <summary>What the browser makes of what comes back for a page's form, with each of the texts in all its fields; nothing where there is
        /// no form.</summary>
        public Task<string[]> Submit(string path, IEnumerable<string> texts) => page.EvaluateAsync<string[]>($$"""
            async ({ path, texts }) => { {{Looking}}
              const form = [...parse(await (await fetch(path)).text()).forms].find(each => each.method === 'post' && each.querySelector('label'));
              const seen = [];
              for (const text of texts) {
                const sent = new URLSearchParams();
                for (const field of form ? form.elements : []) {
                  if (field.name && field.type !== 'checkbox') sent.append(field.name, ['token', 'view'].includes(field.name) ? field.value : text);
                }
                seen.push(form ? look(parse(await (await fetch(form.getAttribute('action') || path, { method: 'POST', body: sent })).text())) : '');
              }
              return seen; }
            """, new { path = Address(path, 1), texts });

        public async ValueTask DisposeAsync()
        {
            await page.Context.CloseAsync();
            await laurel.DisposeAsync();
        }
    }
}
