namespace Laurel.Core.Awards;

/// <summary>Asks that a user be awarded a badge. Times in microseconds since 1970 UTC.</summary>
public sealed record AwardRequest(long UserId, long BadgeId, AwardSource Source)
{
    /// <summary>What the award is about; at most 512 bytes of UTF-8.</summary>
    public string? Subject { get; init; }

    /// <summary>The action that earned it.</summary>
    public long? ActionId { get; init; }

    /// <summary>Any JSON; at most 16 KiB, nested at most 16 deep.</summary>
    public string? Payload { get; init; }

    /// <summary>By default now; never in the future.</summary>
    public long? AwardedAt { get; init; }

    /// <summary>An administrator's own decision: lifts a revocation, and duplicates where the natural occasion is held.</summary>
    public bool Manual { get; init; }

    /// <summary>A manual award of somebody who is no administrator: a revocation refuses it.</summary>
    internal bool RespectsRevocation { get; init; }

    /// <summary>A manual award that lacks the subject or action which its natural occasion needs takes one of its own.</summary>
    internal bool MayLackOccasion { get; init; }

    /// <summary>Counts as a visit of the user to the badge's issuer.</summary>
    public bool IsVisit { get; init; }
}

/// <summary>Why an award was refused.</summary>
public enum AwardRefusal
{
    UnknownPlace,
    UnknownBadge,
    UnknownUser,
    UnknownAction,

    /// <summary>The badge does not recognise actions of this type.</summary>
    NotRecognised,

    /// <summary>The place is not of the badge's issuer.</summary>
    PlaceMayNotAward,

    /// <summary>The caller's key may not award this badge.</summary>
    Forbidden,
    Disabled,

    /// <summary>The badge's recurrence needs a subject or an action, and none was given.</summary>
    OccasionMissing,

    /// <summary>An award was revoked, and only a manual award lifts that.</summary>
    Revoked,

    /// <summary>An import wants an occasion that another award holds.</summary>
    OccasionHeld,

    /// <summary>An import's id lies in the range that Laurel hands out.</summary>
    IdReserved,
    TimeInFuture,
    InvalidTime,
    InvalidSubject,
    InvalidAction,
    InvalidPayload,

    /// <summary>The database refused this one row.</summary>
    NotStorable,
}

/// <summary>Why a removal was refused.</summary>
public enum RemovalRefusal
{
    UnknownBadge,
    Forbidden,
}

/// <summary>What came of an award request: a new award, the standing one, or a refusal.</summary>
public readonly record struct AwardOutcome
{
    public AwardRefusal? Refusal { get; private init; }

    /// <summary>The award that stands now; null when refused, or held by one that has been removed since.</summary>
    public Award? Award { get; private init; }

    /// <summary>True when this request made it.</summary>
    public bool Created { get; private init; }

    internal static AwardOutcome Refused(AwardRefusal refusal) => new() { Refusal = refusal };

    internal static AwardOutcome Made(Award award) => new() { Award = award, Created = true };

    internal static AwardOutcome Held(Award award) => new() { Award = award };
}
