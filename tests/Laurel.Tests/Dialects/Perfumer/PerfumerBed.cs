using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Laurel.Server;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>A server shared by the tests of a class; each test uses collections and users of its own.</summary>
public sealed class PerfumerBed : IAsyncLifetime
{
    public const string Done = """{"status":true}""";

    private static int _names;

    internal TestServer Server { get; private set; } = null!;

    internal ManualTime Time { get; private set; } = null!;

    public async ValueTask InitializeAsync() => await Start(Engine.Sqlite, null, null);

    internal static async Task<PerfumerBed> With(
        Func<ServerOptions, ServerOptions>? with = null, Engine engine = Engine.Sqlite, Action<WebApplication>? map = null)
    {
        var bed = new PerfumerBed();
        await bed.Start(engine, with, map);
        return bed;
    }

    /// <summary>On a database that somebody else owns.</summary>
    internal static async Task<PerfumerBed> On(TestDatabase database, ManualTime? time = null)
    {
        var bed = new PerfumerBed { Time = time ?? NewTime() };
        bed.Server = await TestServer.StartSecond(database, bed.Time);
        return bed;
    }

    private async Task Start(Engine engine, Func<ServerOptions, ServerOptions>? with, Action<WebApplication>? map)
    {
        Time = NewTime();
        Server = await TestServer.Start(engine, Time, with, map);
    }

    private static ManualTime NewTime() => new(new(2020, 6, 20, 8, 43, 16, TimeSpan.Zero));

    /// <summary>A name that nobody has used.</summary>
    internal static string New(string what) => string.Create(CultureInfo.InvariantCulture, $"{what}-{Interlocked.Increment(ref _names)}");

    internal async Task<Reply> Send(
        string method, string path, string? body = null, string? key = null, string? type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Headers.ExpectContinue = body.Length > 1 << 19;
            if (type is not null)
            {
                Assert.True(request.Content.Headers.TryAddWithoutValidation("Content-Type", type));
            }
        }
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }
        using var response = await Server.Anonymous.SendAsync(request, TestContext.Current.CancellationToken);
        return await Reply.Of(response);
    }

    /// <summary>Posts, a second after whatever was before.</summary>
    internal async Task Post(string collection, string user, params string[] names)
    {
        foreach (var name in names)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            (await Send("POST", "/badge", new JsonObject { ["collection"] = collection, ["user"] = user, ["name"] = name }.ToJsonString())).Is(201, Done);
        }
    }

    internal async Task<IReadOnlyList<string>> Names(string collection, string user, string? name = null, string? key = null)
    {
        var body = new JsonObject { ["collection"] = collection, ["user"] = user, ["name"] = name };
        return (await Send("GET", "/badges", body.ToJsonString(), key)).Names;
    }

    internal async Task<long> Count(string collection, string user, string name, string? key = null)
    {
        var body = new JsonObject { ["collection"] = collection, ["user"] = user, ["names"] = new JsonArray(name) };
        var reply = await Send("GET", "/counters", body.ToJsonString(), key);
        Assert.True(reply.Status == 200, reply.Body);
        return JsonNode.Parse(reply.Body)!["content"]!["counters"]![name]!.GetValue<long>();
    }

    internal Task<Reply> Delete(string collection, string user, string? name = null, string? key = null) =>
        Send("DELETE", "/badges", new JsonObject { ["collection"] = collection, ["user"] = user, ["name"] = name }.ToJsonString(), key);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>What the server answered.</summary>
internal sealed record Reply(int Status, string Body, string? Type, IReadOnlyDictionary<string, string> Headers)
{
    public static async Task<Reply> Of(HttpResponseMessage message) => new(
        (int)message.StatusCode, await message.Content.ReadAsStringAsync(), message.Content.Headers.ContentType?.ToString(),
        message.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>Exactly this status and body.</summary>
    public void Is(int status, string body)
    {
        Assert.Equal(body, Body);
        Assert.Equal(status, Status);
        Assert.Equal("application/json; charset=utf-8", Type);
    }

    /// <summary>A refusal in these words.</summary>
    public void Refuses(int status, string message) =>
        Is(status, new JsonObject { ["status"] = false, ["message"] = message }.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));

    /// <summary>A refusal whose words are for developers.</summary>
    public void Refuses(int status)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Body}");
        Assert.Matches("^\\{\"status\":false,\"message\":\"[^\"].*\"\\}$", Body);
        Assert.Equal("application/json; charset=utf-8", Type);
    }

    /// <summary>Of a list of badges, in their order.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            Assert.True(Status == 200, Body);
            return [.. JsonNode.Parse(Body)!["content"]!["badges"]!.AsArray().Select(badge => badge!["name"]!.GetValue<string>())];
        }
    }
}
