using Laurel.Core.Badges;
using Laurel.Core.Live;

namespace Laurel.Server.Native;

/// <summary>One event: enough to tell people of it without asking again, and nothing that only its user or its issuer may know: no
/// subject, no action, no payload, no occasion, and of a removal neither who nor why.</summary>
internal sealed record StreamEventJson(
    string Id, string Type, long AwardId, long UserId, long BadgeId, long? IssuerId, Timestamp AwardedAt, string Source, StreamBadgeJson? Badge)
{
    public static StreamEventJson From(LiveEvent each, long? issuerId, StreamBadgeJson? badge) => new(
        each.Id.ToString(), Word(each.Kind), each.AwardId, each.UserId, each.BadgeId, issuerId, new(each.AwardedAt), AwardJson.Word(each.Source), badge);

    public static string Word(LiveEventKind kind) => kind switch
    {
        LiveEventKind.Award => "award",
        LiveEventKind.Removal => "removal",
        LiveEventKind.Correction => "correction",
    };
}

/// <summary>A badge's face in one language, as of when the event is sent.</summary>
internal sealed record StreamBadgeJson(string Name, string? Description, string Locale, string IconUrl, int Rarity, string? Level)
{
    public static StreamBadgeJson From(Badge badge, AcceptLanguage wish, string iconUrl)
    {
        var locale = wish.Choose(badge.Texts, badge.SourceLocale);
        var text = badge.Texts[locale];
        return new(text.Name, text.Description, locale, iconUrl, (int)badge.Rarity, BadgeBody.Word(badge.Level));
    }
}

/// <summary>Where the stream does not go on behind the id that was sent: why, and behind which it does.</summary>
internal sealed record StreamResetJson(string Type, string Reason, string ContinuesAfter)
{
    public const string Name = "reset";

    public static StreamResetJson From(LiveReset reset, LiveEventId behind) => new(Name, Word(reset), behind.ToString());

    private static string Word(LiveReset reset) => reset switch
    {
        LiveReset.Expired => "expired",
        LiveReset.Unknown => "unknown",
    };
}
