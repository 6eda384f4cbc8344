using System.Security.Cryptography;
using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Images;
using Laurel.Core.Issuers;
using Laurel.Core.Live;
using Laurel.Core.Moderation;
using Laurel.Core.Rewards;
using Laurel.Core.Rules;
using Laurel.Core.Showcases;
using Laurel.Core.Statistics;
using Laurel.Core.Storage;
using Laurel.Core.Users;
using Microsoft.Extensions.Logging;

namespace Laurel.Core;

/// <summary>What a running core is made with.</summary>
public sealed record CoreOptions(DatabaseOptions Database)
{
    /// <summary>The administrator key of the environment; null for none.</summary>
    public string? AdministratorKey { get; init; }

    /// <summary>How long actions are kept: at least <see cref="ShortestRetention"/> and three times <see cref="Lateness"/>, at most
    /// <see cref="LongestRetention"/>.</summary>
    public TimeSpan ActionRetention { get; init; } = TimeSpan.FromDays(400);

    /// <summary>How late an action may come and still count; none to <see cref="LongestLateness"/>.</summary>
    public TimeSpan Lateness { get; init; } = TimeSpan.FromDays(1);

    public static TimeSpan LongestLateness { get; } = TimeSpan.FromDays(366);

    public static TimeSpan ShortestRetention { get; } = TimeSpan.FromDays(30);

    /// <summary>About a hundred years.</summary>
    public static TimeSpan LongestRetention { get; } = TimeSpan.FromDays(36_600);

    /// <summary>How many may subscribe to the live stream at once.</summary>
    public int MaximumSubscribers { get; init; } = LiveEvents.DefaultSubscribers;

    /// <exception cref="ArgumentException">The options do not go together.</exception>
    internal void Check()
    {
        if (Lateness < TimeSpan.Zero || Lateness > LongestLateness)
        {
            throw new ArgumentException("Actions may come up to 366 days late.", nameof(Lateness));
        }
        if (ActionRetention < ShortestRetention || ActionRetention > LongestRetention || ActionRetention < 3 * Lateness)
        {
            throw new ArgumentException(
                "Actions are kept for 30 to 36,600 days, and three times as long as they may be late.", nameof(ActionRetention));
        }
    }

    /// <summary>A file of words that texts may not hold; null for the built-in list.</summary>
    public string? ModerationFile { get; init; }
}

/// <summary>Everything behind the wire: opened, migrated and running. One in a process, several over one database.</summary>
public sealed class LaurelCore : IAsyncDisposable
{
    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly IReadOnlyList<NodeLease> _leases;
    private readonly Ledger _ledger;
    private readonly ITimer _trimming;
    private readonly TimeSpan _retention;
    private int _disposed;
    private long _catalogueVersion;
    private Trimming? _lastTrimming;

    private LaurelCore(
        CoreOptions options, Database database, IReadOnlyList<NodeLease> leases, byte[] signingKey, TimeProvider time, ILogger log, Action<Exception> die)
    {
        (_database, _leases, _retention) = (database, leases, options.ActionRetention);
        var ids = new IdBlocks(database);
        _changes = new ChangeLog(database, time);
        Time = time;
        StartedAt = time.Micros();
        Tokens = new SignedTokens(signingKey);
        Moderation = options.ModerationFile is { } file ? TextModeration.FromFile(file) : TextModeration.BuiltIn;
        Statistics = new Tallies(database, time);
        Issuers = new IssuerCatalogue(database, _changes, ids, time);
        Badges = new BadgeCatalogue(database, _changes, ids, Issuers, Moderation, time);
        Standings = new Standings(database, Statistics, Badges, time);
        Icons = new Icons(database, _changes, Badges, Issuers, time);
        Users = new UserDirectory(database, _changes, ids, Passwords, time);
        UserSearch = new UserSearch(database, Users);
        Logins = new Logins(_changes, Users, Passwords, time);
        SigningKeys = new SigningKeys(database, _changes, time);
        var sessionTokens = new SessionTokens(SigningKeys, time);
        Sessions = new Sessions(database, _changes, ids, SigningKeys, sessionTokens, time);
        Keys = new KeyRing(database, _changes, ids, Users, sessionTokens, time, options.AdministratorKey);
        BrowserSessions = new BrowserSessions(database, ids, Keys, time);
        FormKeys = new FormKeys(database, time);
        Idempotency = new IdempotencyKeys(database, time);
        var stores = leases.Select(database.LedgerStore).ToList();
        _ledger = new Ledger(stores.Select(store => new LedgerWriter(store, Statistics, time, log, die, database.Patience)));
        Lifetimes = new Lifetimes(database, _changes, _ledger, Badges, Issuers, time);
        UserAwards = new UserAwards(database, _ledger, Badges, Issuers, Lifetimes, Statistics);
        RemovedAwards = new RemovedAwards(database);
        Holders = new Holders(database, _ledger, Lifetimes);
        Points = new Points(database, Users, time);
        Rewarding = new Rewarding(_ledger, time);
        Awarding = new Awarding(database, _ledger, UserAwards, Badges, Issuers, Users, ids, Lifetimes, time);
        Collections = new Collections(database, _ledger, Lifetimes, UserAwards, Awarding, Badges, Issuers, Users, time);
        ActionTypes = new ActionTypes(database, _changes, time);
        Rules = new RuleCatalogue(
            database, _changes, ids, Badges, Issuers, Users, new ProgressReader(database, _ledger, Badges, UserAwards, time), time);
        RuleSets = new RuleSets(database, _changes, ids, Rules);
        var engine = new RuleEngine(Badges, ids, (long)options.Lateness.TotalMicroseconds);
        stores.ForEach(store => store.Rules = engine);
        Explanations = new Explanations(database, _ledger, Lifetimes, Rules, Badges, Issuers, Users, time);
        Previews = new Previews(database, _ledger, Rules, Badges, time);
        Backfills = new Backfills(database, _changes, _ledger, ids, Rules, time, log);
        Actions = new ActionLog(database, _ledger, engine, ActionTypes, Users, ids, time);
        BonusAwards = new BonusAwards(Awarding, Users);
        Live = new LiveEvents(database, time, options.MaximumSubscribers);
        Showcase = new Showcase(Badges, Issuers, Users, UserAwards, Rules, Statistics, time);
        // Last of all who listen: when it moves, every cache has let go of what changed.
        _changes.Changed += (kind, _) =>
            _ = kind is ChangeKind.Key or ChangeKind.SigningKey or ChangeKind.ActionType or ChangeKind.Rule ? 0 : Interlocked.Increment(ref _catalogueVersion);
        _trimming = time.CreateTimer(_ => _ = Trim(log), null, TrimmingInterval, TrimmingInterval);
    }

    public TimeProvider Time { get; }

    /// <summary>When this process opened the database, in microseconds since 1970 UTC.</summary>
    public long StartedAt { get; }

    public SignedTokens Tokens { get; }

    public TextModeration Moderation { get; }

    public Tallies Statistics { get; }

    public Standings Standings { get; }

    public IssuerCatalogue Issuers { get; }

    public BadgeCatalogue Badges { get; }

    public Icons Icons { get; }

    public UserDirectory Users { get; }

    public UserSearch UserSearch { get; }

    public KeyRing Keys { get; }

    public BrowserSessions BrowserSessions { get; }

    public FormKeys FormKeys { get; }

    public Logins Logins { get; }

    public Sessions Sessions { get; }

    public SigningKeys SigningKeys { get; }

    public UserAwards UserAwards { get; }

    public RemovedAwards RemovedAwards { get; }

    public Holders Holders { get; }

    public IdempotencyKeys Idempotency { get; }

    public Awarding Awarding { get; }

    public ActionTypes ActionTypes { get; }

    public ActionLog Actions { get; }

    public BonusAwards BonusAwards { get; }

    public RuleCatalogue Rules { get; }

    public RuleSets RuleSets { get; }

    public Backfills Backfills { get; }

    public Previews Previews { get; }

    public Explanations Explanations { get; }

    public Rewarding Rewarding { get; }

    public Points Points { get; }

    public Collections Collections { get; }

    public LiveEvents Live { get; }

    public Showcase Showcase { get; }

    public string Engine => _database.Engine;

    /// <summary>This process's node slots, ascending.</summary>
    public IReadOnlyList<short> Nodes => [.. _leases.Select(lease => lease.Slot)];

    /// <summary>Moves whenever an issuer, place, badge or user changes: what was computed from them at one version is good until the
    /// next. Read it before what it stands for.</summary>
    public long CatalogueVersion => Interlocked.Read(ref _catalogueVersion);

    /// <summary>Entries that wait to be committed.</summary>
    public int QueueDepth => _ledger.Depth;

    /// <summary>Entries that the database has refused since this process began; their callers were told.</summary>
    public int RefusedEntries => _ledger.Refused;

    /// <summary>Whether the last batch could not be stored, and nothing has been written since.</summary>
    public bool StorageFailed => _ledger.StorageFailed;

    /// <summary>Whether this process knows what others changed a second ago; while it does not, it trusts no credential.</summary>
    public bool ReadsChanges => _changes.IsFresh;

    /// <summary>What came of the last time that old rows were dropped; null before the first, an hour after the start.</summary>
    public Trimming? LastTrimming => Volatile.Read(ref _lastTrimming);

    /// <summary>How often old rows are dropped.</summary>
    public static TimeSpan TrimmingInterval { get; } = TimeSpan.FromHours(1);

    /// <summary>The node slots, ascending, and who holds them: one for each writer of the processes that have ever run at once.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be read.</exception>
    public ValueTask<IReadOnlyList<NodeSlot>> NodeSlots() => NodeLease.All(_database, Time.Micros());

    /// <summary>The number of the database's schema.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be read.</exception>
    public Task<int> Schema() => Migrator.Find(_database);

    internal Database Database => _database;

    internal Passwords Passwords { get; } = new();

    internal Ledger Ledger => _ledger;

    internal Lifetimes Lifetimes { get; }

    /// <summary>Opens the database, brings its schema up to date, and starts the writer.</summary>
    /// <param name="options">What to open.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where the writer reports.</param>
    /// <param name="die">Called when this process must not go on: a writer of its broke, or a node slot was taken.</param>
    /// <exception cref="ArgumentException">The options do not go together.</exception>
    /// <exception cref="StorageUnavailableException">The database cannot be reached.</exception>
    /// <exception cref="TransferException">An import into it has not come to its end.</exception>
    /// <exception cref="SchemaTooNewException">The database belongs to a later version.</exception>
    public static async Task<LaurelCore> Open(CoreOptions options, TimeProvider time, ILogger log, Action<Exception> die)
    {
        options.Check();
        var database = Database.Open(options.Database with { ServesRequests = true });
        try
        {
            await Migrator.Apply(database);
            var leases = await NodeLease.Take(database, database.Writers, time);
            // Nobody begins to import once a slot is taken.
            await RequireNoImport(database, leases);
            var core = new LaurelCore(options, database, leases, await SigningKey(database), time, log, die);
            foreach (var lease in leases)
            {
                lease.KeepRenewed(die);
            }
            await core._changes.Start();
            await core.Lifetimes.Start();
            core._ledger.Recover();
            await core.Statistics.Start(core.Nodes);
            core._ledger.Start();
            core.Backfills.Start();
            core.Live.Start();
            return core;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private static async Task RequireNoImport(Database database, IReadOnlyList<NodeLease> leases)
    {
        try
        {
            await ImportTarget.RequireNone(database);
        }
        catch
        {
            await Return(leases);
            throw;
        }
    }

    private static async Task Return(IReadOnlyList<NodeLease> leases)
    {
        foreach (var lease in leases)
        {
            await lease.DisposeAsync();
        }
    }

    // One for all nodes and restarts, so that a cursor or token made by one is good at another.
    private static Task<byte[]> SigningKey(Database database) => database.Write(async session =>
    {
        await session.Execute("INSERT INTO settings (name, value) VALUES ('signing_key', @value) ON CONFLICT DO NOTHING",
            new { value = Convert.ToHexString(RandomNumberGenerator.GetBytes(SignedTokens.KeyLength)) });
        return Convert.FromHexString((await session.QueryFirst<string>("SELECT value FROM settings WHERE name = 'signing_key'"))!);
    });

    /// <summary>Null when requests can be served; otherwise the cause why not, for an operator.</summary>
    public async ValueTask<string?> NotReadyBecause()
    {
        if (_ledger.StorageFailed)
        {
            // Nobody sends awards to a server that is not ready: it has to try by itself.
            try
            {
                await _database.Write(async session => await session.Execute("UPDATE nodes SET slot = slot WHERE slot = @slot", new { slot = _leases[0].Slot }));
                _ledger.StorageRecovered();
            }
            catch (StorageUnavailableException unavailable)
            {
                return $"The last batch of the ledger could not be stored. {unavailable.Message}";
            }
        }
        try
        {
            await _database.Read(async session => await session.QueryFirst<long>("SELECT 1"));
        }
        catch (StorageUnavailableException unavailable)
        {
            return $"The database cannot be read. {unavailable.Message}";
        }
        return _changes.IsFresh ? null : "The change log has not been read for a second.";
    }

    private async Task Trim(ILogger log)
    {
        try
        {
            await Statistics.Trim();
            await Live.Trim();
            await _changes.Trim();
            await Idempotency.Trim();
            await Sessions.Trim();
            await SigningKeys.Trim();
            await Lifetimes.Sweep();
            await Actions.Trim(_retention);
            foreach (var rule in await Rules.Alarming())
            {
                CoreLog.RuleAlarm(log, rule.Draft.Key, rule.Draft.AlarmAfterDays!.Value);
            }
            Volatile.Write(ref _lastTrimming, new Trimming(Time.Micros(), Succeeded: true));
        }
        catch (Exception unavailable) when (unavailable is StorageUnavailableException or LedgerFullException)
        {
            Volatile.Write(ref _lastTrimming, new Trimming(Time.Micros(), Succeeded: false));
            CoreLog.TrimFailed(log, unavailable);
        }
    }

    /// <summary>Commits what waits, answers it, gives the node slots back and closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }
        await _trimming.DisposeAsync();
        await Backfills.DisposeAsync();
        await _ledger.DisposeAsync();
        await Live.DisposeAsync();
        Standings.Dispose();
        await Statistics.DisposeAsync();
        await _changes.DisposeAsync();
        await Return(_leases);
        Lifetimes.Dispose();
        await _database.DisposeAsync();
    }
}

/// <summary>What came of dropping old rows.</summary>
/// <param name="EndedAt">In microseconds since 1970 UTC.</param>
/// <param name="Succeeded">Otherwise the next hour tries again.</param>
public sealed record Trimming(long EndedAt, bool Succeeded);

internal static partial class CoreLog
{
    [LoggerMessage(10, LogLevel.Warning, "Old rows could not be dropped; the next hour tries again.")]
    public static partial void TrimFailed(ILogger log, Exception failure);

    [LoggerMessage(11, LogLevel.Warning, "Rule {Key} has awarded nothing for {Days} days.")]
    public static partial void RuleAlarm(ILogger log, string key, int days);
}
