using System.Net.Http.Headers;
using Laurel.Core;
using Laurel.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Laurel.Tests.Harness;

/// <summary>The whole server in this process, on a port and a database of its own.</summary>
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
        var database = await TestDatabase.Create(engine);
        return new TestServer(await StartOn(database, time, with, map), database);
    }

    /// <summary>A further server on a database that somebody else owns.</summary>
    public static async Task<TestServer> StartSecond(TestDatabase database, TimeProvider? time = null, Func<ServerOptions, ServerOptions>? with = null) =>
        new(await StartOn(database, time, with), null);

    private static async Task<WebApplication> StartOn(
        TestDatabase database, TimeProvider? time, Func<ServerOptions, ServerOptions>? with, Action<WebApplication>? map = null)
    {
        var options = new ServerOptions
        {
            Urls = "http://127.0.0.1:0",
            Database = database.ConnectionString,
            Partitions = database.Partitioned ? 4 : 0,
            AdministratorKey = AdministratorKey,
            OpenDialects = true,
        };
        var app = await ServerHost.Build(with is null ? options : with(options), time ?? TimeProvider.System);
        map?.Invoke(app);
        await app.StartAsync();
        return app;
    }

    public HttpClient NewClient() => new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address };

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
