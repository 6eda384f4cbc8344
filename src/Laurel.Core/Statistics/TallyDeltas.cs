using System.Runtime.InteropServices;
using Laurel.Core.Awards;

namespace Laurel.Core.Statistics;

/// <summary>What events add to the tally rows of their node, one delta a row.</summary>
internal sealed class TallyDeltas
{
    /// <summary>How long they may wait while batch follows on batch, in microseconds.</summary>
    public const long WrittenEvery = Clock.Second / 4;

    private const int RowsAtOnce = 1024;

    private readonly Dictionary<TallyKey, long> _badges = [];
    private readonly Dictionary<(long Bucket, long Issuer), long> _visitors = [];

    /// <summary>Rows.</summary>
    public int Count => _badges.Count + _visitors.Count;

    /// <summary>Whether they are to be written with the next batch: many wait, or have waited for long.</summary>
    /// <param name="since">When the first of them came, or all before were written, in microseconds.</param>
    /// <param name="now">In microseconds.</param>
    public bool AreDue(long since, long now) => Count >= RowsAtOnce || now - since is < 0 or >= WrittenEvery;

    /// <summary>Of badge_tallies, in key order.</summary>
    public IEnumerable<KeyValuePair<TallyKey, long>> Badges => _badges.OrderBy(row => row.Key);

    /// <summary>Of visitor_tallies, in key order.</summary>
    public IEnumerable<KeyValuePair<(long Bucket, long Issuer), long>> Visitors => _visitors.OrderBy(row => row.Key);

    /// <param name="events">Of one batch.</param>
    /// <param name="now">When it is committed, in microseconds.</param>
    public void Add(IReadOnlyList<OutboxEvent> events, long now)
    {
        foreach (var each in events)
        {
            if (each.Kind == OutboxKind.Visited)
            {
                Add(_visitors, (each.At, each.BadgeId), 1);
                if (each.AwardId != 0)
                {
                    Add(_visitors, (each.AwardId, each.BadgeId), -1);
                }
                continue;
            }
            if (each.Awards is not (var delta and not 0))
            {
                continue;
            }
            Add(_badges, new TallyKey(TallyKey.Total, 0, each.BadgeId), delta);
            Add(_badges, new TallyKey(TallyKey.Day, Clock.DayOf(each.At), each.BadgeId), delta);
            if (Clock.BucketOf(each.At) is var bucket && TallyKey.IsKept(bucket, now))
            {
                Add(_badges, new TallyKey(TallyKey.Bucket, bucket, each.BadgeId), delta);
            }
        }
    }

    private static void Add<TKey>(Dictionary<TKey, long> sums, TKey key, long delta) where TKey : notnull =>
        CollectionsMarshal.GetValueRefOrAddDefault(sums, key, out _) += delta;

    public void Clear()
    {
        _badges.Clear();
        _visitors.Clear();
    }
}
