using Laurel.Server.Http;
using Microsoft.Net.Http.Headers;

namespace Laurel.Server.Dialects.Perfumer;

/// <summary>perfumerlabs/badges: badges and counters of users by collection. Contract: docs/dialects/perfumer.md</summary>
internal static class PerfumerApi
{
    private const string Document = "perfumer";
    private const string Policy = "perfumer";

    private static readonly TimeSpan PreflightLasts = TimeSpan.FromMinutes(10);

    /// <param name="services">Where to add it.</param>
    /// <param name="origins">Whose pages may call it from a browser.</param>
    public static void AddPerfumer(this IServiceCollection services, IReadOnlyList<string> origins)
    {
        services
            .AddSingleton<IErrorShape, PerfumerErrorShape>()
            .AddSingleton(new ApiDocument(Document, "perfumerlabs/badges", "openapi.perfumer.json"))
            .AddSingleton<PerfumerAccess>()
            .AddSingleton<BadgeEndpoints>();
        if (origins.Count > 0)
        {
            services.AddCors(cors => cors.AddPolicy(Policy, policy => policy
                .WithOrigins([.. origins])
                .WithMethods(HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete)
                .WithHeaders(HeaderNames.Authorization, HeaderNames.ContentType, Credential.ApiKeyHeader)
                .SetPreflightMaxAge(PreflightLasts)));
        }
    }

    /// <param name="app">Where to map it.</param>
    /// <param name="origins">The same as it was added with.</param>
    public static void MapPerfumer(this WebApplication app, IReadOnlyList<string> origins)
    {
        var routes = app.DescribedBy(Document).MapGroup("");
        if (origins.Count > 0)
        {
            app.UseCors();
            routes.RequireCors(Policy);
        }
        app.Services.GetRequiredService<BadgeEndpoints>().Map(routes);
    }
}
