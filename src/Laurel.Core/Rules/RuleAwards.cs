using System.Globalization;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Awards for targets that users reached, and their correction. What was removed stays removed: an award that should have
/// been another takes its removal with it.</summary>
internal sealed class RuleAwards(Session session, LedgerStore store, BadgeCatalogue badges, IdBlocks ids, long now)
{
    private const string StandingOfRule = """
        SELECT a.user_id, a.badge_id, a.occasion, a.id, a.awarded_at, a.source, a.subject, d.action_id
        FROM awards a JOIN award_details d ON d.user_id = a.user_id AND d.award_id = a.id
        WHERE a.user_id = $1 AND a.badge_id = $2 AND a.awarded_at >= $3 AND a.source = 6 AND d.rule_id = $4 ORDER BY a.awarded_at, a.id
        """;

    private const string RemovedOfRule = """
        SELECT h.occasion, h.award_id, h.awarded_at, d.action_id FROM award_history h
        JOIN award_details d ON d.user_id = h.user_id AND d.award_id = h.award_id
        WHERE h.user_id = $1 AND h.badge_id = $2 AND h.awarded_at >= $3 AND h.source = 6 AND h.kind >= 1 AND h.lifted = 0 AND d.rule_id = $4
        ORDER BY h.awarded_at, h.award_id
        """;

    private const string TakeSeat = """
        INSERT INTO rule_seats (rule_id, taken) VALUES ($1, 1)
        ON CONFLICT (rule_id) DO UPDATE SET taken = rule_seats.taken + 1 WHERE rule_seats.taken < $2
        """;

    private const string LeaveSeat = "UPDATE rule_seats SET taken = taken - 1 WHERE rule_id = $1";

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
        if (await Ask(rule, userId, reached, seats) is { Status: AwardStatus.Held, Standing: { } standing }
            && await IsOwn(rule, standing) && Place(reached).CompareTo(await Place(standing)) < 0)
        {
            // It was earned by an earlier action than the one it names.
            await Correct(rule, standing, reached, seats);
        }
    }

    private async ValueTask<AwardEntry?> Ask(Rule rule, long userId, Reached reached, UserRule? seats)
    {
        var badge = await badges.Find(rule.Draft.Tiers[reached.Tier].BadgeId);
        for (var tries = 0; tries < MaximumRecomputations && badge is { Enabled: true } && OccasionOf(badge, reached) is { } occasion; tries++)
        {
            var seat = await Seat(rule, seats);
            if (seat == SeatKind.None)
            {
                return null;
            }
            var award = new Award(await NextId(), userId, badge.Id, occasion, reached.At, AwardSource.Rule, reached.Subject)
            {
                ActionId = reached.ActionId,
                Rule = new AwardRule(rule.Id, rule.Revision),
            };
            var entry = new AwardEntry(award, badge)
            {
                Automatic = true,
                AskedAt = now,
                Claim = badge.NeedsClaim ? AwardClaim.Unclaimed(reached.At, now) : null,
            };
            await store.Settle(session, userId);
            await store.InsertByRule(session, entry);
            if (entry.Status == AwardStatus.Created)
            {
                seats?.IsSeated |= seat == SeatKind.New;
                return entry;
            }
            if (seat == SeatKind.New)
            {
                await session.Prepare(LeaveSeat).Set(1, rule.Id).Run();
            }
            if (entry.Status != AwardStatus.Stale)
            {
                return entry;
            }
            badge = await badges.FindAgain(badge.Id);
        }
        return null;
    }

    // A badge that can always be earned is earned once by an action: evaluated twice, it is the same award.
    private static string? OccasionOf(Badge badge, Reached reached) => badge.Recurrence is Recurrence.Always
        ? reached.ActionId is { } action ? string.Create(CultureInfo.InvariantCulture, $"a:{action}") : null
        : Occasion.Of(badge.Recurrence, badge.TimeZone, reached.At, reached.Subject, reached.ActionId, awardId: 0)?.Key;

    private enum SeatKind
    {
        None,
        Own,
        New,
    }

    // The row's lock seats users in the order of their commits.
    private async ValueTask<SeatKind> Seat(Rule rule, UserRule? seats)
    {
        if (rule.Draft.MaximumRecipients is not { } most || seats is null || seats.IsSeated)
        {
            return SeatKind.Own;
        }
        return await session.Prepare(TakeSeat).Set(1, rule.Id).Set(2, most).Run() == 1 ? SeatKind.New : SeatKind.None;
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

    private async ValueTask<bool> IsOwn(Rule rule, Award standing) =>
        standing.Source == AwardSource.Rule && (await AwardDetails.Complete(session, standing)).Rule?.Id == rule.Id;

    private static Position Place(Reached reached) => new(reached.At, reached.ActionId ?? 0);

    private async ValueTask<Position> Place(Award standing) =>
        new(standing.AwardedAt, (await AwardDetails.Complete(session, standing)).ActionId ?? 0);

    private async ValueTask Correct(Rule rule, Award wrong, Reached right, UserRule? seats)
    {
        if (await TakeBack(wrong) && await Ask(rule, wrong.UserId, right, seats) is { Status: AwardStatus.Created } entry)
        {
            store.Record(OutboxKind.Corrected, entry.Award);
        }
    }

    private ValueTask<bool> TakeBack(Award wrong) => Removals.Remove(session, wrong, RemovalKind.Corrected, now, by: null, reason: null, store);

    /// <summary>Makes a rule's awards behind a position those of the targets that were reached there: the wrong ones are taken back,
    /// each with the one that it should have been in its place.</summary>
    public async ValueTask Reconcile(Rule rule, long userId, Position behind, IReadOnlyList<Reached> reached, UserRule? seats)
    {
        await store.Settle(session, userId);
        foreach (var tiers in rule.Draft.Tiers.Select((tier, index) => (tier.BadgeId, index)).GroupBy(tier => tier.BadgeId, tier => tier.index))
        {
            var own = tiers.ToHashSet();
            await Reconcile(rule, userId, tiers.Key, behind, [.. reached.Where(each => own.Contains(each.Tier))], seats);
        }
    }

    private async ValueTask Reconcile(Rule rule, long userId, long badgeId, Position behind, List<Reached> reached, UserRule? seats)
    {
        if (await badges.Find(badgeId) is not { } badge)
        {
            return;
        }
        // The first of an occasion is it.
        var right = new Dictionary<string, Reached>(StringComparer.Ordinal);
        foreach (var each in reached)
        {
            if (OccasionOf(badge, each) is { } occasion)
            {
                right.TryAdd(occasion, each);
            }
        }
        var wrong = new List<(Position Place, Award? Standing, Removed? Removed)>();
        foreach (var award in await Standing(rule, userId, badgeId, behind))
        {
            var place = new Position(award.AwardedAt, award.ActionId ?? 0);
            if (!right.Remove(award.Occasion, out var same))
            {
                wrong.Add((place, award, null));
            }
            else if (place != Place(same))
            {
                await Correct(rule, award, same, seats);
            }
        }
        foreach (var removed in await RemovedOf(rule, userId, badgeId, behind))
        {
            if (!right.Remove(removed.Occasion))
            {
                wrong.Add((removed.Place, null, removed));
            }
        }
        await Replace(rule, userId, badge, wrong, right, seats);
    }

    // The first that is wrong should have been the first that is missing, and so on.
    private async ValueTask Replace(
        Rule rule, long userId, Badge badge, List<(Position Place, Award? Standing, Removed? Removed)> wrong,
        Dictionary<string, Reached> missing, UserRule? seats)
    {
        wrong.Sort((a, b) => a.Place.CompareTo(b.Place));
        var next = 0;
        foreach (var (occasion, reached) in missing.OrderBy(each => Place(each.Value).At).ThenBy(each => Place(each.Value).Id))
        {
            if (await StandingAwards.At(session, userId, badge.Id, occasion) is not null)
            {
                continue;
            }
            var (_, standing, removed) = next < wrong.Count ? wrong[next++] : default;
            if (standing is not null)
            {
                await Correct(rule, standing, reached, seats);
            }
            else if (removed is not null)
            {
                await Removals.Move(session, userId, badge.Id, removed.Occasion, removed.AwardId, occasion, reached.At, reached.Subject);
            }
            else
            {
                await Ask(rule, userId, reached, seats);
            }
        }
        for (; next < wrong.Count; next++)
        {
            if (wrong[next].Standing is { } award && await TakeBack(award))
            {
                store.Record(OutboxKind.Corrected, award);
            }
        }
    }

    private sealed record Removed(string Occasion, long AwardId, Position Place);

    private async ValueTask<List<Award>> Standing(Rule rule, long userId, long badgeId, Position behind)
    {
        var found = new List<Award>();
        var rows = session.Prepare(StandingOfRule).Set(1, userId).Set(2, badgeId).Set(3, behind.At).Set(4, rule.Id);
        while (await rows.Read())
        {
            var award = StandingAwards.Row(rows) with { ActionId = rows.LongOrNull(7) };
            if (new Position(award.AwardedAt, award.ActionId ?? 0).CompareTo(behind) > 0)
            {
                found.Add(award);
            }
        }
        return found;
    }

    private async ValueTask<List<Removed>> RemovedOf(Rule rule, long userId, long badgeId, Position behind)
    {
        var found = new List<Removed>();
        var rows = session.Prepare(RemovedOfRule).Set(1, userId).Set(2, badgeId).Set(3, behind.At).Set(4, rule.Id);
        while (await rows.Read())
        {
            var place = new Position(rows.Long(2), rows.LongOrNull(3) ?? 0);
            if (place.CompareTo(behind) > 0)
            {
                found.Add(new Removed(rows.Text(0), rows.Long(1), place));
            }
        }
        return found;
    }
}
