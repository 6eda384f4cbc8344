using Laurel.Core;
using Xunit;

namespace Laurel.Tests.Storage;

public sealed class BoundedCacheTests
{
    [Fact]
    public async Task What_was_announced_is_never_followed_by_the_value_before_it()
    {
        var cache = new BoundedCache<int, string>(16);
        using var ended = new CancellationTokenSource(TimeSpan.FromSeconds(1.5));
        var stored = 0;
        var announced = 0;
        var readers = Enumerable.Range(0, 6).Select(reader => Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                var before = Volatile.Read(ref announced);
                var read = await cache.Get(1, async _ =>
                {
                    var value = Volatile.Read(ref stored);
                    if (reader % 2 == 0)
                    {
                        await Task.Yield();
                    }
                    return $"{value}";
                });
                Assert.True(int.Parse(read!) >= before);
            }
        })).ToList();
        while (!ended.IsCancellationRequested)
        {
            var value = Interlocked.Increment(ref stored);
            cache.Evict(1);
            Volatile.Write(ref announced, value);
            Thread.SpinWait(value % 200);
        }
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task It_holds_no_more_than_its_capacity_and_tells_what_it_drops()
    {
        var kept = new HashSet<int>();
        var cache = new BoundedCache<int, string>(10, (key, _) => Assert.True(kept.Add(key)), (key, _) => Assert.True(kept.Remove(key)));
        for (var key = 0; key < 1000; key++)
        {
            await cache.Get(key, static key => ValueTask.FromResult<string?>($"{key}"));
            // Used ones stay.
            Assert.True(key < 3 || cache.TryGet(0, out _));
            Assert.InRange(kept.Count, 1, 10);
        }
        cache.Evict(0);
        Assert.DoesNotContain(0, kept);
        Assert.False(cache.TryGet(0, out _));
    }

    [Fact]
    public async Task Absence_and_what_was_distrusted_while_it_was_loaded_are_not_kept()
    {
        var cache = new BoundedCache<int, string>(10);
        Assert.Null(await cache.Get(1, static _ => ValueTask.FromResult<string?>(null)));
        await cache.Get(1, key =>
        {
            cache.DistrustLoads();
            return ValueTask.FromResult<string?>("old");
        });
        Assert.False(cache.TryGet(1, out _));
        Assert.Equal("new", await cache.Get(1, static _ => ValueTask.FromResult<string?>("new")));
    }

    [Fact]
    public async Task Once_cleared_it_keeps_nothing_that_was_kept_or_being_loaded()
    {
        var (kept, dropped) = (0, 0);
        var cache = new BoundedCache<int, string>(4, (_, _) => kept++, (_, _) => dropped++);
        for (var i = 0; i < 3; i++)
        {
            await cache.Get(i, key => ValueTask.FromResult<string?>($"{key}"));
        }
        await cache.Get(9, _ =>
        {
            cache.Clear();
            return ValueTask.FromResult<string?>("old");
        });
        Assert.All(new[] { 0, 1, 2, 9 }, key => Assert.False(cache.TryGet(key, out string? _)));
        Assert.Equal((3, 3), (kept, dropped));
        for (var i = 0; i < 20; i++)
        {
            await cache.Get(i, key => ValueTask.FromResult<string?>($"{key}"));
        }
        Assert.Equal(4, kept - dropped);
    }

    [Fact]
    public async Task What_is_weighed_is_bounded_by_its_weight()
    {
        var (kept, weight) = (0, 0);
        var cache = new BoundedCache<int, string>(
            100, (_, value) => (kept, weight) = (kept + 1, weight + value.Length), (_, value) => (kept, weight) = (kept - 1, weight - value.Length), value => value.Length);
        for (var i = 0; i < 200; i++)
        {
            var length = 1 + (i * 7 % 40);
            Assert.Equal(length, (await cache.Get(i, _ => ValueTask.FromResult<string?>(new string('x', length))))!.Length);
            Assert.InRange(weight, 1, 100);
            if (i % 10 == 0)
            {
                cache.Evict(i);
            }
        }
        Assert.True(kept > 2);
        // What weighs too much alone is given, and not kept.
        Assert.Equal(101, (await cache.Get(1000, _ => ValueTask.FromResult<string?>(new string('x', 101))))!.Length);
        Assert.False(cache.TryGet(1000, out _));
        Assert.InRange(weight, 0, 100);
    }
}
