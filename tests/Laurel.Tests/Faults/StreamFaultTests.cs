using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>A hundred subscribers of two server processes that are killed, stopped and frozen under load, against the ledger.</summary>
public sealed class StreamFaultTests(ITestOutputHelper output)
{
    private const string Root = "/laurel/v1";
    private const string Key = "laurel_00000000000000000000000000000001";
    private const int Subscribers = 100;
    private const int Users = 15;
    private const int Badges = 4;
    private const int Last = 9;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Theory, EveryEngine(Only = [Engine.Sqlite, Engine.Postgres])]
    public async Task Everybody_gets_every_event_once_and_in_order_whatever_becomes_of_the_servers(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await Seed(database);
        await using var servers = await Servers.Start(database);
        var subscribers = Enumerable.Range(0, Subscribers).Select(number => new StreamSubscriber(servers.Address, Key, number, [Last])).ToList();
        var reading = subscribers.ConvertAll(subscriber => Task.Run(subscriber.Run));
        await Task.WhenAll(subscribers.Select(subscriber => subscriber.Begun)).WaitAsync(Patience, TestContext.Current.CancellationToken);
        using var load = new Load(servers);

        await load.Made(40);
        await servers.Restart(0, kill: true);
        await load.Made(40);
        if (engine != Engine.Sqlite)
        {
            // Whichever of them numbers: the other takes over, and who wakes must not number again.
            foreach (var frozen in new[] { 0, 1 })
            {
                await load.Rest(frozen);
                servers.Freeze(frozen);
                await load.Made(20);
                await Task.Delay(1500, TestContext.Current.CancellationToken);
                servers.Thaw(frozen);
                load.GoOn();
                await load.Made(20);
            }
        }
        await servers.Restart(1, kill: true);
        await load.Made(40);
        await servers.Restart(0, kill: false);
        await load.Made(40);
        await load.End();
        // Rows of several nodes that are numbered together may come in any order: the last award is to be last.
        await Numbered(database);
        await load.Award(1, 1, Last);
        await Task.WhenAll(reading).WaitAsync(Patience, TestContext.Current.CancellationToken);

        servers.Kill();
        var (standing, removed) = await Ledger(database);
        Assert.Empty(load.Acknowledged.Keys.Except(standing.Keys.Concat(removed)));
        var told = subscribers[0].Events;
        Assert.All(subscribers, subscriber => Assert.Equal(told, subscriber.Events));
        StreamSubscriber.AssertAscend(told);
        Assert.Equal(standing.Keys.Concat(removed).Order(), told.Where(each => each.Type == "award").Select(each => each.Award).Order());
        Assert.Equal(removed.Order(), told.Where(each => each.Type == "removal").Select(each => each.Award).Order());
        var seen = new Dictionary<long, (long, long)>();
        foreach (var each in told)
        {
            Assert.True(each.Type == "award" ? seen.TryAdd(each.Award, (each.User, each.Badge)) : seen.Remove(each.Award), $"{each} comes too early.");
        }
        Assert.Equal(standing.OrderBy(award => award.Key), seen.OrderBy(award => award.Key));
        output.WriteLine($"{engine}: {told.Count} events, {removed.Count} of them removals; {subscribers.Sum(each => each.Connections)} connections of {Subscribers} subscribers.");
    }

    private static async Task Seed(TestDatabase database)
    {
        await using var laurel = await TestCore.OpenSecond(database);
        await laurel.Issuer(1);
        foreach (var badge in Enumerable.Range(1, Badges).Append(Last))
        {
            await laurel.Badge(badge, 1);
        }
        for (var user = 1; user <= Users; user++)
        {
            await laurel.User(user);
        }
    }

    private static async Task Numbered(TestDatabase database)
    {
        await using var laurel = await TestCore.OpenSecond(database);
        while (await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("""
            SELECT count(*) FROM outbox o WHERE sequence >= coalesce((SELECT next FROM stream_heads h WHERE h.node = o.node), 1)
            """)) > 0)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<(Dictionary<long, (long, long)> Standing, List<long> Removed)> Ledger(TestDatabase database)
    {
        await using var laurel = await TestCore.OpenSecond(database);
        await TestCore.Settled(laurel.Core);
        return await laurel.Core.Database.Read(async session => (
            (await session.Query<(long Id, long User, long Badge)>("SELECT id, user_id, badge_id FROM awards")).ToDictionary(award => award.Id, award => (award.User, award.Badge)),
            (await session.Query<long>("SELECT award_id FROM award_history")).ToList()));
    }

    /// <summary>Awards through one server what it removes through the other, on few keys.</summary>
    private sealed class Load : IDisposable
    {
        private readonly Servers _servers;
        private readonly CancellationTokenSource _ending = new();
        private readonly HttpClient _client = new() { Timeout = Patience };
        private readonly List<Task> _workers;
        private int _made;
        private int _resting = -1;
        private readonly int[] _underWay = new int[2];

        public Load(Servers servers)
        {
            _servers = servers;
            _workers = [.. Enumerable.Range(0, 4).Select(worker => Task.Run(() => Work(new Random(worker))))];
        }

        public ConcurrentDictionary<long, byte> Acknowledged { get; } = [];

        /// <summary>Ends when so many more awards have been acknowledged.</summary>
        public async Task Made(int more)
        {
            var (until, started) = (Volatile.Read(ref _made) + more, System.Diagnostics.Stopwatch.StartNew());
            while (Volatile.Read(ref _made) < until)
            {
                Assert.True(started.Elapsed < Patience, "Nothing is awarded any more.");
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }

        /// <summary>Asks a server for nothing any more, and waits for what it was asked: frozen amid a batch it would hold awards up, which
        /// is not what is shown here.</summary>
        public async Task Rest(int server)
        {
            Volatile.Write(ref _resting, server);
            var made = Volatile.Read(ref _made);
            while (Volatile.Read(ref _made) < made + 4 || Volatile.Read(ref _underWay[server]) > 0)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }
        }

        public void GoOn() => Volatile.Write(ref _resting, -1);

        public async Task End()
        {
            await _ending.CancelAsync();
            await Task.WhenAll(_workers);
        }

        private async Task Work(Random random)
        {
            while (!_ending.IsCancellationRequested)
            {
                var (server, user) = (random.Next(2), random.Next(1, Users + 1));
                if (await Award(server, user, random.Next(1, Badges + 1)) is { } award)
                {
                    await Send(1 - server, HttpMethod.Delete, $"/users/{user}/awards/{award}", null);
                }
                await Task.Delay(15);
            }
        }

        public async Task<long?> Award(int server, int user, int badge)
        {
            if (await Send(server, HttpMethod.Post, "/awards", $$"""{"userId":{{user}},"badgeId":{{badge}}}""") is not { } body)
            {
                return null;
            }
            var award = JsonNode.Parse(body)!["award"]!["id"]!.GetValue<long>();
            Acknowledged.TryAdd(award, 0);
            Interlocked.Increment(ref _made);
            return award;
        }

        private async Task<string?> Send(int server, HttpMethod method, string path, string? body)
        {
            // Counted before it looks: whoever waits for none under way sees this one, or it sees them wait.
            Interlocked.Increment(ref _underWay[server]);
            if (Volatile.Read(ref _resting) == server)
            {
                Interlocked.Decrement(ref _underWay[server]);
                server = 1 - server;
                Interlocked.Increment(ref _underWay[server]);
            }
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(_servers.Address(server), Root + path))
                {
                    Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
                };
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
                using var answer = await _client.SendAsync(request);
                return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created ? await answer.Content.ReadAsStringAsync() : null;
            }
            catch (Exception broken) when (broken is HttpRequestException or OperationCanceledException or IOException)
            {
                return null;
            }
            finally
            {
                Interlocked.Decrement(ref _underWay[server]);
            }
        }

        public void Dispose()
        {
            _client.Dispose();
            _ending.Dispose();
        }
    }

    private sealed class Servers : IAsyncDisposable
    {
        private readonly TestDatabase _database;
        private readonly ServerProcess[] _running;

        private Servers(TestDatabase database, ServerProcess[] running) => (_database, _running) = (database, running);

        public static async Task<Servers> Start(TestDatabase database) =>
            new(database, [await Start(database.ConnectionString), await Start(database.ConnectionString)]);

        private static Task<ServerProcess> Start(string connection) =>
            ServerProcess.Start(connection, environment: new Dictionary<string, string?> { ["LAUREL_ADMIN_KEY"] = Key }, patience: TimeSpan.FromSeconds(60));

        public Uri Address(int server) => Volatile.Read(ref _running[server]).Address;

        public async Task Restart(int server, bool kill)
        {
            var old = _running[server];
            if (kill)
            {
                old.Kill();
            }
            else
            {
                Assert.Equal(0, await old.Terminate());
            }
            Volatile.Write(ref _running[server], await Start(_database.ConnectionString));
            await old.DisposeAsync();
        }

        public void Freeze(int server) => Tool.Send(Signal.Stop, _running[server].Id);

        public void Thaw(int server) => Tool.Send(Signal.Continue, _running[server].Id);

        public void Kill() => Array.ForEach(_running, server => server.Kill());

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _running)
            {
                await server.DisposeAsync();
            }
        }
    }
}
