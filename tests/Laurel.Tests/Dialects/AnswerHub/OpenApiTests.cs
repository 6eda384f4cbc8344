using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Laurel.Tests.Dialects.AnswerHub;

/// <summary>The document describes the server: nothing more, nothing less.</summary>
public sealed class OpenApiTests
{
    private static async Task<OpenApi> Document(AnswerHubBed hub)
    {
        var answer = (await hub.Server.Get("/openapi/answerhub.json", key: null)).Is(200);
        Assert.Equal("application/json; charset=utf-8", answer.ContentType);
        return OpenApi.Parse(answer.Body);
    }

    [Fact]
    public async Task It_is_valid_and_has_the_routes_that_are_mapped()
    {
        await using var hub = await AnswerHubBed.With();
        var document = await Document(hub);
        Assert.Empty(document.Faults());
        Assert.Equal(OpenApi.Mapped(hub.Server, "answerhub").Order(), document.Operations.Order());
    }

    [Fact]
    public async Task Answers_are_as_it_says()
    {
        await using var hub = await AnswerHubBed.With();
        var document = await Document(hub);
        var met = new HashSet<string>();
        async Task Meet(string operation, int status, string path, string? login = null, string? key = null, params (string, string)[] headers)
        {
            var (verb, template) = (operation.Split(' ')[0], operation.Split(' ')[1]);
            var answer = (await hub.Send(verb, path, login, key, headers)).Is(status);
            var name = $"{verb} /services/v2{template}";
            Assert.Null(document.Differs(name, status, answer.ContentType, answer.Body));
            met.Add($"{name} {status}");
        }

        (await hub.Award(AnswerHubBed.Editor, AnswerHubBed.Edit)).IsDone();
        foreach (var (operation, right, unknown, wrong) in new[]
        {
            ("POST /award/{awardTypeId}/action/{actionId}.json", "/award/507/action/1125.json", "/award/507/action/1.json", "/award/507/action/x.json"),
            ("POST /award/{awardTypeId}/user/{userId}.json", "/award/507/user/7.json", "/award/1/user/7.json", "/award/507/user/x.json"),
            ("GET /award/{awardTypeId}.json", "/award/507.json", "/award/1.json", "/award/x.json"),
            ("GET /award.json", "/award.json?pageSize=200", null, "/award.json?page=0"),
            ("GET /user/{userId}/award.json", "/user/7/award.json", "/user/1/award.json", "/user/7/award.json?pageSize=0"),
        })
        {
            await Meet(operation, 200, right, AnswerHubBed.Login);
            await Meet(operation, 400, wrong, AnswerHubBed.Login);
            await Meet(operation, 401, right, key: "x");
            await Meet(operation, 403, right, AnswerHubBed.Login, headers: ("Via", "1.1 proxy"));
            if (unknown is not null)
            {
                await Meet(operation, 404, unknown, AnswerHubBed.Login);
            }
        }
        for (var i = 0; i < 10; i++)
        {
            (await hub.Get("/award.json", $"eve:{i}")).IsError(401);
        }
        foreach (var operation in document.Operations.Select(name => name.Replace("/services/v2", "")))
        {
            await Meet(operation, 429, operation.Split(' ')[1].Replace("{awardTypeId}", "507").Replace("{actionId}", "1125").Replace("{userId}", "7"), "eve:x");
        }

        var documented = document.Operations.SelectMany(operation => document.Operation(operation).GetProperty("responses").EnumerateObject().Select(response => $"{operation} {response.Name}"));
        Assert.All(documented.Except(met), missed => Assert.True(missed.EndsWith(" 500", StringComparison.Ordinal) || missed.EndsWith(" 503", StringComparison.Ordinal), missed));
    }

    [Fact]
    public async Task Failures_of_the_server_are_as_it_says()
    {
        await using var hub = await AnswerHubBed.With(map: app =>
        {
            app.MapGet("/services/v2/broken", _ => throw new InvalidOperationException("…"));
            app.MapGet("/services/v2/away", _ => throw new StorageUnavailableException("…"));
        });
        var document = await Document(hub);
        foreach (var answer in new[] { (await hub.Get("/broken")).Is(500), (await hub.Get("/away")).Is(503) })
        {
            Assert.All(document.Operations, operation => Assert.Null(document.Differs(operation, (int)answer.Status, answer.ContentType, answer.Body)));
        }
    }
}
