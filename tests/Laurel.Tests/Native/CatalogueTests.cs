using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class CatalogueTests
{
    private const string FullBadge = """
        {"issuerId":100,"key":"second-sea","enabled":false,"creator":{"type":"Group","id":9},"sourceLocale":"en",
         "texts":{"ar":{"name":"البحر الثاني","description":"…","lines":{"never":["a"],"held":["b","c"],"again":[]},"iconImageId":5},
                  "en":{"name":"Second Sea","description":null,"lines":null,"iconImageId":0}},
         "recurrence":{"every":2,"unit":"week","anchor":"2023-03-17"},
         "target":10000,"recognises":["UserEditAction"],"iconImageId":9043500281,"awardAssetIds":[1,2],
         "rarity":4,"level":"gold","cost":3,"claimable":true,"hiddenUntilClaimed":true,
         "uid":"0f8fad5b-d9cb-469f-a165-70867728950e","isActive":false,"createdBy":"ada","updatedBy":"bob","deletedBy":"eve",
         "createdAt":"2021-01-02T03:04:05.000006Z","updatedAt":"2021-01-02T03:04:05.12Z","deletedAt":"2022-01-01T00:00:00Z"}
        """;

    [Theory, EveryEngine]
    public async Task An_issuer_is_told_as_it_was_put_and_has_its_root_place(Engine engine)
    {
        await using var laurel = await TestServer.Start(engine, new ManualTime());
        const string Put = """
            {"key":"my_collection1","name":"Blox Fruits","rootPlaceId":2753915549,"timeZone":"Asia/Riyadh",
             "creator":{"type":"Group","id":1,"name":"Gamer Robot"},"managers":[7],"lifetimeDays":30}
            """;
        const string Told = """
            {"id":994732206,"key":"my_collection1","name":"Blox Fruits","rootPlaceId":2753915549,"timeZone":"Asia/Riyadh",
             "creator":{"type":"Group","id":1,"name":"Gamer Robot"},"managers":[7],"lifetimeDays":30,
             "origin":"native","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}
            """;

        (await laurel.Put($"{Root}/issuers/994732206", Put)).Is(201).Says(Told);
        (await laurel.Put($"{Root}/issuers/994732206", Put)).Is(200).Says(Told);
        (await laurel.Get($"{Root}/issuers/994732206")).Is(200).Says(Told);
        (await laurel.Get($"{Root}/issuers")).Is(200).Says($$"""{"items":[{{Told}}],"next":null}""");
        (await laurel.Get($"{Root}/places/2753915549")).Is(200).Says("""
            {"id":2753915549,"issuerId":994732206,"name":"Blox Fruits","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}
            """);
    }

    [Fact]
    public async Task What_an_issuer_does_not_say_has_its_default()
    {
        await using var laurel = await TestServer.Start(Engine.Sqlite, new ManualTime());
        (await laurel.Put($"{Root}/issuers/5", """{"name":"Five"}""")).Is(201).Says("""
            {"id":5,"key":"5","name":"Five","rootPlaceId":0,"timeZone":"UTC","creator":{"type":"User","id":0,"name":null},"managers":[],
             "lifetimeDays":null,"origin":"native","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}
            """);
        var chosen = (await laurel.Post($"{Root}/issuers", """{"name":"Chosen"}""")).Is(201).Json["id"]!.GetValue<long>();
        Assert.True(chosen >= 1L << 52);
        (await laurel.Get($"{Root}/issuers/{chosen}")).Is(200);
        (await laurel.Put($"{Root}/issuers/{chosen}", """{"name":"Renamed"}""")).Is(200);
        (await laurel.Put($"{Root}/issuers/{chosen + 500}", """{"name":"Grabbed"}""")).IsProblem(422, "id_reserved", "id");
    }

    [Theory, EveryEngine]
    public async Task Places_are_put_posted_and_listed(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine, new ManualTime());
        const string Told = """{"id":8,"issuerId":100,"name":"Lobby","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}""";
        (await laurel.Put($"{Root}/places/8", """{"issuerId":100,"name":"Lobby"}""")).Is(201).Says(Told);
        (await laurel.Get($"{Root}/places/8")).Is(200).Says(Told);
        (await laurel.Post($"{Root}/places", """{"issuerId":100,"name":"Arena"}""")).Is(201);
        Assert.Equal(3, (await laurel.Get($"{Root}/places")).Is(200).Json["items"]!.AsArray().Count);
        (await laurel.Put($"{Root}/places/9", """{"issuerId":4,"name":"Nowhere"}""")).IsProblem(422, "unknown_issuer", "issuerId");
        (await laurel.Put($"{Root}/places/9", """{"issuerId":100,"name":" "}""")).IsProblem(422, "invalid", "name");
        (await laurel.Get($"{Root}/places/9")).IsProblem(404, "unknown_place");
    }

    [Theory, EveryEngine]
    public async Task A_user_is_told_as_put_but_for_the_password(Engine engine)
    {
        await using var laurel = await TestServer.Start(engine, new ManualTime());
        const string Record = """
            "key":"ada","username":"ada","fullName":"Ada L.","email":"ada@example.org","timeZone":"Europe/London","locale":"en",
            "permissions":["award-bonus-reputation"],"isVerified":true,"followersCount":5,
            "profile":{"profilePicture":null,"bio":"Counts.","country":null,"phone":"+44","linkedinUrl":null,"githubUrl":null,
                       "twitterUrl":null,"websiteUrl":null,"topDomainElo":1.5,"topDomainRank":2},
            "privacy":"unlisted"
            """;
        const string Told = $$"""{"id":1,{{Record}},"hasPassword":true,"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}""";

        (await laurel.Put($"{Root}/users/1", $$"""{{{Record}},"password":"secret"}""")).Is(201).Says(Told);
        (await laurel.Put($"{Root}/users/1", $$"""{{{Record}}}""")).Is(200).Says(Told);
        (await laurel.Get($"{Root}/users/1")).Is(200).Says(Told);
        (await laurel.Get($"{Root}/users")).Is(200).Says($$"""{"items":[{{Told}}],"next":null}""");
        (await laurel.Put($"{Root}/users/2", """{"key":"ada"}""")).IsProblem(409, "key_taken", "key");
        (await laurel.Put($"{Root}/users/2", """{"username":"ada","password":"x"}""")).IsProblem(409, "username_taken", "username");
        (await laurel.Put($"{Root}/users/2", """{"key":"3"}""")).IsProblem(422, "invalid", "key");
        (await laurel.Post($"{Root}/users", """{"username":"eve"}""")).Is(201);
        (await laurel.Get($"{Root}/users/77")).IsProblem(404, "unknown_user");
    }

    [Theory, EveryEngine]
    public async Task A_badge_is_told_as_put_and_can_be_put_back(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        var told = (JsonObject)JsonNode.Parse(FullBadge)!;
        told["id"] = 8;

        (await laurel.Put($"{Root}/badges/8", FullBadge)).Is(201).Says(told.ToJsonString());
        var got = (await laurel.Get($"{Root}/badges/8")).Is(200).Says(told.ToJsonString());
        var back = (JsonObject)got.Json;
        back.Remove("id");
        (await laurel.Put($"{Root}/badges/8", back.ToJsonString())).Is(200).Says(told.ToJsonString());
        (await laurel.Put($"{Root}/badges/9", FullBadge)).IsProblem(409, "key_taken", "key");
    }

    [Fact]
    public async Task What_a_badge_does_not_say_has_its_default_and_a_uid_that_stays()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite, new ManualTime());
        var first = (await laurel.Get($"{Root}/badges/7")).Is(200);
        first.Says($$"""
            {"id":7,"issuerId":100,"key":null,"enabled":true,"creator":{"type":"User","id":0},"sourceLocale":"en",
             "texts":{"en":{"name":"Badge 7","description":"About 7","lines":null,"iconImageId":0} },"recurrence":"once","target":null,
             "recognises":[],"iconImageId":0,"awardAssetIds":[],"rarity":1,"level":null,"cost":0,"claimable":false,"hiddenUntilClaimed":false,
             "uid":"{{first.Text("uid")}}","isActive":true,"createdBy":null,"updatedBy":null,"deletedBy":null,
             "createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z","deletedAt":null}
            """);
        var replaced = await laurel.Put($"{Root}/badges/7", """{"issuerId":100,"texts":{"EN":{"name":"Again"}}}""");
        Assert.Equal(first.Text("uid"), replaced.Is(200).Text("uid"));
        Assert.Null(replaced.Json["texts"]!["en"]!["description"]);
        (await laurel.Post($"{Root}/badges", """{"issuerId":100,"texts":{"en":{"name":"Chosen"}}}""")).Is(201);
        Assert.Equal(2, (await laurel.Get($"{Root}/badges?issuerId=100")).Json["items"]!.AsArray().Count);
        Assert.Empty((await laurel.Get($"{Root}/badges?issuerId=5")).Json["items"]!.AsArray());
    }

    [Theory]
    [InlineData("""{"issuerId":4,"texts":{"en":{"name":"N"}}}""", "unknown_issuer", "issuerId")]
    [InlineData("""{"issuerId":100,"texts":{}}""", "invalid", "sourceLocale")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":""}}}""", "invalid", "texts.en.name")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"},"??":{"name":"N"}}}""", "invalid", "texts")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"key":"a/b"}""", "invalid", "key")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"creator":{"type":"Robot","id":1}}""", "invalid", "creator.type")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"level":"tin"}""", "invalid", "level")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"rarity":5}""", "invalid", "rarity")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"cost":-1}""", "invalid", "cost")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"recurrence":"twice"}""", "invalid", "recurrence")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"recurrence":{"every":0,"unit":"day","anchor":"2023-03-17"}}""", "invalid", "recurrence")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"recurrence":{"every":1,"unit":"year","anchor":"2023-03-17"}}""", "invalid", "recurrence")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"recurrence":{"every":1,"unit":"day","anchor":"17.3.2023"}}""", "invalid", "recurrence.anchor")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"uid":"x"}""", "invalid", "uid")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"recognises":[null]}""", "invalid", "recognises")]
    [InlineData("""{"issuerId":100,"texts":{"en":{"name":"N"}},"createdAt":"1969-12-31T23:59:59Z"}""", "invalid", "createdAt")]
    public async Task A_badge_that_breaks_a_rule_is_refused(string badge, string code, string field)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/badges/8", badge)).IsProblem(422, code, field);
        (await laurel.Get($"{Root}/badges/8")).IsProblem(404, "unknown_badge");
    }

    [Fact]
    public async Task An_issuer_that_breaks_a_rule_is_refused()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/issuers/6", """{"name":"N","key":"isle"}""")).IsProblem(409, "key_taken", "key");
        (await laurel.Put($"{Root}/issuers/6", """{"name":"N","timeZone":"Mars/Olympus"}""")).IsProblem(422, "invalid", "timeZone");
        (await laurel.Put($"{Root}/issuers/6", """{"name":"N","managers":[-1]}""")).IsProblem(422, "invalid", "managers");
        (await laurel.Put($"{Root}/issuers/6", """{"name":"N","lifetimeDays":0}""")).IsProblem(422, "invalid", "lifetimeDays");
        (await laurel.Put($"{Root}/issuers/6", """{"name":"N","creator":{"type":"Robot","id":1}}""")).IsProblem(422, "invalid", "creator.type");
        (await laurel.Get($"{Root}/issuers/6")).IsProblem(404, "unknown_issuer");
    }

    [Theory]
    [InlineData("issuers/100", """{"name":"Other"}""")]
    [InlineData("places/1000", """{"issuerId":100,"name":"Other"}""")]
    [InlineData("users/1", """{"username":"other"}""")]
    [InlineData("badges/7", """{"issuerId":100,"texts":{"en":{"name":"Other"}}}""")]
    public async Task If_none_match_keeps_what_exists(string path, string body)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var before = (await laurel.Get($"{Root}/{path}")).Is(200).Body;
        (await laurel.Send(HttpMethod.Put, $"{Root}/{path}", body, TestServer.AdministratorKey, ("If-None-Match", "*"))).IsProblem(412, "already_exists");
        Assert.Equal(before, (await laurel.Get($"{Root}/{path}")).Body);
        (await laurel.Send(HttpMethod.Put, $"{Root}/{path}9", body, TestServer.AdministratorKey, ("If-None-Match", "*"))).Is(201);
    }

    [Theory, EveryEngine]
    public async Task Recurrence_and_zone_are_frozen_by_the_first_award(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        const string Changed = """{"issuerId":100,"texts":{"en":{"name":"Badge 7"}},"recurrence":"always"}""";
        (await laurel.Put($"{Root}/badges/7", Changed)).Is(200);
        (await laurel.Award(2, 7)).Is(201);
        (await laurel.Put($"{Root}/badges/7", Changed)).Is(200);
        (await laurel.Put($"{Root}/badges/7", Changed.Replace("always", "once"))).IsProblem(409, "recurrence_in_use", "recurrence");
        (await laurel.Put($"{Root}/issuers/100", """{"name":"Isle","timeZone":"Asia/Riyadh"}""")).IsProblem(409, "recurrence_in_use", "timeZone");
    }

    [Theory, EveryEngine]
    public async Task Of_two_users_who_want_one_key_at_once_one_gets_it(Engine engine)
    {
        await using var laurel = await TestServer.Start(engine);
        for (var round = 0; round < 10; round++)
        {
            var body = $$"""{"key":"key{{round}}"}""";
            var from = (round * 8) + 1;
            var answers = await Task.WhenAll(Enumerable.Range(from, 8).Select(id => laurel.Put($"{Root}/users/{id}", body)));
            Assert.Single(answers, answer => (int)answer.Status == 201);
            Assert.All(answers.Where(answer => (int)answer.Status != 201), answer => answer.IsProblem(409, "key_taken", "key"));
            Assert.NotNull(await laurel.Core.Users.FindIdByKey($"key{round}"));
        }
    }

    [Theory, EveryEngine]
    public async Task A_user_who_could_not_be_made_leaves_no_key_behind(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        (await laurel.Send(HttpMethod.Put, $"{Root}/users/1", """{"key":"ghost"}""", TestServer.AdministratorKey, ("If-None-Match", "*"))).IsProblem(412, "already_exists");
        Assert.Null(await laurel.Core.Users.FindIdByKey("ghost"));
        (await laurel.Put($"{Root}/users/2", """{"key":"ghost"}""")).Is(200);
        Assert.Equal(2, await laurel.Core.Users.FindIdByKey("ghost"));
    }
}
