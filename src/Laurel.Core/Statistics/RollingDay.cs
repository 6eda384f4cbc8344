namespace Laurel.Core.Statistics;

/// <summary>A count over the current five-minute bucket and the 287 before it, kept as counts per bucket and their sum.</summary>
internal sealed class RollingDay
{
    private const int Buckets = 288;

    private readonly Lock _gate = new();
    private readonly SortedList<long, long> _counts = [];
    private long _sum;
    private long _now = long.MinValue;

    public void Add(long bucket, long delta)
    {
        lock (_gate)
        {
            var count = _counts.GetValueOrDefault(bucket) + delta;
            if (count == 0)
            {
                _counts.Remove(bucket);
            }
            else
            {
                _counts[bucket] = count;
            }
            if (bucket > _now - Buckets && bucket <= _now)
            {
                _sum += delta;
            }
        }
    }

    public long Sum(long now)
    {
        lock (_gate)
        {
            if (now != _now)
            {
                // What lies more than a day behind can never come back into the window: time does not.
                while (_counts.Count > 0 && _counts.GetKeyAtIndex(0) <= now - (2 * Buckets))
                {
                    _counts.RemoveAt(0);
                }
                _now = now;
                _sum = 0;
                foreach (var (bucket, count) in _counts)
                {
                    _sum += bucket > now - Buckets && bucket <= now ? count : 0;
                }
            }
            return _sum;
        }
    }
}
