using Laurel.Core.Awards;
using Laurel.Core.Images;
using Laurel.Core.Issuers;

namespace Laurel.Core.Badges;

/// <summary>Stored: numbers never change.</summary>
public enum BadgeLevel
{
    None = 0,
    Bronze = 1,
    Silver = 2,
    Gold = 3,
}

/// <summary>Stored: numbers never change.</summary>
public enum Rarity
{
    Common = 1,
    Rare = 2,
    Epic = 3,
    Legendary = 4,
}

/// <summary>Whether a badge can be awarded, and shown.</summary>
public enum BadgeState
{
    Enabled,
    Disabled,
    Deleted,
}

/// <summary>Lines shown for a user's state: never obtained, obtained in this period, obtained earlier only.</summary>
public sealed record BadgeLines(IReadOnlyList<string> Never, IReadOnlyList<string> Held, IReadOnlyList<string> Again);

/// <summary>A badge's texts in one language. <paramref name="IconImageId"/> 0: the badge's own icon.</summary>
public sealed record BadgeText(string Name, string? Description, BadgeLines? Lines = null, long IconImageId = 0);

/// <summary>What a caller sets of a badge. Times in microseconds since 1970 UTC.</summary>
public record BadgeDraft
{
    public required long IssuerId { get; init; }

    /// <summary>Unique within the issuer; by default none.</summary>
    public string? Key { get; init; }
    public bool Enabled { get; init; } = true;
    public Creator Creator { get; init; } = new(CreatorType.User, 0);
    public string SourceLocale { get; init; } = "en";

    /// <summary>By canonical language tag; holds the source locale.</summary>
    public required IReadOnlyDictionary<string, BadgeText> Texts { get; init; }
    public Recurrence Recurrence { get; init; } = new Recurrence.Once();
    public long? Target { get; init; }
    public IReadOnlyList<string> Recognises { get; init; } = [];
    public long IconImageId { get; init; }
    public IReadOnlyList<long> AwardAssetIds { get; init; } = [];
    public Rarity Rarity { get; init; } = Rarity.Common;
    public BadgeLevel Level { get; init; }
    public long Cost { get; init; }
    public bool Claimable { get; init; }
    public bool HiddenUntilClaimed { get; init; }

    /// <summary>A UUID; by default one is made, and kept from then on.</summary>
    public string? Uid { get; init; }
    public bool IsActive { get; init; } = true;
    public string? CreatedBy { get; init; }
    public string? UpdatedBy { get; init; }
    public string? DeletedBy { get; init; }

    /// <summary>By default when it is first stored.</summary>
    public long? CreatedAt { get; init; }

    /// <summary>By default when it is stored.</summary>
    public long? UpdatedAt { get; init; }
    public long? DeletedAt { get; init; }
}

/// <summary>A badge's definition.</summary>
public sealed record Badge : BadgeDraft
{
    private volatile bool _frozen;

    public required long Id { get; init; }

    public new required string Uid { get; init; }

    public new required long CreatedAt { get; init; }

    public new required long UpdatedAt { get; init; }

    /// <summary>The uploaded icon's; null for the one that is drawn. Set by <see cref="Icons"/> alone.</summary>
    public string? IconHash { get; init; }

    /// <summary>The uploaded icon's.</summary>
    public ImageFormat? IconFormat { get; init; }

    /// <summary>Whether its awards begin unclaimed: what hides until it is claimed can be claimed too.</summary>
    public bool NeedsClaim => Claimable || HiddenUntilClaimed;

    public BadgeState State => DeletedAt is not null ? BadgeState.Deleted : Enabled ? BadgeState.Enabled : BadgeState.Disabled;

    /// <summary>The text in the source locale.</summary>
    public BadgeText Source => Texts[SourceLocale];

    internal long RecurrenceVersion { get; init; }

    /// <summary>The issuer's zone, read together with <see cref="RecurrenceVersion"/>: what occasions are computed from is of one moment.</summary>
    internal string TimeZone { get; init; } = Zones.Utc;

    /// <summary>Known to have been awarded: recurrence, anchor and zone cannot change any more.</summary>
    public bool IsFrozen
    {
        get => _frozen;
        internal init => _frozen = value;
    }

    internal void MarkFrozen() => _frozen = true;

    /// <summary>What is shown of a badge that hides until it is claimed: nothing that betrays its texts or its image.</summary>
    public Badge Masked() => this with
    {
        Key = null,
        Texts = Texts.ToDictionary(text => text.Key, _ => new BadgeText("???", "")),
        IconImageId = 0,
        IconHash = null,
        IconFormat = null,
        AwardAssetIds = [],
    };

    /// <summary>Whether it looks the same as another: of what is masked only the id is seen.</summary>
    internal bool ShowsAs(Badge other, bool areMasked) => areMasked ? Id == other.Id : this == other;
}
