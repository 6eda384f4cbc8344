using Laurel.Core.Live;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Live;

/// <summary>The stream read backwards.</summary>
public sealed class PastEventsTests
{
    [Theory, EveryEngine]
    public async Task Every_event_comes_once_the_newest_first_over_a_gap_between_histories(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        for (var user = 1; user <= 80; user++)
        {
            await laurel.User(user);
            time.StepClock(TimeSpan.FromMilliseconds(1));
            await laurel.Award(user, 1);
            if (user == 40)
            {
                Assert.Equal(40, (await Page(laurel, before: null, 100)).Events.Count);
                // As a restore does it.
                time.StepClock(TimeSpan.FromDays(1));
                await laurel.Core.Database.Write(async session => await session.Execute("DELETE FROM stream_heads WHERE node = 0"));
            }
        }

        // Who finds that the numbers have moved waits before it goes on with them.
        while ((await Page(laurel, before: null, 100)).Events.Count < 80)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        foreach (var limit in new[] { 7, 80, 100 })
        {
            var users = new List<long>();
            LiveEventId? before = null;
            do
            {
                var page = await Page(laurel, before, limit);
                users.AddRange(page.Events.Select(each => each.UserId));
                before = page.Older;
            }
            while (before is not null);
            Assert.Equal(Enumerable.Range(1, 80).Select(user => 81L - user), users);
        }
        var even = await laurel.Core.Live.Past(null, each => ValueTask.FromResult(each.UserId % 40 == 0), 10, TestContext.Current.CancellationToken);
        Assert.Equal([80L, 40L], even.Events.Select(each => each.UserId));
    }

    private static Task<PastEvents> Page(TestCore laurel, LiveEventId? before, int limit) =>
        laurel.Core.Live.Past(before, _ => ValueTask.FromResult(true), limit, TestContext.Current.CancellationToken);
}
