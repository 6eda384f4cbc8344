using Laurel.Server.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Laurel.Server.Native;

/// <summary>Laurel's own API under /laurel/v1: everything can be done through it. Contract: docs/dialects/native.md</summary>
internal static class NativeApi
{
    public const string Root = "/laurel/v1";

    private const string Document = "native";

    public static void AddNative(this IServiceCollection services)
    {
        services.AddSingleton<IErrorShape, NativeErrorShape>().AddSingleton(new ApiDocument(Document, "Laurel's own API", "openapi.native.json"));
        services.TryAddSingleton<PublicAddress>();
    }

    public static void MapNative(this IEndpointRouteBuilder routes)
    {
        var native = routes.DescribedBy(Document).MapGroup(Root);
        native.MapIssuers();
        native.MapPlaces();
        native.MapUsers();
        native.MapBadges();
        native.MapIcons();
        native.MapAwards();
        native.MapBatch();
        native.MapRewards();
        native.MapPoints();
        native.MapKeys();
        native.MapTokens();
        native.MapVisits();
        native.MapActionTypes();
        native.MapActions();
        native.MapRules();
        native.MapBackfills();
        native.MapExplanations();
        native.MapStream();
    }
}
