namespace Laurel.Core.Users;

/// <summary>Who badges are awarded to. <paramref name="Key"/> is how other systems name the user, by default the id in digits.
/// Times in microseconds since 1970 UTC.</summary>
public sealed record User(long Id, string Key, UserDraft Draft, bool HasPassword, long CreatedAt, long UpdatedAt)
{
    /// <summary>What to call the user where a name must be shown.</summary>
    public string Name => Draft.Username ?? Key;

    public bool IsAdministrator => Draft.IsAdministrator;
}

/// <summary>Who sees what a user has won. Stored: numbers never change.</summary>
public enum Privacy
{
    /// <summary>Nobody without a key that may: no page of the user's is there. A user is private until somebody says otherwise.</summary>
    Private = 0,

    /// <summary>Whoever has the address. Search engines are asked to keep away.</summary>
    Unlisted = 1,

    Public = 2,
}

/// <summary>What a caller sets of a user.</summary>
public sealed record UserDraft
{
    public string? Key { get; init; }

    /// <summary>The login name. Unique among users who have a password.</summary>
    public string? Username { get; init; }
    public string? FullName { get; init; }
    public string? Email { get; init; }
    public string? TimeZone { get; init; }
    public string? Locale { get; init; }
    public IReadOnlyList<string> Permissions { get; init; } = [];
    public bool IsVerified { get; init; }
    public long FollowersCount { get; init; }
    public UserProfile Profile { get; init; } = new();
    public Privacy Privacy { get; init; }

    internal bool IsAdministrator => Permissions.Contains(Access.Permissions.Administrator);
}

/// <summary>What a user tells about themself.</summary>
public sealed record UserProfile
{
    public string? ProfilePicture { get; init; }
    public string? Bio { get; init; }
    public string? Country { get; init; }
    public string? Phone { get; init; }
    public string? LinkedinUrl { get; init; }
    public string? GithubUrl { get; init; }
    public string? TwitterUrl { get; init; }
    public string? WebsiteUrl { get; init; }
    public double TopDomainElo { get; init; }
    public long TopDomainRank { get; init; }
}
