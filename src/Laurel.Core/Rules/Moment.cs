using Laurel.Core.Awards;

namespace Laurel.Core.Rules;

/// <summary>What a condition sees of an action that matches.</summary>
/// <param name="At">When it happened, in microseconds since 1970 UTC.</param>
/// <param name="ActionId">Which it is; it orders those of one time.</param>
/// <param name="Subject">What it was about.</param>
/// <param name="Amount">What a <see cref="Condition.Sum"/> adds.</param>
internal readonly record struct Moment(long At, long ActionId, string? Subject, decimal Amount = 0)
{
    public Position Position => new(At, ActionId);
}

/// <summary>The calendars that conditions count on: the issuer's, and the user's own, which may change.</summary>
/// <param name="issuer">The zone of the badge's issuer.</param>
/// <param name="user">The user's zones, each from when it was theirs, ascending; empty for a user without one, who has the issuer's.</param>
internal sealed class RuleCalendar(string issuer, IReadOnlyList<(long Since, string Zone)> user)
{
    /// <summary>For conditions that look at none.</summary>
    public static readonly RuleCalendar Utc = new(Zones.Utc, []);

    private readonly ZoneClock _issuer = new(issuer);
    private readonly ZoneClock[] _user = user.Count == 0 ? [new ZoneClock(issuer)] : [.. user.Select(each => new ZoneClock(each.Zone))];

    /// <summary>The number of the first day of the period that holds an instant.</summary>
    public int PeriodStart(Recurrence.PerPeriod period, long at) => Period.Start(period, _issuer.LocalDate(at)).DayNumber;

    /// <summary>The number of the day on which an instant lies, in the zone that was the user's at another.</summary>
    public int Day(long at, long zoneAt)
    {
        var zone = 0;
        while (zone + 1 < _user.Length && user[zone + 1].Since <= zoneAt)
        {
            zone++;
        }
        return _user[zone].LocalDate(at).DayNumber;
    }
}
