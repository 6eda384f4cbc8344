using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Server.Http;

namespace Laurel.Server.Native;

/// <summary>What a caller sets of a badge.</summary>
internal class BadgeBody
{
    public required long IssuerId { get; set; }
    public string? Key { get; set; }
    public bool Enabled { get; set; } = true;
    public BadgeCreatorJson Creator { get; set; } = new() { Type = "User", Id = 0 };
    public string SourceLocale { get; set; } = "en";
    public required IReadOnlyDictionary<string, TextJson> Texts { get; set; }
    public RecurrenceJson Recurrence { get; set; } = RecurrenceJson.Once;
    public long? Target { get; set; }
    public IReadOnlyList<string> Recognises { get; set; } = [];
    public long IconImageId { get; set; }
    public IReadOnlyList<long> AwardAssetIds { get; set; } = [];
    public int Rarity { get; set; } = (int)Laurel.Core.Badges.Rarity.Common;
    public string? Level { get; set; }
    public long Cost { get; set; }
    public bool Claimable { get; set; }
    public bool HiddenUntilClaimed { get; set; }
    [DisallowNull]
    public string? Uid { get; set; }
    public bool IsActive { get; set; } = true;
    public string? CreatedBy { get; set; }
    public string? UpdatedBy { get; set; }
    public string? DeletedBy { get; set; }
    public Timestamp? CreatedAt { get; set; }
    public Timestamp? UpdatedAt { get; set; }
    public Timestamp? DeletedAt { get; set; }

    public Outcome<BadgeDraft> ToDraft()
    {
        if (Creators.TypeOf(Creator.Type) is not { } creator)
        {
            return Creators.UnknownType;
        }
        if (LevelOf(Level) is not { } level)
        {
            return Refusal.Invalid("level", "A level is bronze, silver, gold or null.");
        }
        if (!Recurrence.ToRecurrence().Succeeded(out var recurrence, out var refusal))
        {
            return refusal;
        }
        return new BadgeDraft
        {
            IssuerId = IssuerId,
            Key = Key,
            Enabled = Enabled,
            Creator = new Creator(creator, Creator.Id),
            SourceLocale = SourceLocale,
            Texts = Texts.ToDictionary(text => text.Key, text => ToText(text.Key, text.Value)),
            Recurrence = recurrence,
            Target = Target,
            Recognises = Recognises,
            IconImageId = IconImageId,
            AwardAssetIds = AwardAssetIds,
            Rarity = (Rarity)Rarity,
            Level = level,
            Cost = Cost,
            Claimable = Claimable,
            HiddenUntilClaimed = HiddenUntilClaimed,
            Uid = Uid,
            IsActive = IsActive,
            CreatedBy = CreatedBy,
            UpdatedBy = UpdatedBy,
            DeletedBy = DeletedBy,
            CreatedAt = CreatedAt?.Micros,
            UpdatedAt = UpdatedAt?.Micros,
            DeletedAt = DeletedAt?.Micros,
        };
    }

    // The serializer lets a null pass as a dictionary's value.
    private static BadgeText ToText(string locale, TextJson? text) => text is null
        ? throw new BadRequestException("Null where a value is required.", field: $"texts.{locale}")
        : new BadgeText(text.Name, text.Description, text.Lines?.ToLines(), text.IconImageId);

    private static BadgeLevel? LevelOf(string? word) => word switch
    {
        null => BadgeLevel.None,
        "bronze" => BadgeLevel.Bronze,
        "silver" => BadgeLevel.Silver,
        "gold" => BadgeLevel.Gold,
        _ => null,
    };

    internal static string? Word(BadgeLevel level) => level switch
    {
        BadgeLevel.None => null,
        BadgeLevel.Bronze => "bronze",
        BadgeLevel.Silver => "silver",
        BadgeLevel.Gold => "gold",
    };
}

internal sealed class BadgeJson : BadgeBody
{
    [JsonPropertyOrder(-1)]
    public long Id { get; set; }

    public static BadgeJson From(Badge badge) => new()
    {
        Id = badge.Id,
        IssuerId = badge.IssuerId,
        Key = badge.Key,
        Enabled = badge.Enabled,
        Creator = new() { Type = Creators.Word(badge.Creator.Type), Id = badge.Creator.Id },
        SourceLocale = badge.SourceLocale,
        Texts = badge.Texts.OrderBy(text => text.Key, StringComparer.Ordinal).ToDictionary(text => text.Key, text => TextJson.From(text.Value)),
        Recurrence = RecurrenceJson.From(badge.Recurrence),
        Target = badge.Target,
        Recognises = badge.Recognises,
        IconImageId = badge.IconImageId,
        AwardAssetIds = badge.AwardAssetIds,
        Rarity = (int)badge.Rarity,
        Level = Word(badge.Level),
        Cost = badge.Cost,
        Claimable = badge.Claimable,
        HiddenUntilClaimed = badge.HiddenUntilClaimed,
        Uid = badge.Uid,
        IsActive = badge.IsActive,
        CreatedBy = badge.CreatedBy,
        UpdatedBy = badge.UpdatedBy,
        DeletedBy = badge.DeletedBy,
        CreatedAt = new(badge.CreatedAt),
        UpdatedAt = new(badge.UpdatedAt),
        DeletedAt = Timestamp.Of(badge.DeletedAt),
    };
}

internal sealed class BadgeCreatorJson
{
    public required string Type { get; set; }
    public required long Id { get; set; }
}

/// <summary>A badge's texts in one language.</summary>
internal sealed class TextJson
{
    public required string Name { get; set; }
    public string? Description { get; set; }
    public LinesJson? Lines { get; set; }
    public long IconImageId { get; set; }

    public static TextJson From(BadgeText text) => new()
    {
        Name = text.Name,
        Description = text.Description,
        Lines = text.Lines is { } lines ? new() { Never = lines.Never, Held = lines.Held, Again = lines.Again } : null,
        IconImageId = text.IconImageId,
    };
}

internal sealed class LinesJson
{
    public IReadOnlyList<string> Never { get; set; } = [];
    public IReadOnlyList<string> Held { get; set; } = [];
    public IReadOnlyList<string> Again { get; set; } = [];

    public BadgeLines ToLines() => new(Never, Held, Again);
}
