using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Issuers;

namespace Laurel.Server.Native;

/// <summary>Issuers. Read with any key; written by administrators and services.</summary>
internal static class IssuerEndpoints
{
    public static void MapIssuers(this IEndpointRouteBuilder native)
    {
        native.Get("/issuers", List);
        native.Post("/issuers", Create);
        native.Get("/issuers/{id}", Get);
        native.Put("/issuers/{id}", Put);
    }

    private static Task<NativeAnswer> List(NativeCall call) => call.PageById(
        "native issuers", call.Core.Issuers.List, issuer => issuer.Id, issuer => ValueTask.FromResult(IssuerJson.From(issuer)), NativeJson.Strict.IssuerPage);

    private static async Task<NativeAnswer> Get(NativeCall call) => await call.Core.Issuers.Find(call.Id()) is { } issuer
        ? NativeAnswer.Ok(IssuerJson.From(issuer), NativeJson.Strict.IssuerJson)
        : NativeProblem.NotFound(RefusalCode.UnknownIssuer, "No issuer has this id.");

    private static async Task<NativeAnswer> Create(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.IssuerBody);
        if (!body.ToDraft().Succeeded(out var draft, out var refusal)
            || !(await call.Core.Issuers.Create(draft, call.Caller)).Succeeded(out var issuer, out refusal))
        {
            return NativeProblem.Of(refusal);
        }
        return NativeAnswer.Created(IssuerJson.From(issuer), NativeJson.Strict.IssuerJson);
    }

    private static async Task<NativeAnswer> Put(NativeCall call)
    {
        var id = call.Id();
        var body = await call.Body(NativeJson.Strict.IssuerBody);
        if (!body.ToDraft().Succeeded(out var draft, out var refusal)
            || !(await call.Core.Issuers.Put(id, draft, call.CreateOnly, call.Caller)).Succeeded(out var put, out refusal))
        {
            return NativeProblem.Of(refusal);
        }
        return NativeAnswer.Stored(put.Created, IssuerJson.From(put.Thing), NativeJson.Strict.IssuerJson);
    }
}

/// <summary>What a caller sets of an issuer.</summary>
internal class IssuerBody
{
    [DisallowNull]
    public string? Key { get; set; }
    public required string Name { get; set; }
    public long RootPlaceId { get; set; }
    public string TimeZone { get; set; } = "UTC";
    public IssuerCreatorJson Creator { get; set; } = new() { Type = "User", Id = 0 };
    public IReadOnlyList<long> Managers { get; set; } = [];
    public int? LifetimeDays { get; set; }

    public Outcome<IssuerDraft> ToDraft() => Creators.TypeOf(Creator.Type) is not { } type
        ? Creators.UnknownType
        : new IssuerDraft(Key, Name)
        {
            RootPlaceId = RootPlaceId,
            TimeZone = TimeZone,
            Creator = new Creator(type, Creator.Id, Creator.Name),
            Managers = Managers,
            LifetimeDays = LifetimeDays,
        };
}

internal sealed class IssuerJson : IssuerBody
{
    [JsonPropertyOrder(-1)]
    public long Id { get; set; }

    /// <summary>Read-only: <c>native</c>, or <c>perfumer</c> for one that its first use as a collection made.</summary>
    public string Origin { get; set; } = "native";
    public Timestamp CreatedAt { get; set; }
    public Timestamp UpdatedAt { get; set; }

    public static IssuerJson From(Issuer issuer) => new()
    {
        Id = issuer.Id,
        Key = issuer.Key,
        Name = issuer.Name,
        RootPlaceId = issuer.RootPlaceId,
        TimeZone = issuer.TimeZone,
        Creator = new() { Type = Creators.Word(issuer.Creator.Type), Id = issuer.Creator.Id, Name = issuer.Creator.Name },
        Managers = issuer.Managers,
        LifetimeDays = issuer.LifetimeDays,
        Origin = Word(issuer.Origin),
        CreatedAt = new(issuer.CreatedAt),
        UpdatedAt = new(issuer.UpdatedAt),
    };

    private static string Word(IssuerOrigin origin) => origin switch
    {
        IssuerOrigin.Native => "native",
        IssuerOrigin.Perfumer => "perfumer",
    };
}

internal sealed class IssuerCreatorJson
{
    public required string Type { get; set; }
    public required long Id { get; set; }
    public string? Name { get; set; }
}

internal static class Creators
{
    public static Refusal UnknownType => Refusal.Invalid("creator.type", "A creator's type is User or Group.");

    public static CreatorType? TypeOf(string word) => word switch
    {
        "User" => CreatorType.User,
        "Group" => CreatorType.Group,
        _ => null,
    };

    public static string Word(CreatorType type) => type switch
    {
        CreatorType.User => "User",
        CreatorType.Group => "Group",
    };
}
