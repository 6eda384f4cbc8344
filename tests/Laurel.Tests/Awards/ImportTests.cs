using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class ImportTests
{
    [Theory, EveryEngine]
    public async Task An_award_with_a_manual_duplicate_can_be_given_another_date(Engine engine)
    {
        await using var laurel = await Prepared(engine);
        await Put(laurel, 5, at: 1000);
        var duplicate = (await laurel.Award(3, 7, manual: true)).Award!;

        var moved = await Put(laurel, 5, at: 2000);
        Assert.True(moved.Created);
        Assert.Equal("", moved.Award!.Occasion);
        var again = await Put(laurel, duplicate.Id, at: 500);
        Assert.Equal($"m:{duplicate.Id}", again.Award?.Occasion);

        Assert.Equal([duplicate.Id, 5L], (await laurel.Core.UserAwards.List(3, Position.First, 10)).Select(award => award.Id));
        await Recount.AssertExact(laurel.Core, laurel.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task A_correction_whose_place_is_taken_changes_nothing(Engine engine)
    {
        await using var laurel = await Prepared(engine);
        await laurel.Badge(8, 1);
        await Put(laurel, 5, at: 1000);
        var other = (await laurel.Award(3, 8)).Award!;

        var refused = await laurel.Core.Awarding.Import(5, new AwardRequest(3, 8, AwardSource.Import) { AwardedAt = 1000 }, null, default);

        Assert.Equal(AwardRefusal.OccasionHeld, refused.Refusal);
        Assert.Equal([5L, other.Id], (await laurel.Core.UserAwards.List(3, Position.First, 10)).Select(award => award.Id));
        Assert.Equal(0, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM award_history")));
        Assert.Equal(1, await laurel.Core.Statistics.Awarded(7));
        await Recount.AssertExact(laurel.Core, laurel.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task An_award_put_again_without_a_payload_has_none(Engine engine)
    {
        await using var laurel = await Prepared(engine);
        await Put(laurel, 5, at: 1000, payload: """{"secret":1}""");
        Assert.NotNull((await laurel.Core.UserAwards.Find(3, 5))!.Payload);

        await Put(laurel, 5, at: 2000);
        Assert.Null((await laurel.Core.UserAwards.Find(3, 5))!.Payload);

        await Put(laurel, 5, at: 2000, payload: "1");
        await laurel.Core.Awarding.Remove(3, 5, RemovalKind.Reset, null, null, default);
        await Put(laurel, 5, at: 2000);
        Assert.Null((await laurel.Core.UserAwards.Find(3, 5))!.Payload);
    }

    [Theory, EveryEngine]
    public async Task What_was_revoked_cannot_be_put_again_though_its_badge_can_always_be_earned(Engine engine)
    {
        await using var laurel = await Prepared(engine);
        await laurel.Badge(8, 1, new Recurrence.Always());
        var request = new AwardRequest(3, 8, AwardSource.Import) { AwardedAt = 1000 };
        Assert.True((await laurel.Core.Awarding.Import(5, request, null, default)).Created);
        await laurel.Core.Awarding.Remove(3, 5, RemovalKind.Revoke, null, null, default);

        Assert.Equal(AwardRefusal.Revoked, (await laurel.Core.Awarding.Import(5, request, null, default)).Refusal);

        Assert.True((await laurel.Award(3, 8)).Created);
    }

    [Theory, EveryEngine]
    public async Task A_revocation_in_the_microsecond_of_a_reset_is_not_forgotten(Engine engine)
    {
        await using var laurel = await Prepared(engine, new ManualTime());
        await Put(laurel, 5, at: 1000);
        await laurel.Core.Awarding.Remove(3, 5, RemovalKind.Reset, null, null, default);
        await Put(laurel, 5, at: 1000);
        await laurel.Core.Awarding.Remove(3, 5, RemovalKind.Revoke, null, null, default);

        Assert.Equal(AwardRefusal.Revoked, (await laurel.Award(3, 7)).Refusal);
        Assert.Equal(2, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM award_history")));
    }

    [Theory, EveryEngine]
    public async Task Texts_that_no_engine_can_store_are_refused_before_the_database_sees_them(Engine engine)
    {
        await using var laurel = await Prepared(engine);
        Assert.Equal(AwardRefusal.InvalidSubject, (await laurel.Award(3, 7, subject: "a\0b")).Refusal);
        Assert.Equal(AwardRefusal.InvalidSubject, (await laurel.Award(3, 7, subject: "\ud800")).Refusal);
        Assert.Equal(AwardRefusal.InvalidPayload, (await Put(laurel, 5, at: 1, payload: "\"\ud800\"")).Refusal);
        Assert.Equal(AwardRefusal.InvalidPayload, (await Put(laurel, 5, at: 1, payload: "\"\\u0000\"")).Refusal);
        Assert.Equal(AwardRefusal.InvalidTime, (await Put(laurel, 5, at: -1)).Refusal);
        Assert.Equal(AwardRefusal.InvalidTime, (await Put(laurel, 5, at: long.MinValue)).Refusal);
        Assert.Equal(AwardRefusal.TimeInFuture, (await Put(laurel, 5, at: long.MaxValue)).Refusal);
        foreach (var extreme in new[] { long.MinValue, -1, 0, long.MaxValue })
        {
            Assert.Equal(AwardRefusal.UnknownUser, (await laurel.Award(extreme, 7)).Refusal);
            Assert.Equal(AwardRefusal.UnknownBadge, (await laurel.Award(3, extreme)).Refusal);
            Assert.Null(await laurel.Core.Awarding.Remove(extreme, extreme, RemovalKind.Reset, null, null, default));
            Assert.Empty(await laurel.Core.UserAwards.Badges(extreme, Position.First, ascending: true, 10));
            Assert.Equal(AwardRefusal.IdReserved, (await Put(laurel, extreme, at: 1)).Refusal);
        }
        Assert.True((await Put(laurel, (1L << 53) - 1, at: 0)).Created);
        await Recount.AssertExact(laurel.Core, laurel.Core.Time.Micros());
    }

    private static async Task<TestCore> Prepared(Engine engine, TimeProvider? time = null)
    {
        var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await laurel.Badge(7, 1);
        await laurel.User(3);
        return laurel;
    }

    private static ValueTask<AwardOutcome> Put(TestCore laurel, long id, long at, string? payload = null) =>
        laurel.Core.Awarding.Import(id, new AwardRequest(3, 7, AwardSource.Import) { AwardedAt = at, Payload = payload }, null, default);
}
