using Laurel.Core.Awards;

namespace Laurel.Core.Storage;

/// <summary>Walks the whole ledger: the badges' tallies, and (in its first pass) what belongs to each user.</summary>
internal static class LedgerCheck
{
    // Enough to know how many passes are needed.
    private const string Size = "SELECT (SELECT count(*) FROM badge_tallies) + (SELECT count(*) FROM badges)";

    private const string Tallies = """
        SELECT span, start, badge_id, awarded FROM badge_tallies WHERE badge_id % $1 = $2 AND (span <> 2 OR start > $3)
        """;

    private const string Awards = """
        SELECT user_id, badge_id, id, awarded_at, occasion FROM awards
        WHERE user_id > $1 AND user_id <= $2 ORDER BY user_id, badge_id, occasion
        """;

    private const string Badges = "SELECT id, awarded FROM badges WHERE id > $1 AND id % $2 = $3 ORDER BY id LIMIT 10000";

    public static async Task Run(Examination examination)
    {
        var passes = 1 + (await examination.Database.Read(async session => await session.QueryFirst<long>(Size)) / examination.CountsAtOnce);
        for (var pass = 0L; pass < passes; pass++)
        {
            await Pass(examination, passes, pass);
        }
    }

    private static async Task Pass(Examination examination, long passes, long pass)
    {
        // Older buckets are dropped every hour; one more is left out, for a clock that is a little apart from the server's.
        var oldest = Clock.BucketOf(examination.Time.Micros()) - 575;
        var recount = await examination.Database.ReadSnapshot(async session =>
        {
            var begun = new Recount(await examination.ReadTallied(session));
            var rows = session.Prepare(Tallies).Set(1, passes).Set(2, pass).Set(3, oldest);
            while (await rows.Read())
            {
                begun.Store(new CountKey((CountSpan)rows.Long(0), rows.Long(1), rows.Long(2)), rows.Long(3));
            }
            return begun;
        });
        await examination.InSlices("awards", "user_id", async (session, from, to) =>
        {
            recount.CountedUpTo(to, await Examination.ReadSequences(session));
            var users = pass == 0 ? new UserCheck(examination) : null;
            await foreach (var award in Standing(examination, session, from, to))
            {
                users?.See(award.User, award.Badge, award.Id, award.At, award.IsCounted);
                if (award.Badge % passes == pass)
                {
                    Count(recount, award.Badge, award.At, 1, oldest);
                }
            }
            if (users is not null)
            {
                await users.End(session, from, to);
            }
        });
        await recount.TakeBack(examination.Database, (counts, each) =>
        {
            if (each.Kind is OutboxKind.Awarded or OutboxKind.Removed && each.BadgeId % passes == pass)
            {
                Count(counts, each.BadgeId, each.At, -each.Awards, oldest);
            }
        });
        var known = await Known(examination.Database, passes, pass);
        foreach (var (key, counted, stored) in recount.All)
        {
            Compare(examination, key, counted, stored, known);
        }
    }

    // In key order: the table's rows, and what is committed and has no row yet. Counted are those with a part in repeated_awards.
    private static async IAsyncEnumerable<(long User, long Badge, long Id, long At, bool IsCounted)> Standing(
        Examination examination, Session session, long from, long to)
    {
        var buffered = new Queue<Award>((await examination.ReadBuffered(session)).Between(from, to));
        var rows = session.Prepare(Awards).Set(1, from).Set(2, to);
        while (await rows.Read())
        {
            var key = new AwardKey(rows.Long(0), rows.Long(1), rows.Text(4));
            while (buffered.TryPeek(out var next) && Holders.Order.Compare(Holders.Key(next), key) is var order && order <= 0)
            {
                buffered.Dequeue();
                if (order < 0)
                {
                    yield return (next.UserId, next.BadgeId, next.Id, next.AwardedAt, false);
                }
            }
            yield return (key.UserId, key.BadgeId, rows.Long(2), rows.Long(3), key.Occasion.Length > 0);
        }
        foreach (var left in buffered)
        {
            yield return (left.UserId, left.BadgeId, left.Id, left.AwardedAt, false);
        }
    }

    private static void Count(Recount recount, long badge, long at, long delta, long oldest)
    {
        recount.Count(new CountKey(CountSpan.Total, 0, badge), delta);
        recount.Count(new CountKey(CountSpan.Day, Floor(at, 86_400_000_000), badge), delta);
        if (Floor(at, 300_000_000) is var bucket && bucket > oldest)
        {
            recount.Count(new CountKey(CountSpan.Bucket, bucket, badge), delta);
        }
    }

    private static long Floor(long at, long unit) => (at - (((at % unit) + unit) % unit)) / unit;

    // Read after the ledger: whoever was counted has its badge here.
    private static async Task<Dictionary<long, bool>> Known(Database database, long passes, long pass)
    {
        var known = new Dictionary<long, bool>();
        for (var after = long.MinValue; after != long.MaxValue;)
        {
            var behind = after;
            after = await database.Read(async session =>
            {
                var last = long.MaxValue;
                var rows = session.Prepare(Badges).Set(1, behind).Set(2, passes).Set(3, pass);
                while (await rows.Read())
                {
                    last = rows.Long(0);
                    known[last] = rows.Long(1) != 0;
                }
                return last;
            });
        }
        return known;
    }

    private static void Compare(Examination examination, CountKey key, long counted, long stored, Dictionary<long, bool> known)
    {
        if (key.Span == CountSpan.Total && counted > 0)
        {
            if (!known.TryGetValue(key.Id, out var frozen))
            {
                examination.Found(FindingKind.UnknownBadge, $"badge {key.Id}", "no awards", $"{counted} awards");
            }
            else if (!frozen)
            {
                examination.Found(FindingKind.BadgeNotFrozen, $"badge {key.Id}", "marked as awarded", "not marked");
            }
        }
        if (counted == stored)
        {
            return;
        }
        var (kind, what) = key.Span switch
        {
            CountSpan.Total => (FindingKind.BadgeTotal, $"badge {key.Id}"),
            CountSpan.Day => (FindingKind.BadgeDay, $"badge {key.Id} on {Clock.ToTime(key.Start * Clock.Day):yyyy-MM-dd}"),
            CountSpan.Bucket => (FindingKind.BadgeBucket, $"badge {key.Id} at {Clock.ToTime(key.Start * Clock.Bucket):yyyy-MM-dd HH:mm}"),
            CountSpan.Visitors => throw new InvalidOperationException("Visitors are counted elsewhere."),
        };
        examination.Found(kind, what, counted, stored);
    }
}
