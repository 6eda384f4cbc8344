using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class WalkTests
{
    private const int Badges = 1000;
    private const int Arriving = 150;

    [Theory, EveryEngine]
    public async Task A_walk_over_1000_badges_meets_each_once_while_others_arrive(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.User(1);
        await Define(laurel);
        var start = laurel.Core.Time.Micros() - 1_000_000_000;
        // Many at one instant: the id has to tell them apart.
        await Task.WhenAll(Enumerable.Range(1, Badges).Select(badge => laurel.Award(1, badge, at: start + (badge / 7 * 1000)).AsTask()));

        var arriving = Task.Run(async () =>
        {
            for (var badge = Badges + 1; badge <= Badges + Arriving; badge++)
            {
                await laurel.Award(1, badge, at: badge % 2 == 0 ? start + (badge * 7919 % 143 * 1000) : null);
                // Later awards of what is held already do not move it.
                await laurel.Award(1, 10 * (1 + (badge % 100)));
            }
        });
        var walks = 0;
        do
        {
            var limit = new[] { 10, 25, 100 }[walks % 3];
            await Walk(laurel, ascending: walks % 2 == 0, limit);
            walks++;
        }
        while (!arriving.IsCompleted || walks < 6);
        await arriving;

        Assert.Equal(Badges + Arriving, await Walk(laurel, ascending: true, 100));
        Assert.Equal(Badges + Arriving, await Walk(laurel, ascending: false, 100));
    }

    [Theory, EveryEngine]
    public async Task Awards_hidden_behind_an_earlier_duplicate_cost_a_page_nothing(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.User(1);
        for (var badge = 1; badge <= 8; badge++)
        {
            await laurel.Badge(badge, 1, badge > 6 ? new Recurrence.Always() : new Recurrence.Once());
        }
        // 1, 2, 3: dated by duplicates, long before their own awards; 4, 5, 6: plain; 7, 8: later, but read first.
        for (var badge = 1; badge <= 3; badge++)
        {
            await laurel.Award(1, badge, at: 50 + badge);
            await laurel.Award(1, badge, at: 10 + badge, manual: true);
        }
        for (var badge = 4; badge <= 8; badge++)
        {
            await laurel.Award(1, badge, at: 60 + badge);
        }
        for (var limit = 1; limit <= 9; limit++)
        {
            Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], await Order(laurel, ascending: true, limit));
            Assert.Equal([8, 7, 6, 5, 4, 3, 2, 1], await Order(laurel, ascending: false, limit));
        }
    }

    private static async Task<List<long>> Order(TestCore laurel, bool ascending, int limit)
    {
        var order = new List<long>();
        var after = ascending ? Position.First : Position.Last;
        while (true)
        {
            var page = await laurel.Core.UserAwards.Badges(1, after, ascending, limit);
            order.AddRange(page.Select(badge => badge.BadgeId));
            if (page.Count < limit)
            {
                return order;
            }
            after = page[^1].Position;
        }
    }

    // In one transaction; every tenth can be earned again.
    private static async Task Define(TestCore laurel)
    {
        var (once, always) = (await laurel.Badge(5001, 1), await laurel.Badge(5002, 1, new Recurrence.Always()));
        await laurel.Core.Database.Write(async session =>
        {
            for (var badge = 1; badge <= Badges + Arriving; badge++)
            {
                await session.Execute(BadgeRow.Upsert, BadgeRow.From((badge % 10 == 0 ? always : once) with { Id = badge }));
            }
        });
    }

    private static async Task<int> Walk(TestCore laurel, bool ascending, int limit)
    {
        var seen = new Dictionary<long, int>();
        var after = ascending ? Position.First : Position.Last;
        while (true)
        {
            var page = await laurel.Core.UserAwards.Badges(1, after, ascending, limit);
            foreach (var badge in page)
            {
                seen[badge.BadgeId] = seen.GetValueOrDefault(badge.BadgeId) + 1;
            }
            if (page.Count < limit)
            {
                break;
            }
            after = page[^1].Position;
        }
        Assert.All(Enumerable.Range(1, Badges), badge => Assert.Equal(1, seen.GetValueOrDefault(badge)));
        Assert.DoesNotContain(seen.Values, times => times != 1);
        return seen.Count;
    }
}
