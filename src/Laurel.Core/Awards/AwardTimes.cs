using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>When a user was awarded a badge: all awards of it that stand.</summary>
public sealed class AwardTimes
{
    private readonly List<long> _times = [];
    private long _firstAt = long.MaxValue;

    internal AwardTimes(long badgeId) => BadgeId = badgeId;

    public long BadgeId { get; }

    /// <summary>The earliest award's.</summary>
    public long FirstId { get; private set; } = long.MaxValue;

    /// <summary>Microseconds since 1970 UTC, ascending; at least one.</summary>
    public IReadOnlyList<long> Times => _times;

    /// <summary>Whether one of them has no occasion.</summary>
    internal bool HasPlain { get; private set; }

    /// <summary>The occasion up to which it was read, where that is not the end.</summary>
    internal string? ReadTo { get; set; }

    internal void Add(long at, long id, bool isPlain)
    {
        _times.Add(at);
        HasPlain |= isPlain;
        if (at < _firstAt || (at == _firstAt && id < FirstId))
        {
            (_firstAt, FirstId) = (at, id);
        }
    }

    internal void Sort() => _times.Sort();
}

/// <summary>Reads all of a user's awards in the order of the ledger's key: one range, in slices. Of a badge that has very many only
/// the first are read before anybody asks whether it is wanted, so that a million awards of another app cost nothing here. What is
/// kept of an award is eight bytes.</summary>
/// <param name="database">Where the awards are…</param>
/// <param name="ledger">…and where some wait for their rows.</param>
/// <param name="slice">Rows read at once: some 10 ms. Whoever has fewer awards is read at one moment.</param>
/// <param name="few">Awards of a badge that are read in any case.</param>
internal sealed class AwardTimesReader(Database database, Ledger ledger, int slice = 20_000, int few = 1_000)
{
    // Every occasion begins with a small letter, or is empty.
    private const string BehindAllOccasions = "~";

    private const string After = """
        SELECT badge_id, awarded_at, id, length(occasion), occasion FROM awards
        WHERE user_id = $1 AND (badge_id, occasion) > ($2, $3) ORDER BY badge_id, occasion LIMIT $4
        """;

    private const string Rest = """
        SELECT awarded_at, id, length(occasion), occasion FROM awards
        WHERE user_id = $1 AND badge_id = $2 AND occasion > $3 ORDER BY occasion LIMIT $4
        """;

    /// <inheritdoc cref="UserAwards.Times"/>
    public async ValueTask<List<AwardTimes>> Read(long userId, Func<long, ValueTask<bool>> wanted)
    {
        // First, because a row only ever moves to the table.
        var buffered = await ledger.Buffered(userId);
        var found = new List<AwardTimes>();
        var from = await database.Read(session => First(session, userId, found));
        while (from is { } behind)
        {
            from = await database.Read(session => Slice(session.Prepare(After), slice, userId, behind, found));
        }
        AddBuffered(found, buffered);
        var kept = new List<AwardTimes>(found.Count);
        foreach (var each in found)
        {
            if (await wanted(each.BadgeId))
            {
                while (each.ReadTo is { } behind)
                {
                    each.ReadTo = await database.Read(session => Continue(session, userId, each, behind));
                }
                each.Sort();
                kept.Add(each);
            }
        }
        return kept;
    }

    private async ValueTask<(long Badge, string Occasion)?> First(Session session, long userId, List<AwardTimes> found)
    {
        var start = (long.MinValue, "");
        if (session.MostShortRows < slice)
        {
            if (await Slice(session.PrepareShort(After), session.MostShortRows, userId, start, found) is null)
            {
                return null;
            }
            // Too many for a short query: again, so that they are read at one moment.
            found.Clear();
        }
        return await Slice(session.Prepare(After), slice, userId, start, found);
    }

    // Where the next slice begins; null at the end.
    private async ValueTask<(long Badge, string Occasion)?> Slice(
        Statement rows, int limit, long userId, (long Badge, string Occasion) from, List<AwardTimes> found)
    {
        rows.Set(1, userId).Set(2, from.Badge).Set(3, from.Occasion).Set(4, limit);
        for (var read = 1; await rows.Read(); read++)
        {
            var badge = rows.Long(0);
            if (found.Count == 0 || found[^1].BadgeId != badge)
            {
                found.Add(new AwardTimes(badge));
            }
            var times = found[^1];
            times.Add(rows.Long(1), rows.Long(2), rows.Long(3) == 0);
            if (times.Times.Count < few && read < limit)
            {
                continue;
            }
            var occasion = rows.Text(4);
            await rows.Done();
            if (times.Times.Count < few)
            {
                return (badge, occasion);
            }
            times.ReadTo = occasion;
            return (badge, BehindAllOccasions);
        }
        return null;
    }

    private async ValueTask<string?> Continue(Session session, long userId, AwardTimes times, string behind)
    {
        var rows = session.Prepare(Rest).Set(1, userId).Set(2, times.BadgeId).Set(3, behind).Set(4, slice);
        for (var read = 1; await rows.Read(); read++)
        {
            times.Add(rows.Long(0), rows.Long(1), rows.Long(2) == 0);
            if (read == slice)
            {
                var occasion = rows.Text(3);
                await rows.Done();
                return occasion;
            }
        }
        return null;
    }

    // What waits for its row has no occasion; it may have been moved meanwhile.
    private static void AddBuffered(List<AwardTimes> found, IReadOnlyList<BufferedAward> buffered)
    {
        if (buffered.Count == 0)
        {
            return;
        }
        var known = found.ToDictionary(each => each.BadgeId);
        foreach (var each in buffered)
        {
            if (!known.TryGetValue(each.BadgeId, out var times))
            {
                times = known[each.BadgeId] = new AwardTimes(each.BadgeId);
                found.Add(times);
            }
            if (!times.HasPlain)
            {
                times.Add(each.AwardedAt, each.Id, isPlain: true);
            }
        }
        found.Sort((a, b) => a.BadgeId.CompareTo(b.BadgeId));
    }
}
