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
