using Laurel.Core.Storage;

namespace Laurel.Core.Access;

/// <summary>The tokens of a session, shown this once. Times in microseconds since 1970 UTC.</summary>
public sealed record IssuedTokens(
    long SessionId, long UserId, string AccessToken, long AccessExpiresAt, string RefreshToken, long RefreshExpiresAt);

/// <summary>Sessions of users who logged in. A session is a credential beside the keys, listed and revoked like one; its access tokens
/// are good wherever a key is, and may do what their user may. Its refresh token is good once: used a second time, it was stolen, or
/// its thief was first, and the session ends.</summary>
public sealed class Sessions
{
    /// <summary>How long an access token is good, in microseconds: 7 days.</summary>
    public const long AccessLifetime = 7 * Clock.Day;

    /// <summary>How long a refresh token is good, and a session that nobody refreshes: 30 days.</summary>
    public const long RefreshLifetime = 30 * Clock.Day;

    private const int SecretLength = 16;

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly IdBlocks _ids;
    private readonly SigningKeys _keys;
    private readonly SessionTokens _tokens;
    private readonly TimeProvider _time;

    internal Sessions(Database database, ChangeLog changes, IdBlocks ids, SigningKeys keys, SessionTokens tokens, TimeProvider time) =>
        (_database, _changes, _ids, _keys, _tokens, _time) = (database, changes, ids, keys, tokens, time);

    /// <summary>Begins a session of a user who has proven who they are.</summary>
    /// <exception cref="StorageUnavailableException">Nothing is known to be stored.</exception>
    public async Task<IssuedTokens> Begin(long userId)
    {
        var session = SigningKeys.Random(SecretLength);
        var (id, now) = (await _ids.Next(IdKind.Key), _time.Micros());
        var (tokens, refresh) = await Issue(id, userId, session, now);
        await _database.Write(async write => await write.Execute("""
            INSERT INTO credentials (hash, id, user_id, kind, prefix, scopes, is_admin, created_at, expires_at, revoked_at, refresh)
            VALUES (@hash, @id, @userId, @kind, 'session', NULL, 0, @now, @RefreshExpiresAt, NULL, @refresh)
            """, new { hash = SessionTokens.HashOf(session), id, userId, kind = (long)KeyKind.Session, now, tokens.RefreshExpiresAt, refresh }));
        return tokens;
    }

    /// <summary>New tokens for a refresh token; null where it is not good, or not good any more.</summary>
    /// <exception cref="StorageUnavailableException">Nothing is known to be stored.</exception>
    public async Task<IssuedTokens?> Refresh(string refreshToken)
    {
        if (refreshToken.Length > KeyRing.MaximumSecret || await _tokens.Verify(refreshToken, TokenType.Refresh) is not { } presented)
        {
            return null;
        }
        var now = _time.Micros();
        if (await Find(presented.SessionHash, now) is not { } row || row.UserId != presented.UserId)
        {
            return null;
        }
        var (tokens, refresh) = await Issue(row.Id, row.UserId, presented.SessionId, now);
        var isGood = await _database.Write(async session =>
        {
            // The row decides: of two who present one token, one is first.
            var isCurrent = await session.Execute("""
                UPDATE credentials SET refresh = @refresh, expires_at = @RefreshExpiresAt
                WHERE hash = @SessionHash AND refresh = @TokenId AND revoked_at IS NULL AND expires_at > @now
                """, new { refresh, tokens.RefreshExpiresAt, presented.SessionHash, presented.TokenId, now }) == 1;
            if (!isCurrent)
            {
                await session.Execute("UPDATE credentials SET revoked_at = coalesce(revoked_at, @now) WHERE hash = @SessionHash",
                    new { now, presented.SessionHash });
            }
            await _changes.Append(session, ChangeKind.Key, row.Id);
            return isCurrent;
        });
        _changes.Announce(ChangeKind.Key, row.Id);
        return isGood ? tokens : null;
    }

    private async ValueTask<Row?> Find(string hash, long now) => await _database.Read<Row?>(async session => await session.QueryFirst<Row>(
        "SELECT id AS Id, user_id AS UserId FROM credentials WHERE hash = @hash AND kind = @kind AND revoked_at IS NULL AND expires_at > @now",
        new { hash, kind = (long)KeyKind.Session, now }));

    private async ValueTask<(IssuedTokens Tokens, string RefreshId)> Issue(long id, long userId, string session, long now)
    {
        // Tokens tell whole seconds.
        now -= now % Clock.Second;
        var key = await _keys.Current();
        var refresh = SigningKeys.Random(SecretLength);
        return (new IssuedTokens(id, userId,
            SessionTokens.Sign(key, TokenType.Access, session, SigningKeys.Random(SecretLength), userId, now, AccessLifetime), now + AccessLifetime,
            SessionTokens.Sign(key, TokenType.Refresh, session, refresh, userId, now, RefreshLifetime), now + RefreshLifetime), refresh);
    }

    /// <summary>Drops sessions that have expired, browsers' too.</summary>
    internal Task Trim() => _database.Write(async session => await session.Execute(
        "DELETE FROM credentials WHERE kind IN (2, 3) AND expires_at < @before", new { before = _time.Micros() - Clock.Day }));

    private sealed class Row
    {
        public long Id { get; init; }
        public long UserId { get; init; }
    }
}
