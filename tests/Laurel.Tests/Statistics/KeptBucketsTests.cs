using Laurel.Core;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Statistics;

public sealed class KeptBucketsTests
{
    [Theory, EveryEngine]
    public async Task An_award_of_long_ago_is_counted_in_total_and_on_its_day_but_not_by_the_minute(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.Badge(7, 1);
        var now = laurel.Core.Time.Micros();
        for (var user = 1; user <= 3; user++)
        {
            await laurel.User(user);
        }

        await laurel.Award(1, 7, at: now - (60 * Clock.Day));
        await laurel.Award(2, 7, at: now - (3 * Clock.Day));
        await laurel.Award(3, 7, at: now);

        await TestCore.Settled(laurel.Core);
        Assert.Equal([3L, 3, 1], await laurel.Core.Database.Read(async session => (await session.Query<long>(
            "SELECT CAST(sum(awarded) AS BIGINT) FROM badge_tallies WHERE badge_id = 7 GROUP BY span ORDER BY span")).ToList()));
    }
}
