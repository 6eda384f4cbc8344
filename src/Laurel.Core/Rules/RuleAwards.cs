using System.Globalization;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Awards for targets that users reached, and their correction. What was removed stays removed: an award that should have
/// been another takes its removal with it.</summary>
/// <param name="taken">The batch's.</param>
/// <param name="backfillId">The backfill for which it is done; null for what just happened.</param>
internal sealed class RuleAwards(Session session, LedgerStore store, BadgeCatalogue badges, IdBlocks ids, RuleWatchDeltas watch, RuleSeats taken, long now, long? backfillId = null)
{
    private static readonly HashSet<string> NothingElse = [];

    private const int ReservedIds = 4096;
    private const int MaximumRecomputations = 5;

    private long _nextId;
    private long _endOfIds;

    /// <summary>Awards for a target, unless its occasion is held or was removed, or all seats are taken.</summary>
    /// <param name="rule">Which.</param>
    /// <param name="userId">Whom.</param>
    /// <param name="reached">For what.</param>
    /// <param name="seats">What the rule knows of the user; null where it keeps nothing.</param>
    public async ValueTask Give(Rule rule, long userId, Reached reached, UserRule? seats)
    {
        if (await Ask(rule, userId, reached, seats, settled: false) is { Status: AwardStatus.Held, Standing: { } standing }
            && await RulePlan.IsLater(session, standing, reached))
        {
            // It was earned by an earlier action than the one it names.
            await store.Settle(session, userId);
            await Correct(rule, standing, reached, seats);
        }
    }

    private async ValueTask<AwardEntry?> Ask(Rule rule, long userId, Reached reached, UserRule? seats, bool settled)
    {
        var badge = await badges.Find(rule.Draft.Tiers[reached.Tier].BadgeId);
        for (var tries = 0; tries < MaximumRecomputations && badge is { Enabled: true } && RulePlan.OccasionOf(badge, reached) is { } occasion; tries++)
        {
            var seat = await Seat(rule, seats);
            if (seat == SeatKind.None)
            {
                return null;
            }
            var award = new Award(await NextId(), userId, badge.Id, occasion, reached.At, Source, reached.Subject)
            {
                ActionId = reached.ActionId,
                Rule = new AwardRule(rule.Id, rule.Revision, backfillId),
            };
            var entry = new AwardEntry(award, badge)
            {
                Automatic = true,
                AskedAt = now,
                Claim = badge.NeedsClaim ? AwardClaim.Unclaimed(reached.At, now) : null,
            };
            await store.InsertByRule(session, entry, settled);
            if (entry.Status == AwardStatus.Created)
            {
                seats?.IsSeated |= seat == SeatKind.New;
                watch.Awarded(rule);
                return entry;
            }
            if (seat == SeatKind.New)
            {
                taken.Leave(rule);
            }
            if (entry.Status != AwardStatus.Stale)
            {
                return entry;
            }
            badge = await badges.FindAgain(badge.Id);
        }
        return null;
    }

    private enum SeatKind
    {
        None,
        Own,
        New,
    }

    private async ValueTask<SeatKind> Seat(Rule rule, UserRule? seats)
    {
        if (rule.Draft.MaximumRecipients is not { } most || seats is null || seats.IsSeated)
        {
            return SeatKind.Own;
        }
        return await taken.Take(rule, most) ? SeatKind.New : SeatKind.None;
    }

    private async ValueTask<long> NextId()
    {
        if (ids.TryNext(IdKind.Award, out var id))
        {
            return id;
        }
        if (_nextId == _endOfIds)
        {
            _nextId = await IdBlocks.ReserveIn(session, IdKind.Award, ReservedIds);
            _endOfIds = _nextId + ReservedIds;
        }
        return _nextId++;
    }

    private async ValueTask Correct(Rule rule, Award wrong, Reached right, UserRule? seats)
    {
        if (await TakeBack(wrong))
        {
            // The right one may have been removed before: then nothing takes the wrong one's place.
            store.Record(OutboxKind.Corrected, await Ask(rule, wrong.UserId, right, seats, settled: true) is { Status: AwardStatus.Created } entry ? entry.Award : wrong);
        }
    }

    private ValueTask<bool> TakeBack(Award wrong) => Removals.Remove(
        session, wrong, RemovalKind.Corrected, now, by: null, backfillId is { } backfill ? TakenBackBy(backfill) : null, store);

    /// <summary>The reason that the history gives for what a backfill took back.</summary>
    public static string TakenBackBy(long backfillId) => string.Create(CultureInfo.InvariantCulture, $"backfill {backfillId}");

    private AwardSource Source => backfillId is null ? AwardSource.Rule : AwardSource.Backfill;

    /// <summary>Makes a rule's awards behind a position those of the targets that were reached there: the wrong ones are taken back,
    /// each with the one that it should have been in its place.</summary>
    public async ValueTask Reconcile(Rule rule, long userId, Position behind, IReadOnlyList<Reached> reached, UserRule? seats)
    {
        await store.Settle(session, userId);
        var orphans = new List<long>();
        for (var tier = 0; tier < rule.Draft.Tiers.Count; tier++)
        {
            if (await badges.Find(rule.Draft.Tiers[tier].BadgeId) is { } badge)
            {
                var plan = await RulePlan.Make(session, rule, userId, badge, behind, reached.Where(each => each.Tier == tier), NothingElse, seats?.Orphans ?? []);
                await Carry(plan, rule, userId, badge, seats);
                orphans.AddRange(plan.Orphans.Select(removed => removed.AwardId));
            }
        }
        seats?.Orphans = orphans;
    }

    private async ValueTask Carry(RulePlan plan, Rule rule, long userId, Badge badge, UserRule? seats)
    {
        foreach (var (wrong, right) in plan.Corrected)
        {
            await Correct(rule, wrong, right, seats);
        }
        foreach (var (removed, occasion, right) in plan.Moved)
        {
            await Removals.Move(session, userId, badge.Id, removed.Occasion, removed.AwardId, occasion, right.At, right.Subject, right.ActionId);
        }
        foreach (var right in plan.Given)
        {
            await Ask(rule, userId, right, seats, settled: true);
        }
        foreach (var award in plan.TakenBack)
        {
            if (await TakeBack(award))
            {
                store.Record(OutboxKind.Corrected, award);
            }
        }
    }
}
