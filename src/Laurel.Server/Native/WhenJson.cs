using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Rules;

namespace Laurel.Server.Native;

/// <summary>What a rule counts, and to which number: one kind, with the members that belong to it.</summary>
internal sealed class WhenJson
{
    private const string Kinds =
        "A rule counts one thing: each; count, alone or with within or per; distinctSubjects; sum with reaches; firstIn; streak with unit; "
        + "holding, alone or with atLeast.";

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TargetJson? Each { get; set; }

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TargetJson? Count { get; set; }

    /// <summary>A duration, as <c>P7D</c>; see <see cref="Duration"/>.</summary>
    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Within { get; set; }

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PeriodJson? Per { get; set; }

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TargetJson? DistinctSubjects { get; set; }

    /// <summary>The path of the property.</summary>
    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sum { get; set; }

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TargetJson? Reaches { get; set; }

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PeriodJson? FirstIn { get; set; }

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TargetJson? Streak { get; set; }

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Unit { get; set; }

    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<long>? Holding { get; set; }

    /// <summary>By default all of them.</summary>
    [DisallowNull]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TargetJson? AtLeast { get; set; }

    /// <summary>The condition, and the number to which it counts.</summary>
    public Outcome<(Condition Condition, TargetJson Target)> ToCondition() => Named() switch
    {
        "each" when Each is { Number: null } => (new Condition.Each(), TargetJson.One),
        "count" => (new Condition.Count(), Count!),
        "count within" => Duration.TryParse(Within, out var window)
            ? (new Condition.CountWithin(window), Count!)
            : Refusal.Invalid("when.within", "A duration is days, hours, minutes and seconds, as P7D and PT1H30M."),
        "count per" => Per!.ToPeriod("when.per").Map<(Condition, TargetJson)>(period => (new Condition.CountPer(period), Count!)),
        "distinctSubjects" => (new Condition.DistinctSubjects(), DistinctSubjects!),
        "sum reaches" => (new Condition.Sum(Sum!), Reaches!),
        "firstIn" => FirstIn!.ToPeriod("when.firstIn").Map<(Condition, TargetJson)>(period => (new Condition.FirstIn(period), TargetJson.One)),
        "streak unit" => PeriodUnits.Of(Unit) is { } unit
            ? (new Condition.Streak(unit), Streak!)
            : Refusal.Invalid("when.unit", "A streak is of days or weeks."),
        "holding" => (new Condition.Holding(Holding!), new TargetJson(Holding!.Count)),
        "holding atLeast" => (new Condition.Holding(Holding!), AtLeast!),
        _ => Refusal.Invalid("when", Kinds),
    };

    private string Named() => string.Join(' ', new[]
    {
        (Each is not null, "each"), (Count is not null, "count"), (Within is not null, "within"), (Per is not null, "per"),
        (DistinctSubjects is not null, "distinctSubjects"), (Sum is not null, "sum"), (Reaches is not null, "reaches"), (FirstIn is not null, "firstIn"),
        (Streak is not null, "streak"), (Unit is not null, "unit"), (Holding is not null, "holding"), (AtLeast is not null, "atLeast"),
    }.Where(member => member.Item1).Select(member => member.Item2));

    public static WhenJson From(RuleDraft draft)
    {
        var target = new TargetJson(draft.Tiers.Count == 1 ? draft.Tiers[0].Target : null);
        return draft.Condition switch
        {
            Condition.Each => new() { Each = TargetJson.True },
            Condition.Count => new() { Count = target },
            Condition.CountWithin within => new() { Count = target, Within = Duration.Format(within.Window) },
            Condition.CountPer per => new() { Count = target, Per = PeriodJson.From(per.Period) },
            Condition.DistinctSubjects => new() { DistinctSubjects = target },
            Condition.Sum sum => new() { Sum = sum.Property, Reaches = target },
            Condition.FirstIn first => new() { FirstIn = PeriodJson.From(first.Period) },
            Condition.Streak streak => new() { Streak = target, Unit = PeriodUnits.Word(streak.Unit) },
            Condition.Holding holding => new() { Holding = holding.Badges, AtLeast = target },
            _ => throw new UnreachableException("A condition has no cases but its own."),
        };
    }
}

/// <summary>A number, or <c>true</c> where the tiers say it.</summary>
[JsonConverter(typeof(TargetConverter))]
internal sealed record TargetJson(decimal? Number)
{
    public static readonly TargetJson True = new((decimal?)null);

    public static readonly TargetJson One = new(1);

    /// <summary>The number without zeros at the end of its fraction: 10 and not 10.0.</summary>
    public static decimal Plain(decimal number) => number / 1.0000000000000000000000000000m;
}

internal sealed class TargetConverter : JsonConverter<TargetJson>
{
    public override TargetJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.True => TargetJson.True,
        JsonTokenType.Number when reader.TryGetDecimal(out var number) => new TargetJson(TargetJson.Plain(number)),
        _ => throw new JsonException(),
    };

    public override void Write(Utf8JsonWriter writer, TargetJson value, JsonSerializerOptions options)
    {
        if (value.Number is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteBooleanValue(true);
        }
    }
}
