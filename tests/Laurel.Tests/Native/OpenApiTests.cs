using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Rewards;
using Laurel.Core.Storage;
using Laurel.Server.Native;
using Laurel.Tests.Harness;
using Laurel.Tests.Images;
using Microsoft.AspNetCore.Builder;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

/// <summary>The document describes the server: nothing more, nothing less.</summary>
public sealed class OpenApiTests
{
    // In the ranges that Laurel hands out, and not handed out.
    private const long Reserved = (1L << 52) + 999_999;
    private const long ReservedUserOrAward = (1L << 40) + 999_999;

    private static async Task<OpenApi> Document(TestServer laurel)
    {
        var answer = (await laurel.Get("/openapi/native.json", key: null)).Is(200);
        Assert.Equal("application/json; charset=utf-8", answer.ContentType);
        return OpenApi.Parse(answer.Body);
    }

    [Fact]
    public async Task It_is_valid_and_has_the_routes_that_are_mapped()
    {
        await using var laurel = await TestServer.Start();
        var document = await Document(laurel);
        Assert.Empty(document.Faults());
        Assert.Equal(OpenApi.Mapped(laurel, "native").Order(), document.Operations.Order());
    }

    [Fact]
    public async Task It_knows_every_code()
    {
        await using var laurel = await TestServer.Start();
        static string Code(NativeAnswer answer) => JsonElement.Parse(answer.Body).GetProperty("code").GetString()!;
        var codes = Enum.GetValues<RefusalCode>().Select(code => Code(NativeProblem.Of(new Refusal(code, "…"))))
            .Concat(Enum.GetValues<AwardRefusal>().Select(refusal => Code(NativeProblem.Of(refusal))))
            .Concat(new[] { 400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 503 }.Select(NativeProblem.Code))
            .Concat(Enum.GetValues<RewardRefusal>().Select(refusal => Code(NativeProblem.Of(refusal))))
            .Concat(["batch_too_long", "idempotency_running", "idempotency_mismatch", "wrong_login", "invalid_token"]);
        var documented = (await Document(laurel)).Document.GetProperty("components").GetProperty("schemas").GetProperty("ProblemCode").GetProperty("enum");

        Assert.Equal(codes.Distinct().Order(), documented.EnumerateArray().Select(code => code.GetString()!).Order());
    }

    [Theory, EveryEngine]
    public async Task Answers_are_as_it_says(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        var meeting = new Meeting(laurel, await Document(laurel));

        await Issuers(meeting);
        await Places(meeting);
        await Users(meeting);
        await Badges(meeting);
        await Icons(meeting);
        await Awards(meeting);
        await PlacedAwards(meeting);
        await Rewards(meeting);
        await Points(meeting);
        await Keys(meeting);
        await Tokens(meeting);
        await Visits(meeting);
        await ActionTypes(meeting);
        await Actions(meeting);
        await Rules(meeting);
        await Previews(meeting);
        await Backfills(meeting);
        await Explanations(meeting);
        await Stream(meeting);
        await AnyOperation(meeting);

        // What no request brings about here; all but the last have a test of their own.
        Assert.DoesNotContain(
            meeting.Missed(),
            missed => missed.Split(' ')[^1] is not ("too_many_requests" or "internal" or "unavailable" or "not_storable"));
    }

    private static async Task Issuers(Meeting meeting)
    {
        await meeting.Created("/issuers", """{"name":"New","creator":{"type":"Group","id":9},"managers":[2],"lifetimeDays":30}""");
        await meeting.Refused("POST /issuers", """{"name":"New","key":"isle"}""", 409, "key_taken");
        await meeting.Refused("POST /issuers", """{"name":""}""", 422, "invalid");
        await meeting.Forbidden("POST /issuers", """{"name":"New"}""");
        await meeting.Read("/issuers", "?limit=1", "/issuers/{id}", 100, "unknown_issuer");
        await meeting.Put("/issuers/{id}", """{"name":"N"}""", 101);
        await meeting.Refused("PUT /issuers/{id}", """{"name":"N","key":"isle"}""", 409, "key_taken", 101);
        await meeting.Refused("PUT /issuers/{id}", """{"name":"N","timeZone":"Mars/Olympus"}""", 422, "invalid", 101);
        await meeting.Laurel.Award(1, 7);
        await meeting.Refused("PUT /issuers/{id}", """{"name":"Isle","timeZone":"Asia/Riyadh"}""", 409, "recurrence_in_use", 100);
    }

    private static async Task Places(Meeting meeting)
    {
        await meeting.Created("/places", """{"issuerId":100,"name":"Arena"}""");
        await meeting.Forbidden("POST /places", """{"issuerId":100,"name":"Arena"}""");
        await meeting.Read("/places", "", "/places/{id}", 1000, "unknown_place");
        await meeting.Put("/places/{id}", """{"issuerId":100,"name":"Arena"}""", 1001);
        foreach (var (operation, id) in new[] { ("POST /places", 0), ("PUT /places/{id}", 1002) })
        {
            await meeting.Refused(operation, """{"issuerId":100,"name":" "}""", 422, "invalid", id);
            await meeting.Refused(operation, """{"issuerId":4,"name":"Arena"}""", 422, "unknown_issuer", id);
        }
    }

    private static async Task Users(Meeting meeting)
    {
        await meeting.Created("/users", """{"fullName":"Eve","profile":{"topDomainElo":1.5}}""");
        await meeting.Put("/users/{id}", """{"key":"ada","username":"ada","password":"secret","permissions":["x"],"locale":null}""", 50);
        foreach (var (operation, id) in new[] { ("POST /users", 0), ("PUT /users/{id}", 51) })
        {
            await meeting.Refused(operation, """{"key":"ada"}""", 409, "key_taken", id);
            await meeting.Refused(operation, """{"username":"ada","password":"x"}""", 409, "username_taken", id);
            await meeting.Refused(operation, """{"timeZone":"Mars/Olympus"}""", 422, "invalid", id);
        }
        await meeting.Forbidden("POST /users", "{}");
        await meeting.Read("/users", "", "/users/{id}", 50, "unknown_user");
        await meeting.Forbidden("GET /users", null);
        await meeting.Forbidden("GET /users/{id}", null, 2);
    }

    private static async Task Badges(Meeting meeting)
    {
        const string Rich = """
            {"issuerId":100,"key":"rich","creator":{"type":"Group","id":9},"sourceLocale":"en",
             "texts":{"en":{"name":"Rich","lines":{"never":["a"],"held":[],"again":[]}},"ar":{"name":"غني","description":"…","lines":null,"iconImageId":5}},
             "recurrence":{"every":2,"unit":"week","anchor":"2023-03-17"},"target":10,"recognises":["Edit"],"awardAssetIds":[1],"rarity":4,
             "level":"gold","claimable":true,"hiddenUntilClaimed":true,"deletedAt":"2022-01-01T00:00:00+01:00","deletedBy":"eve"}
            """;
        const string Plain = """{"issuerId":100,"texts":{"en":{"name":"N"}}}""";
        await meeting.Created("/badges", Rich);
        await meeting.Forbidden("POST /badges", Plain);
        await meeting.Read("/badges", "?issuerId=100&limit=1", "/badges/{id}", 7, "unknown_badge");
        await meeting.Read("/badges", "", "/badges/{id}", 7, "unknown_badge");
        await meeting.Put("/badges/{id}", Plain, 60);
        foreach (var (operation, id) in new[] { ("POST /badges", 0), ("PUT /badges/{id}", 61) })
        {
            await meeting.Refused(operation, """{"issuerId":100,"key":"rich","texts":{"en":{"name":"N"}}}""", 409, "key_taken", id);
            await meeting.Refused(operation, """{"issuerId":100,"texts":{}}""", 422, "invalid", id);
            await meeting.Refused(operation, """{"issuerId":4,"texts":{"en":{"name":"N"}}}""", 422, "unknown_issuer", id);
        }
        await meeting.Refused("PUT /badges/{id}", """{"issuerId":100,"texts":{"en":{"name":"N"}},"recurrence":"always"}""", 409, "recurrence_in_use", 7);
    }

    private static async Task Icons(Meeting meeting)
    {
        var (manager, stranger) = (await meeting.Laurel.Key(1, null), await meeting.Laurel.Key(3, null));
        await meeting.Meet("GET /badges/{id}/icon", 200, null, path: "/badges/7/icon");
        await meeting.Upload(201, null, SampleImages.Png, manager);
        await meeting.Upload(200, null, SampleImages.Gif, manager);
        await meeting.Upload(412, "already_exists", SampleImages.Png, manager, headers: ("If-None-Match", "*"));
        await meeting.Upload(403, "forbidden", SampleImages.Png, stranger);
        await meeting.Upload(404, "unknown_badge", SampleImages.Png, manager, badge: 77);
        await meeting.Upload(422, "invalid_image", "<svg/>"u8.ToArray(), manager);
        await meeting.Upload(413, "body_too_large", new byte[(1 << 20) + 1], manager, headers: ("Expect", "100-continue"));
        await meeting.Meet("GET /badges/{id}/icon", 200, null, path: "/badges/7/icon");
        foreach (var operation in new[] { "GET /badges/{id}/icon", "DELETE /badges/{id}/icon" })
        {
            await meeting.Refused(operation, null, 404, "unknown_badge", 77);
        }
        await meeting.Forbidden("DELETE /badges/{id}/icon", null, 7);
        await meeting.Meet("DELETE /badges/{id}/icon", 204, null, path: "/badges/7/icon");
    }

    // What an award of user 2 may lack or break, whichever way it comes.
    private static readonly (string Award, string Code)[] Wrong =
    [
        ("""{"userId":2,"badgeId":77}""", "unknown_badge"),
        ("""{"userId":2,"badgeId":8}""", "occasion_missing"),
        ("""{"userId":2,"badgeId":7,"awardedAt":"9999-01-01T00:00:00Z"}""", "time_in_future"),
        ("""{"userId":2,"badgeId":7,"awardedAt":"1969-12-31T00:00:00Z"}""", "invalid_time"),
        ("""{"userId":2,"badgeId":7,"subject":""}""", "invalid_subject"),
        ("""{"userId":2,"badgeId":7,"actionId":0}""", "invalid_action"),
        ("""{"userId":2,"badgeId":7,"payload":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}""", "invalid_payload"),
    ];

    private static async Task Awards(Meeting meeting)
    {
        var laurel = meeting.Laurel;
        await laurel.Badge(8, "\"perSubject\"");
        await laurel.Badge(9, more: ",\"enabled\":false");
        const string Full = """{"userId":2,"badgeId":8,"subject":"node:7","actionId":1125,"payload":{"a":[1,null]},"awardedAt":"2023-03-17T09:00:00.5+02:00"}""";
        const string Award = """{"userId":3,"badgeId":7}""";
        foreach (var (award, code) in Wrong)
        {
            await meeting.Refused("POST /awards", award, 422, code);
        }
        await meeting.Refused("POST /awards", """{"userId":77,"badgeId":7}""", 422, "unknown_user");
        await meeting.Refused("POST /awards", """{"userId":3,"badgeId":9}""", 409, "disabled");
        await meeting.Forbidden("POST /awards", Award);
        await meeting.Created("/awards", Full);
        await meeting.Meet("POST /awards", 200, null, Full);

        var id = (await meeting.Meet("POST /awards", 201, null, Award)).Json["award"]!["id"]!.GetValue<long>();
        await meeting.Meet("GET /users/{userId}/awards", 200, null, path: "/users/2/awards");
        await meeting.Refused("GET /users/{userId}/awards", null, 404, "unknown_user", 77);
        await meeting.Meet("GET /users/{userId}/awards/{id}", 200, null, path: $"/users/3/awards/{id}");
        await meeting.Refused("GET /users/{userId}/awards/{id}", null, 404, "unknown_award", 77);
        await meeting.Meet("GET /badges/{badgeId}/awards", 200, null, path: "/badges/7/awards?limit=1");
        await meeting.Refused("GET /badges/{badgeId}/awards", null, 404, "unknown_badge", 77);

        const string Batch = "POST /awards/batch";
        await meeting.Created("/awards/batch", $"[{Full},{Full.Replace("node:7", "node:8")}]", status: 200);
        await meeting.Refused(Batch, $"[{string.Join(',', Enumerable.Repeat("1", 10_001))}]", 422, "batch_too_long");
        var rows = await meeting.Meet(Batch, 200, null, $$"""[null,{"userId":77,"badgeId":7},{"userId":2,"badgeId":9},{{string.Join(',', Wrong.Select(wrong => wrong.Award))}}]""", asDocumented: false);
        Assert.All(rows.Json.AsArray(), row => Assert.Equal("refused", row!["status"]!.GetValue<string>()));

        const string Remove = "DELETE /users/{userId}/awards/{id}";
        await meeting.Meet(Remove, 403, "forbidden", path: $"/users/3/awards/{id}?kind=revoke", key: await laurel.Key(3, null));
        await meeting.Refused(Remove, null, 404, "unknown_award", 77);
        await meeting.Meet(Remove, 422, "invalid", path: $"/users/3/awards/{id}?reason={new string('x', 1001)}");
        await meeting.Meet(Remove, 400, "invalid", path: $"/users/3/awards/{id}?kind=undo");
        await meeting.Meet(Remove, 204, null, path: $"/users/3/awards/{id}?kind=revoke&reason=spam");
        await meeting.Refused("POST /awards", Award, 409, "revoked");
        await meeting.Meet("PUT /users/{userId}/awards/{id}", 409, "revoked", """{"badgeId":7}""", path: "/users/3/awards/5000");
    }

    private static async Task PlacedAwards(Meeting meeting)
    {
        const string Put = "PUT /users/{userId}/awards/{id}";
        const string Claimed = """{"badgeId":7,"awardedAt":"2023-03-17T00:00:00Z","uid":"0f8fad5b-d9cb-469f-a165-70867728950e","isClaimed":true,"claimedOn":"2023-03-18T00:00:00Z","isBadged":true}""";
        const string Path = "/users/2/awards/500";
        await meeting.Meet(Put, 201, null, Claimed, Path);
        await meeting.Meet(Put, 200, null, Claimed, Path);
        await meeting.Meet(Put, 412, "already_exists", Claimed, Path, headers: ("If-None-Match", "*"));
        await meeting.Meet(Put, 409, "occasion_held", Claimed, "/users/2/awards/501");
        await meeting.Meet(Put, 422, "id_reserved", Claimed, $"/users/2/awards/{ReservedUserOrAward}");
        await meeting.Meet(Put, 422, "invalid", """{"badgeId":7,"uid":"x"}""", "/users/2/awards/502");
        await meeting.Meet(Put, 404, "unknown_user", """{"badgeId":7}""", "/users/77/awards/502");
        await meeting.Forbidden(Put, """{"badgeId":7}""", 2);
        foreach (var (award, code) in Wrong)
        {
            await meeting.Meet(Put, 422, code, award, "/users/2/awards/503");
        }
        await meeting.Meet("GET /users/{userId}/awards/{id}", 200, null, path: Path);
    }

    private static async Task Rewards(Meeting meeting)
    {
        await meeting.Laurel.Badge(30, more: ",\"claimable\":true,\"cost\":5");
        await meeting.Meet("PUT /users/{userId}/awards/{id}", 201, null, """{"badgeId":30}""", "/users/2/awards/530");
        var other = await meeting.Laurel.Key(3, null);
        (string Operation, string Path)[] calls =
        [
            ("POST /users/{userId}/awards/{id}/claim", "/claim"), ("POST /users/{userId}/awards/{id}/wear", "/wear"), ("POST /users/{userId}/awards/{id}/unwear", "/unwear"),
        ];
        foreach (var (operation, path) in calls)
        {
            await meeting.Meet(operation, 403, "forbidden", "{}", $"/users/2/awards/530{path}", key: other);
            await meeting.Meet(operation, 404, "unknown_award", "{}", $"/users/2/awards/531{path}");
        }
        await meeting.Meet(calls[0].Operation, 409, "not_enough_points", "{}", "/users/2/awards/530/claim");
        await meeting.Meet(calls[1].Operation, 409, "not_claimed", "{}", "/users/2/awards/530/wear");
        await meeting.Meet("POST /users/{userId}/points", 201, null, """{"delta":5}""", "/users/2/points");
        foreach (var (operation, path) in calls)
        {
            await meeting.Meet(operation, 200, null, "{}", $"/users/2/awards/530{path}");
        }
    }

    private static async Task Points(Meeting meeting)
    {
        const string Add = "POST /users/{userId}/points";
        var other = await meeting.Laurel.Key(3, null);
        await meeting.Meet(Add, 201, null, """{"delta":50,"reason":"Won"}""", "/users/2/points");
        await meeting.Meet(Add, 409, "not_enough_points", """{"delta":-1000}""", "/users/2/points");
        await meeting.Meet(Add, 422, "invalid", """{"delta":0}""", "/users/2/points");
        await meeting.Meet(Add, 403, "forbidden", """{"delta":1}""", "/users/3/points", key: other);
        await meeting.Refused(Add, """{"delta":1}""", 404, "unknown_user", 77);
        foreach (var (operation, path) in new[] { ("GET /users/{userId}/points", "/points"), ("GET /users/{userId}/points/entries", "/points/entries") })
        {
            await meeting.Meet(operation, 200, null, path: $"/users/2{path}");
            await meeting.Meet(operation, 403, "forbidden", path: $"/users/2{path}", key: other);
            await meeting.Refused(operation, null, 404, "unknown_user", 77);
        }
    }

    private static async Task Tokens(Meeting meeting)
    {
        await meeting.Meet("PUT /users/{id}", 201, null, """{"username":"eve","password":"secret"}""", "/users/70");
        const string LogIn = "POST /tokens";
        const string Refresh = "POST /tokens/refresh";
        var tokens = await meeting.Meet(LogIn, 201, null, """{"username":"eve","password":"secret"}""", key: null);
        await meeting.Meet(LogIn, 401, "wrong_login", """{"username":"eve","password":"Secret"}""", key: null);
        var refresh = $$"""{"refreshToken":"{{tokens.Text("refreshToken")}}"}""";
        await meeting.Meet(Refresh, 201, null, refresh, key: null);
        await meeting.Meet(Refresh, 401, "invalid_token", refresh, key: null);
        foreach (var operation in Open)
        {
            await meeting.Meet(operation, 400, "malformed", "{}", key: null);
        }
        await meeting.Meet("POST /signing-keys", 201, null, "{}");
        await meeting.Forbidden("POST /signing-keys", "{}");
    }

    // Whoever has no key yet may call them, and what they answer is not kept.
    private static readonly string[] Open = ["POST /tokens", "POST /tokens/refresh"];

    private static async Task Keys(Meeting meeting)
    {
        var id = await meeting.Created("/keys", """{"userId":2,"scopes":["awards:write"],"expiresAt":"2999-01-01T00:00:00Z"}""");
        await meeting.Created("/keys", """{"administrator":true}""");
        await meeting.Forbidden("POST /keys", """{"userId":2}""");
        await meeting.Refused("POST /keys", """{"userId":2,"scopes":["all"]}""", 422, "invalid");
        await meeting.Refused("POST /keys", """{"userId":77}""", 422, "unknown_user");
        await meeting.Read("/keys", "?userId=2", "/keys/{id}", id, "unknown_key");
        await meeting.Meet("GET /keys", 403, "forbidden", path: "/keys?userId=2", key: await meeting.Laurel.Key(3, null));
        await meeting.Forbidden("GET /keys/{id}", null, id);
        await meeting.Forbidden("DELETE /keys/{id}", null, id);
        await meeting.Refused("DELETE /keys/{id}", null, 404, "unknown_key", 77);
        await meeting.Meet("DELETE /keys/{id}", 204, null, path: $"/keys/{id}");
        await meeting.Meet("GET /keys/{id}", 200, null, path: $"/keys/{id}");
    }

    private static async Task Visits(Meeting meeting)
    {
        await meeting.Created("/visits", """{"issuerId":100,"userId":2,"at":"2023-03-18T00:00:00Z"}""", status: 204);
        await meeting.Forbidden("POST /visits", """{"issuerId":100,"userId":2}""");
        await meeting.Refused("POST /visits", """{"issuerId":100,"userId":2,"at":"9999-01-01T00:00:00Z"}""", 422, "invalid");
        await meeting.Refused("POST /visits", """{"issuerId":4,"userId":2}""", 422, "unknown_issuer");
        await meeting.Refused("POST /visits", """{"issuerId":100,"userId":77}""", 422, "unknown_user");
    }

    private static async Task ActionTypes(Meeting meeting)
    {
        const string Put = "PUT /action-types/{name}";
        const string Body = """{"description":"Somebody edited something."}""";
        const string Path = "/action-types/Edit";
        await meeting.Meet(Put, 201, null, Body, Path);
        await meeting.Meet(Put, 200, null, "{}", Path);
        await meeting.Meet(Put, 412, "already_exists", Body, Path, headers: ("If-None-Match", "*"));
        await meeting.Meet(Put, 403, "forbidden", Body, Path, await meeting.Laurel.Key(3, null));
        await meeting.Meet(Put, 422, "invalid", $$"""{"description":"{{new string('x', 4001)}}"}""", Path);
        await meeting.Meet(Put, 201, null, Body, "/action-types/Vote");
        await meeting.Meet("GET /action-types", 200, null, path: "/action-types?limit=1");
        await meeting.Meet("GET /action-types/{name}", 200, null, path: Path);
        await meeting.Meet("GET /action-types/{name}", 404, "unknown_action_type", path: "/action-types/Nothing");
    }

    private static async Task Actions(Meeting meeting)
    {
        const string Post = "POST /actions";
        const string Full = """{"id":1125,"type":"Edit","userId":2,"subject":"node:7","occurredAt":"2023-03-17T09:00:00.5+02:00","properties":{"a":[1,null]}}""";
        await meeting.Created("/actions", """{"type":"Edit","userId":2,"subject":null,"properties":null}""");
        await meeting.Meet(Post, 201, null, Full);
        await meeting.Meet(Post, 200, null, Full);
        await meeting.Refused(Post, Full.Replace("node:7", "node:8"), 409, "action_mismatch");
        await meeting.Refused(Post, Full.Replace("Edit", "edit"), 422, "unknown_action_type");
        await meeting.Refused(Post, Full.Replace("\"userId\":2", "\"userId\":77"), 422, "unknown_user");
        await meeting.Refused(Post, Full.Replace("1125", $"{ReservedUserOrAward}"), 422, "id_reserved");
        await meeting.Refused(Post, Full.Replace("2023", "9999"), 422, "invalid");
        await meeting.Forbidden(Post, Full);
        await meeting.Meet("GET /actions/{id}", 200, null, path: "/actions/1125");
        await meeting.Refused("GET /actions/{id}", null, 404, "unknown_action", 77);
        await meeting.Forbidden("GET /actions/{id}", null, 1125);

        var batch = await meeting.Meet(Post, 200, null, $"[{Full},{Full.Replace("1125", "1126")}]");
        Assert.Equal(["repeated", "created"], batch.Json.AsArray().Select(item => item!["status"]!.GetValue<string>()));
        await meeting.Meet(Post, 200, null, $"{Full}\n{Full}", type: "application/x-ndjson", asDocumented: false);
        await meeting.Refused(Post, $"[{string.Join(',', Enumerable.Repeat("1", 10_001))}]", 422, "batch_too_long");
        string[] wrong = [Full.Replace("node:7", "node:8"), Full.Replace("Edit", "edit"), Full.Replace("\"userId\":2", "\"userId\":77"), Full.Replace("1125", "0"), Full.Replace("2023", "9999"), "null"];
        var rows = await meeting.Meet(Post, 200, null, $"[{string.Join(',', wrong)}]", asDocumented: false);
        Assert.All(rows.Json.AsArray(), row => Assert.Equal("refused", row!["status"]!.GetValue<string>()));
        await meeting.Meet(Post, 200, null, $"[{Full}]", key: await meeting.Laurel.Key(3, null));
    }

    private static async Task Rules(Meeting meeting)
    {
        const string Rule = """{"key":"edits","actions":["Edit"],"when":{"count":2},"badgeId":7}""";
        const string Rich = """
            {"key":"rich","name":"Rich","enabled":true,"actions":["Edit","Vote"],"filter":"properties.a = 1","recipient":"owner","when":{"sum":"points","reaches":true},
             "badgeId":null,"tiers":[{"badgeId":7,"at":0.5},{"badgeId":8,"at":100}],"validFrom":"2022-01-01T00:00:00+01:00","validUntil":"9000-01-01T00:00:00Z",
             "maximumRecipients":100,"alarmAfterDays":7}
            """;
        await meeting.Created("/rules", Rich);
        await meeting.Forbidden("POST /rules", Rule);
        await meeting.Put("/rules/{id}", Rule, 80);
        const string Week = """{"every":1,"unit":"week","anchor":"2023-01-02"}""";
        foreach (var when in new[]
        {
            """{"each":true}""", """{"count":10,"within":"PT90M"}""", $$"""{"count":10,"per":{{Week}}}""", """{"distinctSubjects":5}""", """{"sum":"points","reaches":7}""",
            $$"""{"firstIn":{{Week}}}""", """{"streak":7,"unit":"day"}""",
        })
        {
            await meeting.Meet("PUT /rules/{id}", 200, null, Rule.Replace("""{"count":2}""", when), "/rules/80");
        }
        await meeting.Meet("PUT /rules/{id}", 201, null, """{"key":"set","when":{"holding":[8,9]},"badgeId":7}""", "/rules/81");
        await meeting.Meet("PUT /rules/{id}", 200, null, """{"key":"set","when":{"holding":[8,9],"atLeast":1},"badgeId":7}""", "/rules/81");
        await meeting.Read("/rules", "?limit=1", "/rules/{id}", 80, "unknown_rule");
        await meeting.Meet("GET /rules", 403, "forbidden", key: await meeting.Laurel.Key(1, Scopes.BadgesWrite));
        await meeting.Forbidden("GET /rules/{id}", null, 80);
        const string Revisions = "GET /rules/{id}/revisions";
        await meeting.Meet(Revisions, 200, null, path: "/rules/80/revisions?limit=3");
        await meeting.Refused(Revisions, null, 404, "unknown_rule", 77);
        await meeting.Forbidden(Revisions, null, 80);
        foreach (var (operation, id) in new[] { ("POST /rules", 0), ("PUT /rules/{id}", 82) })
        {
            await meeting.Refused(operation, Rule, 409, "key_taken", id);
            await meeting.Refused(operation, """{"key":"7","when":{"each":true},"badgeId":7}""", 422, "invalid", id);
            await meeting.Refused(operation, """{"key":"new","actions":["Edit"],"filter":"(","when":{"each":true},"badgeId":7}""", 422, "invalid_filter", id);
            await meeting.Refused(operation, """{"key":"new","actions":["Edit"],"when":{"each":true},"badgeId":77}""", 422, "unknown_badge", id);
        }
        await meeting.Meet("POST /actions", 201, null, """{"type":"Edit","userId":2,"properties":{"a":1,"points":0.25,"ownerId":2}}""");
        const string Progress = "GET /users/{userId}/progress";
        Assert.NotEmpty((await meeting.Meet(Progress, 200, null, path: "/users/2/progress")).Json["items"]!.AsArray());
        await meeting.Forbidden(Progress, null, 2);
        await meeting.Refused(Progress, null, 404, "unknown_user", 77);
    }

    private static async Task Previews(Meeting meeting)
    {
        const string Rule = """{"key":"edits","actions":["Edit"],"when":{"each":true},"badgeId":7}""";
        const string New = "POST /rules/preview";
        const string Standing = "POST /rules/{id}/preview";
        await meeting.Created("/rules/preview", $$"""{"rule":{{Rule}},"from":"2023-01-01T00:00:00Z","afterUser":0}""", 200);
        await meeting.Forbidden(New, $$"""{"rule":{{Rule}}}""");
        await meeting.Meet(Standing, 200, null, "{}", "/rules/80/preview");
        await meeting.Meet(Standing, 200, null, $$"""{"rule":{{Rule}},"from":null,"afterUser":1}""", "/rules/80/preview");
        await meeting.Meet(Standing, 200, null, """{"rule":null}""", "/rules/81/preview");
        await meeting.Forbidden(Standing, "{}", 80);
        await meeting.Refused(Standing, "{}", 404, "unknown_rule", 77);
        foreach (var (operation, id) in new[] { (New, 0), (Standing, 80) })
        {
            await meeting.Refused(operation, $$"""{"rule":{{Rule}},"from":"9000-01-01T00:00:00Z"}""", 422, "invalid", id);
            await meeting.Refused(operation, $$"""{"rule":{{Rule.Replace("\"when\"", "\"filter\":\"(\",\"when\"")}}}""", 422, "invalid_filter", id);
            await meeting.Refused(operation, $$"""{"rule":{{Rule.Replace("\"badgeId\":7", "\"badgeId\":77")}}}""", 422, "unknown_badge", id);
        }
    }

    private static async Task Backfills(Meeting meeting)
    {
        const string Begin = "POST /rules/{id}/backfills";
        var laurel = meeting.Laurel;
        (await laurel.Put($"{Root}/rules/83", """{"key":"past","actions":["Edit"],"when":{"each":true},"badgeId":9}""")).Is(201);
        await laurel.ActMany(5000, 2000);
        var begun = await meeting.Meet(Begin, 201, null, """{"from":null}""", "/rules/83/backfills");
        await meeting.Refused(Begin, "{}", 409, "backfill_running", 83);
        var (one, stop, undo) = ("GET /backfills/{id}", "POST /backfills/{id}/stop", "POST /backfills/{id}/undo");
        var id = begun.Json["id"]!.GetValue<long>();
        await meeting.Refused(undo, "{}", 409, "backfill_running", id);
        await meeting.Meet(one, 200, null, path: $"/backfills/{id}");
        await meeting.Meet(stop, 200, null, "{}", $"/backfills/{id}/stop");
        var undone = await laurel.Ended(await meeting.Meet(undo, 201, null, "{}", $"/backfills/{id}/undo"));
        await meeting.Refused(undo, "{}", 422, "invalid", undone.Json["id"]!.GetValue<long>());
        (await laurel.Put($"{Root}/rules/83", """{"key":"past","enabled":false,"actions":["Edit"],"when":{"each":true},"badgeId":9}""")).Is(200);
        await meeting.Refused(Begin, "{}", 409, "rule_disabled", 83);
        await meeting.Refused(undo, "{}", 409, "rule_disabled", id);
        await meeting.Refused(Begin, """{"from":"9000-01-01T00:00:00Z"}""", 422, "invalid", 83);
        await meeting.Refused(Begin, "{}", 404, "unknown_rule", 77);
        await meeting.Forbidden(Begin, "{}", 83);
        await meeting.Meet("GET /rules/{id}/backfills", 200, null, path: "/rules/83/backfills?limit=1");
        await meeting.Refused("GET /rules/{id}/backfills", null, 404, "unknown_rule", 77);
        await meeting.Forbidden("GET /rules/{id}/backfills", null, 83);
        foreach (var (operation, body) in new[] { (one, null), (stop, "{}"), (undo, "{}") })
        {
            await meeting.Refused(operation, body, 404, "unknown_backfill", 77);
            await meeting.Forbidden(operation, body, id);
        }
        await meeting.Meet("GET /rules/{id}/watch", 200, null, path: "/rules/83/watch");
        await meeting.Refused("GET /rules/{id}/watch", null, 404, "unknown_rule", 77);
        await meeting.Forbidden("GET /rules/{id}/watch", null, 83);
    }

    private static async Task Explanations(Meeting meeting)
    {
        const string Explain = "GET /users/{userId}/badges/{badgeId}/explanation";
        await meeting.Laurel.Badge(84);
        (await meeting.Laurel.Put($"{Root}/rules/84", """{"key":"why","actions":["Edit"],"when":{"count":2},"badgeId":84}""")).Is(201);
        foreach (var action in new[] { 1, 2 })
        {
            (await meeting.Laurel.Post($"{Root}/actions", """{"type":"Edit","userId":2,"subject":"node:8"}""")).Is(201);
        }
        var told = await meeting.Meet(Explain, 200, null, path: "/users/2/badges/84/explanation");
        Assert.Equal("node:8", told.Json["awards"]![0]!["action"]!.AsObject()["subject"]!.GetValue<string>());
        (await meeting.Laurel.Delete($"{Root}/users/2/awards/{told.Json["awards"]![0]!["award"]!["id"]}?kind=revoke")).Is(204);
        await meeting.Meet(Explain, 200, null, path: "/users/2/badges/84/explanation");
        await meeting.Meet(Explain, 404, "unknown_user", path: "/users/77/badges/84/explanation");
        await meeting.Meet(Explain, 404, "unknown_badge", path: "/users/2/badges/77/explanation");
        await meeting.Meet(Explain, 403, "forbidden", path: "/users/2/badges/84/explanation", key: await meeting.Laurel.Key(2, null));
    }

    private static async Task Stream(Meeting meeting)
    {
        const string Read = "GET /stream";
        await meeting.Laurel.Badge(85);
        using (var reader = await EventReader.Open(meeting.Laurel.Anonymous, $"{Root}/stream", TestServer.AdministratorKey, "1"))
        {
            await meeting.Laurel.Delete($"{Root}/users/2/awards/{(await meeting.Laurel.Award(2, 85)).Json["award"]!["id"]}");
            // That the id was never given; the award; its removal.
            foreach (var each in await reader.Take(3))
            {
                meeting.Told(Read, "text/event-stream", each.Data);
            }
        }
        await meeting.Meet(Read, 400, "invalid", path: "/stream?userId=0");
    }

    // What is the same for all operations of a kind.
    private static async Task AnyOperation(Meeting meeting)
    {
        foreach (var operation in meeting.Operations)
        {
            var verb = operation.Split(' ')[0];
            var body = verb is "POST" or "PUT" ? "{}" : null;
            if (Open.Contains(operation))
            {
                await BrokenBodies(meeting, operation);
                continue;
            }
            await meeting.Meet(operation, 401, "unauthenticated", body, key: null);
            await meeting.Meet(operation, 400, "malformed", body, headers: ("x-api-key", TestServer.AdministratorKey));
            var wrong = operation.Contains('{', StringComparison.Ordinal) ? meeting.Path(operation, "x%2Fy") : verb == "GET" ? meeting.Path(operation) + "?limit=0&userId=0" : null;
            await meeting.Meet(operation, 400, "invalid", body, wrong, headers: wrong is null ? [("Idempotency-Key", "a b")] : []);
            if (body is null || !meeting.TakesJson(operation))
            {
                continue;
            }
            await BrokenBodies(meeting, operation);
            if (verb == "POST")
            {
                await meeting.Laurel.Core.Idempotency.Begin($"0 POST {Root}{meeting.Path(operation)}", "running", "{}"u8.ToArray());
                await meeting.Meet(operation, 409, "idempotency_running", "{}", headers: ("Idempotency-Key", "running"));
                await meeting.Meet(operation, 422, "idempotency_mismatch", "{ }", headers: ("Idempotency-Key", "running"));
            }
        }
    }

    private static async Task BrokenBodies(Meeting meeting, string operation)
    {
        await meeting.Meet(operation, 400, "malformed", "[");
        await meeting.Meet(operation, 415, "unsupported_media_type", "{}", type: "text/plain");
        await meeting.Meet(operation, 413, "body_too_large", new string(' ', 17 << 20), headers: ("Expect", "100-continue"));
    }

    [Fact]
    public async Task Failures_of_the_server_are_as_it_says()
    {
        await using var laurel = await TestServer.Start(map: app =>
        {
            app.MapGet($"{Root}/broken", _ => throw new InvalidOperationException("…"));
            app.MapGet($"{Root}/away", _ => throw new StorageUnavailableException("…"));
        });
        await using var busy = await TestServer.Start(with: options => options with { RequestsPerSecond = 1 });
        var document = await Document(laurel);
        var refused = new List<Answer> { (await laurel.Get($"{Root}/broken")).Is(500), (await laurel.Get($"{Root}/away")).Is(503) };
        var hurried = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => busy.Get($"{Root}/issuers")));
        refused.Add(hurried.First(answer => (int)answer.Status == 429));

        foreach (var answer in refused)
        {
            Assert.All(document.Operations, operation => Assert.Null(document.Differs(operation, (int)answer.Status, answer.ContentType, answer.Body)));
            Assert.Equal((int)answer.Status != 500, answer.Headers.ContainsKey("Retry-After"));
        }
    }

    /// <summary>Calls the server and holds what it answers against the document. Operations are named without their root.</summary>
    private sealed class Meeting(TestServer laurel, OpenApi document)
    {
        private readonly HashSet<string> _met = [];

        public TestServer Laurel => laurel;

        public IEnumerable<string> Operations => document.Operations.Select(operation => operation.Replace(Root, "", StringComparison.Ordinal));

        public bool TakesJson(string operation) => document.Operation(operation.Replace(" ", $" {Root}", StringComparison.Ordinal))
            .TryGetProperty("requestBody", out var body) && body.GetProperty("content").TryGetProperty("application/json", out _);

        /// <summary>The operation's path, with this in the place of its parameters.</summary>
        public string Path(string operation, object? id = null) =>
            string.Join('/', operation.Split(' ')[1].Split('/').Select(part => part.StartsWith('{') ? $"{id ?? 1}" : part));

        /// <param name="code">Of the problem that is expected, if one is.</param>
        /// <param name="asDocumented">Whether a body that is accepted must be as the document says.</param>
        public async Task<Answer> Meet(
            string operation, int status, string? code, string? body = null, string? path = null, string? key = TestServer.AdministratorKey,
            string type = "application/json", bool asDocumented = true, params (string Name, string Value)[] headers)
        {
            using var content = body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
            var answer = await Meet(operation, status, code, content, path ?? Path(operation), key, headers);
            if (code is null && body is not null && asDocumented)
            {
                Assert.Null(document.RequestDiffers(operation.Replace(" ", $" {Root}", StringComparison.Ordinal), body));
            }
            return answer;
        }

        public Task<Answer> Upload(int status, string? code, byte[] file, string key, long badge = 7, params (string Name, string Value)[] headers) =>
            Meet("PUT /badges/{id}/icon", status, code, new ByteArrayContent(file), $"/badges/{badge}/icon", key, headers);

        private async Task<Answer> Meet(
            string operation, int status, string? code, HttpContent? content, string path, string? key, params (string Name, string Value)[] headers)
        {
            var answer = (await laurel.Send(new HttpMethod(operation.Split(' ')[0]), Root + path, content, key, headers)).Is(status);
            var full = operation.Replace(" ", $" {Root}", StringComparison.Ordinal);
            var difference = document.Differs(full, status, answer.ContentType, answer.Body);
            Assert.True(difference is null, $"{operation}: {difference}: {answer.Body}");
            if (code is not null)
            {
                answer.IsProblem(status, code);
            }
            _met.Add($"{full} {status} {code}");
            return answer;
        }

        /// <summary>One event of an answer without an end.</summary>
        public void Told(string operation, string type, string data)
        {
            var full = operation.Replace(" ", $" {Root}", StringComparison.Ordinal);
            Assert.Null(document.Differs(full, 200, type, data));
            _met.Add($"{full} 200 ");
        }

        public Task Refused(string operation, string? body, int status, string code, long id = 0) => Meet(operation, status, code, body, Path(operation, id));

        public async Task Forbidden(string operation, string? body, long id = 1) =>
            await Meet(operation, 403, "forbidden", body, Path(operation, id), await laurel.Key(3, null));

        /// <summary>A POST, and once more with its key; the id of what it made.</summary>
        public async Task<long> Created(string path, string body, int status = 201)
        {
            var once = ("Idempotency-Key", Guid.NewGuid().ToString());
            var first = await Meet($"POST {path}", status, null, body, headers: once);
            var again = await Meet($"POST {path}", status, null, body, headers: once);
            Assert.Equal("true", again.Headers["Idempotency-Replayed"]);
            return status == 201 && first.Json["id"] is { } id ? id.GetValue<long>() : 0;
        }

        public async Task Read(string list, string query, string one, long id, string unknown)
        {
            await Meet($"GET {list}", 200, null, path: list + query);
            await Meet($"GET {one}", 200, null, path: Path($"GET {one}", id));
            await Refused($"GET {one}", null, 404, unknown, 77);
        }

        public async Task Put(string path, string body, long id)
        {
            var operation = $"PUT {path}";
            await Meet(operation, 422, "id_reserved", body, Path(operation, path == "/users/{id}" ? ReservedUserOrAward : Reserved));
            await Meet(operation, 201, null, body, Path(operation, id));
            await Meet(operation, 200, null, body, Path(operation, id));
            await Meet(operation, 412, "already_exists", body, Path(operation, id), headers: ("If-None-Match", "*"));
            await Meet(operation, 403, "forbidden", body, Path(operation, id), await laurel.Key(3, null));
        }

        /// <summary>What is documented and was not met, as <c>GET /laurel/v1/keys 403 forbidden</c>.</summary>
        public IEnumerable<string> Missed() =>
            (from operation in document.Operations
             from response in document.Operation(operation).GetProperty("responses").EnumerateObject()
             from code in Codes(document.Resolve(response.Value))
             select $"{operation} {response.Name} {code}").Except(_met);

        private static IEnumerable<string> Codes(JsonElement response)
        {
            if (!response.TryGetProperty("content", out var content) || !content.TryGetProperty("application/problem+json", out var problem))
            {
                return [""];
            }
            var code = problem.GetProperty("schema").GetProperty("allOf")[1].GetProperty("properties").GetProperty("code");
            return code.TryGetProperty("enum", out var several) ? several.EnumerateArray().Select(each => each.GetString()!) : [code.GetProperty("const").GetString()!];
        }
    }
}
