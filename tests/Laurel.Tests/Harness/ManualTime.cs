namespace Laurel.Tests.Harness;

/// <summary>Time that passes only when told to. Timers fire on the thread that lets it pass, in the order they are due, each at
/// its own moment; a timer due at once fires on the thread pool, as a real one does.</summary>
internal sealed class ManualTime : TimeProvider
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(uint.MaxValue - 1);
    private readonly Lock _gate = new();
    private readonly SortedSet<ManualTimer> _timers = new(Comparer<ManualTimer>.Create(
        (a, b) => (a.Due, a.Number).CompareTo((b.Due, b.Number))));
    private readonly DateTimeOffset _start;
    private long _elapsed;
    private long _stepped;
    private long _created;

    public ManualTime(DateTimeOffset? start = null) => _start = (start ?? new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)).ToUniversalTime();

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _start.AddTicks(_elapsed + _stepped);
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _start.Ticks + _elapsed;
        }
    }

    /// <summary>Time passes: a timer that repeats fires as often as it would have.</summary>
    public void Advance(TimeSpan by) => Pass(by, everyTick: true);

    /// <summary>Time passes as for a machine that slept: each timer that came due fires once, when it is over.</summary>
    public void Jump(TimeSpan by) => Pass(by, everyTick: false);

    /// <summary>Jumps forward to this time.</summary>
    public void SetUtcNow(DateTimeOffset now) => Jump(now - GetUtcNow());

    /// <summary>Somebody sets the wall clock, forward or back: no time passes, so timers and timestamps are as before.</summary>
    public void StepClock(TimeSpan by)
    {
        lock (_gate)
        {
            _stepped += by.Ticks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, Interlocked.Increment(ref _created), callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Pass(TimeSpan by, bool everyTick)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long target;
        lock (_gate)
        {
            target = _elapsed + by.Ticks;
            if (!everyTick)
            {
                _elapsed = target;
            }
        }

        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>The timer that is due next and not after the target; time is then its moment, or the target when there is none.</summary>
    private ManualTimer? TakeDue(long target)
    {
        lock (_gate)
        {
            if (_timers.Min is not { } next || next.Due > target)
            {
                _elapsed = Math.Max(_elapsed, target);
                return null;
            }

            _timers.Remove(next);
            _elapsed = Math.Max(_elapsed, next.Due);
            Schedule(next, next.Period);
            return next;
        }
    }

    private void Schedule(ManualTimer timer, long wait)
    {
        if (wait > 0)
        {
            timer.Due = _elapsed + wait;
            _timers.Add(timer);
        }
    }

    private sealed class ManualTimer(ManualTime time, long number, TimerCallback callback, object? state) : ITimer
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private bool _disposed;

        public long Number => number;

        // Part of the set's order: changes only while the timer is out of the set.
        public long Due { get; set; }

        // 0: once.
        public long Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Check(dueTime);
            Check(period);
            lock (time._gate)
            {
                if (_disposed)
                {
                    return false;
                }

                time._timers.Remove(this);
                Period = Math.Max(period.Ticks, 0);
                var atOnce = dueTime == TimeSpan.Zero;
                time.Schedule(this, atOnce ? Period : dueTime.Ticks);
                if (atOnce)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(timer => timer.Fire(), this, preferLocal: false);
                }

                return true;
            }
        }

        public void Fire()
        {
            lock (time._gate)
            {
                if (_disposed)
                {
                    return;
                }
            }

            if (_context is null)
            {
                callback(state);
            }
            else
            {
                ExecutionContext.Run(_context, _ => callback(state), null);
            }
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                _disposed = true;
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private static void Check(TimeSpan wait)
        {
            if (wait != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero);
                ArgumentOutOfRangeException.ThrowIfGreaterThan(wait, LongestWait);
            }
        }
    }
}
