using System.Runtime.CompilerServices;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>A user's awards within an issuer, as the tables hold them: how many, those of a badge or below a subject, and the newest
/// first. Long ranges are read in slices of the primary key, so that no read lasts.</summary>
internal sealed class NamedAwards(Database database, Ledger ledger)
{
    /// <summary>The most awards that are answered at once.</summary>
    public const int Page = RemovalEntry.MaximumAwards;

    // One slice is about 20 ms of reading.
    private const int SliceRows = 50_000;

    private const string Columns = "user_id, badge_id, occasion, id, awarded_at, source, subject";

    // The subject, wherever it is kept.
    private const string Subject = "coalesce(subject, CASE WHEN substr(occasion, 1, 2) = 's:' THEN substr(occasion, 3) END)";

    private const string SliceOfBadge = $"""
        (SELECT {Columns}, {Subject} AS named FROM awards
         WHERE user_id = $1 AND badge_id = $2 AND occasion >= $3 ORDER BY occasion LIMIT $4) AS slice
        """;

    private const string Below = "(named = $5 OR (named >= $6 AND named < $7))";

    private const string OfBadge = $"SELECT {Columns} FROM {SliceOfBadge} WHERE $5 IS NULL OR {Below} ORDER BY occasion LIMIT $8";

    private const string SubjectsOfBadge = $"SELECT named FROM {SliceOfBadge} WHERE named IS NOT NULL AND ($5 IS NULL OR {Below})";

    private const string NextOfBadge = """
        SELECT badge_id, occasion FROM awards WHERE user_id = $1 AND badge_id = $2 AND occasion >= $3 ORDER BY occasion LIMIT 1 OFFSET $4
        """;

    private const string LastOfBadge = """
        SELECT badge_id, occasion FROM awards WHERE user_id = $1 AND badge_id = $2 ORDER BY occasion DESC LIMIT 1
        """;

    private const string OfIssuer = $"""
        SELECT {Columns} FROM
          (SELECT {Columns} FROM awards WHERE user_id = $1 AND (badge_id, occasion) >= ($2, $3) ORDER BY badge_id, occasion LIMIT $4) AS slice
        WHERE badge_id IN (SELECT id FROM badges WHERE issuer_id = $5) ORDER BY badge_id, occasion LIMIT $6
        """;

    private const string NextOfIssuer = """
        SELECT badge_id, occasion FROM awards WHERE user_id = $1 AND (badge_id, occasion) >= ($2, $3)
        ORDER BY badge_id, occasion LIMIT 1 OFFSET $4
        """;

    private const string Last = "SELECT badge_id, occasion FROM awards WHERE user_id = $1 ORDER BY badge_id DESC, occasion DESC LIMIT 1";

    private const string NewestFirst = $"""
        SELECT {Columns} FROM (SELECT {Columns} FROM awards
          WHERE user_id = $1 AND occasion = '' AND listed = 1 AND (awarded_at, id) < ($2, $3) ORDER BY awarded_at DESC, id DESC LIMIT $4) AS a
        UNION ALL
        SELECT {Columns} FROM (SELECT {Columns} FROM awards
          WHERE user_id = $1 AND occasion <> '' AND listed = 1 AND (awarded_at, id) < ($2, $3) ORDER BY awarded_at DESC, id DESC LIMIT $4) AS b
        ORDER BY awarded_at DESC, id DESC LIMIT $4
        """;

    // What repeated_awards counts, and what it does not.
    internal const string CountOfBadge = """
        coalesce((SELECT standing FROM repeated_awards WHERE user_id = $1 AND issuer_id = $2 AND badge_id = $3), 0)
          + (SELECT count(*) FROM awards WHERE user_id = $1 AND badge_id = $3 AND occasion = '')
        """;

    internal const string CountOfIssuer = """
        coalesce((SELECT CAST(sum(standing) AS BIGINT) FROM repeated_awards WHERE user_id = $1 AND issuer_id = $2), 0)
          + (SELECT count(*) FROM badges b WHERE b.issuer_id = $2 AND b.recurrence = 0
             AND EXISTS (SELECT 1 FROM awards a WHERE a.user_id = $1 AND a.badge_id = b.id AND a.occasion = ''))
        """;

    // So many badges are counted by one statement.
    private const int CountedAtOnce = 16;

    // By the number of badges.
    private static readonly string[] Counts = [.. Enumerable.Range(0, CountedAtOnce + 1).Select(badges => CountsOf(badges, "0"))];
    private static readonly string[] CountsAndAll = [.. Enumerable.Range(0, CountedAtOnce + 1).Select(badges => CountsOf(badges, CountOfIssuer))];

    private static string CountsOf(int badges, string all) => string.Concat(
        "SELECT ", string.Concat(Enumerable.Range(3, badges).Select(place => $"{CountOfBadge.Replace("$3", $"${place}", StringComparison.Ordinal)}, ")), all);

    /// <summary>How many awards of one badge, or of all of the issuer's, stand for each of the questions; all of one moment.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="issuerId">The badges'.</param>
    /// <param name="badges">A badge, or null for all.</param>
    /// <param name="buffered">The user's awards in the issuer that may not be in their table, read before this.</param>
    public ValueTask<long[]> Count(long userId, long issuerId, IReadOnlyList<long?> badges, IReadOnlyCollection<Award> buffered)
    {
        var wanted = badges.OfType<long>().Distinct().ToList();
        var ofIssuer = badges.Contains(null);
        // One statement sees one moment.
        return wanted.Count <= CountedAtOnce && buffered.Count == 0 ? database.Read(Stored) : database.ReadSnapshot(async session =>
        {
            var counts = await Stored(session);
            for (var i = 0; i < counts.Length; i++)
            {
                counts[i] += await Missing(session, badges[i], buffered);
            }
            return counts;
        });

        async ValueTask<long[]> Stored(Session session)
        {
            var counts = new Dictionary<long, long>(wanted.Count);
            var all = await CountStored(session, userId, issuerId, ofIssuer, wanted.Take(CountedAtOnce), counts);
            foreach (var more in wanted.Skip(CountedAtOnce).Chunk(CountedAtOnce))
            {
                await CountStored(session, userId, issuerId, ofIssuer: false, more, counts);
            }
            return [.. badges.Select(badge => badge is { } id ? counts[id] : all)];
        }
    }

    // Answers how many there are of all the issuer's badges, where that is asked.
    private static async ValueTask<long> CountStored(
        Session session, long userId, long issuerId, bool ofIssuer, IEnumerable<long> badges, Dictionary<long, long> counts)
    {
        long[] some = [.. badges];
        var row = session.PrepareShort((ofIssuer ? CountsAndAll : Counts)[some.Length]).Set(1, userId).Set(2, issuerId);
        for (var i = 0; i < some.Length; i++)
        {
            row.Set(i + 3, some[i]);
        }
        await row.Read();
        for (var i = 0; i < some.Length; i++)
        {
            counts[some[i]] = row.Long(i);
        }
        var all = ofIssuer ? row.Long(some.Length) : 0;
        await row.Done();
        return all;
    }

    // Of what was buffered, the awards that have no row yet.
    private static async ValueTask<int> Missing(Session session, long? badgeId, IReadOnlyCollection<Award> buffered)
    {
        var missing = 0;
        foreach (var award in buffered)
        {
            if ((badgeId is null || badgeId == award.BadgeId) && await StandingAwards.At(session, award.UserId, award.BadgeId, award.Occasion) is null)
            {
                missing++;
            }
        }
        return missing;
    }

    /// <summary>How many of a user's awards of a badge are about each of some subjects or what lies below it, in one reading.</summary>
    public async ValueTask<Dictionary<string, long>> CountUnder(long userId, long badgeId, IReadOnlyCollection<string> prefixes, CancellationToken ct)
    {
        var counts = prefixes.ToDictionary(prefix => prefix, _ => 0L);
        var only = counts.Count == 1 ? counts.Keys.Single() : null;
        for (AwardKey? from = new AwardKey(userId, badgeId, ""); from is { } start;)
        {
            ct.ThrowIfCancellationRequested();
            from = await database.ReadSnapshot(async session =>
            {
                var rows = Bind(session.Prepare(SubjectsOfBadge), start, only);
                while (await rows.Read())
                {
                    CountUnder(rows.Text(0), counts);
                }
                return await Next(session, NextOfBadge, start);
            });
        }
        return counts;
    }

    // What lies before each of its slashes, and the whole.
    private static void CountUnder(string subject, Dictionary<string, long> counts)
    {
        var bySpan = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var end = 0; end <= subject.Length; end++)
        {
            if ((end == subject.Length || subject[end] == '/') && bySpan.TryGetValue(subject.AsSpan(0, end), out var count))
            {
                bySpan[subject.AsSpan(0, end)] = count + 1;
            }
        }
    }

    /// <summary>A user's awards in the order of their keys, at most a page at once.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="issuerId">Of all the issuer's badges…</param>
    /// <param name="badgeId">…or of this one…</param>
    /// <param name="prefix">…about this subject or what lies below it.</param>
    /// <param name="through">Up to this key.</param>
    /// <param name="ct">Stops between two reads.</param>
    public async IAsyncEnumerable<List<Award>> Of(
        long userId, long issuerId, long? badgeId, string? prefix, AwardKey? through, [EnumeratorCancellation] CancellationToken ct)
    {
        for (AwardKey? from = new AwardKey(userId, badgeId ?? long.MinValue, ""); from is { } start && !IsBehind(start, through);)
        {
            ct.ThrowIfCancellationRequested();
            (var found, from) = await database.ReadSnapshot(session => badgeId is null
                ? Slice(session, session.Prepare(OfIssuer).Set(1, userId).Set(2, start.BadgeId).Set(3, start.Occasion).Set(4, SliceRows).Set(5, issuerId).Set(6, Page),
                    NextOfIssuer, start)
                : Slice(session, Bind(session.Prepare(OfBadge), start, prefix).Set(8, Page), NextOfBadge, start));
            found.RemoveAll(award => IsBehind(Holders.Key(award), through));
            if (found.Count > 0)
            {
                yield return found;
            }
        }
    }

    private static async ValueTask<(List<Award> Found, AwardKey? Next)> Slice(Session session, Statement rows, string next, AwardKey start)
    {
        var found = new List<Award>();
        while (await rows.Read())
        {
            found.Add(StandingAwards.Row(rows));
        }
        // No text lies between one and the same with the smallest character behind it: NUL is in none.
        return found.Count == Page
            ? (found, Holders.Key(found[^1]) with { Occasion = found[^1].Occasion + "\u0001" })
            : (found, await Next(session, next, start));
    }

    private static async ValueTask<AwardKey?> Next(Session session, string sql, AwardKey start)
    {
        var row = session.Prepare(sql).Set(1, start.UserId).Set(2, start.BadgeId).Set(3, start.Occasion).Set(4, SliceRows);
        return await Key(row, start.UserId);
    }

    private static async ValueTask<AwardKey?> Key(Statement row, long userId)
    {
        if (!await row.Read())
        {
            return null;
        }
        var key = new AwardKey(userId, row.Long(0), row.Text(1));
        await row.Done();
        return key;
    }

    // '0' is the character behind '/'.
    private static Statement Bind(Statement slice, AwardKey start, string? prefix) => slice
        .Set(1, start.UserId).Set(2, start.BadgeId).Set(3, start.Occasion).Set(4, SliceRows)
        .Set(5, prefix).Set(6, prefix + "/").Set(7, prefix + "0");

    private static bool IsBehind(AwardKey key, AwardKey? through) => through is { } last && Holders.Order.Compare(key, last) > 0;

    /// <summary>The last of a user's keys now: of a badge, or of all.</summary>
    public ValueTask<AwardKey?> LastKey(long userId, long? badgeId) => database.Read(session => badgeId is { } badge
        ? Key(session.Prepare(LastOfBadge).Set(1, userId).Set(2, badge), userId)
        : Key(session.Prepare(Last).Set(1, userId), userId));

    /// <summary>All of a user's awards, whatever their issuer, behind a position, newest first. The user is listed.</summary>
    public ValueTask<List<Award>> Newest(long userId, Position after) => database.Read(async session =>
    {
        var found = new List<Award>(Page);
        var rows = session.Prepare(NewestFirst).Set(1, userId).Set(2, after.At).Set(3, after.Id).Set(4, Page);
        while (await rows.Read())
        {
            found.Add(StandingAwards.Row(rows));
        }
        return found;
    });

    /// <summary>Sees to it that the indexes by time hold a user's awards. For who has very many.</summary>
    /// <inheritdoc cref="Ledger.Submit" path="/exception"/>
    public async ValueTask List(long userId, CancellationToken ct)
    {
        if (!await database.Read(session => UserLists.Has(session, userId)))
        {
            await ledger.Listed(userId, ct);
        }
    }
}
