using Laurel.Core;
using Laurel.Core.Awards;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>What the reading calls answer, byte for byte. Contract: docs/dialects/roblox.md#badges and #users</summary>
public sealed class ReadingTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    private const string NoStatistics = "\"statistics\":{\"pastDayAwardedCount\":0,\"awardedCount\":0,\"winRatePercentage\":0}";

    private const string Bare =
        "{\"id\":701,\"name\":\"Bare\",\"description\":null,\"displayName\":\"Bare\",\"displayDescription\":null,\"enabled\":true,"
        + "\"iconImageId\":0,\"displayIconImageId\":0,\"created\":\"2022-03-08T08:32:52.703+00:00\",\"updated\":\"2026-01-01T00:00:00.000+00:00\",";

    private const string Game = "\"awardingUniverse\":{\"id\":5000,\"name\":\"Blox \\\"Fruits\\\" \\uD83C\\uDF4E\",\"rootPlaceId\":50000}}";

    private static string SecondSea(string displayName, string displayDescription, long icon) =>
        "{\"id\":700,\"name\":\"Second Sea\",\"description\":\"Reach the <Second> Sea & \\\"win\\\".\","
        + $"\"displayName\":\"{displayName}\",\"displayDescription\":\"{displayDescription}\",\"enabled\":true,"
        + $"\"iconImageId\":9043500281,\"displayIconImageId\":{icon},"
        + "\"created\":\"2022-03-08T08:32:52.703+00:00\",\"updated\":\"2022-03-08T08:32:53.703+00:00\"," + NoStatistics + ","
        + Game;

    [Fact]
    public async Task A_badge_has_every_field_in_its_place()
    {
        (await roblox.Get("/v1/badges/700")).Is(200, SecondSea("Second Sea", "Reach the <Second> Sea & \\\"win\\\".", 9043500281));
        (await roblox.Get("/v1/badges/701")).Is(200, Bare + NoStatistics + "," + Game);
    }

    [Theory]
    [InlineData("ar-EG, en;q=0.5", "البحر الثاني", "وصف", 77)]
    [InlineData("fr", "Deuxième mer", "Reach the <Second> Sea & \\\"win\\\".", 9043500281)]
    [InlineData("ja", "Second Sea", "Reach the <Second> Sea & \\\"win\\\".", 9043500281)]
    [InlineData("ja;q=x,,;;", "Second Sea", "Reach the <Second> Sea & \\\"win\\\".", 9043500281)]
    public async Task Display_texts_follow_the_readers_language(string wish, string name, string description, long icon) =>
        (await roblox.Get("/v1/badges/700", ("Accept-Language", wish))).Is(200, SecondSea(name, description, icon));

    [Theory]
    [InlineData("text/json", "text/json; charset=utf-8")]
    [InlineData("text/json, application/json", "text/json; charset=utf-8")]
    [InlineData("application/json, text/json;q=0.9", "application/json; charset=utf-8")]
    [InlineData("application/json;q=0.1, text/json", "text/json; charset=utf-8")]
    [InlineData("*/*", "application/json; charset=utf-8")]
    [InlineData("text/json;q=0", "application/json; charset=utf-8")]
    [InlineData("text/html", "application/json; charset=utf-8")]
    [InlineData("text/json;;q=,,/", "application/json; charset=utf-8")]
    public async Task An_answer_has_the_media_type_the_client_prefers(string accept, string type)
    {
        Assert.Equal(type, (await roblox.Get("/v1/badges/700", ("Accept", accept))).Type);
        var missing = await roblox.Get("/v1/badges/1", ("Accept", accept));
        Assert.Equal((404, type, Errors.Badge), (missing.Status, missing.Type, missing.Body));
        Assert.Equal(type, (await roblox.Get("/v1/badges/x", ("Accept", accept))).Type);
    }

    [Fact]
    public async Task A_users_badges_name_their_awarder_and_creator()
    {
        var user = await roblox.NewUser();
        var badge = await roblox.NewBadge(draft => draft with { IssuerId = RobloxBed.OtherUniverse, Creator = new(Core.Issuers.CreatorType.Group, 9), CreatedAt = 0, UpdatedAt = 999_999 });
        var nobodys = await roblox.NewBadge(draft => draft with { Creator = new(Core.Issuers.CreatorType.User, RobloxBed.Creator), CreatedAt = 0, UpdatedAt = 1_000_000 });
        await roblox.Award(user, badge, at: 1_605_466_290_604_064);
        await roblox.Award(user, nobodys, at: 1_605_466_290_604_065);

        (await roblox.Get($"/v1/users/{user}/badges?limit=10&sortOrder=aSC&cursor=&unknown=1")).Is(200,
            "{\"previousPageCursor\":null,\"nextPageCursor\":null,\"data\":["
            + $"{{\"id\":{badge},\"name\":\"Badge {badge}\",\"description\":\"About {badge}\",\"displayName\":\"Badge {badge}\",\"displayDescription\":\"About {badge}\","
            + "\"enabled\":true,\"iconImageId\":0,\"displayIconImageId\":0,\"created\":\"1970-01-01T00:00:00.000+00:00\",\"updated\":\"1970-01-01T00:00:00.999+00:00\","
            + "\"statistics\":{\"pastDayAwardedCount\":0,\"awardedCount\":1,\"winRatePercentage\":0},"
            + "\"awarder\":{\"id\":60000,\"type\":\"Place\",\"name\":\"Other\"},\"creator\":{\"id\":9,\"name\":\"Guild\",\"type\":\"Group\"}},"
            + $"{{\"id\":{nobodys},\"name\":\"Badge {nobodys}\",\"description\":\"About {nobodys}\",\"displayName\":\"Badge {nobodys}\",\"displayDescription\":\"About {nobodys}\","
            + "\"enabled\":true,\"iconImageId\":0,\"displayIconImageId\":0,\"created\":\"1970-01-01T00:00:00.000+00:00\",\"updated\":\"1970-01-01T00:00:01.000+00:00\","
            + "\"statistics\":{\"pastDayAwardedCount\":0,\"awardedCount\":1,\"winRatePercentage\":0},"
            + "\"awarder\":{\"id\":50000,\"type\":\"Place\",\"name\":\"Blox \\\"Fruits\\\" \\uD83C\\uDF4E\"},\"creator\":{\"id\":100,\"name\":\"maker\",\"type\":\"User\"}}]}");
        (await roblox.Get($"/v1/users/{user}/badges/{badge}/awarded-date")).Is(200,
            $"{{\"badgeId\":{badge},\"awardedDate\":\"2020-11-15T18:51:30.604064Z\"}}");
    }

    [Fact]
    public async Task A_universes_badges_are_the_same_in_both_versions()
    {
        var universe = await roblox.NewUniverse();
        var badge = await roblox.NewBadge(draft => draft with { IssuerId = universe, CreatedAt = 0, UpdatedAt = 0 });
        var expected = "{\"previousPageCursor\":null,\"nextPageCursor\":null,\"data\":["
            + $"{{\"id\":{badge},\"name\":\"Badge {badge}\",\"description\":\"About {badge}\",\"displayName\":\"Badge {badge}\",\"displayDescription\":\"About {badge}\","
            + "\"enabled\":true,\"iconImageId\":0,\"displayIconImageId\":0,\"created\":\"1970-01-01T00:00:00.000+00:00\",\"updated\":\"1970-01-01T00:00:00.000+00:00\","
            + $"{NoStatistics},\"awardingUniverse\":{{\"id\":{universe},\"name\":\"Universe {universe}\",\"rootPlaceId\":{universe}}}}}]}}";

        (await roblox.Get($"/v1/universes/{universe}/badges")).Is(200, expected);
        (await roblox.Get($"/v2/universes/{universe}/badges?limit=&sortOrder=")).Is(200, expected);
    }

    [Fact]
    public async Task Small_answers_are_exact()
    {
        var user = await roblox.NewUser();
        (await roblox.Get("/v1/badges/metadata")).Is(200, """{"badgeCreationPrice":100,"maxBadgeNameLength":50,"maxBadgeDescriptionLength":1000}""");
        (await roblox.Get("/v1/universes/5000/free-badges-quota")).Is(200, "5");
        (await roblox.Get($"/v1/users/{user}/badges")).Is(200, """{"previousPageCursor":null,"nextPageCursor":null,"data":[]}""");
        (await roblox.Get($"/v1/users/{user}/badges/awarded-dates?badgeIds=700")).Is(200, """{"data":[]}""");
        var none = await roblox.Get($"/v1/users/{user}/badges/700/awarded-date");
        Assert.Equal((204, "", null), (none.Status, none.Body, none.Type));
        Assert.Equal(204, (await roblox.Get($"/v1/users/{user}/badges/1/awarded-date")).Status);
        Assert.Equal(204, (await roblox.Get($"/v1/users/{user}/badges/0/awarded-date")).Status);
    }

    public static TheoryData<string, string> OfNothing()
    {
        var rows = new TheoryData<string, string>();
        foreach (var id in new[] { "0", "-1", "-0", "1", "99999999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775809", new string('9', 300), "00000000000000000000000000001" })
        {
            rows.Add($"/v1/badges/{id}", Errors.Badge);
            rows.Add($"/v1/universes/{id}/badges", Errors.Universe);
            rows.Add($"/v2/universes/{id}/badges", Errors.Universe);
            rows.Add($"/v1/universes/{id}/free-badges-quota", Errors.Universe);
            rows.Add($"/v1/users/{id}/badges", Errors.User);
            rows.Add($"/v1/users/{id}/badges/awarded-dates?badgeIds=1", Errors.User);
            rows.Add($"/v1/users/{id}/badges/700/awarded-date", Errors.User);
        }
        return rows;
    }

    [Theory, MemberData(nameof(OfNothing))]
    public async Task An_id_of_nothing_is_the_endpoints_own_404(string path, string error) => (await roblox.Get(path)).Is(404, error);

    [Theory]
    [InlineData("/v1/badges/{0}")]
    [InlineData("/v1/universes/{0}/badges")]
    [InlineData("/v2/universes/{0}/badges")]
    [InlineData("/v1/universes/{0}/free-badges-quota")]
    [InlineData("/v1/users/{0}/badges")]
    [InlineData("/v1/users/{0}/badges/awarded-dates?badgeIds=1")]
    [InlineData("/v1/users/{0}/badges/700/awarded-date")]
    [InlineData("/v1/users/102/badges/{0}/awarded-date")]
    public async Task What_is_no_integer_is_no_route(string path)
    {
        foreach (var id in new[] { "x", "1x", "1.0", "%2B1", "1e3", "0x1", "%20", "1%20", "٣", "--1", "-", "null" })
        {
            (await roblox.Get(string.Format(path, id))).Is(404, Errors.NotFound);
        }
    }

    [Theory]
    [InlineData("badgeIds=706,707")]
    [InlineData("badgeIds=706%2C707")]
    [InlineData("badgeIds=706&badgeIds=707")]
    [InlineData("badgeIds[]=706&badgeIds[]=707")]
    [InlineData("badgeIds=706&badgeIds=707,706,5,-3,9223372036854775808")]
    [InlineData("badgeids=%20706,%20707")]
    public async Task Awarded_dates_take_every_spelling_of_a_list(string query)
    {
        var user = await roblox.NewUser();
        await roblox.Award(user, 706, at: 1_605_466_290_604_060);
        await roblox.Award(user, 707, at: 1_000_000);
        (await roblox.Get($"/v1/users/{user}/badges/awarded-dates?{query}")).Is(200,
            """{"data":[{"badgeId":706,"awardedDate":"2020-11-15T18:51:30.604060Z"},{"badgeId":707,"awardedDate":"1970-01-01T00:00:01.000000Z"}]}""");
    }

    [Fact]
    public async Task Awarded_dates_answer_in_the_order_asked()
    {
        var user = await roblox.NewUser();
        await roblox.Award(user, 706, at: 0);
        await roblox.Award(user, 707, at: 0);
        Assert.StartsWith("{\"data\":[{\"badgeId\":707,", (await roblox.Get($"/v1/users/{user}/badges/awarded-dates?badgeIds=707,706,707")).Body);
        Assert.StartsWith("{\"data\":[{\"badgeId\":707,", (await roblox.Get($"/v1/users/{user}/badges/awarded-dates?badgeIds=707,1,2,3,4,5,6,706")).Body);
    }

    [Theory]
    [InlineData("")]
    [InlineData("badgeIds=")]
    [InlineData("badgeIds=,")]
    [InlineData("badgeIds=700,")]
    [InlineData("badgeIds=x")]
    [InlineData("badgeIds=1.5")]
    [InlineData("badgeIds=1;2")]
    [InlineData("badgeIds[]=")]
    [InlineData("ids=1")]
    public async Task Awarded_dates_need_integers(string query) =>
        (await roblox.Get($"/v1/users/102/badges/awarded-dates?{query}")).Is(400, Errors.BadgeIds);

    [Fact]
    public async Task A_hundred_badge_ids_are_counted_before_repetition_is_looked_at()
    {
        Assert.Equal(200, (await roblox.Get($"/v1/users/102/badges/awarded-dates?badgeIds={string.Join(',', Enumerable.Repeat(700, 100))}")).Status);
        (await roblox.Get($"/v1/users/102/badges/awarded-dates?badgeIds={string.Join(',', Enumerable.Repeat(700, 101))}")).Is(400, Errors.TooManyBadges);
        (await roblox.Get($"/v1/users/102/badges/awarded-dates?{string.Join('&', Enumerable.Repeat("badgeIds=1", 101))}")).Is(400, Errors.TooManyBadges);
        (await roblox.Get($"/v1/users/0/badges/awarded-dates?badgeIds={string.Join(',', Enumerable.Range(1, 101))}")).Is(400, Errors.TooManyBadges);
    }

    [Fact]
    public async Task A_repeatable_badge_shows_once_dated_by_its_earliest_award()
    {
        var user = await roblox.NewUser();
        await roblox.Award(user, RobloxBed.RepeatableBadge, at: 5_000_000);
        await roblox.Award(user, RobloxBed.RepeatableBadge, at: 3_000_000);
        await roblox.Award(user, 707, at: 4_000_000);

        var page = await roblox.Get($"/v1/users/{user}/badges");
        Assert.Equal([705, 707], Ids(page.Body));
        const string Date = """{"badgeId":705,"awardedDate":"1970-01-01T00:00:03.000000Z"}""";
        (await roblox.Get($"/v1/users/{user}/badges/705/awarded-date")).Is(200, Date);
        (await roblox.Get($"/v1/users/{user}/badges/awarded-dates?badgeIds=705")).Is(200, $"{{\"data\":[{Date}]}}");
        Assert.Contains("\"awardedCount\":2", (await roblox.Get("/v1/badges/705")).Body);
    }

    [Fact]
    public async Task A_hidden_badge_shows_its_face_to_managers_and_with_a_claimed_award()
    {
        const string Masked = "{\"id\":704,\"name\":\"???\",\"description\":\"\",\"displayName\":\"???\",\"displayDescription\":\"\",\"enabled\":true,\"iconImageId\":0,\"displayIconImageId\":0,";
        const string Shown = "{\"id\":704,\"name\":\"Secret\",\"description\":\"Shh\",\"displayName\":\"Secret\",\"displayDescription\":\"Shh\",\"enabled\":true,\"iconImageId\":55,\"displayIconImageId\":55,";
        var user = await roblox.NewUser();
        var award = await roblox.Award(user, RobloxBed.HiddenBadge);
        string[] paths = ["/v1/badges/704", "/v1/universes/5000/badges?limit=100", "/v2/universes/5000/badges?limit=100", $"/v1/users/{user}/badges"];
        foreach (var path in paths)
        {
            Assert.Contains(Masked, (await roblox.Get(path)).Body);
            Assert.Contains(Masked, (await roblox.Send("GET", path, bearer: roblox.StrangerKey)).Body);
            Assert.Contains(Masked, (await roblox.Send("GET", path, cookie: "laurel_wrong")).Body);
            Assert.Contains(Shown, (await roblox.Send("GET", path, bearer: roblox.ManagerKey)).Body);
            Assert.Contains(Shown, (await roblox.Send("GET", path, cookie: roblox.CreatorKey)).Body);
        }

        var claim = new AwardClaim(Guid.NewGuid().ToString(), IsClaimed: true, ClaimedAt: 1, IsWorn: false, IsActive: true, null, null, null, 1, 1, null);
        var claimed = await roblox.Server.Core.Awarding.Import(
            award.Id, new AwardRequest(user, RobloxBed.HiddenBadge, AwardSource.Native) { AwardedAt = award.AwardedAt }, claim, default);
        Assert.Null(claimed.Refusal);
        Assert.Contains(Shown, (await roblox.Get(paths[3])).Body);
        Assert.Contains(Masked, (await roblox.Get(paths[0])).Body);
    }

    [Theory]
    [InlineData("/v1/badges/700")]
    [InlineData("/v1/badges/metadata")]
    [InlineData("/v1/users/102/badges")]
    [InlineData("/v1/universes/5000/badges")]
    [InlineData("/v1/users/102/badges/awarded-dates?badgeIds=1")]
    [InlineData("/v1/universes/5000/free-badges-quota")]
    public async Task What_clients_add_to_a_reading_call_does_not_matter(string path)
    {
        var plain = await roblox.Get(path);
        var dressed = await roblox.Get(path + (path.Contains('?') ? "&" : "?") + "_=123&x[]=%20&cursor=",
            ("x-csrf-token", "undefined"), ("User-Agent", "Roblox/WinInet"),
            ("Cookie", "RBXEventTrackerV2=CreateDate=11/22/2020 3:04:05 PM&rbxid=1|2:3; GuestData=UserID=-1; .ROBLOSECURITY=_|WARNING:-DO-NOT-SHARE-THIS.--x.|_bad; a"));
        Assert.Equal((200, plain.Body), (dressed.Status, dressed.Body));
    }

    [Fact]
    public async Task The_win_rate_is_a_fraction_of_the_past_days_visitors()
    {
        var universe = await roblox.NewUniverse();
        var badge = await roblox.NewBadge(draft => draft with { IssuerId = universe });
        var users = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            users.Add(await roblox.NewUser());
            Assert.Null(await roblox.Server.Core.Awarding.Visit(universe, users[i], null, default));
        }
        Assert.Contains("\"awardedCount\":0,\"winRatePercentage\":0}", (await roblox.Get($"/v1/badges/{badge}")).Body);
        Assert.Equal(200, (await roblox.AwardFromPlace(users[0], badge, $"{universe}")).Status);
        Assert.Contains("{\"pastDayAwardedCount\":1,\"awardedCount\":1,\"winRatePercentage\":0.333}", (await roblox.Get($"/v1/badges/{badge}")).Body);
        Assert.Equal(200, (await roblox.AwardFromPlace(users[1], badge, $"{universe}")).Status);
        Assert.Contains("\"winRatePercentage\":0.667}", (await roblox.Get($"/v1/badges/{badge}")).Body);
        // An award is a visit; those that are none, made by others, cannot lift the rate above 1.
        Assert.Equal(200, (await roblox.AwardFromPlace(await roblox.NewUser(), badge, $"{universe}")).Status);
        Assert.Contains("{\"pastDayAwardedCount\":3,\"awardedCount\":3,\"winRatePercentage\":0.75}", (await roblox.Get($"/v1/badges/{badge}")).Body);
        for (var i = 0; i < 3; i++)
        {
            await roblox.Award(await roblox.NewUser(), badge);
        }
        Assert.Contains("{\"pastDayAwardedCount\":6,\"awardedCount\":6,\"winRatePercentage\":1}", (await roblox.Get($"/v1/badges/{badge}")).Body);
        await roblox.Award(await roblox.NewUser(), badge, at: roblox.Time.Micros() - (2 * Clock.Day));
        Assert.Contains("{\"pastDayAwardedCount\":6,\"awardedCount\":7,", (await roblox.Get($"/v1/badges/{badge}")).Body);
    }

    internal static List<long> Ids(string page) =>
        [.. System.Text.Json.JsonElement.Parse(page).GetProperty("data").EnumerateArray().Select(badge => badge.GetProperty("id").GetInt64())];
}
