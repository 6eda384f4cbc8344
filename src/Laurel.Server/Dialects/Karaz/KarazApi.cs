using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Karaz;

/// <summary>Karaz badges: a user's own, in Arabic and English. Contract: docs/dialects/karaz.md</summary>
internal static class KarazApi
{
    private const string Document = "karaz";

    public static void AddKaraz(this IServiceCollection services) => services
        .AddSingleton<IErrorShape, KarazErrorShape>()
        .AddSingleton(new ApiDocument(Document, "Karaz badges", "openapi.karaz.json"))
        .AddSingleton<BadgeViews>()
        .AddSingleton<BadgeEndpoints>();

    public static void MapKaraz(this WebApplication app) => app.Services.GetRequiredService<BadgeEndpoints>().Map(app.DescribedBy(Document));
}
