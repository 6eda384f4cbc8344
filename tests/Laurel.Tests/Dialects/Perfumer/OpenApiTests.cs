using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>The document describes the server: nothing more, nothing less.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task It_is_valid_and_has_the_routes_that_are_mapped()
    {
        await using var perfumer = await PerfumerBed.With();
        var document = await Document(perfumer);
        Assert.Empty(document.Faults());
        Assert.Equal(OpenApi.Mapped(perfumer.Server, "perfumer").Order(), document.Operations.Order());
    }

    private static async Task<OpenApi> Document(PerfumerBed perfumer) => OpenApi.Parse((await perfumer.Send("GET", "/openapi/perfumer.json")).Body);

    [Fact]
    public async Task Answers_are_as_it_says()
    {
        await using var perfumer = await PerfumerBed.With();
        var document = await Document(perfumer);
        (await perfumer.Server.Put("/laurel/v1/issuers/100", """{"key":"ours","name":"Ours"}""")).Is(201);
        (await perfumer.Server.Put("/laurel/v1/badges/7", """{"issuerId":100,"key":"off","enabled":false,"texts":{"en":{"name":"Off"}}}""")).Is(201);
        var met = new HashSet<string>();
        async Task Meet(string operation, int status, string target, string? body = null, string? key = null)
        {
            var parts = operation.Split(' ');
            var reply = await perfumer.Send(parts[0], parts[1] + target, body, key);
            Assert.True(reply.Status == status, $"{operation}: {reply.Status} {reply.Body}");
            Assert.Null(document.Differs(operation, status, reply.Type, reply.Body));
            if (body is not null && status < 300)
            {
                Assert.Null(document.RequestDiffers(operation, body));
            }
            met.Add($"{operation} {status}");
        }

        var stranger = TestCore.Value(await perfumer.Server.Core.Keys.Create(new Core.Access.KeyDraft(null, [Core.Access.Scopes.UsersRead], null))).Secret;
        await Meet("POST /badge", 201, "", """{"collection":"c","user":1,"name":"a/b","payload":[1]}""");
        await Meet("POST /badge", 201, "", """{"collection":"c","user":"1","name":"a/b","payload":{"a":1}}""");
        await Meet("POST /badge", 201, "?collection=c&user=1&name=a");
        await Meet("POST /badge", 400, "?collection=c&user=1&name=/");
        await Meet("POST /badge", 400, "?collection=c&user=1");
        await Meet("POST /badge", 403, "?collection=100&user=1&name=off");
        await Meet("GET /badges", 200, "?collection=c&user=1");
        await Meet("GET /badges", 200, "", """{"collection":"c","user":1,"name":"x"}""");
        await Meet("GET /counters", 200, "", """{"collection":"c","user":1,"names":["a","_all",5]}""");
        await Meet("GET /counters", 400, "?collection=c&user=1");
        await Meet("DELETE /badges", 200, "", """{"collection":"c","user":1,"name":null}""");
        foreach (var operation in document.Operations)
        {
            await Meet(operation, 400, "");
            await Meet(operation, 400, "", "[]");
            await Meet(operation, 401, "?collection=c&user=1&name=a&names=a", key: "x");
            await Meet(operation, 413, "", new string(' ', (1 << 20) + 1));
        }
        await Meet("POST /badge", 403, "?collection=c&user=1&name=a", key: stranger);
        await Meet("DELETE /badges", 403, "?collection=c&user=1&name=a", key: stranger);

        var documented = document.Operations.SelectMany(operation => document.Operation(operation).GetProperty("responses").EnumerateObject()
            .Where(response => response.Name is not ("429" or "500" or "503")).Select(response => $"{operation} {response.Name}"));
        Assert.Empty(documented.Except(met));
    }
}
