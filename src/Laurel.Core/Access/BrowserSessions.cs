using System.Security.Cryptography;
using System.Text;
using Laurel.Core.Storage;

namespace Laurel.Core.Access;

/// <summary>Sessions of people who sign in with a browser. Each has a secret that nobody chooses, new at every sign-in; stored is its
/// hash, as a credential beside the keys, listed and revoked like one. It is good for nothing but <see cref="Find"/>: no key, no
/// token.</summary>
public sealed class BrowserSessions
{
    /// <summary>How long one is good, in microseconds: 12 hours.</summary>
    public const long Lifetime = Clock.Day / 2;

    private const int SecretLength = 32;

    private readonly Database _database;
    private readonly IdBlocks _ids;
    private readonly KeyRing _keys;
    private readonly TimeProvider _time;

    internal BrowserSessions(Database database, IdBlocks ids, KeyRing keys, TimeProvider time) =>
        (_database, _ids, _keys, _time) = (database, ids, keys, time);

    /// <summary>Begins a session of somebody who has proven who they are.</summary>
    /// <param name="key">The key that proved it: the session may do what the key may, and ends with it. Null for a password.</param>
    /// <returns>Its secret.</returns>
    /// <exception cref="StorageUnavailableException">Nothing is known to be stored.</exception>
    public async Task<string> Begin(Caller caller, string? key)
    {
        var secret = SigningKeys.Random(SecretLength);
        var (id, now) = (await _ids.Next(IdKind.Key), _time.Micros());
        await _database.Write(async session => await session.Execute("""
            INSERT INTO credentials (hash, id, user_id, kind, prefix, scopes, is_admin, created_at, expires_at, revoked_at, parent)
            VALUES (@hash, @id, @UserId, @kind, 'browser', NULL, 0, @now, @expires, NULL, @parent)
            """, new
        {
            hash = HashOf(secret),
            id,
            caller.UserId,
            kind = (long)KeyKind.Browser,
            now,
            expires = now + Lifetime,
            parent = key is null ? null : KeyRing.HashOf(key),
        }));
        return secret;
    }

    /// <summary>Whose session this is, with all that they may do now; null for nobody's, or one that has ended.</summary>
    /// <exception cref="StorageUnavailableException">It cannot be told now.</exception>
    public ValueTask<Caller?> Find(string secret) =>
        secret.Length is 0 or > KeyRing.MaximumSecret ? ValueTask.FromResult<Caller?>(null) : _keys.OfBrowser(HashOf(secret));

    /// <summary>Ends it, if it is one.</summary>
    /// <exception cref="StorageUnavailableException">Nothing is known to be stored.</exception>
    public async Task End(string secret)
    {
        if (secret.Length <= KeyRing.MaximumSecret && await _keys.BrowserId(HashOf(secret)) is { } id)
        {
            await _keys.Revoke(id);
        }
    }

    /// <summary>Tells sessions apart without being worth anything: what forms are bound to.</summary>
    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"laurel browser {secret}")));
}
