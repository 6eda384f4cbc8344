namespace Laurel.Core.Statistics;

/// <summary>A count of each of the past 60 seconds.</summary>
internal sealed class PastMinute
{
    private const int Seconds = 60;

    private readonly Lock _gate = new();
    private readonly long[] _counts = new long[Seconds];
    private long _newest;

    /// <param name="second">Counted from 1970. One that is over counts for the newest.</param>
    public void Add(long second, long count)
    {
        lock (_gate)
        {
            Move(second);
            _counts[_newest % Seconds] += count;
        }
    }

    /// <summary>The seconds up to this one, oldest first.</summary>
    public long[] Counts(long second)
    {
        lock (_gate)
        {
            Move(second);
            return [.. Enumerable.Range(1, Seconds).Select(ahead => _counts[(_newest + ahead) % Seconds])];
        }
    }

    private void Move(long second)
    {
        if (second - _newest >= Seconds)
        {
            Array.Clear(_counts);
            _newest = second;
        }
        while (_newest < second)
        {
            _counts[++_newest % Seconds] = 0;
        }
    }
}
