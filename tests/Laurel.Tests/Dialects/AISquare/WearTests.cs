using System.Text;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Dialects.AISquare.AISquareBed;

namespace Laurel.Tests.Dialects.AISquare;

public sealed class WearTests
{
    [Theory, EveryEngine]
    public async Task The_whole_reward_is_answered_field_by_field_in_the_order_of_the_schema(Engine engine)
    {
        await using var laurel = await Start(engine, options => options with { PublicUrl = new Uri("https://badges.example.com") });
        var key = await laurel.Key(Ada, null);

        var answer = (await laurel.Patch(1, "{}", key)).Is(200);

        Assert.Equal("application/json", answer.ContentType);
        Assert.Equal("""
            {"id":1,"reward":{"id":10,"rarity":"3","uid":"0f8fad5b-d9cb-469f-a165-70867728950e","created_at":"2024-01-02T03:04:05.678901Z","updated_at":"2024-02-03T04:05:06.000000Z","deleted_at":null,"is_active":true,"created_by":"studio","updated_by":"ann","deleted_by":null,"name":"Early Bird","description":"Was here first.","image":"https://badges.example.com/media/images/badge-10.svg","badge":"https://badges.example.com/media/images/badge-10.svg","cost":25,"hidden_until_claimed":false},"user":{"id":1,"username":"ada","email":"ada@example.com","full_name":"Ada L.","is_verified":true,"details":[{"profile_picture":"https://example.com/ada.png","bio":"Counts.","country":null,"phone":"+44 1","linkedin_url":null,"github_url":"https://example.com/ada","twitter_url":null,"website_url":null,"top_domain_elo":1512.5,"top_domain_rank":3}],"followers_count":42},"uid":"7c9e6679-7425-40de-944b-e07fc1f90ae7","created_at":"2024-03-04T05:06:07.000008Z","updated_at":"2026-11-22T08:30:00.000000Z","deleted_at":null,"is_active":true,"created_by":null,"updated_by":"1","deleted_by":null,"is_claimed":true,"is_badged":true,"claimed_on":"2024-03-05T00:00:00.000000Z"}
            """, answer.Body);
        var told = (await laurel.Get($"{Root}/users/1/awards/1")).Is(200);
        Assert.True(told.Json["isBadged"]!.GetValue<bool>());
        // What the native API tells of a worn award can be put back.
        (await laurel.Put($"{Root}/users/1/awards/1", Puttable(told))).Is(200);
    }

    [Theory, EveryEngine]
    public async Task An_award_that_needs_no_claim_can_be_worn_and_its_uid_stays(Engine engine)
    {
        await using var laurel = await Start(engine);
        var key = await laurel.Key(Ada, null);
        var awarded = (await laurel.Post($"{Root}/awards", $$"""{"userId":2,"badgeId":{{Gift}}}""")).Is(201);
        Assert.False(awarded.Json["award"]!["isClaimed"]!.GetValue<bool>());

        var first = (await laurel.Patch(3, """{"is_badged":false}""", key)).Is(200);
        var second = (await laurel.Patch(3, "{}", key)).Is(200);

        Assert.True(first.Json["is_claimed"]!.GetValue<bool>());
        Assert.Equal("2024-03-04T00:00:00.000000Z", first.Text("claimed_on"));
        Assert.False(first.Json["is_badged"]!.GetValue<bool>());
        Assert.True(second.Json["is_badged"]!.GetValue<bool>());
        Assert.Equal(first.Text("uid"), second.Text("uid"));
        (await laurel.Put($"{Root}/users/1/awards/3", Puttable((await laurel.Get($"{Root}/users/1/awards/3")).Is(200)))).Is(200);
        (await laurel.Post($"{Root}/users/1/awards/3/unwear", "", key)).Is(200);
        Assert.False((await laurel.Get($"{Root}/users/1/awards/3")).Json["isBadged"]!.GetValue<bool>());
    }

    [Theory, EveryEngine]
    public async Task A_reward_is_claimed_with_points_before_it_is_worn(Engine engine)
    {
        await using var laurel = await Start(engine);
        var key = await laurel.Key(Ada, null);
        const string NotClaimed = """{"is_badged":["A reward must be claimed before it can be worn as a badge."]}""";
        (await laurel.Patch(2, "{}", key)).IsError(400, NotClaimed);
        var hidden = (await laurel.Patch(2, """{"is_badged":false}""", key)).Is(200);
        Assert.Equal(("???", "", false), (hidden.Json["reward"]!["name"]!.ToString(), hidden.Json["reward"]!["description"]!.ToString(), hidden.Json["is_claimed"]!.GetValue<bool>()));
        Assert.EndsWith("/media/images/hidden.svg", hidden.Json["reward"]!["image"]!.ToString());
        Assert.DoesNotContain("Goose", hidden.Body);

        (await laurel.Post($"{Root}/users/1/awards/2/claim", "", key)).IsProblem(409, "not_enough_points");
        (await laurel.Post($"{Root}/users/1/points", """{"delta":7,"reason":"Welcome"}""")).Is(201);
        (await laurel.Post($"{Root}/users/1/awards/2/claim", "", key)).Is(200);
        (await laurel.Post($"{Root}/users/1/awards/2/claim", "{}", key)).Is(200);
        Assert.Equal(2, (await laurel.Get($"{Root}/users/1/points", key)).Is(200).Json["balance"]!.GetValue<long>());
        var entries = (await laurel.Get($"{Root}/users/1/points/entries?limit=1", key)).Is(200);
        Assert.Equal("Welcome", entries.Json["items"]![0]!["reason"]!.GetValue<string>());
        var paid = (await laurel.Get($"{Root}/users/1/points/entries?limit=1&cursor={entries.Text("next")}", key)).Is(200).Json["items"]![0]!;
        Assert.Equal((-5, 2, 2), (paid["delta"]!.GetValue<int>(), paid["awardId"]!.GetValue<int>(), paid["balance"]!.GetValue<int>()));

        var worn = (await laurel.Patch(2, "{}", key)).Is(200);
        Assert.Equal("Golden Goose", worn.Json["reward"]!["name"]!.ToString());
        Assert.True(worn.Json["is_badged"]!.GetValue<bool>());
    }

    // What each of the reference's samples sends.
    [Theory]
    [InlineData("application/json", "{}")]
    [InlineData("application/json; charset=utf-8", "{}")]
    [InlineData("application/json", "[] is no request of theirs")]
    public async Task The_samples_requests_wear_it(string type, string body)
    {
        await using var laurel = await Start();
        var key = await laurel.Key(Ada, null);
        if (body != "{}")
        {
            // One sample's empty list of parameters, as its language would print it.
            (await laurel.Patch(1, "[]", type, key)).IsError(400, """{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}""");
            return;
        }
        foreach (var path in new[] { "/api/v1/rewards/1/badge/", "/api/v1/rewards/1/badge" })
        {
            var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            var answer = (await laurel.Send(HttpMethod.Patch, path, content, key)).Is(200);
            Assert.True(answer.Json["is_badged"]!.GetValue<bool>());
            Assert.StartsWith(laurel.Address.ToString(), answer.Json["reward"]!["image"]!.ToString());
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("{}", true)]
    [InlineData("""{"id":99,"user":7,"reward":null,"uid":"x","created_by":[],"is_claimed":false,"claimed_on":"never","unknown":{"is_badged":false}}""", true)]
    [InlineData("""{"is_badged":true}""", true)]
    [InlineData("""{"is_badged":false}""", false)]
    [InlineData("""{"is_badged":"true"}""", true)]
    [InlineData("""{"is_badged":"False"}""", false)]
    [InlineData("""{"is_badged":"yes"}""", true)]
    [InlineData("""{"is_badged":"off"}""", false)]
    [InlineData("""{"is_badged":1}""", true)]
    [InlineData("""{"is_badged":1.0}""", true)]
    [InlineData("""{"is_badged":0}""", false)]
    [InlineData("""{"is_badged":-0.0}""", false)]
    [InlineData("""{"is_badged":"0"}""", false)]
    [InlineData("""{"is_badged":true,"is_badged":false}""", false)]
    [InlineData("""{"Is_Badged":false}""", true)]
    public async Task Only_is_badged_counts(string body, bool worn)
    {
        await using var laurel = await Start();
        var key = await laurel.Key(Ada, null);
        await laurel.Patch(1, worn ? """{"is_badged":false}""" : "{}", key);

        var answer = (await laurel.Patch(1, body, key)).Is(200);

        Assert.Equal((1, worn, true), (answer.Json["id"]!.GetValue<int>(), answer.Json["is_badged"]!.GetValue<bool>(), answer.Json["is_claimed"]!.GetValue<bool>()));
        Assert.Equal(worn, (await laurel.Get($"{Root}/users/1/awards/1")).Json["isBadged"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Several_rewards_may_be_worn_and_asking_again_changes_nothing()
    {
        await using var laurel = await Start();
        var key = await laurel.Key(Ada, null);
        var first = (await laurel.Patch(1, "{}", key)).Is(200);
        (await laurel.Patch(3, "{}", key)).Is(200);
        Assert.Equal(first.Body, (await laurel.Patch(1, "{}", key)).Is(200).Body);
    }

    [Fact]
    public async Task Words_come_in_the_readers_language()
    {
        await using var laurel = await Start();
        var key = await laurel.Key(Ada, null);
        var arabic = (await laurel.Patch(1, "{}", key, ("Accept-Language", "ar-SA, en;q=0.5"))).Is(200);
        Assert.Equal(("الطائر المبكر", "Was here first."), (arabic.Json["reward"]!["name"]!.ToString(), arabic.Json["reward"]!["description"]!.ToString()));
        Assert.Equal("Early Bird", (await laurel.Patch(1, "{}", key, ("Accept-Language", "fr"))).Is(200).Json["reward"]!["name"]!.ToString());
    }

    [Fact]
    public async Task A_user_without_a_record_worth_the_name_is_told_all_the_same()
    {
        await using var laurel = await Start();
        var user = (await laurel.Patch(5, "{}", await laurel.Key(Bob, null))).Is(200).Json["user"]!;
        Assert.Equal(
            """{"id":2,"username":"bob","email":"","full_name":"","is_verified":false,"details":[{"profile_picture":null,"bio":null,"country":null,"phone":null,"linkedin_url":null,"github_url":null,"twitter_url":null,"website_url":null,"top_domain_elo":0,"top_domain_rank":0}],"followers_count":0}""",
            user.ToJsonString());
    }

    private static string Puttable(Answer told)
    {
        var json = told.Json.AsObject();
        foreach (var readOnly in new[] { "id", "occasion", "source", "ruleId", "ruleRevision" })
        {
            json.Remove(readOnly);
        }
        return json.ToJsonString();
    }
}
