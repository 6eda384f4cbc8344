using Laurel.Core;

namespace Laurel.Server.Http;

/// <summary>For load balancers and operators: alive is the process, ready is the database behind it.</summary>
internal static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes, LaurelCore core, IHostApplicationLifetime lifetime)
    {
        routes.MapGet("/health/live", () => TypedResults.Text("{\"status\":\"live\"}", "application/json"));
        routes.MapGet("/health/ready", async context =>
        {
            var cause = await NotReadyBecause(core, lifetime);
            context.Response.StatusCode = cause is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            context.Response.ContentType = "application/json";
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.WriteAsync(
                cause is null ? "{\"status\":\"ready\"}" : $"{{\"status\":\"not ready\",\"cause\":\"{System.Text.Json.JsonEncodedText.Encode(cause)}\"}}",
                context.RequestAborted);
        });
    }

    /// <summary>Null when requests can be served; otherwise the cause why not, for an operator.</summary>
    public static async ValueTask<string?> NotReadyBecause(LaurelCore core, IHostApplicationLifetime lifetime) =>
        lifetime.ApplicationStopping.IsCancellationRequested ? "The server is stopping." : await core.NotReadyBecause();
}
