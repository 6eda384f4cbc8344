using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Awards;

namespace Laurel.Server.Native;

/// <summary>A recurrence on the wire: the name of one, or a period as an object.</summary>
[JsonConverter(typeof(RecurrenceConverter))]
internal sealed record RecurrenceJson(string? Name, PeriodJson? Period)
{
    public static readonly RecurrenceJson Once = new("once", null);

    public static RecurrenceJson From(Recurrence recurrence) => recurrence switch
    {
        Recurrence.Once => Once,
        Recurrence.PerSubject => new("perSubject", null),
        Recurrence.PerAction => new("perAction", null),
        Recurrence.Always => new("always", null),
        Recurrence.PerPeriod period => new(null, PeriodJson.From(period)),
        _ => throw new System.Diagnostics.UnreachableException("A recurrence has no cases but its own."),
    };

    public Outcome<Recurrence> ToRecurrence() => Name switch
    {
        "once" => new Recurrence.Once(),
        "perSubject" => new Recurrence.PerSubject(),
        "perAction" => new Recurrence.PerAction(),
        "always" => new Recurrence.Always(),
        null when Period is { } period => period.ToPeriod("recurrence").Map<Recurrence>(made => made),
        _ => Refusal.Invalid("recurrence", "A recurrence is once, perSubject, perAction, always, or a period."),
    };

}

internal sealed class PeriodJson
{
    public required int Every { get; set; }
    public required string Unit { get; set; }
    public required string Anchor { get; set; }

    public static PeriodJson From(Recurrence.PerPeriod period) => new()
    {
        Every = period.Every,
        Unit = PeriodUnits.Word(period.Unit),
        Anchor = period.Anchor.ToString("O", CultureInfo.InvariantCulture),
    };

    /// <param name="field">The member that it is.</param>
    public Outcome<Recurrence.PerPeriod> ToPeriod(string field)
    {
        if (!DateOnly.TryParseExact(Anchor, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var anchor))
        {
            return Refusal.Invalid($"{field}.anchor", "An anchor is a date: yyyy-MM-dd.");
        }
        return PeriodUnits.Of(Unit) is { } unit && Recurrence.TryCreatePeriod(Every, unit, anchor, out var made)
            ? made
            : Refusal.Invalid(field, "A period is 1 to 1000 of day, week or month.");
    }
}

internal static class PeriodUnits
{
    public static string Word(PeriodUnit unit) => unit switch
    {
        PeriodUnit.Day => "day",
        PeriodUnit.Week => "week",
        PeriodUnit.Month => "month",
    };

    public static PeriodUnit? Of(string? word) => word switch
    {
        "day" => PeriodUnit.Day,
        "week" => PeriodUnit.Week,
        "month" => PeriodUnit.Month,
        _ => null,
    };
}

internal sealed class RecurrenceConverter : JsonConverter<RecurrenceJson>
{
    public override RecurrenceJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => new(reader.GetString(), null),
        JsonTokenType.StartObject => new(null, JsonSerializer.Deserialize(ref reader, NativeJson.Strict.PeriodJson)),
        _ => throw new JsonException(),
    };

    public override void Write(Utf8JsonWriter writer, RecurrenceJson value, JsonSerializerOptions options)
    {
        if (value.Period is { } period)
        {
            JsonSerializer.Serialize(writer, period, NativeJson.Strict.PeriodJson);
        }
        else
        {
            writer.WriteStringValue(value.Name);
        }
    }
}
