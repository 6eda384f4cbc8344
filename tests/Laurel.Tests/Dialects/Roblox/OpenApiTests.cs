using System.Text.Json;
using System.Text.RegularExpressions;
using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>The document describes the server: nothing more, nothing less.</summary>
public sealed class OpenApiTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    private async Task<OpenApi> Document()
    {
        var answer = await roblox.Get("/openapi/roblox.json");
        Assert.Equal((200, "application/json; charset=utf-8"), (answer.Status, answer.Type));
        return OpenApi.Parse(answer.Body);
    }

    [Fact]
    public async Task It_is_valid() => Assert.Empty((await Document()).Faults());

    [Fact]
    public async Task It_has_the_routes_that_are_mapped() =>
        Assert.Equal(OpenApi.Mapped(roblox.Server, "roblox").Order(), (await Document()).Operations.Order());

    [Fact]
    public async Task Answers_are_as_it_says()
    {
        var document = await Document();
        var met = new HashSet<string>();
        async Task Meet(string operation, int status, Task<Answer> call)
        {
            var answer = await call;
            Assert.True(answer.Status == status, $"{operation}: {answer.Status} {answer.Body}");
            Assert.Null(document.Differs(operation, answer.Status, answer.Type, answer.Body));
            met.Add(operation + (answer.Body.Contains("\"errors\"") ? " " + SchemaOf(document, operation, answer) : $" {status}"));
        }

        await Reads(Meet);
        await Writes(Meet);

        // Every success and every error there can be here was met; 400 for developers, 429, 5xx and 413 have tests of their own.
        var documented = document.Operations.SelectMany(operation => document.Operation(operation).GetProperty("responses").EnumerateObject()
            .SelectMany(response => int.Parse(response.Name) < 300
                ? [$"{operation} {response.Name}"]
                : Names(document, response.Value).Except(["BadRequest", "TooManyRequests", "InternalServerError", "ServiceUnavailable"]).Select(name => $"{operation} {name}")));
        Assert.Empty(documented.Except(met));
    }

    private async Task Reads(Func<string, int, Task<Answer>, Task> meet)
    {
        var user = await roblox.NewUser();
        await roblox.Award(user, 700);
        await roblox.Award(user, RobloxBed.HiddenBadge);
        await meet("GET /v1/badges/metadata", 200, roblox.Get("/v1/badges/metadata"));
        foreach (var badge in new[] { 700, 701, 704 })
        {
            await meet("GET /v1/badges/{badgeId}", 200, roblox.Get($"/v1/badges/{badge}", ("Accept", "text/json")));
        }
        await meet("GET /v1/badges/{badgeId}", 404, roblox.Get("/v1/badges/1"));
        await meet("GET /v1/badges/{badgeId}", 404, roblox.Get("/v1/badges/x"));
        foreach (var (operation, path) in new[]
        {
            ("GET /v1/universes/{universeId}/badges", "/v1/universes/5000/badges"), ("GET /v2/universes/{universeId}/badges", "/v2/universes/5000/badges"),
            ("GET /v1/users/{userId}/badges", $"/v1/users/{user}/badges"),
        })
        {
            await meet(operation, 200, roblox.Get(path));
            await meet(operation, 400, roblox.Get(path + "?limit=1"));
            await meet(operation, 400, roblox.Get(path + "?sortOrder=x"));
            await meet(operation, 400, roblox.Get(path + "?cursor=x"));
            await meet(operation, 404, roblox.Get(Regex.Replace(path, "\\d{4,}", "1", RegexOptions.NonBacktracking)));
            await meet(operation, 404, roblox.Get(Regex.Replace(path, "\\d{4,}", "x", RegexOptions.NonBacktracking)));
        }
        const string Quota = "GET /v1/universes/{universeId}/free-badges-quota";
        await meet(Quota, 200, roblox.Get("/v1/universes/5000/free-badges-quota"));
        await meet(Quota, 404, roblox.Get("/v1/universes/1/free-badges-quota"));
        await meet(Quota, 404, roblox.Get("/v1/universes/x/free-badges-quota"));
        const string Dates = "GET /v1/users/{userId}/badges/awarded-dates";
        await meet(Dates, 200, roblox.Get($"/v1/users/{user}/badges/awarded-dates?badgeIds=700,701"));
        await meet(Dates, 400, roblox.Get($"/v1/users/{user}/badges/awarded-dates"));
        await meet(Dates, 400, roblox.Get($"/v1/users/{user}/badges/awarded-dates?badgeIds={string.Join(',', Enumerable.Range(0, 101))}"));
        await meet(Dates, 404, roblox.Get("/v1/users/1/badges/awarded-dates?badgeIds=1"));
        await meet(Dates, 404, roblox.Get("/v1/users/x/badges/awarded-dates?badgeIds=1"));
        const string One = "GET /v1/users/{userId}/badges/{badgeId}/awarded-date";
        await meet(One, 200, roblox.Get($"/v1/users/{user}/badges/700/awarded-date"));
        await meet(One, 204, roblox.Get($"/v1/users/{user}/badges/701/awarded-date"));
        await meet(One, 404, roblox.Get("/v1/users/1/badges/700/awarded-date"));
        await meet(One, 404, roblox.Get($"/v1/users/{user}/badges/x/awarded-date"));
        await meet("GET /v1/users/authenticated", 200, roblox.Send("GET", "/v1/users/authenticated", bearer: roblox.PlayerKey));
        await meet("GET /v1/users/authenticated", 401, roblox.Get("/v1/users/authenticated"));
        await meet("POST /v2/login", 403, roblox.Send("POST", "/v2/login"));
        await meet("POST /v2/logout", 403, roblox.Send("POST", "/v2/logout"));
    }

    private async Task Writes(Func<string, int, Task<Answer>, Task> meet)
    {
        var user = await roblox.NewUser();
        const string Award = "POST /v1/users/{userId}/badges/{badgeId}/award-badge";
        await meet(Award, 200, roblox.AwardFromPlace(user, 700));
        await meet(Award, 403, roblox.AwardFromPlace(user, 700));
        await meet(Award, 403, roblox.AwardFromPlace(user, 703));
        await meet(Award, 400, roblox.AwardFromPlace(user, 700, "x"));
        await meet(Award, 404, roblox.AwardFromPlace(user, 1));
        await meet(Award, 404, roblox.AwardFromPlace(1, 700));
        await meet(Award, 404, roblox.Send("POST", "/v1/users/x/badges/1/award-badge"));
        await meet(Award, 401, roblox.AwardFromPlace(user, 700, bearer: "x"));

        foreach (var (operation, path) in new[]
        {
            ("DELETE /v1/user/badges/{badgeId}", "/v1/user/badges/700"), ("DELETE /v1/user/{userId}/badges/{badgeId}", "/v1/user/102/badges/700"),
            ("PATCH /v1/badges/{badgeId}", "/v1/badges/707"),
        })
        {
            var last = path[^3..];
            await meet(operation, 200, roblox.Write(operation.Split(' ')[0], path, roblox.ManagerKey, "{}"));
            await meet(operation, 401, roblox.Send(operation.Split(' ')[0], path));
            await meet(operation, 403, roblox.Send(operation.Split(' ')[0], path, cookie: roblox.PlayerKey));
            await meet(operation, 403, roblox.Write(operation.Split(' ')[0], path, await roblox.NewKey(RobloxBed.Stranger, [Scopes.UsersRead]), "{}"));
            await meet(operation, 404, roblox.Write(operation.Split(' ')[0], path.Replace(last, "1"), roblox.PlayerKey, "{}"));
            await meet(operation, 404, roblox.Write(operation.Split(' ')[0], path.Replace(last, "x"), roblox.PlayerKey, "{}"));
        }
        const string Edit = "PATCH /v1/badges/{badgeId}";
        Task<Answer> Patch(string body, string type = "application/json") => roblox.Send("PATCH", "/v1/badges/707", bearer: roblox.ManagerKey, body: body, type: type);
        await meet(Edit, 400, Patch(JsonSerializer.Serialize(new { name = new string('x', 51) })));
        await meet(Edit, 400, Patch(JsonSerializer.Serialize(new { description = new string('x', 1001) })));
        await meet(Edit, 400, Patch(JsonSerializer.Serialize(new { name = EditTests.ModeratedWord(roblox) })));
        await meet(Edit, 415, Patch("{}", "text/plain"));
        await meet(Edit, 413, Patch(new string(' ', (1 << 20) + 1)));
    }

    private static string SchemaOf(OpenApi document, string operation, Answer answer) =>
        Names(document, document.Operation(operation).GetProperty("responses").GetProperty($"{answer.Status}")).First(name =>
        {
            var error = document.Document.GetProperty("components").GetProperty("schemas").GetProperty(name)
                .GetProperty("properties").GetProperty("errors").GetProperty("items").GetProperty("properties");
            var met = JsonElement.Parse(answer.Body).GetProperty("errors")[0];
            return error.GetProperty("code").GetProperty("const").GetInt32() == met.GetProperty("code").GetInt32()
                && (!error.GetProperty("message").TryGetProperty("const", out var message) || message.GetString() == met.GetProperty("message").GetString());
        });

    private static IEnumerable<string> Names(OpenApi document, JsonElement response)
    {
        var schema = document.Resolve(response).GetProperty("content").GetProperty("application/json").GetProperty("schema");
        return (schema.TryGetProperty("oneOf", out var several) ? several.EnumerateArray() : new[] { schema }.AsEnumerable())
            .Select(one => one.GetProperty("$ref").GetString()!.Split('/')[^1]);
    }
}
