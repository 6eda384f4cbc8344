using System.Text;
using System.Text.Json;

namespace Laurel.Core.Awards;

/// <summary>Payloads as collections keep and show them: an object or an array.</summary>
internal static class CollectionPayload
{
    /// <summary>An object or array as it is, anything else as the one item of an array, all without space between tokens. Null
    /// where there is nothing to keep: null, <c>""</c>, <c>{}</c> and <c>[]</c>.</summary>
    /// <param name="json">Anything. What is not one JSON value is given back as it is, for the rules of payloads to refuse.</param>
    public static string? Of(string? json)
    {
        if (json is null)
        {
            return null;
        }
        if (!TryCompact(json, out var compact))
        {
            return json;
        }
        return compact is "null" or "\"\"" or "{}" or "[]" ? null
            : compact[0] is '{' or '[' ? compact
            : $"[{compact}]";
    }

    // Token by token and byte by byte: numbers and escapes stay as they were written.
    private static bool TryCompact(string json, out string compact)
    {
        compact = json;
        var bytes = Encoding.UTF8.GetBytes(json);
        var kept = new StringBuilder(json.Length);
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 2 * TextRules.MaxPayloadDepth });
            var previous = JsonTokenType.None;
            while (reader.Read())
            {
                if (previous is not (JsonTokenType.None or JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName)
                    && reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
                {
                    kept.Append(',');
                }
                var text = Encoding.UTF8.GetString(reader.ValueSpan);
                _ = reader.TokenType switch
                {
                    JsonTokenType.PropertyName => kept.Append('"').Append(text).Append("\":"),
                    JsonTokenType.String => kept.Append('"').Append(text).Append('"'),
                    _ => kept.Append(text),
                };
                previous = reader.TokenType;
            }
        }
        catch (JsonException)
        {
            return false;
        }
        compact = kept.ToString();
        return compact.Length > 0;
    }
}
