using System.Collections.Concurrent;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;
using Laurel.Core.Users;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Laurel.Tests.Harness;

/// <summary>A core in this process over a database of its own, with words to say what a test needs.</summary>
internal sealed class TestCore : IAsyncDisposable
{
    public static readonly Caller Administrator = new(0, null, IsAdministrator: true, Scopes: null);

    private readonly TestDatabase? _owned;

    private readonly HalvedBatches _halved;

    private TestCore(LaurelCore core, HalvedBatches halved, TestDatabase? owned) => (Core, _halved, _owned) = (core, halved, owned);

    public LaurelCore Core { get; }

    /// <summary>On which it was opened, where it owns it.</summary>
    public TestDatabase TestDatabase => _owned ?? throw new InvalidOperationException("Somebody else's.");

    /// <summary>What the core said when it could not go on.</summary>
    public static List<Exception> Deaths { get; } = [];

    public static async Task<TestCore> Open(Engine engine, TimeProvider? time = null)
    {
        var database = await TestDatabase.WithSchema(engine);
        var halved = new HalvedBatches();
        return new TestCore(await OpenOn(database, halved, time), halved, database);
    }

    /// <summary>Another process's view: a second core on a database that somebody else owns.</summary>
    /// <param name="database">On which.</param>
    /// <param name="time">By default the system's.</param>
    /// <param name="lateness">How late an action may come and still count; by default a day.</param>
    public static async Task<TestCore> OpenSecond(TestDatabase database, TimeProvider? time = null, TimeSpan? lateness = null)
    {
        var halved = new HalvedBatches();
        return new TestCore(await OpenOn(database, halved, time, lateness), halved, null);
    }

    private static Task<LaurelCore> OpenOn(TestDatabase database, HalvedBatches halved, TimeProvider? time, TimeSpan? lateness = null)
    {
        var options = new CoreOptions(new DatabaseOptions(database.ConnectionString) { Partitions = database.Partitions });
        return LaurelCore.Open(lateness is { } late ? options with { Lateness = late } : options, time ?? TimeProvider.System, halved, Deaths.Add);
    }

    public async Task<Issuer> Issuer(long id, string zone = "UTC") =>
        Value(await Core.Issuers.Put(id, new IssuerDraft($"issuer-{id}", $"Issuer {id}") { RootPlaceId = id * 10, TimeZone = zone }, createOnly: false)).Thing;

    public async Task<Badge> Badge(long id, long issuerId, Recurrence? recurrence = null) => Value(await Core.Badges.Put(id, new BadgeDraft
    {
        IssuerId = issuerId,
        Texts = new Dictionary<string, BadgeText> { ["en"] = new($"Badge {id}", $"About badge {id}") },
        Recurrence = recurrence ?? new Recurrence.Once(),
    }, createOnly: false)).Thing;

    public async Task<User> User(long id) => Value(await Core.Users.Put(id, new UserDraft { Username = $"user{id}" }, null, createOnly: false)).Thing;

    /// <summary>Issuer 1, and its badges and users by number from 1 on.</summary>
    public async Task Fill(int users, int badges)
    {
        await Issuer(1);
        for (var badge = 1; badge <= badges; badge++)
        {
            await Badge(badge, 1);
        }
        for (var user = 1; user <= users; user++)
        {
            await User(user);
        }
    }

    public ValueTask<AwardOutcome> Award(long userId, long badgeId, string? subject = null, long? at = null, bool manual = false) =>
        Core.Awarding.Award(new AwardRequest(userId, badgeId, AwardSource.Native) { Subject = subject, AwardedAt = at, Manual = manual },
            Administrator, bulk: false, TestContext.Current.CancellationToken);

    /// <summary>Every committed award is in its table, and all tallies count it, for tests that look there themselves.</summary>
    public static async Task Settled(LaurelCore core)
    {
        while (core.Ledger.HasBuffered || await (core.Database.Buffers ? NotTallied(core) : FallBehind(core)))
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    // Other cores on the same database too. A batch that only recorded actions has nothing to count.
    private static async Task<bool> NotTallied(LaurelCore core) => await core.Database.Read(async session => await session.QueryFirst<long>(
        "SELECT count(*) FROM nodes WHERE tallied < (SELECT coalesce(max(sequence), 0) FROM outbox WHERE node = slot AND length(events) > @nothing)",
        new { nothing = Outbox.Pack([]).Length })) > 0;

    // PostgreSQL: those of other cores too.
    private static async Task<bool> FallBehind(LaurelCore core) =>
        await core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM nodes WHERE buffers = 1 AND leased_until > 0")) > 0;

    public static T Value<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.Succeeded(out var value, out var refusal), refusal?.Message);
        return value;
    }

    public async ValueTask DisposeAsync()
    {
        await Core.DisposeAsync();
        if (_owned is not null)
        {
            await _owned.DisposeAsync();
        }
        Assert.Empty(_halved.Faults);
    }

    // What nobody sees but in the log: every entry was stored, in the end.
    private sealed class HalvedBatches : ILogger
    {
        public ConcurrentQueue<Exception?> Faults { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name == nameof(LedgerLog.BatchHalved))
            {
                Faults.Enqueue(exception);
            }
        }
    }
}
