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
        await using var roblox = await RobloxBed.With(engine: engine);
        var user = await roblox.NewUser();
        var standing = await NewBadges(roblox, Badges);
        // Pairs share a moment, so that order falls back on the award's id.
        await Task.WhenAll(standing.Select((badge, i) => roblox.Award(user, badge, Start + (i / 2 * 1_000_000L))));
        var arriving = await NewBadges(roblox, 400);
        var next = 0;

        using var done = new CancellationTokenSource();
        var awards = Task.Run(async () =>
        {
            var random = new Random(7);
            while (!done.IsCancellationRequested && next < arriving.Count)
            {
                // Back-dated into the walk, before it, behind it, and onto moments that are taken.
                var at = Start + (random.Next(-10, (Badges / 2) + 10) * 1_000_000L) + random.Next(0, 2);
                await roblox.Award(user, arriving[next++], at);
            }
        }, TestContext.Current.CancellationToken);

        foreach (var (order, limit) in new[] { ("Asc", 10), ("Desc", 25), ("Asc", 100) })
        {
            var list = $"/v1/users/{user}/badges?limit={limit}&sortOrder={order}";
            var (forward, last) = await Walk(roblox, list, null, "nextPageCursor");
            AssertOnce(standing, forward);
            var (backward, _) = await Walk(roblox, list, last, "previousPageCursor");
            backward.Reverse();
            AssertOnce(standing, backward);
        }
        await done.CancelAsync();
        await awards;
        Assert.True(next > 10, "Hardly an award arrived: the walk proved little.");
    }

    private static async Task<List<long>> NewBadges(RobloxBed roblox, int count)
    {
        var badges = new List<long>();
        for (var i = 0; i < count; i++)
        {
            badges.Add(await roblox.NewBadge());
        }
        return badges;
    }

    // The last page's own cursor is the answer too: the way back begins on the page it was read with.
    private static async Task<(List<long> Met, string? Last)> Walk(RobloxBed roblox, string list, string? cursor, string way)
    {
        var met = new List<long>();
        string? last;
        do
        {
            last = cursor;
            var answer = await roblox.Get(cursor is null ? list : $"{list}&cursor={cursor}");
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

    private static void AssertOnce(List<long> standing, List<long> met)
    {
        Assert.Equal(met.Count, met.Distinct().Count());
        Assert.Equal(standing.Count, met.Intersect(standing).Count());
        // And in the list's order, as far as what was there at the start goes.
        var order = met.Where(standing.Contains).ToList();
        Assert.Equal(order.Order(), standing.Order());
    }
}
