using System.Globalization;
using Laurel.Core.Access;
using Laurel.Core.Users;

namespace Laurel.Server.Admin;

/// <summary>A user's record as a form: every field of it, because storing replaces the whole.</summary>
internal static class UserForm
{
    /// <summary>The permissions that have a box of their own; others are written, one on a line.</summary>
    public static readonly IReadOnlyList<string> Known = [Permissions.Administrator, Permissions.Viewer, Permissions.AwardBonusReputation];

    /// <summary>The fields whose names are not the core's.</summary>
    public static readonly IReadOnlyDictionary<string, string> Fields = new Dictionary<string, string> { ["permissions"] = "others", ["profile"] = "profile.topDomainElo" };

    /// <summary>The texts of a profile.</summary>
    public static readonly IReadOnlyList<(string Name, Func<UserProfile, string?> Of)> Profile =
    [
        ("profilePicture", profile => profile.ProfilePicture), ("country", profile => profile.Country), ("phone", profile => profile.Phone),
        ("linkedinUrl", profile => profile.LinkedinUrl), ("githubUrl", profile => profile.GithubUrl), ("twitterUrl", profile => profile.TwitterUrl),
        ("websiteUrl", profile => profile.WebsiteUrl), ("bio", profile => profile.Bio),
    ];

    /// <summary>What was sent.</summary>
    /// <param name="user">Whom it changes; null for a new one.</param>
    public static UserDraft ToDraft(AdminCall call, User? user)
    {
        var form = call.Form;
        var (old, profile) = (user?.Draft ?? new UserDraft(), user?.Draft.Profile ?? new UserProfile());
        return new UserDraft
        {
            Key = Text("key", user?.Key),
            Username = Text("username", old.Username),
            FullName = Text("fullName", old.FullName),
            Email = Text("email", old.Email),
            TimeZone = Text("timeZone", old.TimeZone),
            Locale = Text("locale", old.Locale),
            Permissions = [.. form.All("permission").Concat(Lines(form["others"])).Distinct()],
            IsVerified = form.IsChecked("isVerified"),
            FollowersCount = form.Number("followersCount", call) ?? 0,
            Privacy = Enum.TryParse<Privacy>(form["privacy"], out var privacy) ? privacy : (Privacy)(-1),
            Profile = new UserProfile
            {
                ProfilePicture = OfProfile("profilePicture"),
                Bio = OfProfile("bio"),
                Country = OfProfile("country"),
                Phone = OfProfile("phone"),
                LinkedinUrl = OfProfile("linkedinUrl"),
                GithubUrl = OfProfile("githubUrl"),
                TwitterUrl = OfProfile("twitterUrl"),
                WebsiteUrl = OfProfile("websiteUrl"),
                TopDomainElo = Decimal(call, "profile.topDomainElo"),
                TopDomainRank = form.Number("profile.topDomainRank", call) ?? 0,
            },
        };

        string? Text(string name, string? before) => Kept(form[name], before);
        string? OfProfile(string name) => Text($"profile.{name}", Profile.First(each => each.Name == name).Of(profile));
    }

    /// <summary>The new password; null to leave the one there is.</summary>
    public static string? Password(AdminCall call) => call.Form.Exact("password") is { Length: > 0 } password ? password : null;

    /// <summary>A number with its fraction, as a field shows it.</summary>
    public static string Plain(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    // A field loses what surrounds its text, and its lines end otherwise: nobody changed that.
    private static string? Kept(string sent, string? before)
    {
        var text = sent.ReplaceLineEndings("\n");
        return before is not null && before.ReplaceLineEndings("\n").Trim() == text ? before : text.Length > 0 ? text : null;
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static double Decimal(AdminCall call, string name)
    {
        if (call.Form.Text(name) is not { } text)
        {
            return 0;
        }
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }
        call.Form.Wrong(name, call.Reader["admin.users.decimal"]);
        return 0;
    }
}
