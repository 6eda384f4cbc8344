using System.Globalization;
using System.Text.Json;
using Laurel.Core;
using Laurel.Server.Native;

namespace Laurel.Server.Admin.Rules;

/// <summary>A rule as the fields of a form hold it.</summary>
/// <param name="field">The text of a field; empty where there is none.</param>
/// <param name="wrong">Takes a field that cannot be read, and the name of the text that says why.</param>
internal sealed class RuleForm(Func<string, string> field, Action<string, string> wrong)
{
    /// <summary>The fields of a new rule.</summary>
    public static readonly IReadOnlyDictionary<string, string> Empty = new Dictionary<string, string>
    {
        ["kind"] = "count", ["recipient"] = "actor", ["windowUnit"] = "day", ["periodEvery"] = "1", ["periodUnit"] = "week", ["periodAnchor"] = "2026-01-05",
        ["streakUnit"] = "day",
    };

    /// <summary>Where the form shows what the core says of a member.</summary>
    public static readonly IReadOnlyDictionary<string, string> FieldOf = new Dictionary<string, string>
    {
        ["when"] = "kind", ["when.within"] = "windowNumber", ["when.per"] = "periodEvery", ["when.per.anchor"] = "periodAnchor", ["when.firstIn"] = "periodEvery",
        ["when.firstIn.anchor"] = "periodAnchor", ["when.sum"] = "sum", ["when.unit"] = "streakUnit", ["when.streak"] = "streakUnit", ["when.holding"] = "holding",
    };

    private static readonly (string Unit, long Micros)[] Units =
        [("day", Clock.Day), ("hour", 3600 * Clock.Second), ("minute", 60 * Clock.Second), ("second", Clock.Second)];

    public static RuleForm Of(AdminCall call) => new(name => Plain(call.Form[name]), (name, key) => call.Form.Wrong(name, call.Reader[key]));

    // What a browser makes of line breaks is undone.
    private static string Plain(string text) => text.Trim().Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    /// <summary>The fields that hold a rule; null where they cannot hold all of it.</summary>
    public static IReadOnlyDictionary<string, string>? Fields(RuleBody rule)
    {
        var fields = Write(rule);
        var isWrong = false;
        var again = new RuleForm(name => Plain(fields.GetValueOrDefault(name, "")), (_, _) => isWrong = true).Read();
        return !isWrong && Json(again) == Json(rule) ? fields : null;
    }

    private static string Json(RuleBody rule) => JsonSerializer.Serialize(rule, NativeJson.Strict.RuleBody);

    private static Dictionary<string, string> Write(RuleBody rule)
    {
        var fields = new Dictionary<string, string>(Empty)
        {
            ["key"] = rule.Key,
            ["name"] = rule.Name ?? "",
            ["enabled"] = rule.Enabled ? "on" : "",
            ["actions"] = string.Join('\n', rule.Actions),
            ["filter"] = rule.Filter ?? "",
            ["recipient"] = rule.Recipient,
            ["badgeId"] = Told(rule.BadgeId),
            ["tiers"] = string.Join('\n', (rule.Tiers ?? []).Select(tier => string.Create(CultureInfo.InvariantCulture, $"{tier.BadgeId} {tier.At}"))),
            ["validFrom"] = Told(rule.ValidFrom),
            ["validUntil"] = Told(rule.ValidUntil),
            ["maximumRecipients"] = Told(rule.MaximumRecipients),
            ["alarmAfterDays"] = Told(rule.AlarmAfterDays),
        };
        Write(rule.When, fields);
        return fields;
    }

    private static void Write(WhenJson when, Dictionary<string, string> fields)
    {
        fields["kind"] = when switch
        {
            { Each: not null } => "each",
            { Within: not null } => "countWithin",
            { Per: not null } => "countPer",
            { Count: not null } => "count",
            { DistinctSubjects: not null } => "distinctSubjects",
            { Sum: not null } => "sum",
            { FirstIn: not null } => "firstIn",
            { Streak: not null } => "streak",
            _ => "holding",
        };
        fields["target"] = Told((when.Count ?? when.DistinctSubjects ?? when.Reaches ?? when.Streak ?? when.AtLeast)?.Number);
        fields["sum"] = when.Sum ?? "";
        fields["streakUnit"] = when.Unit ?? fields["streakUnit"];
        fields["holding"] = string.Join('\n', (when.Holding ?? []).Select(id => Told(id)));
        if (Duration.TryParse(when.Within, out var window))
        {
            var (unit, micros) = Units.First(unit => window % unit.Micros == 0);
            (fields["windowNumber"], fields["windowUnit"]) = (Told(window / micros), unit);
        }
        if ((when.Per ?? when.FirstIn) is { } period)
        {
            (fields["periodEvery"], fields["periodUnit"], fields["periodAnchor"]) = (Told(period.Every), period.Unit, period.Anchor);
        }
    }

    private static string Told(long? number) => string.Create(CultureInfo.InvariantCulture, $"{number}");

    private static string Told(decimal? number) => string.Create(CultureInfo.InvariantCulture, $"{number}");

    // As a field for dates and times wants it: without the zone, which is UTC.
    private static string Told(Timestamp? time) => time is { } known ? known.ToString().TrimEnd('Z') : "";

    /// <summary>The rule; of no use where a field was wrong.</summary>
    public RuleBody Read()
    {
        var tiers = Tiers();
        // It looks at no actions; what is left in their fields from another kind does not count.
        var isHolding = field("kind") == "holding";
        return new RuleBody
        {
            Key = field("key"),
            Name = Text("name"),
            Enabled = field("enabled").Length > 0,
            Actions = isHolding ? [] : Lines("actions"),
            Filter = isHolding ? null : Text("filter"),
            Recipient = isHolding ? "actor" : field("recipient"),
            When = When(hasTiers: tiers is not null),
            BadgeId = Id("badgeId"),
            Tiers = tiers,
            ValidFrom = Time("validFrom"),
            ValidUntil = Time("validUntil"),
            MaximumRecipients = Whole("maximumRecipients"),
            AlarmAfterDays = Whole("alarmAfterDays"),
        };
    }

    private WhenJson When(bool hasTiers) => field("kind") switch
    {
        "each" => new() { Each = TargetJson.True },
        "count" => new() { Count = Target(hasTiers) },
        "countWithin" => new() { Count = Target(hasTiers), Within = Window() },
        "countPer" => new() { Count = Target(hasTiers), Per = Period() },
        "distinctSubjects" => new() { DistinctSubjects = Target(hasTiers) },
        "sum" => new() { Sum = field("sum"), Reaches = Target(hasTiers) },
        "firstIn" => new() { FirstIn = Period() },
        "streak" => new() { Streak = Target(hasTiers), Unit = field("streakUnit") },
        "holding" when !hasTiers && field("target").Length == 0 => new() { Holding = Held() },
        "holding" => new() { Holding = Held(), AtLeast = Target(hasTiers) },
        _ => new(),
    };

    // With tiers, each has its own.
    private TargetJson Target(bool hasTiers)
    {
        if (hasTiers)
        {
            return TargetJson.True;
        }
        if (IsNumber(field("target"), out var number))
        {
            return new TargetJson(TargetJson.Plain(number));
        }
        wrong("target", "admin.rules.target.wrong");
        return TargetJson.One;
    }

    private static bool IsNumber(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    private string Window()
    {
        var unit = Units.FirstOrDefault(unit => unit.Unit == field("windowUnit"), Units[0]);
        // More digits than any window has.
        if (field("windowNumber") is { Length: > 0 and <= 8 } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= long.MaxValue / unit.Micros)
        {
            return Duration.Format(number * unit.Micros);
        }
        wrong("windowNumber", "admin.form.number");
        return "";
    }

    private PeriodJson Period() => new() { Every = Whole("periodEvery") ?? 0, Unit = field("periodUnit"), Anchor = field("periodAnchor") };

    private List<long> Held()
    {
        var held = new List<long>();
        foreach (var text in field("holding").Split([' ', ',', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TextRules.TryCanonicalId(text, out var id))
            {
                wrong("holding", "admin.form.id");
                break;
            }
            held.Add(id);
        }
        return held;
    }

    // A badge and a number on each line.
    private List<TierJson>? Tiers()
    {
        var lines = Lines("tiers");
        var tiers = new List<TierJson>();
        foreach (var line in lines)
        {
            if (line.Split([' ', ':', '\t'], StringSplitOptions.RemoveEmptyEntries) is not [var badge, var at]
                || !TextRules.TryCanonicalId(badge, out var id) || !IsNumber(at, out var number))
            {
                wrong("tiers", "admin.rules.tiers.wrong");
                break;
            }
            tiers.Add(new TierJson { BadgeId = id, At = number });
        }
        return lines.Count == 0 ? null : tiers;
    }

    private List<string> Lines(string name) => [.. field(name).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private string? Text(string name) => field(name) is { Length: > 0 } text ? text : null;

    private long? Id(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        if (TextRules.TryCanonicalId(text, out var id))
        {
            return id;
        }
        wrong(name, "admin.form.id");
        return null;
    }

    private int? Whole(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }
        wrong(name, "admin.form.number");
        return null;
    }

    private Timestamp? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        if (FormTime.TryParse(text, out var time))
        {
            return time;
        }
        wrong(name, "admin.rules.time.wrong");
        return null;
    }
}
