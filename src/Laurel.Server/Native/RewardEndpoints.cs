using Laurel.Core.Access;
using Laurel.Core.Rewards;

namespace Laurel.Server.Native;

/// <summary>Claiming awards and wearing them, by their user, administrators and services. Wire type: AwardJson.cs</summary>
internal static class RewardEndpoints
{
    public static void MapRewards(this IEndpointRouteBuilder native)
    {
        native.Post("/users/{userId}/awards/{id}/claim", call => Change(call, call.Core.Rewarding.Claim));
        native.Post("/users/{userId}/awards/{id}/wear", call => Change(call, call.Core.Rewarding.Wear));
        native.Post("/users/{userId}/awards/{id}/unwear", call => Change(call, call.Core.Rewarding.Unwear));
    }

    private static async Task<NativeAnswer> Change(NativeCall call, Func<long, long, Caller, CancellationToken, ValueTask<RewardOutcome>> change)
    {
        var (userId, id) = (call.Id("userId"), call.Id());
        await call.NoBody();
        var outcome = await change(userId, id, call.Caller, call.Aborted);
        return outcome.Refusal is { } refusal
            ? NativeProblem.Of(refusal)
            : NativeAnswer.Ok((await AwardJson.From(call, [outcome.Reward!.Award]))[0], NativeJson.Strict.AwardJson);
    }
}
