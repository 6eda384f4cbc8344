namespace Laurel.Server.Dialects.Roblox;

/// <summary>Roblox Badges v1 and v2.</summary>
internal static class RobloxApi
{
    public static void AddRoblox(this IServiceCollection services)
    {
    }

    public static void MapRoblox(this IEndpointRouteBuilder routes)
    {
    }
}
