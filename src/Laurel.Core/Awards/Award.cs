using System.Globalization;

namespace Laurel.Core.Awards;

/// <summary>One row of the ledger. <paramref name="AwardedAt"/> is in microseconds since 1970 UTC.</summary>
public sealed record Award(
    long Id, long UserId, long BadgeId, string Occasion, long AwardedAt, AwardSource Source, string? Subject)
{
    /// <summary>The action it came from, where one was named.</summary>
    public long? ActionId { get; init; }

    /// <summary>Any JSON, as text.</summary>
    public string? Payload { get; init; }

    /// <summary>The rule that made it, where one did.</summary>
    public AwardRule? Rule { get; init; }

    /// <summary>Whether something is kept of it beside its row.</summary>
    internal bool HasDetails => Payload is not null || Rule is not null || (ActionId is not null && ActionId != ReadAction(Occasion));

    /// <summary>The action that an occasion names, if it does.</summary>
    internal static long? ReadAction(string occasion) =>
        occasion.StartsWith("a:", StringComparison.Ordinal) && long.TryParse(occasion.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var action)
            ? action
            : null;

    /// <summary>The subject as stored: null where the occasion already holds it.</summary>
    internal static string? StoredSubject(string occasion, string? subject) =>
        subject is not null && occasion.StartsWith("s:", StringComparison.Ordinal) ? null : subject;

    internal static string? ReadSubject(string occasion, string? stored) =>
        stored ?? (occasion.StartsWith("s:", StringComparison.Ordinal) ? occasion[2..] : null);
}

/// <summary>The rule that made an award, which revision of it, and in which backfill, if it was one.</summary>
public readonly record struct AwardRule(long Id, long Revision, long? BackfillId = null);

/// <summary>Through which door an award came. Stored: numbers never change.</summary>
public enum AwardSource
{
    Native = 0,
    Roblox = 1,
    AnswerHub = 2,
    Perfumer = 3,
    Karaz = 4,
    AISquare = 5,
    Rule = 6,
    Import = 7,

    /// <summary>A rule applied to the past: nobody is told of it as news.</summary>
    Backfill = 8,
}

/// <summary>Stored: numbers never change.</summary>
public enum RemovalKind
{
    /// <summary>A rule took it back because a late action showed that it should not have been, or not like this. It may be earned again.</summary>
    Corrected = 0,

    /// <summary>A direct request may earn it again; rules, backfills and replays may not.</summary>
    Reset = 1,

    /// <summary>Nothing but a manual award by an administrator lifts it.</summary>
    Revoke = 2,
}

/// <summary>What an import says of an award's claim. A null <paramref name="Uid"/> keeps the one there is, or makes one.</summary>
public sealed record AwardClaimDraft(string? Uid, bool IsClaimed, long? ClaimedAt, bool IsWorn);

/// <summary>Claimed, worn and audit state of a reward, kept beside the ledger. Times in microseconds since 1970 UTC.</summary>
public sealed record AwardClaim(
    string Uid, bool IsClaimed, long? ClaimedAt, bool IsWorn, bool IsActive,
    string? CreatedBy, string? UpdatedBy, string? DeletedBy, long CreatedAt, long UpdatedAt, long? DeletedAt)
{
    /// <summary>As an award begins.</summary>
    /// <param name="at">The award's own time.</param>
    internal static AwardClaim Unclaimed(long at, long now) => new(
        NewUid(), IsClaimed: false, ClaimedAt: null, IsWorn: false, IsActive: true,
        CreatedBy: null, UpdatedBy: null, DeletedBy: null, CreatedAt: at, UpdatedAt: now, DeletedAt: null);

    internal static string NewUid() => new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToString("D");
}
