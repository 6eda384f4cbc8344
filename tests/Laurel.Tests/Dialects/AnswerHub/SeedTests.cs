using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.AnswerHub;

/// <summary>The requirement's own stories, from an empty server, all of it through HTTP.</summary>
public sealed class SeedTests
{
    private const string Native = "/laurel/v1";

    [Theory, EveryEngine]
    public async Task The_sample_request_awards_the_editor_award_to_who_made_the_edit(Engine engine)
    {
        await using var laurel = await TestServer.Start(engine);
        await Fill(laurel);
        (await laurel.Put($"{Native}/users/42", """{"username":"editor of things"}""")).Is(201);
        (await laurel.Put($"{Native}/badges/507", """{"issuerId":900,"texts":{"en":{"name":"Editor","description":"First edit"}},"recognises":["UserEditAction"],"level":"bronze"}""")).Is(201);
        (await laurel.Put($"{Native}/action-types/UserEditAction", "{}")).Is(201);
        (await laurel.Post($"{Native}/actions", """{"id":1125,"type":"UserEditAction","userId":42,"subject":"node:7"}""")).Is(201);

        for (var i = 0; i < 2; i++)
        {
            using var raw = await RawHttp.Connect(laurel.Address);
            // As curl sends it: -u answerhub:test123, both headers, no body.
            await raw.Send("POST /services/v2/award/507/action/1125.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YW5zd2VyaHViOnRlc3QxMjM=\r\n"
                + "User-Agent: curl/8.5.0\r\nAccept: application/json\r\nContent-type: application/json\r\nConnection: close\r\n\r\n");
            var (status, _, body) = await raw.Receive();
            Assert.Equal((200, ""), (status, body));
        }

        var list = await laurel.Get("/services/v2/user/42/award.json", key: null);
        var editor = Assert.Single(list.Is(200).Json["list"]!.AsArray())!;
        Assert.Equal((507, "Editor", 1), (editor["id"]!.GetValue<long>(), editor["name"]!.GetValue<string>(), editor["count"]!.GetValue<long>()));
        var award = Assert.Single((await laurel.Get($"{Native}/users/42/awards")).Json["items"]!.AsArray())!;
        Assert.Equal((1125, "node:7", "answerHub"), (award["actionId"]!.GetValue<long>(), award["subject"]!.GetValue<string>(), award["source"]!.GetValue<string>()));
        Assert.Empty((await laurel.Get("/services/v2/user/5/award.json", key: null)).Json["list"]!.AsArray());
    }

    [Theory, EveryEngine]
    public async Task A_slack_bot_rewards_an_applause(Engine engine)
    {
        await using var laurel = await TestServer.Start(engine);
        await Fill(laurel);
        (await laurel.Put($"{Native}/users/42", """{"username":"speaker"}""")).Is(201);
        (await laurel.Put($"{Native}/badges/600", """{"issuerId":900,"texts":{"en":{"name":"Applause received"}},"recurrence":"perAction","recognises":["SlackApplause"]}""")).Is(201);
        var bot = await laurel.Key(null, Scopes.ActionsWrite, Scopes.AwardsWrite);

        (await laurel.Put($"{Native}/action-types/SlackApplause", """{"description":"Somebody got an applause emoji in Slack."}""", bot)).Is(201);
        foreach (var (message, isNew) in new[] { (9001, true), (9001, false), (9002, true) })
        {
            var applause = $$$"""{"id":{{{message}}},"type":"SlackApplause","userId":42,"properties":{"channel":"#general","emoji":":clap:"}}""";
            (await laurel.Post($"{Native}/actions", applause, bot)).Is(isNew ? 201 : 200);
            // By its key, and as the seed has it, by username and password.
            (await laurel.Send(HttpMethod.Post, $"/services/v2/award/600/action/{message}.json", (string?)null, bot)).IsDone();
            (await laurel.Send(HttpMethod.Post, $"/services/v2/award/600/action/{message}.json?wrap=true", (string?)null, null, AnswerHubBed.Basic("answerhub:test123"))).IsDone();
        }

        var item = Assert.Single((await laurel.Get("/services/v2/user/42/award.json", key: null)).Is(200).Json["list"]!.AsArray())!;
        Assert.Equal(("Applause received", 2), (item["name"]!.GetValue<string>(), item["count"]!.GetValue<long>()));
    }

    private static async Task Fill(TestServer laurel)
    {
        (await laurel.Put($"{Native}/issuers/900", """{"name":"Community"}""")).Is(201);
        (await laurel.Put($"{Native}/users/5", """{"username":"answerhub","password":"test123","permissions":["award-bonus-reputation"]}""")).Is(201);
    }
}
