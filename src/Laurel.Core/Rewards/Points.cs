using Laurel.Core.Access;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Rewards;

/// <summary>What a user has to spend on claims. A user who was never given points has 0, and no entries.</summary>
public sealed record PointAccount(long UserId, long Balance, long Entries);

/// <summary>One movement of points. <paramref name="Number"/> counts from 1 for each user; <paramref name="Balance"/> is what there
/// was after it. Times in microseconds since 1970 UTC.</summary>
/// <param name="AwardId">The award whose claim was paid, if it was one.</param>
/// <param name="CreatedBy">The user whose key asked for it; null for a service's.</param>
public sealed record PointEntry(
    long Number, long Delta, long Balance, string? Reason, long? AwardId, long? CreatedBy, long CreatedAt);

/// <summary>Users' points: an append-only list of movements whose sum never falls below 0.</summary>
public sealed class Points
{
    private const string Entries = """
        SELECT number AS Number, delta AS Delta, balance AS Balance, reason AS Reason, award_id AS AwardId, created_by AS CreatedBy,
          created_at AS CreatedAt
        FROM point_entries WHERE user_id = @userId AND number > @after ORDER BY number LIMIT @limit
        """;

    private readonly Database _database;
    private readonly UserDirectory _users;
    private readonly TimeProvider _time;

    internal Points(Database database, UserDirectory users, TimeProvider time) => (_database, _users, _time) = (database, users, time);

    /// <summary>A user's account, for the user, administrators and services with <c>points:write</c>.</summary>
    public async ValueTask<Outcome<PointAccount>> Find(long userId, Caller caller)
    {
        if (!caller.MayFor(userId, Scopes.PointsWrite))
        {
            return new Refusal(RefusalCode.Forbidden, "These points are another's.");
        }
        return await _users.Exists(userId)
            ? await _database.Read(session => PointAccounts.Read(session, userId))
            : UnknownUser;
    }

    /// <summary>A user's movements by number, behind <paramref name="after"/>. Whether the caller may see them,
    /// <see cref="Find"/> says.</summary>
    public async ValueTask<IReadOnlyList<PointEntry>> List(long userId, long after, int limit) => [.. await _database.Read(async session =>
        await session.Query<PointEntry>(Entries, new { userId, after, limit }))];

    /// <summary>Gives points to a user, or takes some; for administrators and services.</summary>
    /// <param name="delta">Not 0, and at most 2^53 - 1 either way; neither is the sum ever more, nor less than 0.</param>
    /// <exception cref="StorageUnavailableException">Nothing is known to be stored.</exception>
    public async Task<Outcome<PointEntry>> Add(long userId, long delta, string? reason, Caller caller)
    {
        if (!caller.MayEverywhere(Scopes.PointsWrite))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not give or take points.");
        }
        if (delta is 0 or < -IdRange.Largest or > IdRange.Largest)
        {
            return Refusal.Invalid("delta", "A delta is a number of points, not 0, of at most 2^53 - 1.");
        }
        if (reason is not null && !TextRules.IsReason(reason))
        {
            return Refusal.Invalid("reason", "A reason has at most 1,000 characters.");
        }
        if (!await _users.Exists(userId))
        {
            return UnknownUser;
        }
        var now = _time.Micros();
        var entry = await _database.Write(session => PointAccounts.Append(session, userId, delta, reason, awardId: null, caller.UserId, now));
        return entry is not null ? entry
            : delta < 0 ? new Refusal(RefusalCode.NotEnoughPoints, "The user has not that many points.")
            : Refusal.Invalid("delta", "Nobody has more than 2^53 - 1 points.");
    }

    private static Refusal UnknownUser => new(RefusalCode.UnknownUser, "No user has this id.");
}
