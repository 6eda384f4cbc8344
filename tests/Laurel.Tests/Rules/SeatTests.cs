using System.Net;
using System.Text;
using Laurel.Core.Actions;
using Laurel.Core.Rules;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Rules;

/// <summary>A rule that awards a limited number of users, under two server processes at once.</summary>
public sealed class SeatTests
{
    private const int Seats = 100;
    private const int Users = 400;
    private const int Callers = 64;
    private const string Key = "laurel_00000000000000000000000000000001";

    [Theory]
    [EveryEngine(Only = [Engine.Sqlite, Engine.Postgres])]
    public async Task The_first_hundred_of_two_processes_are_a_hundred(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await laurel.Issuer(1);
            await laurel.Badge(1, 1);
            TestCore.Value(await laurel.Core.ActionTypes.Put("visit", null, createOnly: false));
            Assert.Null(await laurel.Core.Users.PutMany(Enumerable.Range(1, Users).Select(id => ((long)id, new UserDraft()))));
            TestCore.Value(await laurel.Core.Rules.Put(1, new RuleDraft
            {
                Key = "pioneers", Enabled = true, Actions = ["visit"], Condition = new Condition.Count(), Tiers = [new Tier(1, 2)], MaximumRecipients = Seats,
            }, createOnly: false, TestCore.Administrator));
        }
        var environment = new Dictionary<string, string?> { ["LAUREL_ADMIN_KEY"] = Key };
        await using (var first = await ServerProcess.Start(database.ConnectionString, environment: environment))
        await using (var second = await ServerProcess.Start(database.ConnectionString, environment: environment))
        {
            var next = 0;
            // Each user comes to both at once, and comes twice.
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                for (int turn; (turn = Interlocked.Increment(ref next) - 1) < 2 * Users;)
                {
                    await Visit(turn % 2 == 0 ? first : second, 1 + (turn / 2));
                }
            })));
            // Whoever is killed leaves tallies behind for the next owner of its slot.
            Assert.Equal(0, await first.Terminate());
            Assert.Equal(0, await second.Terminate());
        }

        await using var after = await TestCore.OpenSecond(database);
        await TestCore.Settled(after.Core);
        Assert.Equal(Seats, await after.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards")));
        Assert.Equal(Seats, await after.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT taken FROM rule_seats")));
        Assert.Equal(Seats, await after.Core.Statistics.Awarded(1));
    }

    [Theory]
    [EveryEngine(Only = [Engine.Postgres, Engine.PostgresPartitioned])]
    public async Task Seats_of_several_rules_are_given_at_once_and_nobody_waits_for_each_other(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using (var first = await TestCore.OpenSecond(database))
        await using (var second = await TestCore.OpenSecond(database))
        {
            await first.Issuer(1);
            Assert.Null(await first.Core.Users.PutMany(Enumerable.Range(1, Users).Select(id => ((long)id, new UserDraft()))));
            foreach (var rule in new[] { 1, 2, 3 })
            {
                await first.Badge(rule, 1);
                TestCore.Value(await first.Core.ActionTypes.Put($"visit{rule}", null, createOnly: false));
                TestCore.Value(await first.Core.Rules.Put(rule, new RuleDraft
                {
                    Key = $"pioneers{rule}", Enabled = true, Actions = [$"visit{rule}"], Condition = new Condition.Count(), Tiers = [new Tier(rule, 1)],
                    MaximumRecipients = rule == 3 ? 50 : Users,
                }, createOnly: false, TestCore.Administrator));
                // A badge's first award freezes it, which is another lock.
                TestCore.Value(await first.Core.Actions.Record(new ActionDraft($"visit{rule}", 1) { Id = 100_000 + rule }));
            }

            // In any order of the rules, two callers each.
            await Task.WhenAll(new[] { first, second, first, second }.Select((core, caller) => Task.Run(async () =>
            {
                for (var round = 0; round < 20; round++)
                {
                    var drafts = Enumerable.Range(0, 60).Select(i => (caller * 1201) + (round * 60) + i)
                        .Select(i => new ActionDraft($"visit{1 + (i * 7 % 3)}", 1 + (i * 13 % Users)) { Id = 1 + (i * 4) + caller });
                    foreach (var outcome in await core.Core.Actions.RecordAll([.. drafts], TestCore.Administrator, TestContext.Current.CancellationToken))
                    {
                        TestCore.Value(outcome!.Value);
                    }
                }
            })));
        }

        await using var after = await TestCore.OpenSecond(database);
        var taken = (await after.Core.Database.Read(async session => await session.Query<(long, long)>("SELECT rule_id, taken FROM rule_seats ORDER BY rule_id"))).ToList();
        Assert.Equal([1, 2, 3], taken.Select(each => each.Item1));
        Assert.Equal(await after.Core.Database.Read(async session => await session.Query<(long, long)>(
            "SELECT badge_id, count(*) FROM awards GROUP BY badge_id ORDER BY badge_id")), taken);
        Assert.Equal(50, taken[^1].Item2);
        Assert.Equal(0, await after.Core.Database.Read(async session =>
            await session.QueryFirst<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")));
    }

    private static async Task Visit(ServerProcess server, int user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, "/laurel/v1/actions"))
        {
            Content = new StringContent($$"""{"type":"visit","userId":{{user}}}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", Key);
        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }
}
