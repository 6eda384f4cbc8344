namespace Laurel.Core.Issuers;

/// <summary>Stored: numbers never change.</summary>
public enum CreatorType
{
    User = 0,
    Group = 1,
}

/// <summary>Who made an issuer or a badge; id 0 where nobody is named.</summary>
public sealed record Creator(CreatorType Type, long Id, string? Name = null);

/// <summary>How an issuer came to be. Stored: numbers never change.</summary>
public enum IssuerOrigin
{
    /// <summary>By an administrator.</summary>
    Native = 0,

    /// <summary>By its first use as a Perfumer collection.</summary>
    Perfumer = 1,
}

/// <summary>Who owns badges: a Roblox universe, a Perfumer collection, an app. Times in microseconds since 1970 UTC.</summary>
public sealed record Issuer(
    long Id, string Key, string Name, long RootPlaceId, string TimeZone, Creator Creator, IReadOnlyList<long> Managers,
    int? LifetimeDays, IssuerOrigin Origin, long CreatedAt, long UpdatedAt)
{
    /// <summary>An issuer's creator of type User is its manager, and so is who is named.</summary>
    public bool IsManager(long userId) =>
        userId != 0 && ((Creator.Type == CreatorType.User && Creator.Id == userId) || Managers.Contains(userId));
}

/// <summary>Where badges of an issuer are awarded from: a Roblox place.</summary>
public sealed record Place(long Id, long IssuerId, string Name, long CreatedAt, long UpdatedAt);

/// <summary>What a caller sets of an issuer.</summary>
public sealed record IssuerDraft(string? Key, string Name)
{
    public long RootPlaceId { get; init; }
    public string TimeZone { get; init; } = "UTC";
    public Creator Creator { get; init; } = new(CreatorType.User, 0);
    public IReadOnlyList<long> Managers { get; init; } = [];
    public int? LifetimeDays { get; init; }
    public IssuerOrigin Origin { get; init; }
}
