using Laurel.Core;
using Laurel.Core.Rules;

namespace Laurel.Server.Native;

/// <summary>Rules applied to the past, by who may write them.</summary>
internal static class BackfillEndpoints
{
    public static void MapBackfills(this IEndpointRouteBuilder native)
    {
        native.Post("/rules/{id}/backfills", Apply);
        native.Get("/rules/{id}/backfills", List);
        native.Get("/backfills/{id}", Get);
        native.Post("/backfills/{id}/stop", Stop);
        native.Post("/backfills/{id}/undo", Undo);
    }

    private static async Task<NativeAnswer> Apply(NativeCall call)
    {
        var id = call.Id();
        var body = await call.Body(NativeJson.Strict.BackfillBody);
        return Created(await call.Core.Backfills.Apply(id, body.From?.Micros, call.Caller));
    }

    private static Task<NativeAnswer> List(NativeCall call)
    {
        var id = call.Id();
        return call.PageIfAllowed(
            $"native backfills of rule {id}", (after, limit) => call.Core.Backfills.List(id, after ?? 0, limit, call.Caller),
            backfill => backfill.Id, BackfillJson.From, NativeJson.Strict.BackfillPage);
    }

    private static async Task<NativeAnswer> Get(NativeCall call) => Told(await call.Core.Backfills.Find(call.Id(), call.Caller));

    private static async Task<NativeAnswer> Stop(NativeCall call)
    {
        var id = call.Id();
        await call.NoBody();
        return Told(await call.Core.Backfills.Stop(id, call.Caller));
    }

    private static async Task<NativeAnswer> Undo(NativeCall call)
    {
        var id = call.Id();
        await call.NoBody();
        return Created(await call.Core.Backfills.TakeBack(id, call.Caller));
    }

    private static NativeAnswer Told(Outcome<Backfill> outcome) => outcome.Succeeded(out var backfill, out var refusal)
        ? NativeAnswer.Ok(BackfillJson.From(backfill), NativeJson.Strict.BackfillJson)
        : NativeProblem.Of(refusal);

    private static NativeAnswer Created(Outcome<Backfill> outcome) => outcome.Succeeded(out var backfill, out var refusal)
        ? NativeAnswer.Created(BackfillJson.From(backfill), NativeJson.Strict.BackfillJson)
        : NativeProblem.Of(refusal);
}

internal sealed class BackfillBody
{
    /// <summary>Null for all that is recorded.</summary>
    public Timestamp? From { get; set; }
}

/// <summary>A rule applied to the past, and how far that is.</summary>
/// <param name="Cursor">Users up to and with this id are done; null once all are.</param>
internal sealed record BackfillJson(
    long Id, long RuleId, string Kind, long? Undoes, string State, Timestamp CountsFrom, long? Cursor, long Users, long Actions, long Awarded,
    long TakenBack, long? CreatedBy, Timestamp CreatedAt, Timestamp UpdatedAt)
{
    public static BackfillJson From(Backfill backfill) => new(
        backfill.Id, backfill.RuleId, Word(backfill.Kind), backfill.TakesBack, Word(backfill.State), new(backfill.CountsFrom),
        backfill.State == BackfillState.Done ? null : backfill.Cursor, backfill.Users, backfill.Actions, backfill.Awarded, backfill.TakenBack,
        backfill.CreatedBy, new(backfill.CreatedAt), new(backfill.UpdatedAt));

    private static string Word(BackfillKind kind) => kind switch
    {
        BackfillKind.Apply => "apply",
        BackfillKind.TakeBack => "undo",
    };

    private static string Word(BackfillState state) => state switch
    {
        BackfillState.Running => "running",
        BackfillState.Done => "done",
        BackfillState.Stopped => "stopped",
    };
}
