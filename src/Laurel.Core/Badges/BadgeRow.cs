using System.Globalization;
using System.Text.Json;
using Laurel.Core.Awards;
using Laurel.Core.Images;
using Laurel.Core.Issuers;

namespace Laurel.Core.Badges;

/// <summary>A row of badges, as the mapper fills and reads it.</summary>
internal sealed class BadgeRow
{
    public const string Columns = """
        id AS Id, issuer_id AS IssuerId, key AS Key, enabled AS Enabled, creator_type AS CreatorType, creator_id AS CreatorId,
        source_locale AS SourceLocale, recurrence AS Recurrence, period_every AS PeriodEvery, period_unit AS PeriodUnit,
        period_anchor AS PeriodAnchor, recurrence_version AS RecurrenceVersion, awarded AS Awarded, target AS Target,
        recognises AS Recognises, icon_image_id AS IconImageId, award_asset_ids AS AwardAssetIds, rarity AS Rarity, level AS Level,
        cost AS Cost, claimable AS Claimable, hidden_until_claimed AS HiddenUntilClaimed, uid AS Uid, is_active AS IsActive,
        created_by AS CreatedBy, updated_by AS UpdatedBy, deleted_by AS DeletedBy, created_at AS CreatedAt, updated_at AS UpdatedAt,
        deleted_at AS DeletedAt, icon_hash AS IconHash, (SELECT media_type FROM icons WHERE icons.hash = badges.icon_hash) AS IconMediaType,
        (SELECT time_zone FROM issuers WHERE issuers.id = badges.issuer_id) AS TimeZone
        """;

    // Not the icon, which a replaced badge keeps.
    public const string Upsert = """
        INSERT INTO badges (id, issuer_id, key, enabled, creator_type, creator_id, source_locale, recurrence, period_every, period_unit,
          period_anchor, recurrence_version, awarded, target, recognises, icon_image_id, award_asset_ids, rarity, level, cost, claimable,
          hidden_until_claimed, uid, is_active, created_by, updated_by, deleted_by, created_at, updated_at, deleted_at)
        VALUES (@Id, @IssuerId, @Key, @Enabled, @CreatorType, @CreatorId, @SourceLocale, @Recurrence, @PeriodEvery, @PeriodUnit,
          @PeriodAnchor, @RecurrenceVersion, @Awarded, @Target, @Recognises, @IconImageId, @AwardAssetIds, @Rarity, @Level, @Cost, @Claimable,
          @HiddenUntilClaimed, @Uid, @IsActive, @CreatedBy, @UpdatedBy, @DeletedBy, @CreatedAt, @UpdatedAt, @DeletedAt)
        ON CONFLICT (id) DO UPDATE SET issuer_id = excluded.issuer_id, key = excluded.key, enabled = excluded.enabled,
          creator_type = excluded.creator_type, creator_id = excluded.creator_id, source_locale = excluded.source_locale,
          recurrence = excluded.recurrence, period_every = excluded.period_every, period_unit = excluded.period_unit,
          period_anchor = excluded.period_anchor, recurrence_version = excluded.recurrence_version, target = excluded.target,
          recognises = excluded.recognises, icon_image_id = excluded.icon_image_id, award_asset_ids = excluded.award_asset_ids,
          rarity = excluded.rarity, level = excluded.level, cost = excluded.cost, claimable = excluded.claimable,
          hidden_until_claimed = excluded.hidden_until_claimed, uid = excluded.uid, is_active = excluded.is_active,
          created_by = excluded.created_by, updated_by = excluded.updated_by, deleted_by = excluded.deleted_by,
          created_at = excluded.created_at, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at
        """;

    public const string InsertText = """
        INSERT INTO badge_texts (badge_id, locale, name, description, lines, icon_image_id)
        VALUES (@BadgeId, @Locale, @Name, @Description, @Lines, @IconImageId)
        """;

    public long Id { get; init; }
    public long IssuerId { get; init; }
    public string? Key { get; init; }
    public long Enabled { get; init; }
    public long CreatorType { get; init; }
    public long CreatorId { get; init; }
    public string SourceLocale { get; init; } = "";
    public long Recurrence { get; init; }
    public long PeriodEvery { get; init; }
    public long PeriodUnit { get; init; }
    public string? PeriodAnchor { get; init; }
    public long RecurrenceVersion { get; init; }
    public long Awarded { get; init; }
    public long? Target { get; init; }
    public string Recognises { get; init; } = "[]";
    public long IconImageId { get; init; }
    public string AwardAssetIds { get; init; } = "[]";
    public long Rarity { get; init; }
    public long Level { get; init; }
    public long Cost { get; init; }
    public long Claimable { get; init; }
    public long HiddenUntilClaimed { get; init; }
    public string Uid { get; init; } = "";
    public long IsActive { get; init; }
    public string? CreatedBy { get; init; }
    public string? UpdatedBy { get; init; }
    public string? DeletedBy { get; init; }
    public long CreatedAt { get; init; }
    public long UpdatedAt { get; init; }
    public long? DeletedAt { get; init; }
    public string? IconHash { get; init; }
    public string? IconMediaType { get; init; }
    public string TimeZone { get; init; } = Zones.Utc;

    public static BadgeRow From(Badge badge)
    {
        var period = badge.Recurrence as Recurrence.PerPeriod;
        return new()
        {
            Id = badge.Id,
            IssuerId = badge.IssuerId,
            Key = badge.Key,
            Enabled = badge.Enabled ? 1 : 0,
            CreatorType = (long)badge.Creator.Type,
            CreatorId = badge.Creator.Id,
            SourceLocale = badge.SourceLocale,
            Recurrence = Number(badge.Recurrence),
            PeriodEvery = period?.Every ?? 0,
            PeriodUnit = (long)(period?.Unit ?? Laurel.Core.Awards.PeriodUnit.Day),
            PeriodAnchor = period?.Anchor.ToString("O", CultureInfo.InvariantCulture),
            RecurrenceVersion = badge.RecurrenceVersion,
            Awarded = badge.IsFrozen ? 1 : 0,
            Target = badge.Target,
            Recognises = JsonSerializer.Serialize([.. badge.Recognises], CoreJson.Stored.StringArray),
            IconImageId = badge.IconImageId,
            AwardAssetIds = JsonSerializer.Serialize([.. badge.AwardAssetIds], CoreJson.Stored.Int64Array),
            Rarity = (long)badge.Rarity,
            Level = (long)badge.Level,
            Cost = badge.Cost,
            Claimable = badge.Claimable ? 1 : 0,
            HiddenUntilClaimed = badge.HiddenUntilClaimed ? 1 : 0,
            Uid = badge.Uid,
            IsActive = badge.IsActive ? 1 : 0,
            CreatedBy = badge.CreatedBy,
            UpdatedBy = badge.UpdatedBy,
            DeletedBy = badge.DeletedBy,
            CreatedAt = badge.CreatedAt,
            UpdatedAt = badge.UpdatedAt,
            DeletedAt = badge.DeletedAt,
        };
    }

    public Badge ToBadge(IEnumerable<TextRow> texts) => new()
    {
        Id = Id,
        IssuerId = IssuerId,
        Key = Key,
        Enabled = Enabled != 0,
        Creator = new Creator((CreatorType)CreatorType, CreatorId),
        SourceLocale = SourceLocale,
        Texts = texts.ToDictionary(text => text.Locale, text => text.ToText()),
        Recurrence = ToRecurrence(),
        RecurrenceVersion = RecurrenceVersion,
        TimeZone = TimeZone,
        IsFrozen = Awarded != 0,
        Target = Target,
        Recognises = JsonSerializer.Deserialize(Recognises, CoreJson.Stored.StringArray)!,
        IconImageId = IconImageId,
        AwardAssetIds = JsonSerializer.Deserialize(AwardAssetIds, CoreJson.Stored.Int64Array)!,
        Rarity = (Rarity)Rarity,
        Level = (BadgeLevel)Level,
        Cost = Cost,
        Claimable = Claimable != 0,
        HiddenUntilClaimed = HiddenUntilClaimed != 0,
        Uid = Uid,
        IsActive = IsActive != 0,
        CreatedBy = CreatedBy,
        UpdatedBy = UpdatedBy,
        DeletedBy = DeletedBy,
        CreatedAt = CreatedAt,
        UpdatedAt = UpdatedAt,
        DeletedAt = DeletedAt,
        IconHash = IconHash,
        IconFormat = IconMediaType is null ? null : ImageFormats.Of(IconMediaType),
    };

    // Stored: numbers never change.
    private static long Number(Recurrence recurrence) => recurrence switch
    {
        Laurel.Core.Awards.Recurrence.Once => 0,
        Laurel.Core.Awards.Recurrence.PerSubject => 1,
        Laurel.Core.Awards.Recurrence.PerAction => 2,
        Laurel.Core.Awards.Recurrence.PerPeriod => 3,
        Laurel.Core.Awards.Recurrence.Always => 4,
        _ => throw new System.Diagnostics.UnreachableException("A recurrence has no cases but its own."),
    };

    private Recurrence ToRecurrence() => Recurrence switch
    {
        0 => new Recurrence.Once(),
        1 => new Recurrence.PerSubject(),
        2 => new Recurrence.PerAction(),
        3 => new Recurrence.PerPeriod((int)PeriodEvery, (PeriodUnit)PeriodUnit, DateOnly.Parse(PeriodAnchor!, CultureInfo.InvariantCulture)),
        4 => new Recurrence.Always(),
        _ => throw new InvalidDataException($"Badge {Id} has recurrence {Recurrence}, which this version does not know."),
    };
}

/// <summary>A row of badge_texts.</summary>
internal sealed class TextRow
{
    public const string Columns =
        "badge_id AS BadgeId, locale AS Locale, name AS Name, description AS Description, lines AS Lines, icon_image_id AS IconImageId";

    public long BadgeId { get; init; }
    public string Locale { get; init; } = "";
    public string Name { get; init; } = "";
    public string? Description { get; init; }
    public string? Lines { get; init; }
    public long IconImageId { get; init; }

    public static TextRow From(long badgeId, string locale, BadgeText text) => new()
    {
        BadgeId = badgeId,
        Locale = locale,
        Name = text.Name,
        Description = text.Description,
        Lines = text.Lines is null ? null : JsonSerializer.Serialize(text.Lines, CoreJson.Stored.BadgeLines),
        IconImageId = text.IconImageId,
    };

    public BadgeText ToText() => new(Name, Description,
        Lines is null ? null : JsonSerializer.Deserialize(Lines, CoreJson.Stored.BadgeLines), IconImageId);
}
