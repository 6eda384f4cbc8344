using Laurel.Core.Access;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Access;

/// <summary>Passwords are looked at slowly, seldom, and for nobody more often than for others: counted in hashes, not in time.</summary>
public sealed class LoginsTests
{
    private const string Here = "192.0.2.1";

    private static int _address;

    [Theory, EveryEngine]
    public async Task A_right_password_is_known_until_nobody_has_used_it_for_a_minute(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Core.PutUser(1, new UserDraft { Username = "ada", Permissions = ["x", Permissions.AwardBonusReputation] }, "secret");
        await laurel.Core.PutUser(2, new UserDraft { Username = "grace", Permissions = [Permissions.Administrator] }, "secret");

        var ada = await Verify(laurel, "ada", "secret");
        Assert.Equal((1, false, null), (ada!.UserId, ada.IsAdministrator, ada.Scopes));
        Assert.True(ada.Holds(Permissions.AwardBonusReputation, Scopes.AwardsWrite) && !ada.Holds("y", Scopes.AwardsWrite));
        Assert.True((await Verify(laurel, "grace", "secret"))!.IsAdministrator);
        Assert.Equal(2, Computed(laurel));
        foreach (var _ in Enumerable.Range(0, 5))
        {
            time.Advance(TimeSpan.FromSeconds(59));
            Assert.Equal(1, (await Verify(laurel, "ada", "secret"))!.UserId);
        }
        Assert.Equal(2, Computed(laurel));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, (await Verify(laurel, "ada", "secret"))!.UserId);
        Assert.Equal(3, Computed(laurel));
        Assert.Null(await Verify(laurel, "ada", "Secret"));
    }

    [Fact]
    public async Task Who_is_not_there_costs_the_same_work()
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite, new ManualTime());
        await laurel.Core.PutUser(1, new UserDraft { Username = "ada" }, "secret");
        await laurel.Core.PutUser(2, new UserDraft { Username = "no password" }, null);
        var expected = 0;
        foreach (var (name, password) in new[] { ("ada", "Secret"), ("ada", ""), ("Ada", "secret"), ("nobody", "secret"), ("no password", ""), ("", "secret"), ("1", "secret"), (new string('x', 200), "secret"), ("a\u0001", "s"), ("nobody", new string('x', 5000)) })
        {
            Assert.Equal(default, await laurel.Core.Logins.Verify(name, password, Here));
            Assert.Equal(++expected, Computed(laurel));
        }
        // One password for many names at once: a look for each of them.
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 4).Select(i => laurel.Core.Logins.Verify($"nobody {i}", "secret", Here).AsTask())), outcome => Assert.Equal(default, outcome));
        Assert.Equal(expected + 4, Computed(laurel));
    }

    [Theory, EveryEngine]
    public async Task What_changes_a_user_ends_what_was_known_of_the_password(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Core.PutUser(1, new UserDraft { Username = "ada" }, "old");
        Assert.NotNull(await Verify(first, "ada", "old"));
        Assert.NotNull(await Verify(second, "ada", "old"));

        await first.Core.ChangePassword(1, "new");
        Assert.Null(await Verify(first, "ada", "old"));
        Assert.NotNull(await Verify(first, "ada", "new"));
        await Within(TimeSpan.FromSeconds(1), async () => await Verify(second, "ada", "old") is null);
        Assert.NotNull(await Verify(second, "ada", "new"));

        // A name that has gone to another lets that other in, and nobody else.
        TestCore.Value(await first.Core.Users.Put(1, new UserDraft { Username = "lovelace" }, null, createOnly: false));
        await first.Core.PutUser(2, new UserDraft { Username = "ada" }, "another");
        Assert.Null(await Verify(first, "ada", "new"));
        Assert.Equal(2, (await Verify(first, "ada", "another"))!.UserId);
        Assert.Equal(1, (await Verify(first, "lovelace", "new"))!.UserId);

        await Within(TimeSpan.FromSeconds(1), async () => (await Verify(second, "ada", "another"))?.UserId == 2);
        TestCore.Value(await second.Core.Users.Put(2, new UserDraft { Username = "ada", Permissions = [Permissions.Administrator] }, null, createOnly: false));
        Assert.True((await Verify(second, "ada", "another"))!.IsAdministrator);
        await Within(TimeSpan.FromSeconds(1), async () => (await Verify(first, "ada", "another"))?.IsAdministrator == true);
    }

    [Theory, EveryEngine]
    public async Task What_is_known_is_not_trusted_while_the_change_log_cannot_be_read(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Core.PutUser(1, new UserDraft { Username = "ada", Permissions = [Permissions.Administrator] }, "secret");
        Assert.True((await Verify(laurel, "ada", "secret"))!.IsAdministrator);
        await Change("ALTER TABLE changes RENAME TO changes_away");
        await Change("UPDATE users SET permissions = NULL WHERE id = 1");
        await Within(TimeSpan.FromSeconds(2), async () => !(await Verify(laurel, "ada", "secret"))!.IsAdministrator);
        await Change($"UPDATE users SET password_hash = '{QuickPasswords.Hash("other")}' WHERE id = 1");
        Assert.Null(await Verify(laurel, "ada", "secret"));
        Assert.NotNull(await Verify(laurel, "ada", "other"));

        Task Change(string sql) => laurel.Core.Database.Write(async session => await session.Execute(sql));
    }

    [Fact]
    public async Task Who_asks_the_same_at_once_shares_one_look()
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite, new ManualTime());
        TestCore.Value(await laurel.Core.Users.Put(1, new UserDraft { Username = "ada" }, "secret", createOnly: true));
        var before = Computed(laurel);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => laurel.Core.Logins.Verify("ada", "secret", Here).AsTask()));
        Assert.All(outcomes, outcome => Assert.Equal(1, outcome.Caller?.UserId));
        Assert.Equal(before + 1, Computed(laurel));
    }

    [Fact]
    public async Task Beyond_some_in_line_one_is_told_to_return_and_nothing_is_held_against_them()
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite, new ManualTime());
        // Long enough that they meet, and no longer.
        await laurel.Core.PutUser(1, new UserDraft { Username = "ada" }, "secret", rounds: 200_000);
        // From everywhere, so that no limit of one address is met.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => laurel.Core.Logins.Verify("ada", $"guess {i}", $"192.0.2.{i}").AsTask()));
        var turnedAway = outcomes.Where(outcome => outcome.RetryAfter is not null).ToList();
        Assert.NotEmpty(turnedAway);
        Assert.All(turnedAway, outcome => Assert.Equal(new LoginOutcome(null, TimeSpan.FromSeconds(1)), outcome));
        Assert.Equal(40 - turnedAway.Count, Computed(laurel));
        Assert.NotNull(await Verify(laurel, "ada", "secret"));
    }

    [Fact]
    public async Task Guesses_at_once_count_before_they_are_answered()
    {
        await using var laurel = await TestCore.Open(Engine.Sqlite, new ManualTime());
        await laurel.Core.PutUser(1, new UserDraft { Username = "ada" }, "secret");
        var before = Computed(laurel);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(async () => await laurel.Core.Logins.Verify("ada", $"guess {i}", Here))));
        Assert.Equal(before + LoginThrottle.PerPair, Computed(laurel));
        Assert.Equal(30 - LoginThrottle.PerPair, outcomes.Count(outcome => outcome.RetryAfter is not null));
        // Right now nothing tells a right guess from a wrong one.
        Assert.NotNull((await laurel.Core.Logins.Verify("ada", "secret", Here)).RetryAfter);
        Assert.NotNull((await laurel.Core.Logins.Verify("ada", "secret", "192.0.2.9")).Caller);
    }

    private static async Task<Caller?> Verify(TestCore laurel, string name, string password)
    {
        // Each time from elsewhere: who asks until something has changed meets no limit.
        var outcome = await laurel.Core.Logins.Verify(name, password, $"198.51.100.{Interlocked.Increment(ref _address)}");
        Assert.Null(outcome.RetryAfter);
        return outcome.Caller;
    }

    private static long Computed(TestCore laurel) => laurel.Core.Passwords.Computed;

    private static async Task Within(TimeSpan time, Func<Task<bool>> holds)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !await holds();)
        {
            Assert.True(waited.Elapsed < time, $"Not within {time}.");
            await Task.Delay(20);
        }
    }
}
