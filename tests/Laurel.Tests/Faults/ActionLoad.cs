using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>Actions that earn awards by five rules, and which those are. Its users, badges and issuer are apart from those of
/// <see cref="AwardLoad"/>, so that both can run on one database.</summary>
internal static class ActionLoad
{
    /// <summary>How many are sent at once.</summary>
    public const int Batch = 20;

    private const int FirstUser = 1001;
    private const int Users = 500;
    private const long Issuer = 2;

    // Before the first.
    private const long Badges = 1000;

    public static IEnumerable<int> Rules => Enumerable.Range(1, 5);

    /// <summary>So many, of now.</summary>
    public static List<ActionDraft> Draw(int actions)
    {
        var now = Clock.FromTime(TimeProvider.System.GetUtcNow());
        return [.. Enumerable.Range(0, actions).Select(i => Draft(i, now))];
    }

    // In no order, over the last twenty hours; some actions have no subject.
    private static ActionDraft Draft(int i, long now) => new(i % 3 == 0 ? "Vote" : "Edit", FirstUser + (i * 7919 % Users))
    {
        Id = i + 1,
        Subject = i % 11 == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"node:{i * 31 % 9}"),
        OccurredAt = now - ((long)(i * 104_729L % 72_000) * Clock.Second),
        Properties = string.Create(CultureInfo.InvariantCulture, $$"""{"points":{{i % 7}}}"""),
    };

    /// <summary>Puts users, badges and rules there.</summary>
    public static async Task Seed(TestCore laurel)
    {
        await laurel.Issuer(Issuer);
        await laurel.Badge(Badges + 1, Issuer);
        await laurel.Badge(Badges + 2, Issuer, new Recurrence.PerAction());
        await laurel.Badge(Badges + 3, Issuer, new Recurrence.PerSubject());
        await laurel.Badge(Badges + 4, Issuer);
        await laurel.Badge(Badges + 5, Issuer);
        foreach (var type in (string[])["Edit", "Vote"])
        {
            TestCore.Value(await laurel.Core.ActionTypes.Put(type, null, createOnly: false));
        }
        Assert.Null(await laurel.Core.Users.PutMany(Enumerable.Range(FirstUser, Users).Select(id => ((long)id, new UserDraft()))));
        await Put(laurel, 1, new Condition.Count(), 3, "Edit", "Vote");
        await Put(laurel, 2, new Condition.CountWithin(4 * 3600 * Clock.Second), 2, "Edit");
        await Put(laurel, 3, new Condition.Each(), 1, "Vote");
        await Put(laurel, 4, new Condition.Sum("points"), 12, "Edit", "Vote");
        await Put(laurel, 5, new Condition.Holding([Badges + 1, Badges + 4]), 2);
    }

    // Counting from the beginning of time: the actions happened before there was a rule.
    private static async Task Put(TestCore laurel, long id, Condition condition, decimal target, params string[] types)
    {
        TestCore.Value(await laurel.Core.Rules.Put(id, new RuleDraft
        {
            Key = string.Create(CultureInfo.InvariantCulture, $"rule-{id}"),
            Enabled = true,
            Actions = types,
            Condition = condition,
            Tiers = [new Tier(Badges + id, target)],
        }, createOnly: false, TestCore.Administrator));
        TestCore.Value(await laurel.Core.Backfills.Apply(id, null, TestCore.Administrator));
        while (await Running(laurel) > 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Backfills that have not come to their end.</summary>
    public static ValueTask<long> Running(TestCore laurel) => laurel.Core.Database.Read(async session =>
        await session.QueryFirst<long>("SELECT count(*) FROM rule_backfills WHERE state = 1"));

    /// <summary>The awards that these actions earn when nothing goes wrong.</summary>
    public static async Task<List<string>> Undisturbed(List<ActionDraft> actions)
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite);
        await Seed(laurel);
        foreach (var outcome in await laurel.Core.Actions.RecordAll(actions, TestCore.Administrator, TestContext.Current.CancellationToken))
        {
            Assert.True(TestCore.Value(outcome!.Value) is { Created: true, Counted: true });
        }
        return await Awards(laurel);
    }

    /// <summary>The awards by rules, in order.</summary>
    public static async Task<List<string>> Awards(TestCore laurel)
    {
        await TestCore.Settled(laurel.Core);
        return [.. await laurel.Core.Database.Read(async session => await session.Query<string>("""
            SELECT a.user_id || ' ' || a.badge_id || ' ' || a.occasion || ' ' || a.awarded_at || ' ' || coalesce(d.action_id, 0)
            FROM awards a JOIN award_details d ON d.user_id = a.user_id AND d.award_id = a.id
            WHERE a.badge_id > @Badges
            ORDER BY a.user_id, a.badge_id, a.occasion
            """, new { Badges }))];
    }

    /// <summary>Sends every batch until it is acknowledged, to one server and then the other.</summary>
    public static Task Insist(ServerProcess[] servers, string key, List<ActionDraft> actions)
    {
        var batches = actions.Chunk(Batch).ToArray();
        var taken = 0;
        return Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            for (int batch; (batch = Interlocked.Increment(ref taken) - 1) < batches.Length;)
            {
                for (var turn = batch; !await Send(servers[turn % servers.Length], key, batches[batch]); turn++)
                {
                    await Task.Delay(50, TestContext.Current.CancellationToken);
                }
            }
        })));
    }

    private static async Task<bool> Send(ServerProcess server, string key, IEnumerable<ActionDraft> actions)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/laurel/v1/actions")
        {
            Content = new StringContent(Json(actions), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        // In a batch each has its own answer.
        return answer.StatusCode == HttpStatusCode.OK && !(await answer.Content.ReadAsStringAsync()).Contains("\"refused\"", StringComparison.Ordinal);
    }

    /// <summary>As the body of a request.</summary>
    public static string Json(IEnumerable<ActionDraft> actions) => $"[{string.Join(',', actions.Select(action => string.Create(CultureInfo.InvariantCulture,
        $$"""
        {"id":{{action.Id}},"type":"{{action.Type}}","userId":{{action.UserId}},"subject":{{(action.Subject is null ? "null" : $"\"{action.Subject}\"")}},"occurredAt":"{{Clock.ToTime(action.OccurredAt!.Value):yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}}","properties":{{action.Properties}}}
        """)))}]";
}
