namespace Laurel.Server.Native;

/// <summary>Tells that a user was at an issuer, for its win rates.</summary>
internal static class VisitEndpoint
{
    public static void MapVisits(this IEndpointRouteBuilder native) => native.Post("/visits", Visit);

    private static async Task<NativeAnswer> Visit(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.VisitBody);
        return await call.Core.Awarding.Visit(body.IssuerId, body.UserId, body.At?.Micros, call.Aborted, call.Caller) is { } refusal
            ? NativeProblem.Of(refusal)
            : NativeAnswer.NoContent;
    }
}

internal sealed class VisitBody
{
    public required long IssuerId { get; set; }
    public required long UserId { get; set; }
    public Timestamp? At { get; set; }
}
