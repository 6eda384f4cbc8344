using Laurel.Core.Access;
using Laurel.Core.Awards;

namespace Laurel.Core.Rewards;

/// <summary>An award as something its user claims and wears.</summary>
public sealed record Reward(Award Award, AwardClaim Claim);

/// <summary>Why a claim or its wearing was refused.</summary>
public enum RewardRefusal
{
    /// <summary>The user has no such award.</summary>
    UnknownAward,

    /// <summary>The caller's key may not do this for this user.</summary>
    Forbidden,

    /// <summary>The user has fewer points than the claim costs.</summary>
    NotEnoughPoints,

    /// <summary>What is not claimed cannot be worn.</summary>
    NotClaimed,
}

/// <summary>What came of it: the award as it stands now, or a refusal.</summary>
public readonly record struct RewardOutcome(Reward? Reward, RewardRefusal? Refusal);

/// <summary>Claiming awards, paid with points, and wearing them. Who may: the award's user, administrators, and services with
/// <c>rewards:write</c>. All of it can be asked again: what is so already stays as it is, and is paid once.</summary>
public sealed class Rewarding
{
    private readonly Ledger _ledger;
    private readonly TimeProvider _time;

    internal Rewarding(Ledger ledger, TimeProvider time) => (_ledger, _time) = (ledger, time);

    /// <summary>Claims an award for what its badge costs, from its user's points. An award that needs no claim is claimed for nothing.
    /// What was paid stays paid when the award is removed.</summary>
    /// <exception cref="LedgerFullException">Try again shortly.</exception>
    /// <exception cref="Storage.StorageUnavailableException">Nothing is known to be stored.</exception>
    public ValueTask<RewardOutcome> Claim(long userId, long awardId, Caller caller, CancellationToken ct) =>
        Change(userId, awardId, RewardChange.Claim, caller, ct);

    /// <summary>Wears an award as a badge; several may be worn. One that must be claimed first is refused.</summary>
    /// <inheritdoc cref="Claim" path="/exception"/>
    public ValueTask<RewardOutcome> Wear(long userId, long awardId, Caller caller, CancellationToken ct) =>
        Change(userId, awardId, RewardChange.Wear, caller, ct);

    /// <summary>Wears it no longer. One that was not worn, or not even claimed, is no refusal.</summary>
    /// <inheritdoc cref="Claim" path="/exception"/>
    public ValueTask<RewardOutcome> Unwear(long userId, long awardId, Caller caller, CancellationToken ct) =>
        Change(userId, awardId, RewardChange.Unwear, caller, ct);

    private async ValueTask<RewardOutcome> Change(long userId, long awardId, RewardChange change, Caller caller, CancellationToken ct)
    {
        if (!caller.MayFor(userId, Scopes.RewardsWrite))
        {
            return new RewardOutcome(null, RewardRefusal.Forbidden);
        }
        var entry = new RewardEntry(userId, awardId, change) { At = _time.Micros(), By = caller.UserId };
        await _ledger.Submit(entry, Lane.Live, ct);
        return new RewardOutcome(entry.Reward, entry.Refusal);
    }
}
