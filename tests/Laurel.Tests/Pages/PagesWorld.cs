using System.Globalization;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Pages;

/// <summary>A server with something to see, and a browser to see it with: one for all tests of pages, who change nothing of it.</summary>
public sealed class PagesWorld : IAsyncLifetime
{
    private const string Root = "/laurel/v1";

    public const int Ada = 1;
    public const int Bo = 2;
    public const int Cleo = 3;
    public const int Fresh = 4;

    public const int Plain = 7;
    public const int Weekly = 8;
    public const int Ruled = 9;
    public const int Hidden = 10;
    public const int Disabled = 11;
    public const int Gone = 12;
    public const int Claimed = 13;

    /// <summary>Of Ada's, by badge; of Bo and Cleo's Plain, by a thousand and their id. Removed stood once.</summary>
    public const int Removed = 500;

    internal TestServer Laurel { get; private set; } = null!;

    public Browser Browser { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Laurel = await TestServer.Start(time: new ManualTime(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero)));
        await Fill(Laurel);
    }

    /// <summary>Ada is public, Bo unlisted, Cleo as everybody begins: private. Fresh is public and has nothing.</summary>
    internal static async Task Fill(TestServer laurel)
    {
        await Put(laurel, $"users/{Ada}", """{"username":"ada","fullName":"Ada Lindqvist","privacy":"public","email":"secret@example.org"}""");
        await Put(laurel, $"users/{Bo}", """{"username":"bo","fullName":"بو الأمين","privacy":"unlisted"}""");
        await Put(laurel, $"users/{Cleo}", """{"username":"cleo"}""");
        await Put(laurel, $"users/{Fresh}", """{"username":"fresh","privacy":"public"}""");
        await Put(laurel, "issuers/100", """{"key":"isle","name":"Isle","rootPlaceId":1000,"timeZone":"Asia/Riyadh"}""");
        await Badge(laurel, Plain, "Second Sea", ",\"rarity\":2,\"level\":\"gold\"");
        await Badge(laurel, Weekly, "Market Week", ""","recurrence":{"every":1,"unit":"week","anchor":"2026-01-04"}""");
        await Badge(laurel, Ruled, "Editor", "");
        await Badge(laurel, Hidden, "Zqxvjk", ",\"claimable\":true,\"hiddenUntilClaimed\":true");
        await Badge(laurel, Disabled, "Retired", ",\"enabled\":false");
        await Badge(laurel, Gone, "Erased", ",\"deletedAt\":\"2026-11-01T00:00:00Z\"");
        await Badge(laurel, Claimed, "Unveiled", ",\"claimable\":true,\"hiddenUntilClaimed\":true");
        await Put(laurel, "action-types/Edit", "{}");
        await Put(laurel, "rules/3", $$$"""{"key":"editor","enabled":true,"actions":["Edit"],"filter":"properties.size > 2","when":{"count":10},"badgeId":{{{Ruled}}} }""");
        for (var i = 0; i < 4; i++)
        {
            (await laurel.Post($"{Root}/actions", $$"""{"type":"Edit","userId":{{Ada}},"properties":{"size":5} }""")).Is(201);
        }
        foreach (var badge in new[] { Plain, Weekly, Hidden, Claimed })
        {
            await Award(laurel, Ada, 100 + badge, badge);
        }
        await Award(laurel, Bo, 1000 + Bo, Plain);
        await Award(laurel, Cleo, 1000 + Cleo, Plain);
        (await laurel.Post($"{Root}/users/{Ada}/awards/{100 + Claimed}/claim", "{}")).Is(200);
        await Award(laurel, Ada, Removed, Disabled);
        (await laurel.Delete($"{Root}/users/{Ada}/awards/{Removed}?kind=revoke&reason=zqxvjk")).Is(204);
        (await laurel.Post($"{Root}/visits", $$"""{"issuerId":100,"userId":{{Fresh}}}""")).Is(204);
    }

    private static Task Badge(TestServer laurel, int id, string name, string more) => Put(laurel, $"badges/{id}", $$$"""
        {"issuerId":100,"texts":{"en":{"name":"{{{name}}}","description":"About {{{name}}}."},"ar":{"name":"وسام {{{id}}}","description":"عن الوسام."} }{{{more}}} }
        """);

    private static Task Award(TestServer laurel, int userId, int id, int badgeId) => Put(laurel, $"users/{userId}/awards/{id}", $$"""{"badgeId":{{badgeId}}}""");

    internal static async Task Put(TestServer laurel, string path, string json) => (await laurel.Put($"{Root}/{path}", json)).Is(201);

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        await Laurel.DisposeAsync();
    }

    internal Uri Address(string path) => new(Laurel.Address, path);

    internal static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Tests that share the world, one after another.</summary>
[CollectionDefinition(nameof(PagesCollection))]
public sealed class PagesCollection : ICollectionFixture<PagesWorld>;
