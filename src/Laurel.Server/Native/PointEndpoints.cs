using Laurel.Core.Rewards;

namespace Laurel.Server.Native;

/// <summary>Users' points: read by the user, given and taken by administrators and services, spent by claims.</summary>
internal static class PointEndpoints
{
    public static void MapPoints(this IEndpointRouteBuilder native)
    {
        native.Get("/users/{userId}/points", Get);
        native.Post("/users/{userId}/points", Add);
        native.Get("/users/{userId}/points/entries", List);
    }

    private static async Task<NativeAnswer> Get(NativeCall call) =>
        (await call.Core.Points.Find(call.Id("userId"), call.Caller)).Succeeded(out var account, out var refusal)
            ? NativeAnswer.Ok(new PointsJson(account.UserId, account.Balance, account.Entries), NativeJson.Strict.PointsJson)
            : NativeProblem.OfPath(refusal);

    private static async Task<NativeAnswer> Add(NativeCall call)
    {
        var userId = call.Id("userId");
        var body = await call.Body(NativeJson.Strict.PointsBody);
        return (await call.Core.Points.Add(userId, body.Delta, body.Reason, call.Caller)).Succeeded(out var entry, out var refusal)
            ? NativeAnswer.Created(PointEntryJson.From(entry), NativeJson.Strict.PointEntryJson)
            : NativeProblem.OfPath(refusal);
    }

    private static async Task<NativeAnswer> List(NativeCall call)
    {
        var userId = call.Id("userId");
        if (!(await call.Core.Points.Find(userId, call.Caller)).Succeeded(out _, out var refusal))
        {
            return NativeProblem.OfPath(refusal);
        }
        return await call.PageById(
            $"native points of user {userId}", (after, limit) => call.Core.Points.List(userId, after, limit), entry => entry.Number,
            entry => ValueTask.FromResult(PointEntryJson.From(entry)), NativeJson.Strict.PointEntryPage);
    }
}

/// <summary>What there is, and by how many entries it came about.</summary>
internal sealed record PointsJson(long UserId, long Balance, long Entries);

/// <summary>Gives points, or takes some.</summary>
internal sealed class PointsBody
{
    public required long Delta { get; set; }
    public string? Reason { get; set; }
}

internal sealed record PointEntryJson(long Number, long Delta, long Balance, string? Reason, long? AwardId, long? CreatedBy, Timestamp CreatedAt)
{
    public static PointEntryJson From(PointEntry entry) => new(
        entry.Number, entry.Delta, entry.Balance, entry.Reason, entry.AwardId, entry.CreatedBy, new(entry.CreatedAt));
}
