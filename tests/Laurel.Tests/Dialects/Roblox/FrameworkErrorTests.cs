using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>What goes wrong outside the endpoints has their shape. Contract: docs/dialects/roblox.md#errors</summary>
public sealed class FrameworkErrorTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    [Theory]
    [InlineData("/v1")]
    [InlineData("/v1/")]
    [InlineData("/v2")]
    [InlineData("/v1/badges")]
    [InlineData("/v1/badges/1/x")]
    [InlineData("/V1/Unknown")]
    [InlineData("/v2/badges/700")]
    [InlineData("/v1/users/102")]
    [InlineData("/v1//badges/700")]
    [InlineData("/v1/badges/700%2F")]
    public async Task An_unknown_route_is_404(string path) => (await roblox.Get(path)).Is(404, Errors.NotFound);

    [Theory]
    [InlineData("POST", "/v1/badges/700", "GET, PATCH")]
    [InlineData("DELETE", "/v1/badges/700", "GET, PATCH")]
    [InlineData("OPTIONS", "/v1/badges/700", "GET, PATCH")]
    [InlineData("PUT", "/v1/users/102/badges", "GET")]
    [InlineData("GET", "/v1/users/102/badges/700/award-badge", "POST")]
    [InlineData("GET", "/v1/user/badges/700", "DELETE")]
    [InlineData("GET", "/v2/logout", "POST")]
    [InlineData("POST", "/v2/universes/5000/badges", "GET")]
    [InlineData("BREW", "/v1/badges/metadata", "GET, PATCH")]
    public async Task A_wrong_verb_is_405(string method, string path, string allowed)
    {
        _ = allowed;
        (await roblox.Send(method, path)).Is(405, Errors.Framework("MethodNotAllowed"));
    }

    [Fact]
    public async Task A_body_over_a_mebibyte_is_413()
    {
        var body = $"{{\"name\":\"{new string('x', 1 << 20)}\"}}";
        (await roblox.Send("PATCH", "/v1/badges/700", bearer: roblox.ManagerKey, body: body)).Is(413, Errors.Framework("PayloadTooLarge"));
        (await roblox.Send("PATCH", "/v1/badges/700", bearer: roblox.ManagerKey, body: "name=" + body, type: "application/x-www-form-urlencoded"))
            .Is(413, Errors.Framework("PayloadTooLarge"));
    }

    [Fact]
    public async Task Beyond_the_rate_it_is_429()
    {
        await using var slow = await RobloxBed.With(options => options with { RequestsPerSecond = 1 });
        Answer answer;
        do
        {
            answer = await slow.Get("/v1/badges/700");
        }
        while (answer.Status == 200);
        answer.Is(429, Errors.Framework("TooManyRequests"));
        Assert.Equal("1", answer.Header("retry-after"));
    }

    [Fact]
    public async Task A_fault_is_500_and_says_nothing()
    {
        await using var broken = await RobloxBed.With(map: app =>
        {
            app.MapGet("/v1/test/fault", (Microsoft.AspNetCore.Http.RequestDelegate)(_ => throw new InvalidOperationException("secret")));
            app.MapGet("/v2/test/fault", async _ =>
            {
                await Task.Yield();
                throw new InvalidOperationException("secret");
            });
        });
        (await broken.Get("/v1/test/fault")).Is(500, Errors.Framework("InternalServerError"));
        (await broken.Get("/v2/test/fault")).Is(500, Errors.Framework("InternalServerError"));
        Assert.Equal(200, (await broken.Get("/v1/badges/700")).Status);
    }

    [Fact]
    public async Task Without_its_database_it_is_503_and_recovers()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await using var own = await RobloxBed.On(database);
        Assert.Equal(200, (await own.Get("/v1/badges/700")).Status);
        Answer award;
        await using (var holder = new SqliteConnection(database.ConnectionString + ";Pooling=False"))
        {
            await holder.OpenAsync(TestContext.Current.CancellationToken);
            // Another process holds the write lock for longer than the server waits.
            await using var hold = holder.CreateCommand();
            hold.CommandText = "BEGIN EXCLUSIVE";
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            award = await own.AwardFromPlace(RobloxBed.Player, 700);
            // What was read before is read on.
            Assert.Equal(200, (await own.Get("/v1/badges/700")).Status);
        }
        award.Is(503, Errors.Framework("ServiceUnavailable"));
        Assert.Equal("1", award.Header("retry-after"));
        Assert.Equal(200, (await own.AwardFromPlace(RobloxBed.Player, 700)).Status);
    }

    [Fact]
    public async Task A_head_of_an_error_has_no_body()
    {
        var answer = await roblox.Send("HEAD", "/v1/badges/x");
        Assert.Equal((405, ""), (answer.Status, answer.Body));
    }
}
