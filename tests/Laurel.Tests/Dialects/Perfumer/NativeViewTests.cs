using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>What a post made, as Laurel's own API tells it, and the other way round.</summary>
public sealed class NativeViewTests(PerfumerBed perfumer) : IClassFixture<PerfumerBed>
{
    private const string Root = "/laurel/v1";

    [Fact]
    public async Task A_collection_a_badge_and_a_user_are_made_as_described()
    {
        await perfumer.Post("shop", "ada", "cart/1");
        var issuer = (await perfumer.Server.Core.Issuers.FindByKey("shop"))!.Id;
        var user = (await perfumer.Server.Core.Users.FindIdByKey("ada"))!.Value;

        var collection = (await perfumer.Server.Get($"{Root}/issuers/{issuer}")).Is(200);
        Assert.Equal(("shop", "shop", "perfumer"), (collection.Text("key"), collection.Text("name"), collection.Text("origin")));
        Assert.Equal("ada", (await perfumer.Server.Get($"{Root}/users/{user}")).Is(200).Text("key"));
        var badge = (await perfumer.Server.Get($"{Root}/badges?issuerId={issuer}")).Is(200).Json["items"]!.AsArray().Single()!;
        Assert.Equal(("cart", "always", true, "cart"), (badge["key"]!.ToString(), badge["recurrence"]!.ToString(), badge["enabled"]!.GetValue<bool>(), badge["texts"]!["en"]!["name"]!.ToString()));
        var award = (await perfumer.Server.Get($"{Root}/users/{user}/awards")).Is(200).Json["items"]!.AsArray().Single()!;
        Assert.Equal(("1", "perfumer"), (award["subject"]!.ToString(), award["source"]!.ToString()));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a/")]
    [InlineData("a/b/")]
    public async Task An_award_keeps_its_name_when_it_is_put_again(string name)
    {
        var (collection, user) = (PerfumerBed.New("c"), PerfumerBed.New("u"));
        await perfumer.Post(collection, user, name);
        var id = (await perfumer.Server.Core.Users.FindIdByKey(user))!.Value;
        var award = (await perfumer.Server.Get($"{Root}/users/{id}/awards")).Json["items"]!.AsArray().Single()!.AsObject();
        var path = $"{Root}/users/{id}/awards/{award["id"]}";
        foreach (var member in new[] { "id", "occasion", "source", "ruleId", "ruleRevision" })
        {
            award.Remove(member);
        }
        (await perfumer.Server.Put(path, award.ToJsonString())).Is(200);
        Assert.Equal([name], await perfumer.Names(collection, user));
        Assert.Equal(1, await perfumer.Count(collection, user, name));
    }

    [Fact]
    public async Task An_award_that_came_otherwise_is_shown_with_its_payload_as_a_list()
    {
        (await perfumer.Server.Put($"{Root}/issuers/300", """{"key":"game","name":"Game"}""")).Is(201);
        (await perfumer.Server.Put($"{Root}/users/31", """{"key":"eve"}""")).Is(201);
        (await perfumer.Server.Put($"{Root}/badges/300", """{"issuerId":300,"key":"sea","texts":{"en":{"name":"Sea"}}}""")).Is(201);
        (await perfumer.Server.Post($"{Root}/awards", """{"userId":31,"badgeId":300,"payload":5,"awardedAt":"2020-01-02T03:04:05.6Z"}""")).Is(201);
        foreach (var (collection, user) in new[] { ("game", "eve"), ("300", "31") })
        {
            (await perfumer.Send("GET", $"/badges?collection={collection}&user={user}&name=sea")).Is(200,
                "{\"status\":true,\"content\":{\"badges\":[{\"name\":\"sea\",\"user\":\"" + user + "\",\"payload\":[5],\"created_at\":\"2020-01-02 03:04:05\"}]}}");
        }
        (await perfumer.Send("POST", "/badge?collection=game&user=eve&name=sea")).Is(201, PerfumerBed.Done);
        Assert.Equal(1, await perfumer.Count("game", "eve", "_all"));
        (await perfumer.Delete("game", "eve", "sea")).Is(200, PerfumerBed.Done);
        Assert.Empty((await perfumer.Server.Get($"{Root}/users/31/awards")).Json["items"]!.AsArray());
    }
}
