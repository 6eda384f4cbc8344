using System.Text.Encodings.Web;
using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Awards;

namespace Laurel.Server.Dialects.Perfumer;

/// <summary>Writes answers.</summary>
internal static class PerfumerJson
{
    private const string Json = "application/json; charset=utf-8";

    // What is put together before it is sent.
    private const int Chunk = 64 * 1024;

    /// <summary>Letters as they are: only what JSON itself reserves is escaped, and what lies beyond the basic plane.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private static readonly JsonWriterOptions Options = new() { Encoder = Encoder, SkipValidation = true };

    private static readonly byte[] Done = """{"status":true}"""u8.ToArray();

    public static Task WriteDone(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Write(context, Done);
    }

    public static Task Write(HttpContext context, PerfumerError error)
    {
        context.Response.StatusCode = error.Status;
        return Write(context, error.Body);
    }

    private static Task Write(HttpContext context, byte[] body)
    {
        var response = context.Response;
        response.ContentType = Json;
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Writes a list while it is read: nothing of it before its first part is there, and never all of it at once.</summary>
    public static async Task WriteBadges(HttpContext context, string user, IAsyncEnumerable<IReadOnlyList<NamedAward>> parts)
    {
        await using var part = parts.GetAsyncEnumerator(context.RequestAborted);
        var more = await part.MoveNextAsync();
        await using var json = Begin(context, "badges");
        json.WriteStartArray();
        while (more)
        {
            foreach (var award in part.Current)
            {
                Write(json, user, award);
                if (json.BytesPending > Chunk)
                {
                    await json.FlushAsync(context.RequestAborted);
                }
            }
            more = await part.MoveNextAsync();
        }
        json.WriteEndArray();
        await End(context, json);
    }

    private static void Write(Utf8JsonWriter json, string user, NamedAward award)
    {
        json.WriteStartObject();
        json.WriteString("name", award.Name);
        json.WriteString("user", user);
        if (award.Payload is { } payload)
        {
            // Checked when it was stored.
            json.WritePropertyName("payload");
            json.WriteRawValue(payload, skipInputValidation: true);
        }
        json.WriteString("created_at", Clock.ToTime(award.AwardedAt).ToString("yyyy-MM-dd HH:mm:ss"));
        json.WriteEndObject();
    }

    public static async Task WriteCounters(HttpContext context, IReadOnlyList<string> names, long[] counts)
    {
        await using var json = Begin(context, "counters");
        json.WriteStartObject();
        for (var i = 0; i < counts.Length; i++)
        {
            json.WriteNumber(names[i], counts[i]);
        }
        json.WriteEndObject();
        await End(context, json);
    }

    // {"status":true,"content":{"…":
    private static Utf8JsonWriter Begin(HttpContext context, string content)
    {
        context.Response.ContentType = Json;
        var json = new Utf8JsonWriter(context.Response.Body, Options);
        json.WriteStartObject();
        json.WriteBoolean("status", true);
        json.WriteStartObject("content");
        json.WritePropertyName(content);
        return json;
    }

    private static Task End(HttpContext context, Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.WriteEndObject();
        return json.FlushAsync(context.RequestAborted);
    }
}
