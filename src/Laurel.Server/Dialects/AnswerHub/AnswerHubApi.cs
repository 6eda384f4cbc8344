using Laurel.Core;
using Laurel.Core.Issuers;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.AnswerHub;

/// <summary>AnswerHub's awards for actions. Contract: docs/dialects/answerhub.md</summary>
internal static class AnswerHubApi
{
    public const string Root = "/services/v2";

    private const string Document = "answerhub";

    public static void AddAnswerHub(this IServiceCollection services) => services
        .AddSingleton<IErrorShape, AnswerHubErrorShape>()
        .AddSingleton(new ApiDocument(Document, "AnswerHub awards", "openapi.answerhub.json"))
        .AddSingleton(provider => new AwardTypes(
            provider.GetRequiredService<LaurelCore>().Badges.Of(new IssuerSet(provider.GetRequiredService<ServerOptions>().AnswerHubIssuers))))
        .AddSingleton<PublicAddress>()
        .AddSingleton<AnswerHubAccess>()
        .AddSingleton<AwardEndpoints>()
        .AddSingleton<AwardTypeEndpoints>()
        .AddSingleton<UserEndpoints>();

    public static void MapAnswerHub(this WebApplication app)
    {
        var routes = app.DescribedBy(Document).MapGroup(Root);
        app.Services.GetRequiredService<AwardEndpoints>().Map(routes);
        app.Services.GetRequiredService<AwardTypeEndpoints>().Map(routes);
        app.Services.GetRequiredService<UserEndpoints>().Map(routes);
    }
}
