using System.Text.Json.Nodes;
using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Laurel.Tests.Images;
using Xunit;
using static Laurel.Tests.Dialects.Karaz.KarazWorld;

namespace Laurel.Tests.Dialects.Karaz;

/// <summary>What is in the two lists. Contract: docs/dialects/karaz.md</summary>
public sealed class ListTests
{
    private const string Weekly = """{"every":1,"unit":"week","anchor":"2023-03-17"}""";
    private const string Once = "\"once\"";

    [Theory, EveryEngine]
    public async Task Badges_come_by_id_and_their_times_ascending(Engine engine)
    {
        await using var laurel = await KarazWorld.Start(engine);
        var key = await laurel.Key(1, null);
        Assert.Equal("""{"data":[],"status":"success"}""", (await laurel.Get(All, key)).Is(200).Body);
        foreach (var (id, recurrence) in new[] { (30L, "\"always\""), (5L, Once), (12L, Weekly), (7L, "\"perSubject\"") })
        {
            await laurel.Badge(id, recurrence);
        }
        await laurel.Import(1, 901, 30, "2022-01-01T00:00:00Z");
        await laurel.Import(1, 900, 30, "2023-01-01T00:00:00.999999Z");
        await laurel.Import(1, 902, 30, "2021-06-01T12:34:56Z");
        await laurel.Import(1, 905, 30, "2021-06-01T12:34:56Z");
        await laurel.Import(1, 903, 7, "2020-01-01T00:00:00Z", ",\"subject\":\"z\"");
        await laurel.Import(1, 904, 7, "2019-01-01T00:00:00Z", ",\"subject\":\"a\"");
        await laurel.Import(2, 906, 12, "2023-04-01T00:00:00Z");

        var all = await laurel.List(All, key);
        Assert.Equal([5, 7, 12, 30], all.Ids());
        Assert.Equal(["2021-06-01 12:34:56", "2021-06-01 12:34:56", "2022-01-01 00:00:00", "2023-01-01 00:00:00"], all.Of(30).Texts("all_achievement_times"));
        Assert.Equal((902, 4), (all.Of(30)["I"]!.GetValue<long>(), all.Of(30)["badge_count"]!.GetValue<int>()));
        Assert.Equal("2023-01-01 00:00:00", all.Of(30).Text("last_achievement_time"));
        Assert.Equal((904, "2020-01-01 00:00:00"), (all.Of(7)["I"]!.GetValue<long>(), all.Of(7).Text("last_achievement_time")));
        Assert.Equal((0, 0, ""), (all.Of(12)["I"]!.GetValue<long>(), all.Of(12)["badge_count"]!.GetValue<int>(), all.Of(12).Text("last_achievement_time")));

        var obtained = await laurel.List(Obtained, key);
        Assert.Equal([7, 30], obtained.Ids());
        Assert.All(obtained, item => Assert.True(JsonNode.DeepEquals(item, all.Of(item["badge_id"]!.GetValue<long>()))));
        Assert.All(all, item => Assert.Equal(
            ["I", "all_achievement_times", "badge_count", "badge_description_a", "badge_description_e", "badge_icon", "badge_id", "badge_name_a",
             "badge_name_e", "last_achievement_time", "next_obtainable"],
            item.AsObject().Select(member => member.Key)));
    }

    [Theory, EveryEngine]
    public async Task An_award_shows_at_once_and_a_removed_one_no_more(Engine engine)
    {
        await using var laurel = await KarazWorld.Start(engine);
        var key = await laurel.Key(1, null);
        for (var badge = 1; badge <= 20; badge++)
        {
            await laurel.Badge(badge, badge % 2 == 0 ? Once : Weekly);
        }
        // Some of them wait for their rows, some do not: what is listed is what was acknowledged.
        var ids = new List<long>();
        for (var badge = 1; badge <= 20; badge++)
        {
            ids.Add(await laurel.Award(1, badge));
            Assert.Equal(Enumerable.Range(1, badge).Select(id => (long)id), (await laurel.List(Obtained, key)).Ids());
        }
        Assert.Equal(ids, (await laurel.List(All, key)).Select(item => item["I"]!.GetValue<long>()));
        (await laurel.Delete($"{Root}/users/1/awards/{ids[3]}")).Is(204);
        (await laurel.Delete($"{Root}/users/1/awards/{ids[4]}?kind=revoke")).Is(204);
        Assert.Equal(18, (await laurel.List(Obtained, key)).Count);
        Assert.Equal(0, (await laurel.List(All, key)).Of(4)["I"]!.GetValue<long>());
        var again = await laurel.Award(1, 4);
        Assert.Equal(again, (await laurel.List(Obtained, key)).Of(4)["I"]!.GetValue<long>());
        // A duplicate by an administrator, of what waits.
        var manual = await laurel.Award(1, 4, more: ",\"manual\":true");
        Assert.NotEqual(again, manual);
        Assert.Equal((again, 2), ((await laurel.List(Obtained, key)).Of(4)["I"]!.GetValue<long>(), (await laurel.List(Obtained, key)).Of(4)["badge_count"]!.GetValue<int>()));
    }

    [Theory, EveryEngine]
    public async Task A_disabled_badge_shows_to_who_holds_it(Engine engine)
    {
        await using var laurel = await KarazWorld.Start(engine);
        await laurel.Badge(1);
        await laurel.Badge(2);
        await laurel.Award(1, 2);
        var (holder, other) = (await laurel.Key(1, null), await laurel.Key(2, null));
        Assert.Equal([1, 2], (await laurel.List(All, other)).Ids());
        (await laurel.Put($"{Root}/badges/2", """{"issuerId":10,"enabled":false,"texts":{"en":{"name":"Gone"}}}""")).Is(200);
        (await laurel.Put($"{Root}/badges/1", """{"issuerId":10,"texts":{"en":{"name":"Renamed"}}}""")).Is(200);

        Assert.Equal(["Renamed", "Gone"], (await laurel.List(All, holder)).Select(item => item.Text("badge_name_e")));
        Assert.Equal([2], (await laurel.List(Obtained, holder)).Ids());
        Assert.Equal([1], (await laurel.List(All, other)).Ids());
    }

    [Theory, EveryEngine]
    public async Task Another_server_on_the_database_hears_of_changes(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestServer.StartSecond(database);
        await using var second = await TestServer.StartSecond(database);
        (await first.Put($"{Root}/users/1", "{}")).Is(201);
        await first.Issuer(10);
        await first.Badge(1);
        var key = await first.Key(1, null);
        async Task Until(string name)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (!(await second.List(All, key)).Select(item => item.Text("badge_name_e")).SequenceEqual([name]))
            {
                await Task.Delay(20, patience.Token);
            }
        }
        await Until("Badge 1");
        (await first.Put($"{Root}/badges/1", """{"issuerId":10,"texts":{"en":{"name":"Renamed"}}}""")).Is(200);
        await Until("Renamed");
        await first.Award(1, 1);
        Assert.Equal([1], (await second.List(Obtained, key)).Ids());
    }

    [Fact]
    public async Task It_speaks_for_its_issuers_alone()
    {
        await using var laurel = await KarazWorld.Start(with: options => options with { KarazIssuers = [10, 11] });
        foreach (var issuer in new[] { 11, 12 })
        {
            await laurel.Issuer(issuer);
        }
        foreach (var (badge, issuer) in new[] { (1, 10), (2, 11), (3, 12) })
        {
            await laurel.Badge(badge, issuer: issuer);
            await laurel.Award(1, badge);
        }
        var key = await laurel.Key(1, null);
        Assert.Equal([1, 2], (await laurel.List(All, key)).Ids());
        Assert.Equal([1, 2], (await laurel.List(Obtained, key)).Ids());
    }

    [Fact]
    public async Task Without_a_set_it_speaks_for_all_but_collections()
    {
        await using var laurel = await KarazWorld.Start();
        var collection = new Core.Issuers.IssuerDraft("collection", "Collection") { Origin = Core.Issuers.IssuerOrigin.Perfumer };
        TestCore.Value(await laurel.Core.Issuers.Put(11, collection, createOnly: true));
        await laurel.Badge(1);
        await laurel.Badge(2, issuer: 11);
        await laurel.Award(1, 1);
        await laurel.Award(1, 2);
        var key = await laurel.Key(1, null);
        Assert.Equal([1], (await laurel.List(All, key)).Ids());
        Assert.Equal([1], (await laurel.List(Obtained, key)).Ids());
    }

    [Fact]
    public async Task Texts_are_those_of_the_language_or_of_the_source()
    {
        await using var laurel = await KarazWorld.Start();
        (await laurel.Put($"{Root}/badges/1", """{"issuerId":10,"sourceLocale":"fr","texts":{"fr":{"name":"Fleur","description":" une\ndeux "},"en-GB":{"name":"Flower"}}}""")).Is(201);
        (await laurel.Put($"{Root}/badges/2", """{"issuerId":10,"sourceLocale":"ar","texts":{"ar":{"name":" زهرة\u200f\"\\ ","description":"سطر\nسطران"}}}""")).Is(201);
        (await laurel.Put($"{Root}/badges/3", """{"issuerId":10,"texts":{"en":{"name":"N","description":""},"ar":{"name":"ن"}}}""")).Is(201);
        var items = await laurel.List(All, await laurel.Key(1, null));

        Assert.Equal(("Fleur", "Fleur"), (items.Of(1).Text("badge_name_a"), items.Of(1).Text("badge_name_e")));
        Assert.Equal([" une", "deux "], items.Of(1).Texts("badge_description_e"));
        Assert.Equal(" زهرة\u200f\"\\ ", items.Of(2).Text("badge_name_e"));
        Assert.Equal(["سطر", "سطران"], items.Of(2).Texts("badge_description_a"));
        Assert.Empty(items.Of(3).Texts("badge_description_a"));
        Assert.Empty(items.Of(3).Texts("badge_description_e"));
    }

    [Fact]
    public async Task The_lines_follow_what_the_user_did()
    {
        var time = new ManualTime(SeedTime);
        await using var laurel = await KarazWorld.Start(time: time);
        const string Lines = """
            ,"target":7,"texts":{"en":{"name":"N","lines":{"never":["never {target} {next}"],"held":["held {next}"],"again":["again {next}","{target}"]}}}
            """;
        string Badge(string recurrence) => $$"""{"issuerId":10,"recurrence":{{recurrence}}{{Lines}}}""";
        (await laurel.Put($"{Root}/badges/1", Badge(Weekly))).Is(201);
        (await laurel.Put($"{Root}/badges/2", Badge(Once))).Is(201);
        (await laurel.Put($"{Root}/badges/3", Badge("\"always\""))).Is(201);
        var key = await laurel.Key(1, null);
        async Task<string[]> Told(long badge) => [.. (await laurel.List(All, key)).Of(badge).Texts("badge_description_e"), (await laurel.List(All, key)).Of(badge).Text("next_obtainable")];

        Assert.Equal(["never 7 05-05-2023", "2023-05-05"], await Told(1));
        Assert.Equal(["never 7 01-05-2023", "2023-05-01"], await Told(2));
        Assert.Equal(["never 7 01-05-2023", "2023-05-01"], await Told(3));
        foreach (var badge in new[] { 1, 2, 3 })
        {
            await laurel.Award(1, badge, "2023-04-30T00:00:00Z");
        }
        Assert.Equal(["held 05-05-2023", "2023-05-05"], await Told(1));
        Assert.Equal(["held ", ""], await Told(2));
        Assert.Equal(["again 01-05-2023", "7", "2023-05-01"], await Told(3));

        // The day moves on, and nothing else does.
        time.SetUtcNow(new(2023, 5, 4, 23, 59, 59, TimeSpan.Zero));
        Assert.Equal(["held 05-05-2023", "2023-05-05"], await Told(1));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["again 12-05-2023", "7", "2023-05-12"], await Told(1));
        Assert.Equal(["again 05-05-2023", "7", "2023-05-05"], await Told(3));
        await laurel.Award(1, 1);
        Assert.Equal(["held 12-05-2023", "2023-05-12"], await Told(1));
    }

    [Theory, EveryEngine]
    public async Task What_hides_until_claimed_shows_nothing_before(Engine engine)
    {
        await using var laurel = await KarazWorld.Start(engine);
        const string Hidden = """
            {"issuerId":10,"claimable":true,"hiddenUntilClaimed":true,"target":424242,"iconImageId":7,
             "texts":{"en":{"name":"Sesame","description":"Sesame","lines":{"never":["Sesame"],"held":["Sesame"],"again":["Sesame"]}},"ar":{"name":"سمسم","description":"سمسم"}}}
            """;
        foreach (var badge in new[] { 4, 5 })
        {
            (await laurel.Put($"{Root}/badges/{badge}", Hidden)).Is(201);
            (await laurel.Send(HttpMethod.Put, $"{Root}/badges/{badge}/icon", new ByteArrayContent(SampleImages.Png), TestServer.AdministratorKey)).Is(201);
        }
        var (owner, other, manager) = (await laurel.Key(1, null), await laurel.Key(2, null), await laurel.Key(9, null));
        await laurel.Award(1, 4);
        await laurel.Import(1, 55, 5, "2023-03-17T00:00:00Z");

        foreach (var (path, key) in new[] { (All, owner), (Obtained, owner), (All, other) })
        {
            var body = (await laurel.Get(path, key)).Is(200).Body;
            Assert.DoesNotContain("Sesame", body);
            Assert.DoesNotContain("سمسم", body);
            Assert.DoesNotContain("424242", body);
            Assert.DoesNotContain(".png", body);
            var item = (await laurel.List(path, key)).Of(5);
            Assert.Equal(("???", "???", "/media/images/hidden.svg"), (item.Text("badge_name_a"), item.Text("badge_name_e"), item.Text("badge_icon")));
            Assert.Empty(item.Texts("badge_description_a"));
            Assert.Empty(item.Texts("badge_description_e"));
            Assert.Equal(key == owner ? 55 : 0, item["I"]!.GetValue<long>());
        }
        Assert.Equal("Sesame", (await laurel.List(All, manager)).Of(4).Text("badge_name_e"));

        (await laurel.Put($"{Root}/users/1/awards/55", """{"badgeId":5,"awardedAt":"2023-03-17T00:00:00Z","isClaimed":true}""")).Is(200);
        foreach (var path in new[] { All, Obtained })
        {
            var items = await laurel.List(path, owner);
            Assert.Equal(("Sesame", "سمسم"), (items.Of(5).Text("badge_name_e"), items.Of(5).Text("badge_name_a")));
            Assert.EndsWith(".png", items.Of(5).Text("badge_icon"));
            Assert.Equal("???", items.Of(4).Text("badge_name_e"));
        }
        Assert.Equal("???", (await laurel.List(All, other)).Of(5).Text("badge_name_e"));
    }

    [Theory, EveryEngine]
    public async Task Thousands_of_times_are_all_there_and_exact(Engine engine)
    {
        await using var laurel = await KarazWorld.Start(engine, with: options => options with { KarazIssuers = [10] });
        await laurel.Issuer(11);
        await laurel.Badge(1, Once);
        await laurel.Badge(2, "\"always\"");
        await laurel.Badge(3, "\"always\"", issuer: 11);
        await laurel.Badge(4, "\"perSubject\"");
        const int Many = 3_000;
        var start = Core.Clock.FromTime(new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var requests = Enumerable.Range(0, Many).Select(i => new AwardRequest(1, 2 + (i % 2), AwardSource.Native) { AwardedAt = start + ((i * 7919L % Many) * 1_000_000) })
            .Append(new AwardRequest(1, 1, AwardSource.Native))
            .Concat(Enumerable.Range(0, 1_001).Select(i => new AwardRequest(1, 4, AwardSource.Native) { Subject = $"{i}", AwardedAt = start }))
            .ToList();
        Assert.All(await laurel.Core.Awarding.AwardAll(requests, TestCore.Administrator, TestContext.Current.CancellationToken), outcome => Assert.True(outcome!.Value.Created));

        var key = await laurel.Key(1, null);
        var items = await laurel.List(All, key);
        Assert.Equal([1, 2, 4], items.Ids());
        var expected = requests.Where(request => request.BadgeId == 2).Select(request => request.AwardedAt!.Value).Order()
            .Select(at => Core.Clock.ToTime(at).ToString("yyyy-MM-dd HH:mm:ss"));
        Assert.Equal(expected, items.Of(2).Texts("all_achievement_times"));
        Assert.Equal(1_001, items.Of(4)["badge_count"]!.GetValue<int>());
    }
}
