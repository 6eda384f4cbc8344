using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>Two server processes on one database, the second of them behind a network that can fail.</summary>
public sealed class TwoNodesTests(ITestOutputHelper output)
{
    private const string Root = "/laurel/v1";
    private const string Key = "laurel_00000000000000000000000000000001";
    private const int Users = 12;
    private const int Badges = 8;

    [Theory, EveryEngine(Only = [Engine.Postgres, Engine.PostgresPartitioned])]
    public async Task Races_through_both_end_in_one_award_each_and_no_error(Engine engine)
    {
        await using var nodes = await Nodes.Start(engine, TimeSpan.FromMinutes(2));
        var actions = ActionLoad.Draw(300);
        var (created, ids) = (new ConcurrentDictionary<(int, int), int>(), new ConcurrentDictionary<(int, int), long>());
        var recorded = 0;

        var awarding = Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            for (var key = 0; key < Users * Badges; key++)
            {
                var (user, badge) = (1 + (key % Users), 1 + (key / Users));
                var (status, body) = await nodes.Send(caller % 2, HttpMethod.Post, "/awards", $$"""{"userId":{{user}},"badgeId":{{badge}}}""");
                Assert.True(status is HttpStatusCode.Created or HttpStatusCode.OK, $"{status}: {body}");
                var award = JsonNode.Parse(body)!["award"]!["id"]!.GetValue<long>();
                created.AddOrUpdate((user, badge), _ => status == HttpStatusCode.Created ? 1 : 0, (_, before) => before + (status == HttpStatusCode.Created ? 1 : 0));
                Assert.Equal(award, ids.GetOrAdd((user, badge), award));
            }
        }));
        var acting = Enumerable.Range(0, 2).Select(node => Task.Run(async () =>
        {
            foreach (var batch in actions.Chunk(ActionLoad.Batch))
            {
                var (status, body) = await nodes.Send(node, HttpMethod.Post, "/actions", ActionLoad.Json(batch));
                Assert.True(status == HttpStatusCode.OK, $"{status}: {body}");
                var items = JsonNode.Parse(body)!.AsArray();
                Assert.All(items, item => Assert.True(item!["status"]!.GetValue<string>() != "refused", item.ToJsonString()));
                Interlocked.Add(ref recorded, items.Count(item => item!["status"]!.GetValue<string>() == "created"));
            }
        }));
        var editing = Enumerable.Range(0, 2).Select(node => Task.Run(async () =>
        {
            for (var edit = 0; edit < 40; edit++)
            {
                var (status, body) = await nodes.Send(node, HttpMethod.Put, $"/badges/{1 + (edit % Badges)}", Badge($"{node} {edit}"));
                Assert.True(status == HttpStatusCode.OK, $"{status}: {body}");
            }
        }));
        await Task.WhenAll([.. awarding, .. acting, .. editing]);

        Assert.All(created.Values, count => Assert.Equal(1, count));
        Assert.Equal(actions.Count, recorded);
        await using (var laurel = await TestCore.OpenSecond(nodes.Database))
        {
            Assert.Equal(await ActionLoad.Undisturbed(actions), await ActionLoad.Awards(laurel));
            output.WriteLine((await laurel.Core.Database.Read(async session => await session.QueryFirst<string>(
                "SELECT deadlocks || ' deadlocks, ' || xact_rollback || ' rollbacks, none told to a caller.' FROM pg_stat_database WHERE datname = current_database()")))!);
        }
        var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", nodes.Database.ConnectionString);
        Assert.True(exitCode == 0, $"doctor: {findings}{error}");
    }

    [Theory]
    [EveryEngine(false, Only = [Engine.Postgres])]
    [EveryEngine(true, Only = [Engine.Postgres])]
    public async Task What_one_changes_the_other_tells_within_a_second(Engine engine, bool halfOpen)
    {
        await using var nodes = await Nodes.Start(engine, TimeSpan.FromSeconds(5));
        using var stalls = new Stalls();
        var (edits, revocations) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var round = 0; round < 7; round++)
        {
            var key = JsonNode.Parse((await nodes.Send(0, HttpMethod.Post, "/keys", """{"userId":1}""")).Body)!;
            var (secret, id) = (key["secret"]!.GetValue<string>(), key["id"]!.GetValue<long>());
            // Both know it all by heart.
            await Until(async () => (await nodes.Send(1, HttpMethod.Get, "/badges/1", key: secret)).Status == HttpStatusCode.OK, stalls);
            if (halfOpen)
            {
                nodes.Proxy.Strand();
            }
            Assert.Equal(HttpStatusCode.OK, (await nodes.Send(0, HttpMethod.Put, "/badges/1", Badge($"Edit {round}"))).Status);
            edits.Add(await Until(async () => (await nodes.Send(1, HttpMethod.Get, "/badges/1")).Body.Contains($"Edit {round}\"", StringComparison.Ordinal), stalls));
            if (halfOpen)
            {
                nodes.Proxy.Strand();
            }
            Assert.Equal(HttpStatusCode.NoContent, (await nodes.Send(0, HttpMethod.Delete, $"/keys/{id}")).Status);
            revocations.Add(await Until(async () => (await nodes.Send(1, HttpMethod.Get, "/badges/1", key: secret)).Status == HttpStatusCode.Unauthorized, stalls));
        }
        output.WriteLine($"Half-open: {halfOpen}. Edits {Figures(edits)}, revocations {Figures(revocations)}.");
        // Most of them: a single one may meet a machine that is busy elsewhere.
        Assert.True(Median(edits) <= Stalls.Limit(TimeSpan.FromSeconds(1)), Figures(edits));
        Assert.True(Median(revocations) <= Stalls.Limit(TimeSpan.FromSeconds(1)), Figures(revocations));
    }

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task A_node_that_is_cut_off_trusts_no_credential_it_remembers(Engine engine)
    {
        await using var nodes = await Nodes.Start(engine, TimeSpan.FromSeconds(5));
        var key = JsonNode.Parse((await nodes.Send(0, HttpMethod.Post, "/keys", """{"userId":1}""")).Body)!;
        var (secret, id) = (key["secret"]!.GetValue<string>(), key["id"]!.GetValue<long>());
        Task<(HttpStatusCode Status, string Body)> Ask() => nodes.Send(1, HttpMethod.Get, "/badges/1", key: secret);
        using var stalls = new Stalls();
        await Until(async () => (await Ask()).Status == HttpStatusCode.OK, stalls);

        nodes.Proxy.Pause();
        var cutOff = Stopwatch.StartNew();
        var asked = new List<(TimeSpan At, Task<(HttpStatusCode Status, string Body)> Answer)>();
        Assert.Equal(HttpStatusCode.NoContent, (await nodes.Send(0, HttpMethod.Delete, $"/keys/{id}")).Status);
        while (cutOff.Elapsed < TimeSpan.FromSeconds(3))
        {
            asked.Add((cutOff.Elapsed, Ask()));
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        var told = await Task.WhenAll(asked.Select(each => each.Answer));
        // The log was read in the second before, or later than whoever asked; never after the cut.
        Assert.All(asked.Zip(told).Where(each => each.First.At > TimeSpan.FromSeconds(1.1)),
            each => Assert.Equal(HttpStatusCode.ServiceUnavailable, each.Second.Status));

        nodes.Proxy.Resume();
        for (var (status, waited) = (HttpStatusCode.ServiceUnavailable, Stopwatch.StartNew()); status != HttpStatusCode.Unauthorized; status = (await Ask()).Status)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(2), "The node does not come back.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static string Badge(string name) =>
        $$"""{"issuerId":1,"key":null,"recurrence":"once","texts":{"en":{"name":"{{name}}","description":"About"} } }""";

    private static async Task<TimeSpan> Until(Func<Task<bool>> condition, Stalls stalls)
    {
        var (started, stalled) = (Stopwatch.StartNew(), stalls.Total);
        while (!await condition())
        {
            Assert.True(started.Elapsed < TimeSpan.FromMinutes(2), "It never came so far.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        return started.Elapsed - (stalls.Total - stalled);
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private static string Figures(List<TimeSpan> times) => string.Create(CultureInfo.InvariantCulture,
        $"after {Median(times).TotalMilliseconds:F0} ms in the middle and {times.Max().TotalMilliseconds:F0} ms at worst");

    private sealed class Nodes : IAsyncDisposable
    {
        private readonly ServerProcess[] _servers;

        private Nodes(TestDatabase database, NetworkProxy proxy, ServerProcess[] servers) => (Database, Proxy, _servers) = (database, proxy, servers);

        public TestDatabase Database { get; }

        /// <summary>Before the second one's database.</summary>
        public NetworkProxy Proxy { get; }

        /// <param name="engine">The database's.</param>
        /// <param name="patience">How long callers of the second wait for it.</param>
        public static async Task<Nodes> Start(Engine engine, TimeSpan patience)
        {
            var database = await TestDatabase.Create(engine);
            await using (var laurel = await TestCore.OpenSecond(database))
            {
                await laurel.Issuer(1);
                for (var badge = 1; badge <= Badges; badge++)
                {
                    await laurel.Badge(badge, 1);
                }
                for (var user = 1; user <= Users; user++)
                {
                    await laurel.User(user);
                }
                await ActionLoad.Seed(laurel);
            }
            var near = new NpgsqlConnectionStringBuilder(database.ConnectionString);
            var proxy = NetworkProxy.To(near.Port);
            var far = new NpgsqlConnectionStringBuilder(database.ConnectionString)
            {
                Port = proxy.Port,
                Timeout = 5,
                CommandTimeout = (int)patience.TotalSeconds,
            };
            var environment = new Dictionary<string, string?> { ["LAUREL_ADMIN_KEY"] = Key };
            return new Nodes(database, proxy,
                await Task.WhenAll(new[] { near, far }.Select(each => ServerProcess.Start(each.ConnectionString, environment: environment))));
        }

        public async Task<(HttpStatusCode Status, string Body)> Send(int node, HttpMethod method, string path, string? body = null, string key = Key)
        {
            using var request = new HttpRequestMessage(method, Root + path)
            {
                Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
            };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var answer = await _servers[node].Client.SendAsync(request, TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _servers)
            {
                await server.DisposeAsync();
            }
            await Proxy.DisposeAsync();
            await Database.DisposeAsync();
        }
    }
}
