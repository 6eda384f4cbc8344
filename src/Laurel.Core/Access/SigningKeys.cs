using System.Security.Cryptography;
using Laurel.Core.Storage;

namespace Laurel.Core.Access;

/// <summary>A key that signs sessions' tokens, without its secret. Times in microseconds since 1970 UTC.</summary>
public sealed record SigningKeyInfo(string Id, long CreatedAt);

/// <summary>A key that signs sessions' tokens.</summary>
/// <param name="RetiredAt">When another took its place: since then it only verifies, as long as the last token it may have signed
/// lives.</param>
internal sealed record SigningKey(string Id, byte[] Secret, long CreatedAt, long? RetiredAt);

/// <summary>What sessions' tokens are signed with. HMAC rather than public keys: who verifies is always a Laurel on the same database,
/// so there is nobody to give a public key to, and nothing larger or slower is needed. A stolen secret alone forges nothing: a token
/// also names a live session, by an identifier of which the database holds only the hash.</summary>
public sealed class SigningKeys
{
    private const int SecretLength = 32;
    private const int IdLength = 8;

    private const string Select = "SELECT id AS Id, secret AS Secret, created_at AS CreatedAt, retired_at AS RetiredAt FROM signing_keys";

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private IReadOnlyList<SigningKey>? _known;
    private long _version;

    internal SigningKeys(Database database, ChangeLog changes, TimeProvider time)
    {
        (_database, _changes, _time) = (database, changes, time);
        _changes.Changed += (kind, _) =>
        {
            if (kind == ChangeKind.SigningKey)
            {
                Forget();
            }
        };
    }

    /// <summary>The key that signs; the first is made when it is first asked for.</summary>
    internal async ValueTask<SigningKey> Current() => Newest(await Known()) ?? await Replace(onlyIfNone: true);

    /// <summary>The key of this id, if it still verifies.</summary>
    internal async ValueTask<SigningKey?> Find(string id)
    {
        // Another process may have made it a moment ago.
        var key = (await Known()).FirstOrDefault(each => each.Id == id) ?? (await Read()).FirstOrDefault(each => each.Id == id);
        return key?.RetiredAt + Sessions.RefreshLifetime <= _time.Micros() ? null : key;
    }

    /// <summary>Has a new key sign from now on, here at once and within a second everywhere. What the old ones signed stays good until
    /// it expires. For administrators.</summary>
    /// <exception cref="StorageUnavailableException">Nothing is known to be stored.</exception>
    public async Task<Outcome<SigningKeyInfo>> Rotate(Caller caller)
    {
        if (!caller.Administers(Scopes.KeysWrite))
        {
            return new Refusal(RefusalCode.Forbidden, "Only administrators change what signs tokens.");
        }
        var key = await Replace(onlyIfNone: false);
        return new SigningKeyInfo(key.Id, key.CreatedAt);
    }

    private async Task<SigningKey> Replace(bool onlyIfNone)
    {
        var made = await _database.Write(async session =>
        {
            await ChangeLog.Serialise(session);
            if (onlyIfNone && Newest(await Read(session)) is { } standing)
            {
                return standing;
            }
            var key = new SigningKey(Random(IdLength), RandomNumberGenerator.GetBytes(SecretLength), _time.Micros(), null);
            await session.Execute("UPDATE signing_keys SET retired_at = @CreatedAt WHERE retired_at IS NULL", new { key.CreatedAt });
            await session.Execute("INSERT INTO signing_keys (id, secret, created_at, retired_at) VALUES (@Id, @Secret, @CreatedAt, NULL)",
                new { key.Id, Secret = Convert.ToBase64String(key.Secret), key.CreatedAt });
            await _changes.Append(session, ChangeKind.SigningKey, 0);
            return key;
        });
        _changes.Announce(ChangeKind.SigningKey, 0);
        return made;
    }

    /// <summary>Drops keys whose last token has expired.</summary>
    internal Task Trim() => _database.Write(async session => await session.Execute(
        "DELETE FROM signing_keys WHERE retired_at < @before", new { before = _time.Micros() - Sessions.RefreshLifetime - Clock.Day }));

    private static SigningKey? Newest(IReadOnlyList<SigningKey> keys) => keys.FirstOrDefault(key => key.RetiredAt is null);

    // As for keys and users: what is kept is trusted only while the change log is read.
    private ValueTask<IReadOnlyList<SigningKey>> Known() =>
        _changes.IsFresh && Volatile.Read(ref _known) is { } known ? ValueTask.FromResult(known) : Read();

    private async ValueTask<IReadOnlyList<SigningKey>> Read()
    {
        var version = Interlocked.Read(ref _version);
        var read = await _database.Read(Read);
        lock (_gate)
        {
            if (version == _version)
            {
                _known = read;
            }
        }
        return read;
    }

    private void Forget()
    {
        lock (_gate)
        {
            _version++;
            _known = null;
        }
    }

    private static async ValueTask<IReadOnlyList<SigningKey>> Read(Session session) =>
        [.. (await session.Query<Row>(Select)).Select(row => new SigningKey(row.Id, Convert.FromBase64String(row.Secret), row.CreatedAt, row.RetiredAt))];

    internal static string Random(int bytes) => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(bytes));

    private sealed class Row
    {
        public string Id { get; init; } = "";
        public string Secret { get; init; } = "";
        public long CreatedAt { get; init; }
        public long? RetiredAt { get; init; }
    }
}
