using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Badges;

public sealed class BadgeCatalogueTests
{
    [Theory, EveryEngine]
    public async Task What_occasions_are_computed_from_is_frozen_by_the_first_award(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.Issuer(2);
        await laurel.User(1);
        var daily = new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2026, 1, 1));
        await laurel.Badge(1, 1);
        await laurel.Badge(1, 2, new Recurrence.Always());
        await laurel.Badge(1, 1, daily);
        // Of nobody there is no award.
        Assert.False((await laurel.Core.Awarding.Award(new AwardRequest(77, 1, AwardSource.Native), TestCore.Administrator, bulk: false, default)).Created);
        await laurel.Badge(1, 1);
        await laurel.Badge(1, 1, daily);
        await laurel.Award(1, 1);

        foreach (var other in new Recurrence[] { new Recurrence.Once(), new Recurrence.Always(), new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2026, 1, 2)) })
        {
            Assert.Equal(RefusalCode.RecurrenceInUse, Refused(await laurel.Core.Badges.Put(1, Draft(1) with { Recurrence = other }, createOnly: false)));
        }
        Assert.Equal(RefusalCode.RecurrenceInUse, Refused(await laurel.Core.Badges.Put(1, Draft(2) with { Recurrence = daily }, createOnly: false)));
        await laurel.Badge(1, 1, daily);
        await laurel.Core.Awarding.RemoveAll(1, 1, RemovalKind.Reset, null, null, default);
        Assert.Equal(RefusalCode.RecurrenceInUse, Refused(await laurel.Core.Badges.Put(1, Draft(1), createOnly: false)));
    }

    [Theory, EveryEngine]
    public async Task Keys_ids_and_create_only_are_kept_by_the_database_whoever_races(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Issuer(1);
        for (var round = 1; round <= 15; round++)
        {
            var number = round;
            var keyed = await Task.WhenAll(Enumerable.Range(1, 4).Select(caller => Task.Run(() => (caller % 2 == 0 ? first : second).Core.Badges.Put(
                (number * 10) + caller, Draft(1) with { Key = $"key {number}" }, createOnly: false))));
            Assert.Equal(1, keyed.Count(outcome => outcome.Succeeded(out _, out _)));
            Assert.Equal(3, keyed.Count(outcome => Refused(outcome) == RefusalCode.KeyTaken));

            var created = await Task.WhenAll(Enumerable.Range(1, 4).Select(caller => Task.Run(() =>
                (caller % 2 == 0 ? first : second).Core.Badges.Put((number * 10) + 9, Draft(1), createOnly: true))));
            Assert.Equal(1, created.Count(outcome => outcome.Succeeded(out var put, out _) && put.Created));
            Assert.Equal(3, created.Count(outcome => Refused(outcome) == RefusalCode.AlreadyExists));
        }
        foreach (var reserved in new[] { 0, -1, 1L << 52, (1L << 52) + 5, 1L << 53, long.MinValue, long.MaxValue })
        {
            Assert.Equal(RefusalCode.IdReserved, Refused(await first.Core.Badges.Put(reserved, Draft(1), createOnly: false)));
        }
        Assert.Equal(1L << 52, TestCore.Value(await first.Core.Badges.Create(Draft(1))).Id);
        Assert.Equal(RefusalCode.UnknownIssuer, Refused(await first.Core.Badges.Put(500, Draft(404), createOnly: false)));
        foreach (var name in new[] { "a\0b", "\udc00", "", new string('n', 256) })
        {
            var texts = new Dictionary<string, BadgeText> { ["en"] = new(name, null) };
            Assert.Equal(RefusalCode.Invalid, Refused(await first.Core.Badges.Put(501, Draft(1) with { Texts = texts }, createOnly: false)));
        }
    }

    [Theory, EveryEngine]
    public async Task A_changed_badge_is_seen_here_at_once_and_elsewhere_soon(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Issuer(1);
        await first.Badge(1, 1);
        using var ended = new CancellationTokenSource();
        var announced = 0;
        var reading = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                var before = Volatile.Read(ref announced);
                var read = (await first.Core.Badges.Find(1))!;
                Assert.True(before == 0 || int.Parse(read.Source.Name) >= before, $"{read.Source.Name} was read after {before} had been announced.");
            }
        })).ToList();
        for (var change = 1; change <= 30; change++)
        {
            Assert.Null(await first.Core.Badges.Edit(1, $"{change}", null, null, TestCore.Administrator));
            Volatile.Write(ref announced, change);
            if (change % 10 == 0)
            {
                var waited = System.Diagnostics.Stopwatch.StartNew();
                while ((await second.Core.Badges.Find(1))!.Source.Name != $"{change}")
                {
                    Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), "The other core has not heard of it.");
                    await Task.Delay(10);
                }
            }
        }
        await ended.CancelAsync();
        await Task.WhenAll(reading);
    }

    private static BadgeDraft Draft(long issuer) => new() { IssuerId = issuer, Texts = new Dictionary<string, BadgeText> { ["en"] = new("Name", null) } };

    private static RefusalCode? Refused<T>(Outcome<T> outcome) => outcome.Succeeded(out _, out var refusal) ? null : refusal.Code;
}
