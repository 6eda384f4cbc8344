using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Badges;

/// <summary>The badges that a dialect speaks for: in order, counted, and no others.</summary>
public sealed class BadgeSetTests
{
    [Theory, EveryEngine]
    public async Task It_follows_every_change_here_at_once_and_elsewhere_soon(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Issuer(1);
        await first.Issuer(2);
        var (here, there) = (first.Core.Badges.Of(new IssuerSet([1])), second.Core.Badges.Of(new IssuerSet([1])));
        Assert.Empty(await Ids(here));
        Assert.Empty(await Ids(there));

        await Put(first, 10, issuer: 1, createdAt: 100);
        await Put(first, 11, issuer: 1, createdAt: 200);
        await Put(first, 12, issuer: 2, createdAt: 300);
        await Put(first, 13, issuer: 1, createdAt: 100);
        Assert.Equal([11, 13, 10], await Ids(here));
        Assert.Equal([10, 11, 13], await here.Enabled());
        await Soon(async () => (await Ids(there)).SequenceEqual([11, 13, 10]));
        Assert.Null(await here.Find(12));
        Assert.Null(await here.Find(404));
        Assert.Equal(10, (await here.Find(10))!.Id);
        var (page, total) = await here.Newest(1, 1);
        Assert.Equal((13, 3), (Assert.Single(page).Id, total));
        Assert.Equal(3, (await here.Newest(long.MaxValue, 10)).Total);

        // A badge that moves, in time or to another issuer.
        await Put(second, 12, issuer: 1, createdAt: 50);
        await Put(second, 11, issuer: 2, createdAt: 200);
        Assert.Equal([13, 10, 12], await Ids(there));
        await Soon(async () => (await Ids(here)).SequenceEqual([13, 10, 12]));
    }

    [Fact]
    public async Task More_than_a_slice_is_read_whole()
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        // 25,000 badges, straight into the table, before it is first read.
        await laurel.Core.Database.Write(async session =>
        {
            var columns = string.Join(", ", (await session.Query<string>("SELECT name FROM pragma_table_info('badges') WHERE name NOT IN ('id', 'created_at', 'key')")));
            await session.Execute($"""
                WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
                INSERT INTO badges (id, created_at, {columns}) SELECT n.i, n.i * 1000, {columns} FROM n, badges WHERE badges.id = 1
                """);
            await session.Execute("INSERT INTO badge_texts (badge_id, locale, name, icon_image_id) SELECT id, 'en', 'N', 0 FROM badges WHERE id > 1");
            await session.Execute("UPDATE badges SET created_at = 0 WHERE id = 1");
        });
        var (badges, total) = await laurel.Core.Badges.Of(new IssuerSet([])).Newest(24_990, 20);
        Assert.Equal(25_000, total);
        Assert.Equal(Enumerable.Range(1, 10).Reverse().Select(id => (long)id), badges.Select(badge => badge.Id));
    }

    private static async Task Put(TestCore laurel, long id, long issuer, long createdAt) => TestCore.Value(await laurel.Core.Badges.Put(
        id, new BadgeDraft { IssuerId = issuer, Texts = new Dictionary<string, BadgeText> { ["en"] = new("N", null) }, CreatedAt = createdAt }, createOnly: false));

    private static async Task<IEnumerable<long>> Ids(BadgeSet set) => (await set.Newest(0, 100)).Badges.Select(badge => badge.Id);

    private static async Task Soon(Func<Task<bool>> holds)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !await holds();)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(5));
            await Task.Delay(20);
        }
    }
}
