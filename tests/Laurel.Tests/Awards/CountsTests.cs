using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>All that a user holds, each badge once, however many there are.</summary>
public sealed class CountsTests
{
    private const int Badges = 12_345;

    [Fact]
    public async Task Thousands_of_badges_are_counted_with_and_without_an_index()
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite);
        await laurel.User(1);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        // One of them is held three times, and dated by the second.
        foreach (var at in new[] { 50L, 10, 70 })
        {
            Assert.True((await laurel.Award(1, 1, at: at, manual: true)).Created);
        }
        await TestCore.Settled(laurel.Core);
        await laurel.Core.Database.Write(async session => await session.Execute($"""
            WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {Badges})
            INSERT INTO awards (user_id, badge_id, occasion, id, awarded_at, source, listed) SELECT 1, i, '', i, i % 7, 0, 0 FROM n
            """));
        for (var round = 0; round < 2; round++)
        {
            var counts = (await laurel.Core.UserAwards.Counts(1)).ToDictionary(each => each.BadgeId);
            Assert.Equal(Badges, counts.Count);
            Assert.Equal((3, 10), (counts[1].Standing, counts[1].AwardedAt));
            Assert.All(counts.Values.Where(each => each.BadgeId > 1), each => Assert.Equal(new CountedBadge(each.BadgeId, 1, each.BadgeId % 7, each.BadgeId), each));
            // So many are listed by an index from now on.
            while (await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM listed_users")) == 0)
            {
                await Task.Delay(10);
            }
        }
    }

    [Theory, EveryEngine]
    public async Task What_nobody_holds_any_more_is_gone(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.User(1);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        await laurel.Badge(2, 1, new Recurrence.Always());
        Assert.Empty(await laurel.Core.UserAwards.Counts(1));
        Assert.Empty(await laurel.Core.UserAwards.Counts(404));
        await laurel.Award(1, 1);
        await laurel.Award(1, 2);
        await laurel.Award(1, 2);
        Assert.Equal([(1, 1), (2, 2)], (await laurel.Core.UserAwards.Counts(1)).Select(each => (each.BadgeId, each.Standing)).Order());
        await laurel.Core.Awarding.RemoveAll(1, 2, RemovalKind.Reset, null, null, default);
        Assert.Equal([(1, 1)], (await laurel.Core.UserAwards.Counts(1)).Select(each => (each.BadgeId, each.Standing)));
    }
}
