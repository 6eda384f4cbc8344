using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Live;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>An event of the stream as a page shows it.</summary>
/// <param name="Badge">As the reader may see it; null where there is none any more.</param>
public sealed record ShownEvent(LiveEvent Event, Badge? Badge, bool IsMasked)
{
    internal static async ValueTask<IReadOnlyList<ShownEvent>> All(LaurelCore core, IEnumerable<LiveEvent> events, Caller caller)
    {
        var shown = new List<ShownEvent>();
        foreach (var each in events)
        {
            var badge = await core.Badges.Find(each.BadgeId);
            var seen = badge is null ? null : await core.Badges.AsSeenBy(badge, caller);
            shown.Add(new ShownEvent(each, seen, !ReferenceEquals(seen, badge)));
        }
        return shown;
    }

    internal static string Kind(Reader reader, LiveEventKind kind) => kind switch
    {
        LiveEventKind.Award => reader["admin.event.award"],
        LiveEventKind.Removal => reader["admin.event.removal"],
        LiveEventKind.Correction => reader["admin.event.correction"],
    };

    internal static string Source(Reader reader, AwardSource source) => source switch
    {
        AwardSource.Native => reader["admin.source.native"],
        AwardSource.Roblox => "Roblox",
        AwardSource.AnswerHub => "AnswerHub",
        AwardSource.Perfumer => "Perfumer",
        AwardSource.Karaz => "Karaz",
        AwardSource.AISquare => "AISquare",
        AwardSource.Rule => reader["admin.source.rule"],
        AwardSource.Import => reader["admin.source.import"],
        AwardSource.Backfill => reader["admin.source.backfill"],
    };
}
