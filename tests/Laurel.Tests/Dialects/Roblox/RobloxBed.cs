using System.Net.Http.Headers;
using System.Text;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>A server with one game and its people, shared by the tests of a class; what a test changes, it makes for itself.</summary>
public sealed class RobloxBed : IAsyncLifetime
{
    public const long Universe = 5000;
    public const long Place = 50_000;
    public const long OtherUniverse = 6000;
    public const long OtherPlace = 60_000;

    public const long Badge = 700;
    public const long BareBadge = 701;
    public const long DisabledBadge = 702;
    public const long OtherBadge = 703;
    public const long HiddenBadge = 704;
    public const long RepeatableBadge = 705;

    public const long Creator = 100;
    public const long Manager = 101;
    public const long Player = 102;
    public const long Stranger = 103;

    private const long Created = 1_646_728_372_703_456;

    private long _next = 10_000;

    internal TestServer Server { get; private set; } = null!;

    internal ManualTime Time { get; private set; } = null!;

    internal string CreatorKey { get; private set; } = "";

    internal string ManagerKey { get; private set; } = "";

    internal string PlayerKey { get; private set; } = "";

    internal string StrangerKey { get; private set; } = "";

    public async ValueTask InitializeAsync() => await Start(null, null);

    internal static async Task<RobloxBed> With(
        Func<Server.ServerOptions, Server.ServerOptions>? with = null, Action<WebApplication>? map = null, Engine engine = Engine.Sqlite)
    {
        var bed = new RobloxBed();
        await bed.Start(with, map, engine);
        return bed;
    }

    /// <summary>On a database that somebody else owns.</summary>
    internal static async Task<RobloxBed> On(TestDatabase database)
    {
        var bed = new RobloxBed { Time = new ManualTime() };
        bed.Server = await TestServer.StartSecond(database, bed.Time);
        await bed.Fill();
        return bed;
    }

    private async Task Start(Func<Server.ServerOptions, Server.ServerOptions>? with, Action<WebApplication>? map, Engine engine = Engine.Sqlite)
    {
        Time = new ManualTime();
        Server = await TestServer.Start(engine, Time, with, map);
        await Fill();
    }

    private async Task Fill()
    {
        foreach (var (id, name) in new[] { (Creator, "maker"), (Manager, "helper"), (Player, "ada"), (Stranger, "eve") })
        {
            await NewUser(name, id);
        }
        await Put(new IssuerDraft("game", "Blox \"Fruits\" 🍎") { RootPlaceId = Place, Creator = new(CreatorType.User, Creator), Managers = [Manager] }, Universe);
        await Put(new IssuerDraft("other", "Other") { RootPlaceId = OtherPlace, Creator = new(CreatorType.Group, 9, "Guild") }, OtherUniverse);
        await NewBadge(badge => badge with
        {
            IconImageId = 9043500281,
            AwardAssetIds = [11, 12],
            Creator = new(CreatorType.User, Creator),
            Texts = new Dictionary<string, BadgeText>
            {
                ["en"] = new("Second Sea", "Reach the <Second> Sea & \"win\"."),
                ["ar"] = new("البحر الثاني", "وصف", IconImageId: 77),
                ["fr"] = new("Deuxième mer", null),
            },
            CreatedAt = Created,
            UpdatedAt = Created + 1_000_000,
        }, Badge);
        await NewBadge(badge => badge with { Texts = new Dictionary<string, BadgeText> { ["en"] = new("Bare", null) }, CreatedAt = Created + 1 }, BareBadge);
        await NewBadge(badge => badge with { Enabled = false, CreatedAt = Created + 2 }, DisabledBadge);
        await NewBadge(badge => badge with { IssuerId = OtherUniverse, Creator = new(CreatorType.Group, 9), CreatedAt = Created }, OtherBadge);
        await NewBadge(badge => badge with
        {
            Claimable = true,
            HiddenUntilClaimed = true,
            IconImageId = 55,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new("Secret", "Shh") },
            CreatedAt = Created + 3,
        }, HiddenBadge);
        await NewBadge(badge => badge with { Recurrence = new Recurrence.Always(), CreatedAt = Created + 4 }, RepeatableBadge);
        await NewBadge(badge => badge with { CreatedAt = Created + 5 }, 706);
        await NewBadge(badge => badge with { CreatedAt = Created + 6 }, 707);
        CreatorKey = await NewKey(Creator);
        ManagerKey = await NewKey(Manager);
        PlayerKey = await NewKey(Player);
        StrangerKey = await NewKey(Stranger);
    }

    internal async Task<long> NewUser(string? name = null, long? at = null)
    {
        var id = at ?? Interlocked.Increment(ref _next);
        TestCore.Value(await Server.Core.Users.Put(id, new UserDraft { Username = name ?? $"user{id}" }, null, createOnly: true));
        return id;
    }

    internal async Task<long> NewBadge(Func<BadgeDraft, BadgeDraft>? with = null, long? at = null)
    {
        var id = at ?? Interlocked.Increment(ref _next);
        var draft = new BadgeDraft
        {
            IssuerId = Universe,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new($"Badge {id}", $"About {id}") },
        };
        TestCore.Value(await Server.Core.Badges.Put(id, with is null ? draft : with(draft), createOnly: true));
        return id;
    }

    internal async Task<long> NewUniverse()
    {
        var id = Interlocked.Increment(ref _next);
        await Put(new IssuerDraft($"u{id}", $"Universe {id}") { RootPlaceId = id, Creator = new(CreatorType.User, Creator) }, id);
        return id;
    }

    private async Task Put(IssuerDraft draft, long id) => TestCore.Value(await Server.Core.Issuers.Put(id, draft, createOnly: true));

    internal async Task<string> NewKey(long? userId, string[]? scopes = null, long? expiresAt = null) =>
        (await NewKeyInfo(userId, scopes, expiresAt)).Secret;

    internal async Task<NewKey> NewKeyInfo(long? userId, string[]? scopes = null, long? expiresAt = null) =>
        TestCore.Value(await Server.Core.Keys.Create(new KeyDraft(userId, scopes, expiresAt)));

    /// <summary>An award behind the API's back, at a time of the past.</summary>
    internal async Task<Award> Award(long userId, long badgeId, long? at = null)
    {
        var outcome = await Server.Core.Awarding.Award(
            new AwardRequest(userId, badgeId, AwardSource.Native) { AwardedAt = at }, TestCore.Administrator, bulk: false, default);
        Assert.Null(outcome.Refusal);
        Assert.True(outcome.Created);
        return outcome.Award!;
    }

    internal async Task<string> Token(string cookie) => (await Send("POST", "/v2/logout", cookie: cookie)).Header("x-csrf-token")!;

    /// <summary>A call with a cookie and its token.</summary>
    internal async Task<Answer> Write(string method, string path, string key, string? body = null, string type = "application/json") =>
        await Send(method, path, cookie: key, token: await Token(key), body: body, type: type);

    internal Task<Answer> AwardFromPlace(long user, long badge, string? place = "50000", string? bearer = null) =>
        Send("POST", $"/v1/users/{user}/badges/{badge}/award-badge", bearer: bearer, headers: place is null ? [] : [("Roblox-Place-Id", place)]);

    internal Task<Answer> Get(string path, params (string Name, string Value)[] headers) => Send("GET", path, headers: headers);

    internal async Task<Answer> Send(
        string method, string path, string? cookie = null, string? token = null, string? bearer = null, string? body = null,
        string? type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (cookie is not null)
        {
            Assert.True(request.Headers.TryAddWithoutValidation("Cookie", $".ROBLOSECURITY={cookie}"));
        }
        if (token is not null)
        {
            request.Headers.Add("X-CSRF-TOKEN", token);
        }
        if (bearer is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            // Asks first: a refusal is read before the connection breaks under what is still being sent.
            request.Headers.ExpectContinue = body.Length > 1 << 19;
            if (type is not null)
            {
                Assert.True(request.Content.Headers.TryAddWithoutValidation("Content-Type", type));
            }
        }
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }
        return await Answer.Of(await Server.Anonymous.SendAsync(request, TestContext.Current.CancellationToken));
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>What the server answered.</summary>
internal sealed record Answer(int Status, string Body, string? Type, IReadOnlyDictionary<string, string> Headers)
{
    public static async Task<Answer> Of(HttpResponseMessage message)
    {
        using (message)
        {
            return new Answer(
                (int)message.StatusCode, await message.Content.ReadAsStringAsync(), message.Content.Headers.ContentType?.ToString(),
                message.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
        }
    }

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>Exactly this status and body, as JSON; a token only where the contract gives one.</summary>
    public void Is(int status, string body)
    {
        Assert.Equal(body, Body);
        Assert.Equal(status, Status);
        Assert.Equal("application/json; charset=utf-8", Type);
        Assert.Equal(body == Errors.Token, Headers.ContainsKey("x-csrf-token"));
    }

    /// <summary>An error of the framework whose words are for developers: any words.</summary>
    public void IsBadRequest()
    {
        Assert.Equal(400, Status);
        Assert.Matches("^\\{\"errors\":\\[\\{\"code\":0,\"message\":\"[^\"]+\"\\}\\]\\}$", Body);
        Assert.Equal("application/json; charset=utf-8", Type);
    }
}

/// <summary>The bodies of the errors, byte for byte.</summary>
internal static class Errors
{
    public static readonly string Badge = Business(1, "Badge is invalid or does not exist.");
    public static readonly string MayNotManage = Business(2, "You do not have permission to manage this badge.");
    public static readonly string Universe = Business(3, "The game is invalid or does not exist.");
    public static readonly string User = Business(4, "User is invalid or does not exist.");
    public static readonly string TooManyBadges = Business(5, "Too many badge Ids.");
    public static readonly string Moderated = Business(6, "Text moderated.");
    public static readonly string Place = Business(7, "Place is invalid or does not exist.");
    public static readonly string PlaceMayNot = Business(8, "The place doesn't have permission to award the badge.");
    public static readonly string AwardFailed = Business(9, "Failed to award badge.");
    public static readonly string Name = Business(14, "Invalid badge name.");
    public static readonly string Description = Business(15, "Invalid badge description.");
    public static readonly string Cursor = Business(26, "The pagination cursor is invalid or incompatible with the current request.");

    public static readonly string NotFound = Framework("NotFound");
    public static readonly string Unauthorized = Framework("Authorization has been denied for this request.");
    public static readonly string Token = Framework("Token Validation Failed");
    public static readonly string Limit = Field("limit", "Allowed values: 10, 25, 50, 100");
    public static readonly string SortOrder = Field("sortOrder", "Allowed values: Asc, Desc");
    public static readonly string BadgeIds = Field("badgeIds", "A list of badge ids is required.");

    private static string Business(int code, string message) =>
        $$"""{"errors":[{"code":{{code}},"message":"{{message}}","userFacingMessage":"Something went wrong"}]}""";

    public static string Framework(string message) => $$"""{"errors":[{"code":0,"message":"{{message}}"}]}""";

    private static string Field(string field, string message) => $$"""{"errors":[{"code":0,"message":"{{message}}","field":"{{field}}"}]}""";
}
