using Laurel.Tests.Harness;

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

    public static Task<Answer> Award(this TestServer laurel, long userId, long badgeId, string more = "", string? key = TestServer.AdministratorKey) =>
        laurel.Post($"{Root}/awards", $$"""{"userId":{{userId}},"badgeId":{{badgeId}}{{more}} }""", key);
}
