using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Asks the ledger to do a backfill's next users.</summary>
internal sealed class BackfillEntry(long backfillId) : LedgerEntry(0)
{
    public long BackfillId { get; } = backfillId;

    /// <summary>Answer: whether there is no more to do.</summary>
    public bool IsDone { get; set; }
}

/// <summary>A backfill's next users, in a batch of the ledger: what they have come to, what that earns, and how far the backfill is are
/// committed together.</summary>
internal sealed class BackfillSlice(
    Session session, LedgerStore store, BadgeCatalogue badges, IdBlocks ids, RuleWatchDeltas watch, RuleSeats seats, long now, long settled)
{
    // Others wait for the same batch.
    private const int MaximumUsers = 200;
    private const int MaximumActions = 2000;

    private const string MadeBy = """
        SELECT a.user_id, a.badge_id, a.occasion, a.id, a.awarded_at, a.source, a.subject
        FROM awards a JOIN award_details d ON d.user_id = a.user_id AND d.award_id = a.id
        WHERE a.user_id = $1 AND a.badge_id = $2 AND a.source = 8 AND d.backfill_id = $3
        """;

    private const string TakenBackBy = """
        SELECT occasion, award_id, awarded_at, source, subject, removed_at FROM award_history
        WHERE user_id = $1 AND badge_id = $2 AND kind = 0 AND reason = $3 ORDER BY awarded_at
        """;

    private const string Forget = """
        DELETE FROM award_history WHERE user_id = $1 AND badge_id = $2 AND occasion = $3 AND award_id = $4 AND removed_at = $5
        """;

    /// <summary>Does some users.</summary>
    /// <returns>Whether there is no more to do.</returns>
    public async ValueTask<bool> Run(long backfillId)
    {
        if (await BackfillRow.Find(session, backfillId) is not { State: BackfillState.Running } backfill)
        {
            return true;
        }
        if (await RuleRow.Find(session, backfill.RuleId) is not { } rule || rule.Generation != backfill.Generation)
        {
            await BackfillRow.Store(session, backfill with { State = BackfillState.Stopped, UpdatedAt = now });
            return true;
        }
        var awards = new RuleAwards(session, store, badges, ids, watch, seats, now, backfillId);
        var actors = rule.Draft.Condition is not Condition.Holding;
        var holders = !actors || backfill.Kind == BackfillKind.TakeBack;
        var users = await RuleUsers.Behind(session, backfill.Cursor, MaximumUsers, actors, holders, now);
        // And whose rows are not there yet, some of them of the batch that runs.
        users = [.. users.Union(store.BufferedUsers(backfill.Cursor, MaximumUsers, actors, holders, ofBatch: true)).Order().Take(MaximumUsers)];
        foreach (var user in users)
        {
            await store.Settle(session, user);
        }
        var behind = new Position(Math.Max(0, rule.CountsFrom) - 1, long.MaxValue);
        var periods = actors ? await ActionStore.Periods(session, behind, now) : [];
        var counts = rule.Remembers ? await store.HoldCounts(session, [.. users.Select(user => (user, rule))]) : [];
        var (done, actions, cursor) = (0, 0, backfill.Cursor);
        var events = store.Recorded;
        foreach (var user in users)
        {
            var recorded = actors ? await ActionStore.Read(session, user, behind, periods) : [];
            await Do(rule, user, backfill, recorded, UserRules.Of(rule, user, counts), awards);
            actions += recorded.Count;
            done++;
            cursor = user;
            if (actions >= MaximumActions)
            {
                break;
            }
        }
        var isDone = users.Count < MaximumUsers && done == users.Count;
        var (awarded, takenBack) = Count(events);
        await BackfillRow.Store(session, backfill with
        {
            State = isDone ? BackfillState.Done : BackfillState.Running,
            Cursor = isDone ? IdRange.Largest : cursor,
            Users = backfill.Users + done,
            Actions = backfill.Actions + actions,
            Awarded = backfill.Awarded + awarded,
            TakenBack = backfill.TakenBack + takenBack,
            UpdatedAt = now,
        });
        return isDone;
    }

    private (int Awarded, int TakenBack) Count(int from)
    {
        var (awarded, takenBack) = (0, 0);
        for (var i = from; i < store.Recorded; i++)
        {
            awarded += store.Event(i).Awards > 0 ? 1 : 0;
            takenBack += store.Event(i).Awards < 0 ? 1 : 0;
        }
        return (awarded, takenBack);
    }

    private async ValueTask Do(Rule rule, long userId, Backfill backfill, List<UserAction> actions, UserRule before, RuleAwards awards)
    {
        var state = new UserRule { IsSeated = before.IsSeated, Version = before.Version, Orphans = before.Orphans };
        if (rule.Draft.Condition is Condition.Holding holding)
        {
            var held = await Holdings.Reached(session, rule, holding, userId, []);
            if (backfill.Kind == BackfillKind.Apply)
            {
                await awards.Reconcile(rule, userId, Position.First, held, state);
            }
        }
        else
        {
            var moments = Matching.Of(rule, actions, [], countsLate: backfill.Kind == BackfillKind.Apply);
            var reached = state.Step(rule, moments, await Matching.Calendar(session, rule, userId, badges), settled);
            if (backfill.Kind == BackfillKind.Apply)
            {
                await awards.Reconcile(rule, userId, new Position(rule.CountsFrom - 1, long.MaxValue), reached, state);
            }
        }
        if (backfill.Kind == BackfillKind.TakeBack)
        {
            await TakeBack(rule, userId, backfill.TakesBack!.Value);
        }
        if (rule.Remembers)
        {
            await UserRules.Store(session, store, userId, rule, state, state.Pack());
        }
    }

    // As if it had never been: what it made goes, what it took back comes again.
    private async ValueTask TakeBack(Rule rule, long userId, long backfillId)
    {
        foreach (var tier in rule.Draft.Tiers)
        {
            if (await badges.Find(tier.BadgeId) is not { } badge)
            {
                continue;
            }
            foreach (var award in await Made(userId, badge.Id, backfillId))
            {
                await Removals.Remove(session, award, RemovalKind.Corrected, now, by: null, RuleAwards.TakenBackBy(backfillId) + " taken back", store);
            }
            foreach (var (award, removedAt) in await Taken(userId, badge.Id, RuleAwards.TakenBackBy(backfillId)))
            {
                var entry = new AwardEntry(award, badge) { Automatic = true, AskedAt = now };
                await store.InsertByRule(session, entry, settled: true);
                if (entry.Status == AwardStatus.Created)
                {
                    await session.Prepare(Forget).Set(1, userId).Set(2, badge.Id).Set(3, award.Occasion).Set(4, award.Id).Set(5, removedAt).Run();
                }
            }
        }
    }

    private async ValueTask<List<Award>> Made(long userId, long badgeId, long backfillId)
    {
        var made = new List<Award>();
        var rows = session.Prepare(MadeBy).Set(1, userId).Set(2, badgeId).Set(3, backfillId);
        while (await rows.Read())
        {
            made.Add(StandingAwards.Row(rows));
        }
        return made;
    }

    // With what is kept beside it.
    private async ValueTask<List<(Award Award, long RemovedAt)>> Taken(long userId, long badgeId, string reason)
    {
        var taken = new List<(Award Award, long RemovedAt)>();
        var rows = session.Prepare(TakenBackBy).Set(1, userId).Set(2, badgeId).Set(3, reason);
        while (await rows.Read())
        {
            var occasion = rows.Text(0);
            taken.Add((new Award(rows.Long(1), userId, badgeId, occasion, rows.Long(2), (AwardSource)rows.Long(3),
                Award.ReadSubject(occasion, rows.TextOrNull(4))), rows.Long(5)));
        }
        for (var i = 0; i < taken.Count; i++)
        {
            taken[i] = (await AwardDetails.Complete(session, taken[i].Award), taken[i].RemovedAt);
        }
        return taken;
    }
}
