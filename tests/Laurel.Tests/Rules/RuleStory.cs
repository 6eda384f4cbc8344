using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Laurel.Core;
using Laurel.Tests.Awards;

namespace Laurel.Tests.Rules;

/// <summary>What happens in a story.</summary>
internal enum What
{
    Act,
    Travel,
    Award,
    Remove,
    Redefine,
}

/// <summary>What stories may hold.</summary>
internal sealed record Plot
{
    /// <summary>Actions come late, again, and too late.</summary>
    public bool Late { get; init; }

    /// <summary>Several come at once.</summary>
    public bool Together { get; init; }

    /// <summary>A moderator removes awards.</summary>
    public bool Removals { get; init; }

    /// <summary>Others award too.</summary>
    public bool Awards { get; init; }

    /// <summary>Rules change.</summary>
    public bool Changes { get; init; }

    /// <summary>Rules look at who holds what the others award.</summary>
    public bool Sets { get; init; }
}

/// <summary>One thing of a story, in small numbers that <see cref="Timeline"/> gives a meaning.</summary>
internal sealed record Step(What What, int User, int Gap, int Delay, int Repeat, int Subject, int Choice);

/// <summary>A rule of a story.</summary>
internal sealed record RulePlan(int ConditionNumber, int RecurrenceNumber, int Target, int Choice)
{
    public ModelCondition Condition => ModelCondition.All[ConditionNumber % ModelCondition.All.Length];

    public ModelRecurrence Recurrence => ModelRecurrence.All[RecurrenceNumber % ModelRecurrence.All.Length];

    public decimal[] Targets =>
        Condition.CountsOnlyOne ? [1]
        : Choice % 3 == 0 ? [FirstTarget, FirstTarget + 1 + (Choice % 2)]
        : [FirstTarget];

    private decimal FirstTarget => Condition.Kind == ModelCondition.Sum ? Target * 1.25m : Target;

    public bool OfOwners => Choice % 5 == 4;

    public int? Level => Choice % 4 == 1 ? 2 : null;

    public bool CountsAllTypes => Choice % 4 >= 2;

    /// <summary>Valid only from and until certain actions.</summary>
    public bool IsBounded => Choice % 7 == 6;

    public override string ToString() => $"{Condition}, {string.Join(" and ", Targets.Select(Number))}, {Recurrence.Kind} {Recurrence.Every}"
        + (OfOwners ? ", for owners" : "") + (Level is null ? "" : ", from level 2") + (CountsAllTypes ? ", all types" : "") + (IsBounded ? ", bounded" : "");

    private static string Number(decimal number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A case: who there is, what is counted, what happens. Printed as a timeline.</summary>
internal sealed record Story(int Start, int Issuer, int[] Users, RulePlan[] Rules, Step[] Steps, bool Sets)
{
    public static Arbitrary<Story> Of(Plot plot)
    {
        var what = Gen.Frequency(
            (30, Gen.Constant(What.Act)), (3, Gen.Constant(What.Travel)), (plot.Awards ? 3 : 0, Gen.Constant(What.Award)),
            (plot.Removals ? 5 : 0, Gen.Constant(What.Remove)), (plot.Changes ? 1 : 0, Gen.Constant(What.Redefine)));
        // Late actions are near each other: what is further apart than the lateness cannot come in another order.
        var gap = plot.Late
            ? Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Constant(1)), (4, Gen.Constant(2)), (8, Gen.Constant(3)), (6, Gen.Constant(4)), (6, Gen.Choose(0, 16)))
            : Gen.Choose(0, 16);
        var delay = plot.Late ? Gen.Frequency((3, Gen.Constant(0)), (8, Gen.Choose(0, 8))) : Gen.Constant(0);
        var step =
            from kind in what
            from user in Gen.Frequency((4, Gen.Constant(0)), (2, Gen.Constant(1)), (1, Gen.Constant(2)))
            from gaps in gap
            from late in delay
            from repeat in plot.Late ? Gen.Choose(0, 11) : Gen.Constant(0)
            from subject in Gen.Frequency((1, Gen.Constant(0)), (4, Gen.Choose(1, 3)))
            from choice in Gen.Choose(0, 999)
            select new Step(kind, user, gaps, late, repeat, subject, plot.Together ? choice : choice - (choice % 3) + 1);
        var rule =
            from condition in Gen.Choose(0, ModelCondition.All.Length - 1)
            from recurrence in Gen.Choose(0, ModelRecurrence.All.Length - 1)
            from target in Gen.Frequency((1, Gen.Constant(1)), (3, Gen.Constant(2)), (3, Gen.Constant(3)), (1, Gen.Constant(5)))
            from choice in Gen.Choose(0, 419)
            select new RulePlan(condition, recurrence, target, choice);
        var story =
            from start in Gen.Choose(0, Timeline.Starts.Length - 1)
            from issuer in Gen.Choose(0, Timeline.Zones.Length - 1)
            from users in Gen.Choose(0, Timeline.Zones.Length - 1).ArrayOf().Where(zones => zones.Length is >= 1 and <= 3)
            from rules in rule.ArrayOf(4)
            from steps in Gen.Choose(1, 30).SelectMany(length => step.ArrayOf(length))
            select new Story(start, issuer, users, rules, steps, plot.Sets);
        return Arb.From(story, Bounded);
    }

    // A story that fails shows a short one within a minute, or the shortest found by then.
    private static Func<Story, IEnumerable<Story>> Bounded
    {
        get
        {
            var shrinking = new System.Diagnostics.Stopwatch();
            return story =>
            {
                shrinking.Start();
                return story.Shorter().TakeWhile(_ => shrinking.Elapsed < TimeSpan.FromSeconds(30));
            };
        }
    }

    private IEnumerable<Story> Shorter()
    {
        for (var i = 0; i < Rules.Length && Rules.Length > 1; i++)
        {
            yield return this with { Rules = [Rules[i]] };
        }
        for (var i = 0; i < Rules.Length && Rules.Length > 1; i++)
        {
            yield return this with { Rules = [.. Rules[..i], .. Rules[(i + 1)..]] };
        }
        for (var size = Steps.Length / 2; size > 0; size /= 2)
        {
            for (var from = 0; from + size <= Steps.Length; from += size)
            {
                yield return this with { Steps = [.. Steps[..from], .. Steps[(from + size)..]] };
            }
        }
        if (Users.Length > 1)
        {
            yield return this with { Users = Users[..^1] };
        }
        for (var i = 0; i < Steps.Length; i++)
        {
            var step = Steps[i];
            foreach (var simpler in new[] { step with { Repeat = 0 }, step with { Delay = 0 }, step with { User = 0 }, step with { Choice = 1 } })
            {
                if (simpler != step)
                {
                    yield return this with { Steps = [.. Steps[..i], simpler, .. Steps[(i + 1)..]] };
                }
            }
        }
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"issuer in {Timeline.ZoneOfIssuer(this)}, users in {string.Join(", ", Users.Select(zone => Timeline.Zones[zone] ?? "no zone"))}{(Sets ? ", sets" : "")}");
        foreach (var (rule, number) in Rules.Select((rule, number) => (rule, number)))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"rule {number}: {rule}");
        }
        foreach (var happening in Timeline.Of(this))
        {
            text.AppendLine(happening.ToString());
        }
        return text.ToString();
    }
}

/// <summary>Something that happens at a time. Users and actions are numbered within the story.</summary>
internal sealed record Happening(long At, int Number, Step Step, bool JoinsNext)
{
    public int User { get; init; }

    /// <summary>What is told then; null where something else happens.</summary>
    public Telling? Told { get; init; }

    public override string ToString() => $"{Timeline.Text(At)} {(Told is { } told ? $"told: {told}{(JoinsNext ? ", with the next" : "")}" : $"{Step.What} user {User} choice {Step.Choice}")}";
}

/// <summary>An action as it is told.</summary>
internal sealed record Telling(int Action, bool IsOther, int Actor, int? Owner, string? Subject, decimal? Amount, int Level, long At)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"action {Action} by {Actor}{(IsOther ? " of the other type" : "")} owner {Owner} subject {Subject ?? "-"} points {Amount} level {Level} at {Timeline.Text(At)}");
}

/// <summary>When the steps of a story happen, and what is told of them when.</summary>
internal static class Timeline
{
    public const long Lateness = 3600 * Clock.Second;

    private const int Actions = 127;

    public static readonly string?[] Zones =
        [null, "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Pacific/Honolulu", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago"];

    /// <summary>Before what calendars stumble over.</summary>
    public static readonly long[] Starts =
    [
        Utc(2026, 3, 7, 20), Utc(2026, 3, 8, 6), Utc(2026, 3, 28, 22), Utc(2026, 3, 29, 0), Utc(2026, 10, 24, 21), Utc(2026, 10, 25, 0),
        Utc(2026, 10, 31, 22), Utc(2026, 11, 1, 5), Utc(2028, 2, 28, 12), Utc(2028, 2, 29, 22), Utc(2027, 1, 30, 23), Utc(2027, 2, 27, 12),
        Utc(2026, 4, 4, 11), Utc(2026, 9, 26, 11), Utc(2026, 12, 31, 20), Utc(2026, 6, 28, 10),
    ];

    // -2, 10^12 and one that is too large among them.
    private static readonly decimal?[] Amounts = [null, 1, 1.5m, 1.25m, 2, -2, -0.5m, 1_000_000_000_001m, 1_000_000_000_000m, 1, 0];

    private static readonly long[] Delays =
        [0, 1, 60 * Clock.Second, 600 * Clock.Second, 1800 * Clock.Second, 2400 * Clock.Second, Lateness - 1, Lateness, Lateness + 1];

    public static string ZoneOfIssuer(Story story) => Zones[story.Issuer] ?? "UTC";

    public static IReadOnlyList<Happening> Of(Story story)
    {
        var found = new List<Happening>();
        var now = Starts[story.Start];
        for (var i = 0; i < story.Steps.Length; i++)
        {
            var step = story.Steps[i];
            var user = step.User % story.Users.Length;
            now = Next(now, step);
            if (step.What != What.Act)
            {
                // Never in the same microsecond as an action: what was first then is nobody's promise.
                found.Add(new Happening(++now, i, step, false) { User = user });
                now++;
                continue;
            }
            var told = new Telling((((i * 37) + story.Start) % Actions) + 1, step.Choice % 6 == 5, user, Owner(step, story), step.Subject == 0 ? null : $"post:{step.Subject}",
                Amounts[step.Choice % Amounts.Length], step.Choice % 5, i == 0 && step.Choice % 4 == 0 ? now - 1 : now);
            found.Add(new Happening(now + Delays[step.Delay], i, step, step.Choice % 3 == 0) { User = user, Told = told });
            if (step.Repeat is > 0 and < 4)
            {
                found.Add(new Happening(now + Delays[step.Delay] + Delays[step.Repeat], i, step, step.Choice % 3 == 0) { User = user, Told = told });
            }
        }
        return [.. found.OrderBy(each => each.At).ThenBy(each => each.Number)];
    }

    private static int? Owner(Step step, Story story) => (step.Choice / 7 % 4) switch
    {
        0 => null,
        1 => 0,
        2 => step.User % story.Users.Length,
        // May be nobody.
        _ => step.Choice % 4,
    };

    private static long Next(long now, Step step) => now + step.Gap switch
    {
        0 => 0,
        1 => 1,
        2 => 20 * Clock.Second,
        3 => 7 * 60 * Clock.Second,
        4 => 29 * 60 * Clock.Second,
        5 => 3600 * Clock.Second,
        6 => (3600 * Clock.Second) - 1,
        7 => 6 * 3600 * Clock.Second,
        8 => 23 * 3600 * Clock.Second,
        9 => Clock.Day,
        10 => 25 * 3600 * Clock.Second,
        11 => 90_000 * Clock.Second,
        12 => 6 * Clock.Day,
        13 => 29 * Clock.Day,
        _ => ToMidnight(now, Zones[1 + (step.Choice % (Zones.Length - 1))]!) + step.Gap - 15,
    };

    // The next one, 2 µs away at the least.
    private static long ToMidnight(long now, string zone)
    {
        var day = RuleModel.Local(now + 1, zone).Date.AddDays(1);
        var at = NodaTime.DateTimeZoneProviders.Tzdb[zone].AtStartOfDay(NodaTime.LocalDate.FromDateTime(day)).ToInstant().ToUnixTimeTicks() / 10;
        return Math.Max(at - now, 1);
    }

    public static string Text(long at) => Clock.ToTime(at).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    private static long Utc(int year, int month, int day, int hour) => Clock.FromTime(new DateTimeOffset(year, month, day, hour, 0, 0, TimeSpan.Zero));
}
