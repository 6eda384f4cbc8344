using System.Text.Json.Nodes;
using Laurel.Tests.Harness;

namespace Laurel.Tests.Dialects.Karaz;

/// <summary>What the tests of this dialect begin with, made through the native API.</summary>
internal static class KarazWorld
{
    public const string Root = "/laurel/v1";
    public const string All = "/v2/Users/BadgesList";
    public const string Obtained = "/v2/Users/Badges";

    public static readonly DateTimeOffset SeedTime = new(2023, 5, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Issuer 10 ("Karaz", managed by user 9) and users 1, 2 and 9.</summary>
    public static async Task<TestServer> Start(
        Engine engine = Engine.Sqlite, TimeProvider? time = null, string zone = "UTC", Func<Server.ServerOptions, Server.ServerOptions>? with = null)
    {
        var laurel = await TestServer.Start(engine, time ?? new ManualTime(SeedTime), with);
        foreach (var user in new[] { 1, 2, 9 })
        {
            (await laurel.Put($"{Root}/users/{user}", $$"""{"username":"user{{user}}"}""")).Is(201);
        }
        await laurel.Issuer(10, zone);
        return laurel;
    }

    public static async Task Issuer(this TestServer laurel, long id, string zone = "UTC") =>
        (await laurel.Put($"{Root}/issuers/{id}", $$"""{"name":"Karaz {{id}}","timeZone":"{{zone}}","managers":[9]}""")).Is(201);

    /// <param name="more">Further members, each behind a comma.</param>
    public static async Task Badge(this TestServer laurel, long id, string recurrence = "\"once\"", string more = "", long issuer = 10) =>
        (await laurel.Put($"{Root}/badges/{id}",
            $$$"""{"issuerId":{{{issuer}}},"texts":{"en":{"name":"Badge {{{id}}}","description":"About {{{id}}}"},"ar":{"name":"شارة {{{id}}}"} },"recurrence":{{{recurrence}}}{{{more}}} }"""))
        .Is(201);

    public static Task<Answer> TryAward(this TestServer laurel, long userId, long badgeId, string? at = null, string more = "") =>
        laurel.Post($"{Root}/awards", $$"""{"userId":{{userId}},"badgeId":{{badgeId}}{{(at is null ? "" : $",\"awardedAt\":\"{at}\"")}}{{more}} }""");

    /// <summary>A new award's id.</summary>
    public static async Task<long> Award(this TestServer laurel, long userId, long badgeId, string? at = null, string more = "") =>
        (await laurel.TryAward(userId, badgeId, at, more)).Is(201).Json["award"]!["id"]!.GetValue<long>();

    /// <summary>An award at an id it had elsewhere.</summary>
    public static async Task Import(this TestServer laurel, long userId, long id, long badgeId, string at, string more = "") =>
        (await laurel.Put($"{Root}/users/{userId}/awards/{id}", $$"""{"badgeId":{{badgeId}},"awardedAt":"{{at}}"{{more}} }""")).Is(201);

    /// <summary>The items of a list.</summary>
    public static async Task<IReadOnlyList<JsonNode>> List(this TestServer laurel, string path, string key)
    {
        var answer = (await laurel.Get(path, key)).Is(200);
        Xunit.Assert.Equal("success", answer.Text("status"));
        return [.. answer.Json["data"]!.AsArray().Select(item => item!)];
    }

    public static IEnumerable<long> Ids(this IEnumerable<JsonNode> items) => items.Select(item => item["badge_id"]!.GetValue<long>());

    public static JsonNode Of(this IEnumerable<JsonNode> items, long badgeId) => items.Single(item => item["badge_id"]!.GetValue<long>() == badgeId);

    public static string[] Texts(this JsonNode item, string member) => [.. item[member]!.AsArray().Select(text => text!.GetValue<string>())];

    public static string Text(this JsonNode item, string member) => item[member]!.GetValue<string>();
}
