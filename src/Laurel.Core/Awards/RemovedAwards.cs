using System.Buffers.Binary;
using System.Text;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>An award that was removed. Times in microseconds since 1970 UTC.</summary>
/// <param name="RemovedBy">The user whose key asked for it; null for a service's, a rule's, and what expired.</param>
/// <param name="IsLifted">A manual award has set the revocation aside.</param>
public sealed record RemovedAward(
    long UserId, long BadgeId, string Occasion, long AwardId, long AwardedAt, AwardSource Source, string? Subject,
    RemovalKind Kind, long RemovedAt, long? RemovedBy, string? Reason, bool IsLifted)
{
    public RemovedPosition Position => new(BadgeId, Occasion, AwardId, RemovedAt);
}

/// <summary>Where in the list of a user's removed awards.</summary>
public readonly record struct RemovedPosition(long BadgeId, string Occasion, long AwardId, long RemovedAt)
{
    public static readonly RemovedPosition First = new(0, "", 0, 0);

    private const int Numbers = 3 * sizeof(long);

    /// <summary>What <see cref="ToBytes"/> made.</summary>
    public static RemovedPosition Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64BigEndian(bytes), Encoding.UTF8.GetString(bytes[Numbers..]),
        BinaryPrimitives.ReadInt64BigEndian(bytes[sizeof(long)..]), BinaryPrimitives.ReadInt64BigEndian(bytes[(2 * sizeof(long))..]));

    /// <summary>As a cursor holds it.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Numbers + Encoding.UTF8.GetByteCount(Occasion)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, BadgeId);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(sizeof(long)), AwardId);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2 * sizeof(long)), RemovedAt);
        Encoding.UTF8.GetBytes(Occasion, bytes.AsSpan(Numbers));
        return bytes;
    }
}

/// <summary>The history of what users held once.</summary>
public sealed class RemovedAwards
{
    private const string Columns = "badge_id, occasion, award_id, awarded_at, source, subject, kind, removed_at, removed_by, reason, lifted";

    private const string Behind = $"""
        SELECT {Columns} FROM award_history
        WHERE user_id = $1 AND (badge_id, occasion, award_id, removed_at) > ($2, $3, $4, $5)
        ORDER BY badge_id, occasion, award_id, removed_at LIMIT $6
        """;

    private const string OfAward = $"SELECT {Columns} FROM award_history WHERE user_id = $1 AND award_id = $2 ORDER BY removed_at LIMIT $3";

    private readonly Database _database;

    internal RemovedAwards(Database database) => _database = database;

    /// <summary>A user's removed awards by badge, occasion and award, behind a position: one range of the primary key.</summary>
    public ValueTask<List<RemovedAward>> List(long userId, RemovedPosition after, int limit) => _database.Read(session => Read(userId, session.Prepare(Behind)
        .Set(1, userId).Set(2, after.BadgeId).Set(3, after.Occasion).Set(4, after.AwardId).Set(5, after.RemovedAt).Set(6, limit)));

    /// <summary>When an award was removed, oldest first; more than once where it was put back. Walks through the user's history.</summary>
    public ValueTask<List<RemovedAward>> Of(long userId, long awardId, int limit) =>
        _database.Read(session => Read(userId, session.Prepare(OfAward).Set(1, userId).Set(2, awardId).Set(3, limit)));

    private static async ValueTask<List<RemovedAward>> Read(long userId, Statement rows)
    {
        var removed = new List<RemovedAward>();
        while (await rows.Read())
        {
            var occasion = rows.Text(1);
            removed.Add(new RemovedAward(
                userId, rows.Long(0), occasion, rows.Long(2), rows.Long(3), (AwardSource)rows.Long(4), Award.ReadSubject(occasion, rows.TextOrNull(5)),
                (RemovalKind)rows.Long(6), rows.Long(7), rows.LongOrNull(8), rows.TextOrNull(9), rows.Long(10) != 0));
        }
        return removed;
    }
}
