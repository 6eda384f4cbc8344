using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Actions;

namespace Laurel.Server.Native;

/// <summary>Recording what users did, one by one or many at once, and reading it. Written by administrators and services; read by them and by who did it.</summary>
internal static class ActionEndpoints
{
    public static void MapActions(this IEndpointRouteBuilder native)
    {
        native.Post("/actions", Record, Batch.BodyLimit, takesLines: true);
        native.Get("/actions/{id}", Get);
    }

    private static async Task<NativeAnswer> Record(NativeCall call)
    {
        var body = await call.RawBody();
        return call.IsLines ? await RecordAll(call, body, Batch.RowsOfLines(body))
            : Batch.IsArray(body) ? await RecordAll(call, body, Batch.RowsOfArray(body))
            : await RecordOne(call);
    }

    private static async Task<NativeAnswer> RecordOne(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.ActionBody);
        return (await call.Core.Actions.Record(body.ToDraft(), call.Caller, bulk: false, call.Aborted)).Succeeded(out var outcome, out var refusal)
            ? NativeAnswer.Stored(outcome.Created, new ActionAnswerJson(ActionJson.From(outcome.Action), outcome.Created, outcome.Counted), NativeJson.Strict.ActionAnswerJson)
            : NativeProblem.Of(refusal);
    }

    private static Task<NativeAnswer> RecordAll(NativeCall call, byte[] body, List<Range> rows) => Batch.Answer(
        body, rows, NativeJson.Strict.ActionBody, ActionItemJson.Refused,
        async asked => [.. (await call.Core.Actions.RecordAll([.. asked.Select(row => row.ToDraft())], call.Caller, call.Aborted)).Select(ActionItemJson.From)],
        NativeJson.Strict.ActionItems);

    private static async Task<NativeAnswer> Get(NativeCall call) =>
        (await call.Core.Actions.Find(call.Id(), call.Caller)).Succeeded(out var action, out var refusal)
            ? NativeAnswer.Ok(ActionJson.From(action), NativeJson.Strict.ActionJson)
            : NativeProblem.Of(refusal);
}

/// <summary>What is told of an action.</summary>
internal class ActionFactsJson
{
    public required string Type { get; set; }
    public required long UserId { get; set; }
    public string? Subject { get; set; }
    public Timestamp? OccurredAt { get; set; }
    public RawJson? Properties { get; set; }
}

internal sealed class ActionBody : ActionFactsJson
{
    /// <summary>Its own, which makes sending it twice harmless.</summary>
    public long? Id { get; set; }

    public ActionDraft ToDraft() => new(Type, UserId)
    {
        Id = Id,
        Subject = Subject,
        OccurredAt = OccurredAt?.Micros,
        Properties = Properties?.Text,
    };
}

internal sealed class ActionJson : ActionFactsJson
{
    [JsonPropertyOrder(-1)]
    public long Id { get; set; }
    public Timestamp RecordedAt { get; set; }

    public static ActionJson From(RecordedAction action) => new()
    {
        Id = action.Id,
        Type = action.Type,
        UserId = action.UserId,
        Subject = action.Subject,
        OccurredAt = new(action.OccurredAt),
        Properties = new(action.Properties ?? "{}"),
        RecordedAt = new(action.RecordedAt),
    };
}

/// <summary>The action that is recorded now, whether this request recorded it, and whether it came in time for rules to count it.</summary>
internal sealed record ActionAnswerJson(ActionJson Action, bool Created, bool Counted);

/// <summary>What came of one row: <c>created</c>, <c>repeated</c>, or <c>refused</c> with the code that a single POST would have.</summary>
internal sealed record ActionItemJson(string Status, string? Code, ActionJson? Action, bool Counted)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Field { get; init; }

    public static ActionItemJson From(Outcome<ActionOutcome>? outcome) => outcome switch
    {
        null => Refused("unavailable", "Not stored; try this row again shortly.", null),
        { } known => known.Succeeded(out var recorded, out var refusal)
            ? new(recorded.Created ? "created" : "repeated", null, ActionJson.From(recorded.Action), recorded.Counted)
            : Refused(NativeProblem.Code(refusal.Code), refusal.Message, refusal.Field),
    };

    public static ActionItemJson Refused(string code, string detail, string? field) =>
        new("refused", code, null, Counted: false) { Detail = detail, Field = field };
}
