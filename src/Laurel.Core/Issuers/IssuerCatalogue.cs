using Laurel.Core.Access;
using Laurel.Core.Storage;

namespace Laurel.Core.Issuers;

/// <summary>The issuers and their places.</summary>
public sealed class IssuerCatalogue
{
    private const string IssuerColumns = """
        id AS Id, key AS Key, name AS Name, root_place_id AS RootPlaceId, time_zone AS TimeZone, creator_type AS CreatorType,
        creator_id AS CreatorId, creator_name AS CreatorName, managers AS Managers, lifetime_days AS LifetimeDays, origin AS Origin,
        created_at AS CreatedAt, updated_at AS UpdatedAt
        """;

    private const string PlaceColumns = "id AS Id, issuer_id AS IssuerId, name AS Name, created_at AS CreatedAt, updated_at AS UpdatedAt";

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly IdBlocks _ids;
    private readonly TimeProvider _time;
    private readonly BoundedCache<long, Issuer> _issuers = new(50_000);
    private readonly BoundedCache<long, Place> _places = new(50_000);
    private readonly BoundedCache<string, Named> _keys = new(50_000);

    private readonly BoundedCache<long, IReadOnlyList<Issuer>> _managed = new(1_000);

    public IssuerCatalogue(Database database, ChangeLog changes, IdBlocks ids, TimeProvider time)
    {
        (_database, _changes, _ids, _time) = (database, changes, ids, time);
        _changes.Changed += (kind, id) =>
        {
            if (kind == ChangeKind.Issuer)
            {
                _issuers.Evict(id);
                _managed.Clear();
            }
            else if (kind == ChangeKind.Place)
            {
                _places.Evict(id);
            }
        };
    }

    public ValueTask<Issuer?> Find(long id) => _issuers.Get(id, async key => (await _database.Read<IssuerRow?>(
        async session => await session.QueryFirst<IssuerRow>($"SELECT {IssuerColumns} FROM issuers WHERE id = @key", new { key })))?.ToIssuer());

    public async ValueTask<Issuer?> FindByKey(string key) => !TextRules.IsKey(key) ? null : (await _database.Read<IssuerRow?>(
        async session => await session.QueryFirst<IssuerRow>($"SELECT {IssuerColumns} FROM issuers WHERE key = @key", new { key })))?.ToIssuer();

    /// <summary>The issuer that a name leads to: in digits its id, otherwise its key.</summary>
    public async ValueTask<Issuer?> FindByName(string name)
    {
        if (TextRules.TryCanonicalId(name, out var id))
        {
            return await Find(id);
        }
        if (!TextRules.IsKey(name) || await _keys.Get(name, async key => await FindByKey(key) is { } found ? new Named(found.Id) : null) is not { } named)
        {
            return null;
        }
        if (await Find(named.Id) is { } issuer && issuer.Key == name)
        {
            return issuer;
        }
        // It has another key by now, and another issuer may have this one.
        _keys.Evict(name);
        return await FindByKey(name);
    }

    /// <summary>The issuer that a name leads to, made as a collection if there is none.</summary>
    /// <returns>Refused where nothing can have this name.</returns>
    public async Task<Outcome<Issuer>> FindOrMake(string name)
    {
        if (!IdRange.MayName(IdKind.Issuer, name))
        {
            return await FindByName(name) is { } known ? known : Refusal.Invalid("key", "No issuer can have this name.");
        }
        while (true)
        {
            if (await FindByName(name) is { } standing)
            {
                return standing;
            }
            var draft = new IssuerDraft(name, name) { Origin = IssuerOrigin.Perfumer };
            var made = TextRules.TryCanonicalId(name, out var id)
                ? (await Put(id, draft, createOnly: true)).Map(put => put.Thing)
                : await Create(draft);
            if (made.Succeeded(out _, out var refusal) || refusal.Code is not (RefusalCode.KeyTaken or RefusalCode.AlreadyExists))
            {
                return made;
            }
            // Somebody was first: it is found now.
        }
    }

    public ValueTask<Place?> FindPlace(long id) => _places.Get(id, key => _database.Read<Place?>(
        async session => (await session.QueryFirst<PlaceRow>($"SELECT {PlaceColumns} FROM places WHERE id = @key", new { key }))?.ToPlace()));

    /// <summary>Issuers by id, after <paramref name="after"/>.</summary>
    public async ValueTask<IReadOnlyList<Issuer>> List(long after, int limit) => [.. (await _database.Read(async session =>
        await session.Query<IssuerRow>($"SELECT {IssuerColumns} FROM issuers WHERE id > @after ORDER BY id LIMIT @limit", new { after, limit })))
        .Select(row => row.ToIssuer())];

    /// <summary>Issuers by id, after <paramref name="after"/>, whose name or key holds a text, in any letter case, or whose id it is.</summary>
    /// <returns>At most so many, and the id to go on from, null at the end. They are read in slices: a page may be short, even empty, and
    /// still have a next one.</returns>
    public async ValueTask<(IReadOnlyList<Issuer> Issuers, long? Next)> Search(string text, long after, int limit)
    {
        const int Slices = 10;
        const int AtOnce = 1000;
        var found = new List<Issuer>(limit);
        for (var slice = 0; slice < Slices; slice++)
        {
            var page = await List(after, AtOnce);
            foreach (var issuer in page.Where(issuer => IssuerRules.DefaultKey(issuer.Id) == text || Holds(issuer.Name, text) || Holds(issuer.Key, text)))
            {
                if (found.Count == limit)
                {
                    return (found, found[^1].Id);
                }
                found.Add(issuer);
            }
            if (page.Count < AtOnce)
            {
                return (found, null);
            }
            after = page[^1].Id;
        }
        return (found, after);

        static bool Holds(string within, string text) => within.Contains(text, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Every issuer that a user manages, by id: read once for each change of any issuer.</summary>
    public async ValueTask<IReadOnlyList<Issuer>> ManagedBy(long userId) =>
        (_changes.IsFresh ? await _managed.Get(userId, ReadManaged) : await ReadManaged(userId))!;

    private async ValueTask<IReadOnlyList<Issuer>?> ReadManaged(long userId)
    {
        const int AtOnce = 1000;
        var managed = new List<Issuer>();
        for (var (after, isMore) = (0L, true); isMore;)
        {
            var page = await List(after, AtOnce);
            managed.AddRange(page.Where(issuer => issuer.IsManager(userId)));
            (after, isMore) = (page.Count > 0 ? page[^1].Id : after, page.Count == AtOnce);
        }
        return managed;
    }

    /// <summary>Places by id, after <paramref name="after"/>.</summary>
    public async ValueTask<IReadOnlyList<Place>> ListPlaces(long after, int limit) => [.. (await _database.Read(async session =>
        await session.Query<PlaceRow>($"SELECT {PlaceColumns} FROM places WHERE id > @after ORDER BY id LIMIT @limit", new { after, limit })))
        .Select(row => row.ToPlace())];

    /// <summary>An issuer's places by id, after <paramref name="after"/>.</summary>
    public async ValueTask<IReadOnlyList<Place>> ListPlaces(long issuerId, long after, int limit) => [.. (await _database.Read(async session =>
        await session.Query<PlaceRow>(
            $"SELECT {PlaceColumns} FROM places WHERE issuer_id = @issuerId AND id > @after ORDER BY id LIMIT @limit", new { issuerId, after, limit })))
        .Select(row => row.ToPlace())];

    /// <summary>Creates an issuer at an id that Laurel chooses.</summary>
    /// <param name="caller">Who asks: administrators and services may. Null: this program itself.</param>
    public async Task<Outcome<Issuer>> Create(IssuerDraft draft, Caller? caller = null)
    {
        if (caller?.MayEverywhere(Scopes.IssuersWrite) == false)
        {
            return Forbidden;
        }
        var id = await _ids.Next(IdKind.Issuer);
        return IssuerRules.Check(draft, id) is { } invalid ? invalid : (await Store(id, draft, createOnly: true)).Map(put => put.Thing);
    }

    /// <summary>Creates or replaces the issuer at this id, and its root place if that does not exist.</summary>
    /// <param name="asOf">When the issuer that is to be replaced was updated: refused, at the field <c>updatedAt</c>, where that is another
    /// time by now. Null: whatever stands there is replaced.</param>
    /// <inheritdoc cref="Create" path="/param"/>
    public async Task<Outcome<(Issuer Thing, bool Created)>> Put(long id, IssuerDraft draft, bool createOnly, Caller? caller = null, long? asOf = null)
    {
        if (caller?.MayEverywhere(Scopes.IssuersWrite) == false)
        {
            return Forbidden;
        }
        if (!IdRange.IsOpen(IdKind.Issuer, id) && await Find(id) is null)
        {
            return Reserved;
        }
        return IssuerRules.Check(draft, id) is { } invalid ? invalid : await Store(id, draft, createOnly, asOf);
    }

    private async Task<Outcome<(Issuer Thing, bool Created)>> Store(long id, IssuerDraft draft, bool createOnly, long? asOf = null)
    {
        var key = draft.Key ?? IssuerRules.DefaultKey(id);
        var outcome = await _database.Write(session => Store(session, id, key, draft, createOnly, asOf));
        if (outcome.Succeeded(out _, out _))
        {
            _changes.Announce(ChangeKind.Issuer, id);
            _changes.Announce(ChangeKind.Place, draft.RootPlaceId);
        }
        return outcome;
    }

    private async ValueTask<Outcome<(Issuer Thing, bool Created)>> Store(
        Session session, long id, string key, IssuerDraft draft, bool createOnly, long? asOf)
    {
        await ChangeLog.Serialise(session);
        var standing = (await session.QueryFirst<IssuerRow>($"SELECT {IssuerColumns} FROM issuers WHERE id = @id", new { id }))?.ToIssuer();
        if (standing is not null && createOnly)
        {
            return new Refusal(RefusalCode.AlreadyExists, "An issuer with this id exists.");
        }
        if (asOf is not null && asOf != standing?.UpdatedAt)
        {
            return Refusal.Invalid("updatedAt", "The issuer has been changed since then.");
        }
        if (await session.QueryFirst<long?>("SELECT id FROM issuers WHERE key = @key AND id <> @id", new { key, id }) is not null)
        {
            return new Refusal(RefusalCode.KeyTaken, "Another issuer has this key.", "key");
        }
        if (standing is not null && standing.TimeZone != draft.TimeZone && !await MoveZone(session, id))
        {
            return new Refusal(RefusalCode.RecurrenceInUse, "Badges of this issuer have been awarded: its time zone is frozen.", "timeZone");
        }
        var now = _time.Micros();
        var issuer = new Issuer(id, key, draft.Name, draft.RootPlaceId, draft.TimeZone, draft.Creator, draft.Managers, draft.LifetimeDays,
            standing?.Origin ?? draft.Origin, standing?.CreatedAt ?? now, now);
        await session.Execute("""
            INSERT INTO issuers (id, key, name, root_place_id, time_zone, creator_type, creator_id, creator_name, managers, lifetime_days,
              origin, created_at, updated_at)
            VALUES (@Id, @Key, @Name, @RootPlaceId, @TimeZone, @CreatorType, @CreatorId, @CreatorName, @Managers, @LifetimeDays,
              @Origin, @CreatedAt, @UpdatedAt)
            ON CONFLICT (id) DO UPDATE SET key = excluded.key, name = excluded.name, root_place_id = excluded.root_place_id,
              time_zone = excluded.time_zone, creator_type = excluded.creator_type, creator_id = excluded.creator_id,
              creator_name = excluded.creator_name, managers = excluded.managers, lifetime_days = excluded.lifetime_days,
              updated_at = excluded.updated_at
            """, IssuerRow.From(issuer));
        await _changes.Append(session, ChangeKind.Issuer, id);
        if (issuer.RootPlaceId != 0)
        {
            var placed = await session.Execute("""
                INSERT INTO places (id, issuer_id, name, created_at, updated_at) VALUES (@RootPlaceId, @Id, @Name, @UpdatedAt, @UpdatedAt)
                ON CONFLICT DO NOTHING
                """, IssuerRow.From(issuer));
            if (placed == 1)
            {
                await _changes.Append(session, ChangeKind.Place, issuer.RootPlaceId);
            }
        }
        return (issuer, standing is null);
    }

    // Touching every badge's row makes this wait for, or be seen by, a first award that is under way.
    private static async ValueTask<bool> MoveZone(Session session, long issuerId)
    {
        await session.Execute("UPDATE badges SET recurrence_version = recurrence_version + 1 WHERE issuer_id = @issuerId AND awarded = 0", new { issuerId });
        return await session.QueryFirst<long>("SELECT count(*) FROM badges WHERE issuer_id = @issuerId AND awarded = 1", new { issuerId }) == 0;
    }

    /// <summary>Creates a place at an id that Laurel chooses.</summary>
    /// <param name="caller">Who asks: administrators, services, and the issuer's managers may. Null: this program itself.</param>
    public async Task<Outcome<Place>> CreatePlace(long issuerId, string name, Caller? caller = null) =>
        (await StorePlace(await _ids.Next(IdKind.Place), issuerId, name, createOnly: true, caller)).Map(put => put.Thing);

    /// <summary>Creates or replaces the place at this id.</summary>
    /// <inheritdoc cref="CreatePlace" path="/param"/>
    public async Task<Outcome<(Place Thing, bool Created)>> PutPlace(long id, long issuerId, string name, bool createOnly, Caller? caller = null) =>
        IdRange.IsOpen(IdKind.Place, id) || await FindPlace(id) is not null ? await StorePlace(id, issuerId, name, createOnly, caller) : Reserved;

    private async Task<Outcome<(Place Thing, bool Created)>> StorePlace(long id, long issuerId, string name, bool createOnly, Caller? caller)
    {
        if (!TextRules.IsName(name))
        {
            return Refusal.Invalid("name", "A name has 1 to 255 characters.");
        }
        if (await Find(issuerId) is not { } issuer)
        {
            return new Refusal(RefusalCode.UnknownIssuer, "No issuer has this id.", "issuerId");
        }
        if (caller?.MayAt(issuer, Scopes.IssuersWrite) == false)
        {
            return Forbidden;
        }
        var outcome = await _database.Write<Outcome<(Place Thing, bool Created)>>(async session =>
        {
            await ChangeLog.Serialise(session);
            var standing = (await session.QueryFirst<PlaceRow>($"SELECT {PlaceColumns} FROM places WHERE id = @id", new { id }))?.ToPlace();
            if (standing is not null && createOnly)
            {
                return new Refusal(RefusalCode.AlreadyExists, "A place with this id exists.");
            }
            // Who moves a place takes it from its issuer.
            if (standing is not null && standing.IssuerId != issuerId && caller?.MayAt((await Find(standing.IssuerId))!, Scopes.IssuersWrite) == false)
            {
                return Forbidden;
            }
            var now = _time.Micros();
            var place = new Place(id, issuerId, name, standing?.CreatedAt ?? now, now);
            await session.Execute("""
                INSERT INTO places (id, issuer_id, name, created_at, updated_at) VALUES (@Id, @IssuerId, @Name, @CreatedAt, @UpdatedAt)
                ON CONFLICT (id) DO UPDATE SET issuer_id = excluded.issuer_id, name = excluded.name, updated_at = excluded.updated_at
                """, place);
            await _changes.Append(session, ChangeKind.Place, id);
            return (place, standing is null);
        });
        if (outcome.Succeeded(out _, out _))
        {
            _changes.Announce(ChangeKind.Place, id);
        }
        return outcome;
    }

    private static Refusal Forbidden => new(RefusalCode.Forbidden, "This key may not change this issuer.");

    private static Refusal Reserved => new(RefusalCode.IdReserved, "An id is 1 to 2^53 - 1, outside the range that is handed out.", "id");

    private sealed class IssuerRow
    {
        public long Id { get; init; }
        public string Key { get; init; } = "";
        public string Name { get; init; } = "";
        public long RootPlaceId { get; init; }
        public string TimeZone { get; init; } = "";
        public long CreatorType { get; init; }
        public long CreatorId { get; init; }
        public string? CreatorName { get; init; }
        public string Managers { get; init; } = "[]";
        public long? LifetimeDays { get; init; }
        public long Origin { get; init; }
        public long CreatedAt { get; init; }
        public long UpdatedAt { get; init; }

        public static IssuerRow From(Issuer issuer) => new()
        {
            Id = issuer.Id,
            Key = issuer.Key,
            Name = issuer.Name,
            RootPlaceId = issuer.RootPlaceId,
            TimeZone = issuer.TimeZone,
            CreatorType = (long)issuer.Creator.Type,
            CreatorId = issuer.Creator.Id,
            CreatorName = issuer.Creator.Name,
            Managers = System.Text.Json.JsonSerializer.Serialize([.. issuer.Managers], CoreJson.Stored.Int64Array),
            LifetimeDays = issuer.LifetimeDays,
            Origin = (long)issuer.Origin,
            CreatedAt = issuer.CreatedAt,
            UpdatedAt = issuer.UpdatedAt,
        };

        public Issuer ToIssuer() => new(Id, Key, Name, RootPlaceId, TimeZone, new Creator((CreatorType)CreatorType, CreatorId, CreatorName),
            System.Text.Json.JsonSerializer.Deserialize(Managers, CoreJson.Stored.Int64Array)!, (int?)LifetimeDays, (IssuerOrigin)Origin, CreatedAt, UpdatedAt);
    }

    private sealed class PlaceRow
    {
        public long Id { get; init; }
        public long IssuerId { get; init; }
        public string Name { get; init; } = "";
        public long CreatedAt { get; init; }
        public long UpdatedAt { get; init; }

        public Place ToPlace() => new(Id, IssuerId, Name, CreatedAt, UpdatedAt);
    }
}
