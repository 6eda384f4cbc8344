using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Rewards;
using Laurel.Server.Http;
using Laurel.Server.Media;

namespace Laurel.Server.Dialects.AISquare;

/// <summary>Wearing one's reward as a badge. Contract: docs/dialects/aisquare.md</summary>
internal sealed class RewardEndpoints(LaurelCore core, PublicAddress address, ServerOptions options)
{
    private readonly IssuerSet _issuers = new(options.AISquareIssuers);

    // With the slash and without it: routing does not tell them apart.
    public void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/api/v1/rewards/{id}/badge/", Wear);

    private async Task Wear(HttpContext context)
    {
        var (caller, refused) = await Authenticate(context.Request);
        if (refused is not null)
        {
            await refused.Write(context);
            return;
        }
        // A service has no rewards of its own.
        if (caller!.UserId is not { } userId)
        {
            await AISquareError.Forbidden.Write(context);
            return;
        }
        if (!TextRules.TryCanonicalId(context.Request.RouteValues["id"] as string, out var id) || await Find(userId, id) is not { } found)
        {
            await AISquareError.NotFound.Write(context);
            return;
        }
        var (isBadged, error) = await BadgePatch.Read(context.Request, context.RequestAborted);
        if (error is not null)
        {
            await error.Write(context);
            return;
        }
        var outcome = isBadged
            ? await core.Rewarding.Wear(userId, id, caller, context.RequestAborted)
            : await core.Rewarding.Unwear(userId, id, caller, context.RequestAborted);
        await (outcome.Refusal is { } refusal
            ? Refuse(refusal).Write(context)
            : Write(context, outcome.Reward!, found.Badge, found.Issuer, caller));
    }

    private async ValueTask<(Caller? Caller, AISquareError? Refused)> Authenticate(HttpRequest request)
    {
        // Cookies and Basic are for other APIs: nothing here is protected against a foreign page that sends them.
        var credential = Credential.Of(request);
        if (credential.Kind is not (CredentialKind.Bearer or CredentialKind.ApiKey))
        {
            return (null, AISquareError.NoCredential);
        }
        return await core.Keys.Authenticate(credential.Secret) is { } caller ? (caller, null) : (null, AISquareError.BadToken);
    }

    private async ValueTask<(Badge Badge, Issuer Issuer)?> Find(long userId, long awardId) =>
        await core.UserAwards.Find(userId, awardId) is { } award
        && await core.Badges.Find(award.BadgeId) is { } badge
        && await core.Issuers.Find(badge.IssuerId) is { } issuer
        && _issuers.Contains(issuer)
            ? (badge, issuer)
            : null;

    private static AISquareError Refuse(RewardRefusal refusal) => refusal switch
    {
        RewardRefusal.UnknownAward => AISquareError.NotFound,
        // Only a claim is paid, and this call claims nothing.
        RewardRefusal.NotClaimed or RewardRefusal.NotEnoughPoints => AISquareError.NotClaimed,
        RewardRefusal.Forbidden => AISquareError.Forbidden,
    };

    private async Task Write(HttpContext context, Reward reward, Badge badge, Issuer issuer, Caller caller)
    {
        var request = context.Request;
        var masked = badge.HiddenUntilClaimed && !reward.Claim.IsClaimed && !caller.SeesHidden(issuer);
        var shown = RewardJson.From(
            masked ? badge.Masked() : badge, AcceptLanguage.Parse(request.Headers.AcceptLanguage), address.Of(request, IconPaths.Of(badge, masked)));
        var user = (await core.Users.Find(reward.Award.UserId))!;
        await AISquareJson.Write(
            context, JsonSerializer.SerializeToUtf8Bytes(UserRewardJson.From(reward, shown, user), AISquareJson.Wire.UserRewardJson));
    }
}
