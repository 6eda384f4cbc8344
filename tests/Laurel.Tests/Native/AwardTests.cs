using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class AwardTests
{
    [Theory, EveryEngine]
    public async Task An_award_is_told_whole_and_asked_again_the_standing_one(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine, new ManualTime());
        await laurel.Badge(8, "\"perSubject\"");

        var made = (await laurel.Award(2, 8, ""","subject":"node:7","actionId":1125,"payload":{"a": [1, "ä"]},"awardedAt":"2023-03-17T12:00:00.5+03:00" """)).Is(201);
        var id = made.Json["award"]!["id"]!.GetValue<long>();
        var told = $$"""
            {"id":{{id}},"userId":2,"badgeId":8,"occasion":"s:node:7","awardedAt":"2023-03-17T09:00:00.5Z","source":"native","subject":"node:7",
             "actionId":1125,"payload":{"a":[1,"ä"]},"uid":null,"isClaimed":false,"claimedOn":null,"isBadged":false,"ruleId":null,"ruleRevision":null}
            """;

        made.Says($$"""{"award":{{told}},"created":true}""");
        (await laurel.Award(2, 8, ""","subject":"node:7","payload":2""")).Is(200).Says($$"""{"award":{{told}},"created":false}""");
        (await laurel.Get($"{Root}/users/2/awards/{id}")).Is(200).Says(told);
        (await laurel.Get($"{Root}/users/2/awards")).Is(200).Says($$"""{"items":[{{told}}],"next":null}""");
        (await laurel.Get($"{Root}/badges/8/awards")).Is(200).Says($$"""{"items":[{{told}}],"next":null}""");
    }

    [Theory]
    [InlineData(2, 77, "", 422, "unknown_badge")]
    [InlineData(77, 7, "", 422, "unknown_user")]
    [InlineData(-1, 7, "", 422, "unknown_user")]
    [InlineData(2, 8, "", 409, "disabled")]
    [InlineData(2, 9, "", 422, "occasion_missing")]
    [InlineData(2, 10, "", 422, "occasion_missing")]
    [InlineData(2, 7, ""","awardedAt":"2026-01-01T00:00:01Z" """, 422, "time_in_future")]
    [InlineData(2, 7, ""","awardedAt":"1969-12-31T23:59:59Z" """, 422, "invalid_time")]
    [InlineData(2, 9, ""","subject":"" """, 422, "invalid_subject")]
    [InlineData(2, 10, ""","actionId":0""", 422, "invalid_action")]
    [InlineData(2, 7, ""","payload":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]""", 422, "invalid_payload")]
    public async Task An_award_that_cannot_be_is_refused(long userId, long badgeId, string more, int status, string code)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite, new ManualTime());
        await laurel.Badge(8, more: ",\"enabled\":false");
        await laurel.Badge(9, "\"perSubject\"");
        await laurel.Badge(10, "\"perAction\"");
        (await laurel.Award(userId, badgeId, more)).IsProblem(status, code);
    }

    [Theory, EveryEngine]
    public async Task An_award_keeps_the_id_it_had_elsewhere(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine, new ManualTime());
        await laurel.Badge(8, more: ",\"claimable\":true");
        const string Body = """
            {"userId":2,"badgeId":8,"subject":"s","actionId":4,"payload":[1],"awardedAt":"2020-01-01T00:00:00Z",
             "uid":"0f8fad5b-d9cb-469f-a165-70867728950e","isClaimed":true,"claimedOn":"2020-01-02T00:00:00Z","isBadged":true}
            """;
        var told = (JsonObject)JsonNode.Parse(Body)!;
        (told["id"], told["occasion"], told["source"], told["ruleId"], told["ruleRevision"]) = (55, "", "import", null, null);

        (await laurel.Put($"{Root}/users/2/awards/55", Body)).Is(201).Says($$"""{"award":{{told.ToJsonString()}},"created":true}""");
        (await laurel.Put($"{Root}/users/2/awards/55", Body)).Is(200).Says($$"""{"award":{{told.ToJsonString()}},"created":false}""");
        var back = (JsonObject)(await laurel.Get($"{Root}/users/2/awards/55")).Is(200).Says(told.ToJsonString()).Json;
        foreach (var readOnly in new[] { "id", "occasion", "source", "ruleId", "ruleRevision" })
        {
            back.Remove(readOnly);
        }
        (await laurel.Put($"{Root}/users/2/awards/55", back.ToJsonString())).Is(200);
        (await laurel.Put($"{Root}/users/2/awards/56", """{"badgeId":8}""")).IsProblem(409, "occasion_held");
        // What a PUT does not say is as at first; the uid stays.
        var bare = (await laurel.Put($"{Root}/users/2/awards/55", """{"badgeId":8,"subject":"s","awardedAt":"2020-01-01T00:00:00Z"}""")).Is(200).Json["award"]!;
        Assert.Equal("0f8fad5b-d9cb-469f-a165-70867728950e", bare["uid"]!.GetValue<string>());
        Assert.False(bare["isClaimed"]!.GetValue<bool>());
        Assert.Null(bare["payload"]);
    }

    [Fact]
    public async Task An_import_that_cannot_be_is_refused()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var manager = await laurel.Key(1, null);
        (await laurel.Put($"{Root}/users/2/awards/55", """{"badgeId":7}""", manager)).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/users/2/awards/55", """{"userId":3,"badgeId":7}""")).IsProblem(422, "invalid", "userId");
        (await laurel.Put($"{Root}/users/2/awards/55", """{"badgeId":7,"uid":"x"}""")).IsProblem(422, "invalid", "uid");
        (await laurel.Put($"{Root}/users/2/awards/55", """{"badgeId":7,"isBadged":true}""")).IsProblem(422, "invalid", "isBadged");
        (await laurel.Put($"{Root}/users/2/awards/{1L << 40}", """{"badgeId":7}""")).IsProblem(422, "id_reserved", "id");
        (await laurel.Put($"{Root}/users/2/awards/0", """{"badgeId":7}""")).IsProblem(422, "id_reserved", "id");
        (await laurel.Put($"{Root}/users/77/awards/55", """{"badgeId":7}""")).IsProblem(404, "unknown_user");
        (await laurel.Put($"{Root}/users/2/awards/55", """{"badgeId":7}""")).Is(201);
        (await laurel.Send(HttpMethod.Put, $"{Root}/users/2/awards/55", """{"badgeId":7}""", TestServer.AdministratorKey, ("If-None-Match", "*")))
            .IsProblem(412, "already_exists");
    }

    [Theory, EveryEngine]
    public async Task Reset_can_be_earned_again_and_revoked_only_by_hand(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        async Task<long> Id(string more = "") => (await laurel.Award(2, 7, more)).Is(201).Json["award"]!["id"]!.GetValue<long>();

        var first = await Id();
        (await laurel.Delete($"{Root}/users/2/awards/{first}")).Is(204);
        (await laurel.Delete($"{Root}/users/2/awards/{first}")).IsProblem(404, "unknown_award");
        var second = await Id();
        (await laurel.Delete($"{Root}/users/2/awards/{second}?kind=forget")).IsProblem(400, "invalid", "kind");
        (await laurel.Delete($"{Root}/users/2/awards/{second}?reason={new string('x', 1001)}")).IsProblem(422, "invalid", "reason");
        (await laurel.Delete($"{Root}/users/2/awards/{second}?kind=revoke&reason=cheated")).Is(204);
        (await laurel.Award(2, 7)).IsProblem(409, "revoked");
        await Id(",\"manual\":true");
        Assert.StartsWith("m:", (await laurel.Award(2, 7, ",\"manual\":true")).Is(201).Json["award"]!["occasion"]!.GetValue<string>());
    }

    [Theory, EveryEngine]
    public async Task Lists_are_walked_by_cursor_each_award_once(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        await laurel.Badge(8, "\"perSubject\"");
        for (var i = 0; i < 25; i++)
        {
            (await laurel.Award(2 + (i % 2), 8, $",\"subject\":\"{new string('ж', 200)}{i}\",\"awardedAt\":\"2020-01-01T00:00:{i / 2:00}Z\"")).Is(201);
        }

        Assert.Equal(13, await Walk($"{Root}/users/2/awards?limit=5"));
        Assert.Equal(25, await Walk($"{Root}/badges/8/awards?limit=4"));
        Assert.Equal(2, await Walk($"{Root}/badges?limit=1"));
        Assert.Equal(3, await Walk($"{Root}/users?limit=2"));

        async Task<int> Walk(string path)
        {
            var seen = new HashSet<long>();
            for (string? next = ""; next is not null;)
            {
                var page = (await laurel.Get(next.Length == 0 ? path : $"{path}&cursor={next}")).Is(200);
                Assert.All(page.Json["items"]!.AsArray(), item => Assert.True(seen.Add(item!["id"]!.GetValue<long>())));
                next = page.Text("next");
            }
            return seen.Count;
        }
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("limit=99999999999999999999", "limit")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=AAAA", "cursor")]
    public async Task A_page_that_cannot_be_is_refused(string query, string field)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        foreach (var list in new[] { "users/1/awards", "badges/7/awards", "badges", "issuers", "places", "users", "keys" })
        {
            (await laurel.Get($"{Root}/{list}?{query}")).IsProblem(400, "invalid", field);
        }
    }

    [Theory, EveryEngine]
    public async Task A_cursor_is_good_for_its_own_list_only(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        var next = (await laurel.Get($"{Root}/users?limit=1")).Text("next");
        (await laurel.Get($"{Root}/issuers?cursor={next}")).IsProblem(400, "invalid", "cursor");
        (await laurel.Get($"{Root}/users/77/awards")).IsProblem(404, "unknown_user");
        (await laurel.Get($"{Root}/badges/77/awards")).IsProblem(404, "unknown_badge");
        (await laurel.Get($"{Root}/badges?issuerId=x")).IsProblem(400, "invalid", "issuerId");
    }

    [Theory, EveryEngine]
    public async Task Visits_are_counted_once_a_day_and_user(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        var answer = (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":2}""")).Is(204);
        Assert.Equal("", answer.Body);
        (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":2}""")).Is(204);
        (await laurel.Post($"{Root}/visits", """{"issuerId":101,"userId":2}""")).IsProblem(422, "unknown_issuer", "issuerId");
        (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":77}""")).IsProblem(422, "unknown_user", "userId");
        (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":2,"at":"9999-01-01T00:00:00Z"}""")).IsProblem(422, "invalid", "at");
        (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":2}""", await laurel.Key(2, null))).IsProblem(403, "forbidden");
    }
}
