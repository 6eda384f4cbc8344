using Laurel.Core.Awards;

namespace Laurel.Core.Rewards;

internal enum RewardChange
{
    Claim,
    Wear,
    Unwear,
}

/// <summary>Asks to claim or wear one award of a user. It goes through the ledger's queue because what it depends on does: an award
/// may wait there without a row of its own, and a removal must come wholly before it or wholly after it.</summary>
internal sealed class RewardEntry(long userId, long awardId, RewardChange change) : LedgerEntry(userId)
{
    public long AwardId { get; } = awardId;

    public RewardChange Change { get; } = change;

    public required long At { get; init; }

    /// <summary>The user whose key asks; null for a service's.</summary>
    public long? By { get; init; }

    /// <summary>Answer: the award as it stands now.</summary>
    public Reward? Reward { get; set; }

    /// <summary>Answer: why nothing was changed.</summary>
    public RewardRefusal? Refusal { get; set; }
}
