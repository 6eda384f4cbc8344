using System.Net;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;

namespace Laurel.Tests.Admin;

public sealed class AdminStreamTests
{
    private const string Path = "/admin/stream";

    [Fact]
    public async Task A_browser_reads_on_until_its_session_ends()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        using var browser = await AdminBrowser.SignedIn(laurel);
        using var client = laurel.NewClient();
        client.DefaultRequestHeaders.Add("Cookie", string.Join("; ", browser.Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        using var stream = await EventReader.Open(client, $"{Path}?userId=2&userId=3", "nobody's", ct: TestContext.Current.CancellationToken);

        await laurel.Award(1, 7);
        await laurel.Award(2, 7);
        var told = (await stream.Take(1))[0];
        Assert.Equal(("award", 2L), (told.Type, told.Json["userId"]!.GetValue<long>()));

        (await browser.Submit("/admin", [], "/admin/sign-out")).Is(HttpStatusCode.SeeOther);
        await laurel.Award(3, 7);
        Assert.Null(await stream.Next(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("same-origin", "", 200)]
    [InlineData("cross-site", "", 403)]
    [InlineData("same-site", "", 403)]
    [InlineData("none", "", 403)]
    [InlineData("same-origin", "?userId=ada", 400)]
    public async Task Only_pages_of_this_server_read_it(string site, string query, int status)
    {
        await using var laurel = await TestServer.Start();
        using var browser = await AdminBrowser.SignedIn(laurel);
        var cookies = string.Join("; ", browser.Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}"));

        Assert.Equal(status, await Status(laurel, query, ("Sec-Fetch-Site", site), ("Cookie", cookies)));
        Assert.Equal(site == "same-origin" ? 401 : 403, await Status(laurel, query, ("Sec-Fetch-Site", site), ("Authorization", $"Bearer {TestServer.AdministratorKey}")));
    }

    private static async Task<int> Status(TestServer laurel, string query, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path + query);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        using var answer = await laurel.Anonymous.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }
}
