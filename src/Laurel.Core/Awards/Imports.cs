using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Puts an award at an id its caller chose, inside the ledger's batch: creates it, or replaces what stands there.</summary>
internal static class Imports
{
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
            await AwardDetails.Replace(session, award, entry.Claim);
            entry.Standing = award with { Source = standing.Source };
            entry.Status = AwardStatus.Updated;
            return;
        }
        await Move(session, entry, standing, award, store, now);
    }

    // A correction: the removal and the new award are one, or neither happens.
    private static async ValueTask Move(Session session, AwardEntry entry, Award standing, Award award, LedgerStore store, long now)
    {
        // Before the savepoint: what is said to be frozen must stay so, whatever is undone.
        if (!await store.Freeze(session, entry.Badge))
        {
            entry.Status = AwardStatus.Stale;
            return;
        }
        var recorded = store.Recorded;
        await session.Prepare("SAVEPOINT moving").Run();
        var removed = await Removals.Remove(session, standing, RemovalKind.Reset, now, by: null, reason: "replaced", store);
        if (removed && standing.BadgeId == award.BadgeId && standing.Occasion == award.Occasion)
        {
            // It keeps the occasion that it holds, whatever duplicates of it there are.
            await store.Restore(session, entry, award);
        }
        else
        {
            await store.Insert(session, entry, award);
        }
        if (entry.Status != AwardStatus.Created)
        {
            await session.Prepare("ROLLBACK TO SAVEPOINT moving").Run();
            store.Forget(recorded);
        }
        else
        {
            entry.Standing = award;
        }
        await session.Prepare("RELEASE SAVEPOINT moving").Run();
    }
}
