using Laurel.Core;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Users;

public sealed class UserDirectoryTests
{
    [Theory, EveryEngine]
    public async Task Of_users_who_race_for_a_key_exactly_one_has_it(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        for (var round = 1; round <= 25; round++)
        {
            var key = $"key {round}";
            var outcomes = await Task.WhenAll(Enumerable.Range(1, 4).Select(user => Task.Run(() =>
                (user % 2 == 0 ? first : second).Core.Users.Put((round * 10) + user, new UserDraft { Key = key }, null, createOnly: false))));
            var winners = outcomes.Where(outcome => outcome.Succeeded(out _, out _)).Select(outcome => TestCore.Value(outcome).Thing.Id).ToList();
            Assert.All(outcomes, outcome => Assert.True(outcome.Succeeded(out _, out var refusal) || refusal.Code == RefusalCode.KeyTaken));
            var holders = (await first.Core.Database.Read(async session =>
                await session.Query<long>("SELECT id FROM users WHERE key = @key", new { key }))).ToList();
            Assert.Single(winners);
            Assert.Equal(winners, holders);
            Assert.Equal(winners[0], await second.Core.Users.FindIdByKey(key));
        }
    }

    [Theory, EveryEngine]
    public async Task Of_callers_who_race_to_create_a_user_exactly_one_does(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        for (var round = 1; round <= 15; round++)
        {
            var id = round;
            var outcomes = await Task.WhenAll(Enumerable.Range(1, 6).Select(caller => Task.Run(() =>
                (caller % 2 == 0 ? first : second).Core.Users.Put(id, new UserDraft { Username = $"caller {caller}" }, null, createOnly: round % 2 == 0))));
            Assert.Equal(1, outcomes.Count(outcome => outcome.Succeeded(out var put, out _) && put.Created));
            Assert.Equal(round % 2 == 0 ? 5 : 0, outcomes.Count(outcome => !outcome.Succeeded(out _, out var refusal) && refusal.Code == RefusalCode.AlreadyExists));
        }
    }

    [Theory, EveryEngine]
    public async Task A_new_key_frees_the_old_one(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        var users = laurel.Core.Users;
        TestCore.Value(await users.Put(1, new UserDraft { Key = "ada" }, null, createOnly: false));
        Assert.Equal(RefusalCode.KeyTaken, Refused(await users.Put(2, new UserDraft { Key = "ada" }, null, createOnly: false)));
        TestCore.Value(await users.Put(1, new UserDraft { Key = "lovelace" }, null, createOnly: false));
        Assert.Null(await users.FindIdByKey("ada"));
        Assert.Equal(1, await users.FindIdByKey("lovelace"));
        TestCore.Value(await users.Put(2, new UserDraft { Key = "ada" }, null, createOnly: false));
        Assert.Equal(2, await users.FindIdByKey("ada"));
        // Case tells keys apart; absent, the key returns to the id.
        Assert.Null(await users.FindIdByKey("Ada"));
        TestCore.Value(await users.Put(2, new UserDraft(), null, createOnly: false));
        Assert.Null(await users.FindIdByKey("ada"));
        Assert.Equal(2, await users.FindIdByKey("2"));
        Assert.Equal("2", (await users.Find(2))!.Key);
    }

    [Theory, EveryEngine]
    public async Task A_refused_change_claims_no_key(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        var users = laurel.Core.Users;
        TestCore.Value(await users.Put(1, new UserDraft { Key = "ada" }, null, createOnly: false));
        Assert.Equal(RefusalCode.AlreadyExists, Refused(await users.Put(1, new UserDraft { Key = "grace" }, null, createOnly: true)));
        Assert.Null(await users.FindIdByKey("grace"));
        Assert.Equal(1, await users.FindIdByKey("ada"));
        TestCore.Value(await users.Put(2, new UserDraft { Key = "grace" }, null, createOnly: false));
        Assert.Equal(2, await users.FindIdByKey("grace"));
    }

    [Theory, EveryEngine]
    public async Task Digits_name_the_id_and_nothing_else(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        var users = laurel.Core.Users;
        Assert.Equal(RefusalCode.Invalid, Refused(await users.Put(1, new UserDraft { Key = "2" }, null, createOnly: false)));
        Assert.Equal(RefusalCode.Invalid, Refused(await users.Put(1, new UserDraft { Key = "01" }, null, createOnly: false)));
        TestCore.Value(await users.Put(1, new UserDraft { Key = "1" }, null, createOnly: false));
        Assert.Equal(1, await users.FindIdByKey("1"));
        foreach (var nobody in new[] { "", "01", "+1", "-1", "0", "2", "a\0b", "\ud800", "9223372036854775807", "9223372036854775808", new string('k', 300) })
        {
            Assert.Null(await users.FindIdByKey(nobody));
        }
        foreach (var reserved in new[] { 0, -1, 1L << 40, (1L << 46) - 1, 1L << 53, long.MaxValue, long.MinValue })
        {
            Assert.Equal(RefusalCode.IdReserved, Refused(await users.Put(reserved, new UserDraft(), null, createOnly: false)));
        }
        TestCore.Value(await users.Put((1L << 53) - 1, new UserDraft(), null, createOnly: false));
        Assert.Equal(1L << 40, TestCore.Value(await users.Create(new UserDraft(), null)).Id);
    }

    [Theory, EveryEngine]
    public async Task A_user_who_logs_in_keeps_a_name_of_their_own_when_renamed(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        var users = laurel.Core.Users;
        TestCore.Value(await users.Put(1, new UserDraft { Username = "ada" }, "secret", createOnly: false));
        TestCore.Value(await users.Put(1, new UserDraft { Username = "lovelace" }, null, createOnly: false));
        Assert.Equal(RefusalCode.UsernameTaken, Refused(await users.Put(2, new UserDraft { Username = "lovelace" }, "other", createOnly: false)));
        TestCore.Value(await users.Put(2, new UserDraft { Username = "ada" }, "other", createOnly: false));
    }

    private static RefusalCode? Refused<T>(Outcome<T> outcome) => outcome.Succeeded(out _, out var refusal) ? null : refusal.Code;
}
