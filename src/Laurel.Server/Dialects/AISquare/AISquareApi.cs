using Laurel.Server.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Laurel.Server.Dialects.AISquare;

/// <summary>AISquare Studio's rewards, worn as badges. Contract: docs/dialects/aisquare.md</summary>
internal static class AISquareApi
{
    private const string Document = "aisquare";

    public static void AddAISquare(this IServiceCollection services)
    {
        services.AddSingleton<IErrorShape, AISquareErrorShape>()
            .AddSingleton(new ApiDocument(Document, "AISquare Studio rewards", "openapi.aisquare.json"))
            .AddSingleton<RewardEndpoints>();
        services.TryAddSingleton<PublicAddress>();
    }

    public static void MapAISquare(this WebApplication app) => app.Services.GetRequiredService<RewardEndpoints>().Map(app.DescribedBy(Document));
}
