using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Users;

/// <summary>What a user's record may hold.</summary>
internal static class UserRules
{
    private const int MaximumPermissions = 50;
    public const int MinimumPassword = 1;
    public const int MaximumPassword = 1000;

    public static Refusal? Check(UserDraft draft, string? password, long id)
    {
        if (draft.Key is not null && !TextRules.IsKeyOf(draft.Key, id))
        {
            return Refusal.Invalid("key", "A key has 1 to 255 characters, none of them control characters; all digits only if they are the id.");
        }
        if (draft.Username is not null && !TextRules.IsUsername(draft.Username))
        {
            return Refusal.Invalid("username", "A username has 1 to 150 characters, none of them control characters.");
        }
        if (draft.FullName is not null && !TextRules.Fits(draft.FullName, TextRules.MaxName))
        {
            return Refusal.Invalid("fullName", "A name has at most 255 characters.");
        }
        if (draft.Email is not null && !TextRules.Fits(draft.Email, TextRules.MaxName))
        {
            return Refusal.Invalid("email", "An e-mail address has at most 255 characters.");
        }
        if (draft.TimeZone is not null && !Zones.IsKnown(draft.TimeZone))
        {
            return Refusal.Invalid("timeZone", "Not a time zone of the IANA database.");
        }
        if (draft.Locale is not null && !LocaleTag.IsWellFormed(draft.Locale))
        {
            return Refusal.Invalid("locale", "Not a well-formed language tag.");
        }
        if (draft.Permissions.Count > MaximumPermissions || draft.Permissions.Any(permission => !TextRules.IsKey(permission)))
        {
            return Refusal.Invalid("permissions", "At most 50 names of permissions.");
        }
        if (draft.FollowersCount is < 0 or > IdRange.Largest)
        {
            return Refusal.Invalid("followersCount", "A count is 0 to 2^53 - 1.");
        }
        if (!Enum.IsDefined(draft.Privacy))
        {
            return Refusal.Invalid("privacy", "One of private, unlisted and public.");
        }
        if (password is not null && (!TextRules.Fits(password, MaximumPassword) || TextRules.Length(password) < MinimumPassword))
        {
            return Refusal.Invalid("password", "A password has 1 to 1,000 characters.");
        }
        return CheckProfile(draft.Profile);
    }

    private static Refusal? CheckProfile(UserProfile profile)
    {
        var texts = new[]
        {
            ("profilePicture", profile.ProfilePicture), ("bio", profile.Bio), ("country", profile.Country), ("phone", profile.Phone),
            ("linkedinUrl", profile.LinkedinUrl), ("githubUrl", profile.GithubUrl), ("twitterUrl", profile.TwitterUrl), ("websiteUrl", profile.WebsiteUrl),
        };
        foreach (var (field, text) in texts)
        {
            if (text is not null && !TextRules.Fits(text, TextRules.MaxDescription))
            {
                return Refusal.Invalid($"profile.{field}", "At most 4,000 characters.");
            }
        }
        return double.IsFinite(profile.TopDomainElo) && profile.TopDomainRank is >= 0 and <= IdRange.Largest
            ? null
            : Refusal.Invalid("profile", "topDomainElo is a finite number, topDomainRank 0 to 2^53 - 1.");
    }
}
