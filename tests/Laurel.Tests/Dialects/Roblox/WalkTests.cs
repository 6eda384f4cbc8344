using System.Text.Json;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

public sealed class WalkTests
{
    private const int Badges = 1000;
    private const long Start = 1_700_000_000_000_000;

    [Theory, EveryEngine]
    public async Task Every_badge_there_was_at_the_start_is_met_once_while_awards_arrive(Engine engine)
    {
        await using var roblox = await RobloxBed.With(options => options with { Synchronous = "OFF" }, engine: engine);
        var user = await roblox.NewUser();
        var standing = await NewBadges(roblox, Badges);
        // Pairs share a moment, so that order falls back on the award's id.
        await Task.WhenAll(standing.Select((badge, i) => roblox.Award(user, badge, Start + (i / 2 * 1_000_000L))));
        var arriving = await NewBadges(roblox, 150);
        var random = new Random(7);
        var next = 0;
        async Task Arrive()
        {
            if (next < arriving.Count)
            {
                // Back-dated into the walk, before it, behind it, and onto moments that are taken.
                var at = Start + (random.Next(-10, (Badges / 2) + 10) * 1_000_000L) + random.Next(0, 2);
                await roblox.Award(user, arriving[next++], at);
            }
        }

        foreach (var (order, limit) in new[] { ("Asc", 10), ("Desc", 25), ("Asc", 100) })
        {
            var list = $"/v1/users/{user}/badges?limit={limit}&sortOrder={order}";
            var (forward, last) = await Walk(roblox, list, null, "nextPageCursor", Arrive);
            AssertOnce(order, standing, forward);
            var (backward, _) = await Walk(roblox, list, last, "previousPageCursor", Arrive);
            backward.Reverse();
            // The way back began behind the last page's cursor: with that page itself.
            AssertOnce(order, standing, backward);
        }
        Assert.Equal(arriving.Count, next);
    }

    private static async Task<List<long>> NewBadges(RobloxBed roblox, int count)
    {
        var badges = new long[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) => badges[i] = await roblox.NewBadge());
        return [.. badges];
    }

    // Answers the cursor of the last page too: the way back begins on that page.
    private static async Task<(List<long> Met, string? Last)> Walk(RobloxBed roblox, string list, string? cursor, string way, Func<Task> arrive)
    {
        var met = new List<long>();
        string? last;
        do
        {
            last = cursor;
            var arrival = arrive();
            var answer = await roblox.Get(cursor is null ? list : $"{list}&cursor={cursor}");
            await arrival;
            Assert.Equal(200, answer.Status);
            var ids = ReadingTests.Ids(answer.Body);
            if (way == "previousPageCursor")
            {
                ids.Reverse();
            }
            met.AddRange(ids);
            cursor = JsonElement.Parse(answer.Body).GetProperty(way).GetString();
        }
        while (cursor is not null);
        return (met, last);
    }

    private static void AssertOnce(string order, List<long> standing, List<long> met)
    {
        Assert.Equal(met.Count, met.Distinct().Count());
        var there = standing.ToHashSet();
        Assert.Equal(order == "Asc" ? standing : Enumerable.Reverse(standing), Pairs(met.Where(there.Contains).ToList(), standing, order));
    }

    // Awards of one moment were made side by side: which of a pair comes first is theirs to decide.
    private static List<long> Pairs(List<long> met, List<long> standing, string order)
    {
        var rank = standing.Select((badge, i) => (badge, i)).ToDictionary(each => each.badge, each => each.i);
        for (var i = 0; i + 1 < met.Count; i += 2)
        {
            if ((rank[met[i]] > rank[met[i + 1]]) == (order == "Asc") && rank[met[i]] / 2 == rank[met[i + 1]] / 2)
            {
                (met[i], met[i + 1]) = (met[i + 1], met[i]);
            }
        }
        return met;
    }
}
