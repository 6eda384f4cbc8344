using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Issuers;

namespace Laurel.Server.Native;

/// <summary>Places from which badges of an issuer are awarded. Read with any key; written by administrators, services and the
/// issuer's managers.</summary>
internal static class PlaceEndpoints
{
    public static void MapPlaces(this IEndpointRouteBuilder native)
    {
        native.Get("/places", List);
        native.Post("/places", Create);
        native.Get("/places/{id}", Get);
        native.Put("/places/{id}", Put);
    }

    private static Task<NativeAnswer> List(NativeCall call) => call.PageById(
        "native places", call.Core.Issuers.ListPlaces, place => place.Id, place => ValueTask.FromResult(PlaceJson.From(place)), NativeJson.Strict.PlacePage);

    private static async Task<NativeAnswer> Get(NativeCall call) => await call.Core.Issuers.FindPlace(call.Id()) is { } place
        ? NativeAnswer.Ok(PlaceJson.From(place), NativeJson.Strict.PlaceJson)
        : NativeProblem.NotFound(RefusalCode.UnknownPlace, "No place has this id.");

    private static async Task<NativeAnswer> Create(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.PlaceBody);
        return (await call.Core.Issuers.CreatePlace(body.IssuerId, body.Name, call.Caller)).Succeeded(out var place, out var refusal)
            ? NativeAnswer.Created(PlaceJson.From(place), NativeJson.Strict.PlaceJson)
            : NativeProblem.Of(refusal);
    }

    private static async Task<NativeAnswer> Put(NativeCall call)
    {
        var id = call.Id();
        var body = await call.Body(NativeJson.Strict.PlaceBody);
        return (await call.Core.Issuers.PutPlace(id, body.IssuerId, body.Name, call.CreateOnly, call.Caller)).Succeeded(out var put, out var refusal)
            ? NativeAnswer.Stored(put.Created, PlaceJson.From(put.Thing), NativeJson.Strict.PlaceJson)
            : NativeProblem.Of(refusal);
    }
}

/// <summary>What a caller sets of a place.</summary>
internal class PlaceBody
{
    public required long IssuerId { get; set; }
    public required string Name { get; set; }
}

internal sealed class PlaceJson : PlaceBody
{
    [JsonPropertyOrder(-1)]
    public long Id { get; set; }
    public Timestamp CreatedAt { get; set; }
    public Timestamp UpdatedAt { get; set; }

    public static PlaceJson From(Place place) => new()
    {
        Id = place.Id,
        IssuerId = place.IssuerId,
        Name = place.Name,
        CreatedAt = new(place.CreatedAt),
        UpdatedAt = new(place.UpdatedAt),
    };
}
