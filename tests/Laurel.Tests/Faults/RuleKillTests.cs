using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>The real process killed while it takes in actions, and while it applies rules to the past. In the end the awards are those
/// of a run that nobody disturbed. LAUREL_KILL_ROUNDS sets how often (tests/soak/kill runs 500).</summary>
public sealed class RuleKillTests(ITestOutputHelper output)
{
    private const int Users = 500;
    private const int Actions = 2400;
    private const int Batch = 20;
    private const int Callers = 4;
    private const string Key = "laurel_00000000000000000000000000000001";

    [Theory]
    [EveryEngine(20, Only = [Engine.Sqlite])]
    [EveryEngine(6, Only = [Engine.Postgres])]
    public async Task Awards_by_rules_are_those_of_an_undisturbed_run(Engine engine, int rounds)
    {
        rounds = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_KILL_ROUNDS"), out var asked) ? asked : rounds;
        var now = TimeProvider.System.GetUtcNow();
        var actions = Enumerable.Range(0, Actions).Select(i => Draft(i, Clock.FromTime(now))).ToList();
        var undisturbed = await Undisturbed(actions);
        await using var database = await TestDatabase.Create(engine);
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await Seed(laurel);
        }

        var killed = 0;
        for (var next = 0; next < actions.Count;)
        {
            next = await Ingest(database, actions, next, rounds / 2 > killed ? Actions * (killed + 1) / (rounds / 2 + 1) : int.MaxValue);
            killed += next < actions.Count ? 1 : 0;
        }
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            Assert.Equal(undisturbed, await Awards(laurel));
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
            while (await Running(laurel) > 0)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
            Assert.Equal(undisturbed, await Awards(laurel));
        }
        var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", database.ConnectionString);
        Assert.True(exitCode == 0, $"doctor: {findings}{error}");
        output.WriteLine($"{engine}: {killed} kills, {actions.Count} actions, {undisturbed.Count} awards, all as undisturbed.");
    }

    // In no order, over the last twenty hours; some actions have no subject.
    private static ActionDraft Draft(int i, long now) => new(i % 3 == 0 ? "Vote" : "Edit", 1 + (i * 7919 % Users))
    {
        Id = i + 1,
        Subject = i % 11 == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"node:{i * 31 % 9}"),
        OccurredAt = now - ((long)(i * 104_729L % 72_000) * Clock.Second),
        Properties = string.Create(CultureInfo.InvariantCulture, $$"""{"points":{{i % 7}}}"""),
    };

    private static async Task Seed(TestCore laurel)
    {
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        await laurel.Badge(2, 1, new Recurrence.PerAction());
        await laurel.Badge(3, 1, new Recurrence.PerSubject());
        await laurel.Badge(4, 1);
        await laurel.Badge(5, 1);
        foreach (var type in (string[])["Edit", "Vote"])
        {
            TestCore.Value(await laurel.Core.ActionTypes.Put(type, null, createOnly: false));
        }
        Assert.Null(await laurel.Core.Users.PutMany(Enumerable.Range(1, Users).Select(id => ((long)id, new UserDraft()))));
        await Put(laurel, 1, 1, new Condition.Count(), 3, "Edit", "Vote");
        await Put(laurel, 2, 2, new Condition.CountWithin(4 * 3600 * Clock.Second), 2, "Edit");
        await Put(laurel, 3, 3, new Condition.Each(), 1, "Vote");
        await Put(laurel, 4, 4, new Condition.Sum("points"), 12, "Edit", "Vote");
        await Put(laurel, 5, 5, new Condition.Holding([1, 4]), 2);
    }

    // Counting from the beginning of time: the actions happened before there was a rule.
    private static async Task Put(TestCore laurel, long id, long badgeId, Condition condition, decimal target, params string[] types)
    {
        TestCore.Value(await laurel.Core.Rules.Put(id, new RuleDraft
        {
            Key = string.Create(CultureInfo.InvariantCulture, $"rule-{id}"),
            Enabled = true,
            Actions = types,
            Condition = condition,
            Tiers = [new Tier(badgeId, target)],
        }, createOnly: false, TestCore.Administrator));
        TestCore.Value(await laurel.Core.Backfills.Apply(id, null, TestCore.Administrator));
        while (await Running(laurel) > 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private static ValueTask<long> Running(TestCore laurel) => laurel.Core.Database.Read(async session =>
        await session.QueryFirst<long>("SELECT count(*) FROM rule_backfills WHERE state = 1"));

    private static async Task<List<string>> Undisturbed(List<ActionDraft> actions)
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite);
        await Seed(laurel);
        foreach (var outcome in await laurel.Core.Actions.RecordAll(actions, TestCore.Administrator, TestContext.Current.CancellationToken))
        {
            Assert.True(TestCore.Value(outcome!.Value) is { Created: true, Counted: true });
        }
        return await Awards(laurel);
    }

    private static async Task<List<string>> Awards(TestCore laurel)
    {
        await TestCore.Settled(laurel.Core);
        return [.. await laurel.Core.Database.Read(async session => await session.Query<string>("""
            SELECT a.user_id || ' ' || a.badge_id || ' ' || a.occasion || ' ' || a.awarded_at || ' ' || coalesce(d.action_id, 0)
            FROM awards a JOIN award_details d ON d.user_id = a.user_id AND d.award_id = a.id
            ORDER BY a.user_id, a.badge_id, a.occasion
            """))];
    }

    // Answers from which action on nothing is acknowledged; the server is killed once so many are.
    private static async Task<int> Ingest(TestDatabase database, List<ActionDraft> actions, int from, int until)
    {
        var environment = new Dictionary<string, string?> { ["LAUREL_ADMIN_KEY"] = Key };
        await using var server = await ServerProcess.Start(database.ConnectionString, environment: environment);
        var batches = actions.Skip(from).Chunk(Batch).ToArray();
        var (taken, acknowledged) = (0, new bool[batches.Length]);
        var callers = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            client.DefaultRequestHeaders.Authorization = new("Bearer", Key);
            for (int batch; (batch = Interlocked.Increment(ref taken) - 1) < batches.Length;)
            {
                try
                {
                    using var body = new StringContent(Json(batches[batch]), Encoding.UTF8, "application/json");
                    using var answer = await client.PostAsync(new Uri("/laurel/v1/actions", UriKind.Relative), body);
                    acknowledged[batch] = answer.StatusCode == HttpStatusCode.OK;
                }
                catch (Exception gone) when (gone is HttpRequestException or SocketException)
                {
                    return;
                }
            }
        })));
        while (!callers.IsCompleted && from + (acknowledged.Count(done => done) * Batch) < until)
        {
            await Task.Delay(1);
        }
        if (!callers.IsCompleted)
        {
            server.Kill();
        }
        await callers;
        var unknown = Array.IndexOf(acknowledged, false);
        return unknown < 0 ? actions.Count : from + (unknown * Batch);
    }

    private static string Json(IEnumerable<ActionDraft> actions) => $"[{string.Join(',', actions.Select(action => string.Create(CultureInfo.InvariantCulture,
        $$"""
        {"id":{{action.Id}},"type":"{{action.Type}}","userId":{{action.UserId}},"subject":{{(action.Subject is null ? "null" : $"\"{action.Subject}\"")}},"occurredAt":"{{Clock.ToTime(action.OccurredAt!.Value):yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}}","properties":{{action.Properties}}}
        """)))}]";

    private static async Task BeginBackfills(TestDatabase database)
    {
        await using var laurel = await TestCore.OpenSecond(database);
        for (var rule = 1; rule <= 5; rule++)
        {
            var begun = await laurel.Core.Backfills.Apply(rule, null, TestCore.Administrator);
            Assert.True(begun.Succeeded(out _, out var refusal) || refusal.Code == RefusalCode.BackfillRunning);
        }
    }
}
