using Laurel.Core.Awards;

namespace Laurel.Core.Storage;

/// <summary>Users last seen in each five minutes of the past 48 hours, by issuer.</summary>
internal static class VisitorCheck
{
    private const string Stored = "SELECT bucket, issuer_id, visitors FROM visitor_tallies WHERE bucket > $1";

    private const string Seen = "SELECT bucket, issuer_id, user_id FROM visitors WHERE user_id > $1 AND user_id <= $2";

    public static async Task Run(Examination examination)
    {
        var oldest = Clock.BucketOf(examination.Time.Micros()) - 575;
        var recount = await examination.Database.ReadSnapshot(async session =>
        {
            var begun = new Recount(await examination.ReadTallied(session));
            var rows = session.Prepare(Stored).Set(1, oldest);
            while (await rows.Read())
            {
                begun.Store(new CountKey(CountSpan.Visitors, rows.Long(0), rows.Long(1)), rows.Long(2));
            }
            return begun;
        });
        await examination.InSlices("visitors", "user_id", async (session, from, to) =>
        {
            recount.CountedUpTo(to, await Examination.ReadSequences(session));
            var buffered = (await examination.ReadBuffered(session)).Visits;
            var rows = session.Prepare(Seen).Set(1, from).Set(2, to);
            while (await rows.Read())
            {
                // A later visit may not have its row yet.
                buffered.Remove((rows.Long(2), rows.Long(1)), out var later);
                Move(recount, rows.Long(1), Math.Max(rows.Long(0), later.Bucket), 1, oldest);
            }
            foreach (var ((user, issuer), visit) in buffered)
            {
                if (user > from && user <= to)
                {
                    Move(recount, issuer, visit.Bucket, 1, oldest);
                }
            }
        });
        await recount.TakeBack(examination.Database, (counts, each) =>
        {
            if (each.Kind == OutboxKind.Visited)
            {
                // Such an event names the issuer as its badge, and the bucket that was left as its award.
                Move(counts, each.BadgeId, each.At, -1, oldest);
                Move(counts, each.BadgeId, each.AwardId, 1, oldest);
            }
        });
        foreach (var (key, counted, stored) in recount.All)
        {
            if (counted != stored)
            {
                examination.Found(FindingKind.VisitorBucket,
                    $"issuer {key.Id} at {Clock.ToTime(key.Start * Clock.Bucket):yyyy-MM-dd HH:mm}", counted, stored);
            }
        }
    }

    private static void Move(Recount counts, long issuer, long bucket, long delta, long oldest)
    {
        if (bucket > oldest)
        {
            counts.Count(new CountKey(CountSpan.Visitors, bucket, issuer), delta);
        }
    }
}
