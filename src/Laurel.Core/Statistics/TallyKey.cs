using Laurel.Core.Awards;

namespace Laurel.Core.Statistics;

/// <summary>The key of a row of badge_tallies, but for the node.</summary>
internal readonly record struct TallyKey(int Span, long Start, long BadgeId) : IComparable<TallyKey>
{
    public const int Total = 0;
    public const int Day = 1;
    public const int Bucket = 2;

    // The 48 hours that are kept, and an hour for clocks that differ.
    private const long Kept = 588;

    /// <summary>Whether a bucket is counted: older ones are never read again and would only be dropped, and an import of years has
    /// one for every award.</summary>
    public static bool IsKept(long bucket, long now) => bucket > Clock.BucketOf(now) - Kept;

    public int CompareTo(TallyKey other) =>
        Span != other.Span ? Span.CompareTo(other.Span)
        : Start != other.Start ? Start.CompareTo(other.Start)
        : BadgeId.CompareTo(other.BadgeId);
}

/// <summary>What a batch's events add to the tallies.</summary>
internal static class TallyDeltas
{
    /// <summary>Sums the events to one delta per tally row, in key order.</summary>
    /// <param name="events">Of one batch.</param>
    /// <param name="now">When it is committed, in microseconds.</param>
    /// <param name="badges">Receives the deltas of badge_tallies.</param>
    /// <param name="visitors">Receives the deltas of visitor_tallies.</param>
    public static void Sum(List<OutboxEvent> events, long now, SortedDictionary<TallyKey, long> badges, SortedDictionary<(long Bucket, long Issuer), long> visitors)
    {
        foreach (var each in events)
        {
            if (each.Kind == OutboxKind.Visited)
            {
                Add(visitors, (each.At, each.BadgeId), 1);
                if (each.AwardId != 0)
                {
                    Add(visitors, (each.AwardId, each.BadgeId), -1);
                }
                continue;
            }
            var delta = each.Kind == OutboxKind.Awarded ? 1 : -1;
            Add(badges, new TallyKey(TallyKey.Total, 0, each.BadgeId), delta);
            Add(badges, new TallyKey(TallyKey.Day, Clock.DayOf(each.At), each.BadgeId), delta);
            if (Clock.BucketOf(each.At) is var bucket && TallyKey.IsKept(bucket, now))
            {
                Add(badges, new TallyKey(TallyKey.Bucket, bucket, each.BadgeId), delta);
            }
        }
    }

    private static void Add<TKey>(SortedDictionary<TKey, long> sums, TKey key, long delta) where TKey : notnull =>
        sums[key] = sums.GetValueOrDefault(key) + delta;
}
