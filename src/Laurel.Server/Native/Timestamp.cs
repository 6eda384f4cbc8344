using System.Globalization;
using System.Text;
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

    /// <summary>In bytes.</summary>
    public const int MaximumLength = 32;

    public static Timestamp? Of(long? micros) => micros is { } known ? new(known) : null;

    public override string ToString()
    {
        Span<byte> utf8 = stackalloc byte[MaximumLength];
        return Encoding.ASCII.GetString(Write(utf8));
    }

    /// <summary>Writes it into what has room for <see cref="MaximumLength"/>.</summary>
    /// <returns>What was written.</returns>
    public ReadOnlySpan<byte> Write(Span<byte> utf8)
    {
        // Seven fraction digits and Z.
        Clock.ToTime(Micros).UtcDateTime.TryFormat(utf8, out var length, "O", CultureInfo.InvariantCulture);
        length = utf8[..(length - 1)].TrimEnd((byte)'0').TrimEnd((byte)'.').Length;
        utf8[length] = (byte)'Z';
        return utf8[..(length + 1)];
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

    public override void Write(Utf8JsonWriter writer, Timestamp value, JsonSerializerOptions options)
    {
        Span<byte> utf8 = stackalloc byte[Timestamp.MaximumLength];
        writer.WriteStringValue(value.Write(utf8));
    }
}
