// What the dialects that the peer does not speak are measured against: the same routes and JSON without storage and without
// looking at who asks. usage: twin <url>
using System.Text.Json.Serialization;

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls(args[0]).ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, TwinJson.Default));
var app = builder.Build();

var list = new ListJson([.. Enumerable.Range(1, 20).Select(KarazJson.Of)], "success");

app.MapGet("/health/ready", () => TypedResults.Ok());
app.MapPost("/services/v2/award/{type:long}/action/{action:long}.json", (long type, long action) => TypedResults.Ok());
app.MapPost("/badge", (PostedJson posted) => TypedResults.Json(new DoneJson(true), TwinJson.Default.DoneJson, statusCode: 201));
app.MapGet("/counters", (string collection, string user, string names) =>
    TypedResults.Ok(new CountersJson(true, new CountedJson(names.Split(',').ToDictionary(name => name, _ => 3L)))));
app.MapGet("/v2/Users/BadgesList", () => TypedResults.Ok(list));
app.Run();

internal sealed record PostedJson(string Collection, string Name, string User);
internal sealed record DoneJson(bool Status);
internal sealed record CountedJson(Dictionary<string, long> Counters);
internal sealed record CountersJson(bool Status, CountedJson Content);
internal sealed record ListJson(List<KarazJson> Data, string Status);
internal sealed record KarazJson(
    [property: JsonPropertyName("I")] long I,
    [property: JsonPropertyName("all_achievement_times")] List<string> Times,
    [property: JsonPropertyName("badge_count")] int Count,
    [property: JsonPropertyName("badge_description_a")] List<string> Arabic,
    [property: JsonPropertyName("badge_description_e")] List<string> English,
    [property: JsonPropertyName("badge_icon")] string Icon,
    [property: JsonPropertyName("badge_id")] long Id,
    [property: JsonPropertyName("badge_name_a")] string ArabicName,
    [property: JsonPropertyName("badge_name_e")] string EnglishName,
    [property: JsonPropertyName("last_achievement_time")] string Last,
    [property: JsonPropertyName("next_obtainable")] string Next)
{
    public static KarazJson Of(int number) => new(
        1_099_511_627_776 + number, ["2023-03-17 00:00:00", "2023-03-24 00:00:00"], 2,
        [$"وصف الشارة {number}"], [$"About badge {number}"], $"/media/images/badge-{number}.svg", number,
        $"شارة {number}", $"Badge {number}", "2023-03-24 00:00:00", "2023-05-05");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PostedJson)), JsonSerializable(typeof(DoneJson)), JsonSerializable(typeof(CountersJson)), JsonSerializable(typeof(ListJson))]
internal sealed partial class TwinJson : JsonSerializerContext;
