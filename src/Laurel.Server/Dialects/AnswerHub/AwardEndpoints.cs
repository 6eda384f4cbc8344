using Laurel.Core;
using Laurel.Core.Awards;

namespace Laurel.Server.Dialects.AnswerHub;

/// <summary>Awards for an action, and by hand. Contract: docs/dialects/answerhub.md#awarding</summary>
internal sealed class AwardEndpoints(LaurelCore core, AwardTypes types, AnswerHubAccess access)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/award/{awardTypeId}/action/{actionId}.json", ForAction);
        routes.MapPost("/award/{awardTypeId}/user/{userId}.json", Manually);
    }

    private async Task ForAction(HttpContext context)
    {
        AnswerHubRequest.Check(context.Request);
        var (awardTypeId, actionId) = (AnswerHubRequest.Id(context, "awardTypeId"), AnswerHubRequest.Id(context, "actionId"));
        if (await access.Writer(context) is { } caller)
        {
            await Answer(context, await core.BonusAwards.ForAction(types.Badges, awardTypeId, actionId, caller, context.RequestAborted), isManual: false);
        }
    }

    private async Task Manually(HttpContext context)
    {
        AnswerHubRequest.Check(context.Request);
        var (awardTypeId, userId) = (AnswerHubRequest.Id(context, "awardTypeId"), AnswerHubRequest.Id(context, "userId"));
        if (await access.Writer(context) is { } caller)
        {
            await Answer(context, await core.BonusAwards.Manually(types.Badges, awardTypeId, userId, caller, context.RequestAborted), isManual: true);
        }
    }

    private static Task Answer(HttpContext context, AwardOutcome outcome, bool isManual)
    {
        if (outcome.Refusal is { } refusal && Refuse(refusal, isManual) is { } error)
        {
            return AnswerHubJson.Write(context, error);
        }
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    // Null: nothing is awarded, and that is a success.
    private static AnswerHubError? Refuse(AwardRefusal refusal, bool isManual) => refusal switch
    {
        AwardRefusal.NotRecognised or AwardRefusal.Disabled or AwardRefusal.OccasionMissing or AwardRefusal.OccasionHeld => null,
        AwardRefusal.Revoked => isManual ? AnswerHubError.Revoked : null,
        AwardRefusal.Forbidden => AnswerHubError.MayNotAward,
        AwardRefusal.UnknownBadge => AnswerHubError.AwardTypeUnknown,
        AwardRefusal.UnknownAction => AnswerHubError.ActionUnknown,
        AwardRefusal.UnknownUser => AnswerHubError.UserUnknown,
        AwardRefusal.NotStorable or AwardRefusal.UnknownPlace or AwardRefusal.PlaceMayNotAward or AwardRefusal.IdReserved
            or AwardRefusal.TimeInFuture or AwardRefusal.InvalidTime or AwardRefusal.InvalidSubject or AwardRefusal.InvalidAction
            or AwardRefusal.InvalidPayload => AnswerHubError.NotStored,
    };
}
