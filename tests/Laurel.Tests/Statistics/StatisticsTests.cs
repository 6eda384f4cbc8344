using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Tests.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Statistics;

public sealed class StatisticsTests
{
    private const long Micro = 1_000_000;

    [Theory, EveryEngine]
    public async Task Statistics_equal_a_recount_at_every_instant_on_both_of_two_cores(Engine engine)
    {
        // A quarter of an hour before midnight, so that days and buckets end soon.
        var time = new ManualTime(new(2026, 2, 27, 23, 44, 58, TimeSpan.Zero));
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database, time);
        var second = await TestCore.OpenSecond(database, time);
        await first.Issuer(1);
        await first.Issuer(2);
        for (var badge = 1; badge <= 6; badge++)
        {
            await first.Badge(badge, 1 + (badge % 2), badge % 3 == 0 ? new Recurrence.Always() : new Recurrence.Once());
        }
        for (var user = 1; user <= 40; user++)
        {
            await first.User(user);
        }
        var random = new Random(20260227);
        var history = new History();
        TimeSpan[] steps =
        [
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.999999), TimeSpan.FromMinutes(5) - TimeSpan.FromMicroseconds(1), TimeSpan.FromMicroseconds(1),
            TimeSpan.FromMinutes(10), TimeSpan.FromHours(7), TimeSpan.FromMinutes(5), TimeSpan.FromHours(16.9), TimeSpan.FromMinutes(5),
            TimeSpan.FromHours(24), TimeSpan.FromSeconds(1), TimeSpan.FromHours(49), TimeSpan.FromMinutes(1), TimeSpan.FromHours(23.92), TimeSpan.FromMinutes(5),
        ];
        for (var instant = 0; instant < steps.Length; instant++)
        {
            await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => history.Something(random.Next(2) == 0 ? first : second, random, time.Micros())));
            if (instant % 5 == 4)
            {
                await second.DisposeAsync();
                second = await TestCore.OpenSecond(database, time);
            }
            await history.AssertTold(first, time.Micros());
            await history.AssertTold(second, time.Micros());
            time.Jump(steps[instant]);
            await history.AssertTold(first, time.Micros());
            await history.AssertTold(second, time.Micros());
        }
        await Recount.AssertExact(first.Core, time.Micros());
        await first.Core.Statistics.Trim();
        await history.AssertTold(first, time.Micros());
        await second.DisposeAsync();
        second = await TestCore.OpenSecond(database, time);
        await history.AssertTold(second, time.Micros());
        await second.DisposeAsync();
    }

    /// <summary>What happened, kept as plain lists and counted anew for each question.</summary>
    private sealed class History
    {
        private readonly Lock _gate = new();
        private readonly List<Award> _standing = [];
        private readonly Dictionary<(long Issuer, long User), long> _lastSeen = [];

        public Task Something(TestCore laurel, Random random, long now)
        {
            var (what, user, badge) = (random.Next(10), random.Next(1, 41), random.Next(1, 7));
            long[] agos = [0, 0, 1, Micro, 299 * Micro, 300 * Micro, 3600 * Micro, 86_100 * Micro, 86_400 * Micro, 86_399_999_999, 40L * 86_400 * Micro];
            var at = now - agos[random.Next(agos.Length)];
            return what switch
            {
                < 6 => Award(laurel, user, badge, at, visit: what % 2 == 0, now),
                < 8 => Remove(laurel, user, badge),
                _ => Visit(laurel, user, 1 + (badge % 2), at),
            };
        }

        private async Task Award(TestCore laurel, long user, long badge, long at, bool visit, long now)
        {
            var outcome = await laurel.Core.Awarding.Award(
                new AwardRequest(user, badge, AwardSource.Native) { AwardedAt = at, IsVisit = visit }, TestCore.Administrator, bulk: false, default);
            lock (_gate)
            {
                if (outcome.Created)
                {
                    _standing.Add(outcome.Award!);
                    if (visit)
                    {
                        See(1 + (badge % 2), user, now);
                    }
                }
            }
        }

        private async Task Remove(TestCore laurel, long user, long badge)
        {
            Award? chosen;
            lock (_gate)
            {
                chosen = _standing.Find(award => award.UserId == user && award.BadgeId == badge);
            }
            if (chosen is not null && await laurel.Core.Awarding.Remove(user, chosen.Id, RemovalKind.Reset, null, null, default) is not null)
            {
                lock (_gate)
                {
                    _standing.RemoveAll(award => award.Id == chosen.Id);
                }
            }
        }

        private async Task Visit(TestCore laurel, long user, long issuer, long at)
        {
            Assert.Null(await laurel.Core.Awarding.Visit(issuer, user, at, default));
            lock (_gate)
            {
                See(issuer, user, at);
            }
        }

        private void See(long issuer, long user, long at) => _lastSeen[(issuer, user)] = Math.Max(at, _lastSeen.GetValueOrDefault((issuer, user)));

        /// <summary>Of its own batches a core knows at once, of another's when it next polls: the machine decides how soon it comes to that.</summary>
        public async Task AssertTold(TestCore laurel, long now)
        {
            var expected = Expected(now);
            var actual = await Actual(laurel);
            for (var waited = System.Diagnostics.Stopwatch.StartNew(); !expected.SequenceEqual(actual) && waited.Elapsed < TimeSpan.FromSeconds(20);)
            {
                await Task.Delay(20);
                actual = await Actual(laurel);
            }
            Assert.Equal(expected, actual);
        }

        private List<double> Expected(long now)
        {
            var first = ((now / (300 * Micro)) - 287) * 300 * Micro;
            var end = ((now / (300 * Micro)) + 1) * 300 * Micro;
            var told = new List<double>();
            for (var badge = 1; badge <= 6; badge++)
            {
                var day = _standing.Count(award => award.BadgeId == badge && award.AwardedAt >= first && award.AwardedAt < end);
                var visitors = _lastSeen.Count(seen => seen.Key.Issuer == 1 + (badge % 2) && seen.Value >= first && seen.Value < end);
                var rate = visitors == 0 ? 0 : (int)((1000m * day / visitors) + 0.5m) / 1000m;
                told.AddRange([_standing.Count(award => award.BadgeId == badge), day, visitors, (double)Math.Min(1, rate)]);
            }
            return told;
        }

        private static async Task<List<double>> Actual(TestCore laurel)
        {
            var told = new List<double>();
            for (var badge = 1; badge <= 6; badge++)
            {
                var statistics = laurel.Core.Statistics;
                told.AddRange([await statistics.Awarded(badge), statistics.PastDay(badge), statistics.Visitors(1 + (badge % 2)), statistics.WinRate(badge, 1 + (badge % 2))]);
            }
            return told;
        }
    }
}
