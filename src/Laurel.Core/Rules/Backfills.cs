using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Storage;
using Microsoft.Extensions.Logging;

namespace Laurel.Core.Rules;

/// <summary>Rules applied to the past: started, watched, stopped and taken back. A backfill outlives the process that runs it: the next
/// one goes on where it was.</summary>
public sealed class Backfills : IAsyncDisposable
{
    private const string Restart = "UPDATE rules SET generation = $1, counts_from = $2, first_revision = $3 WHERE id = $4";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly Ledger _ledger;
    private readonly IdBlocks _ids;
    private readonly RuleCatalogue _rules;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _wake = new(0);
    private Task _running = Task.CompletedTask;

    internal Backfills(Database database, ChangeLog changes, Ledger ledger, IdBlocks ids, RuleCatalogue rules, TimeProvider time, ILogger log) =>
        (_database, _changes, _ledger, _ids, _rules, _time, _log) = (database, changes, ledger, ids, rules, time, log);

    internal void Start() => _running = Task.Run(Run);

    /// <summary>A backfill, for who may read its rule.</summary>
    public ValueTask<Outcome<Backfill>> Find(long id, Caller caller) => Find(id, caller, rule => _rules.Find(rule, caller));

    private ValueTask<Outcome<Backfill>> FindToWrite(long id, Caller caller) => Find(id, caller, rule => _rules.FindToWrite(rule, caller));

    private async ValueTask<Outcome<Backfill>> Find(long id, Caller caller, Func<long, ValueTask<Outcome<Rule>>> allowed)
    {
        var found = await _database.Read(session => BackfillRow.Find(session, id));
        // Whoever may not see all of them is not told which there are.
        if (found is null ? !caller.MayEverywhere(Scopes.RulesWrite) : !(await allowed(found.RuleId)).Succeeded(out _, out _))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not apply this rule to the past.");
        }
        return found is null ? new Refusal(RefusalCode.UnknownBackfill, "No backfill has this id.") : found;
    }

    /// <summary>A rule's, by id, after <paramref name="after"/>; for who may read it.</summary>
    public async ValueTask<Outcome<List<Backfill>>> List(long ruleId, long after, int limit, Caller caller) =>
        (await _rules.Find(ruleId, caller)).Succeeded(out _, out var refusal)
            ? await _database.Read(session => BackfillRow.List(session, ruleId, after, limit))
            : refusal;

    /// <summary>Of all rules, the newest first, before an id: for administrators, services and those who may look at everything; for
    /// others those of the rules that they may write.</summary>
    /// <param name="before">Null for the newest.</param>
    public async ValueTask<Outcome<List<Backfill>>> List(long? before, int limit, Caller caller)
    {
        if (!caller.Has(Scopes.RulesWrite))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not read backfills.");
        }
        var seesAll = caller.MayEverywhere(Scopes.RulesWrite) || caller.Holds(Permissions.Viewer, Scopes.RulesWrite);
        var seen = new List<Backfill>();
        for (var (place, isMore) = (before ?? long.MaxValue, true); isMore && seen.Count < limit;)
        {
            var read = await _database.Read(session => BackfillRow.List(session, place, limit));
            foreach (var backfill in read)
            {
                if (seen.Count < limit && (seesAll || await _rules.MayWrite(backfill.RuleId, caller)))
                {
                    seen.Add(backfill);
                }
            }
            (place, isMore) = (read.Count > 0 ? read[^1].Id : place, read.Count == limit);
        }
        return seen;
    }

    /// <summary>Begins to count anew, all that is recorded from a time on, and to make the rule's awards from then on what follows.</summary>
    /// <param name="from">In microseconds since 1970 UTC; null for all that is recorded.</param>
    /// <param name="caller">Who may write the rule.</param>
    public async Task<Outcome<Backfill>> Apply(long ruleId, long? from, Caller caller)
    {
        if (from is < 0 || from > _time.Micros())
        {
            return Refusal.Invalid("from", "A time between 1970 and now.");
        }
        return await Begin(ruleId, caller, firstRevision: 0, (rule, id, now) => new Backfill(
            id, rule.Id, BackfillKind.Apply, null, rule.Generation + 1, from ?? 0, rule.CountsFrom, rule.FirstRevision, BackfillState.Running, 0, 0, 0, 0, 0, caller.UserId, now, now));
    }

    /// <summary>Takes a backfill back: as if it had never been.</summary>
    /// <param name="caller">Who may write the rule.</param>
    public async Task<Outcome<Backfill>> TakeBack(long id, Caller caller) =>
        !(await FindToWrite(id, caller)).Succeeded(out var done, out var refusal) ? refusal
        : done.Kind == BackfillKind.TakeBack ? new Refusal(RefusalCode.Invalid, "What takes another one back cannot be taken back itself.")
        : await Begin(done.RuleId, caller, done.PreviousRevision, (rule, own, now) => new Backfill(
            own, rule.Id, BackfillKind.TakeBack, id, rule.Generation + 1, done.PreviousFrom, rule.CountsFrom, rule.FirstRevision, BackfillState.Running, 0, 0, 0, 0, 0, caller.UserId, now, now));

    private async Task<Outcome<Backfill>> Begin(long ruleId, Caller caller, long firstRevision, Func<Rule, long, long, Backfill> make)
    {
        if (!(await _rules.FindToWrite(ruleId, caller)).Succeeded(out _, out var refused))
        {
            return refused;
        }
        var id = await _ids.Next(IdKind.Backfill);
        var outcome = await _database.Write<Outcome<Backfill>>(async session =>
        {
            await RuleBook.Change(session);
            if (await RuleRow.Find(session, ruleId) is not { } rule)
            {
                return new Refusal(RefusalCode.UnknownRule, "No rule has this id.");
            }
            if (!rule.Draft.Enabled)
            {
                return new Refusal(RefusalCode.RuleDisabled, "The rule is not enabled.");
            }
            if ((await BackfillRow.Cursors(session)).ContainsKey(ruleId))
            {
                return new Refusal(RefusalCode.BackfillRunning, "A backfill of this rule is running.");
            }
            var backfill = make(rule, id, _time.Micros());
            // What has been dropped can not be counted again, and awards of that time are left as they are.
            backfill = backfill with { CountsFrom = Math.Max(backfill.CountsFrom, await ActionStore.KeptFrom(session)) };
            await BackfillRow.Add(session, backfill);
            await session.Prepare(Restart).Set(1, backfill.Generation).Set(2, backfill.CountsFrom).Set(3, firstRevision).Set(4, ruleId).Run();
            await _changes.Append(session, ChangeKind.Rule, ruleId);
            return backfill;
        });
        if (outcome.Succeeded(out _, out _))
        {
            _changes.Announce(ChangeKind.Rule, ruleId);
            _wake.Release();
        }
        return outcome;
    }

    /// <summary>Ends a backfill before its end. Users whom it has not come to begin to count anew.</summary>
    /// <param name="caller">Who may write the rule.</param>
    public async Task<Outcome<Backfill>> Stop(long id, Caller caller)
    {
        if (!(await FindToWrite(id, caller)).Succeeded(out _, out var refusal))
        {
            return refusal;
        }
        return await _database.Write<Outcome<Backfill>>(async session =>
        {
            await RuleBook.Change(session);
            var standing = (await BackfillRow.Find(session, id))!;
            if (standing.State != BackfillState.Running)
            {
                return standing;
            }
            var stopped = standing with { State = BackfillState.Stopped, UpdatedAt = _time.Micros() };
            await BackfillRow.Store(session, stopped);
            return stopped;
        });
    }

    private async Task Run()
    {
        try
        {
            while (!_ending.IsCancellationRequested)
            {
                await _wake.WaitAsync(Interval, _ending.Token);
                try
                {
                    foreach (var id in await _database.Read(BackfillRow.Running))
                    {
                        await Run(id);
                    }
                }
                catch (Exception failure) when (failure is StorageUnavailableException or LedgerFullException or EntryRefusedByStorageException)
                {
                    BackfillLog.Interrupted(_log, failure);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    // Rests as long as it worked: at most half of the writer's time is its.
    private async Task Run(long id)
    {
        for (var isDone = false; !isDone;)
        {
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            var entry = new BackfillEntry(id);
            await _ledger.Submit(entry, Lane.Bulk, _ending.Token);
            isDone = entry.IsDone;
            if (!isDone)
            {
                await Task.Delay(System.Diagnostics.Stopwatch.GetElapsedTime(started), _ending.Token);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
        _wake.Dispose();
    }
}

internal static partial class BackfillLog
{
    [LoggerMessage(20, LogLevel.Warning, "A backfill was interrupted; it is tried again.")]
    public static partial void Interrupted(ILogger log, Exception failure);
}
