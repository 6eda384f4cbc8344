using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Laurel.Core;

namespace Laurel.Server.Native;

/// <summary>A time on the wire: RFC 3339. Written in UTC with as many of six fraction digits as it needs; read with any offset
/// and at most six fraction digits.</summary>
[JsonConverter(typeof(TimestampConverter))]
internal readonly record struct Timestamp(long Micros)
{
    private const int WholeSeconds = 19;
    private const int MaximumFraction = 6;

    public static Timestamp? Of(long? micros) => micros is { } known ? new(known) : null;

    public override string ToString()
    {
        var time = Clock.ToTime(Micros);
        return time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
    }

    public static bool TryParse(ReadOnlySpan<char> text, out Timestamp time)
    {
        time = default;
        if (text.Length <= WholeSeconds || text[10] is not ('T' or 't')
            || !DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            || !TimeOnly.TryParseExact(text[11..WholeSeconds], "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock))
        {
            return false;
        }
        var rest = text[WholeSeconds..];
        if (!TryFraction(ref rest, out var fraction) || !TryOffset(rest, out var minutes))
        {
            return false;
        }
        var local = (day.ToDateTime(clock, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        time = new Timestamp(local + fraction - (minutes * 60 * Clock.Second));
        return true;
    }

    private static bool TryFraction(ref ReadOnlySpan<char> rest, out long micros)
    {
        micros = 0;
        if (rest[0] != '.')
        {
            return true;
        }
        rest = rest[1..];
        var digits = rest.IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : rest.Length;
        if (digits is 0 or > MaximumFraction || digits == rest.Length)
        {
            return false;
        }
        for (var i = 0; i < MaximumFraction; i++)
        {
            micros = (micros * 10) + (i < digits ? rest[i] - '0' : 0);
        }
        rest = rest[digits..];
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<char> rest, out int minutes)
    {
        minutes = 0;
        if (rest is "Z" or "z")
        {
            return true;
        }
        if (rest.Length != 6 || rest[0] is not ('+' or '-')
            || !TimeOnly.TryParseExact(rest[1..], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var offset))
        {
            return false;
        }
        minutes = ((offset.Hour * 60) + offset.Minute) * (rest[0] == '-' ? -1 : 1);
        return true;
    }
}

internal sealed class TimestampConverter : JsonConverter<Timestamp>
{
    public override Timestamp Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Timestamp.TryParse(reader.GetString(), out var time) ? time : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, Timestamp value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
