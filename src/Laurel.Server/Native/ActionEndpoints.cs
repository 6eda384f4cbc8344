using System.Text.Json.Serialization;
using Laurel.Core.Actions;

namespace Laurel.Server.Native;

/// <summary>Recording what users did, and reading it. Written by administrators and services; read by them and by who did it.</summary>
internal static class ActionEndpoints
{
    public static void MapActions(this IEndpointRouteBuilder native)
    {
        native.Post("/actions", Record);
        native.Get("/actions/{id}", Get);
    }

    private static async Task<NativeAnswer> Record(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.ActionBody);
        return (await call.Core.Actions.Record(body.ToDraft(), call.Caller, bulk: false, call.Aborted)).Succeeded(out var outcome, out var refusal)
            ? NativeAnswer.Stored(outcome.Created, new ActionAnswerJson(ActionJson.From(outcome.Action), outcome.Created, outcome.Counted), NativeJson.Strict.ActionAnswerJson)
            : NativeProblem.Of(refusal);
    }

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
