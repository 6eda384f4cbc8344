using System.Security.Cryptography;
using System.Text;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Access;

/// <summary>What a new key is to be. Times in microseconds since 1970 UTC.</summary>
public sealed record KeyDraft(long? UserId, IReadOnlyList<string>? Scopes, long? ExpiresAt, bool IsAdministrator = false);

/// <summary>What a credential is. Stored: numbers never change.</summary>
public enum KeyKind
{
    /// <summary>A secret of its own.</summary>
    Key = 1,

    /// <summary>Somebody logged in, and has tokens that expire; see <see cref="Sessions"/>.</summary>
    Session = 2,

    /// <summary>Somebody signed in with a browser; see <see cref="BrowserSessions"/>.</summary>
    Browser = 3,
}

/// <summary>A key, or a session, as it is listed: never its secret.</summary>
public sealed record KeyInfo(
    long Id, KeyKind Kind, long? UserId, string Prefix, IReadOnlyList<string>? Scopes, bool IsAdministrator, long CreatedAt, long? ExpiresAt, long? RevokedAt);

/// <summary>A key just made; the secret is shown this once.</summary>
public sealed record NewKey(KeyInfo Info, string Secret);

/// <summary>Keys and sessions: random, stored as SHA-256 of the secret (which needs no slow hash: it has 256 bits of its own).
/// Verified ones are cached only while the change log is read, so a revoked key is refused everywhere within a second.</summary>
public sealed class KeyRing
{
    public const string SecretPrefix = "laurel_";

    /// <summary>Longest secret or token, in characters.</summary>
    internal const int MaximumSecret = 1024;

    private const string Columns = """
        hash AS Hash, id AS Id, user_id AS UserId, kind AS Kind, prefix AS Prefix, scopes AS Scopes, is_admin AS IsAdmin,
        created_at AS CreatedAt, expires_at AS ExpiresAt, revoked_at AS RevokedAt, parent AS Parent
        """;

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly IdBlocks _ids;
    private readonly UserDirectory _users;
    private readonly SessionTokens _tokens;
    private readonly TimeProvider _time;
    private readonly string? _environmentHash;
    private readonly NumberedCache<Row> _verified = new(20_000, row => row.Id);

    /// <param name="environmentKey">The administrator key of the environment, if one is configured.</param>
    internal KeyRing(
        Database database, ChangeLog changes, IdBlocks ids, UserDirectory users, SessionTokens tokens, TimeProvider time, string? environmentKey)
    {
        (_database, _changes, _ids, _users, _tokens, _time) = (database, changes, ids, users, tokens, time);
        _environmentHash = string.IsNullOrEmpty(environmentKey) ? null : HashOf(environmentKey);
        _changes.Changed += (kind, id) =>
        {
            if (kind == ChangeKind.Key)
            {
                _verified.Evict(id);
            }
        };
    }

    /// <summary>Who holds this secret, a key or a session's access token; null if nobody does, or not any more.</summary>
    public async ValueTask<Caller?> Authenticate(string secret)
    {
        if (secret.Length is 0 or > MaximumSecret)
        {
            return null;
        }
        var hash = HashOf(secret);
        if (IsEnvironment(hash))
        {
            return Environment;
        }
        var (kind, holder) = (KeyKind.Key, (long?)null);
        if (SessionTokens.IsToken(secret))
        {
            if (await _tokens.Verify(secret, TokenType.Access) is not { } token)
            {
                return null;
            }
            (hash, kind, holder) = (token.SessionHash, KeyKind.Session, token.UserId);
        }
        return await Live(hash, kind) is { } row && (kind != KeyKind.Session || row.UserId == holder) ? await CallerOf(row) : null;
    }

    /// <summary>Whose session of a browser this is, by the hash that is stored of it. One that a key began ends with the key.</summary>
    internal async ValueTask<Caller?> OfBrowser(string hash) => await Live(hash, KeyKind.Browser) switch
    {
        null => null,
        { Parent: null } session => await CallerOf(session),
        { Parent: { } parent } when IsEnvironment(parent) => Environment,
        { Parent: { } parent } => await Live(parent, KeyKind.Key) is { } key ? await CallerOf(key) : null,
    };

    /// <summary>Under which id a browser's session is listed; null where there is none.</summary>
    internal async ValueTask<long?> BrowserId(string hash) => (await Live(hash, KeyKind.Browser))?.Id;

    private static Caller Environment => new(0, null, IsAdministrator: true, Scopes: null);

    private bool IsEnvironment(string hash) => _environmentHash is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(_environmentHash));

    // A session's own identifier is no key, although it hashes to a credential.
    private async ValueTask<Row?> Live(string hash, KeyKind kind)
    {
        var row = _changes.IsFresh ? await _verified.Get(hash, Load) : await Load(hash);
        return row is not null && row.RevokedAt is null && !(row.ExpiresAt <= _time.Micros()) && row.Kind == (long)kind ? row : null;
    }

    private async ValueTask<Caller> CallerOf(Row row)
    {
        var user = row.UserId is not { } id ? null : _changes.IsFresh ? await _users.Find(id) : await _users.FindAgain(id);
        return new Caller(row.Id, row.UserId, row.IsAdmin != 0 || user?.IsAdministrator == true, row.ScopeSet)
        {
            Permissions = user?.Draft.Permissions ?? [],
        };
    }

    private ValueTask<Row?> Load(string hash) => _database.Read<Row?>(async session =>
        await session.QueryFirst<Row>($"SELECT {Columns} FROM credentials WHERE hash = @hash", new { hash }));

    public async Task<Outcome<NewKey>> Create(KeyDraft draft)
    {
        if (draft.Scopes is { } scopes && (scopes.Count > Scopes.All.Count || scopes.Any(scope => !Scopes.All.Contains(scope))))
        {
            return Refusal.Invalid("scopes", $"Scopes are: {string.Join(", ", Scopes.All)}.");
        }
        if (draft is { UserId: null, Scopes: null, IsAdministrator: false })
        {
            return Refusal.Invalid("scopes", "A key without a user needs scopes.");
        }
        if (draft.ExpiresAt is { } expires && (expires <= _time.Micros() || expires > Clock.Latest))
        {
            return Refusal.Invalid("expiresAt", "A key expires in the future.");
        }
        if (draft.UserId is { } user && !await _users.Exists(user))
        {
            return new Refusal(RefusalCode.UnknownUser, "No user has this id.", "userId");
        }
        var secret = SecretPrefix + Base64Url(RandomNumberGenerator.GetBytes(32));
        var row = new Row
        {
            Hash = HashOf(secret),
            Id = await _ids.Next(IdKind.Key),
            Kind = (long)KeyKind.Key,
            UserId = draft.UserId,
            Prefix = secret[..(SecretPrefix.Length + 4)],
            Scopes = draft.Scopes is null ? null : string.Join(' ', draft.Scopes),
            IsAdmin = draft.IsAdministrator ? 1 : 0,
            CreatedAt = _time.Micros(),
            ExpiresAt = draft.ExpiresAt,
        };
        await _database.Write(async session => await session.Execute("""
            INSERT INTO credentials (hash, id, user_id, kind, prefix, scopes, is_admin, created_at, expires_at, revoked_at)
            VALUES (@Hash, @Id, @UserId, @Kind, @Prefix, @Scopes, @IsAdmin, @CreatedAt, @ExpiresAt, NULL)
            """, row));
        return new NewKey(row.ToInfo(), secret);
    }

    /// <summary>Creates a key for a caller: administrators for anyone, others for themselves, and nobody more than they may do.</summary>
    public async Task<Outcome<NewKey>> Create(KeyDraft draft, Caller caller) =>
        await MayCreate(draft, caller) ? await Create(draft) : Forbidden("This key may not create such a key.");

    private async ValueTask<bool> MayCreate(KeyDraft draft, Caller caller)
    {
        var within = caller.Scopes is null || (draft.Scopes is { } scopes && scopes.All(caller.Scopes.Contains));
        if (caller.Administers(Scopes.KeysWrite))
        {
            return within;
        }
        if (!within || draft.IsAdministrator || !caller.Has(Scopes.KeysWrite))
        {
            return false;
        }
        return draft.UserId is { } user
            ? caller.MayFor(user, Scopes.KeysWrite) && (user == caller.UserId || !await IsAdministrator(user))
            : caller.MayEverywhere(Scopes.KeysWrite);
    }

    /// <summary>Whether the caller may see and revoke the key: its own always; else as for creating it.</summary>
    private async ValueTask<bool> MayManage(KeyInfo key, Caller caller) =>
        (key.Id == caller.KeyId && caller.KeyId != 0)
        || caller.Administers(Scopes.KeysWrite)
        || (!key.IsAdministrator && (key.UserId is { } user
            ? caller.MayFor(user, Scopes.KeysWrite) && (user == caller.UserId || !await IsAdministrator(user))
            : caller.MayEverywhere(Scopes.KeysWrite)));

    private async ValueTask<bool> IsAdministrator(long userId) => (await _users.Find(userId))?.IsAdministrator == true;

    private static Refusal Forbidden(string message) => new(RefusalCode.Forbidden, message);

    private static Refusal Unknown => new(RefusalCode.UnknownKey, "No key has this id.");

    /// <summary>A key, for a caller who may see it.</summary>
    public async ValueTask<Outcome<KeyInfo>> Find(long id, Caller caller) =>
        await Find(id) is not { } key ? Unknown
        : await MayManage(key, caller) ? key
        : Forbidden("This key is another's.");

    /// <summary>Ends a key, for a caller who may.</summary>
    public async ValueTask<Outcome<KeyInfo>> Revoke(long id, Caller caller)
    {
        var outcome = await Find(id, caller);
        if (outcome.Succeeded(out _, out _))
        {
            await Revoke(id);
        }
        return outcome;
    }

    /// <summary>Ends what a user's password has opened: sessions of tokens and of browsers, but the caller's own and those that a key
    /// began. Within a transaction; whoever commits it announces them.</summary>
    /// <param name="own">The caller's credential.</param>
    internal static async ValueTask<List<long>> EndSessions(Session session, ChangeLog changes, long userId, long own, long now)
    {
        var ended = (await session.Query<long>("""
            SELECT id FROM credentials
            WHERE user_id = @userId AND kind <> @key AND parent IS NULL AND revoked_at IS NULL AND expires_at > @now AND id <> @own ORDER BY id
            """, new { userId, key = (long)KeyKind.Key, now, own })).ToList();
        foreach (var id in ended)
        {
            await End(session, changes, id, now);
        }
        return ended;
    }

    // False when there is none.
    private static async ValueTask<bool> End(Session session, ChangeLog changes, long id, long now)
    {
        if (await session.Execute("UPDATE credentials SET revoked_at = coalesce(revoked_at, @now) WHERE id = @id", new { id, now }) == 0)
        {
            return false;
        }
        await changes.Append(session, ChangeKind.Key, id);
        return true;
    }

    /// <summary>Whose keys a caller gets who asks for those of a user, or of all (null): who may manage all gets what they ask for,
    /// others only their own.</summary>
    public static Outcome<long?> Listable(long? userId, Caller caller)
    {
        if (caller.MayEverywhere(Scopes.KeysWrite))
        {
            return userId;
        }
        return (userId ?? caller.UserId) is { } user && caller.MayFor(user, Scopes.KeysWrite)
            ? (long?)user
            : Forbidden("These keys are another's.");
    }

    public async ValueTask<KeyInfo?> Find(long id) => (await _database.Read<Row?>(async session =>
        await session.QueryFirst<Row>($"SELECT {Columns} FROM credentials WHERE id = @id", new { id })))?.ToInfo();

    /// <summary>Keys by id, after <paramref name="after"/>; of one user, or of all.</summary>
    public async ValueTask<IReadOnlyList<KeyInfo>> List(long? userId, long after, int limit) => [.. (await _database.Read(async session =>
        await session.Query<Row>(
            $"SELECT {Columns} FROM credentials WHERE id > @after{(userId is null ? "" : " AND user_id = @userId")} ORDER BY id LIMIT @limit",
            new { userId, after, limit }))).Select(row => row.ToInfo())];

    /// <summary>Ends a key at once, here and, within a second, everywhere. False when there is none.</summary>
    public async Task<bool> Revoke(long id)
    {
        var found = await _database.Write(session => End(session, _changes, id, _time.Micros()));
        _changes.Announce(ChangeKind.Key, id);
        return found;
    }

    internal static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private sealed class Row
    {
        private IReadOnlySet<string>? _scopeSet;

        public string Hash { get; init; } = "";
        public long Id { get; init; }
        public long? UserId { get; init; }
        public long Kind { get; init; }
        public string Prefix { get; init; } = "";
        public string? Scopes { get; init; }
        public long IsAdmin { get; init; }
        public long CreatedAt { get; init; }
        public long? ExpiresAt { get; init; }
        public long? RevokedAt { get; init; }
        public string? Parent { get; init; }

        public IReadOnlySet<string>? ScopeSet => Scopes is null ? null : _scopeSet ??= new HashSet<string>(Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        public KeyInfo ToInfo() => new(Id, (KeyKind)Kind, UserId, Prefix, ScopeSet is null ? null : [.. ScopeSet], IsAdmin != 0, CreatedAt, ExpiresAt, RevokedAt);
    }
}
