using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Laurel.Tests.Harness;

namespace Laurel.Tests.Pages;

/// <summary>Everything that takes a text, once for each attack: with it in every text that the native API takes of it.</summary>
internal static class AttackedWorld
{
    private static readonly JavaScriptEncoder Plainly = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>What stood once and was removed, above the id of what stands.</summary>
    public const int Removed = 1000;

    /// <summary>The backfill of each rule, and the key of each user, by the id of everything else.</summary>
    internal sealed record Ids(IReadOnlyList<string> Backfills, IReadOnlyList<string> Keys);

    /// <param name="text">What is written in the place of an attack: itself, or what is harmless.</param>
    public static async Task<Ids> Fill(TestServer laurel, Func<string, string> text)
    {
        var (backfills, keys) = (new List<string>(), new List<string>());
        for (var id = 1; id <= Attacks.All.Count; id++)
        {
            await Write(laurel, id, text(Attacks.All[id - 1]));
            backfills.Add((await laurel.Post($"/laurel/v1/rules/{id}/backfills", "{}")).Is(201).Json["id"]!.ToJsonString());
            keys.Add((await laurel.Post("/laurel/v1/keys", $$"""{"userId":{{id}}}""")).Is(201).Json["id"]!.ToJsonString());
        }
        return new Ids(backfills, keys);
    }

    /// <summary>The type of actions of an id.</summary>
    public static string ActionType(int id, string text) => string.Create(CultureInfo.InvariantCulture, $"{id:00} {Key(text)}");

    private static async Task Write(TestServer laurel, int id, string attack)
    {
        var (line, type) = (Attacks.OneLine(attack), ActionType(id, attack));
        await Put($"issuers/{id}", new()
        {
            ["key"] = $"i{type}", ["name"] = attack, ["creator"] = new JsonObject { ["type"] = "User", ["id"] = id, ["name"] = attack },
        });
        await Put($"places/{id}", new() { ["issuerId"] = id, ["name"] = attack });
        await Put($"action-types/{Uri.EscapeDataString(type)}", new() { ["description"] = attack });
        await Put($"users/{id}", new()
        {
            ["key"] = $"u{type}", ["username"] = Attacks.Short($"{id} {line}"), ["fullName"] = attack, ["email"] = attack, ["privacy"] = "public",
            ["permissions"] = new JsonArray(Key(attack)),
            ["profile"] = new JsonObject(new[] { "profilePicture", "bio", "country", "phone", "linkedinUrl", "githubUrl", "twitterUrl", "websiteUrl" }
                .Select(field => new KeyValuePair<string, JsonNode?>(field, attack))),
        });
        await Put($"badges/{id}", new()
        {
            ["issuerId"] = id, ["key"] = $"b{type}", ["sourceLocale"] = "fr",
            ["texts"] = new JsonObject { ["fr"] = Texts(attack), ["en"] = Texts(attack), ["ar"] = Texts(attack) },
            ["recurrence"] = "perSubject", ["recognises"] = new JsonArray(type), ["createdBy"] = line, ["updatedBy"] = line, ["deletedBy"] = line,
        });
        await Put($"rules/{id}", new()
        {
            ["key"] = $"r{type}", ["name"] = line, ["enabled"] = true, ["actions"] = new JsonArray(type),
            ["filter"] = $"properties[{Quoted(attack)}] = {Quoted(attack)}", ["when"] = new JsonObject { ["sum"] = "amount", ["reaches"] = 9 }, ["badgeId"] = id,
        });
        (await laurel.Post("/laurel/v1/actions", new JsonObject
        {
            ["id"] = id, ["type"] = type, ["userId"] = id, ["subject"] = attack, ["properties"] = new JsonObject { [attack] = attack, ["amount"] = 3 },
        }.ToJsonString())).Is(201);
        await Put($"users/{id}/awards/{id}", new() { ["badgeId"] = id, ["subject"] = attack, ["payload"] = new JsonObject { [attack] = attack } });
        await Put($"users/{id}/awards/{Removed + id}", new() { ["badgeId"] = id, ["subject"] = attack + "2" });
        (await laurel.Delete($"/laurel/v1/users/{id}/awards/{Removed + id}?kind=reset&reason={Uri.EscapeDataString(attack)}")).Is(204);
        (await laurel.Post($"/laurel/v1/users/{id}/points", new JsonObject { ["delta"] = 5, ["reason"] = attack }.ToJsonString())).Is(201);

        Task Put(string path, JsonObject body) => PagesWorld.Put(laurel, path, body.ToJsonString());
    }

    private static JsonObject Texts(string attack) => new()
    {
        ["name"] = attack, ["description"] = Attacks.OneLine(attack),
        ["lines"] = new JsonObject { ["never"] = Lines(attack), ["held"] = Lines(attack), ["again"] = Lines(attack) },
    };

    private static JsonArray Lines(string attack) => [Attacks.OneLine(attack)];

    // Names that stand in addresses have no slash and no percent sign, those in lists of keys no comma.
    private static string Key(string attack) => Attacks.OneLine(attack).Replace('/', '|').Replace('%', '|').Replace(',', '|');

    private static string Quoted(string attack) => $"\"{JsonEncodedText.Encode(attack, Plainly)}\"";
}
