using Laurel.Core.Live;
using Laurel.Core.Statistics;
using Laurel.Server.Http;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>What happens, at a glance.</summary>
internal static class DashboardPages
{
    private const int Newest = 10;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapAdminPage("", AdminRole.Viewer, Show);

    private static async ValueTask<PageAnswer> Show(AdminCall call)
    {
        var core = call.Core;
        var past = await core.Live.Past(before: null, each => ValueTask.FromResult(each.Kind == LiveEventKind.Award), Newest, call.Http.RequestAborted);
        var (today, days) = await core.Statistics.AwardedByDay();
        return await call.Page<Overview.DashboardPage>(("Shown", new Dashboard(
            core.Statistics.PastMinuteBySecond(),
            call.Http.RequestServices.GetRequiredService<FailedAnswers>().Count,
            today,
            days,
            await Seen(call, await core.Standings.MostAwarded()),
            await Seen(call, await core.Standings.Rarest()),
            await ShownEvent.All(core, past.Events, call.Caller),
            $"{AdminStream.Path}?lastEventId={past.Head}")));
    }

    private static async ValueTask<IReadOnlyList<ShownStanding>> Seen(AdminCall call, IReadOnlyList<StandingBadge> standings)
    {
        var seen = new List<ShownStanding>(standings.Count);
        foreach (var each in standings)
        {
            var badge = await call.Core.Badges.AsSeenBy(each.Badge, call.Caller);
            seen.Add(new ShownStanding(each with { Badge = badge }, !ReferenceEquals(badge, each.Badge)));
        }
        return seen;
    }
}

/// <summary>What the overview shows.</summary>
/// <param name="Minute">Awards committed in each of the past 60 seconds, oldest first.</param>
/// <param name="Failed">Answers with a status of 500 and above.</param>
/// <param name="Today">The number of the last day of <paramref name="Days"/>, counted from 1970.</param>
/// <param name="Days">Awards by UTC day, oldest first.</param>
/// <param name="Stream">The address of the events behind <paramref name="Newest"/>.</param>
public sealed record Dashboard(
    IReadOnlyList<long> Minute, long Failed, long Today, IReadOnlyList<long> Days, IReadOnlyList<ShownStanding> Most,
    IReadOnlyList<ShownStanding> Rarest, IReadOnlyList<ShownEvent> Newest, string Stream);

/// <summary>A badge among others, as the reader may see it.</summary>
public sealed record ShownStanding(StandingBadge Standing, bool IsMasked);
