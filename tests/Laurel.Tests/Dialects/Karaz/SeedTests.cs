using System.Text;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Dialects.Karaz.KarazWorld;

namespace Laurel.Tests.Dialects.Karaz;

/// <summary>The requests of the seed as they stand there, and its answers byte by byte, on 1 May 2023. Of the seed's own slips are
/// corrected: the missing comma, the count 1 beside two times, the icons' paths; and <c>// ...</c> stands for nothing.</summary>
public sealed class SeedTests
{
    private const string Walking = """
        {"issuerId":10,"sourceLocale":"en","target":10000,"recurrence":{"every":1,"unit":"week","anchor":"2023-04-30"},
         "texts":{"en":{"name":"Walking Streak","lines":{
                     "never":["You earned this award for your first Walking Streak ","You need ({target}) steps to earn this award again on {next}"],
                     "held":["Held"],"again":["Again"]}},
                  "ar":{"name":"شارة المشي","lines":{
                     "never":[" حصلت على شارة المشي","للحصول عليها مرة أخرى حقق ({target}) خطوة يوميا حتى {next}"],"held":["ح"],"again":["م"]}}}}
        """;

    private const string Ramadan = """
        {"issuerId":10,"sourceLocale":"en","recurrence":{"every":1,"unit":"week","anchor":"2023-03-17"},
         "texts":{"en":{"name":"Ramadan 2023","description":"Exclusive Ramadan Badge 2023"},
                  "ar":{"name":"رمضان ٢٠٢٣","description":"شارة حصرية بشهر رمضان ٢٠٢٣ "}}}
        """;

    private const string NeverItem =
        "{\"I\":0,\"all_achievement_times\":[],\"badge_count\":0,"
        + "\"badge_description_a\":[\" حصلت على شارة المشي\",\"للحصول عليها مرة أخرى حقق (10000) خطوة يوميا حتى 07-05-2023\"],"
        + "\"badge_description_e\":[\"You earned this award for your first Walking Streak \",\"You need (10000) steps to earn this award again on 07-05-2023\"],"
        + "\"badge_icon\":\"/media/images/badge-1.svg\",\"badge_id\":1,\"badge_name_a\":\"شارة المشي\",\"badge_name_e\":\"Walking Streak\","
        + "\"last_achievement_time\":\"\",\"next_obtainable\":\"2023-05-07\"}";

    private static string RamadanItem(int count, string times) =>
        $"{{\"I\":36,\"all_achievement_times\":[{times}],\"badge_count\":{count},"
        + "\"badge_description_a\":[\"شارة حصرية بشهر رمضان ٢٠٢٣ \"],\"badge_description_e\":[\"Exclusive Ramadan Badge 2023\"],"
        + "\"badge_icon\":\"/media/images/badge-8.svg\",\"badge_id\":8,\"badge_name_a\":\"رمضان ٢٠٢٣\",\"badge_name_e\":\"Ramadan 2023\","
        + "\"last_achievement_time\":\"2023-03-24 00:00:00\",\"next_obtainable\":\"2023-05-05\"}";

    private static string Body(params string[] items) => $"{{\"data\":[{string.Join(',', items)}],\"status\":\"success\"}}";

    private static async Task<TestServer> Karaz(Engine engine)
    {
        var laurel = await KarazWorld.Start(engine);
        (await laurel.Put($"{Root}/badges/1", Walking)).Is(201);
        (await laurel.Put($"{Root}/badges/8", Ramadan)).Is(201);
        return laurel;
    }

    // As the seed's curl sends it: one header.
    private static async Task<byte[]> Get(TestServer laurel, string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var answer = await laurel.Anonymous.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal("application/json; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-store, private", string.Join(", ", answer.Headers.CacheControl!.ToString().Split(", ").Order()));
        return await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    [Theory, EveryEngine]
    public async Task All_badges(Engine engine)
    {
        await using var laurel = await Karaz(engine);
        await laurel.Import(1, 36, 8, "2023-03-17T00:00:00Z");
        await laurel.Import(1, 37, 8, "2023-03-24T00:00:00Z");
        var body = await Get(laurel, "/v2/Users/BadgesList", await laurel.Key(1, null));

        Assert.Equal(Body(NeverItem, RamadanItem(2, "\"2023-03-17 00:00:00\",\"2023-03-24 00:00:00\"")), Encoding.UTF8.GetString(body));
        Assert.DoesNotContain((byte)'\\', body);
        // The bytes of "المشي" as UTF-8.
        Assert.True(body.AsSpan().IndexOf(new byte[] { 0xd8, 0xa7, 0xd9, 0x84, 0xd9, 0x85, 0xd8, 0xb4, 0xd9, 0x8a }) > 0);
    }

    [Theory, EveryEngine]
    public async Task Obtained_badges(Engine engine)
    {
        await using var laurel = await Karaz(engine);
        await laurel.Import(1, 36, 8, "2023-03-24T00:00:00Z");

        Assert.Equal(
            Body(RamadanItem(1, "\"2023-03-24 00:00:00\"")),
            Encoding.UTF8.GetString(await Get(laurel, "/v2/Users/Badges", await laurel.Key(1, null))));
    }

    [Fact]
    public async Task The_icons_are_really_served()
    {
        await using var laurel = await Karaz(Engine.Sqlite);
        foreach (var item in await laurel.List(KarazWorld.All, await laurel.Key(1, null)))
        {
            Assert.Equal("image/svg+xml", (await laurel.Get(item.Text("badge_icon"), key: null)).Is(200).ContentType);
        }
    }
}
