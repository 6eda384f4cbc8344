namespace Laurel.Core.Awards;

/// <summary>How a user stands with a badge, as its lines tell it.</summary>
public enum AwardState
{
    /// <summary>No award stands.</summary>
    Never,

    /// <summary>Awarded, and not to be earned again now: in the current period, or for good.</summary>
    Held,

    /// <summary>Awarded, and to be earned again now.</summary>
    Again,
}

/// <summary>What a recurrence says of a day: whether the badge can be earned then, and from when on.</summary>
public static class Obtainability
{
    /// <param name="recurrence">The badge's.</param>
    /// <param name="last">The day of the user's last award, in the issuer's zone; null without one.</param>
    /// <param name="today">The day in the issuer's zone.</param>
    public static AwardState State(Recurrence recurrence, DateOnly? last, DateOnly today) => (recurrence, last) switch
    {
        (_, null) => AwardState.Never,
        (Recurrence.Once, _) => AwardState.Held,
        (Recurrence.PerPeriod period, { } day) => day < Period.Start(period, today) ? AwardState.Again : AwardState.Held,
        _ => AwardState.Again,
    };

    /// <summary>The first day on which the badge can be earned next: the start of the next period, today where there is no period,
    /// null where it cannot be earned any more (a period that begins after the year 9999 counts as that).</summary>
    /// <param name="recurrence">The badge's.</param>
    /// <param name="isHeld">Whether the user has an award of it.</param>
    /// <param name="today">The day in the issuer's zone.</param>
    public static DateOnly? Next(Recurrence recurrence, bool isHeld, DateOnly today) => recurrence switch
    {
        Recurrence.Once => isHeld ? null : today,
        Recurrence.PerPeriod period => Period.NextStart(period, today),
        _ => today,
    };
}
