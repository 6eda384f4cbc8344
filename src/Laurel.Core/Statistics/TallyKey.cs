using Laurel.Core.Awards;

namespace Laurel.Core.Statistics;

/// <summary>The key of a row of badge_tallies, but for the node.</summary>
internal readonly record struct TallyKey(int Span, long Start, long BadgeId) : IComparable<TallyKey>
{
    public const int Total = 0;
    public const int Day = 1;
    public const int Bucket = 2;

    public int CompareTo(TallyKey other) =>
        Span != other.Span ? Span.CompareTo(other.Span)
        : Start != other.Start ? Start.CompareTo(other.Start)
        : BadgeId.CompareTo(other.BadgeId);
}

/// <summary>What a batch's events add to the tallies.</summary>
internal static class TallyDeltas
{
    /// <summary>Sums the events to one delta per tally row, in key order.</summary>
    public static void Sum(List<OutboxEvent> events, SortedDictionary<TallyKey, long> badges, SortedDictionary<(long Bucket, long Issuer), long> visitors)
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
            Add(badges, new TallyKey(TallyKey.Bucket, Clock.BucketOf(each.At), each.BadgeId), delta);
        }
    }

    private static void Add<TKey>(SortedDictionary<TKey, long> sums, TKey key, long delta) where TKey : notnull =>
        sums[key] = sums.GetValueOrDefault(key) + delta;
}
