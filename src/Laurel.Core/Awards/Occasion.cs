using System.Diagnostics;

namespace Laurel.Core.Awards;

/// <summary>What makes one award of a badge distinct from the next. Two awards of one badge to one user with the same
/// occasion are the same award: the second is a no-op. The key is stored in the ledger's primary key and compared
/// byte by byte; its forms are "", "s:" + subject, "a:" + action id, "p:" + first day as yyyy-MM-dd, "i:" and "m:" + award id.</summary>
public readonly record struct Occasion(string Key)
{
    /// <summary>The occasion of an award, or null when the recurrence needs a subject or an action that is missing
    /// (an empty subject is a missing one).</summary>
    /// <param name="recurrence">The badge's.</param>
    /// <param name="zone">The issuer's zone; it decides the period.</param>
    /// <param name="awardedAtMicros">The award's own time, microseconds since 1970 UTC, never the time of the request.</param>
    /// <param name="subject">What the award is about, if anything.</param>
    /// <param name="actionId">The action that earned it, if any.</param>
    /// <param name="awardId">The award's own id, drawn before it is queued.</param>
    /// <exception cref="ArgumentException">The recurrence is a period and the zone is not known.</exception>
    public static Occasion? Of(
        Recurrence recurrence, string zone, long awardedAtMicros, string? subject, long? actionId, long awardId) => recurrence switch
    {
        Recurrence.Once => new Occasion(""),
        Recurrence.PerSubject => string.IsNullOrEmpty(subject) ? null : new Occasion($"s:{subject}"),
        Recurrence.PerAction => actionId is { } action ? new Occasion($"a:{action}") : null,
        Recurrence.PerPeriod every => new Occasion($"p:{every.PeriodStart(awardedAtMicros, zone):yyyy-MM-dd}"),
        Recurrence.Always => new Occasion($"i:{awardId}"),
        _ => throw new UnreachableException("A recurrence has no cases but its own."),
    };

    /// <summary>The occasion of a manual award whose natural occasion is already held.</summary>
    public static Occasion Manual(long awardId) => new($"m:{awardId}");

    /// <summary>Whether the award's occasion is of itself alone, as where a badge can always be earned.</summary>
    internal static bool IsOwn(Award award) => award.Occasion.StartsWith("i:", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Key;
}
