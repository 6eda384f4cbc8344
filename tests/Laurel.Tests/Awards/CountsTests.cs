using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>All that a user holds, each badge once, however many there are.</summary>
public sealed class CountsTests
{
    private const int Badges = 12_345;

    [Fact]
    public async Task Thousands_of_badges_are_counted_with_and_without_an_index()
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite);
        await laurel.User(1);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        // One of them is held three times, and dated by the second.
        foreach (var at in new[] { 50L, 10, 70 })
        {
            Assert.True((await laurel.Award(1, 1, at: at, manual: true)).Created);
        }
        await TestCore.Settled(laurel.Core);
        await laurel.Core.Database.Write(async session => await session.Execute($"""
            WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {Badges})
            INSERT INTO awards (user_id, badge_id, occasion, id, awarded_at, source, listed) SELECT 1, i, '', i, i % 7, 0, 0 FROM n
            """));
        for (var round = 0; round < 2; round++)
        {
            var counts = (await laurel.Core.UserAwards.Counts(1)).ToDictionary(each => each.BadgeId);
            Assert.Equal(Badges, counts.Count);
            Assert.Equal((3, 10), (counts[1].Standing, counts[1].AwardedAt));
            Assert.All(counts.Values.Where(each => each.BadgeId > 1), each => Assert.Equal(new CountedBadge(each.BadgeId, 1, each.BadgeId % 7, each.BadgeId), each));
            // So many are listed by an index from now on.
            while (await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM listed_users")) == 0)
            {
                await Task.Delay(10);
            }
        }
    }

    [Theory, EveryEngine]
    public async Task What_nobody_holds_any_more_is_gone(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.User(1);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        await laurel.Badge(2, 1, new Recurrence.Always());
        Assert.Empty(await laurel.Core.UserAwards.Counts(1));
        Assert.Empty(await laurel.Core.UserAwards.Counts(404));
        await laurel.Award(1, 1);
        await laurel.Award(1, 2);
        await laurel.Award(1, 2);
        Assert.Equal([(1, 1), (2, 2)], (await laurel.Core.UserAwards.Counts(1)).Select(each => (each.BadgeId, each.Standing)).Order());
        await laurel.Core.Awarding.RemoveAll(1, 2, RemovalKind.Reset, null, null, default);
        Assert.Equal([(1, 1)], (await laurel.Core.UserAwards.Counts(1)).Select(each => (each.BadgeId, each.Standing)));
    }

    [Theory, EveryEngine]
    public async Task More_badges_than_one_answer_holds(Engine engine)
    {
        const int Many = 1_234;
        await using var laurel = await TestCore.Open(engine);
        await laurel.User(1);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1, new Recurrence.Always());
        await laurel.Award(1, 1, at: 3);
        await laurel.Award(1, 1, at: 2);
        await TestCore.Settled(laurel.Core);
        await laurel.Core.Database.Write(async session => await session.Execute($"""
            INSERT INTO awards (user_id, badge_id, occasion, id, awarded_at, source, listed)
            WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {Many}) SELECT 1, i, '', i, i % 7, 0, 1 FROM n
            """));
        var counts = (await laurel.Core.UserAwards.Counts(1)).OrderBy(each => each.BadgeId).ToList();
        Assert.Equal(Many, counts.Count);
        Assert.Equal((2, 2), (counts[0].Standing, counts[0].AwardedAt));
        Assert.All(counts.Skip(1), each => Assert.Equal(new CountedBadge(each.BadgeId, 1, each.BadgeId % 7, each.BadgeId), each));
    }

    [Theory, EveryEngine]
    public async Task Awards_made_together_have_what_each_has_alone(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1, new Recurrence.Always());
        await laurel.Badge(2, 1, new Recurrence.PerSubject());
        await laurel.Core.Badges.Put(3, new BadgeDraft
        {
            IssuerId = 1,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new("Badge 3", "To be claimed") },
            Claimable = true,
        }, createOnly: false);
        foreach (var user in new[] { 1, 2 })
        {
            await laurel.User(user);
            // Some stand before.
            await laurel.Award(user, 1, at: 1_000);
        }
        var requests = (from i in Enumerable.Range(0, 120)
                        let user = 1 + (i % 2)
                        select new AwardRequest(user, 1 + (i % 3), AwardSource.Native)
                        {
                            AwardedAt = 500 + ((i * 37) % 120 * 10),
                            Subject = i % 3 == 1 ? $"s{i % 10}" : null,
                            Payload = i % 4 == 0 ? $$"""{"i":{{i}}}""" : null,
                            ActionId = i % 5 == 0 ? 1 + i : null,
                        }).ToList();

        var outcomes = await laurel.Core.Awarding.AwardAll(requests, TestCore.Administrator, TestContext.Current.CancellationToken);

        var made = outcomes.Zip(requests).Where(each => each.First!.Value.Created).Select(each => (each.First!.Value.Award!, Request: each.Second)).ToList();
        Assert.Equal(40 + 10 + 2, made.Count);
        foreach (var user in new[] { 1L, 2 })
        {
            var awards = (await laurel.Core.UserAwards.List(user, Position.First, 200)).ToDictionary(award => award.Id);
            var mine = made.Where(each => each.Request.UserId == user).ToList();
            Assert.Equal(mine.Count + 1, awards.Count);
            Assert.All(mine, each => Assert.Equal(
                (each.Request.BadgeId, each.Request.AwardedAt, each.Request.Subject, each.Request.Payload, each.Request.ActionId),
                (awards[each.Item1.Id].BadgeId, awards[each.Item1.Id].AwardedAt, awards[each.Item1.Id].Subject, awards[each.Item1.Id].Payload, awards[each.Item1.Id].ActionId)));
            Assert.Equal(awards.Values.GroupBy(award => award.BadgeId).Select(of => (of.Key, of.LongCount(), of.Min(award => award.AwardedAt), of.MinBy(award => (award.AwardedAt, award.Id))!.Id)).Order(),
                (await laurel.Core.UserAwards.Counts(user)).Select(each => (each.BadgeId, each.Standing, each.AwardedAt, each.AwardId)).Order());
            var claims = await laurel.Core.UserAwards.Claims([.. awards.Values]);
            Assert.Equal(awards.Values.Where(award => award.BadgeId == 3).Select(award => award.Id), claims.Keys.Select(key => key.AwardId));
            Assert.All(claims.Values, claim => Assert.False(claim.IsClaimed));
        }
        Assert.Empty((await Doctor.Examine(laurel.Core.Database.Options, TimeProvider.System)).Findings);
    }
}
