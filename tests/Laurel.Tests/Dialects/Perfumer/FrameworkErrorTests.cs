using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>What the framework below would answer has this dialect's shape too.</summary>
public sealed class FrameworkErrorTests(PerfumerBed perfumer) : IClassFixture<PerfumerBed>
{
    [Theory]
    [InlineData("GET", "/badge")]
    [InlineData("DELETE", "/badge/")]
    [InlineData("PUT", "/badges")]
    [InlineData("POST", "/badges/")]
    [InlineData("PATCH", "/badges")]
    [InlineData("POST", "/counters")]
    [InlineData("OPTIONS", "/counters/")]
    [InlineData("BREW", "/badge")]
    public async Task An_unknown_verb_is_404(string method, string path) =>
        (await perfumer.Send(method, $"{path}?collection=c&user=u&name=a&names=a")).Refuses(404, "Not found");

    [Fact]
    public async Task A_head_has_no_body()
    {
        var reply = await perfumer.Send("HEAD", "/badges?collection=c&user=u");
        Assert.Equal((404, ""), (reply.Status, reply.Body));
    }

    [Fact]
    public async Task A_body_over_a_mebibyte_is_413() =>
        (await perfumer.Send("DELETE", "/badges?collection=c&user=u", $$"""{"name":"{{new string('x', 1 << 20)}}"}""")).Refuses(413);

    [Fact]
    public async Task Beyond_the_rate_it_is_429()
    {
        await using var slow = await PerfumerBed.With(options => options with { RequestsPerSecond = 1 });
        Reply reply;
        do
        {
            reply = await slow.Send("GET", "/badges?collection=c&user=u");
        }
        while (reply.Status == 200);
        reply.Refuses(429);
        Assert.Equal("1", reply.Header("retry-after"));
    }

    [Fact]
    public async Task Without_its_database_it_is_503_and_recovers()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await using var own = await PerfumerBed.On(database);
        const string Post = "/badge?collection=c&user=u&name=a";
        (await own.Send("POST", Post)).Is(201, PerfumerBed.Done);
        await TestCore.Settled(own.Server.Core);
        await using (var holder = new SqliteConnection(database.ConnectionString + ";Pooling=False"))
        {
            await holder.OpenAsync(TestContext.Current.CancellationToken);
            await using var hold = holder.CreateCommand();
            hold.CommandText = "BEGIN EXCLUSIVE";
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            // At once: each waits as long as the database may take.
            foreach (var reply in await Task.WhenAll(
                own.Send("POST", Post), own.Send("POST", "/badge?collection=new&user=new&name=a"), own.Send("DELETE", "/badges?collection=c&user=u")))
            {
                reply.Refuses(503);
                Assert.Equal("1", reply.Header("retry-after"));
                Assert.DoesNotContain("SQL", reply.Body, StringComparison.OrdinalIgnoreCase);
            }
            // What is in its tables is read on.
            Assert.Equal(["a"], await own.Names("c", "u"));
        }
        (await own.Send("POST", Post)).Is(201, PerfumerBed.Done);
        Assert.Equal(2, await own.Count("c", "u", "a"));
    }

    [Fact]
    public async Task A_fault_is_500_and_says_nothing()
    {
        await using var broken = await PerfumerBed.With(map: app => app.Use((context, next) =>
            context.Request.Query.ContainsKey("fault") ? throw new InvalidOperationException("secret") : next(context)));
        (await broken.Send("GET", "/badges?fault")).Refuses(500, "Something went wrong.");
    }
}
