using System.Diagnostics;
using System.Globalization;
using System.Net;
using Laurel.Core;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>A network to PostgreSQL that is slow, resets, or says nothing: every caller of every dialect is answered in time, and
/// afterwards all is well by itself.</summary>
public sealed class SilentNetworkTests(ITestOutputHelper output)
{
    private const string Root = "/laurel/v1";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>What the network does.</summary>
    public enum Trouble
    {
        /// <summary>Every byte takes longer.</summary>
        Latency,

        /// <summary>Connections are reset, and new ones too.</summary>
        Resets,

        /// <summary>Bytes neither pass nor end, on new connections either.</summary>
        Silence,

        /// <summary>The same, on those that are there; new ones work.</summary>
        HalfOpen,
    }

    [Theory]
    [EveryEngine(Trouble.Latency, Only = [Engine.Postgres])]
    [EveryEngine(Trouble.Resets, Only = [Engine.Postgres])]
    [EveryEngine(Trouble.Silence, Only = [Engine.Postgres])]
    [EveryEngine(Trouble.HalfOpen, Only = [Engine.Postgres])]
    public async Task Nobody_waits_beyond_the_timeout_and_the_pool_recovers(Engine engine, Trouble trouble)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var proxy = NetworkProxy.To(new NpgsqlConnectionStringBuilder(database.ConnectionString).Port);
        var through = new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Port = proxy.Port,
            Timeout = (int)Timeout.TotalSeconds,
            CommandTimeout = (int)Timeout.TotalSeconds,
        }.ConnectionString;
        // Patient, and with a network of its own: for what has to succeed on a busy machine too.
        await using var near = await TestServer.StartSecond(database);
        var calls = await World.Make(near);
        await using var laurel = await TestServer.StartSecond(database, with: options => options with { Database = through });
        // Known to every cache that there is, and with connections in the pool.
        await Task.WhenAll(calls.Select(call => call.Ask(laurel)));
        using var stalls = new Stalls();

        switch (trouble)
        {
            case Trouble.Latency:
                proxy.Latency = TimeSpan.FromMilliseconds(10);
                break;
            case Trouble.Resets:
                proxy.Cut();
                break;
            case Trouble.Silence:
                proxy.Pause();
                break;
            case Trouble.HalfOpen:
                proxy.Strand();
                break;
        }
        var slowest = TimeSpan.Zero;
        var refused = 0;
        // The second time what was open is known to be dead, or hangs; caches are not fresh any more.
        for (var time = 0; time < 2; time++)
        {
            foreach (var (call, answer, took) in await Task.WhenAll(calls.SelectMany(call => Enumerable.Range(0, 4).Select(_ => Timed(call, laurel, stalls)))))
            {
                slowest = took > slowest ? took : slowest;
                Assert.True(took <= Stalls.Limit(Timeout + TimeSpan.FromSeconds(1)), $"{call.Name} was answered after {took.TotalSeconds:F2} s.");
                if (answer.Status == HttpStatusCode.ServiceUnavailable)
                {
                    refused++;
                    Assert.Equal("1", answer.Headers["Retry-After"]);
                    Assert.StartsWith(call.ErrorType, answer.ContentType, StringComparison.Ordinal);
                    Assert.NotNull(answer.Json[call.ErrorMember]);
                }
                else
                {
                    Assert.True((int)answer.Status < 300, $"{call.Name}: {(int)answer.Status} {answer.Body}");
                }
            }
        }
        // Slow is no reason to refuse, but on a busy machine it may become too slow.
        Assert.True(trouble == Trouble.Latency || refused > 0, "The network was in no trouble.");

        proxy.Latency = TimeSpan.Zero;
        proxy.Mend();
        proxy.Resume();
        var recovering = Stopwatch.StartNew();
        foreach (var call in calls)
        {
            for (var answer = await call.Ask(laurel); (int)answer.Status >= 300; answer = await call.Ask(laurel))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
                Assert.True(recovering.Elapsed < TimeSpan.FromMinutes(2), $"{call.Name} is not answered again: {answer.Body}");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }
        while ((await laurel.Get("/health/ready", null)).Status != HttpStatusCode.OK)
        {
            Assert.True(recovering.Elapsed < TimeSpan.FromMinutes(2), "It is not ready again.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        await Awards.Recount.AssertExact(near.Core, near.Core.Time.Micros());
        output.WriteLine($"{trouble}: the slowest answer came after {slowest.TotalSeconds:F2} s, {refused} were 503, all well again {recovering.Elapsed.TotalSeconds:F2} s later.");
    }

    // What the machine withheld is nobody's fault.
    private static async Task<(Call Call, Answer Answer, TimeSpan Took)> Timed(Call call, TestServer laurel, Stalls stalls)
    {
        var (asked, stalled) = (Stopwatch.GetTimestamp(), stalls.Total);
        var answer = await call.Ask(laurel);
        return (call, answer, Stopwatch.GetElapsedTime(asked) - (stalls.Total - stalled));
    }

    /// <summary>A call, and the shape of its dialect's errors.</summary>
    private sealed record Call(string Name, string ErrorType, string ErrorMember, Func<TestServer, Task<Answer>> Ask);

    private static class World
    {
        public static async Task<IReadOnlyList<Call>> Make(TestServer laurel)
        {
            (await laurel.Put($"{Root}/users/1", """{"username":"ada"}""")).Is(201);
            (await laurel.Put($"{Root}/issuers/100", """{"key":"isle","name":"Isle","rootPlaceId":1000,"creator":{"type":"User","id":1} }""")).Is(201);
            (await laurel.Put($"{Root}/action-types/Did", "{}")).Is(201);
            foreach (var (id, key, recurrence) in new[] { (7, "once", "once"), (8, "always", "always") })
            {
                (await laurel.Put($"{Root}/badges/{id}", Badge(key, recurrence))).Is(201);
            }
            var key1 = await laurel.Key(1, null);
            var award = (await laurel.Post($"{Root}/awards", """{"userId":1,"badgeId":8}""")).Is(201).Json["award"]!["id"]!.GetValue<long>();
            const string json = "application/json";
            var action = 0;
            return
            [
                new("native award", "application/problem+json", "code", l => l.Post($"{Root}/awards", """{"userId":1,"badgeId":8}""")),
                new("native list", "application/problem+json", "code", l => l.Get($"{Root}/users/1/awards", key1)),
                new("native edit", "application/problem+json", "code", l => l.Put($"{Root}/badges/7", Badge("once", "once"))),
                new("native action", "application/problem+json", "code", l => l.Post($"{Root}/actions", string.Create(CultureInfo.InvariantCulture,
                    $$"""{"id":{{Interlocked.Increment(ref action)}},"type":"Did","userId":1}"""))),
                new("native key", "application/problem+json", "code", l => l.Post($"{Root}/keys", """{"userId":1}""")),
                new("Roblox award", json, "errors", l => l.Send(HttpMethod.Post, "/v1/users/1/badges/8/award-badge", (string?)null, null, ("Roblox-Place-Id", "1000"))),
                new("Roblox dates", json, "errors", l => l.Get("/v1/users/1/badges/awarded-dates?badgeIds=7,8", null)),
                new("Karaz list", json, "message", l => l.Get("/v2/Users/Badges", key1)),
                new("AISquare wear", json, "detail", l => l.Send(HttpMethod.Patch, $"/api/v1/rewards/{award}/badge/", """{"is_badged":false}""", key1)),
                new("AnswerHub list", json, "error", l => l.Get("/services/v2/user/1/award.json", null)),
                new("Perfumer award", json, "message", l => l.Send(HttpMethod.Post, "/badge", """{"collection":"isle","user":"1","name":"always"}""", null)),
                new("Perfumer list", json, "message", l => l.Get("/badges?collection=isle&user=1", null)),
            ];
        }

        private static string Badge(string key, string recurrence) => $$"""
            {"issuerId":100,"key":"{{key}}","recurrence":"{{recurrence}}","recognises":["Did"],"texts":{"en":{"name":"{{key}}","description":"About"} } }
            """;
    }
}
