using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;

namespace Laurel.Tests.Dialects;

/// <summary>One ledger behind all: what is awarded through one API is read, earned again, removed and revoked through all the others,
/// as far as each can express it. Who can award what is written down here by hand.</summary>
public sealed class MatrixTests
{
    // Roblox's call names neither a subject nor an action; Perfumer's names no action.
    private static readonly Dictionary<string, string[]> CanAward = new()
    {
        ["once"] = ["native", "Roblox", "AnswerHub", "Perfumer"],
        ["subject"] = ["native", "AnswerHub", "Perfumer"],
        ["action"] = ["native", "AnswerHub"],
        ["week"] = ["native", "Roblox", "AnswerHub", "Perfumer"],
        ["always"] = ["native", "Roblox", "AnswerHub", "Perfumer"],
    };

    private static IDoor Door(string name) => Doors.All.Single(door => door.Name == name);

    [Theory, EveryEngine]
    public async Task An_award_made_through_one_is_seen_through_all_and_gone_from_all(Engine engine)
    {
        await using var world = await Matrix.Start(engine);
        var removers = new[] { "native", "Roblox", "Perfumer" };
        var turn = 0;
        foreach (var badge in Matrix.Badges)
        {
            foreach (var door in CanAward[badge.Key].Select(Door))
            {
                var user = await world.NewPerson();
                await Awarded(world, door, user, badge, 1);
                await AllTell(world, user, badge, door, [Now(world)]);

                var remover = Door(removers[turn++ % removers.Length]);
                Assert.True(await remover.Remove(world, user, badge));
                await AllTell(world, user, badge, remover, []);

                world.Time.Advance(TimeSpan.FromMinutes(1));
                await Awarded(world, door, user, badge, 1);
                await AllTell(world, user, badge, door, [Now(world)]);
                await AllTell(world, await world.NewPerson(), badge, door, []);
            }
        }
    }

    [Theory, EveryEngine]
    public async Task The_next_occasion_is_another_award_where_the_recurrence_says_so(Engine engine)
    {
        // Weeks begin on Fridays.
        await using var world = await Matrix.Start(engine, new DateTimeOffset(2023, 5, 4, 23, 30, 0, TimeSpan.Zero));
        var cases = new List<(Matrix.Badge Badge, IDoor Door, Person User)>();
        foreach (var badge in Matrix.Badges)
        {
            foreach (var door in CanAward[badge.Key].Select(Door))
            {
                cases.Add((badge, door, await world.NewPerson()));
            }
        }
        var first = Now(world);
        foreach (var (badge, door, user) in cases)
        {
            await Awarded(world, door, user, badge, 1);
        }
        world.Time.Advance(TimeSpan.FromMinutes(1));
        var second = Now(world);
        foreach (var (badge, door, user) in cases)
        {
            await door.Award(world, user, badge, 2);
            await AllTell(world, user, badge, door, badge.Key is "once" or "week" ? [first] : [first, second]);
        }
        world.Time.Advance(TimeSpan.FromMinutes(30));
        var third = Now(world);
        foreach (var (badge, door, user) in cases)
        {
            await door.Award(world, user, badge, 1);
            await AllTell(world, user, badge, door, badge.Key switch
            {
                "once" => [first],
                "week" => [first, third],
                "always" => [first, second, third],
                _ => [first, second],
            });
        }
    }

    [Theory, EveryEngine]
    public async Task What_was_revoked_cannot_be_earned_through_any_until_an_administrator_awards_it(Engine engine)
    {
        await using var world = await Matrix.Start(engine);
        foreach (var badge in Matrix.Badges.Where(badge => badge.Key != "always"))
        {
            var user = await world.NewPerson();
            await Awarded(world, Door("native"), user, badge, 1);
            foreach (var id in await world.AwardIds(user, badge))
            {
                (await world.Laurel.Delete($"{NativeWorld.Root}/users/{user.Id}/awards/{id}?kind=revoke&reason=cheated")).Is(204);
            }
            foreach (var door in CanAward[badge.Key].Select(Door))
            {
                await door.Award(world, user, badge, 1);
                await AllTell(world, user, badge, door, []);
            }
            (await world.Laurel.Post($"{NativeWorld.Root}/awards", $$"""
                {"userId":{{user.Id}},"badgeId":{{badge.Id}},"subject":"{{Matrix.Subject(1)}}","actionId":{{await world.Action(user, 1)}},"manual":true}
                """)).Is(201);
            await AllTell(world, user, badge, Door("native"), [Now(world)]);
        }
    }

    [Theory, EveryEngine]
    public async Task What_is_imported_keeps_its_id_and_time_in_all(Engine engine)
    {
        await using var world = await Matrix.Start(engine);
        foreach (var badge in Matrix.Badges)
        {
            var user = await world.NewPerson();
            (await world.Laurel.Put($"{NativeWorld.Root}/users/{user.Id}/awards/{badge.Id}36", $$"""
                {"badgeId":{{badge.Id}},"subject":"node:1","actionId":77,"awardedAt":"2021-02-03T04:05:06Z"}
                """)).Is(201);
            await AllTell(world, user, badge, Door("native"), [new DateTime(2021, 2, 3, 4, 5, 6, DateTimeKind.Utc)]);
            Assert.Equal([long.Parse($"{badge.Id}36")], await world.AwardIds(user, badge));
        }
    }

    [Theory, EveryEngine]
    public async Task The_same_request_through_two_is_one_award_or_two_as_the_recurrence_says(Engine engine)
    {
        await using var world = await Matrix.Start(engine);
        foreach (var badge in Matrix.Badges)
        {
            var doors = CanAward[badge.Key].Select(Door).ToList();
            var pairs = from one in doors from other in doors select (one, other);
            foreach (var (one, other) in pairs)
            {
                var (inTurn, atOnce) = (await world.NewPerson(), await world.NewPerson());
                await one.Award(world, inTurn, badge, 1);
                await other.Award(world, inTurn, badge, 1);
                await Task.WhenAll(one.Award(world, atOnce, badge, 1), other.Award(world, atOnce, badge, 1));

                var expected = badge.Key == "always" ? 2 : 1;
                Assert.True(expected == (await world.AwardIds(inTurn, badge)).Count, $"{badge.Key} through {one.Name}, then {other.Name}");
                Assert.True(expected == (await world.AwardIds(atOnce, badge)).Count, $"{badge.Key} through {one.Name} and {other.Name} at once");
            }
        }
    }

    private static DateTime Now(Matrix world) => world.Time.GetUtcNow().UtcDateTime;

    private static async Task Awarded(Matrix world, IDoor door, Person user, Matrix.Badge badge, int occasion)
    {
        var answer = await door.Award(world, user, badge, occasion);
        Assert.True(answer is not null && (int)answer.Status is 200 or 201, $"{badge.Key} through {door.Name}: {answer?.Status} {answer?.Body}");
    }

    private static async Task AllTell(Matrix world, Person user, Matrix.Badge badge, IDoor last, IReadOnlyList<DateTime> times)
    {
        foreach (var door in Doors.All)
        {
            var told = await door.Look(world, user, badge);
            var expected = door.Name == "Roblox" ? times.Take(1).ToList() : times;
            var what = $"{badge.Key}, after {last.Name}, as {door.Name} tells it: {told}, {string.Join(' ', told?.Times ?? [])}";
            Assert.True(told!.Count == expected.Count, what);
            Assert.True(told.Times is null || told.Times.SequenceEqual(expected), what);
            Assert.True(told.Name is null || told.Name == badge.EnglishName || told.Name == badge.ArabicName, what);
        }
    }
}
