namespace Laurel.Server.Native;

/// <summary>Laurel's own API under /laurel/v1.</summary>
internal static class NativeApi
{
    public static void AddNative(this IServiceCollection services)
    {
    }

    public static void MapNative(this IEndpointRouteBuilder routes)
    {
    }
}
