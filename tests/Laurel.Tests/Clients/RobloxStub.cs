using System.Net;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Laurel.Tests.Clients;

/// <summary>Temporary: the few answers of the Roblox contract that noblox.js asks for, canned, so that the road to a
/// real server can be tested before there is one. It goes when the tests start Laurel itself.</summary>
internal sealed class RobloxStub : IAsyncDisposable
{
    public const string Session = "_|WARNING:-DO-NOT-SHARE-THIS.|_stub";
    private const string Token = "stubtoken";

    private readonly WebApplication _app;
    private (string Name, string Description) _badge = ("Welcome", "For coming by.");

    private RobloxStub(TestAuthority authority)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(authority.Leaf));
        });
        _app = builder.Build();
        Map(_app);
        _app.MapFallback(() => Error(404, 0, "NotFound"));
    }

    public static async Task<RobloxStub> Start(TestAuthority authority)
    {
        var stub = new RobloxStub(authority);
        await stub._app.StartAsync();
        return stub;
    }

    public Uri Address(string scheme) => new(_app.Services.GetRequiredService<IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses.Single(a => a.StartsWith(scheme + ':', StringComparison.Ordinal)));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/users/authenticated", (HttpRequest request) =>
            SignedIn(request) ? Results.Json(new { id = 1, name = "u", displayName = "u" }) : Unauthorized());
        app.MapPost("/v2/logout", (HttpResponse response) => TokenFailed(response));
        app.MapGet("/v1/badges/{id:long}", (long id) =>
            id == NobloxData.Badge ? Results.Json(Badge()) : Error(404, 1, "Badge is invalid or does not exist."));
        app.MapGet($"/v1/universes/{NobloxData.Universe}/badges", () => Page(Badge()));
        app.MapGet($"/v1/users/{NobloxData.UserOfList}/badges", () => Page(Badge()));
        app.MapGet($"/v1/users/{NobloxData.UserOfDates}/badges/awarded-dates", (string badgeIds) => Results.Json(new
        {
            data = new[] { new { badgeId = long.Parse(badgeIds), awardedDate = "2020-11-15T18:51:30.604064Z" } },
        }));
        app.MapPatch($"/v1/badges/{NobloxData.Badge}", async (HttpRequest request, HttpResponse response) =>
        {
            if (!request.Headers.Cookie.ToString().Contains(".ROBLOSECURITY="))
            {
                return Unauthorized();
            }

            if (request.Headers["x-csrf-token"] != Token)
            {
                return TokenFailed(response);
            }

            var patch = await request.ReadFromJsonAsync<Patch>();
            _badge = (patch!.Name is "" ? _badge.Name : patch.Name, patch.Description);
            return Results.Json(new { });
        });
    }

    private object Badge() => new
    {
        id = NobloxData.Badge,
        name = _badge.Name,
        description = _badge.Description,
        displayName = _badge.Name,
        displayDescription = _badge.Description,
        enabled = true,
        iconImageId = 0,
        displayIconImageId = 0,
        created = "2022-03-08T08:32:52.703+00:00",
        updated = "2022-03-08T08:32:52.703+00:00",
        statistics = new { pastDayAwardedCount = 0, awardedCount = 2, winRatePercentage = 0.0 },
        awardingUniverse = new { id = NobloxData.Universe, name = "Game", rootPlaceId = 0 },
        awarder = new { id = 0, type = "Place", name = "Game" },
    };

    private static bool SignedIn(HttpRequest request) => request.Headers.Cookie.ToString() == $".ROBLOSECURITY={Session};";

    private static IResult Page(params object[] data) =>
        Results.Json(new { previousPageCursor = (string?)null, nextPageCursor = (string?)null, data });

    private static IResult Unauthorized() => Error(401, 0, "Authorization has been denied for this request.");

    private static IResult TokenFailed(HttpResponse response)
    {
        response.Headers["x-csrf-token"] = Token;
        return Error(403, 0, "Token Validation Failed");
    }

    private static IResult Error(int status, int code, string message) =>
        Results.Json(new { errors = new[] { new { code, message } } }, statusCode: status);

    private sealed record Patch(string Name, string Description, bool Enabled);
}
