using System.Collections.Concurrent;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>Connections cut around COMMIT, at random. LAUREL_COMMIT_CUTS sets how often (tests/soak/commit-cuts: 1,000), LAUREL_TEST_REPLAY
/// the seed, which every run prints.</summary>
public sealed class CommitCutTests(ITestOutputHelper output)
{
    private const int Users = 8;

    // Once, taken away and awarded again; and once for each round.
    private const long Once = 1;
    private const long EachRound = 2;

    [Theory, EveryEngine(60, Only = [Engine.Postgres])]
    public async Task Every_request_ends_in_one_award_and_a_true_answer(Engine engine, int wanted)
    {
        wanted = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_COMMIT_CUTS"), out var asked) ? asked : wanted;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_TEST_REPLAY"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"Seed {seed}.");
        await using var database = await TestDatabase.Create(engine);
        await using var near = await TestCore.OpenSecond(database);
        await near.Issuer(1);
        await near.Badge(Once, 1);
        await near.Badge(EachRound, 1, new Recurrence.PerSubject());
        for (var user = 1; user <= Users; user++)
        {
            await near.User(user);
        }

        var cuts = new CommitCuts(seed, share: 0.5);
        await using var proxy = NetworkProxy.To(new NpgsqlConnectionStringBuilder(database.ConnectionString).Port, cuts);
        await using var far = await LaurelCore.Open(new CoreOptions(new DatabaseOptions(Through(proxy, database))), TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TestCore.Deaths.Add);
        var answers = new Answers(far);
        var removedNear = 0;
        cuts.Committed = async () =>
        {
            // Another process takes away what was committed a moment ago, before anybody was told of it.
            var user = 1 + (cuts.Total % Users);
            Interlocked.Add(ref removedNear, await near.Core.Awarding.RemoveAll(user, EachRound, RemovalKind.Reset, null, null, default));
        };

        cuts.Armed = true;
        for (var round = 1; cuts.Total < wanted; round++)
        {
            var subject = $"node:{round}";
            // Each twice: clients repeat themselves.
            await Task.WhenAll([
                .. Enumerable.Range(0, 2 * Users).Select(i => answers.Award(1 + (i % Users), EachRound, subject)),
                answers.Award(1 + (round % Users), Once, null),
                answers.RemoveAll(1 + ((round + 1) % Users), Once),
            ]);
        }
        cuts.Armed = false;

        await TestCore.Settled(far);
        var standing = await Ids(near, "SELECT id FROM awards");
        var removed = await Ids(near, "SELECT award_id FROM award_history");
        Assert.Equal(standing.Concat(removed).Order(), answers.Created.Order());
        Assert.Subset(answers.Created.ToHashSet(), answers.Held.ToHashSet());
        Assert.Equal(removed.Count, answers.Removed + removedNear);
        await Awards.Recount.AssertExact(near.Core, near.Core.Time.Micros());
        foreach (var badge in new[] { Once, EachRound })
        {
            Assert.Equal(await near.Core.Database.Read(async session => await session.QueryFirst<long>(
                "SELECT count(*) FROM awards WHERE badge_id = @badge", new { badge })), await far.Statistics.Awarded(badge));
        }
        // Otherwise nothing is shown.
        Assert.All(Enum.GetValues<CommitCut>(), cut => Assert.True(cuts[cut] > 0, $"No connection was cut {cut} COMMIT."));
        Assert.True(removedNear > 0, "Nothing was taken away in between.");
        output.WriteLine($"{cuts.Total} cuts: {cuts[CommitCut.Before]} before COMMIT, {cuts[CommitCut.Amid]} amid it, {cuts[CommitCut.After]} after it; "
            + $"{answers.Created.Count} awards created, {answers.Held.Count} answers that one is held, {answers.Refused} times unavailable, "
            + $"{removedNear} awards removed by another process before they were acknowledged or later.");
    }

    // Nobody gives up here, so that 503 means that nothing was stored.
    private static string Through(NetworkProxy proxy, TestDatabase database) => new NpgsqlConnectionStringBuilder(database.ConnectionString)
    {
        Port = proxy.Port,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
        CommandTimeout = 600,
    }.ConnectionString;

    private static async Task<List<long>> Ids(TestCore laurel, string sql) =>
        [.. await laurel.Core.Database.Read(async session => await session.Query<long>(sql))];

    /// <summary>Asks until it is answered, and keeps what was said.</summary>
    private sealed class Answers(LaurelCore core)
    {
        private int _refused;
        private int _removed;

        public ConcurrentBag<long> Created { get; } = [];

        public ConcurrentBag<long> Held { get; } = [];

        public int Removed => _removed;

        public int Refused => _refused;

        public async Task Award(int user, long badge, string? subject)
        {
            var outcome = await Insist(() => core.Awarding.Award(
                new AwardRequest(user, badge, AwardSource.Native) { Subject = subject }, TestCore.Administrator, bulk: false, default).AsTask());
            Assert.Null(outcome.Refusal);
            (outcome.Created ? Created : Held).Add(outcome.Award!.Id);
        }

        public async Task RemoveAll(int user, long badge) => Interlocked.Add(ref _removed, await Insist(() =>
            core.Awarding.RemoveAll(user, badge, RemovalKind.Reset, null, null, default).AsTask()));

        private async Task<T> Insist<T>(Func<Task<T>> ask)
        {
            while (true)
            {
                try
                {
                    return await ask();
                }
                catch (StorageUnavailableException)
                {
                    Interlocked.Increment(ref _refused);
                    await Task.Delay(5, TestContext.Current.CancellationToken);
                }
            }
        }
    }
}
