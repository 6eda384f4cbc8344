using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>A user's awards in the order of time: by an index where it holds them, else read whole and sorted. Whoever has more than
/// <see cref="Few"/> is listed in the index from the first read on that finds so many; see listed_users.</summary>
internal sealed class UserLists(Ledger ledger)
{
    public const int Few = 128;

    // Beyond the page: somebody may have a million.
    private const int Held = 10_000;

    private const string Columns = "user_id, badge_id, occasion, id, awarded_at, source, subject";

    private const string IsListed = "SELECT 1 FROM listed_users WHERE user_id = $1";

    private const string Whole = $"SELECT {Columns} FROM awards WHERE user_id = $1";

    private const string WholeOnce = "SELECT badge_id, awarded_at, id, length(occasion) FROM awards WHERE user_id = $1";

    private const string OnceAscending = """
        SELECT badge_id, awarded_at, id FROM awards
        WHERE user_id = $1 AND occasion = '' AND listed = 1 AND (awarded_at, id) > ($2, $3) ORDER BY awarded_at, id LIMIT $4
        """;

    private const string OnceDescending = """
        SELECT badge_id, awarded_at, id FROM awards
        WHERE user_id = $1 AND occasion = '' AND listed = 1 AND (awarded_at, id) < ($2, $3) ORDER BY awarded_at DESC, id DESC LIMIT $4
        """;

    // The repeatable badges in the same answer: to be asked for themselves would cost as much again.
    private const string RepeatedAndOnceAscending = $"""
        {Repeated} UNION ALL SELECT badge_id, awarded_at, id, 0 FROM ({OnceAscending}) AS once
        """;

    private const string RepeatedAndOnceDescending = $"""
        {Repeated} UNION ALL SELECT badge_id, awarded_at, id, 0 FROM ({OnceDescending}) AS once
        """;

    /// <summary>Selects the badges of which a user has awards with an occasion, the earliest of each, and how many.</summary>
    public const string Repeated = "SELECT badge_id, first_at, first_id, standing FROM repeated_awards WHERE user_id = $1";

    private const string AllAscending = $"""
        SELECT {Columns} FROM (SELECT {Columns} FROM awards
          WHERE user_id = $1 AND occasion = '' AND listed = 1 AND (awarded_at, id) > ($2, $3) ORDER BY awarded_at, id LIMIT $4) AS a
        UNION ALL
        SELECT {Columns} FROM (SELECT {Columns} FROM awards
          WHERE user_id = $1 AND occasion <> '' AND listed = 1 AND (awarded_at, id) > ($2, $3) ORDER BY awarded_at, id LIMIT $4) AS b
        ORDER BY awarded_at, id LIMIT $4
        """;

    /// <summary>Awards without an occasion, behind a position, nearest first; and the badges of which there are others, null for none.</summary>
    public async ValueTask<(Dictionary<long, CountedBadge>? Repeated, List<HeldBadge> Once)> OnceAndRepeated(
        Session session, long userId, Position after, bool ascending, int limit)
    {
        if (!session.ListsEveryUser)
        {
            return (await ReadRepeated(session.PrepareShort(Repeated).Set(1, userId)), await Once(session, userId, after, ascending, limit));
        }
        var (repeated, once) = ((Dictionary<long, CountedBadge>?)null, new List<HeldBadge>(Math.Min(limit, Few)));
        var rows = Bind(session, ascending ? RepeatedAndOnceAscending : RepeatedAndOnceDescending, userId, after, limit);
        while (await rows.Read())
        {
            if (rows.Long(3) == 0)
            {
                once.Add(Read(rows));
            }
            else
            {
                (repeated ??= [])[rows.Long(0)] = ReadCounted(rows);
            }
        }
        // The database may give the parts in any order.
        return (repeated, Nearest(once, ascending, limit));
    }

    /// <summary>Of which badges a user has awards with an occasion; null for none.</summary>
    public static async ValueTask<Dictionary<long, CountedBadge>?> ReadRepeated(Statement rows)
    {
        Dictionary<long, CountedBadge>? repeated = null;
        while (await rows.Read())
        {
            (repeated ??= [])[rows.Long(0)] = ReadCounted(rows);
        }
        return repeated;
    }

    private static Statement Listed(Session session, long userId, Position after, bool ascending, int limit) =>
        Bind(session, ascending ? OnceAscending : OnceDescending, userId, after, limit);

    private static Statement Bind(Session session, string sql, long userId, Position after, int limit) =>
        session.PrepareShort(sql).Set(1, userId).Set(2, after.At).Set(3, after.Id).Set(4, limit);

    private static async ValueTask<List<HeldBadge>> ReadListed(Statement listed, int limit)
    {
        var held = new List<HeldBadge>(Math.Min(limit, Few));
        while (await listed.Read())
        {
            held.Add(Read(listed));
        }
        return held;
    }

    /// <summary>Awards without an occasion, behind a position, nearest first.</summary>
    public async ValueTask<List<HeldBadge>> Once(Session session, long userId, Position after, bool ascending, int limit)
    {
        if (await Has(session, userId))
        {
            return await ReadListed(Listed(session, userId, after, ascending, limit), limit);
        }
        var held = new List<HeldBadge>(Math.Min(limit, Few));
        var read = 0;
        var rows = session.Prepare(WholeOnce).Set(1, userId);
        while (await rows.Read())
        {
            read++;
            if (rows.Long(3) == 0 && Read(rows) is var badge && badge.Position.IsBehind(after, ascending))
            {
                held.Add(badge);
            }
            if (held.Count >= limit + Held)
            {
                held = Nearest(held, ascending, limit);
            }
        }
        AskFor(userId, read);
        return Nearest(held, ascending, limit);
    }

    /// <summary>All awards behind a position by time, then id.</summary>
    public async ValueTask<List<Award>> All(Session session, long userId, Position after, int limit)
    {
        var awards = new List<Award>();
        if (await Has(session, userId))
        {
            var listed = session.Prepare(AllAscending).Set(1, userId).Set(2, after.At).Set(3, after.Id).Set(4, limit);
            while (await listed.Read())
            {
                awards.Add(StandingAwards.Row(listed));
            }
            return awards;
        }
        var read = 0;
        var rows = session.Prepare(Whole).Set(1, userId);
        while (await rows.Read())
        {
            read++;
            var award = StandingAwards.Row(rows);
            if (Position.Of(award).IsBehind(after, ascending: true))
            {
                awards.Add(award);
            }
            if (awards.Count >= limit + Held)
            {
                awards = Nearest(awards, limit);
            }
        }
        AskFor(userId, read);
        return Nearest(awards, limit);
    }

    /// <summary>The first of them in the order of the list.</summary>
    public static List<HeldBadge> Nearest(List<HeldBadge> held, bool ascending, int limit)
    {
        held.Sort((a, b) => a.Position.CompareTo(b.Position) * (ascending ? 1 : -1));
        return held.Count > limit ? held[..limit] : held;
    }

    /// <inheritdoc cref="Nearest(List{HeldBadge}, bool, int)"/>
    public static List<Award> Nearest(List<Award> awards, int limit)
    {
        awards.Sort((a, b) => Position.Of(a).CompareTo(Position.Of(b)));
        return awards.Count > limit ? awards[..limit] : awards;
    }

    private static HeldBadge Read(Statement row) => new(row.Long(0), row.Long(1), row.Long(2));

    private static CountedBadge ReadCounted(Statement row) => new(row.Long(0), row.Long(3), row.Long(1), row.Long(2));

    /// <summary>Whether the indexes by time hold all of the user's awards.</summary>
    public static ValueTask<bool> Has(Session session, long userId) =>
        session.ListsEveryUser ? ValueTask.FromResult(true) : session.Prepare(IsListed).Set(1, userId).Any();

    private void AskFor(long userId, int read)
    {
        if (read > Few)
        {
            ledger.List(userId);
        }
    }
}

/// <summary>A place in a list ordered by time, then id: exclusive.</summary>
public readonly record struct Position(long At, long Id)
{
    public static readonly Position First = new(long.MinValue, long.MinValue);
    public static readonly Position Last = new(long.MaxValue, long.MaxValue);

    internal static Position Of(Award award) => new(award.AwardedAt, award.Id);

    internal bool IsBehind(Position after, bool ascending) => ascending ? CompareTo(after) > 0 : CompareTo(after) < 0;

    internal int CompareTo(Position other) => At != other.At ? At.CompareTo(other.At) : Id.CompareTo(other.Id);
}
