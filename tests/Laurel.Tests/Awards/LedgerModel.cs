using Laurel.Core.Awards;

namespace Laurel.Tests.Awards;

/// <summary>A naive ledger in memory, written from the contract alone: it shares no computation with Core, only the names of
/// outcomes. Slow and obvious on purpose.</summary>
internal sealed class LedgerModel
{
    private const long Micros = 1_000_000;

    public List<Row> Standing { get; } = [];

    public List<Gone> History { get; } = [];

    public Dictionary<long, ModelBadge> Badges { get; } = [];

    public HashSet<long> Users { get; } = [];

    /// <summary>When a user was last at an issuer.</summary>
    public Dictionary<(long Issuer, long User), long> Visits { get; } = [];

    public sealed record Row(long Id, long User, long Badge, string Occasion, long At, string? Subject, long? Action, string? Payload);

    public sealed class Gone
    {
        public required Row Row { get; init; }

        public required RemovalKind Kind { get; init; }

        public bool Lifted { get; set; }
    }

    public sealed class ModelBadge
    {
        public required long Issuer { get; init; }

        public required ModelZone Zone { get; init; }

        public required ModelRecurrence Recurrence { get; set; }

        public bool Enabled { get; set; } = true;

        public bool Awarded { get; set; }
    }

    /// <summary>What a request came to; <paramref name="Award"/> is the award that stands for it.</summary>
    public sealed record Answer(string Kind, Row? Award = null);

    public Answer Award(Row asked, bool manual, bool automatic, bool visit, long now)
    {
        var badge = Badges[asked.Badge];
        if (Refused(asked, badge, ignoreDisabled: manual, now) is { } refused)
        {
            return refused;
        }
        var row = asked with { Occasion = OccasionOf(badge, asked)! };
        badge.Awarded = true;
        if (manual)
        {
            if (AtKey(row) is not null)
            {
                row = row with { Occasion = $"m:{row.Id}" };
            }
            foreach (var gone in History.Where(g => SameKey(g.Row, row) && g.Kind == RemovalKind.Revoke))
            {
                gone.Lifted = true;
            }
        }
        else if (Obstacle(row, automatic) is { } obstacle)
        {
            return obstacle;
        }
        Standing.Add(row);
        if (visit)
        {
            Visit(badge.Issuer, row.User, now);
        }
        return new Answer("Created", row);
    }

    public Answer Import(Row asked, long now)
    {
        var badge = Badges[asked.Badge];
        if (Refused(asked, badge, ignoreDisabled: true, now) is { } refused)
        {
            return refused;
        }
        var row = asked with { Occasion = OccasionOf(badge, asked)! };
        var before = Standing.SingleOrDefault(s => s.User == row.User && s.Id == row.Id);
        if (before is null)
        {
            badge.Awarded = true;
            if (Obstacle(row, automatic: false) is { } obstacle)
            {
                return obstacle.Kind == "Held" ? new Answer("OccasionHeld") : obstacle;
            }
            Standing.Add(row);
            return new Answer("Created", row);
        }
        if (before.Badge == row.Badge && before.Occasion == $"m:{row.Id}")
        {
            row = row with { Occasion = before.Occasion };
        }
        if (before.Badge == row.Badge && before.Occasion == row.Occasion && before.At == row.At && before.Subject == row.Subject)
        {
            Standing[Standing.IndexOf(before)] = row;
            return new Answer("Held", row);
        }
        badge.Awarded = true;
        Standing.Remove(before);
        if (!SameKey(before, row) && Obstacle(row, automatic: false) is { } hindered)
        {
            Standing.Add(before);
            return hindered.Kind == "Held" ? new Answer("OccasionHeld") : hindered;
        }
        History.Add(new Gone { Row = before, Kind = RemovalKind.Reset });
        Standing.Add(row);
        return new Answer("Created", row);
    }

    public int Remove(Func<Row, bool> which, RemovalKind kind)
    {
        var rows = Standing.Where(which).ToList();
        foreach (var row in rows)
        {
            Standing.Remove(row);
            History.Add(new Gone { Row = row, Kind = kind });
        }
        return rows.Count;
    }

    public void Visit(long issuer, long user, long at)
    {
        var before = Visits.GetValueOrDefault((issuer, user), -1);
        Visits[(issuer, user)] = Math.Max(before, at);
    }

    /// <summary>A user's badges, each dated by its earliest standing award.</summary>
    public IEnumerable<Row> Held(long user) => Standing.Where(row => row.User == user)
        .GroupBy(row => row.Badge).Select(rows => rows.OrderBy(row => row.At).ThenBy(row => row.Id).First())
        .OrderBy(row => row.At).ThenBy(row => row.Id);

    public int PastDay(long badge, long now) => Standing.Count(row => row.Badge == badge && InPastDay(row.At, now));

    public int Visitors(long issuer, long now) => Visits.Count(visit => visit.Key.Issuer == issuer && InPastDay(visit.Value, now));

    // The current five minutes and the 287 before them.
    private static bool InPastDay(long at, long now)
    {
        var end = (now - (now % (300 * Micros))) + (300 * Micros);
        return at >= end - (86_400 * Micros) && at < end;
    }

    private Answer? Refused(Row asked, ModelBadge badge, bool ignoreDisabled, long now)
    {
        if (asked.At > now)
        {
            return new Answer("TimeInFuture");
        }
        if (!Users.Contains(asked.User))
        {
            return new Answer("UnknownUser");
        }
        return !badge.Enabled && !ignoreDisabled ? new Answer("Disabled")
            : OccasionOf(badge, asked) is null ? new Answer("OccasionMissing")
            : null;
    }

    private Answer? Obstacle(Row row, bool automatic)
    {
        var standing = AtKey(row);
        if (standing is null && row.Occasion.Length == 0)
        {
            standing = Standing.Where(s => s.User == row.User && s.Badge == row.Badge).OrderBy(s => s.At).ThenBy(s => s.Id).FirstOrDefault();
        }
        if (standing is not null)
        {
            return new Answer("Held", standing);
        }
        return History.Any(gone => SameKey(gone.Row, row) && !gone.Lifted && (automatic || gone.Kind == RemovalKind.Revoke)) ? new Answer("Revoked") : null;
    }

    private Row? AtKey(Row row) => Standing.SingleOrDefault(standing => SameKey(standing, row));

    private static bool SameKey(Row a, Row b) => a.User == b.User && a.Badge == b.Badge && a.Occasion == b.Occasion;

    private static string? OccasionOf(ModelBadge badge, Row asked) => badge.Recurrence.Kind switch
    {
        ModelRecurrence.Once => "",
        ModelRecurrence.PerSubject => asked.Subject is null ? null : "s:" + asked.Subject,
        ModelRecurrence.PerAction => asked.Action is null ? null : "a:" + asked.Action,
        ModelRecurrence.Always => "i:" + asked.Id,
        _ => "p:" + badge.Recurrence.FirstDayOf(badge.Zone.Local(asked.At)).ToString("yyyy-MM-dd"),
    };
}

/// <summary>A recurrence as the model knows it. Periods are found by walking from the anchor, one after the other.</summary>
internal sealed record ModelRecurrence(string Kind, int Every = 0, DateTime Anchor = default)
{
    public const string Once = "once";
    public const string PerSubject = "perSubject";
    public const string PerAction = "perAction";
    public const string Always = "always";

    public static readonly ModelRecurrence[] All =
    [
        new(Once), new(PerSubject), new(PerAction), new(Always), new("day", 1, new(2026, 1, 1)), new("week", 1, new(2023, 3, 17)),
        new("month", 1, new(2023, 1, 31)), new("day", 3, new(2030, 6, 1)), new("month", 2, new(2027, 12, 30)),
    ];

    public DateTime FirstDayOf(DateTime local)
    {
        var k = 0;
        while (Start(k) > local.Date)
        {
            k--;
        }
        while (Start(k + 1) <= local.Date)
        {
            k++;
        }
        return Start(k);
    }

    private DateTime Start(int k) => Kind switch
    {
        "day" => Anchor.AddDays(k * Every),
        "week" => Anchor.AddDays(k * Every * 7),
        _ => Anchor.AddMonths(k * Every),
    };

    public Recurrence ToCore() => Kind switch
    {
        Once => new Recurrence.Once(),
        PerSubject => new Recurrence.PerSubject(),
        PerAction => new Recurrence.PerAction(),
        Always => new Recurrence.Always(),
        "day" => new Recurrence.PerPeriod(Every, PeriodUnit.Day, DateOnly.FromDateTime(Anchor)),
        "week" => new Recurrence.PerPeriod(Every, PeriodUnit.Week, DateOnly.FromDateTime(Anchor)),
        _ => new Recurrence.PerPeriod(Every, PeriodUnit.Month, DateOnly.FromDateTime(Anchor)),
    };
}

/// <summary>A zone whose rule for the years of these tests is written down here, not looked up.</summary>
internal sealed record ModelZone(string Id, int Minutes, bool NorthAmericanSummer = false)
{
    public static readonly ModelZone[] All =
    [
        new("UTC", 0), new("Asia/Kathmandu", 345), new("Pacific/Kiritimati", 840), new("Pacific/Marquesas", -570),
        new("America/St_Johns", -210, NorthAmericanSummer: true),
    ];

    public DateTime Local(long micros)
    {
        var utc = new DateTime(1970, 1, 1).AddTicks(micros * 10);
        var local = utc.AddMinutes(Minutes);
        if (!NorthAmericanSummer)
        {
            return local;
        }
        // From 2:00 on March's second Sunday to 2:00 (summer time) on November's first.
        var begin = Sunday(local.Year, 3, 2).AddHours(2);
        var end = Sunday(local.Year, 11, 1).AddHours(1);
        return local >= begin && local < end ? local.AddHours(1) : local;
    }

    private static DateTime Sunday(int year, int month, int which)
    {
        var day = new DateTime(year, month, 1);
        while (day.DayOfWeek != DayOfWeek.Sunday)
        {
            day = day.AddDays(1);
        }
        return day.AddDays(7 * (which - 1));
    }
}
