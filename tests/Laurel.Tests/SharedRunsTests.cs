using Laurel.Core;
using Xunit;

namespace Laurel.Tests;

public sealed class SharedRunsTests
{
    [Fact]
    public async Task Who_asks_while_it_runs_shares_a_run_that_begins_afterwards()
    {
        var runs = new List<TaskCompletionSource<int>>();
        var shared = new SharedRuns<int>(() =>
        {
            runs.Add(new TaskCompletionSource<int>());
            return runs[^1].Task;
        });

        var first = shared.Run();
        var (second, third) = (shared.Run(), shared.Run());
        Assert.Single(runs);
        runs[0].SetResult(1);

        Assert.Equal(1, await first);
        Assert.Equal(2, runs.Count);
        Assert.False(second.IsCompleted || third.IsCompleted);
        var fourth = shared.Run();
        runs[1].SetResult(2);

        Assert.Equal((2, 2), (await second, await third));
        runs[2].SetResult(3);
        Assert.Equal(3, await fourth);
        Assert.Equal(3, runs.Count);
    }

    [Fact]
    public async Task A_run_that_fails_fails_those_who_shared_it()
    {
        var number = 0;
        var gate = new TaskCompletionSource();
        var shared = new SharedRuns<int>(async () =>
        {
            var run = ++number;
            await gate.Task;
            return run == 2 ? throw new InvalidOperationException("second") : run;
        });

        var (first, second, third) = (shared.Run(), shared.Run(), shared.Run());
        gate.SetResult();

        Assert.Equal(1, await first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
        await Assert.ThrowsAsync<InvalidOperationException>(() => third);
        Assert.Equal(3, await shared.Run());
    }

    [Fact]
    public async Task Many_who_ask_at_once_are_all_answered()
    {
        var runs = 0;
        var shared = new SharedRuns<int>(async () =>
        {
            await Task.Yield();
            return Interlocked.Increment(ref runs);
        });

        await Parallel.ForAsync(0, 2000, TestContext.Current.CancellationToken, async (_, _) =>
        {
            var before = Volatile.Read(ref runs);
            Assert.True(await shared.Run() > before);
        });
    }
}
