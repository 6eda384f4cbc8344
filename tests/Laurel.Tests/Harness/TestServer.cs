using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Laurel.Core;
using Laurel.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Laurel.Tests.Harness;

/// <summary>The whole server in this process, on a port and a database of its own. The verbs send JSON with the administrator's key
/// as bearer token unless another key, or none (null), is given.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string AdministratorKey = "laurel_test-administrator-0123456789abcdef";

    private readonly WebApplication _app;
    private readonly TestDatabase? _owned;

    private TestServer(WebApplication app, TestDatabase? owned)
    {
        (_app, _owned) = (app, owned);
        Address = new Uri(app.Urls.Single());
        Anonymous = NewClient();
        Administrator = NewClient();
        Administrator.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdministratorKey);
    }

    public Uri Address { get; }

    /// <summary>Every route that is mapped.</summary>
    public IReadOnlyList<Endpoint> Endpoints => [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints)];

    public LaurelCore Core => _app.Services.GetRequiredService<LaurelCore>();

    /// <summary>Sends no credential.</summary>
    public HttpClient Anonymous { get; }

    /// <summary>Sends the administrator's key as bearer token.</summary>
    public HttpClient Administrator { get; }

    /// <summary>Starts on an empty database; open calls are allowed from this machine unless the options say otherwise.</summary>
    /// <param name="engine">The database's.</param>
    /// <param name="time">The server's clock.</param>
    /// <param name="with">Changes the options.</param>
    /// <param name="map">Maps what only a test needs, such as a route that fails.</param>
    public static async Task<TestServer> Start(
        Engine engine = Engine.Sqlite, TimeProvider? time = null, Func<ServerOptions, ServerOptions>? with = null, Action<WebApplication>? map = null)
    {
        var database = await TestDatabase.WithSchema(engine);
        return new TestServer(await StartOn(database, time, with, map), database);
    }

    /// <summary>A further server on a database that somebody else owns.</summary>
    /// <inheritdoc cref="Start" path="/param"/>
    public static async Task<TestServer> StartSecond(
        TestDatabase database, TimeProvider? time = null, Func<ServerOptions, ServerOptions>? with = null, Action<WebApplication>? map = null) =>
        new(await StartOn(database, time, with, map), null);

    private static async Task<WebApplication> StartOn(
        TestDatabase database, TimeProvider? time, Func<ServerOptions, ServerOptions>? with, Action<WebApplication>? map = null)
    {
        var options = new ServerOptions
        {
            Urls = "http://127.0.0.1:0",
            Database = database.ConnectionString,
            Partitions = database.Partitions,
            AdministratorKey = AdministratorKey,
            OpenDialects = true,
        };
        var app = await ServerHost.Build(with is null ? options : with(options), time ?? TimeProvider.System);
        map?.Invoke(app);
        await app.StartAsync();
        return app;
    }

    public HttpClient NewClient() => new(new SocketsHttpHandler
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        Expect100ContinueTimeout = TimeSpan.FromSeconds(30),
    }) { BaseAddress = Address };

    public Task<Answer> Get(string path, string? key = AdministratorKey) => Send(HttpMethod.Get, path, (HttpContent?)null, key);

    public Task<Answer> Put(string path, string json, string? key = AdministratorKey) => Send(HttpMethod.Put, path, json, key);

    public Task<Answer> Post(string path, string json, string? key = AdministratorKey, string? once = null) =>
        Send(HttpMethod.Post, path, json, key, headers: once is null ? [] : [("Idempotency-Key", once)]);

    public Task<Answer> Delete(string path, string? key = AdministratorKey) => Send(HttpMethod.Delete, path, (HttpContent?)null, key);

    public Task<Answer> Send(HttpMethod method, string path, string? json, string? key, params (string Name, string Value)[] headers) =>
        Send(method, path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"), key, headers);

    public async Task<Answer> Send(HttpMethod method, string path, HttpContent? body, string? key, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        // Refused for its size, a body must not be under way already: the connection may end before the answer is read.
        request.Headers.ExpectContinue = body?.Headers.ContentLength > 1 << 19;
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        using var response = await Anonymous.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(
            response.StatusCode, response.Content.Headers.ContentType?.ToString(),
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>A key of this user, or a service's when there is none; null scopes: everything its user may do.</summary>
    public async Task<string> Key(long? userId, params string[]? scopes)
    {
        var body = new JsonObject { ["userId"] = userId, ["scopes"] = scopes is null ? null : new JsonArray([.. scopes.Select(scope => JsonValue.Create(scope))]) };
        var answer = await Post("/laurel/v1/keys", body.ToJsonString());
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer.Json["secret"]!.GetValue<string>();
    }

    public async ValueTask DisposeAsync()
    {
        Anonymous.Dispose();
        Administrator.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_owned is not null)
        {
            await _owned.DisposeAsync();
        }
    }
}

/// <summary>An HTTP answer, read whole.</summary>
internal sealed record Answer(HttpStatusCode Status, string? ContentType, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    /// <summary>This member's text.</summary>
    public string? Text(string member) => Json[member]?.ToString();

    /// <summary>The status was this; shows the body when it was not. Returns itself.</summary>
    public Answer Is(int status)
    {
        Assert.True((int)Status == status, $"{(int)Status} instead of {status}: {Body}");
        return this;
    }

    /// <summary>The body is exactly this JSON; layout and the order of members apart.</summary>
    public Answer Says(string json)
    {
        var expected = JsonNode.Parse(json);
        Assert.True(JsonNode.DeepEquals(expected, Json), $"Expected {expected?.ToJsonString()}\nbut got  {JsonSerializer.Serialize(Json)}");
        return this;
    }

    /// <summary>A native problem: RFC 9457 with this status and code. Returns itself.</summary>
    public Answer IsProblem(int status, string code, string? field = null)
    {
        Is(status);
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal(code, Text("code"));
        Assert.Equal(status, Json["status"]!.GetValue<int>());
        Assert.Equal($"urn:laurel:problem:{code}", Text("type"));
        Assert.False(string.IsNullOrEmpty(Text("title")));
        Assert.False(string.IsNullOrEmpty(Text("detail")));
        if (field is not null)
        {
            Assert.Equal(field, Text("field"));
        }
        return this;
    }
}
