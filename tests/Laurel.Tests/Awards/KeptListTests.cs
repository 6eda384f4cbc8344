using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>Lists are kept as they were read, and never shown once they are not so any more.</summary>
public sealed class KeptListTests
{
    private const int Users = 20;
    private const int Badges = 40;

    [Theory, EveryEngine]
    public async Task A_list_is_read_once_until_the_user_is_awarded_again(Engine engine)
    {
        await using var laurel = await Filled(engine);
        await laurel.Award(1, 1);
        await laurel.Award(2, 1);
        await TestCore.Settled(laurel.Core);
        Assert.Equal([1], await List(laurel, 1));
        Assert.Equal([1], await List(laurel, 2));

        // Nobody does this to a database that serves: it shows who asks it.
        await laurel.Core.Database.Write(async session => await session.Execute("DELETE FROM awards WHERE user_id = 1"));
        Assert.Equal([1], await List(laurel, 1));
        Assert.Empty(await List(laurel, 1, limit: 7));
        await laurel.Award(1, 2);

        Assert.Equal([2], await List(laurel, 1));
        Assert.Equal([1], await List(laurel, 2));
    }

    [Theory, EveryEngine]
    public async Task What_another_process_has_answered_is_in_the_next_list(Engine engine)
    {
        await using var first = await Filled(engine);
        await using var second = await TestCore.OpenSecond(first.TestDatabase);
        await Parallel.ForAsync(1, Users + 1, async (user, _) =>
        {
            var held = new List<long>();
            for (var badge = 1; badge <= Badges; badge++)
            {
                Assert.Equal(held, await List(first, user));
                Assert.True((await second.Award(user, badge)).Created);
                held.Add(badge);
                Assert.Equal(held, await List(first, user));
                if (badge % 5 == 0)
                {
                    await second.Core.Awarding.RemoveAll(user, badge - 2, RemovalKind.Reset, null, null, default);
                    held.Remove(badge - 2);
                    Assert.Equal(held, await List(first, user));
                }
            }
        });
    }

    [Theory, EveryEngine]
    public async Task What_a_process_answered_before_it_ended_is_in_the_next_list(Engine engine)
    {
        await using var first = await Filled(engine);
        for (var badge = 1; badge <= 5; badge++)
        {
            Assert.Equal(badge - 1, (await List(first, 1)).Count);
            await using (var second = await TestCore.OpenSecond(first.TestDatabase))
            {
                await second.Award(1, badge);
            }
            Assert.Equal(badge, (await List(first, 1)).Count);
        }
    }

    [Theory, EveryEngine]
    public async Task Who_changes_a_page_they_were_given_changes_nobody_elses(Engine engine)
    {
        await using var laurel = await Filled(engine);
        await laurel.Award(1, 1);
        await laurel.Award(1, 2);
        for (var time = 0; time < 3; time++)
        {
            var page = await laurel.Core.UserAwards.Badges(1, Position.First, ascending: true, 10);
            Assert.Equal(2, page.Count);
            page.Clear();
        }
    }

    private static async Task<TestCore> Filled(Engine engine)
    {
        var laurel = await TestCore.Open(engine);
        await laurel.Fill(Users, Badges);
        return laurel;
    }

    private static async Task<List<long>> List(TestCore laurel, long user, int limit = 100) =>
        (await laurel.Core.UserAwards.Badges(user, Position.First, ascending: true, limit)).ConvertAll(held => held.BadgeId);
}
