using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>Awards of an issuer with a lifetime disappear when they are so many days old, everywhere.</summary>
public sealed class LifetimeTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static Task Lifetime(TestCore laurel, long issuer, int? days) => laurel.Core.Issuers.Put(
        issuer, new IssuerDraft($"issuer-{issuer}", $"Issuer {issuer}") { RootPlaceId = issuer * 10, LifetimeDays = days }, createOnly: false);

    private static async Task Post(TestCore laurel, string name, string? payload = null, string collection = "issuer-1", string user = "1") =>
        Assert.Null(await laurel.Core.Collections.Post(collection, user, name, payload, null, TestContext.Current.CancellationToken));

    private static async Task<List<string>> Names(TestCore laurel, string collection = "issuer-1", string user = "1")
    {
        var names = new List<string>();
        await foreach (var some in laurel.Core.Collections.List(collection, user, null, null, TestContext.Current.CancellationToken))
        {
            names.AddRange(some.Select(award => award.Name));
        }
        return names;
    }

    private static async Task<long> Count(TestCore laurel, string name) =>
        (await laurel.Core.Collections.Count("issuer-1", "1", [name], null, TestContext.Current.CancellationToken))![0];

    [Theory, EveryEngine]
    public async Task An_award_is_gone_when_its_days_are_over_and_counters_with_it(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await laurel.User(1);
        await Lifetime(laurel, 1, 2);
        await Post(laurel, "a/1");
        await Post(laurel, "b");
        time.Jump(TimeSpan.FromDays(1));
        await Post(laurel, "a/2");
        time.Jump(TimeSpan.FromDays(1) - TimeSpan.FromMicroseconds(1));
        Assert.Equal(["a/2", "b", "a/1"], await Names(laurel));
        Assert.Equal(3, await Count(laurel, "_all"));

        time.Jump(TimeSpan.FromMicroseconds(1));
        Assert.Equal(1, await Count(laurel, "_all"));
        Assert.Equal(1, await Count(laurel, "a"));
        Assert.Equal(0, await Count(laurel, "a/1"));
        Assert.Equal(0, await Count(laurel, "b"));
        Assert.Equal(["a/2"], await Names(laurel));
        Assert.Equal(["expired", "expired"], await laurel.Core.Database.Read(async session => await session.Query<string>("SELECT reason FROM award_history")));

        time.Jump(TimeSpan.FromDays(1));
        Assert.Empty(await Names(laurel));
        await Recount.AssertExact(laurel.Core, time.Micros());
    }

    [Theory, EveryEngine]
    public async Task It_is_gone_from_every_list_and_can_be_earned_again(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await laurel.Issuer(2);
        await laurel.Badge(10, 1);
        await laurel.Badge(11, 1, new Recurrence.PerSubject());
        await laurel.Badge(20, 2);
        await laurel.User(1);
        await Lifetime(laurel, 1, 1);
        var once = (await laurel.Award(1, 10)).Award!;
        await laurel.Award(1, 11, "x");
        await laurel.Award(1, 20);
        Assert.False((await laurel.Award(1, 10)).Created);
        Assert.False((await laurel.Award(1, 11, "x")).Created);

        time.Jump(TimeSpan.FromDays(1));
        // Each asks as the first one.
        Func<Task>[] reads =
        [
            async () => Assert.Equal([20L], (await laurel.Core.UserAwards.Badges(1, Position.First, true, 10)).Select(badge => badge.BadgeId)),
            async () => Assert.Equal([20L], (await laurel.Core.UserAwards.List(1, Position.First, 10)).Select(award => award.BadgeId)),
            async () => Assert.Equal([20L], (await laurel.Core.UserAwards.AwardedDates(1, [10, 11, 20])).Keys),
            async () => Assert.Null(await laurel.Core.UserAwards.AwardedDate(1, 10)),
            async () => Assert.Null(await laurel.Core.UserAwards.Find(1, once.Id)),
            async () => Assert.Empty((await laurel.Core.Holders.List(10, null, 10)).Awards),
            async () => Assert.Empty((await laurel.Core.Holders.List(11, null, 10)).Awards),
            async () => Assert.True((await laurel.Award(1, 10)).Created),
        ];
        foreach (var read in reads)
        {
            await read();
            Assert.True((await laurel.Award(1, 10)).Created || read == reads[^1]);
            Assert.True((await laurel.Award(1, 11, "x")).Created);
            time.Jump(TimeSpan.FromDays(1));
        }
        await laurel.Core.Lifetimes.Expire(1);
        Assert.Equal(0, await laurel.Core.Statistics.Awarded(10));
        Assert.Equal(1, await laurel.Core.Statistics.Awarded(20));
        await Recount.AssertExact(laurel.Core, time.Micros());
    }

    [Theory, EveryEngine]
    public async Task What_was_for_an_action_is_gone_too_and_can_be_earned_by_the_next(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await laurel.User(1);
        await Lifetime(laurel, 1, 1);
        TestCore.Value(await laurel.Core.ActionTypes.Put("Post", null, createOnly: false));
        TestCore.Value(await laurel.Core.Badges.Put(10, new BadgeDraft
        {
            IssuerId = 1,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new("Badge", "About it") },
            Recognises = ["Post"],
        }, createOnly: false));
        var badges = laurel.Core.Badges.Of(new IssuerSet([1]));
        foreach (var id in new long[] { 100, 101 })
        {
            TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("Post", 1) { Id = id }));
        }
        ValueTask<AwardOutcome> Award(long action) =>
            laurel.Core.BonusAwards.ForAction(badges, 10, action, TestCore.Administrator, TestContext.Current.CancellationToken);

        Assert.True((await Award(100)).Created);
        Assert.False((await Award(101)).Created);
        time.Jump(TimeSpan.FromDays(1));
        Assert.True((await Award(101)).Created);
        Assert.False((await Award(100)).Created);
        Assert.Equal(AwardRefusal.UnknownAction, (await Award(102)).Refusal);
        await Recount.AssertExact(laurel.Core, time.Micros());
    }

    [Theory, EveryEngine]
    public async Task The_sweep_removes_what_nobody_reads(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await laurel.Issuer(2);
        await laurel.Badge(10, 1);
        await Lifetime(laurel, 1, 30);
        foreach (var user in new[] { "ada", "bob", "7" })
        {
            await Post(laurel, "a", user: user);
            await Post(laurel, "a", "{\"x\":1}", user: user);
            await Post(laurel, "a", collection: "issuer-2", user: user);
        }
        await laurel.User(1);
        await laurel.Award(1, 10);
        time.Jump(TimeSpan.FromDays(29));
        await Post(laurel, "a", user: "ada");
        await TestCore.Settled(laurel.Core);

        time.Jump(TimeSpan.FromDays(1));
        await Swept(laurel, time);

        Assert.Equal(4, await Rows(laurel));
        Assert.Equal(0, await laurel.Core.Statistics.Awarded(10));
        Assert.Equal(["a"], await Names(laurel, user: "ada"));
        await Recount.AssertExact(laurel.Core, time.Micros());
    }

    // The hourly timer may have begun one: it waits for its turn, or the next hour comes.
    private static async Task Swept(TestCore laurel, ManualTime time)
    {
        for (var tries = 0; await Rows(laurel) > 4 && tries < 100; tries++)
        {
            await laurel.Core.Lifetimes.Sweep();
            time.Jump(TimeSpan.FromMinutes(1));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static ValueTask<long> Rows(TestCore laurel) =>
        laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM awards"));

    [Theory, EveryEngine]
    public async Task A_lifetime_that_is_set_changed_or_lifted_counts_from_then_on_in_every_process(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database, time);
        await using var second = await TestCore.OpenSecond(database, time);
        await first.Issuer(1);
        await first.User(1);
        await Post(first, "old");
        time.Jump(TimeSpan.FromDays(5));
        await Post(first, "new");
        Assert.Equal(["new", "old"], await Names(second));

        await Lifetime(first, 1, 10);
        Assert.Equal(["new", "old"], await Names(first));
        await Lifetime(first, 1, 3);
        Assert.Equal(["new"], await Names(first));
        Assert.Equal(["new"], await Names(second));

        await Lifetime(second, 1, null);
        while (first.Core.Lifetimes.AreSet)
        {
            await first.Core.Lifetimes.Expire(1);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        time.Jump(TimeSpan.FromDays(100));
        Assert.Equal(["new"], await Names(first));
        await using var third = await TestCore.OpenSecond(database, time);
        Assert.False(third.Core.Lifetimes.AreSet);
        await Lifetime(first, 1, 1);
        await using var fourth = await TestCore.OpenSecond(database, time);
        Assert.True(fourth.Core.Lifetimes.AreSet);
        Assert.Empty(await Names(fourth));
        await Recount.AssertExact(first.Core, time.Micros());
    }

    [Theory, EveryEngine]
    public async Task Many_that_are_due_go_while_others_read_and_none_twice(Engine engine)
    {
        var time = new ManualTime(Start);
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await laurel.User(1);
        await Lifetime(laurel, 1, 7);
        await Task.WhenAll(Enumerable.Range(0, 700).Select(i => Post(laurel, $"k{i % 3}/{i}")));
        time.Jump(TimeSpan.FromDays(6));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Post(laurel, $"k{i % 3}/{i}")));
        time.Jump(TimeSpan.FromDays(1));

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Count(laurel, "_all")))), count => Assert.Equal(100, count));
        Assert.Equal(700, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM award_history")));
        await Recount.AssertExact(laurel.Core, time.Micros());
    }
}
