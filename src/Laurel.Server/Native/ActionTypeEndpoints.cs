using System.Text;
using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Actions;

namespace Laurel.Server.Native;

/// <summary>Types of actions, known by their names. Read with any key; registered by administrators and services.</summary>
internal static class ActionTypeEndpoints
{
    private const string ListName = "native action types";

    public static void MapActionTypes(this IEndpointRouteBuilder native)
    {
        native.Get("/action-types", List);
        native.Get("/action-types/{name}", Get);
        native.Put("/action-types/{name}", Put);
    }

    private static async Task<NativeAnswer> List(NativeCall call)
    {
        var limit = call.Limit();
        var after = call.Cursor(ListName) is { } cursor ? Encoding.UTF8.GetString(cursor) : "";
        var types = await call.Core.ActionTypes.List(after, limit + 1);
        var page = types.Take(limit).Select(ActionTypeJson.From).ToList();
        var next = types.Count > limit ? call.Seal(Encoding.UTF8.GetBytes(page[^1].Name), ListName) : null;
        return NativeAnswer.Ok(new PageJson<ActionTypeJson>(page, next), NativeJson.Strict.ActionTypePage);
    }

    private static async Task<NativeAnswer> Get(NativeCall call) => await call.Core.ActionTypes.Find(Name(call)) is { } type
        ? NativeAnswer.Ok(ActionTypeJson.From(type), NativeJson.Strict.ActionTypeJson)
        : NativeProblem.NotFound(RefusalCode.UnknownActionType, "No type of actions has this name.");

    private static async Task<NativeAnswer> Put(NativeCall call)
    {
        var name = Name(call);
        var body = await call.Body(NativeJson.Strict.ActionTypeBody);
        return (await call.Core.ActionTypes.Put(name, body.Description, call.CreateOnly, call.Caller)).Succeeded(out var put, out var refusal)
            ? NativeAnswer.Stored(put.Created, ActionTypeJson.From(put.Thing), NativeJson.Strict.ActionTypeJson)
            : NativeProblem.Of(refusal);
    }

    private static string Name(NativeCall call) => call.Http.Request.RouteValues["name"] is string name && TextRules.IsActionType(name)
        ? name
        : throw new InvalidParameterException("name", "A name has 1 to 255 characters and at most 512 bytes, without '/', '%' and control characters.");
}

/// <summary>What a caller sets of a type.</summary>
internal class ActionTypeBody
{
    public string? Description { get; set; }
}

internal sealed class ActionTypeJson : ActionTypeBody
{
    [JsonPropertyOrder(-1)]
    public string Name { get; set; } = "";
    public Timestamp CreatedAt { get; set; }
    public Timestamp UpdatedAt { get; set; }

    public static ActionTypeJson From(ActionType type) => new()
    {
        Name = type.Name,
        Description = type.Description,
        CreatedAt = new(type.CreatedAt),
        UpdatedAt = new(type.UpdatedAt),
    };
}
