using System.Net;
using System.Text;
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
        }

        await using var after = await TestCore.OpenSecond(database);
        await TestCore.Settled(after.Core);
        Assert.Equal(Seats, await after.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards")));
        Assert.Equal(Seats, await after.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT taken FROM rule_seats")));
        Assert.Equal(Seats, await after.Core.Statistics.Awarded(1));
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
