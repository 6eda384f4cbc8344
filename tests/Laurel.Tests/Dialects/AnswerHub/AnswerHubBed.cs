using System.Text;
using System.Text.Json.Nodes;
using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Users;
using Laurel.Server;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Laurel.Tests.Dialects.AnswerHub;

/// <summary>A server with one community and its people, shared by the tests of a class; what a test changes, it makes for itself.</summary>
public sealed class AnswerHubBed : IAsyncLifetime
{
    public const long Community = 900;
    public const long Elsewhere = 901;
    public const long Collection = 902;

    public const long Moderator = 5;
    public const long Root = 6;
    public const long Ada = 7;
    public const long Eve = 8;
    public const long Manager = 9;

    /// <summary>Recognises edits, once.</summary>
    public const long Editor = 507;
    public const long Disabled = 508;

    /// <summary>Recognises nothing.</summary>
    public const long Blind = 509;
    public const long Hidden = 510;
    public const long Foreign = 511;
    public const long Collected = 512;

    /// <summary>An edit by Ada of node 7.</summary>
    public const long Edit = 1125;

    /// <summary>An answer by Ada, of a type that Editor does not recognise.</summary>
    public const long Answer = 1126;

    public const string Login = "answerhub:test123";

    private long _next = 20_000;

    internal TestServer Server { get; private set; } = null!;

    internal ManualTime Time { get; private set; } = null!;

    public async ValueTask InitializeAsync() => await Start(Engine.Sqlite, null, null);

    internal static async Task<AnswerHubBed> With(
        Engine engine = Engine.Sqlite, Func<ServerOptions, ServerOptions>? with = null, Action<WebApplication>? map = null)
    {
        var bed = new AnswerHubBed();
        await bed.Start(engine, with, map);
        return bed;
    }

    private async Task Start(Engine engine, Func<ServerOptions, ServerOptions>? with, Action<WebApplication>? map)
    {
        Time = new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        Server = await TestServer.Start(engine, Time, with, map);
        await Fill();
    }

    private async Task Fill()
    {
        var core = Server.Core;
        await Put(Moderator, new UserDraft { Username = "answerhub", Permissions = [Permissions.AwardBonusReputation] }, "test123");
        await Put(Root, new UserDraft { Username = "root", Permissions = [Permissions.Administrator] }, null);
        await Put(Ada, new UserDraft { Username = "ada" }, null);
        await Put(Eve, new UserDraft { Username = "eve" }, "of eve's own");
        await Put(Manager, new UserDraft { Username = "helper" }, null);
        TestCore.Value(await core.Issuers.Put(Community, new IssuerDraft("community", "Community") { Managers = [Manager] }, createOnly: true));
        TestCore.Value(await core.Issuers.Put(Elsewhere, new IssuerDraft("elsewhere", "Elsewhere"), createOnly: true));
        TestCore.Value(await core.Issuers.Put(Collection, new IssuerDraft("col", "Collection") { Origin = IssuerOrigin.Perfumer }, createOnly: true));
        foreach (var type in new[] { "UserEditAction", "AnswerAction" })
        {
            TestCore.Value(await core.ActionTypes.Put(type, null, createOnly: true));
        }
        await NewBadge(at: Editor);
        await NewBadge(badge => badge with { Enabled = false }, Disabled);
        await NewBadge(badge => badge with { Recognises = [] }, Blind);
        await NewBadge(badge => badge with
        {
            Claimable = true,
            HiddenUntilClaimed = true,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new("Secret name", "Secret words") },
        }, Hidden);
        await NewBadge(badge => badge with { IssuerId = Elsewhere }, Foreign);
        await NewBadge(badge => badge with { IssuerId = Collection }, Collected);
        await NewAction(Ada, at: Edit, subject: "node:7");
        await NewAction(Ada, "AnswerAction", Answer);
    }

    private async Task Put(long id, UserDraft draft, string? password) =>
        await Server.Core.PutUser(id, draft, password);

    internal async Task<long> NewUser()
    {
        var id = Interlocked.Increment(ref _next);
        await Put(id, new UserDraft { Username = $"user{id}" }, null);
        return id;
    }

    internal async Task<long> NewBadge(Func<BadgeDraft, BadgeDraft>? with = null, long? at = null)
    {
        var id = at ?? Interlocked.Increment(ref _next);
        var draft = new BadgeDraft
        {
            IssuerId = Community,
            Recognises = ["UserEditAction"],
            Texts = new Dictionary<string, BadgeText> { ["en"] = new($"Badge {id}", $"About {id}") },
        };
        TestCore.Value(await Server.Core.Badges.Put(id, with is null ? draft : with(draft), createOnly: true));
        return id;
    }

    internal async Task<long> NewAction(long user, string type = "UserEditAction", long? at = null, string? subject = null)
    {
        var id = at ?? Interlocked.Increment(ref _next);
        TestCore.Value(await Server.Core.Actions.Record(new ActionDraft(type, user) { Id = id, Subject = subject }));
        return id;
    }

    /// <summary>A key of a user, or of a service; no scopes: all that the user may do.</summary>
    internal async Task<string> NewKey(long? user, params string[] scopes) =>
        TestCore.Value(await Server.Core.Keys.Create(new KeyDraft(user, scopes.Length == 0 ? null : scopes, null))).Secret;

    internal static (string, string) Basic(string login) => ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(login))}");

    internal Task<Answer> Get(string path, string? login = null, string? key = null, params (string, string)[] headers) => Send("GET", path, login, key, headers);

    internal Task<Answer> Post(string path, string? login = Login, string? key = null, params (string, string)[] headers) =>
        Send("POST", path, key is null ? login : null, key, headers);

    internal Task<Answer> Send(string method, string path, string? login = null, string? key = null, params (string, string)[] headers) =>
        Server.Send(new HttpMethod(method), $"/services/v2{path}", (HttpContent?)null, key, login is null ? headers : [Basic(login), .. headers]);

    internal Task<Answer> Award(long badge, long action, string? login = Login, string? key = null) => Post($"/award/{badge}/action/{action}.json", login, key);

    internal Task<Answer> AwardManually(long badge, long user, string? login = Login, string? key = null) => Post($"/award/{badge}/user/{user}.json", login, key);

    /// <summary>Who holds what, as Laurel itself tells it.</summary>
    internal async Task<List<Award>> AwardsOf(long user, long badge) =>
        [.. (await AllAwardsOf(user)).Where(award => award.BadgeId == badge)];

    internal async Task<List<Award>> AllAwardsOf(long user) => await Server.Core.UserAwards.List(user, Position.First, 1000);

    /// <summary>How many of the badge the user has, as this API tells it; 0 where it is not in the list.</summary>
    internal async Task<long> CountOf(long user, long badge) => Items(await Get($"/user/{user}/award.json?pageSize=200"))
        .Where(item => item["id"]!.GetValue<long>() == badge).Select(item => item["count"]!.GetValue<long>()).SingleOrDefault();

    internal static IEnumerable<JsonNode> Items(Answer page) => page.Is(200).Json["list"]!.AsArray().Select(item => item!);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

internal static class AnswerHubAnswers
{
    /// <summary>Awarded, or nothing to be awarded: 200 without a body.</summary>
    public static void IsDone(this Answer answer)
    {
        answer.Is(200);
        Assert.Equal(("", (string?)null), (answer.Body, answer.ContentType));
    }

    /// <summary>An error in this dialect's shape.</summary>
    public static Answer IsError(this Answer answer, int status, string? message = null)
    {
        answer.Is(status);
        Assert.Equal("application/json; charset=utf-8", answer.ContentType);
        var error = Assert.Single(answer.Json.AsObject()).Value!.AsObject();
        Assert.Equal(["code", "message"], error.Select(member => member.Key));
        Assert.Equal(status, error["code"]!.GetValue<int>());
        Assert.False(string.IsNullOrWhiteSpace(error["message"]!.GetValue<string>()));
        Assert.StartsWith("{\"error\":", answer.Body);
        if (message is not null)
        {
            Assert.Contains(message, error["message"]!.GetValue<string>());
        }
        Assert.Equal(status == 401 ? "Basic realm=\"Laurel\", charset=\"UTF-8\"" : null, answer.Headers.GetValueOrDefault("WWW-Authenticate"));
        Assert.Equal(status is 429 or 503, answer.Headers.ContainsKey("Retry-After"));
        return answer;
    }
}
