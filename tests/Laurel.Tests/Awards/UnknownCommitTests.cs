using System.Collections.Concurrent;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>The network breaks around COMMIT: the batch is stored or it is not, and the answers must say which.</summary>
public sealed class UnknownCommitTests
{
    private const int Rounds = 16;

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task A_COMMIT_that_arrives_when_nobody_waits_for_it_any_more_is_neither_lost_nor_repeated(Engine engine)
    {
        var cuts = new CommitCuts(1, share: 0);
        await using var far = await Far.Open(engine, commitDeadline: TimeSpan.FromMilliseconds(300), cuts);
        for (var round = 1; round <= 3; round++)
        {
            var unknown = far.Log.Unknown;
            var held = 0;
            cuts.Holds = () => Interlocked.Exchange(ref held, 1) == 0;
            var awarding = Enumerable.Range(1, 8).Select(user => far.Award(user, round)).ToList();
            // Given up, and asked about already, before it gets through.
            while (far.Log.Unknown == unknown)
            {
                Assert.Contains(awarding, each => !each.IsCompleted);
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
            await Task.Delay(200, TestContext.Current.CancellationToken);
            far.Proxy.Resume();
            Assert.All(await Task.WhenAll(awarding), outcome => Assert.True(outcome.Created));
        }
        await Recount.AssertExact(far.Core, far.Core.Time.Micros());
    }

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task A_batch_that_stands_still_keeps_nothing_from_others(Engine engine)
    {
        var held = 0;
        var cuts = new CommitCuts(1, share: 0) { Holds = () => Interlocked.Exchange(ref held, 1) == 0 };
        await using var far = await Far.Open(engine, commitDeadline: TimeSpan.FromMinutes(2), cuts);
        var frozen = far.Award(user: 1, badge: 1);
        while (held == 0)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        // Waits for the award that is not there, until the server ends what would have made it.
        await using var other = await far.Second();
        var awarded = await other.Awarding.Award(new AwardRequest(1, 1, AwardSource.Native), TestCore.Administrator, bulk: false, default);
        Assert.True(awarded.Created);
        far.Proxy.Resume();
        Assert.Equal((false, awarded.Award!.Id), await frozen is var outcome ? (outcome.Created, outcome.Award!.Id) : default);
    }

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task A_network_that_swallows_the_answer_to_COMMIT_does_not_hold_the_writer(Engine engine)
    {
        await using var far = await Far.Open(engine, commitDeadline: TimeSpan.FromMilliseconds(500));
        for (var (round, seen) = (1, 0); seen < 3; round++)
        {
            Assert.True(round <= Rounds, "No COMMIT was ever met on its way.");
            // Long enough for a busy machine to look in time; if it does not, the round shows nothing.
            far.Proxy.Latency = TimeSpan.FromMilliseconds(60);
            var awarding = Enumerable.Range(1, 3).Select(user => far.Award(user, round)).ToList();
            await far.UntilStored(user: 3, round, awarding);
            far.Proxy.Pause();
            far.Proxy.Latency = TimeSpan.Zero;
            var unknown = far.Log.Unknown;
            for (var wait = 0; wait < 6000 && far.Log.Unknown == unknown && !awarding.TrueForAll(award => award.IsCompleted); wait++)
            {
                await Task.Delay(10);
            }
            Assert.True(far.Log.Unknown > unknown || awarding.TrueForAll(award => award.IsCompleted), "The writer still waits for its COMMIT.");
            seen += far.Log.Unknown > unknown ? 1 : 0;
            far.Proxy.Resume();
            foreach (var awarded in awarding)
            {
                Assert.True((await awarded).Created);
            }
        }
        await Recount.AssertExact(far.Core, far.Core.Time.Micros());
    }

    /// <summary>A core whose database is behind a proxy, and a way to the database that is not.</summary>
    private sealed class Far : IAsyncDisposable
    {
        private readonly TestDatabase _database;
        private readonly NpgsqlDataSource _near;

        private Far(TestDatabase database, NetworkProxy proxy, NpgsqlDataSource near, LaurelCore core, CountingLog log) =>
            (_database, Proxy, _near, Core, Log) = (database, proxy, near, core, log);

        public NetworkProxy Proxy { get; }

        public LaurelCore Core { get; }

        public CountingLog Log { get; }

        public static async Task<Far> Open(Engine engine, TimeSpan commitDeadline, CommitCuts? cuts = null)
        {
            var database = await TestDatabase.Create(engine);
            var proxy = NetworkProxy.To(new NpgsqlConnectionStringBuilder(database.ConnectionString).Port, cuts);
            var through = new NpgsqlConnectionStringBuilder(database.ConnectionString)
            {
                Port = proxy.Port,
                Timeout = 3,
                CommandTimeout = 120,
                SslMode = SslMode.Disable,
                GssEncryptionMode = GssEncryptionMode.Disable,
            }.ConnectionString;
            var log = new CountingLog();
            var core = await LaurelCore.Open(
                new CoreOptions(new DatabaseOptions(through) { CommitDeadline = commitDeadline, LongestPause = TimeSpan.FromSeconds(2) }), TimeProvider.System, log, TestCore.Deaths.Add);
            TestCore.Value(await core.Issuers.Put(1, new IssuerDraft("one", "One"), createOnly: false));
            for (var user = 1; user <= 8; user++)
            {
                TestCore.Value(await core.Users.Put(user, new UserDraft(), null, createOnly: false));
            }
            for (var badge = 1; badge <= Rounds; badge++)
            {
                TestCore.Value(await core.Badges.Put(badge, new BadgeDraft
                {
                    IssuerId = 1,
                    Texts = new Dictionary<string, BadgeText> { ["en"] = new("Badge", null) },
                }, createOnly: false));
            }
            return new Far(database, proxy, NpgsqlDataSource.Create(database.ConnectionString), core, log);
        }

        /// <summary>Another process, as it were, to which nothing stands between it and the database.</summary>
        public Task<LaurelCore> Second() => LaurelCore.Open(
            new CoreOptions(new DatabaseOptions(_database.ConnectionString)), TimeProvider.System, Log, TestCore.Deaths.Add);

        public Task<AwardOutcome> Award(int user, int badge) =>
            Core.Awarding.Award(new AwardRequest(user, badge, AwardSource.Native), TestCore.Administrator, bulk: false, default).AsTask();

        /// <summary>The server has committed; its answer is on the way.</summary>
        public Task UntilStored(int user, int badge, IEnumerable<Task> awarding) =>
            Until($"SELECT EXISTS (SELECT 1 FROM awards WHERE user_id = {user} AND badge_id = {badge})", awarding);

        // A batch that met a connection which the last cut had broken fails before it comes so far: that round shows nothing either.
        private async Task Until(string condition, IEnumerable<Task> awarding)
        {
            await using var connection = await _near.OpenConnectionAsync();
            for (var started = System.Diagnostics.Stopwatch.StartNew(); started.Elapsed < TimeSpan.FromSeconds(60);)
            {
                await using var command = new NpgsqlCommand(condition, connection);
                if ((bool)(await command.ExecuteScalarAsync())! || awarding.Any(award => award.IsFaulted))
                {
                    return;
                }
            }
            Assert.Fail("The batch never came so far.");
        }

        public async ValueTask DisposeAsync()
        {
            // Whatever failed: a core cannot end while it does not know what came of its last batch.
            Proxy.Resume();
            Proxy.Mend();
            Proxy.Latency = TimeSpan.Zero;
            await Core.DisposeAsync();
            await _near.DisposeAsync();
            await Proxy.DisposeAsync();
            await _database.DisposeAsync();
        }
    }

    private sealed class CountingLog : ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();
        private int _unknown;

        public int Unknown => Volatile.Read(ref _unknown);

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            _lines.Enqueue(formatter(state, exception));
            if (exception is CommitUnknownException)
            {
                Interlocked.Increment(ref _unknown);
            }
        }
    }
}
