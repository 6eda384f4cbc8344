using System.Globalization;
using System.Text.Json;
using Laurel.Core.Access;
using Laurel.Core.Rules;
using Laurel.Core.Storage;

namespace Laurel.Core.Users;

/// <summary>A user who logs in with a password, and the hash of it.</summary>
internal sealed record Login(long UserId, string PasswordHash);

/// <summary>The users, and who is who by key and by login name.</summary>
public sealed class UserDirectory
{
    private const int ByKey = 1;
    private const int ByLogin = 2;

    private const string Columns = """
        id AS Id, key AS Key, username AS Username, full_name AS FullName, email AS Email, time_zone AS TimeZone, locale AS Locale,
        permissions AS Permissions, is_verified AS IsVerified, followers_count AS FollowersCount, profile AS Profile,
        password_hash AS PasswordHash, privacy AS Privacy, created_at AS CreatedAt, updated_at AS UpdatedAt
        """;

    private const string ExistsById = "SELECT 1 FROM users WHERE id = $1";
    private const string ByName = "SELECT user_id FROM user_names WHERE name = $1 AND kind = $2";

    // Found, the row is locked: whoever is storing its user now is waited for, and then seen.
    private const string HolderOfName = """
        INSERT INTO user_names (name, kind, user_id) VALUES (@name, @kind, @id)
        ON CONFLICT (name, kind) DO UPDATE SET user_id = user_names.user_id RETURNING user_id
        """;

    // Locks a user's row, making it where there is none: on a cluster a name is seen before the user who has it is, and here they are
    // waited for.
    private const string HoldUser = """
        INSERT INTO users (id, is_verified, followers_count, created_at, updated_at) VALUES (@holder, 0, 0, @never, @never)
        ON CONFLICT (id) DO UPDATE SET is_verified = users.is_verified RETURNING created_at
        """;

    private const string Reclaim = "UPDATE user_names SET user_id = @id WHERE name = @name AND kind = @kind";

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly IdBlocks _ids;
    private readonly Passwords _passwords;
    private readonly TimeProvider _time;

    // Users are never deleted, so who was seen once exists: a lossy table of ids, in fixed memory, spares the look.
    private readonly long[] _seen = new long[1 << 20];
    private readonly BoundedCache<long, User> _users = new(20_000);
    private readonly BoundedCache<string, Named> _keys = new(50_000);

    public UserDirectory(Database database, ChangeLog changes, IdBlocks ids, Passwords passwords, TimeProvider time)
    {
        (_database, _changes, _ids, _passwords, _time) = (database, changes, ids, passwords, time);
        _changes.Changed += (kind, id) =>
        {
            if (kind == ChangeKind.User)
            {
                _users.Evict(id);
            }
        };
    }

    /// <summary>Whether the user is known to exist without asking the database.</summary>
    public bool IsSeen(long id) => Volatile.Read(ref _seen[Slot(id)]) == id && id != 0;

    internal void MarkSeen(long id) => Volatile.Write(ref _seen[Slot(id)], id);

    private static int Slot(long id) => (int)(((ulong)id * 0x9E3779B97F4A7C15UL) >> 44);

    public ValueTask<bool> Exists(long id) => IsSeen(id) ? ValueTask.FromResult(true) : LookFor(id);

    private async ValueTask<bool> LookFor(long id)
    {
        if (!IdRange.IsValid(id))
        {
            return false;
        }
        var exists = await _database.Read(session => session.Prepare(ExistsById).Set(1, id).Any());
        if (exists)
        {
            MarkSeen(id);
        }
        return exists;
    }

    public ValueTask<User?> Find(long id) =>
        _users.Get(id, key => _database.Read<User?>(async session => (await Read(session, key))?.ToUser()));

    /// <summary>The user as it stands in the database, whatever the cache holds.</summary>
    internal ValueTask<User?> FindAgain(long id)
    {
        _users.Evict(id);
        return Find(id);
    }

    /// <summary>Users by id, after <paramref name="after"/>.</summary>
    public async ValueTask<IReadOnlyList<User>> List(long after, int limit) => [.. (await _database.Read(async session =>
        await session.Query<Row>($"SELECT {Columns} FROM users WHERE id > @after ORDER BY id LIMIT @limit", new { after, limit })))
        .Select(row => row.ToUser())];

    /// <summary>The id of the user with this key: digits name the id itself.</summary>
    public async ValueTask<long?> FindIdByKey(string key) =>
        TextRules.TryCanonicalId(key, out var id) ? (await Exists(id) ? id : null) : await FindNamed(key);

    /// <summary>The id that a key names, whether a user has it or, being digits, not.</summary>
    internal ValueTask<long?> NamedBy(string key) => TextRules.TryCanonicalId(key, out var id) ? ValueTask.FromResult<long?>(id) : FindNamed(key);

    private async ValueTask<long?> FindNamed(string key)
    {
        if (!TextRules.IsKey(key) || await _keys.Get(key, LookUp) is not { } named)
        {
            return null;
        }
        if ((await Find(named.Id))?.Key == key)
        {
            return named.Id;
        }
        // The user has another key by now, and another user may have this one.
        _keys.Evict(key);
        return (await LookUp(key))?.Id;
    }

    private ValueTask<Named?> LookUp(string key) => _database.Read(async session =>
        await IdByName(session, key, ByKey) is { } holder && (await Read(session, holder))?.Key == key ? new Named(holder) : null);

    /// <summary>The id of the user with this key (digits name the id itself), made if there is none.</summary>
    /// <returns>Refused where no user can have this key.</returns>
    public async Task<Outcome<long>> FindOrMake(string key)
    {
        while (true)
        {
            if (await FindIdByKey(key) is { } standing)
            {
                return standing;
            }
            if (!IdRange.MayName(IdKind.User, key))
            {
                return Refusal.Invalid("key", "No user can have this key.");
            }
            var id = TextRules.TryCanonicalId(key, out var own) ? own : await Claimed(key);
            var made = await _database.Write(session => Store(session, id, key, new UserDraft { Key = key }, null, createOnly: true, caller: null));
            if (made.Succeeded(out _, out var refusal))
            {
                MarkSeen(id);
                return id;
            }
            if (refusal.Code is not (RefusalCode.KeyTaken or RefusalCode.AlreadyExists))
            {
                return refusal;
            }
            // Somebody was first: the user is found now.
        }
    }

    // Which id the user with this key is to have. Of those who make the user at once one has claimed the name, and all take that id.
    private async Task<long> Claimed(string key)
    {
        var drawn = await _ids.Next(IdKind.User);
        return await _database.Write(async session =>
        {
            var holder = await session.QueryFirst<long>(HolderOfName, new { name = key, kind = ByKey, id = drawn });
            var user = holder == drawn ? null : await Read(session, holder);
            if (user is null || user.Key == key)
            {
                return holder;
            }
            await session.Execute(Reclaim, new { name = key, kind = ByKey, id = drawn });
            return drawn;
        });
    }

    /// <summary>Who logs in with this name; null for nobody.</summary>
    internal async ValueTask<Login?> FindLogin(string username) => !TextRules.IsUsername(username) ? null : await _database.Read<Login?>(async session =>
        await IdByName(session, username, ByLogin) is { } holder && await Read(session, holder) is { PasswordHash: { } hash } row && row.Username == username
            ? new Login(holder, hash)
            : null);

    private static async ValueTask<long?> IdByName(Session session, string name, int kind)
    {
        var row = session.Prepare(ByName).Set(1, name).Set(2, kind);
        if (!await row.Read())
        {
            return null;
        }
        var id = row.Long(0);
        await row.Done();
        return id;
    }

    private static Task<Row?> Read(Session session, long id) =>
        session.QueryFirst<Row>($"SELECT {Columns} FROM users WHERE id = @id", new { id });

    /// <summary>Creates a user at an id that Laurel chooses.</summary>
    /// <param name="caller">Who asks: administrators and services may; services neither make nor touch administrators. Null: this
    /// program itself.</param>
    public async Task<Outcome<User>> Create(UserDraft draft, string? password, Caller? caller = null)
    {
        if (!MayWrite(caller, draft))
        {
            return Forbidden;
        }
        var id = await _ids.Next(IdKind.User);
        return UserRules.Check(draft, password, id) is { } invalid
            ? invalid
            : (await Store(id, draft, await Hash(password), createOnly: true, caller)).Map(put => put.Thing);
    }

    /// <summary>Creates or replaces the user at this id. A null password leaves the one there is; another ends the sessions that a
    /// password began, but for the caller's.</summary>
    /// <inheritdoc cref="Create" path="/param"/>
    /// <param name="asOf">When the record that is to be replaced was updated: refused, at the field <c>updatedAt</c>, where that is another
    /// time. Null: whatever stands.</param>
    public async Task<Outcome<(User Thing, bool Created)>> Put(
        long id, UserDraft draft, string? password, bool createOnly, Caller? caller = null, long? asOf = null)
    {
        if (!MayWrite(caller, draft))
        {
            return Forbidden;
        }
        if (!IdRange.IsOpen(IdKind.User, id) && !await Exists(id))
        {
            return Reserved;
        }
        if (UserRules.Check(draft, password, id) is { } invalid)
        {
            return invalid;
        }
        // Told again, it is no other.
        var other = await IsPassword(id, password, caller) ? null : password;
        return await Store(id, draft, await Hash(other), createOnly, caller, asOf);
    }

    // Nobody learns it of a user whom they may not change.
    private async ValueTask<bool> IsPassword(long id, string? password, Caller? caller) =>
        password is not null && await _database.Read(async session => await Read(session, id)) is { PasswordHash: { } stored } row && MayWrite(caller, row.ToUser().Draft)
        && await _passwords.Verify(password, stored) == true;

    private static bool MayWrite(Caller? caller, UserDraft record) =>
        caller is null || (caller.MayEverywhere(Scopes.UsersWrite) && (caller.IsAdministrator || !record.IsAdministrator));

    private static Refusal Forbidden => new(RefusalCode.Forbidden, "This key may not change this user.");

    private async Task<string?> Hash(string? password) => password is null ? null : await _passwords.Hash(password);

    private async Task<Outcome<(User Thing, bool Created)>> Store(
        long id, UserDraft draft, string? passwordHash, bool createOnly, Caller? caller, long? asOf = null)
    {
        var key = KeyOf(id, draft);
        // Names are claimed in a transaction of their own: they are kept by name, the user by id.
        if (await Claim(id, key, ByKey) is { } taken)
        {
            return taken;
        }
        // A password set earlier stays, and the new name must log in with it.
        var hasPassword = passwordHash is not null || (await FindAgain(id))?.HasPassword == true;
        if (hasPassword && draft.Username is { } login && await Claim(id, login, ByLogin) is { } loginTaken)
        {
            return loginTaken;
        }
        // Whoever knew the old password is out.
        var (outcome, ended) = await _database.Write(async session =>
        {
            var stored = await Store(session, id, key, draft, passwordHash, createOnly, caller, asOf);
            return (stored, stored.Succeeded(out var put, out _) && !put.Created && passwordHash is not null
                ? await KeyRing.EndSessions(session, _changes, id, caller?.KeyId ?? 0, _time.Micros())
                : []);
        });
        if (outcome.Succeeded(out _, out _))
        {
            ended.ForEach(session => _changes.Announce(ChangeKind.Key, session));
            MarkSeen(id);
            _changes.Announce(ChangeKind.User, id);
        }
        return outcome;
    }

    private async Task<Refusal?> Claim(long id, string name, int kind) =>
        NeedsRow(name, kind) ? await _database.Write(session => Claim(session, id, name, kind)) : null;

    private static bool NeedsRow(string name, int kind) => kind != ByKey || !TextRules.TryCanonicalId(name, out _);

    private static async ValueTask<Refusal?> Claim(Session session, long id, string name, int kind)
    {
        var holder = await session.QueryFirst<long>(HolderOfName, new { name, kind, id });
        if (holder == id)
        {
            return null;
        }
        // A claim whose user was never stored, or has another name by now, is free.
        if (await session.QueryFirst<long>(HoldUser, new { holder, never = long.MinValue }) == long.MinValue)
        {
            await session.Execute("DELETE FROM users WHERE id = @holder", new { holder });
        }
        else if (await Read(session, holder) is { } user && (kind == ByKey ? user.Key == name : user.Username == name && user.PasswordHash is not null))
        {
            return Taken(kind);
        }
        await session.Execute(Reclaim, new { name, kind, id });
        return null;
    }

    private static Refusal Taken(int kind) => kind == ByKey
        ? new Refusal(RefusalCode.KeyTaken, "Another user has this key.", "key")
        : new Refusal(RefusalCode.UsernameTaken, "Another user logs in with this username.", "username");

    // Locks the claim: another who finds it waits until this user is stored.
    private static async ValueTask<bool> IsClaimed(Session session, long id, string name, int kind) =>
        !NeedsRow(name, kind) || await session.Execute(
            "UPDATE user_names SET user_id = user_id WHERE name = @name AND kind = @kind AND user_id = @id", new { name, kind, id }) == 1;

    /// <summary>Creates or replaces users without passwords, a thousand in a transaction; the first refusal ends it. For imports:
    /// what came before a refusal or a failure is stored, and the same call again is no harm.</summary>
    public async Task<Refusal?> PutMany(IEnumerable<(long Id, UserDraft Draft)> users)
    {
        foreach (var chunk in users.Chunk(1000))
        {
            foreach (var (id, draft) in chunk)
            {
                if ((IdRange.IsOpen(IdKind.User, id) ? UserRules.Check(draft, null, id) : Reserved) is { } invalid)
                {
                    return invalid;
                }
            }
            if (await PutChunk([.. chunk.OrderBy(user => user.Id)]) is { } refusal)
            {
                return refusal;
            }
        }
        return null;
    }

    private async Task<Refusal?> PutChunk((long Id, UserDraft Draft)[] users)
    {
        var claims = users.Select(user => (user.Id, Key: KeyOf(user.Id, user.Draft))).Where(user => NeedsRow(user.Key, ByKey))
            .OrderBy(user => user.Key, StringComparer.Ordinal).ToList();
        var taken = claims.Count == 0 ? null : await _database.Write(async session =>
        {
            foreach (var (id, key) in claims)
            {
                if (await Claim(session, id, key, ByKey) is { } refusal)
                {
                    return refusal;
                }
            }
            return null;
        });
        if (taken is not null)
        {
            return taken;
        }
        var (refused, stored) = await _database.Write<(Refusal?, List<long>)>(async session =>
        {
            var done = new List<long>(users.Length);
            foreach (var (id, draft) in users)
            {
                if (!(await Store(session, id, KeyOf(id, draft), draft, null, createOnly: false, caller: null)).Succeeded(out _, out var refusal))
                {
                    return (refusal, done);
                }
                done.Add(id);
            }
            return (null, done);
        });
        foreach (var id in stored)
        {
            MarkSeen(id);
            _changes.Announce(ChangeKind.User, id);
        }
        return refused;
    }

    private static string KeyOf(long id, UserDraft draft) => draft.Key ?? id.ToString(CultureInfo.InvariantCulture);

    private static Refusal Reserved => new(RefusalCode.IdReserved, "An id is 1 to 2^53 - 1, outside the range that is handed out.", "id");

    private async ValueTask<Outcome<(User Thing, bool Created)>> Store(
        Session session, long id, string key, UserDraft draft, string? passwordHash, bool createOnly, Caller? caller, long? asOf = null)
    {
        if (!await IsClaimed(session, id, key, ByKey))
        {
            return Taken(ByKey);
        }
        if (passwordHash is not null && draft.Username is { } login && !await IsClaimed(session, id, login, ByLogin))
        {
            return Taken(ByLogin);
        }
        var now = _time.Micros();
        // The key decides who of two creates the user; what it holds follows below.
        var created = await session.Execute("""
            INSERT INTO users (id, is_verified, followers_count, created_at, updated_at) VALUES (@id, 0, 0, @now, @now) ON CONFLICT DO NOTHING
            """, new { id, now }) == 1;
        if (!created && createOnly)
        {
            return new Refusal(RefusalCode.AlreadyExists, "A user with this id exists.");
        }
        var standing = created ? null : await Read(session, id);
        if (standing is not null && !MayWrite(caller, standing.ToUser().Draft))
        {
            return Forbidden;
        }
        if (asOf is not null && asOf != standing?.UpdatedAt)
        {
            return Refusal.Invalid("updatedAt", "The user has been changed since then.");
        }
        var hash = passwordHash ?? standing?.PasswordHash;
        if (hash is not null && passwordHash is null && draft.Username is { } kept && !await IsClaimed(session, id, kept, ByLogin))
        {
            return Taken(ByLogin);
        }
        var row = Row.From(id, key, draft, hash, standing?.CreatedAt ?? now, now);
        await session.Execute("""
            INSERT INTO users (id, key, username, full_name, email, time_zone, locale, permissions, is_verified, followers_count, profile,
              password_hash, privacy, created_at, updated_at)
            VALUES (@Id, @Key, @Username, @FullName, @Email, @TimeZone, @Locale, @Permissions, @IsVerified, @FollowersCount, @Profile,
              @PasswordHash, @Privacy, @CreatedAt, @UpdatedAt)
            ON CONFLICT (id) DO UPDATE SET key = excluded.key, username = excluded.username, full_name = excluded.full_name,
              email = excluded.email, time_zone = excluded.time_zone, locale = excluded.locale, permissions = excluded.permissions,
              is_verified = excluded.is_verified, followers_count = excluded.followers_count, profile = excluded.profile,
              password_hash = excluded.password_hash, privacy = excluded.privacy, updated_at = excluded.updated_at
            """, row);
        if (standing is not null)
        {
            if (standing.TimeZone != draft.TimeZone)
            {
                await UserZones.Change(session, id, standing.TimeZone, draft.TimeZone, now);
            }
            await _changes.Append(session, ChangeKind.User, id);
            await Release(session, id, ByKey, standing.Key, keep: row.Key);
            await Release(session, id, ByLogin, standing.Username, keep: row.PasswordHash is null ? null : row.Username);
        }
        return (row.ToUser(), created);
    }

    private static async ValueTask Release(Session session, long id, int kind, string? name, string? keep)
    {
        if (name is not null && name != keep)
        {
            await session.Execute("DELETE FROM user_names WHERE name = @name AND kind = @kind AND user_id = @id", new { name, kind, id });
        }
    }

    private sealed class Row
    {
        public long Id { get; init; }
        public string? Key { get; init; }
        public string? Username { get; init; }
        public string? FullName { get; init; }
        public string? Email { get; init; }
        public string? TimeZone { get; init; }
        public string? Locale { get; init; }
        public string? Permissions { get; init; }
        public long IsVerified { get; init; }
        public long FollowersCount { get; init; }
        public string? Profile { get; init; }
        public string? PasswordHash { get; init; }
        public long? Privacy { get; init; }
        public long CreatedAt { get; init; }
        public long UpdatedAt { get; init; }

        // What most of a hundred million users do not have is null, not text.
        public static Row From(long id, string key, UserDraft draft, string? passwordHash, long createdAt, long updatedAt) => new()
        {
            Id = id,
            Key = key == id.ToString(CultureInfo.InvariantCulture) ? null : key,
            Username = draft.Username,
            FullName = draft.FullName,
            Email = draft.Email,
            TimeZone = draft.TimeZone,
            Locale = draft.Locale,
            Permissions = draft.Permissions.Count == 0 ? null : JsonSerializer.Serialize([.. draft.Permissions], CoreJson.Stored.StringArray),
            IsVerified = draft.IsVerified ? 1 : 0,
            FollowersCount = draft.FollowersCount,
            Profile = draft.Profile == new UserProfile() ? null : JsonSerializer.Serialize(draft.Profile, CoreJson.Stored.UserProfile),
            PasswordHash = passwordHash,
            Privacy = draft.Privacy == Users.Privacy.Private ? null : (long)draft.Privacy,
            CreatedAt = createdAt,
            UpdatedAt = updatedAt,
        };

        public User ToUser() => new(Id, Key ?? Id.ToString(CultureInfo.InvariantCulture), new UserDraft
        {
            Key = Key,
            Username = Username,
            FullName = FullName,
            Email = Email,
            TimeZone = TimeZone,
            Locale = Locale,
            Permissions = Permissions is null ? [] : JsonSerializer.Deserialize(Permissions, CoreJson.Stored.StringArray)!,
            IsVerified = IsVerified != 0,
            FollowersCount = FollowersCount,
            Profile = Profile is null ? new UserProfile() : JsonSerializer.Deserialize(Profile, CoreJson.Stored.UserProfile)!,
            Privacy = (Users.Privacy)(Privacy ?? 0),
        }, PasswordHash is not null, CreatedAt, UpdatedAt);
    }
}
