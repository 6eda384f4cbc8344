using System.Buffers;
using System.Security.Cryptography;
using Laurel.Core.Access;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;

namespace Laurel.Core.Images;

/// <summary>An uploaded image. <paramref name="Hash"/> is the SHA-256 of its bytes in lower-case hex.</summary>
public sealed record Icon(string Hash, ImageInfo Info, byte[] Bytes);

/// <summary>Uploaded icons: each image is stored once, by its content, for as long as a badge shows it.</summary>
public sealed class Icons
{
    public const int MaximumBytes = 1 << 20;

    private const int HashLength = 64;
    private const int CachedBytes = 32 << 20;
    private const int Overhead = 256;

    private const string Select = "SELECT media_type, width, height, bytes FROM icons WHERE hash = $1";

    private const string Exists = "SELECT 1 FROM icons WHERE hash = $1";

    private const string Insert = """
        INSERT INTO icons (hash, media_type, width, height, bytes, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
        """;

    private const string Drop = "DELETE FROM icons WHERE hash = $1 AND NOT EXISTS (SELECT 1 FROM badges WHERE icon_hash = $1)";

    private const string SetHash = "UPDATE badges SET icon_hash = $1 WHERE id = $2";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly TimeProvider _time;
    private readonly BoundedCache<string, Cached> _cache = new(CachedBytes, weigh: cached => cached.Icon.Bytes.Length + Overhead);

    internal Icons(Database database, ChangeLog changes, BadgeCatalogue badges, IssuerCatalogue issuers, TimeProvider time) =>
        (_database, _changes, _badges, _issuers, _time) = (database, changes, badges, issuers, time);

    /// <summary>The image with this hash; null when no badge shows it.</summary>
    public async ValueTask<Icon?> Find(string hash)
    {
        if (hash.Length != HashLength || hash.AsSpan().ContainsAnyExcept(HexDigits))
        {
            return null;
        }
        var version = _badges.Version;
        if (!_cache.TryGet(hash, out var cached))
        {
            return (await _cache.Get(hash, key => Load(key, version)))?.Icon;
        }
        // What changed since may have been its last badge.
        if (cached.SeenAt != version)
        {
            if (!await _database.Read(session => Has(session, hash)))
            {
                _cache.Evict(hash);
                return null;
            }
            cached.SeenAt = version;
        }
        return cached.Icon;
    }

    private ValueTask<Cached?> Load(string hash, long version) => _database.Read<Cached?>(async session =>
    {
        var row = session.Prepare(Select).Set(1, hash);
        if (!await row.Read())
        {
            return null;
        }
        var info = new ImageInfo(ImageFormats.Of(row.Text(0))!.Value, (int)row.Long(1), (int)row.Long(2));
        var icon = new Icon(hash, info, row.Bytes(3));
        await row.Done();
        return new Cached(icon) { SeenAt = version };
    });

    private static async ValueTask<bool> Has(Session session, string hash)
    {
        var row = session.Prepare(Exists).Set(1, hash);
        var has = await row.Read();
        await row.Done();
        return has;
    }

    /// <summary>Gives a badge its icon, for administrators, services and the issuer's managers. What is not an image, or more than
    /// one thing at once, is refused: see <see cref="ImageInfo.Read"/>.</summary>
    /// <param name="badgeId">Which badge.</param>
    /// <param name="file">At most <see cref="MaximumBytes"/>.</param>
    /// <param name="createOnly">Refuses to replace an uploaded one.</param>
    /// <param name="caller">Who asks.</param>
    /// <returns>The icon, and whether the badge had none before.</returns>
    public async Task<Outcome<(Icon Thing, bool Created)>> Put(long badgeId, byte[] file, bool createOnly, Caller caller)
    {
        if (await Refuse(badgeId, caller) is { } refusal)
        {
            return refusal;
        }
        if (file.Length > MaximumBytes)
        {
            return ImageInfo.Invalid("An icon has at most 1 MiB.");
        }
        if (!ImageInfo.Read(file).Succeeded(out var info, out var invalid))
        {
            return invalid;
        }
        var icon = new Icon(Convert.ToHexStringLower(SHA256.HashData(file)), info, file);
        return (await Change(badgeId, icon, createOnly, caller)).Map(had => (icon, !had));
    }

    /// <summary>Takes a badge its uploaded icon, if it has one: the drawn one shows again.</summary>
    /// <param name="badgeId">Which badge.</param>
    /// <param name="caller">Who asks: administrators, services and the issuer's managers may.</param>
    /// <returns>Null when it is done.</returns>
    public async Task<Refusal?> Remove(long badgeId, Caller caller)
    {
        if (await Refuse(badgeId, caller) is { } refusal)
        {
            return refusal;
        }
        (await Change(badgeId, null, createOnly: false, caller)).Succeeded(out _, out refusal);
        return refusal;
    }

    private async ValueTask<Refusal?> Refuse(long badgeId, Caller caller) =>
        await _badges.Find(badgeId) is not { } badge ? UnknownBadge
        : caller.MayAt((await _issuers.Find(badge.IssuerId))!, Scopes.BadgesWrite) ? null
        : Forbidden;

    // Whether the badge had an icon. The badge's own times stay: an icon is no part of its definition, and who moves here keeps them.
    private async Task<Outcome<bool>> Change(long badgeId, Icon? icon, bool createOnly, Caller caller)
    {
        var outcome = await _database.Write<Outcome<bool>>(async session =>
        {
            // Nobody else gives or takes an icon meanwhile: what is dropped below is not about to be used again.
            await ChangeLog.Serialise(session);
            if (await session.QueryFirst<Standing>("SELECT issuer_id AS IssuerId, icon_hash AS IconHash FROM badges WHERE id = @badgeId", new { badgeId })
                is not { } standing)
            {
                return UnknownBadge;
            }
            if (!caller.MayAt((await _issuers.Find(standing.IssuerId))!, Scopes.BadgesWrite))
            {
                return Forbidden;
            }
            if (createOnly && standing.IconHash is not null)
            {
                return new Refusal(RefusalCode.AlreadyExists, "The badge has an uploaded icon.");
            }
            if (icon is { } made)
            {
                await session.Prepare(Insert).Set(1, made.Hash).Set(2, made.Info.Format.MediaType()).Set(3, made.Info.Width).Set(4, made.Info.Height)
                    .Set(5, made.Bytes).Set(6, _time.Micros()).Run();
            }
            await session.Prepare(SetHash).Set(1, icon?.Hash).Set(2, badgeId).Run();
            if (standing.IconHash is { } old && old != icon?.Hash)
            {
                await session.Prepare(Drop).Set(1, old).Run();
            }
            await _changes.Append(session, ChangeKind.Badge, badgeId);
            return standing.IconHash is not null;
        });
        _changes.Announce(ChangeKind.Badge, badgeId);
        return outcome;
    }

    private static Refusal UnknownBadge => new(RefusalCode.UnknownBadge, "No badge has this id.");

    private static Refusal Forbidden => new(RefusalCode.Forbidden, "This key may not change badges of this issuer.");

    private sealed class Standing
    {
        public long IssuerId { get; init; }
        public string? IconHash { get; init; }
    }

    private sealed class Cached(Icon icon)
    {
        private long _seenAt;

        public Icon Icon => icon;

        /// <summary>The catalogue's version at which it was known to be in use.</summary>
        public long SeenAt
        {
            get => Interlocked.Read(ref _seenAt);
            set => Interlocked.Exchange(ref _seenAt, value);
        }
    }
}
