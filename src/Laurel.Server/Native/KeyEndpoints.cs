using System.Text.Json.Serialization;
using Laurel.Core.Access;

namespace Laurel.Server.Native;

/// <summary>Keys, and sessions, which are listed and ended in the same way. Administrators make them for anyone, users for themselves, and nobody makes one that may do more than they may.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder native)
    {
        native.Get("/keys", List);
        native.Post("/keys", Create);
        native.Get("/keys/{id}", Get);
        native.Delete("/keys/{id}", Revoke);
    }

    private static async Task<NativeAnswer> List(NativeCall call)
    {
        if (!KeyRing.Listable(call.QueryId("userId"), call.Caller).Succeeded(out var userId, out var refusal))
        {
            return NativeProblem.Of(refusal);
        }
        return await call.PageById(
            $"native keys {userId}", (after, limit) => call.Core.Keys.List(userId, after, limit), key => key.Id,
            key => ValueTask.FromResult(KeyJson.From(key)), NativeJson.Strict.KeyPage);
    }

    private static async Task<NativeAnswer> Get(NativeCall call) =>
        (await call.Core.Keys.Find(call.Id(), call.Caller)).Succeeded(out var key, out var refusal)
            ? NativeAnswer.Ok(KeyJson.From(key), NativeJson.Strict.KeyJson)
            : NativeProblem.Of(refusal);

    private static async Task<NativeAnswer> Create(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.KeyBody);
        if (!(await call.Core.Keys.Create(body.ToDraft(), call.Caller)).Succeeded(out var key, out var refusal))
        {
            return NativeProblem.Of(refusal);
        }
        // The secret is shown once and kept nowhere, not in this answer's repetition either.
        return NativeAnswer.Created(NewKeyJson.From(key), NativeJson.Strict.NewKeyJson) with
        {
            Kept = NativeAnswer.Created(KeyJson.From(key.Info), NativeJson.Strict.KeyJson).Body,
        };
    }

    private static async Task<NativeAnswer> Revoke(NativeCall call) =>
        (await call.Core.Keys.Revoke(call.Id(), call.Caller)).Succeeded(out _, out var refusal) ? NativeAnswer.NoContent : NativeProblem.Of(refusal);
}

/// <summary>What a new key is to be.</summary>
internal sealed class KeyBody
{
    public long? UserId { get; set; }

    /// <summary>Null: everything its user may do.</summary>
    public IReadOnlyList<string>? Scopes { get; set; }
    public Timestamp? ExpiresAt { get; set; }
    public bool Administrator { get; set; }

    public KeyDraft ToDraft() => new(UserId, Scopes, ExpiresAt?.Micros, Administrator);
}

internal class KeyJson
{
    [JsonPropertyOrder(-2)]
    public long Id { get; set; }

    /// <summary><c>key</c>, or <c>session</c> for somebody who logged in.</summary>
    public string Kind { get; set; } = "";
    public long? UserId { get; set; }
    public string Prefix { get; set; } = "";
    public IReadOnlyList<string>? Scopes { get; set; }
    public bool Administrator { get; set; }
    public Timestamp CreatedAt { get; set; }
    public Timestamp? ExpiresAt { get; set; }
    public Timestamp? RevokedAt { get; set; }

    public static KeyJson From(KeyInfo key) => Fill(new KeyJson(), key);

    protected static T Fill<T>(T json, KeyInfo key) where T : KeyJson
    {
        (json.Id, json.UserId, json.Prefix, json.Scopes, json.Administrator) = (key.Id, key.UserId, key.Prefix, key.Scopes, key.IsAdministrator);
        json.Kind = Word(key.Kind);
        (json.CreatedAt, json.ExpiresAt, json.RevokedAt) = (new(key.CreatedAt), Timestamp.Of(key.ExpiresAt), Timestamp.Of(key.RevokedAt));
        return json;
    }

    private static string Word(KeyKind kind) => kind switch
    {
        KeyKind.Key => "key",
        KeyKind.Session => "session",
        KeyKind.Browser => "browser",
    };
}

internal sealed class NewKeyJson : KeyJson
{
    [JsonPropertyOrder(-1)]
    public string Secret { get; set; } = "";

    public static NewKeyJson From(NewKey key) => Fill(new NewKeyJson { Secret = key.Secret }, key.Info);
}
