using Laurel.Core.Access;
using Laurel.Core.Badges;
using Laurel.Core.Users;

namespace Laurel.Core.Awards;

/// <summary>Awards beyond what rules give: for an action that somebody did, or by hand. Administrators make them, and who holds
/// <see cref="Permissions.AwardBonusReputation"/>, whoever manages the badge.</summary>
public sealed class BonusAwards
{
    private readonly Awarding _awarding;
    private readonly UserDirectory _users;

    internal BonusAwards(Awarding awarding, UserDirectory users) => (_awarding, _users) = (awarding, users);

    /// <summary>An award to who did an action, about what the action was about. Checks, in this order: the caller (services with
    /// <see cref="Scopes.AwardsWrite"/> may too), badge, action, whether the badge recognises its type, whether it is enabled.</summary>
    /// <param name="badges">What the caller may award from.</param>
    /// <inheritdoc cref="Awarding.AwardFromPlace" path="/exception"/>
    public async ValueTask<AwardOutcome> ForAction(BadgeSet badges, long badgeId, long actionId, Caller caller, CancellationToken ct)
    {
        if (!caller.Holds(Permissions.AwardBonusReputation, Scopes.AwardsWrite) && !caller.MayEverywhere(Scopes.AwardsWrite))
        {
            return AwardOutcome.Refused(AwardRefusal.Forbidden);
        }
        if (await badges.Find(badgeId) is not { } badge)
        {
            return AwardOutcome.Refused(AwardRefusal.UnknownBadge);
        }
        return await _awarding.AwardForAction(actionId, badge, ct);
    }

    /// <summary>An award that asks for no action and duplicates where the occasion is held. A revocation is lifted by administrators
    /// alone; to others it is a refusal. Checks, in this order: the caller, badge, user, whether the badge is enabled.</summary>
    /// <inheritdoc cref="ForAction" path="/param"/>
    /// <inheritdoc cref="Awarding.AwardFromPlace" path="/exception"/>
    public async ValueTask<AwardOutcome> Manually(BadgeSet badges, long badgeId, long userId, Caller caller, CancellationToken ct)
    {
        if (!caller.Holds(Permissions.AwardBonusReputation, Scopes.AwardsWrite))
        {
            return AwardOutcome.Refused(AwardRefusal.Forbidden);
        }
        if (await badges.Find(badgeId) is not { } badge)
        {
            return AwardOutcome.Refused(AwardRefusal.UnknownBadge);
        }
        if (!await _users.Exists(userId))
        {
            return AwardOutcome.Refused(AwardRefusal.UnknownUser);
        }
        if (!badge.Enabled)
        {
            return AwardOutcome.Refused(AwardRefusal.Disabled);
        }
        var request = new AwardRequest(userId, badge.Id, AwardSource.AnswerHub)
        {
            Manual = true,
            MayLackOccasion = true,
            RespectsRevocation = !caller.Administers(Scopes.AwardsWrite),
        };
        return await _awarding.Award(request, badge, Lane.Live, ct);
    }
}
