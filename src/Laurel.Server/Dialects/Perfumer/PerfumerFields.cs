using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Laurel.Core;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Perfumer;

/// <summary>What a call says: fields of the query string and of a JSON object in its body, which wins field by field. Scalars are
/// cast to text as the original's language does. Contract: docs/dialects/perfumer.md#fields</summary>
internal sealed class PerfumerFields
{
    public const string Collection = "collection";
    public const string User = "user";
    public const string Name = "name";
    public const string Names = "names";
    public const string Payload = "payload";

    private static readonly HashSet<string> Known = [Collection, User, Name, Names, Payload];

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly char[] Blanks = [' ', '\t', '\n', '\r', '\v'];

    private readonly Dictionary<string, Field> _fields = [];

    // One of: a scalar, a list of scalars, neither.
    private sealed record Field(string? Text, List<string>? Items)
    {
        public static readonly Field Invalid = new(null, null);

        /// <summary>Of a body: the value as it stands there.</summary>
        public string? Json { get; init; }
    }

    private PerfumerFields()
    {
    }

    /// <exception cref="BadRequestException">The body is not empty and no JSON object, or something is no text.</exception>
    public static async ValueTask<PerfumerFields> Read(HttpRequest request, CancellationToken ct)
    {
        var fields = new PerfumerFields();
        if (request.QueryString.Value is { Length: > 1 } query)
        {
            fields.AddQuery(query.AsSpan(1));
        }
        if (await Bodies.Read(request, ct) is { Length: > 0 } body)
        {
            fields.AddBody(body);
        }
        return fields;
    }

    /// <summary>A scalar, trimmed; null where there is none or it is empty. False when it is a list or an object.</summary>
    public bool TryText(string name, out string? text)
    {
        text = null;
        if (!_fields.TryGetValue(name, out var field))
        {
            return true;
        }
        text = Trimmed(field.Text);
        return field.Text is not null;
    }

    /// <summary>A list, or a text of items separated by commas; each trimmed and once, none of them empty. False when it is neither.</summary>
    public bool TryList(string name, out IReadOnlyList<string> items)
    {
        items = [];
        if (!_fields.TryGetValue(name, out var field))
        {
            return true;
        }
        var given = field.Items ?? field.Text?.Split(',').ToList();
        items = [.. (given ?? []).Select(Trimmed).OfType<string>().Distinct()];
        return given is not null;
    }

    /// <summary>Any JSON, a text of the query as a string; null where there is none. False when the query has it in parts.</summary>
    public bool TryJson(string name, out string? json)
    {
        json = null;
        if (!_fields.TryGetValue(name, out var field))
        {
            return true;
        }
        json = field.Json ?? (field.Text is null ? null : $"\"{JsonEncodedText.Encode(field.Text, PerfumerJson.Encoder)}\"");
        return json is not null;
    }

    private static string? Trimmed(string? text) => text?.Trim(Blanks) is { Length: > 0 } trimmed ? trimmed : null;

    // The last of repeated keys stands, but name[]=… and name[0]=… add to a list.
    private void AddQuery(ReadOnlySpan<char> query)
    {
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            var sign = pair.IndexOf('=');
            var key = Decode(sign < 0 ? pair : pair[..sign]);
            var value = sign < 0 ? "" : Decode(pair[(sign + 1)..]);
            var bracket = key.IndexOf('[');
            if (bracket < 0 && Known.Contains(key))
            {
                _fields[key] = new Field(value, null);
            }
            else if (bracket > 0 && Known.Contains(key[..bracket]))
            {
                AddItem(key[..bracket], key.AsSpan(bracket), value);
            }
        }
    }

    private void AddItem(string name, ReadOnlySpan<char> index, string value)
    {
        if (index.Length < 2 || index[^1] != ']' || index[1..^1].ContainsAnyExceptInRange('0', '9'))
        {
            _fields[name] = Field.Invalid;
        }
        else if (_fields.TryGetValue(name, out var field) && field.Items is { } items)
        {
            items.Add(value);
        }
        else if (field != Field.Invalid)
        {
            _fields[name] = new Field(null, [value]);
        }
    }

    private static string Decode(ReadOnlySpan<char> encoded)
    {
        var bytes = Encoding.UTF8.GetBytes(encoded.ToString());
        try
        {
            var text = StrictUtf8.GetString(WebUtility.UrlDecodeToBytes(bytes, 0, bytes.Length)!);
            return TextRules.IsStorable(text) ? text : throw NoText;
        }
        catch (DecoderFallbackException)
        {
            throw NoText;
        }
    }

    private static BadRequestException NoText => new("A text of the query is not UTF-8, or holds NUL.");

    private void AddBody(byte[] body)
    {
        Bodies.CheckTexts(body);
        using var json = JsonDocument.Parse(body);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new BadRequestException("The body is not a JSON object.");
        }
        var seen = new HashSet<string>();
        foreach (var member in json.RootElement.EnumerateObject())
        {
            if (!Known.Contains(member.Name))
            {
                continue;
            }
            if (!seen.Add(member.Name))
            {
                throw new BadRequestException($"The body has \"{member.Name}\" twice.");
            }
            // Null is as if it were not there.
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                _fields[member.Name] = Of(member.Value);
            }
        }
    }

    private static Field Of(JsonElement value)
    {
        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(Cast).ToList() : null;
        return new Field(Cast(value), items?.Contains(null) == false ? items.ConvertAll(item => item!) : null) { Json = value.GetRawText() };
    }

    // Null: no scalar.
    private static string? Cast(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => "1",
        JsonValueKind.False or JsonValueKind.Null => "",
        JsonValueKind.Number => Cast(value, value.GetRawText()),
        _ => null,
    };

    // Whole numbers in their digits, others in the 14 significant ones of the original's language: 1.5, 1.0E+25. What no number of
    // 64 bits can hold is no scalar.
    private static string? Cast(JsonElement number, string raw)
    {
        if (number.TryGetInt64(out _) && !raw.AsSpan().ContainsAny('.', 'e', 'E'))
        {
            return raw;
        }
        var value = number.GetDouble();
        if (!double.IsFinite(value))
        {
            return null;
        }
        var text = value.ToString("G14", CultureInfo.InvariantCulture);
        var exponent = text.IndexOf('E');
        return exponent < 0
            ? text
            : $"{text[..exponent]}{(text.AsSpan(0, exponent).Contains('.') ? "" : ".0")}E{text[exponent + 1]}{int.Parse(text.AsSpan(exponent + 2))}";
    }
}
