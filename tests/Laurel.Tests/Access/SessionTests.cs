using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Access;

public sealed class SessionTests
{
    private const long Ada = 2;

    [Theory, EveryEngine]
    public async Task An_access_token_is_its_user_for_seven_days(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        var tokens = await laurel.Core.Sessions.Begin(Ada);
        Assert.InRange(tokens.AccessToken.Length, 100, 512);

        Assert.Equal(new Caller(tokens.SessionId, Ada, IsAdministrator: false, Scopes: null), await laurel.Core.Keys.Authenticate(tokens.AccessToken));
        time.Jump(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.NotNull(await laurel.Core.Keys.Authenticate(tokens.AccessToken));
        time.Jump(TimeSpan.FromSeconds(1));
        Assert.Null(await laurel.Core.Keys.Authenticate(tokens.AccessToken));
        Assert.Equal(tokens.AccessExpiresAt, time.Micros());

        var next = (await laurel.Core.Sessions.Refresh(tokens.RefreshToken))!;
        Assert.Equal(tokens.SessionId, next.SessionId);
        Assert.Equal(tokens.SessionId, (await laurel.Core.Keys.Authenticate(next.AccessToken))!.KeyId);
        // Beyond the end that the session had before it was refreshed.
        time.Jump(TimeSpan.FromDays(29));
        var last = (await laurel.Core.Sessions.Refresh(next.RefreshToken))!;
        Assert.NotNull(await laurel.Core.Keys.Authenticate(last.AccessToken));
        time.Jump(TimeSpan.FromDays(30));
        Assert.Null(await laurel.Core.Sessions.Refresh(last.RefreshToken));
    }

    [Theory, EveryEngine]
    public async Task A_refresh_token_used_twice_ends_its_session_and_no_other(Engine engine)
    {
        await using var laurel = await Start(engine);
        var (stolen, other) = (await laurel.Core.Sessions.Begin(Ada), await laurel.Core.Sessions.Begin(Ada));
        var next = (await laurel.Core.Sessions.Refresh(stolen.RefreshToken))!;

        Assert.Null(await laurel.Core.Sessions.Refresh(stolen.RefreshToken));

        Assert.Null(await laurel.Core.Sessions.Refresh(next.RefreshToken));
        Assert.Null(await laurel.Core.Keys.Authenticate(next.AccessToken));
        Assert.Null(await laurel.Core.Keys.Authenticate(stolen.AccessToken));
        Assert.NotNull(await laurel.Core.Keys.Authenticate(other.AccessToken));
        Assert.NotNull(await laurel.Core.Sessions.Refresh(other.RefreshToken));
    }

    [Theory, EveryEngine]
    public async Task Of_many_who_refresh_at_once_at_most_one_gets_tokens(Engine engine)
    {
        await using var laurel = await Start(engine);
        var tokens = await laurel.Core.Sessions.Begin(Ada);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => laurel.Core.Sessions.Refresh(tokens.RefreshToken))));

        var next = Assert.Single(outcomes, outcome => outcome is not null)!;
        Assert.Null(await laurel.Core.Keys.Authenticate(next.AccessToken));
    }

    [Theory, EveryEngine]
    public async Task An_ended_session_is_refused_here_at_once_and_elsewhere_within_a_second(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await first.User(Ada);
        await using var second = await TestCore.OpenSecond(database);
        var tokens = await first.Core.Sessions.Begin(Ada);
        // Signed with a key that the other process has never seen.
        Assert.NotNull(await second.Core.Keys.Authenticate(tokens.AccessToken));
        var key = (await first.Core.Keys.Find(tokens.SessionId))!;
        Assert.Equal((KeyKind.Session, (long?)Ada, "session"), (key.Kind, key.UserId, key.Prefix));

        Assert.True(await first.Core.Keys.Revoke(tokens.SessionId));

        Assert.Null(await first.Core.Keys.Authenticate(tokens.AccessToken));
        Assert.Null(await first.Core.Sessions.Refresh(tokens.RefreshToken));
        await Within(TimeSpan.FromSeconds(1), async () => await second.Core.Keys.Authenticate(tokens.AccessToken) is null);
    }

    [Theory, EveryEngine]
    public async Task What_an_older_key_signed_is_good_until_it_expires(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        var time = new ManualTime();
        await using var first = await TestCore.OpenSecond(database, time);
        await first.User(Ada);
        await using var second = await TestCore.OpenSecond(database, time);
        var before = await second.Core.Sessions.Begin(Ada);
        var rotated = TestCore.Value(await first.Core.SigningKeys.Rotate(TestCore.Administrator));

        var after = await first.Core.Sessions.Begin(Ada);
        Assert.Equal(rotated.Id, Header(after.AccessToken)["kid"]!.GetValue<string>());
        Assert.NotEqual(rotated.Id, Header(before.AccessToken)["kid"]!.GetValue<string>());
        foreach (var laurel in new[] { first, second })
        {
            Assert.NotNull(await laurel.Core.Keys.Authenticate(before.AccessToken));
            Assert.NotNull(await laurel.Core.Keys.Authenticate(after.AccessToken));
        }
        await Within(TimeSpan.FromSeconds(1), async () =>
            Header((await second.Core.Sessions.Begin(Ada)).AccessToken)["kid"]!.GetValue<string>() == rotated.Id);

        // The longest that anything it signed can live.
        time.Jump(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.NotNull(await first.Core.Sessions.Refresh(before.RefreshToken));
        time.Jump(TimeSpan.FromDays(2));
        await first.Core.SigningKeys.Trim();
        Assert.Equal(1, await first.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM signing_keys")));
        Assert.False((await first.Core.SigningKeys.Rotate(new Caller(1, Ada, IsAdministrator: false, Scopes: null))).Succeeded(out _, out _));
    }

    [Theory, EveryEngine]
    public async Task Sessions_that_have_expired_are_dropped_and_keys_are_not(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Start(engine, time);
        TestCore.Value(await laurel.Core.Keys.Create(new KeyDraft(Ada, null, time.Micros() + 1)));
        await laurel.Core.Sessions.Begin(Ada);
        time.Jump(TimeSpan.FromDays(32));
        var living = await laurel.Core.Sessions.Begin(Ada);

        await laurel.Core.Sessions.Trim();

        var left = await laurel.Core.Keys.List(Ada, 0, 10);
        Assert.Equal(2, left.Count);
        Assert.Contains(left, key => key.Id == living.SessionId);
    }

    // Everything here is signed by the right key, unless it says otherwise, and names a session that lives.
    public static TheoryData<string> Attacks =>
    [
        "none", "none with a signature", "another algorithm", "a longer hash", "no kid", "unknown kid", "kid of a path", "kid of a million characters", "kid with NUL",
        "another key", "tampered payload", "tampered signature", "cut signature", "no signature", "wrong issuer", "no issuer", "wrong audience", "no audience",
        "refresh as access", "no type", "plain type", "expired", "no expiry", "not yet", "no start", "no session", "another's session", "unknown session",
        "no user", "user as number beyond", "no id", "four parts", "two dots", "dots only", "not base64", "header is no JSON", "payload is no JSON", "payload is an array",
        "oversized", "a session's identifier", "a session's hash", "padded",
    ];

    [Theory, MemberData(nameof(Attacks))]
    public async Task A_token_that_is_not_exactly_right_is_nobodys(string attack)
    {
        var time = new ManualTime();
        await using var laurel = await Start(Engine.Sqlite, time);
        var tokens = await laurel.Core.Sessions.Begin(Ada);
        var another = await laurel.Core.Sessions.Begin(3);
        var (id, secret) = await laurel.Core.Database.Read(async session =>
            await session.QueryFirst<(string, string)>("SELECT id, secret FROM signing_keys"));
        var key = Convert.FromBase64String(secret);
        var (header, payload) = (Header(tokens.AccessToken), Part(tokens.AccessToken, 1));
        var parts = tokens.AccessToken.Split('.');
        // The forger is right where nothing is wrong.
        Assert.NotNull(await laurel.Core.Keys.Authenticate(Sign(header, payload, key)));
        Assert.Equal(id, header["kid"]!.GetValue<string>());
        var now = time.GetUtcNow().ToUnixTimeSeconds();

        string Signed(Action<JsonObject>? head = null, Action<JsonObject>? body = null, byte[]? with = null)
        {
            head?.Invoke(header);
            body?.Invoke(payload);
            return Sign(header, payload, with ?? key);
        }

        var token = attack switch
        {
            "none" => Signed(head => head["alg"] = "none").Split('.') is [var h, var p, _] ? $"{h}.{p}." : "",
            "none with a signature" => Signed(head => head["alg"] = "none"),
            "another algorithm" => Signed(head => head["alg"] = "RS256"),
            "a longer hash" => Longer(),
            "no kid" => Signed(head => head.Remove("kid")),
            "unknown kid" => Signed(head => head["kid"] = "AAAAAAAAAAA"),
            "kid of a path" => Signed(head => head["kid"] = "../../dev/null", with: []),
            "kid of a million characters" => Signed(head => head["kid"] = new string('k', 1_000_000)),
            "kid with NUL" => Signed(head => head["kid"] = "a\0b"),
            "another key" => Signed(with: RandomNumberGenerator.GetBytes(32)),
            "tampered payload" => $"{parts[0]}.{Encode(With(payload, "sub", "3"))}.{parts[2]}",
            "tampered signature" => $"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}",
            "cut signature" => tokens.AccessToken[..^1],
            "no signature" => $"{parts[0]}.{parts[1]}.",
            "wrong issuer" => Signed(body: body => body["iss"] = "laurels"),
            "no issuer" => Signed(body: body => body.Remove("iss")),
            "wrong audience" => Signed(body: body => body["aud"] = "another"),
            "no audience" => Signed(body: body => body.Remove("aud")),
            "refresh as access" => tokens.RefreshToken,
            "no type" => Signed(head => head.Remove("typ")),
            "plain type" => Signed(head => head["typ"] = "JWT"),
            "expired" => Signed(body: body => body["exp"] = now),
            "no expiry" => Signed(body: body => body.Remove("exp")),
            "not yet" => Signed(body: body => body["nbf"] = now + 61),
            "no start" => Signed(body: body => body.Remove("nbf")),
            "no session" => Signed(body: body => body.Remove("sid")),
            "another's session" => Signed(body: body => body["sid"] = Part(another.AccessToken, 1)["sid"]!.DeepClone()),
            "unknown session" => Signed(body: body => body["sid"] = "AAAAAAAAAAAAAAAAAAAAAA"),
            "no user" => Signed(body: body => body.Remove("sub")),
            "user as number beyond" => Signed(body: body => body["sub"] = "99999999999999999999"),
            "no id" => Signed(body: body => body.Remove("jti")),
            "four parts" => tokens.AccessToken + ".AAAA",
            "two dots" => "a.b.c",
            "dots only" => "..",
            "not base64" => $"{parts[0]}.{parts[1]}!.{parts[2]}",
            "header is no JSON" => $"{Encode("x")}.{parts[1]}.{parts[2]}",
            "payload is no JSON" => $"{parts[0]}.{Encode("x")}.{parts[2]}",
            "payload is an array" => $"{parts[0]}.{Encode("[]")}.{parts[2]}",
            "oversized" => Signed(body: body => body["more"] = new string('x', 2000)),
            "a session's identifier" => payload["sid"]!.GetValue<string>(),
            "a session's hash" => SessionTokens.HashOf(payload["sid"]!.GetValue<string>()),
            "padded" => tokens.AccessToken + "==",
            _ => throw new ArgumentOutOfRangeException(nameof(attack)),
        };

        Assert.Null(await laurel.Core.Keys.Authenticate(token));
        Assert.Null(await laurel.Core.Keys.Authenticate($"laurel session {token}"));
        if (attack != "refresh as access")
        {
            Assert.Null(await laurel.Core.Sessions.Refresh(token));
        }
        Assert.Null(await laurel.Core.Sessions.Refresh(tokens.AccessToken));
        Assert.NotNull(await laurel.Core.Keys.Authenticate(tokens.AccessToken));

        string Longer()
        {
            header["alg"] = "HS512";
            var text = $"{Encode(header.ToJsonString())}.{parts[1]}";
            return $"{text}.{Base64Url.EncodeToString(HMACSHA512.HashData(key, Encoding.ASCII.GetBytes(text)))}";
        }
    }

    [Fact]
    public async Task A_clock_that_runs_ahead_a_little_is_forgiven()
    {
        var time = new ManualTime();
        await using var laurel = await Start(Engine.Sqlite, time);
        var tokens = await laurel.Core.Sessions.Begin(Ada);

        time.StepClock(TimeSpan.FromSeconds(-60));
        Assert.NotNull(await laurel.Core.Keys.Authenticate(tokens.AccessToken));
        time.StepClock(TimeSpan.FromSeconds(-1));
        Assert.Null(await laurel.Core.Keys.Authenticate(tokens.AccessToken));
    }

    private static async Task<TestCore> Start(Engine engine, TimeProvider? time = null)
    {
        var laurel = await TestCore.Open(engine, time);
        await laurel.User(Ada);
        TestCore.Value(await laurel.Core.Users.Put(3, new UserDraft(), null, createOnly: false));
        return laurel;
    }

    private static JsonObject Header(string token) => Part(token, 0);

    private static JsonObject Part(string token, int part) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[part]))!.AsObject();

    private static string With(JsonObject json, string member, string value)
    {
        json[member] = value;
        return json.ToJsonString();
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string Sign(JsonObject header, JsonObject payload, byte[] key)
    {
        var text = $"{Encode(header.ToJsonString())}.{Encode(payload.ToJsonString())}";
        return $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(text)))}";
    }

    private static async Task Within(TimeSpan time, Func<Task<bool>> holds)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !await holds();)
        {
            Assert.True(waited.Elapsed < time, $"Not within {time}.");
            await Task.Delay(10);
        }
    }
}
