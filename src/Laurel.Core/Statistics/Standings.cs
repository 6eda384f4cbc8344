using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Statistics;

/// <summary>A badge among others.</summary>
/// <param name="Awarded">Awards that stand.</param>
/// <param name="PastDay">Of these, those of the past day.</param>
/// <param name="WinRate">See <see cref="Tallies.WinRate"/>.</param>
public sealed record StandingBadge(Badge Badge, long Awarded, long PastDay, double WinRate);

/// <summary>Which badges are awarded most and which are rarest, of all issuers. Which they are is looked for once a minute at most, in
/// the totals of all badges; their numbers are as of now.</summary>
public sealed class Standings : IDisposable
{
    /// <summary>How many badges each list tells of.</summary>
    public const int Shown = 10;

    private const string TotalsBehind = """
        SELECT badge_id, sum(awarded) FROM badge_tallies WHERE span = 0 AND start = 0 AND badge_id > $1 GROUP BY badge_id ORDER BY badge_id LIMIT $2
        """;

    // A few milliseconds of reading.
    private const int TotalsAtOnce = 10_000;

    // Of those awarded in the past day: whoever won fewer cannot be rarer by much.
    private const int LookedThrough = 1_000;

    private const long KeptFor = 60 * Clock.Second;

    private readonly Database _database;
    private readonly Tallies _tallies;
    private readonly BadgeCatalogue _badges;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Found? _found;

    internal Standings(Database database, Tallies tallies, BadgeCatalogue badges, TimeProvider time) =>
        (_database, _tallies, _badges, _time) = (database, tallies, badges, time);

    /// <summary>The badges with the most awards, the most first.</summary>
    public async ValueTask<IReadOnlyList<StandingBadge>> MostAwarded() =>
        [.. (await Told((await Find()).Most)).OrderByDescending(each => each.Awarded).ThenBy(each => each.Badge.Id)];

    /// <summary>The badges that the smallest share of their issuer's visitors has won in the past day, the smallest first; those that
    /// nobody has won in it are left out.</summary>
    public async ValueTask<IReadOnlyList<StandingBadge>> Rarest() =>
        [.. (await Told((await Find()).Rarest)).Where(each => each.PastDay > 0).OrderBy(each => each.WinRate).ThenBy(each => each.Badge.Id)];

    private async ValueTask<List<StandingBadge>> Told(IEnumerable<long> badgeIds)
    {
        var told = new List<StandingBadge>(Shown);
        foreach (var id in badgeIds)
        {
            if (await _badges.Find(id) is { DeletedAt: null } badge)
            {
                told.Add(new StandingBadge(badge, await _tallies.Awarded(id), _tallies.PastDay(id), _tallies.WinRate(id, badge.IssuerId)));
            }
        }
        return told;
    }

    // One for all who wait.
    private async ValueTask<Found> Find()
    {
        await _turn.WaitAsync();
        try
        {
            var now = _time.Micros();
            return _found is { } found && now - found.At < KeptFor ? found : _found = new Found(now, await FindMost(), await FindRarest());
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<IReadOnlyList<long>> FindRarest()
    {
        var rates = new List<(double Rate, long BadgeId)>();
        foreach (var id in _tallies.LeastAwardedInPastDay(LookedThrough))
        {
            if (await _badges.Find(id) is { DeletedAt: null } badge && _tallies.Visitors(badge.IssuerId) > 0)
            {
                rates.Add((_tallies.WinRate(id, badge.IssuerId), id));
            }
        }
        return [.. rates.Order().Take(Shown).Select(each => each.BadgeId)];
    }

    private async ValueTask<IReadOnlyList<long>> FindMost()
    {
        var news = await _database.ReadSnapshot(async session =>
        {
            var since = new Dictionary<long, long>();
            await Tallies.ForEachNotTallied(session, await _database.Tallied(session), each =>
            {
                if (each.Kind != OutboxKind.Visited)
                {
                    since[each.BadgeId] = since.GetValueOrDefault(each.BadgeId) + each.Awards;
                }
            });
            return since;
        });
        var most = new PriorityQueue<long, (long Awarded, long BadgeId)>();
        for (long? behind = 0; behind is not null;)
        {
            var totals = await Totals(behind.Value);
            foreach (var (badgeId, awarded) in totals)
            {
                news.Remove(badgeId, out var since);
                Keep(most, badgeId, awarded + since);
            }
            behind = totals.Count < TotalsAtOnce ? null : totals[^1].BadgeId;
        }
        foreach (var (badgeId, awarded) in news)
        {
            Keep(most, badgeId, awarded);
        }
        return [.. most.UnorderedItems.Select(item => item.Element)];
    }

    private ValueTask<List<(long BadgeId, long Awarded)>> Totals(long behind) => _database.Read(async session =>
    {
        var totals = new List<(long BadgeId, long Awarded)>();
        var rows = session.Prepare(TotalsBehind).Set(1, behind).Set(2, TotalsAtOnce);
        while (await rows.Read())
        {
            totals.Add((rows.Long(0), rows.Long(1)));
        }
        return totals;
    });

    // Of two with as many awards the older.
    private static void Keep(PriorityQueue<long, (long Awarded, long BadgeId)> most, long badgeId, long awarded)
    {
        if (awarded > 0)
        {
            most.Enqueue(badgeId, (awarded, -badgeId));
        }
        if (most.Count > Shown)
        {
            most.Dequeue();
        }
    }

    public void Dispose() => _turn.Dispose();

    private sealed record Found(long At, IReadOnlyList<long> Most, IReadOnlyList<long> Rarest);
}
