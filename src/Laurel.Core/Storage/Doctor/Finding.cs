namespace Laurel.Core.Storage;

/// <summary>What the doctor can find wrong.</summary>
public enum FindingKind
{
    /// <summary>The engine's own check of its file, or a table that cannot be read.</summary>
    Integrity,

    /// <summary>A badge's total differs from its standing awards.</summary>
    BadgeTotal,

    /// <summary>A badge's count of one UTC day differs.</summary>
    BadgeDay,

    /// <summary>A badge's count of five minutes within the past 48 hours differs.</summary>
    BadgeBucket,

    /// <summary>The count of users last seen at an issuer in five minutes differs.</summary>
    VisitorBucket,

    /// <summary>The count, or the earliest, of a user's repeated awards of a badge differs, or names another issuer than the badge does.</summary>
    RepeatedAwards,

    /// <summary>Awards of a badge that does not exist.</summary>
    UnknownBadge,

    /// <summary>Awards of a user who does not exist.</summary>
    UnknownUser,

    /// <summary>A badge has awards and is not marked as awarded: its recurrence could still change.</summary>
    BadgeNotFrozen,

    /// <summary>A badge has no text in its source locale.</summary>
    BadgeWithoutText,

    /// <summary>A user's key or login name leads nowhere, or to somebody else.</summary>
    UserNotInDirectory,

    /// <summary>Two awards of one user have one id.</summary>
    DuplicateAwardId,

    /// <summary>An award stands and is removed at once.</summary>
    StandingAndRemoved,

    /// <summary>Some of a user's awards are in the index of lists by time and others are not.</summary>
    ListedWrongly,

    /// <summary>A user's points, or how many entries they came about by, differ from what the entries add up to.</summary>
    Points,

    /// <summary>A row of the outbox that does not unpack.</summary>
    Outbox,

    /// <summary>A backup's bytes are not those that were written.</summary>
    Backup,

    /// <summary>An id was handed out, or a revision written, that its counter has not reached.</summary>
    Counter,
}

/// <summary>One difference: what it is about, what the ledger or a rule says it should be, and what is stored.</summary>
public sealed record Finding(FindingKind Kind, string What, string Expected, string Found);

/// <summary>What an examination saw. <paramref name="Findings"/> holds the first 1,000; <paramref name="Total"/> counts all.</summary>
/// <param name="Awards">Standing awards that were counted.</param>
public sealed record Diagnosis(string Engine, long Awards, IReadOnlyList<Finding> Findings, long Total)
{
    public bool IsClean => Total == 0;
}
