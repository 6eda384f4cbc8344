using System.Globalization;
using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Rewards;

/// <summary>Claims and wears awards, inside the ledger's batch.
///
/// In one process the batch's order decides between a removal and a claim. Between processes rows do, always locked in this order:
/// the award, its claim, its user's points. A removal deletes the first and clears the second, so it either finds what was claimed or
/// leaves nothing to claim; an import writes the second. A batch may be repeated when its outcome is unknown: what is claimed
/// already is not paid again.</summary>
internal static class RewardChanges
{
    // Changes nothing, but a removal by another process is waited for or has to wait.
    private const string Lock = "UPDATE awards SET listed = listed WHERE user_id = $1 AND badge_id = $2 AND occasion = $3 AND id = $4";

    private const string SelectTerms = "SELECT claimable, hidden_until_claimed, cost FROM badges WHERE id = $1";

    /// <summary>The user's awards are all in their table.</summary>
    public static async ValueTask Apply(Session session, RewardEntry entry)
    {
        (entry.Reward, entry.Refusal) = (null, null);
        if (await Hold(session, entry.UserId, entry.AwardId) is not { } award)
        {
            entry.Refusal = RewardRefusal.UnknownAward;
            return;
        }
        var (needsClaim, cost) = await Terms(session, award.BadgeId);
        // What needs no claim is claimed by being awarded.
        var first = AwardClaim.Unclaimed(award.AwardedAt, entry.At) with
        {
            IsClaimed = !needsClaim,
            ClaimedAt = needsClaim ? null : award.AwardedAt,
        };
        var claim = await AwardDetails.HoldClaim(session, award, first);
        var isFree = claim.IsClaimed || !needsClaim;
        if (entry.Change == RewardChange.Claim && !isFree && cost > 0
            && await PointAccounts.Append(session, award.UserId, -cost, reason: null, award.Id, entry.By, entry.At) is null)
        {
            entry.Refusal = RewardRefusal.NotEnoughPoints;
            return;
        }
        if (entry.Change == RewardChange.Wear && !isFree)
        {
            entry.Refusal = RewardRefusal.NotClaimed;
            return;
        }
        var changed = Changed(claim, entry, isFree ? award.AwardedAt : entry.At);
        if (changed != claim)
        {
            changed = changed with { UpdatedAt = entry.At, UpdatedBy = entry.By?.ToString(CultureInfo.InvariantCulture) };
            await AwardDetails.Write(session, award.UserId, award.Id, changed);
        }
        entry.Reward = new Reward(await AwardDetails.Complete(session, award), changed);
    }

    private static AwardClaim Changed(AwardClaim claim, RewardEntry entry, long claimedAt)
    {
        var claimed = claim.IsClaimed ? claim : claim with { IsClaimed = true, ClaimedAt = claimedAt };
        return entry.Change switch
        {
            RewardChange.Claim => claimed,
            RewardChange.Wear => claimed with { IsWorn = true },
            RewardChange.Unwear => claim with { IsWorn = false },
        };
    }

    private static async ValueTask<Award?> Hold(Session session, long userId, long awardId)
    {
        while (await StandingAwards.Find(session, userId, awardId) is { } award)
        {
            if (await session.Prepare(Lock).Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion).Set(4, award.Id).Run() == 1)
            {
                return award;
            }
            // Removed, or corrected, by another process after it was found.
        }
        return null;
    }

    // As they stand in the database: a price that was just changed is not asked by its old figure.
    private static async ValueTask<(bool NeedsClaim, long Cost)> Terms(Session session, long badgeId)
    {
        var row = session.Prepare(SelectTerms).Set(1, badgeId);
        if (!await row.Read())
        {
            return (false, 0);
        }
        var terms = (row.Long(0) != 0 || row.Long(1) != 0, row.Long(2));
        await row.Done();
        return terms;
    }
}
