namespace Laurel.Core.Awards;

/// <summary>What a <see cref="Recurrence.PerPeriod"/> counts in. A week is seven days from the anchor, whatever weekday that is.</summary>
public enum PeriodUnit
{
    /// <summary>Calendar days.</summary>
    Day,

    /// <summary>Blocks of seven calendar days.</summary>
    Week,

    /// <summary>Calendar months, clamped to the month's end where the anchor's day is missing.</summary>
    Month,
}
