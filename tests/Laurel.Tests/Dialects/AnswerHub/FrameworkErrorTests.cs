using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Laurel.Tests.Dialects.AnswerHub;

/// <summary>What goes wrong outside the endpoints has this dialect's shape too.</summary>
public sealed class FrameworkErrorTests(AnswerHubBed hub) : IClassFixture<AnswerHubBed>
{
    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/award")]
    [InlineData("/award/507")]
    [InlineData("/award/507.xml")]
    [InlineData("/award/.json")]
    [InlineData("/award/507/action/1125")]
    [InlineData("/question.json")]
    [InlineData("/user/7.json")]
    public async Task A_wrong_route_is_404(string path)
    {
        var (get, post) = (await hub.Get(path), await hub.Post(path));
        // A route that lacks its .json and gets the wrong verb is wrong in both ways: either is said.
        Assert.Contains(404, new[] { (int)get.Status, (int)post.Status });
        foreach (var answer in new[] { get, post })
        {
            answer.IsError((int)answer.Status == 405 ? 405 : 404);
        }
    }

    [Theory]
    [InlineData("GET", "/award/507/action/1125.json")]
    [InlineData("PUT", "/award/507/action/1125.json")]
    [InlineData("GET", "/award/507/user/7.json")]
    [InlineData("DELETE", "/award/507.json")]
    [InlineData("POST", "/award.json")]
    [InlineData("PATCH", "/user/7/award.json")]
    [InlineData("OPTIONS", "/award.json")]
    [InlineData("BREW", "/award.json")]
    public async Task A_wrong_verb_is_405(string method, string path) => (await hub.Send(method, path, AnswerHubBed.Login)).IsError(405);

    [Fact]
    public async Task A_head_of_an_error_has_no_body()
    {
        var answer = (await hub.Send("HEAD", "/award.json")).Is(405);
        Assert.Equal("", answer.Body);
    }

    [Fact]
    public async Task Faults_say_nothing_and_what_is_away_says_when_to_return()
    {
        await using var broken = await AnswerHubBed.With(map: app =>
        {
            app.MapGet("/services/v2/broken", _ => throw new InvalidOperationException("secret"));
            app.MapGet("/Services/V2/away", _ => throw new StorageUnavailableException("secret"));
        });
        Assert.DoesNotContain("secret", (await broken.Get("/broken")).IsError(500).Body);
        Assert.DoesNotContain("secret", (await broken.Get("/away")).IsError(503).Body);
    }

    [Fact]
    public async Task Beyond_the_rate_it_is_429()
    {
        await using var slow = await AnswerHubBed.With(with: options => options with { RequestsPerSecond = 1 });
        Answer answer;
        do
        {
            answer = await slow.Get("/award.json");
        }
        while ((int)answer.Status == 200);
        answer.IsError(429);
    }
}
