using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Tests.Awards;
using NodaTime;

namespace Laurel.Tests.Rules;

/// <summary>What rules count, written from the contract alone: every question scans all actions again. It shares no computation with
/// Core, only the words for what is asked. Slow and obvious on purpose.</summary>
internal static class RuleModel
{
    private const decimal LargestAmount = 1_000_000_000_000m;

    /// <summary>An action that was recorded.</summary>
    public sealed record Deed(long Id, string Type, long Actor, long? Owner, string? Subject, decimal? Amount, int Level, long At, long RecordedAt);

    /// <summary>A zone that was a user's from some time on; null where they had none.</summary>
    public readonly record struct Stay(long Since, string? Zone);

    /// <summary>A rule as it counts since some time.</summary>
    public sealed record Counting(ModelCondition Condition, IReadOnlyList<string> Types, bool OfOwners, int? Level, long From, long Until)
    {
        public string IssuerZone { get; init; } = "UTC";

        public required long Lateness { get; init; }
    }

    /// <summary>That a count reached a target, and with which action; also what else may be awarded for.</summary>
    public sealed record Reaching(long At, long? Action, string? Subject);

    /// <summary>What a user's actions reach, in order.</summary>
    public static IEnumerable<Reaching> Reach(Counting rule, decimal target, long user, IEnumerable<Deed> deeds, IReadOnlyList<Stay> stays)
    {
        var counted = deeds.Where(deed => Counts(rule, user, deed)).OrderBy(deed => deed.At).ThenBy(deed => deed.Id).ToList();
        for (var i = 0; i < counted.Count; i++)
        {
            var (before, after) = rule.Condition.Counts(counted[..i], counted[i], rule.IssuerZone, stays);
            if (before < target && after >= target)
            {
                yield return new Reaching(counted[i].At, counted[i].Id, counted[i].Subject);
            }
        }
    }

    private static bool Counts(Counting rule, long user, Deed deed) =>
        rule.Types.Contains(deed.Type)
        && (rule.OfOwners ? deed.Owner : deed.Actor) == user
        && (rule.Level is not { } level || deed.Level >= level)
        && deed.At >= rule.From && deed.At < rule.Until
        && deed.At >= deed.RecordedAt - rule.Lateness
        && (rule.Condition.Kind != ModelCondition.Subjects || deed.Subject is not null)
        && (rule.Condition.Kind != ModelCondition.Sum || (deed.Amount is { } amount && Math.Abs(amount) <= LargestAmount));

    /// <summary>Which award of a badge a reaching is; null where it is none.</summary>
    public static string? OccasionOf(ModelRecurrence recurrence, string zone, Reaching reaching) => recurrence.Kind switch
    {
        ModelRecurrence.Once => "",
        ModelRecurrence.PerSubject => reaching.Subject is null ? null : "s:" + reaching.Subject,
        ModelRecurrence.PerAction or ModelRecurrence.Always => "a:" + reaching.Action,
        _ => "p:" + recurrence.FirstDayOf(Local(reaching.At, zone)).ToString("yyyy-MM-dd"),
    };

    public static DateTime Local(long at, string zone) =>
        Instant.FromUnixTimeTicks(at * 10).InZone(DateTimeZoneProviders.Tzdb[zone]).LocalDateTime.ToDateTimeUnspecified();
}

/// <summary>A condition as the model knows it.</summary>
internal sealed record ModelCondition(string Kind)
{
    public const string Each = "each";
    public const string Count = "count";
    public const string Within = "within";
    public const string Per = "per";
    public const string First = "first";
    public const string Subjects = "subjects";
    public const string Sum = "sum";
    public const string Streak = "streak";

    private static readonly ModelRecurrence Days = new("day", 1, new(2026, 1, 1));
    private static readonly ModelRecurrence Fortnights = new("week", 2, new(2027, 3, 17));
    private static readonly ModelRecurrence Months = new("month", 1, new(2023, 1, 31));
    private static readonly ModelRecurrence Quarters = new("month", 3, new(2030, 8, 30));

    public static readonly ModelCondition[] All =
    [
        new(Each), new(Count), new(Within) { Window = 3_600_000_000 }, new(Within) { Window = 90_000_000_000 }, new(Per) { Period = Days },
        new(Per) { Period = Fortnights }, new(Per) { Period = Months }, new(First) { Period = Days }, new(First) { Period = Quarters },
        new(Subjects), new(Sum), new(Streak), new(Streak) { OfWeeks = true },
    ];

    public long Window { get; init; }

    public ModelRecurrence? Period { get; init; }

    public bool OfWeeks { get; init; }

    /// <summary>Whether its only target is one.</summary>
    public bool CountsOnlyOne => Kind is Each or First;

    /// <summary>The count just before an action, as it stands then, and with it.</summary>
    public (decimal Before, decimal After) Counts(
        IReadOnlyList<RuleModel.Deed> earlier, RuleModel.Deed deed, string zone, IReadOnlyList<RuleModel.Stay> stays)
    {
        IReadOnlyList<RuleModel.Deed> all = [.. earlier, deed];
        switch (Kind)
        {
            case Each:
                return (0, 1);
            case Count:
                return (earlier.Count, all.Count);
            case Within:
                var inside = earlier.Count(each => each.At > deed.At - Window);
                return (inside, inside + 1);
            case Per:
                var same = earlier.Count(each => Start(each, zone) == Start(deed, zone));
                return (same, same + 1);
            case First:
                return (earlier.Any(each => Start(each, zone) == Start(deed, zone)) ? 1 : 0, 1);
            case Subjects:
                return (Different(earlier), Different(all));
            case Sum:
                return (Highest(earlier), Highest(all));
            default:
                return Streaks(earlier, deed, zone, stays);
        }
    }

    private DateTime Start(RuleModel.Deed deed, string zone) => Period!.FirstDayOf(RuleModel.Local(deed.At, zone));

    private static int Different(IEnumerable<RuleModel.Deed> deeds) => deeds.Select(deed => deed.Subject).Distinct(StringComparer.Ordinal).Count();

    // Of all the sums on the way, and of nothing.
    private static decimal Highest(IReadOnlyList<RuleModel.Deed> deeds) =>
        Enumerable.Range(0, deeds.Count + 1).Max(length => deeds.Take(length).Sum(deed => deed.Amount!.Value));

    private (decimal Before, decimal After) Streaks(
        IEnumerable<RuleModel.Deed> earlier, RuleModel.Deed deed, string issuerZone, IReadOnlyList<RuleModel.Stay> stays)
    {
        RuleModel.Deed? last = null;
        var (lastUnit, length) = (0L, 0);
        foreach (var next in earlier)
        {
            (lastUnit, length, _) = Follow(next);
            last = next;
        }
        var (_, after, before) = Follow(deed);
        return (before, after);

        // What is the same day on either calendar is no further day: nobody comes to a longer streak by moving their clock.
        (long Unit, int Length, int Before) Follow(RuleModel.Deed next)
        {
            var zone = ZoneAt(stays, next.At) ?? issuerZone;
            var told = Unit(next.At, zone);
            if (last is null)
            {
                return (told, 1, 0);
            }
            var retold = Unit(last.At, zone);
            var (same, following) = (told <= lastUnit || told <= retold, told == lastUnit + 1 || told == retold + 1);
            return (Math.Max(told, lastUnit), same ? length : following ? length + 1 : 1, same || following ? length : 0);
        }
    }

    private static string? ZoneAt(IEnumerable<RuleModel.Stay> stays, long at) => stays.Last(stay => stay.Since <= at).Zone;

    // 1970-01-05 was a Monday.
    private long Unit(long at, string zone)
    {
        var day = (RuleModel.Local(at, zone).Date - new DateTime(1970, 1, 5)).Days;
        return OfWeeks ? (long)Math.Floor(day / 7.0) : day;
    }

    public Condition ToCore() => Kind switch
    {
        Each => new Condition.Each(),
        Count => new Condition.Count(),
        Within => new Condition.CountWithin(Window),
        Per => new Condition.CountPer((Recurrence.PerPeriod)Period!.ToCore()),
        First => new Condition.FirstIn((Recurrence.PerPeriod)Period!.ToCore()),
        Subjects => new Condition.DistinctSubjects(),
        Sum => new Condition.Sum("points"),
        _ => new Condition.Streak(OfWeeks ? PeriodUnit.Week : PeriodUnit.Day),
    };

    public override string ToString() => Kind + (Window > 0 ? $" {Window / 1_000_000} s" : "") + (Period is null ? "" : $" {Period.Every} {Period.Kind}")
        + (Kind == Streak ? OfWeeks ? " of weeks" : " of days" : "");
}
