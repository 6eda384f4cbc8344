using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>A PostgreSQL that crashes under load and comes back; or, one after the other, the machines of a cluster of Citus
/// (LAUREL_TEST_CITUS, see <see cref="CitusCluster"/>; tests/soak/citus).</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const string Key = "laurel_00000000000000000000000000000001";
    private const long Badge = 5001;
    private const int Subscribers = 4;

    // Behind all else that each server writes.
    private static readonly long[] Last = [5002, 5003];

    private const int Removable = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly int Crashes = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_CRASHES"), out var asked) ? asked : 2;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_doubled_while_the_databases_machines_crash_and_come_back()
    {
        Requirement.Need(TestDatabase.Missing(Engine.Postgres));
        await using var own = CitusCluster.IsGiven ? null : await PrivatePostgres.StartNew();
        await using var database = own is null ? await TestDatabase.Create(Engine.Postgres) : await TestDatabase.On(own);
        var standing = await Seed(database);
        var actions = ActionLoad.Draw(200 * Crashes);
        var load = new AwardLoad();
        List<StreamSubscriber> subscribers;
        await using (var first = await Serve(database))
        await using (var second = await Serve(database))
        {
            subscribers = [.. Enumerable.Range(0, Subscribers).Select(number => new StreamSubscriber(server => (server == 0 ? first : second).Address, Key, number, Last))];
            var reading = subscribers.ConvertAll(subscriber => Task.Run(subscriber.Run));
            await Task.WhenAll(subscribers.Select(subscriber => subscriber.Begun)).WaitAsync(Patience, TestContext.Current.CancellationToken);
            using var enough = new CancellationTokenSource();
            var awarding = Task.WhenAll(load.Run(first.Address, enough.Token, callers: 8), load.Run(second.Address, enough.Token, callers: 8));
            var acting = ActionLoad.Insist([first, second], Key, actions);
            var removing = Task.WhenAll(Remove([first, second], standing, 0), Remove([first, second], standing, 1));
            await Reach(() => load.Acknowledged, 100, awarding);
            for (var crash = 0; crash < Crashes; crash++)
            {
                var (acknowledged, refused) = (load.Acknowledged, load.Refused);
                await Crash(own, crash, () => Reach(() => load.Refused, refused + 1, awarding));
                var back = Stopwatch.StartNew();
                await Reach(() => load.Acknowledged, acknowledged + 1, awarding);
                output.WriteLine($"Crash {crash + 1}: an award was acknowledged {back.Elapsed.TotalSeconds:F2} s after the return.");
                await Reach(() => load.Acknowledged, load.Acknowledged + 100, awarding);
            }
            await Task.WhenAll(acting, removing);
            await enough.CancelAsync();
            await awarding;
            if (own is null)
            {
                await (await CitusCluster.Shared()).Recovered(database.ConnectionString);
            }
            foreach (var server in new[] { first, second })
            {
                Assert.False(server.HasExited, server.Output);
                Assert.Empty(await load.Missing(server.Client));
                // A machine that is away is no row that cannot be stored.
                Assert.DoesNotContain("could not be stored", server.Output, StringComparison.Ordinal);
                Assert.DoesNotContain("could be stored in parts only", server.Output, StringComparison.Ordinal);
            }
            await Award(first, Last[0]);
            await Award(second, Last[1]);
            await Task.WhenAll(reading).WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
        Assert.Empty(load.Odd);
        var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", database.ConnectionString);
        Assert.True(exitCode == 0, $"doctor: {findings}{error}");
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            Assert.Equal(await ActionLoad.Undisturbed(actions), await ActionLoad.Awards(laurel));
            var left = await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards WHERE badge_id = @Badge", new { Badge }));
            var removed = await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM award_history WHERE badge_id = @Badge", new { Badge }));
            Assert.Equal((0, standing.Count), (left, removed));
            await AssertTold(subscribers, laurel, [.. standing.Select(award => award.Id)]);
        }
        output.WriteLine($"{load.Acknowledged} acknowledged awards, {actions.Count} actions, {standing.Count} removals, 0 lost, 0 doubled; {load.Refused} times unavailable.");
    }

    // What stood before is told of only when it is removed. On a cluster an award may be told of behind its removal.
    private async Task AssertTold(List<StreamSubscriber> subscribers, TestCore laurel, HashSet<long> before)
    {
        var told = subscribers[0].Events;
        Assert.All(subscribers, subscriber => Assert.Equal(told, subscriber.Events));
        StreamSubscriber.AssertAscend(told);
        var standing = before.ToDictionary(award => award, _ => 1);
        var early = 0;
        foreach (var each in told.Where(each => each.Type != "correction"))
        {
            var count = standing[each.Award] = standing.GetValueOrDefault(each.Award) + (each.Type == "award" ? 1 : -1);
            early += count is 0 or 1 ? 0 : 1;
        }
        Assert.True(early == 0 || CitusCluster.IsGiven, $"{early} events came too early.");
        Assert.All(standing, award => Assert.InRange(award.Value, 0, 1));
        var ledger = await laurel.Core.Database.Read(async session => await session.Query<long>("SELECT id FROM awards"));
        Assert.Equal(ledger.Order(), standing.Where(award => award.Value == 1).Select(award => award.Key).Order());
        output.WriteLine($"{told.Count} events told to {Subscribers} subscribers over {subscribers.Sum(each => each.Connections)} connections, {early} of them early.");
    }

    private static async Task Award(ServerProcess server, long badge)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/laurel/v1/awards")
        {
            Content = new StringContent($$"""{"userId":1,"badgeId":{{badge}}}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Task<ServerProcess> Serve(TestDatabase database) =>
        ServerProcess.Start(database.ConnectionString, ["--open-dialects"], new Dictionary<string, string?> { ["LAUREL_ADMIN_KEY"] = Key });

    // Awards that are there to be removed.
    private static async Task<List<Award>> Seed(TestDatabase database)
    {
        await using var laurel = await TestCore.OpenSecond(database);
        await AwardLoad.Seed(laurel);
        await ActionLoad.Seed(laurel);
        foreach (var badge in Last.Append(Badge))
        {
            await laurel.Badge(badge, 1);
        }
        var asked = await Task.WhenAll(Enumerable.Range(1, Removable).Select(user => laurel.Award(user, Badge).AsTask()));
        return [.. asked.Select(outcome => outcome.Award!)];
    }

    // The workers in turn, then the coordinator.
    private static async Task Crash(PrivatePostgres? own, int crash, Func<Task> meanwhile)
    {
        if (own is null)
        {
            var machines = (await CitusCluster.Shared()).Machines;
            await CitusCluster.Crash(machines[(crash + 1) % machines.Count], meanwhile);
            return;
        }
        own.Crash();
        try
        {
            await meanwhile();
        }
        finally
        {
            own.Start();
        }
    }

    // Each second one, until it is acknowledged; what is gone already was, by an answer that never came.
    private static async Task Remove(ServerProcess[] servers, List<Award> standing, int from)
    {
        for (var number = from; number < standing.Count; number += 2)
        {
            for (var turn = number; ; turn++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Delete, $"/laurel/v1/users/{standing[number].UserId}/awards/{standing[number].Id}?kind=revoke");
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
                using var answer = await servers[turn % servers.Length].Client.SendAsync(request, TestContext.Current.CancellationToken);
                if (answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotFound)
                {
                    break;
                }
                var said = await answer.Content.ReadAsStringAsync();
                Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable && said.Contains("unavailable", StringComparison.Ordinal), $"{answer.StatusCode}: {said}");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private static async Task Reach(Func<int> count, int wanted, Task load)
    {
        for (var waited = Stopwatch.StartNew(); count() < wanted; await Task.Delay(5))
        {
            Assert.False(load.IsCompleted, "The load has ended.");
            Assert.True(waited.Elapsed < Patience, $"Only {count()} instead of {wanted}.");
        }
    }
}
