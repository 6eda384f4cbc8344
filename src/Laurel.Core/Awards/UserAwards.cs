using Laurel.Core.Access;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>A badge a user holds, dated by the earliest award of it that stands.</summary>
public readonly record struct HeldBadge(long BadgeId, long AwardedAt, long AwardId)
{
    public Position Position => new(AwardedAt, AwardId);
}

/// <summary>A badge a user holds, how many awards of it stand, and the earliest of them.</summary>
public readonly record struct CountedBadge(long BadgeId, long Standing, long AwardedAt, long AwardId)
{
    internal HeldBadge Earliest => new(BadgeId, AwardedAt, AwardId);

    internal CountedBadge With(HeldBadge other) => other.Position.IsBehind(Earliest.Position, ascending: true)
        ? this with { Standing = Standing + 1 }
        : new CountedBadge(BadgeId, Standing + 1, other.AwardedAt, other.AwardId);
}

/// <summary>What users hold: lists by keyset, so that no row is repeated or skipped while awards arrive. What the ledger has
/// committed and not yet moved to its table is read first, because a row only ever moves that way.</summary>
public sealed class UserAwards
{
    private const string OnceOf = "SELECT awarded_at, id FROM awards WHERE user_id = $1 AND badge_id = $2 AND occasion = ''";

    private const string RepeatedOf = "SELECT first_at, first_id FROM repeated_awards WHERE user_id = $1 AND issuer_id = $2 AND badge_id = $3";

    private const string Dates = "SELECT badge_id, awarded_at, length(occasion) FROM awards WHERE user_id = $1 LIMIT $2";

    private const string RemovedById = "SELECT 1 FROM award_history WHERE user_id = $1 AND award_id = $2 LIMIT 1";

    // A user with fewer awards than this is read whole: one range costs less than a hundred seeks.
    private const int Scanned = 400;

    // So few badges are sought one by one.
    private const int Scarce = 5;

    // Of a list that is read to its end.
    private const int AtOnce = 5000;

    private readonly Database _database;
    private readonly Ledger _ledger;
    private readonly UserLists _lists;
    private readonly AwardTimesReader _times;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly Lifetimes _lifetimes;
    private readonly KeptLists _kept;

    internal UserAwards(
        Database database, Ledger ledger, BadgeCatalogue badges, IssuerCatalogue issuers, Lifetimes lifetimes, Statistics.Tallies tallies) =>
        (_database, _ledger, _lists, _times, _badges, _issuers, _lifetimes, _kept) =
            (database, ledger, new UserLists(ledger), new AwardTimesReader(database, ledger), badges, issuers, lifetimes, new KeptLists(tallies));

    /// <summary>The badges a user holds, each once, behind a position, nearest first.</summary>
    public ValueTask<List<HeldBadge>> Badges(long userId, Position after, bool ascending, int limit) =>
        AsOfNow(userId, () => _kept.Get(userId, after, ascending, limit, () => ReadBadges(userId, after, ascending, limit)));

    // What is due to disappear is gone first. Most deployments have no such issuer.
    private ValueTask<T> AsOfNow<T>(long userId, Func<ValueTask<T>> read)
    {
        return _lifetimes.AreSet ? Expired() : read();

        async ValueTask<T> Expired()
        {
            await _lifetimes.Expire(userId);
            return await read();
        }
    }

    private async ValueTask<List<HeldBadge>> ReadBadges(long userId, Position after, bool ascending, int limit)
    {
        var buffered = await _ledger.Buffered(userId);
        return await _database.Read(async session =>
        {
            var (repeated, once) = await _lists.OnceAndRepeated(session, userId, after, ascending, limit);
            var held = repeated is null ? once : await Merge(session, userId, repeated, once, after, ascending, limit);
            return buffered.Count == 0 ? held : WithBuffered(held, buffered, after, ascending, limit);
        });
    }

    // A badge that is buffered has no other award of its user, so it is nowhere else in the list, unless it was flushed meanwhile.
    private static List<HeldBadge> WithBuffered(
        List<HeldBadge> held, IReadOnlyList<BufferedAward> buffered, Position after, bool ascending, int limit)
    {
        var known = held.Select(each => each.BadgeId).ToHashSet();
        foreach (var each in buffered)
        {
            var badge = new HeldBadge(each.BadgeId, each.AwardedAt, each.Id);
            if (badge.Position.IsBehind(after, ascending) && known.Add(each.BadgeId))
            {
                held.Add(badge);
            }
        }
        return UserLists.Nearest(held, ascending, limit);
    }

    // A badge may have both an award without an occasion and duplicates: the earlier of the two dates it.
    private async ValueTask<List<HeldBadge>> Merge(
        Session session, long userId, Dictionary<long, CountedBadge> repeated, List<HeldBadge> once, Position after, bool ascending, int limit)
    {
        var merged = new List<HeldBadge>(limit);
        foreach (var each in repeated.Values.Select(badge => badge.Earliest))
        {
            if (each.Position.IsBehind(after, ascending) && !(await OnceAt(session, userId, each.BadgeId) is { } other && each.Position.IsBehind(other, ascending: true)))
            {
                merged.Add(each);
            }
        }
        for (var page = once; ; page = await _lists.Once(session, userId, page[^1].Position, ascending, limit))
        {
            merged.AddRange(page.Where(held => !(repeated.TryGetValue(held.BadgeId, out var other) && held.Position.IsBehind(other.Earliest.Position, ascending: true))));
            if (page.Count < limit || merged.Count >= limit + repeated.Count)
            {
                break;
            }
        }
        return UserLists.Nearest(merged, ascending, limit);
    }

    private static async ValueTask<Position?> OnceAt(Session session, long userId, long badgeId)
    {
        var row = session.PrepareShort(OnceOf).Set(1, userId).Set(2, badgeId);
        if (!await row.Read())
        {
            return null;
        }
        var position = new Position(row.Long(0), row.Long(1));
        await row.Done();
        return position;
    }

    /// <summary>All the badges a user holds, in no order. As much work as there are badges, however many awards there are of them.</summary>
    public ValueTask<List<CountedBadge>> Counts(long userId) => AsOfNow(userId, () => ReadCounts(userId));

    private async ValueTask<List<CountedBadge>> ReadCounts(long userId)
    {
        var buffered = await _ledger.Buffered(userId);
        return await _database.Read<List<CountedBadge>>(async session =>
        {
            var most = Math.Min(AtOnce, session.MostShortRows);
            var (found, page) = await _lists.OnceAndRepeated(session, userId, Position.First, ascending: true, most);
            var counts = found ?? [];
            while (page.Count > 0)
            {
                foreach (var once in page)
                {
                    counts[once.BadgeId] = counts.TryGetValue(once.BadgeId, out var repeated) ? repeated.With(once) : new(once.BadgeId, 1, once.AwardedAt, once.AwardId);
                }
                page = page.Count < most ? [] : await _lists.Once(session, userId, page[^1].Position, ascending: true, most);
            }
            // What is buffered is its badge's only award.
            foreach (var each in buffered)
            {
                counts.TryAdd(each.BadgeId, new(each.BadgeId, 1, each.AwardedAt, each.Id));
            }
            return [.. counts.Values];
        });
    }

    /// <summary>When the user was awarded each of the badges: the earliest award that stands. Badges not held are absent.</summary>
    public async ValueTask<Dictionary<long, long>> AwardedDates(long userId, IReadOnlyList<long> badgeIds)
    {
        await _lifetimes.Expire(userId);
        var buffered = await _ledger.Buffered(userId);
        var dates = await ReadDates(userId, badgeIds);
        foreach (var each in buffered)
        {
            if (badgeIds.Contains(each.BadgeId))
            {
                dates.TryAdd(each.BadgeId, each.AwardedAt);
            }
        }
        return dates;
    }

    private ValueTask<Dictionary<long, long>> ReadDates(long userId, IReadOnlyList<long> badgeIds) => _database.Read(async session =>
    {
        var (dates, found) = await DatesAndRepeated(session, userId, badgeIds);
        if (found is { } repeated)
        {
            foreach (var id in badgeIds)
            {
                if (repeated.TryGetValue(id, out var first) && (!dates.TryGetValue(id, out var once) || first.AwardedAt < once))
                {
                    dates[id] = first.AwardedAt;
                }
            }
        }
        return dates;
    });

    private static async ValueTask<(Dictionary<long, long> Dates, Dictionary<long, CountedBadge>? Repeated)> DatesAndRepeated(
        Session session, long userId, IReadOnlyList<long> badgeIds)
    {
        var repeated = session.PrepareShort(UserLists.Repeated).Set(1, userId);
        if (badgeIds.Count < Scarce)
        {
            return (await DatesBySeek(session, userId, badgeIds), await UserLists.ReadRepeated(repeated));
        }
        var whole = session.PrepareShort(Dates).Set(1, userId).Set(2, Scanned);
        session.Together(whole, repeated);
        var (scanned, rest) = (await DatesByScan(whole, badgeIds), await UserLists.ReadRepeated(repeated));
        return (scanned ?? await DatesBySeek(session, userId, badgeIds), rest);
    }

    private static async ValueTask<Dictionary<long, long>?> DatesByScan(Statement rows, IReadOnlyList<long> badgeIds)
    {
        var wanted = new HashSet<long>(badgeIds);
        var dates = new Dictionary<long, long>();
        var read = 0;
        while (await rows.Read())
        {
            read++;
            if (rows.Long(2) == 0 && wanted.Contains(rows.Long(0)))
            {
                dates[rows.Long(0)] = rows.Long(1);
            }
        }
        return read < Scanned ? dates : null;
    }

    private static async ValueTask<Dictionary<long, long>> DatesBySeek(Session session, long userId, IReadOnlyList<long> badgeIds)
    {
        var dates = new Dictionary<long, long>();
        foreach (var id in badgeIds)
        {
            if (!dates.ContainsKey(id) && await OnceAt(session, userId, id) is { } once)
            {
                dates[id] = once.At;
            }
        }
        return dates;
    }

    /// <summary>When the user was awarded the badge; null when it is not held.</summary>
    public async ValueTask<long?> AwardedDate(long userId, long badgeId)
    {
        if (await _badges.Find(badgeId) is not { } badge)
        {
            return null;
        }
        await _lifetimes.Expire(userId);
        var buffered = Find(await _ledger.Buffered(userId), each => each.BadgeId == badgeId);
        return await _database.Read<long?>(async session =>
        {
            var once = (await OnceAt(session, userId, badgeId))?.At ?? buffered?.AwardedAt;
            var row = session.PrepareShort(RepeatedOf).Set(1, userId).Set(2, badge.IssuerId).Set(3, badgeId);
            if (!await row.Read())
            {
                return once;
            }
            var first = row.Long(0);
            await row.Done();
            return once < first ? once : first;
        });
    }

    /// <summary>The times of all of a user's awards that stand, by badge, ascending.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="wanted">Of which badges.</param>
    public ValueTask<List<AwardTimes>> Times(long userId, Func<long, ValueTask<bool>> wanted) =>
        AsOfNow(userId, () => _times.Read(userId, wanted));

    /// <summary>All of a user's awards by time, then id, behind a position, with their actions and payloads.</summary>
    public ValueTask<List<Award>> List(long userId, Position after, int limit) => AsOfNow(userId, () => ReadList(userId, after, limit));

    private async ValueTask<List<Award>> ReadList(long userId, Position after, int limit)
    {
        var buffered = await _ledger.Buffered(userId);
        return await _database.Read(async session =>
        {
            var awards = await _lists.All(session, userId, after, limit);
            return await AwardDetails.Complete(session, buffered.Count == 0 ? awards : WithBuffered(awards, buffered, after, limit));
        });
    }

    private static List<Award> WithBuffered(List<Award> awards, IReadOnlyList<BufferedAward> buffered, Position after, int limit)
    {
        var known = awards.Where(award => award.Occasion.Length == 0).Select(award => award.BadgeId).ToHashSet();
        awards.AddRange(buffered
            .Where(each => new Position(each.AwardedAt, each.Id).IsBehind(after, ascending: true) && !known.Contains(each.BadgeId))
            .Select(each => each.ToAward()));
        return UserLists.Nearest(awards, limit);
    }

    private static BufferedAward? Find(IReadOnlyList<BufferedAward> buffered, Func<BufferedAward, bool> wanted)
    {
        foreach (var each in buffered)
        {
            if (wanted(each))
            {
                return each;
            }
        }
        return null;
    }

    /// <summary>The awards with their actions and payloads.</summary>
    public async ValueTask<List<Award>> Complete(IReadOnlyList<Award> awards)
    {
        await Settle(awards);
        return await _database.Read(session => AwardDetails.Complete(session, awards));
    }

    /// <summary>Claim states, by user and award id, of those of the awards that have one.</summary>
    public async ValueTask<Dictionary<(long UserId, long AwardId), AwardClaim>> Claims(IReadOnlyList<Award> awards)
    {
        await Settle(awards);
        return await _database.Read(session => AwardDetails.Claims(session, awards));
    }

    private async ValueTask Settle(IReadOnlyList<Award> awards)
    {
        var settling = awards.Select(award => award.UserId).Distinct().Where(_ledger.HasDeferred).Select(user => _ledger.Settle(user).AsTask()).ToList();
        if (settling.Count > 0)
        {
            // Together, in as few batches as can be.
            await Task.WhenAll(settling);
        }
    }

    /// <summary>One award that stands, with its action and payload.</summary>
    public ValueTask<Award?> Find(long userId, long awardId) => AsOfNow(userId, () => ReadAward(userId, awardId));

    private async ValueTask<Award?> ReadAward(long userId, long awardId)
    {
        var buffered = Find(await _ledger.Buffered(userId), each => each.Id == awardId);
        return await _database.Read<Award?>(async session => await StandingAwards.Find(session, userId, awardId) is { } award
            ? await AwardDetails.Complete(session, award)
            : buffered?.ToAward());
    }

    /// <summary>Whether an award with this id stood once.</summary>
    public ValueTask<bool> WasRemoved(long userId, long awardId) =>
        _database.Read(session => session.Prepare(RemovedById).Set(1, userId).Set(2, awardId).Any());

    /// <summary>The award as the caller may see it: without its payload until it is claimed, where the badge hides until then.</summary>
    /// <param name="claim">Its claim state, if it has one.</param>
    public async ValueTask<Award> AsSeenBy(Award award, AwardClaim? claim, Caller caller) =>
        claim?.IsClaimed != true && await _badges.Find(award.BadgeId) is { HiddenUntilClaimed: true } badge
            && !caller.SeesHidden((await _issuers.Find(badge.IssuerId))!)
            ? award with { Payload = null }
            : award;

    /// <summary>Those of a user's awards that have been claimed.</summary>
    public async ValueTask<HashSet<long>> Claimed(long userId, IReadOnlyList<long> awardIds)
    {
        await _ledger.Settle(userId);
        return await _database.Read(async session =>
        {
            var claimed = new HashSet<long>();
            foreach (var id in awardIds)
            {
                if (await AwardDetails.Claim(session, userId, id) is { IsClaimed: true })
                {
                    claimed.Add(id);
                }
            }
            return claimed;
        });
    }

    /// <summary>Claim state of an award of a claimable badge.</summary>
    public async ValueTask<AwardClaim?> Claim(long userId, long awardId)
    {
        await _ledger.Settle(userId);
        return await _database.Read(session => AwardDetails.Claim(session, userId, awardId));
    }
}
