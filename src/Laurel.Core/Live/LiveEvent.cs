using Laurel.Core.Awards;

namespace Laurel.Core.Live;

/// <summary>What happened to an award.</summary>
public enum LiveEventKind
{
    Award,
    Removal,

    /// <summary>A late action changed this award of a rule: its removal, or its award in place of another, came just before.</summary>
    Correction,
}

/// <summary>One event of the stream, as it was committed. Times in microseconds since 1970 UTC.</summary>
/// <param name="Source">Of the award.</param>
public readonly record struct LiveEvent(
    LiveEventId Id, LiveEventKind Kind, long UserId, long BadgeId, long AwardId, long AwardedAt, AwardSource Source)
{
    /// <summary>Null for what is no news of an award, such as a visit.</summary>
    internal static LiveEvent? Of(LiveEventId id, OutboxEvent each) => KindOf(each.Kind) is { } kind
        ? new LiveEvent(id, kind, each.UserId, each.BadgeId, each.AwardId, each.At, each.Source)
        : null;

    private static LiveEventKind? KindOf(OutboxKind kind) => kind switch
    {
        OutboxKind.Awarded => LiveEventKind.Award,
        OutboxKind.Removed => LiveEventKind.Removal,
        OutboxKind.Corrected => LiveEventKind.Correction,
        OutboxKind.Visited => null,
    };
}

/// <summary>The next of a subscriber's events.</summary>
/// <param name="Events">In order; may be empty.</param>
/// <param name="Behind">The place behind all of them.</param>
/// <param name="Reset">Where the stream does not go on behind the place that was asked for: why.</param>
public sealed record LiveBatch(IReadOnlyList<LiveEvent> Events, LiveEventId Behind, LiveReset? Reset = null);

/// <summary>Why a stream goes on elsewhere than where its subscriber was.</summary>
public enum LiveReset
{
    /// <summary>What followed is kept no longer.</summary>
    Expired,

    /// <summary>There never was such an event.</summary>
    Unknown,
}
