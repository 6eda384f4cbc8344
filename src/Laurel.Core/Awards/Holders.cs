using System.Buffers.Binary;
using System.Text;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Who holds a badge. No index leads from a badge to its awards (it would cost every award), so the ledger is read in
/// key slices: pages may be short of their limit, even empty, and still have a next one.</summary>
public sealed class Holders
{
    // One slice is about 20 ms of reading.
    internal const int SliceRows = 50_000;
    private const int SlicesPerPage = 20;

    private const string Slice = """
        SELECT user_id, badge_id, occasion, id, awarded_at, source, subject FROM
          (SELECT * FROM awards WHERE (user_id, badge_id, occasion) > ($1, $2, $3) ORDER BY user_id, badge_id, occasion LIMIT $4) AS slice
        WHERE badge_id = $5 AND awarded_at > $6 ORDER BY user_id, badge_id, occasion LIMIT $7
        """;

    // Where the slice ended, so that the next one begins behind it.
    private const string SliceEnd = """
        SELECT user_id, badge_id, occasion FROM awards WHERE (user_id, badge_id, occasion) > ($1, $2, $3)
        ORDER BY user_id, badge_id, occasion LIMIT 1 OFFSET $4
        """;

    private readonly Database _database;
    private readonly Ledger _ledger;
    private readonly Lifetimes _lifetimes;

    internal Holders(Database database, Ledger ledger, Lifetimes lifetimes) => (_database, _ledger, _lifetimes) = (database, ledger, lifetimes);

    /// <summary>Awards of a badge by user, then occasion, behind a key; and the key to go on from, null at the end.</summary>
    public async ValueTask<(List<Award> Awards, AwardKey? Next)> List(long badgeId, AwardKey? after, int limit)
    {
        var from = after ?? new AwardKey(long.MinValue, long.MinValue, "");
        var gone = await _lifetimes.GoneThrough(badgeId) ?? long.MinValue;
        // Before the table, because a row only ever moves there.
        var buffered = _ledger.BufferedOfBadge(badgeId).Where(each => each.AwardedAt > gone).ToList();
        var found = new List<Award>();
        for (var slice = 0; slice < SlicesPerPage; slice++)
        {
            var (awards, end) = await Read(badgeId, gone, from, limit - found.Count);
            found.AddRange(WithBuffered(awards, buffered, from, end, limit - found.Count));
            if (found.Count == limit)
            {
                return (found, Key(found[^1]));
            }
            if (end is not { } behind)
            {
                return (found, null);
            }
            from = behind;
        }
        return (found, from);
    }

    // A slice may have been cut at its limit: what lies behind its last award is for the next page.
    private static List<Award> WithBuffered(List<Award> awards, List<Award> buffered, AwardKey behind, AwardKey? end, int limit)
    {
        var known = awards.Select(Key).ToHashSet();
        var missing = buffered.Where(each => Key(each) is var key && Order.Compare(key, behind) > 0
            && (end is null || Order.Compare(key, end.Value) <= 0) && !known.Contains(key));
        return [.. awards.Concat(missing).OrderBy(Key, Order).Take(limit)];
    }

    // As the table compares them.
    internal static readonly IComparer<AwardKey> Order = Comparer<AwardKey>.Create((a, b) =>
        (a.UserId, a.BadgeId).CompareTo((b.UserId, b.BadgeId)) is var order and not 0 ? order : string.CompareOrdinal(a.Occasion, b.Occasion));

    internal static AwardKey Key(Award award) => new(award.UserId, award.BadgeId, award.Occasion);

    private ValueTask<(List<Award> Awards, AwardKey? End)> Read(long badgeId, long gone, AwardKey from, int limit) => _database.ReadSnapshot(async session =>
    {
        var awards = new List<Award>();
        var rows = session.Prepare(Slice).Set(1, from.UserId).Set(2, from.BadgeId).Set(3, from.Occasion).Set(4, SliceRows).Set(5, badgeId)
            .Set(6, gone).Set(7, limit);
        while (await rows.Read())
        {
            awards.Add(StandingAwards.Row(rows));
        }
        return (awards, await End(session, from));
    });

    /// <summary>The last key of the slice behind a key; null where that holds the ledger's last.</summary>
    internal static async ValueTask<AwardKey?> End(Session session, AwardKey from)
    {
        var end = session.Prepare(SliceEnd).Set(1, from.UserId).Set(2, from.BadgeId).Set(3, from.Occasion).Set(4, SliceRows - 1);
        if (!await end.Read())
        {
            return null;
        }
        var last = new AwardKey(end.Long(0), end.Long(1), end.Text(2));
        await end.Done();
        return last;
    }
}

/// <summary>The ledger's primary key.</summary>
public readonly record struct AwardKey(long UserId, long BadgeId, string Occasion)
{
    private const int Ids = 2 * sizeof(long);

    /// <summary>What <see cref="ToBytes"/> made.</summary>
    public static AwardKey Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[sizeof(long)..]), Encoding.UTF8.GetString(bytes[Ids..]));

    /// <summary>As a cursor holds it.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Ids + Encoding.UTF8.GetByteCount(Occasion)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, UserId);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(sizeof(long)), BadgeId);
        Encoding.UTF8.GetBytes(Occasion, bytes.AsSpan(Ids));
        return bytes;
    }
}
