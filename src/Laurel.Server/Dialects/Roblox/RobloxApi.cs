using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>Roblox Badges v1 and v2. Contract: docs/dialects/roblox.md</summary>
internal static class RobloxApi
{
    public static void AddRoblox(this IServiceCollection services) => services
        .AddSingleton<IErrorShape, RobloxErrorShape>()
        .AddSingleton<BadgeViews>()
        .AddSingleton<RobloxAccess>()
        .AddSingleton<BadgeEndpoints>()
        .AddSingleton<UserEndpoints>()
        .AddSingleton<AwardEndpoints>()
        .AddSingleton<SessionEndpoints>();

    public static void MapRoblox(this WebApplication app)
    {
        app.Services.GetRequiredService<BadgeEndpoints>().Map(app);
        app.Services.GetRequiredService<UserEndpoints>().Map(app);
        app.Services.GetRequiredService<AwardEndpoints>().Map(app);
        app.Services.GetRequiredService<SessionEndpoints>().Map(app);
    }
}
