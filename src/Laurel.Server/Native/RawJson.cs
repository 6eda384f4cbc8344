using System.Text.Json;
using System.Text.Json.Serialization;

namespace Laurel.Server.Native;

/// <summary>Any JSON, kept as it arrived.</summary>
[JsonConverter(typeof(RawJsonConverter))]
internal readonly record struct RawJson(string Text)
{
    public static RawJson? Of(string? text) => text is null ? null : new(text);
}

internal sealed class RawJsonConverter : JsonConverter<RawJson>
{
    public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var any = JsonDocument.ParseValue(ref reader);
        return new RawJson(any.RootElement.GetRawText());
    }

    // Checked when it was stored.
    public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) => writer.WriteRawValue(value.Text, skipInputValidation: true);
}
