using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Evaluates rules inside the ledger's batch: an action, what users have come to by it, and the awards it earns are committed
/// together.</summary>
/// <param name="lateness">How late an action may come and still count, in microseconds.</param>
internal sealed class RuleEngine(BadgeCatalogue badges, IdBlocks ids, long lateness)
{
    // Between a request's clock and the batch that commits it, and between the clocks of two nodes.
    private const long ClockTolerance = 300 * Clock.Second;

    private volatile RuleBook _book = RuleBook.Empty;

    /// <summary>Whether an action that happened and came at these times counts.</summary>
    public bool IsInTime(RecordedAction action) => action.OccurredAt >= action.RecordedAt - lateness;

    /// <summary>All that rules have to do with a batch whose other work is done.</summary>
    public async ValueTask Apply(Session session, List<LedgerEntry> batch, LedgerStore store, long now)
    {
        var actions = batch.OfType<ActionEntry>().ToList();
        var backfills = batch.OfType<BackfillEntry>().ToList();
        if (actions.Count + backfills.Count + store.Recorded == 0)
        {
            return;
        }
        if (backfills.Count > 0)
        {
            // Between it and the batches of other nodes there is an order: they have recorded what it counts, or see what it has done.
            await RuleBook.Lock(session);
        }
        var book = await _book.Newest(session, await store.HoldRules(session));
        _book = book;
        if (actions.Count + backfills.Count == 0 && !book.LooksAtHoldings)
        {
            return;
        }
        var watch = new RuleWatchDeltas();
        var seats = new RuleSeats(session, store);
        var settled = now - lateness - ClockTolerance;
        var run = new RuleRun(session, store, book, badges, ids, watch, seats, now, settled);
        await run.Evaluate(await Record(session, actions, store));
        foreach (var entry in backfills)
        {
            entry.IsDone = await new BackfillSlice(session, store, badges, ids, watch, seats, now, settled).Run(entry.BackfillId);
            store.RecordsMore = true;
        }
        if (backfills.Count > 0)
        {
            // They have come further: whom they have looked at is looked at here from now on.
            _book = book = await _book.Newest(session, await RuleBook.Hold(session));
            run = new RuleRun(session, store, book, badges, ids, watch, seats, now, settled);
        }
        await run.EvaluateHoldings();
        await seats.Store();
        await watch.Store(session, store.Node, now);
    }

    // By user, the actions that are new.
    private async ValueTask<SortedDictionary<long, List<UserAction>>> Record(Session session, List<ActionEntry> entries, LedgerStore store)
    {
        var byUser = new SortedDictionary<long, List<UserAction>>();
        // In key order, so that two nodes' batches never deadlock.
        entries.Sort((a, b) => a.Action.Id.CompareTo(b.Action.Id));
        foreach (var entry in entries)
        {
            (entry.IsRecorded, entry.Standing) = (false, null);
        }
        var claimed = await store.ClaimActions(session, entries);
        foreach (var entry in entries)
        {
            if (!entry.IsRecorded)
            {
                continue;
            }
            if (!claimed.Remove(entry.Action.Id))
            {
                entry.Standing = await Standing(session, entry.Action, store);
                continue;
            }
            store.RecordsMore = true;
            foreach (var (user, roles) in entry.Concerns())
            {
                var action = new UserAction(entry.Action, roles, IsInTime(entry.Action));
                await store.Write(session, new DeferredAction(user, action));
                if (!byUser.TryGetValue(user, out var actions))
                {
                    byUser[user] = actions = [];
                }
                actions.Add(action);
            }
        }
        foreach (var actions in byUser.Values)
        {
            actions.Sort((a, b) => a.Position.CompareTo(b.Position));
        }
        return byUser;
    }

    // Past its retention only the id is left of it.
    private static async ValueTask<RecordedAction> Standing(Session session, RecordedAction told, LedgerStore store)
    {
        if (await ActionStore.Place(session, told.Id) is not var (user, at))
        {
            return told;
        }
        await store.Settle(session, user);
        return await ActionStore.Find(session, told.Id, user, at) ?? told;
    }
}
