using System.Globalization;
using Laurel.Core.Badges;
using Laurel.Core.Rewards;
using Laurel.Core.Users;

namespace Laurel.Server.Dialects.AISquare;

/// <summary>A user's reward: an award, with its badge and its user.</summary>
internal sealed record UserRewardJson(
    long Id, RewardJson Reward, UserJson User, string Uid, string CreatedAt, string UpdatedAt, string? DeletedAt, bool IsActive,
    string? CreatedBy, string? UpdatedBy, string? DeletedBy, bool IsClaimed, bool IsBadged, string? ClaimedOn)
{
    public static UserRewardJson From(Reward reward, RewardJson badge, User user)
    {
        var claim = reward.Claim;
        return new(
            reward.Award.Id, badge, UserJson.From(user), claim.Uid, AISquareJson.Moment(claim.CreatedAt), AISquareJson.Moment(claim.UpdatedAt),
            AISquareJson.Moment(claim.DeletedAt), claim.IsActive, claim.CreatedBy, claim.UpdatedBy, claim.DeletedBy,
            claim.IsClaimed, claim.IsWorn, AISquareJson.Moment(claim.ClaimedAt));
    }
}

/// <summary>A reward: a badge, in one language.</summary>
internal sealed record RewardJson(
    long Id, string Rarity, string Uid, string CreatedAt, string UpdatedAt, string? DeletedAt, bool IsActive,
    string? CreatedBy, string? UpdatedBy, string? DeletedBy, string Name, string Description, string Image, string Badge, long Cost,
    bool HiddenUntilClaimed)
{
    /// <param name="badge">Masked already, where it is to be.</param>
    /// <param name="wish">The reader's languages.</param>
    /// <param name="icon">The address of its icon.</param>
    public static RewardJson From(Badge badge, AcceptLanguage wish, string icon)
    {
        var text = badge.Texts[wish.Choose(badge.Texts, badge.SourceLocale)];
        return new(
            badge.Id, ((int)badge.Rarity).ToString(CultureInfo.InvariantCulture), badge.Uid, AISquareJson.Moment(badge.CreatedAt),
            AISquareJson.Moment(badge.UpdatedAt), AISquareJson.Moment(badge.DeletedAt), badge.IsActive, badge.CreatedBy, badge.UpdatedBy,
            badge.DeletedBy, text.Name, text.Description ?? badge.Source.Description ?? "", icon, icon, badge.Cost, badge.HiddenUntilClaimed);
    }
}

/// <summary>The user, as told to themself: e-mail and phone included.</summary>
internal sealed record UserJson(
    long Id, string Username, string Email, string FullName, bool IsVerified, IReadOnlyList<UserDetailJson> Details, long FollowersCount)
{
    public static UserJson From(User user) => new(
        user.Id, user.Name, user.Draft.Email ?? "", user.Draft.FullName ?? "", user.Draft.IsVerified,
        [UserDetailJson.From(user.Draft.Profile)], user.Draft.FollowersCount);
}

internal sealed record UserDetailJson(
    string? ProfilePicture, string? Bio, string? Country, string? Phone, string? LinkedinUrl, string? GithubUrl, string? TwitterUrl,
    string? WebsiteUrl, double TopDomainElo, long TopDomainRank)
{
    public static UserDetailJson From(UserProfile profile) => new(
        profile.ProfilePicture, profile.Bio, profile.Country, profile.Phone, profile.LinkedinUrl, profile.GithubUrl, profile.TwitterUrl,
        profile.WebsiteUrl, profile.TopDomainElo, profile.TopDomainRank);
}
