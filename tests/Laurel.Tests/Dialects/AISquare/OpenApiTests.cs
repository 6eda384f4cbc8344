using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Dialects.AISquare.AISquareBed;

namespace Laurel.Tests.Dialects.AISquare;

/// <summary>The document describes the server: nothing more, nothing less.</summary>
public sealed class OpenApiTests
{
    private const string Operation = "PATCH /api/v1/rewards/{id}/badge/";

    [Fact]
    public async Task It_is_valid_has_the_routes_that_are_mapped_and_answers_are_as_it_says()
    {
        await using var laurel = await Start();
        var document = OpenApi.Parse((await laurel.Get("/openapi/aisquare.json", null)).Is(200).Body);
        Assert.Empty(document.Faults());
        Assert.Equal(OpenApi.Mapped(laurel, "aisquare"), document.Operations);

        var met = new HashSet<int>();
        async Task Meet(int status, Task<Answer> call)
        {
            var answer = (await call).Is(status);
            Assert.Null(document.Differs(Operation, status, answer.ContentType, answer.Body));
            met.Add(status);
        }
        var key = await laurel.Key(Ada, null);
        foreach (var id in new[] { 1, 2, 3, 4 })
        {
            await Meet(200, laurel.Patch(id, """{"is_badged":false}""", key));
            Assert.Null(document.RequestDiffers(Operation, """{"is_badged":false}"""));
        }
        await Meet(200, laurel.Patch(1, "{}", key));
        foreach (var body in new[] { "{", "[]", "null", """{"is_badged":null}""", """{"is_badged":7}""" })
        {
            await Meet(400, laurel.Patch(1, body, key));
        }
        await Meet(400, laurel.Patch(2, "{}", key));
        await Meet(400, laurel.Patch(2, "{}", key, ("x-api-key", key)));
        await Meet(401, laurel.Patch(1));
        await Meet(401, laurel.Patch(1, "{}", "x"));
        await Meet(403, laurel.Patch(1, "{}", await laurel.Key(Ada, Scopes.AwardsWrite)));
        await Meet(404, laurel.Patch(77, "{}", key));
        await Meet(413, laurel.Patch(1, new string(' ', (1 << 20) + 1), "application/json", key));
        await Meet(415, laurel.Patch(1, "{}", "text/plain", key));

        // 429 and 5xx have tests of their own.
        var documented = document.Operation(Operation).GetProperty("responses").EnumerateObject().Select(response => int.Parse(response.Name));
        Assert.Equal([429, 500, 503], documented.Except(met));
    }
}
