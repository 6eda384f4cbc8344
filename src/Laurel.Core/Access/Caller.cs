namespace Laurel.Core.Access;

/// <summary>What a key may be limited to.</summary>
public static class Scopes
{
    public const string AwardsWrite = "awards:write";
    public const string AwardsRemove = "awards:remove";
    public const string BadgesWrite = "badges:write";
    public const string IssuersWrite = "issuers:write";
    public const string UsersWrite = "users:write";
    public const string UsersRead = "users:read";
    public const string KeysWrite = "keys:write";
    public const string VisitsWrite = "visits:write";
    public const string ActionsWrite = "actions:write";
    public const string RewardsWrite = "rewards:write";
    public const string PointsWrite = "points:write";
    public const string RulesWrite = "rules:write";

    public static readonly IReadOnlyList<string> All =
        [AwardsWrite, AwardsRemove, BadgesWrite, IssuersWrite, UsersWrite, UsersRead, KeysWrite, VisitsWrite, ActionsWrite, RewardsWrite, PointsWrite, RulesWrite];
}

/// <summary>Permissions of users that Laurel itself gives a meaning.</summary>
public static class Permissions
{
    /// <summary>May do everything.</summary>
    public const string Administrator = "administrator";

    /// <summary>May look at everything in the administration, and change nothing there by that.</summary>
    public const string Viewer = "viewer";

    /// <summary>May award for actions through AnswerHub.</summary>
    public const string AwardBonusReputation = "award-bonus-reputation";
}

/// <summary>Who is asking: a verified key and what it may do. A key without a user acts for a service, within its scopes.</summary>
/// <param name="KeyId">0 for the administrator key of the environment, and for a login with a password.</param>
/// <param name="Scopes">Null: everything its user may do.</param>
public sealed record Caller(long KeyId, long? UserId, bool IsAdministrator, IReadOnlySet<string>? Scopes)
{
    /// <summary>A service key: no user behind it, what it may do is said by its scopes alone.</summary>
    private bool IsService => UserId is null && !IsAdministrator;

    public bool Has(string scope) => Scopes is null ? !IsService : Scopes.Contains(scope);

    /// <summary>What their user's record permits, beyond what every user may.</summary>
    public IReadOnlyList<string> Permissions { get; init; } = [];

    /// <summary>Holds a permission, or is an administrator, and the key reaches as far as the scope.</summary>
    public bool Holds(string permission, string scope) => Has(scope) && (IsAdministrator || Permissions.Contains(permission));

    /// <summary>May use the scope everywhere: an administrator or a service.</summary>
    public bool MayEverywhere(string scope) => Has(scope) && (IsAdministrator || IsService);

    public bool MayAt(Issuers.Issuer issuer, string scope) =>
        Has(scope) && (IsAdministrator || IsService || (UserId is { } user && issuer.IsManager(user)));

    public bool MayFor(long userId, string scope) => Has(scope) && (IsAdministrator || IsService || UserId == userId);

    /// <summary>What no service and no manager may do, whatever their scopes: imports, manual awards, other administrators.</summary>
    public bool Administers(string scope) => IsAdministrator && Has(scope);

    /// <summary>Whether a badge that is hidden until it is claimed shows itself to the caller: to its issuer's managers, to
    /// administrators, and to a service that may write it.</summary>
    public bool SeesHidden(Issuers.Issuer issuer) =>
        IsAdministrator || (UserId is { } user && issuer.IsManager(user)) || MayAt(issuer, Access.Scopes.BadgesWrite);
}
