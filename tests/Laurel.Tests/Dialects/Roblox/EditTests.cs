using System.Text.Json;
using Laurel.Core.Access;
using Laurel.Core.Badges;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>Changing a badge. Contract: docs/dialects/roblox.md#badges</summary>
public sealed class EditTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    private const string Form = "application/x-www-form-urlencoded";

    private Task<long> NewBadge() => roblox.NewBadge(draft => draft with
    {
        Texts = new Dictionary<string, BadgeText> { ["en"] = new("Old", "Before"), ["ar"] = new("قديم", "قبل") },
    });

    private async Task<(string? Name, string? Description, bool Enabled)> Shown(long badge)
    {
        var json = JsonElement.Parse((await roblox.Get($"/v1/badges/{badge}")).Body);
        return (json.GetProperty("name").GetString(), json.GetProperty("description").GetString(), json.GetProperty("enabled").GetBoolean());
    }

    [Theory]
    [InlineData("{}", "application/json", "Old", "Before", true)]
    [InlineData("""{"name":"New"}""", "application/json", "New", "Before", true)]
    [InlineData("""{"name":"New","description":"After","enabled":false}""", "application/json; charset=utf-8", "New", "After", false)]
    [InlineData("""{"name":"","description":"","enabled":true}""", "application/json", "Old", "", true)]
    [InlineData("""{"name":null,"description":null,"enabled":null}""", "text/json", "Old", "Before", true)]
    [InlineData("""{"Name":"New","other":[{"x":null}]}""", "TEXT/JSON", "New", "Before", true)]
    [InlineData("""{"name":"a","name":"b"}""", "application/json", "b", "Before", true)]
    [InlineData("""{"name":"Ünï 🏆","description":"a\nb\t<c>"}""", "application/json", "Ünï 🏆", "a\nb\t<c>", true)]
    [InlineData("enabled=false", Form, "Old", "Before", false)]
    [InlineData("enabled=True&name=New+name&description=%C3%A9", Form, "New name", "é", true)]
    [InlineData("name=&description=&enabled=", Form, "Old", "", true)]
    [InlineData("other=1", Form, "Old", "Before", true)]
    public async Task What_is_given_changes_and_the_rest_stays(string body, string type, string name, string description, bool enabled)
    {
        var badge = await NewBadge();
        (await roblox.Write("PATCH", $"/v1/badges/{badge}", roblox.ManagerKey, body, type)).Is(200, "{}");
        Assert.Equal((name, description, enabled), await Shown(badge));
        var arabic = JsonElement.Parse((await roblox.Get($"/v1/badges/{badge}", ("Accept-Language", "ar"))).Body);
        Assert.Equal("قديم", arabic.GetProperty("displayName").GetString());
    }

    [Theory]
    [InlineData("", "application/json")]
    [InlineData("", Form)]
    [InlineData("", "text/plain")]
    [InlineData("", null)]
    [InlineData("null", "application/json")]
    [InlineData("[]", "application/json")]
    [InlineData("1", "application/json")]
    [InlineData("{", "application/json")]
    [InlineData("{}{}", "application/json")]
    [InlineData("""{"name":1}""", "application/json")]
    [InlineData("""{"name":["x"]}""", "application/json")]
    [InlineData("""{"enabled":"true"}""", "application/json")]
    [InlineData("""{"enabled":1}""", "application/json")]
    [InlineData("""{"description":{}}""", "application/json")]
    [InlineData("""{"name":"a\u0000"}""", "application/json")]
    [InlineData("""{"name":"\ud800"}""", "application/json")]
    [InlineData("""{"other":"\udc00"}""", "application/json")]
    [InlineData("""{"\u0000":1}""", "application/json")]
    [InlineData("enabled=perhaps", Form)]
    [InlineData("name=%00", Form)]
    [InlineData("description=a%00", Form)]
    public async Task What_is_no_edit_is_400(string body, string? type)
    {
        var badge = await NewBadge();
        (await roblox.Send("PATCH", $"/v1/badges/{badge}", bearer: roblox.ManagerKey, body: body, type: type)).IsBadRequest();
        Assert.Equal(("Old", "Before", true), await Shown(badge));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("json")]
    [InlineData(";;")]
    [InlineData(null)]
    public async Task Another_media_type_is_415(string? type) =>
        (await roblox.Send("PATCH", "/v1/badges/701", bearer: roblox.ManagerKey, body: "{}", type: type)).Is(415, Errors.Framework("UnsupportedMediaType"));

    [Fact]
    public async Task No_body_at_all_is_400() => (await roblox.Send("PATCH", "/v1/badges/701", bearer: roblox.ManagerKey)).IsBadRequest();

    [Fact]
    public async Task Texts_have_limits_in_characters()
    {
        var badge = await NewBadge();
        var path = $"/v1/badges/{badge}";
        async Task<Answer> Set(object edit) => await roblox.Send("PATCH", path, bearer: roblox.ManagerKey, body: JsonSerializer.Serialize(edit));

        foreach (var name in new[] { new string('x', 51), "   ", "a\u0007b", string.Concat(Enumerable.Repeat("🏆", 51)) })
        {
            (await Set(new { name, description = new string('x', 2000) })).Is(400, Errors.Name);
        }
        (await Set(new { name = "New", description = new string('x', 1001) })).Is(400, Errors.Description);
        Assert.Equal(("Old", "Before", true), await Shown(badge));
        (await Set(new { name = string.Concat(Enumerable.Repeat("🏆", 50)), description = new string('x', 1000) })).Is(200, "{}");
    }

    [Fact]
    public async Task Moderated_texts_are_refused()
    {
        var badge = await NewBadge();
        var word = ModeratedWord(roblox);
        (await roblox.Write("PATCH", $"/v1/badges/{badge}", roblox.ManagerKey, JsonSerializer.Serialize(new { name = word }))).Is(400, Errors.Moderated);
        (await roblox.Write("PATCH", $"/v1/badges/{badge}", roblox.ManagerKey, JsonSerializer.Serialize(new { description = $"a {word} b" }))).Is(400, Errors.Moderated);
        Assert.Equal(("Old", "Before", true), await Shown(badge));
    }

    internal static string ModeratedWord(RobloxBed roblox)
    {
        using var words = new StreamReader(typeof(Badge).Assembly.GetManifestResourceStream(
            typeof(Badge).Assembly.GetManifestResourceNames().Single(name => name.EndsWith("words.txt", StringComparison.Ordinal)))!);
        var word = words.ReadToEnd().Split('\n').Select(line => line.Trim()).First(line => line.Length > 3 && line.All(char.IsAsciiLetter));
        Assert.False(roblox.Server.Core.Moderation.Allows(word));
        return word;
    }

    [Fact]
    public async Task Only_the_creator_and_managers_change_a_badge()
    {
        var badge = await roblox.NewBadge(draft => draft with { IssuerId = RobloxBed.OtherUniverse, Creator = new(Core.Issuers.CreatorType.User, RobloxBed.Player) });
        var path = $"/v1/badges/{badge}";
        const string Edit = """{"name":"New"}""";
        foreach (var key in new[] { roblox.StrangerKey, roblox.ManagerKey, await roblox.NewKey(RobloxBed.Player, [Scopes.AwardsWrite]) })
        {
            (await roblox.Write("PATCH", path, key, Edit)).Is(403, Errors.MayNotManage);
        }
        (await roblox.Write("PATCH", path, roblox.PlayerKey, Edit)).Is(200, "{}");
        (await roblox.Send("PATCH", path, bearer: await roblox.NewKey(null, [Scopes.BadgesWrite]), body: Edit)).Is(200, "{}");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1")]
    [InlineData("9223372036854775808")]
    public async Task What_does_not_exist_cannot_be_changed(string id)
    {
        (await roblox.Write("PATCH", $"/v1/badges/{id}", roblox.ManagerKey, "{}")).Is(404, Errors.Badge);
        (await roblox.Write("PATCH", "/v1/badges/x", roblox.ManagerKey, "{}")).Is(404, Errors.NotFound);
    }

    [Fact]
    public async Task A_disabled_badge_cannot_be_earned_until_it_is_enabled()
    {
        var badge = await NewBadge();
        (await roblox.Write("PATCH", $"/v1/badges/{badge}", roblox.ManagerKey, """{"enabled":false}""")).Is(200, "{}");
        (await roblox.AwardFromPlace(RobloxBed.Player, badge)).Is(403, Errors.AwardFailed);
        (await roblox.Write("PATCH", $"/v1/badges/{badge}", roblox.ManagerKey, """{"enabled":true}""")).Is(200, "{}");
        Assert.Equal(200, (await roblox.AwardFromPlace(RobloxBed.Player, badge)).Status);
    }
}
