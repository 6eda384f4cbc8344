using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Laurel.Core;

namespace Laurel.Server.Dialects.AISquare;

/// <summary>This API's JSON: members in snake_case, in the order of its schemas, null where there is nothing.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(UserRewardJson))]
[JsonSerializable(typeof(DetailJson))]
[JsonSerializable(typeof(Dictionary<string, string[]>))]
internal sealed partial class AISquareJson : JsonSerializerContext
{
    public static AISquareJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // Never inside HTML: texts of all scripts stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>A moment as <c>2026-11-22T08:32:52.703000Z</c>, from microseconds since 1970 UTC.</summary>
    public static string Moment(long micros) => Clock.ToTime(micros).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static string? Moment(long? micros) => micros is { } known ? Moment(known) : null;

    public static async Task Write(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}

internal sealed record DetailJson(string Detail);
