using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Native;

/// <summary>What most tests of the native API begin with, made through it.</summary>
internal static class NativeWorld
{
    public const string Root = "/laurel/v1";

    /// <summary>Issuer 100 of user 1 (place 1000), users 1 to 3, badge 7.</summary>
    public static async Task<TestServer> Start(Engine engine, TimeProvider? time = null)
    {
        var laurel = await TestServer.Start(engine, time);
        foreach (var user in new[] { 1, 2, 3 })
        {
            (await laurel.Put($"{Root}/users/{user}", $$"""{"username":"user{{user}}"}""")).Is(201);
        }
        (await laurel.Put($"{Root}/issuers/100", """{"key":"isle","name":"Isle","rootPlaceId":1000,"creator":{"type":"User","id":1}}""")).Is(201);
        await laurel.Badge(7);
        return laurel;
    }

    public static async Task Badge(this TestServer laurel, long id, string recurrence = "\"once\"", string more = "") =>
        (await laurel.Put($"{Root}/badges/{id}",
            $$$"""{"issuerId":100,"texts":{"en":{"name":"Badge {{{id}}}","description":"About {{{id}}}"} },"recurrence":{{{recurrence}}}{{{more}}} }""")).Is(201);

    /// <summary>Users from an id on, each of whom has done an <c>Edit</c>.</summary>
    public static async Task ActMany(this TestServer laurel, int first, int users)
    {
        Assert.Null(await laurel.Core.Users.PutMany(Enumerable.Range(first, users).Select(id => ((long)id, new UserDraft()))));
        var rows = Enumerable.Range(first, users).Select(id => $$"""{"type":"Edit","userId":{{id}}}""");
        var answer = (await laurel.Post($"{Root}/actions", $"[{string.Join(',', rows)}]")).Is(200);
        Assert.All(answer.Json.AsArray(), row => Assert.Equal("created", row!["status"]!.GetValue<string>()));
    }

    /// <summary>A backfill once it has ended.</summary>
    public static async Task<Answer> Ended(this TestServer laurel, Answer backfill)
    {
        var path = $"{Root}/backfills/{backfill.Json["id"]}";
        while (backfill.Text("state") == "running")
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            backfill = (await laurel.Get(path)).Is(200);
        }
        return backfill;
    }

    public static Task<Answer> Award(this TestServer laurel, long userId, long badgeId, string more = "", string? key = TestServer.AdministratorKey) =>
        laurel.Post($"{Root}/awards", $$"""{"userId":{{userId}},"badgeId":{{badgeId}}{{more}} }""", key);
}
