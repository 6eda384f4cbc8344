using System.Net;
using System.Net.Sockets;
using System.Text;
using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>The real process killed while it takes in actions, and while it applies rules to the past. In the end the awards are those
/// of a run that nobody disturbed. LAUREL_KILL_ROUNDS sets how often (tests/soak/kill runs 500).</summary>
public sealed class RuleKillTests(ITestOutputHelper output)
{
    private const int Actions = 2400;
    private const int Callers = 4;
    private const string Key = "laurel_00000000000000000000000000000001";

    [Theory]
    [EveryEngine(8, Only = [Engine.Sqlite])]
    [EveryEngine(3, Only = [Engine.Postgres])]
    public async Task Awards_by_rules_are_those_of_an_undisturbed_run(Engine engine, int rounds)
    {
        rounds = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_KILL_ROUNDS"), out var asked) ? asked : rounds;
        var actions = ActionLoad.Draw(Actions);
        var undisturbed = await ActionLoad.Undisturbed(actions);
        await using var database = await TestDatabase.Create(engine);
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await ActionLoad.Seed(laurel);
        }

        var killed = 0;
        for (var next = 0; next < actions.Count;)
        {
            next = await Ingest(database, actions, next, rounds / 2 > killed ? Actions * (killed + 1) / (rounds / 2 + 1) : int.MaxValue);
            killed += next < actions.Count ? 1 : 0;
        }
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            Assert.Equal(undisturbed, await ActionLoad.Awards(laurel));
        }
        // From here on what is past is counted again, by all rules: nothing changes, however often it is begun and broken off.
        for (; killed < rounds; killed++)
        {
            await BeginBackfills(database);
            await using var server = await ServerProcess.Start(database.ConnectionString);
            await Task.Delay(20 + (killed * 37 % 150), TestContext.Current.CancellationToken);
            server.Kill();
        }
        await using (var server = await ServerProcess.Start(database.ConnectionString))
        {
            await using var laurel = await TestCore.OpenSecond(database);
            while (await ActionLoad.Running(laurel) > 0)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
            Assert.Equal(undisturbed, await ActionLoad.Awards(laurel));
        }
        var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", database.ConnectionString);
        Assert.True(exitCode == 0, $"doctor: {findings}{error}");
        output.WriteLine($"{engine}: {killed} kills, {actions.Count} actions, {undisturbed.Count} awards, all as undisturbed.");
    }

    // Answers from which action on nothing is acknowledged; the server is killed once so many are.
    private static async Task<int> Ingest(TestDatabase database, List<ActionDraft> actions, int from, int until)
    {
        var environment = new Dictionary<string, string?> { ["LAUREL_ADMIN_KEY"] = Key };
        await using var server = await ServerProcess.Start(database.ConnectionString, environment: environment);
        var batches = actions.Skip(from).Chunk(ActionLoad.Batch).ToArray();
        var (taken, acknowledged) = (0, new bool[batches.Length]);
        var callers = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            client.DefaultRequestHeaders.Authorization = new("Bearer", Key);
            for (int batch; (batch = Interlocked.Increment(ref taken) - 1) < batches.Length;)
            {
                try
                {
                    using var body = new StringContent(ActionLoad.Json(batches[batch]), Encoding.UTF8, "application/json");
                    using var answer = await client.PostAsync(new Uri("/laurel/v1/actions", UriKind.Relative), body);
                    acknowledged[batch] = answer.StatusCode == HttpStatusCode.OK;
                }
                catch (Exception gone) when (gone is HttpRequestException or SocketException)
                {
                    return;
                }
            }
        })));
        while (!callers.IsCompleted && from + (acknowledged.Count(done => done) * ActionLoad.Batch) < until)
        {
            await Task.Delay(1);
        }
        if (!callers.IsCompleted)
        {
            server.Kill();
        }
        await callers;
        var unknown = Array.IndexOf(acknowledged, false);
        return unknown < 0 ? actions.Count : from + (unknown * ActionLoad.Batch);
    }

    private static async Task BeginBackfills(TestDatabase database)
    {
        await using var laurel = await TestCore.OpenSecond(database);
        foreach (var rule in ActionLoad.Rules)
        {
            var begun = await laurel.Core.Backfills.Apply(rule, null, TestCore.Administrator);
            Assert.True(begun.Succeeded(out _, out var refusal) || refusal.Code == RefusalCode.BackfillRunning);
        }
    }
}
