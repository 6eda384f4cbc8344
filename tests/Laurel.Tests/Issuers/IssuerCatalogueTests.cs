using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Issuers;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Issuers;

public sealed class IssuerCatalogueTests
{
    [Theory, EveryEngine]
    public async Task A_zone_is_frozen_by_the_first_award_of_any_badge(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine, new ManualTime(new(2026, 5, 5, 21, 0, 0, TimeSpan.Zero)));
        await laurel.Issuer(1);
        await laurel.User(1);
        await laurel.Badge(1, 1, new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2026, 1, 1)));
        await laurel.Badge(2, 1);
        Assert.NotNull(await laurel.Core.Badges.Find(1));
        await laurel.Issuer(1, "Pacific/Kiritimati");
        Assert.Equal("p:2026-05-06", (await laurel.Award(1, 1)).Award?.Occasion);

        Assert.Equal(RefusalCode.RecurrenceInUse, Refused(await laurel.Core.Issuers.Put(1, new IssuerDraft("issuer-1", "One") { TimeZone = "UTC" }, createOnly: false)));
        await laurel.Core.Awarding.RemoveAll(1, 1, RemovalKind.Reset, null, null, default);
        Assert.Equal(RefusalCode.RecurrenceInUse, Refused(await laurel.Core.Issuers.Put(1, new IssuerDraft("issuer-1", "One") { TimeZone = "UTC" }, createOnly: false)));
        await laurel.Issuer(1, "Pacific/Kiritimati");
        Assert.True((await laurel.Award(1, 2)).Created);
    }

    [Theory, EveryEngine]
    public async Task Keys_ids_and_create_only_are_kept_by_the_database_whoever_races(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        for (var round = 1; round <= 15; round++)
        {
            var number = round;
            var keyed = await Task.WhenAll(Enumerable.Range(1, 4).Select(caller => Task.Run(() => (caller % 2 == 0 ? first : second).Core.Issuers.Put(
                (number * 10) + caller, new IssuerDraft($"key {number}", "Name"), createOnly: false))));
            Assert.Equal(1, keyed.Count(outcome => outcome.Succeeded(out _, out _)));
            Assert.Equal(3, keyed.Count(outcome => Refused(outcome) == RefusalCode.KeyTaken));

            var created = await Task.WhenAll(Enumerable.Range(1, 4).Select(caller => Task.Run(() =>
                (caller % 2 == 0 ? first : second).Core.Issuers.Put((number * 10) + 9, new IssuerDraft(null, "Name"), createOnly: true))));
            Assert.Equal(1, created.Count(outcome => outcome.Succeeded(out var put, out _) && put.Created));
            Assert.Equal(3, created.Count(outcome => Refused(outcome) == RefusalCode.AlreadyExists));

            var places = await Task.WhenAll(Enumerable.Range(1, 4).Select(caller => Task.Run(() =>
                (caller % 2 == 0 ? first : second).Core.Issuers.PutPlace(number, (number * 10) + 9, $"Place {caller}", createOnly: true))));
            Assert.Equal(1, places.Count(outcome => outcome.Succeeded(out var put, out _) && put.Created));
        }
        foreach (var reserved in new[] { 0, -1, 1L << 52, 1L << 53, long.MinValue, long.MaxValue })
        {
            Assert.Equal(RefusalCode.IdReserved, Refused(await first.Core.Issuers.Put(reserved, new IssuerDraft(null, "Name"), createOnly: false)));
            Assert.Equal(RefusalCode.IdReserved, Refused(await first.Core.Issuers.PutPlace(reserved, 19, "Name", createOnly: false)));
        }
        Assert.Equal(1L << 52, TestCore.Value(await first.Core.Issuers.Create(new IssuerDraft(null, "Name"))).Id);
        Assert.Equal(RefusalCode.Invalid, Refused(await first.Core.Issuers.Put(500, new IssuerDraft("501", "Name"), createOnly: false)));
        Assert.Equal(RefusalCode.Invalid, Refused(await first.Core.Issuers.Put(500, new IssuerDraft(null, "a\0b"), createOnly: false)));
        Assert.Null(await first.Core.Issuers.FindByKey("a\0b"));
        Assert.Null(await first.Core.Issuers.FindByKey("\ud800"));
    }

    [Theory, EveryEngine]
    public async Task A_changed_issuer_is_seen_elsewhere_within_a_second(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Issuer(1);
        Assert.Equal("UTC", (await second.Core.Issuers.Find(1))!.TimeZone);
        Assert.Equal(1, (await second.Core.Issuers.FindPlace(10))!.IssuerId);
        await first.Issuer(2);
        await first.Issuer(1, "Asia/Riyadh");
        TestCore.Value(await first.Core.Issuers.PutPlace(10, 2, "Moved", createOnly: false));
        Assert.Equal("Asia/Riyadh", (await first.Core.Issuers.Find(1))!.TimeZone);
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while ((await second.Core.Issuers.Find(1))!.TimeZone != "Asia/Riyadh" || (await second.Core.Issuers.FindPlace(10))!.IssuerId != 2)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(1), "The other core has not heard of it.");
            await Task.Delay(10);
        }
    }

    private static RefusalCode? Refused<T>(Outcome<T> outcome) => outcome.Succeeded(out _, out var refusal) ? null : refusal.Code;
}
