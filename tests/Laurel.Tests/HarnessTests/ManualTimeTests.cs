using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.HarnessTests;

public sealed class ManualTimeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly ManualTime _time = new(Noon);
    private readonly List<string> _fired = [];

    [Fact]
    public void Time_stands_still_until_it_is_moved()
    {
        var before = _time.GetTimestamp();

        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(Noon.AddMinutes(5), _time.GetUtcNow());
        Assert.Equal(TimeSpan.FromMinutes(5), _time.GetElapsedTime(before));
    }

    [Fact]
    public void Timers_fire_in_order_each_at_its_own_moment()
    {
        using var late = Timer("late", TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var early = Timer("early", TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        using var never = Timer("never", Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(1));

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["early at 1", "late at 3"], _fired);
        Assert.Equal(Noon.AddSeconds(10), _time.GetUtcNow());
    }

    [Fact]
    public void A_repeating_timer_fires_at_every_tick_that_passed()
    {
        using var timer = Timer("tick", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        _time.Advance(TimeSpan.FromSeconds(5));
        timer.Dispose();
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["tick at 1", "tick at 3", "tick at 5"], _fired);
        Assert.False(timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void A_jump_fires_what_came_due_once_and_afterwards()
    {
        using var timer = Timer("tick", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        _time.SetUtcNow(Noon.AddHours(1));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["tick at 3600", "tick at 3601"], _fired);
    }

    [Fact]
    public void A_changed_timer_waits_from_the_moment_of_the_change()
    {
        using var timer = Timer("once", TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(1));
        timer.Change(TimeSpan.FromSeconds(2), TimeSpan.Zero);
        _time.Advance(TimeSpan.FromSeconds(9));

        Assert.Equal(["once at 3"], _fired);
    }

    [Fact]
    public void A_timer_started_by_a_timer_fires_within_the_same_advance()
    {
        ITimer? second = null;
        using var first = _time.CreateTimer(
            _ => second = Timer("second", TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(["second at 2"], _fired);
        second!.Dispose();
    }

    [Fact]
    public void A_stepped_clock_moves_neither_timers_nor_timestamps()
    {
        using var timer = Timer("once", TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        var before = _time.GetTimestamp();

        _time.StepClock(TimeSpan.FromHours(-1));

        Assert.Equal(Noon.AddHours(-1), _time.GetUtcNow());
        Assert.Equal(before, _time.GetTimestamp());
        Assert.Empty(_fired);
    }

    [Fact]
    public async Task The_waits_of_the_framework_follow_it()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(30), _time);
        using var source = new CancellationTokenSource(TimeSpan.FromMinutes(1), _time);
        var tick = timer.WaitForNextTickAsync().AsTask();
        var delay = Task.Delay(TimeSpan.FromMinutes(1), _time);

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(await tick.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.False(delay.IsCompleted || source.IsCancellationRequested);

        _time.Advance(TimeSpan.FromSeconds(1));
        await delay.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(source.IsCancellationRequested);
    }

    [Fact]
    public async Task A_timer_due_at_once_needs_no_time_to_pass()
    {
        var fired = new TaskCompletionSource();
        await using var timer = _time.CreateTimer(_ => fired.TrySetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        await fired.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private ITimer Timer(string name, TimeSpan due, TimeSpan period) =>
        _time.CreateTimer(_ => _fired.Add($"{name} at {(_time.GetUtcNow() - Noon).TotalSeconds}"), null, due, period);
}
