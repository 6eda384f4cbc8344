using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Xunit;
using static Laurel.Tests.Dialects.Karaz.KarazWorld;

namespace Laurel.Tests.Dialects.Karaz;

/// <summary>What goes wrong outside the endpoints has their shape. Contract: docs/dialects/karaz.md#errors</summary>
public sealed class FrameworkErrorTests
{
    private static void Refused(Answer answer, int status)
    {
        answer.Is(status);
        Assert.Equal("application/json; charset=utf-8", answer.ContentType);
        Assert.Equal("error", answer.Text("status"));
        Assert.Equal(["status", "message"], answer.Json.AsObject().Select(member => member.Key));
    }

    [Fact]
    public async Task Wrong_routes_and_verbs()
    {
        await using var laurel = await TestServer.Start();
        foreach (var path in new[]
        {
            "/v2/Users", "/v2/users/", "/V2/USERS/nothing", "/v2/Users/Badges/1", "/v2/users/badgeslists", "/v2/Users/BadgesList%2F", "/v2/Users/..%2fBadges",
            "/v2/Users//Badges", "/v2/Users/%F0%9F%92%A9", "/v2/Users/%ED%A0%80",
        })
        {
            Refused(await laurel.Get(path, key: null), 404);
        }
        foreach (var path in new[] { All, Obtained, "/v2/users/badges" })
        {
            foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete, HttpMethod.Options, new HttpMethod("BREW") })
            {
                Refused(await laurel.Send(method, path, "{}", TestServer.AdministratorKey), 405);
            }
            var head = (await laurel.Send(HttpMethod.Head, path, (string?)null, TestServer.AdministratorKey)).Is(405);
            Assert.Equal(("", "application/json; charset=utf-8"), (head.Body, head.ContentType));
        }
        // What lies beside it is another's.
        Assert.Contains("\"errors\"", (await laurel.Get("/v2/usersBadges", key: null)).Is(404).Body);
        Assert.Contains("\"errors\"", (await laurel.Get("/v1/Users/BadgesList", key: null)).Is(404).Body);
    }

    [Fact]
    public async Task Failures_of_the_server()
    {
        await using var laurel = await TestServer.Start(map: app =>
        {
            app.MapGet("/v2/Users/broken", _ => throw new InvalidOperationException("secret"));
            app.MapGet("/v2/Users/away", _ => throw new StorageUnavailableException("secret"));
        });
        var broken = await laurel.Get("/v2/Users/broken");
        Refused(broken, 500);
        Assert.DoesNotContain("secret", broken.Body);
        var away = await laurel.Get("/v2/Users/away");
        Refused(away, 503);
        Assert.Equal("1", away.Headers["Retry-After"]);

        await using var busy = await TestServer.Start(with: options => options with { RequestsPerSecond = 1 });
        var hurried = (await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => busy.Get(All)))).First(answer => (int)answer.Status == 429);
        Refused(hurried, 429);
        Assert.Equal("1", hurried.Headers["Retry-After"]);
    }

    [Fact]
    public async Task A_body_and_odd_headers_are_no_matter()
    {
        await using var laurel = await KarazWorld.Start();
        var key = await laurel.Key(1, null);
        foreach (var (name, value) in new[] { ("Accept", "text/html;q=x"), ("Accept-Language", "ar;q=0,*"), ("Accept-Charset", "utf-16"), ("If-None-Match", "*"), ("Range", "bytes=0-1") })
        {
            Assert.Equal("""{"data":[],"status":"success"}""", (await laurel.Send(HttpMethod.Get, All, "{\"a\":\"\\ud800\"", key, (name, value))).Is(200).Body);
        }
        foreach (var query in new[] { "?", "?x", "?a=%00", "?a=%ED%A0%80", "?page=-1&limit=99999999999999999999" })
        {
            Assert.InRange((int)(await laurel.Get(All + query, key)).Status, 200, 400);
        }
    }
}
