using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Users;

namespace Laurel.Server.Native;

/// <summary>Users' records. They hold what is private (e-mail, phone), so only the user, administrators and services with
/// <c>users:read</c> read them; administrators and services with <c>users:write</c> write them.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder native)
    {
        native.Get("/users", List);
        native.Post("/users", Create);
        native.Get("/users/{id}", Get);
        native.Put("/users/{id}", Put);
    }

    private static Task<NativeAnswer> List(NativeCall call) => call.Caller.MayEverywhere(Scopes.UsersRead)
        ? call.PageById("native users", call.Core.Users.List, user => user.Id, user => ValueTask.FromResult(UserJson.From(user)), NativeJson.Strict.UserPage)
        : Task.FromResult(Private);

    private static async Task<NativeAnswer> Get(NativeCall call)
    {
        var id = call.Id();
        if (!call.Caller.MayFor(id, Scopes.UsersRead))
        {
            return Private;
        }
        return await call.Core.Users.Find(id) is { } user
            ? NativeAnswer.Ok(UserJson.From(user), NativeJson.Strict.UserJson)
            : NativeProblem.NotFound(RefusalCode.UnknownUser, "No user has this id.");
    }

    private static NativeAnswer Private => NativeProblem.Of(new Refusal(RefusalCode.Forbidden, "This key may not read records of other users."));

    private static async Task<NativeAnswer> Create(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.UserBody);
        return (await call.Core.Users.Create(body.ToDraft(), body.Password, call.Caller)).Succeeded(out var user, out var refusal)
            ? NativeAnswer.Created(UserJson.From(user), NativeJson.Strict.UserJson)
            : NativeProblem.Of(refusal);
    }

    private static async Task<NativeAnswer> Put(NativeCall call)
    {
        var id = call.Id();
        var body = await call.Body(NativeJson.Strict.UserBody);
        return (await call.Core.Users.Put(id, body.ToDraft(), body.Password, call.CreateOnly, call.Caller)).Succeeded(out var put, out var refusal)
            ? NativeAnswer.Stored(put.Created, UserJson.From(put.Thing), NativeJson.Strict.UserJson)
            : NativeProblem.Of(refusal);
    }
}

/// <summary>What is told of a user, both ways.</summary>
internal class UserRecordJson
{
    [DisallowNull]
    public string? Key { get; set; }
    public string? Username { get; set; }
    public string? FullName { get; set; }
    public string? Email { get; set; }
    public string? TimeZone { get; set; }
    public string? Locale { get; set; }
    public IReadOnlyList<string> Permissions { get; set; } = [];
    public bool IsVerified { get; set; }
    public long FollowersCount { get; set; }
    public ProfileJson Profile { get; set; } = new();

    /// <summary><c>private</c>, <c>unlisted</c> or <c>public</c>.</summary>
    public string Privacy { get; set; } = PrivateWord;

    protected const string PrivateWord = "private";

    protected static string Word(Privacy privacy) => privacy switch
    {
        Core.Users.Privacy.Private => PrivateWord,
        Core.Users.Privacy.Unlisted => "unlisted",
        Core.Users.Privacy.Public => "public",
    };
}

/// <summary>What a caller sets of a user.</summary>
internal sealed class UserBody : UserRecordJson
{
    /// <summary>Never told again. Absent: stays as it is.</summary>
    [DisallowNull]
    public string? Password { get; set; }

    public UserDraft ToDraft() => new()
    {
        Key = Key,
        Username = Username,
        FullName = FullName,
        Email = Email,
        TimeZone = TimeZone,
        Locale = Locale,
        Permissions = Permissions,
        IsVerified = IsVerified,
        FollowersCount = FollowersCount,
        Profile = Profile.ToProfile(),
        Privacy = Enum.GetValues<Privacy>().FirstOrDefault(each => Word(each) == Privacy, (Privacy)(-1)),
    };
}

internal sealed class UserJson : UserRecordJson
{
    [JsonPropertyOrder(-1)]
    public long Id { get; set; }
    public bool HasPassword { get; set; }
    public Timestamp CreatedAt { get; set; }
    public Timestamp UpdatedAt { get; set; }

    public static UserJson From(User user) => new()
    {
        Id = user.Id,
        Key = user.Key,
        Username = user.Draft.Username,
        FullName = user.Draft.FullName,
        Email = user.Draft.Email,
        TimeZone = user.Draft.TimeZone,
        Locale = user.Draft.Locale,
        Permissions = user.Draft.Permissions,
        IsVerified = user.Draft.IsVerified,
        FollowersCount = user.Draft.FollowersCount,
        Profile = ProfileJson.From(user.Draft.Profile),
        Privacy = Word(user.Draft.Privacy),
        HasPassword = user.HasPassword,
        CreatedAt = new(user.CreatedAt),
        UpdatedAt = new(user.UpdatedAt),
    };
}

internal sealed class ProfileJson
{
    public string? ProfilePicture { get; set; }
    public string? Bio { get; set; }
    public string? Country { get; set; }
    public string? Phone { get; set; }
    public string? LinkedinUrl { get; set; }
    public string? GithubUrl { get; set; }
    public string? TwitterUrl { get; set; }
    public string? WebsiteUrl { get; set; }
    public double TopDomainElo { get; set; }
    public long TopDomainRank { get; set; }

    public UserProfile ToProfile() => new()
    {
        ProfilePicture = ProfilePicture,
        Bio = Bio,
        Country = Country,
        Phone = Phone,
        LinkedinUrl = LinkedinUrl,
        GithubUrl = GithubUrl,
        TwitterUrl = TwitterUrl,
        WebsiteUrl = WebsiteUrl,
        TopDomainElo = TopDomainElo,
        TopDomainRank = TopDomainRank,
    };

    public static ProfileJson From(UserProfile profile) => new()
    {
        ProfilePicture = profile.ProfilePicture,
        Bio = profile.Bio,
        Country = profile.Country,
        Phone = profile.Phone,
        LinkedinUrl = profile.LinkedinUrl,
        GithubUrl = profile.GithubUrl,
        TwitterUrl = profile.TwitterUrl,
        WebsiteUrl = profile.WebsiteUrl,
        TopDomainElo = profile.TopDomainElo,
        TopDomainRank = profile.TopDomainRank,
    };
}
