using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class RaceTests
{
    private const int Callers = 64;

    [Theory, EveryEngine(1, 10_000, Only = [Engine.Sqlite]), EveryEngine(2, 1_000, Only = [Engine.Sqlite]),
     EveryEngine(1, 240, Only = [Engine.Postgres]), EveryEngine(2, 240, Only = [Engine.Postgres]), EveryEngine(2, 60, Only = [Engine.PostgresPartitioned])]
    public async Task Of_64_callers_who_race_for_one_award_exactly_one_makes_it(Engine engine, int cores, int rounds)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = cores == 2 ? await TestCore.OpenSecond(database) : null;
        const int users = 50;
        await first.Issuer(1);
        for (var user = 1; user <= users; user++)
        {
            await first.User(user);
        }
        for (var badge = 0; badge <= rounds / users; badge++)
        {
            await first.Badge(badge + 1, 1);
        }

        var made = new int[rounds];
        var ids = new long[rounds];
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var laurel = caller % 2 == 1 && second is not null ? second : first;
            // Some rounds at once: the races lose nothing, and the batches are full.
            foreach (var some in Enumerable.Range(0, rounds).Chunk(15))
            {
                await Task.WhenAll(some.Select(async round =>
                {
                    var outcome = await laurel.Award(1 + (round % users), 1 + (round / users));
                    Assert.Null(outcome.Refusal);
                    if (outcome.Created)
                    {
                        Interlocked.Increment(ref made[round]);
                    }
                    var before = Interlocked.CompareExchange(ref ids[round], outcome.Award!.Id, 0);
                    Assert.True(before == 0 || before == outcome.Award.Id, "Two callers were told of two awards.");
                }));
            }
        })));

        Assert.All(made, count => Assert.Equal(1, count));
        await TestCore.Settled(first.Core);
        Assert.Equal(rounds, await first.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards")));
        await Recount.AssertExact(first.Core, first.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task Awards_and_resets_of_one_key_from_two_cores_leave_one_row_at_most_and_exact_counts(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Issuer(1);
        await first.Badge(1, 1);
        await first.Badge(2, 1, new Recurrence.PerSubject());
        await first.User(1);
        await first.User(2);
        var (created, removed) = (0, 0);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(worker => Task.Run(async () =>
        {
            var laurel = worker % 2 == 0 ? first : second;
            for (var round = 0; round < 60; round++)
            {
                var (user, badge) = (1 + (round % 2), 1 + (round / 2 % 2));
                if ((worker / 2 + round) % 2 == 0)
                {
                    var outcome = await laurel.Award(user, badge, "node:1");
                    Assert.Null(outcome.Refusal);
                    Interlocked.Add(ref created, outcome.Created ? 1 : 0);
                }
                else
                {
                    Interlocked.Add(ref removed, await laurel.Core.Awarding.RemoveAll(user, badge, RemovalKind.Reset, null, null, default));
                }
            }
        })));

        var standing = await first.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards"));
        Assert.Equal(standing, created - removed);
        Assert.InRange(standing, 0, 4);
        await Recount.AssertExact(first.Core, first.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task No_award_stands_over_a_revocation_that_raced_with_it(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Issuer(1);
        await first.User(1);
        const int rounds = 60;
        for (var badge = 1; badge <= rounds; badge++)
        {
            await first.Badge(badge, 1, badge % 2 == 0 ? new Recurrence.Once() : new Recurrence.PerSubject());
            await first.Award(1, badge, "node:1");
        }

        for (var badge = 1; badge <= rounds; badge++)
        {
            var id = badge;
            await Task.WhenAll(
                Task.Run(() => first.Core.Awarding.RemoveAll(1, id, RemovalKind.Revoke, null, null, default).AsTask()),
                Task.Run(() => second.Award(1, id, "node:1").AsTask()),
                Task.Run(() => second.Core.Awarding.Import(500 + id, new AwardRequest(1, id, AwardSource.Import) { Subject = "node:1" }, null, default).AsTask()),
                Task.Run(() => first.Award(1, id, "node:1").AsTask()));
        }

        Assert.Equal(0, await first.Core.Database.Read(async session => await session.QueryFirst<long>("""
            SELECT count(*) FROM awards a JOIN award_history h ON h.user_id = a.user_id AND h.badge_id = a.badge_id AND h.occasion = a.occasion
            WHERE h.kind = 2 AND h.lifted = 0
            """)));
        await Recount.AssertExact(first.Core, first.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task First_awards_that_race_with_a_new_recurrence_fit_the_one_that_stays(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Issuer(1);
        for (var user = 1; user <= 6; user++)
        {
            await first.User(user);
        }
        for (var badge = 1; badge <= 24; badge++)
        {
            var id = badge;
            await first.Badge(id, 1, new Recurrence.PerSubject());
            await second.Core.Badges.Find(id);
            var changing = Task.Run(() => first.Core.Badges.Put(id, new BadgeDraft
            {
                IssuerId = 1,
                Texts = new Dictionary<string, BadgeText> { ["en"] = new("Changed", null) },
                Recurrence = new Recurrence.Always(),
            }, createOnly: false));
            await Task.WhenAll(Enumerable.Range(1, 6).Select(user => Task.Run(async () =>
            {
                var outcome = await (user % 2 == 0 ? first : second).Award(user, id, $"node:{user}");
                Assert.True(outcome.Created);
            })));
            if (!(await changing).Succeeded(out _, out var refusal))
            {
                Assert.Equal(RefusalCode.RecurrenceInUse, refusal.Code);
            }
            var form = (await Stored(first, id)).Recurrence is Recurrence.Always ? "i:" : "s:";
            Assert.All(await Occasions(first, id), occasion => Assert.StartsWith(form, occasion, StringComparison.Ordinal));
        }
    }

    [Theory, EveryEngine]
    public async Task First_awards_that_race_with_a_new_zone_fit_the_one_that_stays(Engine engine)
    {
        // 21:00 UTC is the next day on Kiritimati.
        var time = new ManualTime(new(2026, 5, 5, 21, 0, 0, TimeSpan.Zero));
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database, time);
        await using var second = await TestCore.OpenSecond(database, time);
        for (var user = 1; user <= 4; user++)
        {
            await first.User(user);
        }
        for (var number = 1; number <= 18; number++)
        {
            var id = number;
            await first.Issuer(id);
            await first.Badge(id, id, new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2026, 1, 1)));
            // Odd rounds: the issuer is cached there, the badge is not.
            await second.Core.Issuers.Find(id);
            if (id % 2 == 0)
            {
                await second.Core.Badges.Find(id);
            }
            var moving = Task.Run(() => first.Core.Issuers.Put(id, new IssuerDraft($"issuer-{id}", "Moved") { TimeZone = "Pacific/Kiritimati" }, createOnly: false));
            if (id % 3 == 0)
            {
                // After the change, before the other core has heard of it.
                await moving;
            }
            await Task.WhenAll(Enumerable.Range(1, 4).Select(user => Task.Run(async () => Assert.True((await second.Award(user, id)).Created))));
            await moving;
            var zone = (await first.Core.Issuers.Find(id))!.TimeZone;
            var expected = zone == "UTC" ? "p:2026-05-05" : "p:2026-05-06";
            Assert.All(await Occasions(first, id), occasion => Assert.Equal(expected, occasion));
        }
    }

    private static async Task<Badge> Stored(TestCore laurel, long id) => (await laurel.Core.Badges.FindAgain(id))!;

    private static ValueTask<IEnumerable<string>> Occasions(TestCore laurel, long badgeId) => laurel.Core.Database.Read(async session =>
        await session.Query<string>("SELECT occasion FROM awards WHERE badge_id = @badgeId", new { badgeId }));
}
