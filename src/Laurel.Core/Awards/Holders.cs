using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Who holds a badge. No index leads from a badge to its awards (it would cost every award), so the ledger is read in
/// key slices: pages may be short of their limit, even empty, and still have a next one.</summary>
public sealed class Holders(Database database)
{
    // One slice is about 20 ms of reading.
    private const int SliceRows = 50_000;
    private const int SlicesPerPage = 20;

    private const string Slice = """
        SELECT user_id, badge_id, occasion, id, awarded_at, source, subject FROM
          (SELECT * FROM awards WHERE (user_id, badge_id, occasion) > ($1, $2, $3) ORDER BY user_id, badge_id, occasion LIMIT $4) AS slice
        WHERE badge_id = $5 ORDER BY user_id, badge_id, occasion LIMIT $6
        """;

    // Where the slice ended, so that the next one begins behind it.
    private const string End = """
        SELECT user_id, badge_id, occasion FROM awards WHERE (user_id, badge_id, occasion) > ($1, $2, $3)
        ORDER BY user_id, badge_id, occasion LIMIT 1 OFFSET $4
        """;

    /// <summary>Awards of a badge by user, then occasion, behind a key; and the key to go on from, null at the end.</summary>
    public async ValueTask<(List<Award> Awards, AwardKey? Next)> List(long badgeId, AwardKey? after, int limit)
    {
        var from = after ?? new AwardKey(long.MinValue, long.MinValue, "");
        var found = new List<Award>();
        for (var slice = 0; slice < SlicesPerPage; slice++)
        {
            var (awards, end) = await Read(badgeId, from, limit - found.Count);
            found.AddRange(awards);
            if (found.Count == limit)
            {
                return (found, new AwardKey(found[^1].UserId, found[^1].BadgeId, found[^1].Occasion));
            }
            if (end is not { } behind)
            {
                return (found, null);
            }
            from = behind;
        }
        return (found, from);
    }

    private ValueTask<(List<Award> Awards, AwardKey? End)> Read(long badgeId, AwardKey from, int limit) => database.ReadSnapshot(async session =>
    {
        var awards = new List<Award>();
        var rows = session.Prepare(Slice).Set(1, from.UserId).Set(2, from.BadgeId).Set(3, from.Occasion).Set(4, SliceRows).Set(5, badgeId).Set(6, limit);
        while (await rows.Read())
        {
            awards.Add(StandingAwards.Row(rows));
        }
        var end = session.Prepare(End).Set(1, from.UserId).Set(2, from.BadgeId).Set(3, from.Occasion).Set(4, SliceRows - 1);
        AwardKey? last = null;
        if (await end.Read())
        {
            last = new AwardKey(end.Long(0), end.Long(1), end.Text(2));
            await end.Done();
        }
        return (awards, last);
    });
}

/// <summary>The ledger's primary key.</summary>
public readonly record struct AwardKey(long UserId, long BadgeId, string Occasion);
