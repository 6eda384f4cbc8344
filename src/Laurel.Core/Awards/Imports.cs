using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Puts an award at an id its caller chose, inside the ledger's batch: creates it, or replaces what stands there.</summary>
internal static class Imports
{
    private const string Forbidden = """
        SELECT 1 FROM award_history WHERE user_id = $1 AND badge_id = $2 AND occasion = $3 AND lifted = 0 AND kind = 2 LIMIT 1
        """;

    public static async ValueTask Place(Session session, AwardEntry entry, LedgerStore store, long now)
    {
        var award = entry.Award;
        if (entry.CheckUser && !await LedgerStore.Exists(session, award.UserId))
        {
            entry.Status = AwardStatus.UnknownUser;
            return;
        }
        if (await StandingAwards.Find(session, award.UserId, award.Id) is not { } standing)
        {
            await store.Insert(session, entry);
            return;
        }
        // An award of a badge that always can be earned keeps its own occasion; so does a manual duplicate put again as it stands.
        if (standing.BadgeId == award.BadgeId && standing.Occasion == Occasion.Manual(award.Id).Key)
        {
            award = award with { Occasion = standing.Occasion };
        }
        if (standing.BadgeId == award.BadgeId && standing.Occasion == award.Occasion
            && standing.AwardedAt == award.AwardedAt && standing.Subject == award.Subject)
        {
            await AwardDetails.Write(session, award);
            if (entry.Claim is { } claim)
            {
                await AwardDetails.Write(session, award.UserId, award.Id, claim);
            }
            entry.Standing = award with { Source = standing.Source };
            entry.Status = AwardStatus.Updated;
            return;
        }
        await Move(session, entry, standing, award, store, now);
    }

    // A correction: the removal and the new award are one transaction, or neither happens.
    private static async ValueTask Move(Session session, AwardEntry entry, Award standing, Award award, LedgerStore store, long now)
    {
        if (await StandingAwards.At(session, award.UserId, award.BadgeId, award.Occasion) is { } other && other.Id != award.Id)
        {
            entry.Standing = other;
            entry.Status = AwardStatus.Held;
            return;
        }
        var forbidden = session.Prepare(Forbidden).Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion);
        if (await forbidden.Read())
        {
            await forbidden.Done();
            entry.Status = AwardStatus.Removed;
            return;
        }
        if (!await LedgerStore.Freeze(session, entry.Badge))
        {
            entry.Status = AwardStatus.Stale;
            return;
        }
        await Removals.Remove(session, standing, RemovalKind.Reset, now, by: null, reason: "replaced", store);
        await store.Insert(session, entry);
        if (entry.Status != AwardStatus.Created)
        {
            throw new InvalidOperationException($"Award {award.Id} of user {award.UserId} was removed and could not be placed again.");
        }
    }
}
