using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Issuers;
using Laurel.Core.Moderation;
using Laurel.Core.Storage;

namespace Laurel.Core.Badges;

/// <summary>The badges' definitions.</summary>
public sealed class BadgeCatalogue
{
    // Few read a million definitions at once; 50,000 with their texts are about 50 MB.
    private const int Kept = 50_000;

    private const string AfterAscending = """
        SELECT id FROM badges WHERE issuer_id = $1 AND (created_at > $2 OR (created_at = $2 AND id > $3))
        ORDER BY created_at, id LIMIT $4
        """;

    private const string AfterDescending = """
        SELECT id FROM badges WHERE issuer_id = $1 AND (created_at < $2 OR (created_at = $2 AND id < $3))
        ORDER BY created_at DESC, id DESC LIMIT $4
        """;

    private const string ByKey = "SELECT id FROM badges WHERE issuer_id = $1 AND key = $2";

    private const string CountMadeByUse = "SELECT count(*) FROM badges WHERE issuer_id = $1 AND created_by = 'perfumer'";

    /// <summary>How many badges a collection makes by its use.</summary>
    public const int MaximumMadeByUse = 10_000;

    private const int FirstOfIssuer = 100;

    // Who made them, for people, and to count them by.
    private const string MadeByUse = "perfumer";

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly IdBlocks _ids;
    private readonly IssuerCatalogue _issuers;
    private readonly TextModeration _moderation;
    private readonly TimeProvider _time;
    private readonly BoundedCache<long, Badge> _badges = new(Kept);
    private readonly BoundedCache<(long IssuerId, string Key), Named> _keys = new(Kept);
    private readonly BoundedCache<long, IReadOnlyList<Badge>> _first = new(1000);
    private long _version;

    public BadgeCatalogue(
        Database database, ChangeLog changes, IdBlocks ids, IssuerCatalogue issuers, TextModeration moderation, TimeProvider time)
    {
        (_database, _changes, _ids, _issuers, _moderation, _time) = (database, changes, ids, issuers, moderation, time);
        _changes.Changed += (kind, id) =>
        {
            if (kind == ChangeKind.Badge)
            {
                _badges.Evict(id);
            }
            // After the eviction, and after the issuers' own, who listened first.
            if (kind is ChangeKind.Badge or ChangeKind.Issuer)
            {
                _first.Clear();
                Interlocked.Increment(ref _version);
            }
        };
    }

    /// <summary>Moves whenever a badge or an issuer changes: what was computed from them at one version is good until the next. Read
    /// it before what it stands for.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>The badge as the caller may see it: one that is hidden until it is claimed is masked.</summary>
    /// <param name="badge">As it is.</param>
    /// <param name="caller">Null for anybody.</param>
    public async ValueTask<Badge> AsSeenBy(Badge badge, Caller? caller) => await ShowsItself(badge, caller) ? badge : badge.Masked();

    /// <summary>Whether the caller, null for anybody, sees the badge's face whoever has claimed it or not.</summary>
    public async ValueTask<bool> ShowsItself(Badge badge, Caller? caller) =>
        !badge.HiddenUntilClaimed || caller?.SeesHidden((await _issuers.Find(badge.IssuerId))!) == true;

    /// <summary>The badges of these issuers.</summary>
    public BadgeSet Of(IssuerSet issuers) => new(_database, this, _issuers, issuers);

    public ValueTask<Badge?> Find(long id) => _badges.Get(id, key => _database.Read(session => Read(session, key)));

    /// <summary>The definition as it stands in the database, whatever the cache holds.</summary>
    internal ValueTask<Badge?> FindAgain(long id)
    {
        _badges.Evict(id);
        return Find(id);
    }

    /// <summary>The issuer's badge with this key.</summary>
    public async ValueTask<Badge?> FindByKey(long issuerId, string key)
    {
        if (!TextRules.IsBadgeKey(key) || await _keys.Get((issuerId, key), LookUp) is not { } named)
        {
            return null;
        }
        if (await Find(named.Id) is { } badge && badge.IssuerId == issuerId && badge.Key == key)
        {
            return badge;
        }
        // It has another key by now, and another badge may have this one.
        _keys.Evict((issuerId, key));
        return await LookUp((issuerId, key)) is { } moved ? await FindAgain(moved.Id) : null;
    }

    /// <summary>The badge that a name leads to, wherever it is: the key of its issuer, or its id, then a slash and the badge's key.</summary>
    public async ValueTask<Badge?> FindByName(string name) =>
        name.LastIndexOf('/') is >= 0 and var at && await _issuers.FindByName(name[..at]) is { } issuer
            ? await FindByKey(issuer.Id, name[(at + 1)..])
            : null;

    private ValueTask<Named?> LookUp((long IssuerId, string Key) name) => _database.Read(async session =>
        await IdByKey(session, name.IssuerId, name.Key) is { } id ? new Named(id) : null);

    private static async ValueTask<long?> IdByKey(Session session, long issuerId, string key)
    {
        var row = session.Prepare(ByKey).Set(1, issuerId).Set(2, key);
        if (!await row.Read())
        {
            return null;
        }
        var id = row.Long(0);
        await row.Done();
        return id;
    }

    /// <summary>An issuer's first hundred badges by id, read once for each change of any badge or issuer.</summary>
    public async ValueTask<IReadOnlyList<Badge>> First(long issuerId) => (await _first.Get(issuerId, async id => await List(id, 0, FirstOfIssuer)))!;

    /// <summary>Badges by id, after <paramref name="after"/>; of one issuer, or of all.</summary>
    public async ValueTask<IReadOnlyList<Badge>> List(long? issuerId, long after, int limit)
    {
        var where = issuerId is null ? "" : "issuer_id = @issuerId AND ";
        return await All(await _database.Read(async session => await session.Query<long>(
            $"SELECT id FROM badges WHERE {where}id > @after ORDER BY id LIMIT @limit", new { issuerId, after, limit })));
    }

    /// <summary>An issuer's badges by creation, then id: those behind a position, nearest first.</summary>
    public async ValueTask<IReadOnlyList<Badge>> ListByCreation(long issuerId, (long CreatedAt, long Id) after, bool ascending, int limit) =>
        await All(await _database.Read(async session =>
        {
            var ids = new List<long>(limit);
            var rows = session.Prepare(ascending ? AfterAscending : AfterDescending)
                .Set(1, issuerId).Set(2, after.CreatedAt).Set(3, after.Id).Set(4, limit);
            while (await rows.Read())
            {
                ids.Add(rows.Long(0));
            }
            return ids;
        }));

    /// <summary>Badges by id, after <paramref name="after"/>, as the caller may find them.</summary>
    /// <returns>At most so many, and the id to go on from, null at the end. The definitions are read in slices: a page may be short, even
    /// empty, and still have a next one.</returns>
    public ValueTask<(IReadOnlyList<Badge> Badges, long? Next)> Search(BadgeSearch search, long after, int limit, Caller caller) =>
        new BadgeFinder(_database, this, _issuers, search, caller).Page(after, limit);

    private async ValueTask<IReadOnlyList<Badge>> All(IEnumerable<long> ids)
    {
        var badges = new List<Badge>();
        foreach (var id in ids)
        {
            if (await Find(id) is { } badge)
            {
                badges.Add(badge);
            }
        }
        return badges;
    }

    private static async ValueTask<Badge?> Read(Session session, long id) =>
        await session.QueryFirst<BadgeRow>($"SELECT {BadgeRow.Columns} FROM badges WHERE id = @id", new { id }) is { } row
            ? row.ToBadge(await session.Query<TextRow>($"SELECT {TextRow.Columns} FROM badge_texts WHERE badge_id = @id", new { id }))
            : null;

    /// <summary>Creates a badge at an id that Laurel chooses.</summary>
    /// <param name="caller">Who asks: administrators, services, and the issuer's managers may. Null: this program itself.</param>
    public async Task<Outcome<Badge>> Create(BadgeDraft draft, Caller? caller = null)
    {
        draft = Canonical(draft);
        return BadgeRules.Check(draft) is { } invalid
            ? invalid
            : (await Store(await _ids.Next(IdKind.Badge), draft, createOnly: true, caller)).Map(put => put.Thing);
    }

    /// <summary>Creates or replaces the badge at this id.</summary>
    /// <param name="asOf">When the badge that is to be replaced was updated: refused, at the field <c>updatedAt</c>, where that is another
    /// time by now. Null: whatever stands there is replaced.</param>
    /// <inheritdoc cref="Create" path="/param"/>
    public async Task<Outcome<(Badge Thing, bool Created)>> Put(long id, BadgeDraft draft, bool createOnly, Caller? caller = null, long? asOf = null)
    {
        if (!IdRange.IsOpen(IdKind.Badge, id) && await Find(id) is null)
        {
            return new Refusal(RefusalCode.IdReserved, "An id is 1 to 2^53 - 1, outside the range that is handed out.", "id");
        }
        draft = Canonical(draft);
        return BadgeRules.Check(draft) is { } invalid ? invalid : await Store(id, draft, createOnly, caller, asOf);
    }

    /// <summary>Removes a badge, or brings it back: awards of it stay as they are, and nobody is shown it meanwhile.</summary>
    /// <param name="id">Which.</param>
    /// <param name="isDeleted">Whether it is to be gone.</param>
    /// <param name="caller">Who asks: administrators, services, and the issuer's managers may.</param>
    /// <returns>Null when it is done.</returns>
    public async Task<Refusal?> SetDeleted(long id, bool isDeleted, Caller caller)
    {
        if (await Find(id) is not { } known)
        {
            return Unknown;
        }
        if (!caller.MayAt((await _issuers.Find(known.IssuerId))!, Scopes.BadgesWrite))
        {
            return Forbidden;
        }
        var refusal = await _database.Write<Refusal?>(async session =>
        {
            await ChangeLog.Serialise(session);
            await session.Execute("UPDATE badges SET awarded = awarded WHERE id = @id", new { id });
            if (await Read(session, id) is not { } standing)
            {
                return Unknown;
            }
            // It may have been given to another issuer.
            if (!caller.MayAt((await _issuers.Find(standing.IssuerId))!, Scopes.BadgesWrite))
            {
                return Forbidden;
            }
            if (standing.DeletedAt is not null != isDeleted)
            {
                var now = _time.Micros();
                await Write(session, standing with { DeletedAt = isDeleted ? now : null, DeletedBy = isDeleted ? standing.DeletedBy : null, UpdatedAt = now });
            }
            return null;
        });
        _changes.Announce(ChangeKind.Badge, id);
        return refusal;
    }

    /// <summary>The issuer's badge with this key, made if there is none: one that can always be earned, named as its key.</summary>
    /// <returns>Refused where the key can be no badge's, or the issuer has made <see cref="MaximumMadeByUse"/> in this way.</returns>
    public async Task<Outcome<Badge>> FindOrMake(long issuerId, string key)
    {
        if (await FindByKey(issuerId, key) is { } known)
        {
            return known;
        }
        var draft = new BadgeDraft
        {
            IssuerId = issuerId,
            Key = key,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new(key, null) },
            Recurrence = new Recurrence.Always(),
            CreatedBy = MadeByUse,
        };
        if (BadgeRules.Check(draft) is { } invalid)
        {
            return invalid;
        }
        var id = await _ids.Next(IdKind.Badge);
        var outcome = await _database.Write<Outcome<Badge>>(async session =>
        {
            // Who else makes one is waited for: there is one of each key, and never one too many.
            await ChangeLog.Serialise(session);
            if (await IdByKey(session, issuerId, key) is { } standing)
            {
                return (await Read(session, standing))!;
            }
            var made = session.Prepare(CountMadeByUse).Set(1, issuerId);
            await made.Read();
            var count = made.Long(0);
            await made.Done();
            return count >= MaximumMadeByUse
                ? Refusal.Invalid("key", "A collection makes at most 10,000 badges by its use.")
                : (await Store(session, id, draft, createOnly: true, caller: null)).Map(put => put.Thing);
        });
        _changes.Announce(ChangeKind.Badge, id);
        return outcome;
    }

    private static BadgeDraft Canonical(BadgeDraft draft)
    {
        var texts = new Dictionary<string, BadgeText>(draft.Texts.Count);
        foreach (var (locale, text) in draft.Texts)
        {
            texts[LocaleTag.TryCanonicalize(locale, out var canonical) ? canonical : locale] = text;
        }
        return draft with
        {
            Texts = texts,
            SourceLocale = LocaleTag.TryCanonicalize(draft.SourceLocale, out var source) ? source : draft.SourceLocale,
            Uid = draft.Uid?.ToLowerInvariant(),
        };
    }

    private async Task<Outcome<(Badge Thing, bool Created)>> Store(long id, BadgeDraft draft, bool createOnly, Caller? caller, long? asOf = null)
    {
        if (caller is not null && await _issuers.Find(draft.IssuerId) is { } issuer && !caller.MayAt(issuer, Scopes.BadgesWrite))
        {
            return Forbidden;
        }
        var outcome = await _database.Write(session => Store(session, id, draft, createOnly, caller, asOf));
        _changes.Announce(ChangeKind.Badge, id);
        return outcome;
    }

    private async ValueTask<Outcome<(Badge Thing, bool Created)>> Store(
        Session session, long id, BadgeDraft draft, bool createOnly, Caller? caller, long? asOf = null)
    {
        await ChangeLog.Serialise(session);
        if (await session.QueryFirst<string>("SELECT time_zone FROM issuers WHERE id = @IssuerId", new { draft.IssuerId }) is not { } zone)
        {
            return new Refusal(RefusalCode.UnknownIssuer, "No issuer has this id.", "issuerId");
        }
        // Locks the row: a first award under way is waited for, one that comes later sees the new version.
        await session.Execute("UPDATE badges SET awarded = awarded WHERE id = @id", new { id });
        var standing = await Read(session, id);
        if (standing is not null && createOnly)
        {
            return new Refusal(RefusalCode.AlreadyExists, "A badge with this id exists.");
        }
        if (asOf is not null && asOf != standing?.UpdatedAt)
        {
            return Refusal.Invalid("updatedAt", "The badge has been changed since then.");
        }
        // Who moves a badge takes it from its issuer.
        if (standing is not null && standing.IssuerId != draft.IssuerId && caller?.MayAt((await _issuers.Find(standing.IssuerId))!, Scopes.BadgesWrite) == false)
        {
            return Forbidden;
        }
        if (draft.Key is not null && await session.QueryFirst<long?>(
            "SELECT id FROM badges WHERE issuer_id = @IssuerId AND key = @Key AND id <> @id", new { draft.IssuerId, draft.Key, id }) is not null)
        {
            return new Refusal(RefusalCode.KeyTaken, "Another badge of the issuer has this key.", "key");
        }
        // With the issuer goes the zone, and the tables beside the ledger name the issuer too.
        var changed = standing is not null && (standing.Recurrence != draft.Recurrence || standing.IssuerId != draft.IssuerId);
        if (changed && standing!.IsFrozen)
        {
            return new Refusal(RefusalCode.RecurrenceInUse, "The badge has been awarded: its recurrence, anchor, time zone and issuer are frozen.",
                standing.Recurrence != draft.Recurrence ? "recurrence" : "issuerId");
        }
        var badge = Made(id, draft, standing, zone, changed, _time.Micros());
        await Write(session, badge);
        return (badge, standing is null);
    }

    private static Refusal Unknown => new(RefusalCode.UnknownBadge, "No badge has this id.");

    private static Refusal Forbidden => new(RefusalCode.Forbidden, "This key may not change badges of this issuer.");

    private static Badge Made(long id, BadgeDraft draft, Badge? standing, string zone, bool changed, long now) => new()
    {
        Id = id,
        IssuerId = draft.IssuerId,
        Key = draft.Key,
        Enabled = draft.Enabled,
        Creator = draft.Creator,
        SourceLocale = draft.SourceLocale,
        Texts = draft.Texts,
        Recurrence = draft.Recurrence,
        RecurrenceVersion = (standing?.RecurrenceVersion ?? 0) + (changed ? 1 : 0),
        TimeZone = zone,
        IsFrozen = standing?.IsFrozen ?? false,
        Target = draft.Target,
        Recognises = draft.Recognises,
        IconImageId = draft.IconImageId,
        AwardAssetIds = draft.AwardAssetIds,
        Rarity = draft.Rarity,
        Level = draft.Level,
        Cost = draft.Cost,
        Claimable = draft.Claimable,
        HiddenUntilClaimed = draft.HiddenUntilClaimed,
        Uid = draft.Uid ?? standing?.Uid ?? NewUid(),
        IsActive = draft.IsActive,
        CreatedBy = draft.CreatedBy,
        UpdatedBy = draft.UpdatedBy,
        DeletedBy = draft.DeletedBy,
        CreatedAt = draft.CreatedAt ?? standing?.CreatedAt ?? now,
        UpdatedAt = draft.UpdatedAt ?? now,
        DeletedAt = draft.DeletedAt,
        IconHash = standing?.IconHash,
        IconFormat = standing?.IconFormat,
    };

    private async ValueTask Write(Session session, Badge badge)
    {
        await session.Execute(BadgeRow.Upsert, BadgeRow.From(badge));
        await session.Execute("DELETE FROM badge_texts WHERE badge_id = @Id", new { badge.Id });
        foreach (var (locale, text) in badge.Texts)
        {
            await session.Execute(BadgeRow.InsertText, TextRow.From(badge.Id, locale, text));
        }
        await _changes.Append(session, ChangeKind.Badge, badge.Id);
    }

    /// <summary>Changes parts of a badge, as its players' API does: the name and description of the source locale, and whether it
    /// can be awarded. Null leaves a part as it is. The texts are moderated and bounded by the tighter limits of that API.</summary>
    public async Task<EditRefusal?> Edit(long id, string? name, string? description, bool? enabled, Caller caller)
    {
        if (await Find(id) is not { } badge)
        {
            return EditRefusal.UnknownBadge;
        }
        if (!await MayManage(badge, caller, Scopes.BadgesWrite))
        {
            return EditRefusal.NotManager;
        }
        if (name is not null && !TextRules.IsName(name, TextRules.MaxRobloxName))
        {
            return EditRefusal.InvalidName;
        }
        if (description is not null && !TextRules.Fits(description, TextRules.MaxRobloxDescription))
        {
            return EditRefusal.InvalidDescription;
        }
        if ((name is not null && !_moderation.Allows(name)) || (description is not null && !_moderation.Allows(description)))
        {
            return EditRefusal.Moderated;
        }
        var refusal = await _database.Write<EditRefusal?>(async session =>
        {
            await ChangeLog.Serialise(session);
            await session.Execute("UPDATE badges SET awarded = awarded WHERE id = @id", new { id });
            if (await Read(session, id) is not { } standing)
            {
                return EditRefusal.UnknownBadge;
            }
            var text = standing.Source with { Name = name ?? standing.Source.Name, Description = description ?? standing.Source.Description };
            await Write(session, standing with
            {
                Texts = new Dictionary<string, BadgeText>(standing.Texts) { [standing.SourceLocale] = text },
                Enabled = enabled ?? standing.Enabled,
                UpdatedAt = _time.Micros(),
            });
            return null;
        });
        _changes.Announce(ChangeKind.Badge, id);
        return refusal;
    }

    /// <summary>Whether the caller is the badge's creator, a manager of its issuer or an administrator, and its key reaches this far.</summary>
    public async ValueTask<bool> MayManage(Badge badge, Caller caller, string scope) =>
        caller.MayEverywhere(scope)
        || (caller.UserId is { } user && caller.Has(scope)
            && ((badge.Creator.Type == CreatorType.User && badge.Creator.Id == user)
                || (await _issuers.Find(badge.IssuerId))?.IsManager(user) == true));

    private static string NewUid() => new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToString("D");
}

/// <summary>Why <see cref="BadgeCatalogue.Edit"/> refused, in the order it checks.</summary>
public enum EditRefusal
{
    UnknownBadge,
    NotManager,
    InvalidName,
    InvalidDescription,
    Moderated,
}
