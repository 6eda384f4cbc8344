using System.Text.Json;
using Laurel.Server.Http;
using Microsoft.Net.Http.Headers;

namespace Laurel.Server.Dialects.AISquare;

/// <summary>The body of the one call there is: <c>is_badged</c>, and members that nobody reads. Contract:
/// docs/dialects/aisquare.md#body</summary>
internal static class BadgePatch
{
    // What Django REST Framework takes for a boolean.
    private static readonly HashSet<string> True = ["t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "1"];
    private static readonly HashSet<string> False = ["f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "0"];

    /// <summary>Whether the reward is to be worn: it is, unless the body says otherwise. Or why the body is not understood.</summary>
    public static async ValueTask<(bool IsBadged, AISquareError? Error)> Read(HttpRequest request, CancellationToken ct)
    {
        var body = await Bodies.Read(request, ct);
        if (body.Length == 0)
        {
            return (true, null);
        }
        if (!IsJson(request.ContentType))
        {
            return (false, AISquareError.UnsupportedMediaType(request.ContentType));
        }
        try
        {
            Bodies.CheckTexts(body);
        }
        catch (BadRequestException malformed)
        {
            return (false, AISquareError.NotJson(malformed.Message));
        }
        using var json = JsonDocument.Parse(body);
        return Read(json.RootElement);
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (type.Charset.Length == 0 || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static (bool IsBadged, AISquareError? Error) Read(JsonElement body) => body.ValueKind switch
    {
        // Of a repeated member the last counts, as in the original.
        JsonValueKind.Object => !body.TryGetProperty("is_badged", out var given) ? (true, null)
            : given.ValueKind == JsonValueKind.Null ? (false, AISquareError.Null)
            : Boolean(given) is { } isBadged ? (isBadged, null)
            : (false, AISquareError.NotBoolean),
        JsonValueKind.Null => (false, AISquareError.NoData),
        var kind => (false, AISquareError.Invalid("non_field_errors", $"Invalid data. Expected a dictionary, but got {Word(kind, body)}.")),
    };

    private static bool? Boolean(JsonElement given) => given.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Boolean(given.GetString()!),
        JsonValueKind.Number => given.GetDouble() switch { 1 => true, 0 => false, _ => null },
        _ => null,
    };

    private static bool? Boolean(string text) => True.Contains(text) ? true : False.Contains(text) ? false : null;

    // The original's words for what is no object.
    private static string Word(JsonValueKind kind, JsonElement body) => kind switch
    {
        JsonValueKind.Array => "list",
        JsonValueKind.String => "str",
        JsonValueKind.Number => body.GetRawText().AsSpan().IndexOfAny(".eE") < 0 ? "int" : "float",
        _ => "bool",
    };
}
