using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>Three PostgreSQL servers, of which two hold every acknowledged award, and the primary is lost.</summary>
public sealed class FailoverTests(ITestOutputHelper output)
{
    private const string Key = "laurel_00000000000000000000000000000001";
    private static readonly Dictionary<string, string?> Environment = new() { ["LAUREL_ADMIN_KEY"] = Key };

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_doubled_when_the_primary_dies_under_load()
    {
        await using var trio = await PostgresTrio.Start();
        var database = await trio.CreateDatabase();
        await using (var laurel = await TestCore.OpenSecond(TestDatabase.OnPostgres(database)))
        {
            await AwardLoad.Seed(laurel);
            await ActionLoad.Seed(laurel);
        }
        var actions = ActionLoad.Draw(600);
        var load = new AwardLoad();
        TimeSpan outage;
        TimeSpan answered;
        await using (var first = await ServerProcess.Start(database, ["--open-dialects"], Environment))
        await using (var second = await ServerProcess.Start(database, ["--open-dialects"], Environment))
        {
            using var enough = new CancellationTokenSource();
            var awarding = Task.WhenAll(load.Run(first.Address, enough.Token, callers: 8), load.Run(second.Address, enough.Token, callers: 8));
            var acting = ActionLoad.Insist([first, second], Key, actions);
            await Reach(() => load.Acknowledged, 400, awarding);

            trio.Lose();
            var lost = Stopwatch.StartNew();
            await trio.Promote();
            (outage, var promoted) = (lost.Elapsed, Stopwatch.StartNew());
            await Reach(() => load.Acknowledged, load.Acknowledged + 1, awarding);
            answered = promoted.Elapsed;

            await Reach(() => load.Acknowledged, load.Acknowledged + 400, awarding);
            await acting;
            await enough.CancelAsync();
            await awarding;
            foreach (var server in new[] { first, second })
            {
                Assert.False(server.HasExited, server.Output);
                Assert.Empty(await load.Missing(server.Client));
            }
        }
        var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", database);
        Assert.True(exitCode == 0, $"doctor: {findings}{error}");
        await using (var laurel = await TestCore.OpenSecond(TestDatabase.OnPostgres(database)))
        {
            Assert.Equal(await ActionLoad.Undisturbed(actions), await ActionLoad.Awards(laurel));
        }
        output.WriteLine($"{load.Acknowledged} acknowledged awards, 0 lost, 0 doubled; {load.Refused} times unavailable. The standby was promoted after "
            + $"{outage.TotalSeconds:F2} s, and writes were answered {answered.TotalSeconds:F2} s later.");
        Assert.True(answered < Stalls.Limit(TimeSpan.FromSeconds(5)), $"Writes were answered {answered} after the promotion.");
    }

    [Fact]
    public async Task What_no_standby_has_confirmed_is_not_acknowledged()
    {
        await using var trio = await PostgresTrio.Start();
        var database = await trio.CreateDatabase();
        await using (var laurel = await TestCore.OpenSecond(TestDatabase.OnPostgres(database)))
        {
            await AwardLoad.Seed(laurel);
        }
        var load = new AwardLoad();
        var keys = new List<string>();
        await using var server = await ServerProcess.Start(database, ["--open-dialects"], Environment);
        using var enough = new CancellationTokenSource();
        var awarding = load.Run(server.Address, enough.Token, callers: 8);
        await Reach(() => load.Acknowledged, 200, awarding);
        keys.Add((await CreateKey(server))!);

        await trio.FreezeStandbys();
        // What was on its way when they froze.
        await Task.Delay(200, TestContext.Current.CancellationToken);
        var (acknowledged, refused) = (load.Acknowledged, load.Refused);
        // Not the ledger's, but none the less for keeps.
        var creating = Enumerable.Range(0, 4).Select(_ => CreateKey(server)).ToList();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => WriteImpatiently(database));
        await Reach(() => load.Refused, refused + 8, awarding);
        keys.AddRange((await Task.WhenAll(creating)).OfType<string>());
        var meanwhile = load.Acknowledged - acknowledged;

        trio.Lose();
        await trio.ReviveStandbys();
        await trio.Promote();
        await Reach(() => load.Acknowledged, load.Acknowledged + 100, awarding);
        await enough.CancelAsync();
        await awarding;
        Assert.Empty(await load.Missing(server.Client));
        foreach (var key in keys)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/laurel/v1/issuers/1");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        Assert.False(server.HasExited, server.Output);
        var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", database);
        Assert.True(exitCode == 0, $"doctor: {findings}{error}");
        output.WriteLine($"{load.Acknowledged} acknowledged awards, {keys.Count} keys, 0 lost; {load.Refused} times unavailable. While both standbys were "
            + $"frozen, {meanwhile} awards and {keys.Count - 1} keys were acknowledged.");
    }

    // Its command timeout comes long before its COMMIT counts as unknown: the driver would then make PostgreSQL give up on the standbys,
    // and be told of success.
    private static async Task<int> WriteImpatiently(string database)
    {
        var impatient = new NpgsqlConnectionStringBuilder(database) { CommandTimeout = 1 }.ConnectionString;
        await using var direct = Database.Open(new DatabaseOptions(impatient) { CommitDeadline = TimeSpan.FromSeconds(5) });
        return await direct.Write(async session => await session.Execute("INSERT INTO settings (name, value) VALUES ('frozen', 'yes')"));
    }

    // Null where it was not acknowledged.
    private static async Task<string?> CreateKey(ServerProcess server)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/laurel/v1/keys")
        {
            Content = new StringContent("""{"userId":1}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.ServiceUnavailable, $"{answer.StatusCode}");
        return answer.StatusCode == HttpStatusCode.Created
            ? System.Text.Json.Nodes.JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["secret"]!.GetValue<string>()
            : null;
    }

    private static async Task Reach(Func<int> count, int wanted, Task load)
    {
        for (var waited = Stopwatch.StartNew(); count() < wanted; await Task.Delay(1))
        {
            Assert.False(load.IsCompleted, "The load has ended.");
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(3), $"Only {count()} instead of {wanted}.");
        }
    }
}
