using System.Buffers;
using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>One badge as this API shows it in one language, rendered once per version of the catalogue; the statistics go in between.</summary>
internal sealed record BadgeView(long BadgeId, long IssuerId, byte[] Head, byte[] UniverseTail, byte[] AwarderTail, byte[] Awarded)
{
    /// <summary>The catalogue it was rendered from.</summary>
    public required long Version { get; init; }

    /// <summary>Shown masked until its award is claimed.</summary>
    public required bool IsHidden { get; init; }
}

/// <summary>Renders badges, and keeps what it rendered.</summary>
internal sealed class BadgeViews(LaurelCore core)
{
    // As many as the catalogue keeps definitions, about 1 KB each.
    private const int Kept = 50_000;

    private readonly System.Collections.Concurrent.ConcurrentDictionary<(long Badge, string Locale, bool Masked), BadgeView> _views = new();

    /// <summary>The badge in the reader's language; null when there is none.</summary>
    /// <param name="badgeId">Which.</param>
    /// <param name="wish">The reader's languages.</param>
    /// <param name="masked">Hides the texts and icon of a badge that is hidden until claimed.</param>
    public ValueTask<BadgeView?> Find(long badgeId, AcceptLanguage wish, bool masked)
    {
        // Without a wish the source locale answers, and "" stands for it: no look at the badge itself.
        return ReferenceEquals(wish, AcceptLanguage.None) && _views.TryGetValue((badgeId, "", masked), out var view)
            && view.Version == core.CatalogueVersion
            ? ValueTask.FromResult<BadgeView?>(view)
            : Look(badgeId, wish, masked);
    }

    private async ValueTask<BadgeView?> Look(long badgeId, AcceptLanguage wish, bool masked)
    {
        var version = core.CatalogueVersion;
        if (await core.Badges.Find(badgeId) is not { } badge || await core.Issuers.Find(badge.IssuerId) is not { } issuer)
        {
            return null;
        }
        var locale = wish.Choose(badge.Texts, badge.SourceLocale);
        var key = (badgeId, ReferenceEquals(wish, AcceptLanguage.None) ? "" : locale, masked);
        if (_views.TryGetValue(key, out var view) && view.Version == version)
        {
            return view;
        }
        view = await Render(badge, issuer, locale, masked && badge.HiddenUntilClaimed, version);
        if (_views.Count >= Kept)
        {
            _views.Clear();
        }
        _views[key] = view;
        return view;
    }

    private async ValueTask<BadgeView> Render(Badge badge, Issuer issuer, string locale, bool masked, long version)
    {
        var source = masked ? Mask : badge.Source;
        var shown = masked ? Mask : badge.Texts[locale];
        var icon = masked ? 0 : badge.IconImageId;
        var head = Object(json =>
        {
            json.WriteNumber("id", badge.Id);
            json.WriteString("name", source.Name);
            json.WriteString("description", source.Description);
            json.WriteString("displayName", shown.Name);
            json.WriteString("displayDescription", shown.Description ?? source.Description);
            json.WriteBoolean("enabled", badge.Enabled);
            json.WriteNumber("iconImageId", icon);
            json.WriteNumber("displayIconImageId", masked || shown.IconImageId == 0 ? icon : shown.IconImageId);
            json.WriteString("created", RobloxJson.OffsetMoment(badge.CreatedAt));
            json.WriteString("updated", RobloxJson.OffsetMoment(badge.UpdatedAt));
        });
        var creatorName = await CreatorName(badge, issuer);
        var rootPlace = issuer.RootPlaceId == 0 ? null : await core.Issuers.FindPlace(issuer.RootPlaceId);
        var universe = Object(json =>
        {
            json.WriteStartObject("awardingUniverse");
            json.WriteNumber("id", issuer.Id);
            json.WriteString("name", issuer.Name);
            json.WriteNumber("rootPlaceId", issuer.RootPlaceId);
            json.WriteEndObject();
        });
        var awarder = Object(json =>
        {
            json.WriteStartObject("awarder");
            json.WriteNumber("id", issuer.RootPlaceId);
            json.WriteString("type", "Place");
            json.WriteString("name", rootPlace?.Name ?? issuer.Name);
            json.WriteEndObject();
            json.WriteStartObject("creator");
            json.WriteNumber("id", badge.Creator.Id);
            json.WriteString("name", creatorName);
            json.WriteString("type", Word(badge.Creator.Type));
            json.WriteEndObject();
        });
        var awarded = Object(json =>
        {
            json.WriteString("creatorType", Word(badge.Creator.Type));
            json.WriteNumber("creatorId", badge.Creator.Id);
            json.WriteStartArray("awardAssetIds");
            foreach (var asset in masked ? [] : badge.AwardAssetIds)
            {
                json.WriteNumberValue(asset);
            }
            json.WriteEndArray();
        });
        return new BadgeView(badge.Id, badge.IssuerId, [.. head.AsSpan(..^1), .. ",\"statistics\":{\"pastDayAwardedCount\":"u8],
            [.. "},"u8, .. universe.AsSpan(1..)], [.. "},"u8, .. awarder.AsSpan(1..)], awarded)
        {
            Version = version,
            IsHidden = badge.HiddenUntilClaimed,
        };
    }

    private static readonly BadgeText Mask = new("???", "");

    // A creator's own record names it; a group has none, so its issuer's word counts.
    private async ValueTask<string> CreatorName(Badge badge, Issuer issuer)
    {
        if (badge.Creator is { Type: CreatorType.User, Id: > 0 } && await core.Users.Find(badge.Creator.Id) is { } user)
        {
            return user.Name;
        }
        return issuer.Creator.Type == badge.Creator.Type && issuer.Creator.Id == badge.Creator.Id ? issuer.Creator.Name ?? "" : "";
    }

    private static string Word(CreatorType type) => type switch
    {
        CreatorType.User => "User",
        CreatorType.Group => "Group",
    };

    private static byte[] Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = RobloxJson.Encoder }))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>How often the badge was awarded, which may have to be read first.</summary>
    public ValueTask<long> Awarded(BadgeView view) => core.Statistics.Awarded(view.BadgeId);

    /// <summary>Appends the badge with its statistics as they stand.</summary>
    public void Append(RobloxBuffer buffer, BadgeView view, long awarded, bool withUniverse)
    {
        buffer.Write(view.Head);
        buffer.Append(core.Statistics.PastDay(view.BadgeId));
        buffer.Write(",\"awardedCount\":"u8);
        buffer.Append(awarded);
        buffer.Write(",\"winRatePercentage\":"u8);
        buffer.Append(core.Statistics.WinRate(view.BadgeId, view.IssuerId));
        buffer.Write(withUniverse ? view.UniverseTail : view.AwarderTail);
    }
}
