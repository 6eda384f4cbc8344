using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Badges;

namespace Laurel.Server.Dialects.AnswerHub;

/// <summary>The award types: badges of the issuers that this API speaks for.</summary>
internal sealed record AwardTypes(BadgeSet Badges);

/// <summary>Award types, one and all. Contract: docs/dialects/answerhub.md#reading</summary>
internal sealed class AwardTypeEndpoints(LaurelCore core, AwardTypes types, AnswerHubAccess access)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/award/{awardTypeId}.json", Get);
        routes.MapGet("/award.json", List);
    }

    private async Task Get(HttpContext context)
    {
        AnswerHubRequest.Check(context.Request);
        var awardTypeId = AnswerHubRequest.Id(context, "awardTypeId");
        var (allowed, caller) = await access.Reader(context);
        if (!allowed)
        {
            return;
        }
        await (await types.Badges.Find(awardTypeId) is { } badge
            ? AnswerHubJson.Write(context, await Shown(badge, caller), AnswerHubJson.Wire.AwardTypeJson)
            : AnswerHubJson.Write(context, AnswerHubError.AwardTypeUnknown));
    }

    private async Task List(HttpContext context)
    {
        AnswerHubRequest.Check(context.Request);
        var page = PageRequest.Read(context.Request.Query);
        var (allowed, caller) = await access.Reader(context);
        if (!allowed)
        {
            return;
        }
        var (badges, total) = await types.Badges.Newest(page.Skip, page.Size);
        var shown = new List<AwardTypeJson>(badges.Count);
        foreach (var badge in badges)
        {
            shown.Add(await Shown(badge, caller));
        }
        await AnswerHubJson.Write(context, page.Of(shown, total), AnswerHubJson.Wire.AwardTypePage);
    }

    private async ValueTask<AwardTypeJson> Shown(Badge badge, Caller? caller) => AwardTypeJson.From(await core.Badges.AsSeenBy(badge, caller));
}
