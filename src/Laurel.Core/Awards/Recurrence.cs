using System.Diagnostics.CodeAnalysis;

namespace Laurel.Core.Awards;

/// <summary>How often one user may hold one badge. Closed: the nested cases are all there are.
/// Frozen, with its anchor and zone, by the badge's first award.</summary>
public abstract record Recurrence
{
    private Recurrence()
    {
    }

    /// <summary>Once ever.</summary>
    public sealed record Once : Recurrence;

    /// <summary>Once for each subject (a post, a node).</summary>
    public sealed record PerSubject : Recurrence;

    /// <summary>Once for each recorded action.</summary>
    public sealed record PerAction : Recurrence;

    /// <summary>As often as it is awarded.</summary>
    public sealed record Always : Recurrence;

    /// <summary>Once in each period of <see cref="Every"/> units, counted from <see cref="Anchor"/> in both directions.</summary>
    public sealed record PerPeriod : Recurrence
    {
        /// <summary>The longest period, in units.</summary>
        public const int MaxEvery = 1000;

        /// <summary>A period known to be valid.</summary>
        /// <exception cref="ArgumentOutOfRangeException"><paramref name="every"/> is outside 1..1000 or
        /// <paramref name="unit"/> is not a named unit. <see cref="TryCreatePeriod"/> refuses without throwing.</exception>
        public PerPeriod(int every, PeriodUnit unit, DateOnly anchor)
        {
            if (!IsPeriod(every, unit))
            {
                throw new ArgumentOutOfRangeException(nameof(every), $"{every} × {unit} is not a period.");
            }

            (Every, Unit, Anchor) = (every, unit, anchor);
        }

        /// <summary>Length in units, 1..1000.</summary>
        public int Every { get; }

        /// <summary>What <see cref="Every"/> counts.</summary>
        public PeriodUnit Unit { get; }

        /// <summary>The first day of some period, in the issuer's zone.</summary>
        public DateOnly Anchor { get; }

        /// <summary>First day, in the zone, of the period that holds the instant. A period that began before
        /// 0001-01-01 is told as beginning on that day.</summary>
        /// <param name="micros">Microseconds since 1970 UTC.</param>
        /// <param name="zone">A zone that <see cref="Zones.IsKnown"/>.</param>
        /// <exception cref="ArgumentException">The zone is not known.</exception>
        public DateOnly PeriodStart(long micros, string zone) => Period.Start(this, Zones.LocalDate(micros, zone));

        /// <summary>First day, in the zone, of the period after the one that holds the instant; null when it lies
        /// beyond the year 9999.</summary>
        /// <inheritdoc cref="PeriodStart" path="/param|/exception"/>
        public DateOnly? NextPeriodStart(long micros, string zone) => Period.NextStart(this, Zones.LocalDate(micros, zone));
    }

    /// <summary>A period from untrusted numbers; false unless <paramref name="every"/> is 1..1000 and the unit is a named one.</summary>
    public static bool TryCreatePeriod(int every, PeriodUnit unit, DateOnly anchor, [NotNullWhen(true)] out PerPeriod? period)
    {
        period = IsPeriod(every, unit) ? new PerPeriod(every, unit, anchor) : null;
        return period is not null;
    }

    private static bool IsPeriod(int every, PeriodUnit unit) => every is >= 1 and <= PerPeriod.MaxEvery && Enum.IsDefined(unit);
}
