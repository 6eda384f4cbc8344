using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Storage;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Laurel.Tests.Access;

public sealed class KeyRingTests
{
    [Theory, EveryEngine]
    public async Task A_revoked_key_is_refused_here_at_once_and_elsewhere_within_a_second(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        for (var round = 0; round < 8; round++)
        {
            var key = await NewKey(first, Scopes.AwardsWrite);
            using var ended = new CancellationTokenSource();
            // Verified and cached again and again while it is revoked.
            var using_ = new[] { first, first, second, second }.Select(laurel => Task.Run(async () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    await laurel.Core.Keys.Authenticate(key.Secret);
                }
            })).ToList();
            await Task.Delay(round % 4);
            Assert.True(await first.Core.Keys.Revoke(key.Info.Id));
            Assert.Null(await first.Core.Keys.Authenticate(key.Secret));
            await Within(TimeSpan.FromSeconds(1), async () => await second.Core.Keys.Authenticate(key.Secret) is null);
            Assert.Null(await first.Core.Keys.Authenticate(key.Secret));
            await ended.CancelAsync();
            await Task.WhenAll(using_);
        }
        Assert.False(await first.Core.Keys.Revoke(12345));
    }

    [Theory, EveryEngine]
    public async Task A_key_ends_when_it_expires(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await TestCore.Open(engine, time);
        var key = TestCore.Value(await laurel.Core.Keys.Create(new KeyDraft(null, [Scopes.AwardsWrite], time.Micros() + 60_000_000)));
        Assert.NotNull(await laurel.Core.Keys.Authenticate(key.Secret));
        time.Jump(TimeSpan.FromSeconds(59.999999));
        Assert.NotNull(await laurel.Core.Keys.Authenticate(key.Secret));
        time.Jump(TimeSpan.FromMicroseconds(1));
        Assert.Null(await laurel.Core.Keys.Authenticate(key.Secret));
        Assert.False((await laurel.Core.Keys.Create(new KeyDraft(null, [Scopes.AwardsWrite], time.Micros()))).Succeeded(out _, out _));
    }

    [Theory, EveryEngine]
    public async Task A_cached_credential_is_not_trusted_while_the_change_log_cannot_be_read(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        var key = await NewKey(laurel, Scopes.AwardsWrite);
        var user = TestCore.Value(await laurel.Core.Users.Put(7, new UserDraft { Permissions = [Permissions.Administrator] }, null, createOnly: false)).Thing;
        var administrator = TestCore.Value(await laurel.Core.Keys.Create(new KeyDraft(user.Id, null, null)));
        await Change("UPDATE credentials SET revoked_at = 1 WHERE id = @id", key.Info.Id);
        Assert.NotNull(await laurel.Core.Keys.Authenticate(administrator.Secret));

        var other = await NewKey(laurel, Scopes.AwardsWrite);
        Assert.NotNull(await laurel.Core.Keys.Authenticate(other.Secret));
        await Change("ALTER TABLE changes RENAME TO changes_away", 0);
        await Change("UPDATE credentials SET revoked_at = 1 WHERE id = @id", other.Info.Id);
        await Change("UPDATE users SET permissions = NULL WHERE id = @id", user.Id);
        await Within(TimeSpan.FromSeconds(2), async () => await laurel.Core.Keys.Authenticate(other.Secret) is null);
        Assert.False((await laurel.Core.Keys.Authenticate(administrator.Secret))!.IsAdministrator);
        Assert.NotNull(await laurel.Core.NotReadyBecause());

        // The polls have met errors, and go on.
        await Change("ALTER TABLE changes_away RENAME TO changes", 0);
        await Within(TimeSpan.FromSeconds(2), async () => await laurel.Core.NotReadyBecause() is null);

        Task Change(string sql, long id) => laurel.Core.Database.Write(async session => await session.Execute(sql, new { id }));
    }

    [Theory, EveryEngine]
    public async Task The_key_of_the_environment_may_do_everything_and_others_what_their_scopes_say(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var core = await LaurelCore.Open(
            new CoreOptions(new DatabaseOptions(database.ConnectionString) { Partitions = database.Partitioned ? 4 : 0 }) { AdministratorKey = "the environment's" },
            TimeProvider.System, NullLogger.Instance, TestCore.Deaths.Add);
        Assert.True((await core.Keys.Authenticate("the environment's"))!.MayEverywhere(Scopes.KeysWrite));
        foreach (var wrong in new[] { "the environment'", "", "x", "a\0b", "\ud800", new string('x', 10_000) })
        {
            Assert.Null(await core.Keys.Authenticate(wrong));
        }
        var service = TestCore.Value(await core.Keys.Create(new KeyDraft(null, [Scopes.AwardsWrite], null)));
        var caller = (await core.Keys.Authenticate(service.Secret))!;
        Assert.True(caller.MayEverywhere(Scopes.AwardsWrite));
        Assert.False(caller.MayEverywhere(Scopes.BadgesWrite));

        TestCore.Value(await core.Users.Put(5, new UserDraft(), null, createOnly: false));
        var limited = (await core.Keys.Authenticate(TestCore.Value(await core.Keys.Create(new KeyDraft(5, [Scopes.UsersRead], null))).Secret))!;
        Assert.True(limited.MayFor(5, Scopes.UsersRead));
        Assert.False(limited.MayFor(6, Scopes.UsersRead));
        Assert.False(limited.MayFor(5, Scopes.UsersWrite));
        Assert.False(limited.MayEverywhere(Scopes.UsersRead));
        var whole = (await core.Keys.Authenticate(TestCore.Value(await core.Keys.Create(new KeyDraft(5, null, null))).Secret))!;
        Assert.True(whole.MayFor(5, Scopes.UsersWrite));
        Assert.False(whole.MayEverywhere(Scopes.UsersWrite));

        foreach (var draft in new[] { new KeyDraft(null, null, null), new KeyDraft(404, null, null), new KeyDraft(5, ["no:such"], null), new KeyDraft(5, null, 1) })
        {
            Assert.False((await core.Keys.Create(draft)).Succeeded(out _, out _));
        }
    }

    private static async Task<NewKey> NewKey(TestCore laurel, string scope) =>
        TestCore.Value(await laurel.Core.Keys.Create(new KeyDraft(null, [scope], null)));

    private static async Task Within(TimeSpan time, Func<Task<bool>> holds)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !await holds();)
        {
            Assert.True(waited.Elapsed < time, $"Not within {time}.");
            await Task.Delay(10);
        }
    }
}
