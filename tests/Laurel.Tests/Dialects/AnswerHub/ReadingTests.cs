using System.Text.Json.Nodes;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.AnswerHub;

/// <summary>Award types and what users were awarded. Contract: docs/dialects/answerhub.md#reading</summary>
public sealed class ReadingTests(AnswerHubBed hub) : IClassFixture<AnswerHubBed>
{
    private const string Native = "/laurel/v1";

    [Fact]
    public async Task An_award_type_field_by_field()
    {
        (await hub.Server.Put($"{Native}/badges/514", """
            {"issuerId":900,"texts":{"en":{"name":"Good Question","description":"Question voted up 5 times"}},"recurrence":"perSubject","level":"silver",
             "recognises":["UserEditAction"],"createdAt":"2018-11-21T05:51:05Z"}
            """)).Is(201);
        Assert.Equal(
            """{"id":514,"creationDate":1542779465000,"creationDateFormatted":"11/21/2018 05:51 AM","name":"Good Question","description":"Question voted up 5 times","active":true,"level":"silver","mode":"per_node"}""",
            (await hub.Get("/award/514.json")).Is(200).Body);
    }

    [Fact]
    public async Task An_award_type_with_little_to_tell()
    {
        var badge = await hub.NewBadge(draft => draft with
        {
            Enabled = false,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new("\"Ünique\" <b> شارة", null) },
            CreatedAt = 1_700_000_123_456_789,
        });
        Assert.Equal(
            $$"""{"id":{{badge}},"creationDate":1700000123456,"creationDateFormatted":"11/14/2023 10:15 PM","name":"\"Ünique\" <b> شارة","description":"","active":false,"level":null,"mode":"once"}""",
            (await hub.Get($"/award/{badge}.json")).Is(200).Body);
    }

    [Theory, EveryEngine]
    public async Task Award_types_are_listed_newest_first_in_pages(Engine engine)
    {
        await using var laurel = await TestServer.Start(engine);
        Task<Answer> Page(string query) => laurel.Get($"/services/v2/award.json{query}", key: null);
        (await Page("")).Is(200).Says("""{"name":"","sort":"creationDate","page":1,"pageSize":15,"pageCount":0,"listCount":0,"totalCount":0,"list":[]}""");

        (await laurel.Put($"{Native}/issuers/900", """{"name":"A"}""")).Is(201);
        (await laurel.Put($"{Native}/issuers/901", """{"name":"B"}""")).Is(201);
        for (var id = 1; id <= 47; id++)
        {
            // Two a second, of two issuers.
            (await laurel.Put($"{Native}/badges/{id}", $$$"""{"issuerId":{{{900 + (id % 2)}}},"texts":{"en":{"name":"B"}},"createdAt":"2020-01-01T00:00:{{{id / 2:00}}}Z"}""")).Is(201);
        }
        var newest = Enumerable.Range(1, 47).Reverse().Select(id => (long)id).ToList();
        var first = (await Page("")).Is(200).Json;
        Assert.Equal("""{"name":"","sort":"creationDate","page":1,"pageSize":15,"pageCount":4,"listCount":15,"totalCount":47}""", Envelope(first));
        Assert.Equal(newest[..15], Ids(first));
        var last = (await Page("?page=4&sort=creationDate")).Is(200).Json;
        Assert.Equal("""{"name":"","sort":"creationDate","page":4,"pageSize":15,"pageCount":4,"listCount":2,"totalCount":47}""", Envelope(last));
        Assert.Equal([2, 1], Ids(last));
        Assert.Equal(newest[40..], Ids((await Page("?pageSize=20&page=3")).Json));
        Assert.Equal(newest, Ids((await Page("?pageSize=200&page=&sort=")).Json));
        foreach (var beyond in new[] { "5", "2147483647" })
        {
            Assert.Equal($$"""{"name":"","sort":"creationDate","page":{{beyond}},"pageSize":15,"pageCount":4,"listCount":0,"totalCount":47}""", Envelope((await Page($"?page={beyond}")).Is(200).Json));
        }

        // What changes shows at once.
        (await laurel.Put($"{Native}/badges/1", """{"issuerId":900,"texts":{"en":{"name":"New"}},"createdAt":"2021-01-01T00:00:00Z"}""")).Is(200);
        (await laurel.Put($"{Native}/badges/48", """{"issuerId":900,"texts":{"en":{"name":"B"}},"createdAt":"2019-01-01T00:00:00Z"}""")).Is(201);
        var changed = (await Page("?pageSize=48")).Json;
        Assert.Equal([1, .. newest[..^1], 48], Ids(changed));
        Assert.Equal("New", changed["list"]![0]!["name"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("page=0")]
    [InlineData("page=-1")]
    [InlineData("page=x")]
    [InlineData("page=1.5")]
    [InlineData("page=2147483648")]
    [InlineData("page=99999999999999999999")]
    [InlineData("page=1&page=2")]
    [InlineData("page=%201")]
    [InlineData("pageSize=0")]
    [InlineData("pageSize=201")]
    [InlineData("pageSize=x")]
    [InlineData("sort=name")]
    [InlineData("sort=creationDate&sort=creationDate")]
    [InlineData("page=%00")]
    [InlineData("wrap=%00")]
    public async Task A_page_that_none_can_be_is_refused(string query)
    {
        (await hub.Get($"/award.json?{query}")).IsError(400);
        (await hub.Get($"/user/7/award.json?{query}")).IsError(400);
    }

    [Theory, EveryEngine]
    public async Task What_a_user_was_awarded_newest_first_each_type_once(Engine engine)
    {
        await using var bed = await AnswerHubBed.With(engine, options => options with { PublicUrl = new Uri("https://badges.example:444/") });
        var user = await bed.NewUser();
        var start = Clock.FromTime(bed.Time.GetUtcNow()) - Clock.Day;
        (await bed.Get($"/user/{user}/award.json")).Is(200)
            .Says("""{"name":"","sort":"creationDate","page":1,"pageSize":15,"pageCount":0,"listCount":0,"totalCount":0,"list":[]}""");

        var once = await bed.NewBadge(draft => draft with { Level = BadgeLevel.Gold });
        var often = await bed.NewBadge(draft => draft with { Recurrence = new Recurrence.Always(), Enabled = true });
        var both = await bed.NewBadge();
        async Task Award(long badge, int second, bool manual = false) => Assert.True((await bed.Server.Core.Awarding.Award(
            new AwardRequest(user, badge, AwardSource.Native) { AwardedAt = start + (second * Clock.Second), Manual = manual }, TestCore.Administrator, false, default)).Created);
        await Award(often, 5);
        await Award(often, 3);
        await Award(often, 9);
        await Award(once, 4);
        // The earliest of it is a duplicate made by hand.
        await Award(both, 8);
        await Award(both, 2, manual: true);

        string Item(long id, int count, string level, int second) =>
            $$"""{"id":{{id}},"name":"Badge {{id}}","description":"About {{id}}","count":{{count}},"level":{{level}},"imageUrl":"https://badges.example:444/media/images/badge-{{id}}.svg","creationDate":{{(start / 1000) + (second * 1000)}}}""";
        Assert.Equal(
            $$"""{"name":"","sort":"creationDate","page":1,"pageSize":15,"pageCount":1,"listCount":3,"totalCount":3,"list":[{{Item(once, 1, "\"gold\"", 4)}},{{Item(often, 3, "null", 3)}},{{Item(both, 2, "null", 2)}}]}""",
            (await bed.Get($"/user/{user}/award.json")).Is(200).Body);
        var page = (await bed.Get($"/user/{user}/award.json?page=2&pageSize=2")).Is(200).Json;
        Assert.Equal("""{"name":"","sort":"creationDate","page":2,"pageSize":2,"pageCount":2,"listCount":1,"totalCount":3}""", Envelope(page));
        Assert.Equal([both], Ids(page));
        Assert.Empty(Ids((await bed.Get($"/user/{user}/award.json?page=2147483647&pageSize=200")).Is(200).Json));

        await bed.Server.Core.Awarding.RemoveAll(user, often, RemovalKind.Reset, null, null, default);
        Assert.Equal([once, both], Ids((await bed.Get($"/user/{user}/award.json")).Json));
    }

    [Fact]
    public async Task An_image_is_under_the_address_of_the_request_where_no_other_is_named()
    {
        (await hub.AwardManually(AnswerHubBed.Editor, AnswerHubBed.Manager)).IsDone();
        var item = AnswerHubBed.Items(await hub.Get($"/user/{AnswerHubBed.Manager}/award.json")).Single();
        Assert.Equal($"{hub.Server.Address}media/images/badge-507.svg", item["imageUrl"]!.GetValue<string>());
    }

    [Fact]
    public async Task Unknown_ones_are_404_and_what_is_no_number_400()
    {
        (await hub.Get("/award/1.json")).IsError(404);
        (await hub.Get("/award/0.json")).IsError(404);
        (await hub.Get("/award/99999999999999999999.json")).IsError(404);
        (await hub.Get($"/award/{AnswerHubBed.Collected}.json")).IsError(404);
        (await hub.Get("/award/x.json")).IsError(400);
        (await hub.Get("/award/-1.json")).IsError(400);
        (await hub.Get("/user/1/award.json")).IsError(404);
        (await hub.Get("/user/0/award.json")).IsError(404);
        (await hub.Get("/user/ada/award.json")).IsError(400);
    }

    [Fact]
    public async Task What_hides_until_it_is_claimed_shows_to_managers_alone()
    {
        var user = await hub.NewUser();
        (await hub.AwardManually(AnswerHubBed.Hidden, user)).IsDone();
        (await hub.Server.Put($"{Native}/users/{AnswerHubBed.Root}/awards/77", $$"""{"badgeId":{{AnswerHubBed.Hidden}},"isClaimed":true}""")).Is(201);
        var (manager, holder) = (await hub.NewKey(AnswerHubBed.Manager), await hub.NewKey(user));
        async Task<JsonNode> Shown(string path, string? key = null, string? login = null) => AnswerHubBed.Items(await hub.Get(path, login, key)).Single(item => item["id"]!.GetValue<long>() == AnswerHubBed.Hidden);

        foreach (var key in new[] { null, holder })
        {
            var one = (await hub.Get($"/award/{AnswerHubBed.Hidden}.json", key: key)).Is(200);
            Assert.Equal(("???", ""), (one.Text("name"), one.Text("description")));
            Assert.DoesNotContain("Secret", (await hub.Get("/award.json?pageSize=200", key: key)).Body);
            var item = await Shown($"/user/{user}/award.json", key);
            Assert.Equal(("???", "", "/media/images/hidden.svg"), (item["name"]!.GetValue<string>(), item["description"]!.GetValue<string>(), new Uri(item["imageUrl"]!.GetValue<string>()).AbsolutePath));
        }
        // The permission to award does not make a manager.
        Assert.Equal("???", (await hub.Get($"/award/{AnswerHubBed.Hidden}.json", AnswerHubBed.Login)).Text("name"));
        foreach (var key in new[] { manager, TestServer.AdministratorKey })
        {
            Assert.Equal("Secret name", (await hub.Get($"/award/{AnswerHubBed.Hidden}.json", key: key)).Text("name"));
            Assert.Equal("Secret name", (await Shown("/award.json?pageSize=200", key))["name"]!.GetValue<string>());
            Assert.Equal("Secret words", (await Shown($"/user/{user}/award.json", key))["description"]!.GetValue<string>());
        }
        // With its award claimed, that award shows it to all.
        var claimed = await Shown($"/user/{AnswerHubBed.Root}/award.json");
        Assert.Equal(("Secret name", "/media/images/badge-510.svg"), (claimed["name"]!.GetValue<string>(), new Uri(claimed["imageUrl"]!.GetValue<string>()).AbsolutePath));
    }

    private static string Envelope(JsonNode page)
    {
        var envelope = page.DeepClone().AsObject();
        envelope.Remove("list");
        return envelope.ToJsonString();
    }

    private static IEnumerable<long> Ids(JsonNode page) => page["list"]!.AsArray().Select(item => item!["id"]!.GetValue<long>());
}
