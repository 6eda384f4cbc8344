using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>All of a user's times, however many slices they are read in.</summary>
public sealed class AwardTimesTests
{
    private const long Start = 1_600_000_000_000_000;

    [Theory, EveryEngine]
    public async Task Slices_of_any_size_give_the_same_times(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        foreach (var user in new long[] { 1, 2, 3 })
        {
            await laurel.User(user);
        }
        Recurrence[] recurrences =
        [
            new Recurrence.Once(), new Recurrence.Always(), new Recurrence.PerSubject(), new Recurrence.PerAction(),
            new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2020, 1, 1)),
        ];
        for (var badge = 1; badge <= 20; badge++)
        {
            await laurel.Badge(badge, 1, recurrences[badge % recurrences.Length]);
        }
        var random = new Random(4711);
        var expected = new Dictionary<long, List<(long At, long Id)>>();
        for (var i = 0; i < 200; i++)
        {
            var (user, badge) = (random.Next(4) == 0 ? 1 + (2 * random.Next(2)) : 2, 1 + (int)Math.Sqrt(random.Next(400)));
            var request = new AwardRequest(user, badge, AwardSource.Native)
            {
                AwardedAt = Start + (random.Next(30) * 86_400_000_000L) + random.Next(2),
                Subject = badge % recurrences.Length == 2 ? new string("aŞ~z\U0001f34e".EnumerateRunes().ElementAt(random.Next(5)).ToString()) + random.Next(9) : null,
                ActionId = 1 + random.Next(50),
            };
            var outcome = await laurel.Core.Awarding.Award(request, TestCore.Administrator, bulk: false, TestContext.Current.CancellationToken);
            if (outcome.Created && user == 2)
            {
                if (!expected.TryGetValue(badge, out var times))
                {
                    expected[badge] = times = [];
                }
                times.Add((outcome.Award!.AwardedAt, outcome.Award.Id));
            }
        }
        Assert.True(expected.Count > 12 && expected.Values.Max(times => times.Count) > 8);
        // As they are, some of them waiting for their rows, and with all of them in their table.
        await Check();
        await TestCore.Settled(laurel.Core);
        await Check();

        async Task Check()
        {
            foreach (var (slice, few) in new[] { (1, 1), (1, 100), (2, 3), (3, 2), (7, 7), (10, 1), (20_000, 3), (20_000, 1_000) })
            {
                var read = await new AwardTimesReader(laurel.Core.Database, laurel.Core.Ledger, slice, few).Read(2, badge => ValueTask.FromResult(badge != 16));
                Assert.Equal(expected.Keys.Where(badge => badge != 16).Order(), read.Select(times => times.BadgeId));
                Assert.All(read, times =>
                {
                    Assert.Equal(expected[times.BadgeId].Select(each => each.At).Order(), times.Times);
                    Assert.Equal(expected[times.BadgeId].Min().Id, times.FirstId);
                });
            }
        }
    }

    [Theory, EveryEngine]
    public async Task Who_has_nothing_gets_nothing(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        Assert.Empty(await laurel.Core.UserAwards.Times(1, _ => throw new InvalidOperationException("Nothing to ask for.")));
    }
}
