using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>Roblox Badges v1 and v2. Contract: docs/dialects/roblox.md</summary>
internal static class RobloxApi
{
    private const string Document = "roblox";

    public static void AddRoblox(this IServiceCollection services) => services
        .AddSingleton<IErrorShape, RobloxErrorShape>()
        .AddSingleton(new ApiDocument(Document, "Roblox Badges v1 and v2", "openapi.roblox.json"))
        .AddSingleton<BadgeViews>()
        .AddSingleton<RobloxAccess>()
        .AddSingleton<BadgeEndpoints>()
        .AddSingleton<UserEndpoints>()
        .AddSingleton<AwardEndpoints>()
        .AddSingleton<SessionEndpoints>();

    public static void MapRoblox(this WebApplication app)
    {
        var routes = app.DescribedBy(Document);
        app.Services.GetRequiredService<BadgeEndpoints>().Map(routes);
        app.Services.GetRequiredService<UserEndpoints>().Map(routes);
        app.Services.GetRequiredService<AwardEndpoints>().Map(routes);
        app.Services.GetRequiredService<SessionEndpoints>().Map(routes);
    }
}
