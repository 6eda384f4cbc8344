using Laurel.Core.Statistics;

namespace Laurel.Core.Storage;

/// <summary>What the tallies of a snapshot do not count yet and an export counts with them: servers may go on meanwhile, and on PostgreSQL
/// they write them some batches at once (<see cref="PostgresTallies"/>). A few hundred rows at most a server that is busy, so they are
/// part of the statements' text.</summary>
internal sealed class TalliesBehind
{
    private const string Badges = "badge_tallies";
    private const string Visitors = "visitor_tallies";

    private readonly Dictionary<string, string> _sources = [];

    private TalliesBehind(TallyDeltas deltas)
    {
        Add(Badges, ["CAST(span AS SMALLINT)", "CAST(start AS BIGINT)", "CAST(badge_id AS BIGINT)", "CAST(awarded AS BIGINT)"],
            deltas.Badges.Select(row => $"({(int)row.Key.Span}, {row.Key.Start}, {row.Key.BadgeId}, {row.Value})"));
        Add(Visitors, ["CAST(bucket AS BIGINT)", "CAST(issuer_id AS BIGINT)", "CAST(visitors AS BIGINT)"],
            deltas.Visitors.Select(row => $"({row.Key.Bucket}, {row.Key.Issuer}, {row.Value})"));
    }

    /// <summary>Of a database that no server writes.</summary>
    public static TalliesBehind None { get; } = new(new TallyDeltas());

    /// <param name="database">Whose snapshot it is.</param>
    /// <param name="session">On the snapshot.</param>
    /// <param name="time">The clock.</param>
    public static async ValueTask<TalliesBehind> Read(Database database, Session session, TimeProvider time)
    {
        var (deltas, now) = (new TallyDeltas(), time.Micros());
        await Tallies.ForEachNotTallied(session, await database.Tallied(session), each => deltas.Add([each], now));
        return new TalliesBehind(deltas);
    }

    /// <summary>What to select a table's rows from.</summary>
    public string Source(string table) => _sources.GetValueOrDefault(table, table);

    // Typed alike, the two halves are read in the order of their keys; else all would be sorted anew for each chunk.
    private void Add(string table, string[] columns, IEnumerable<string> rows)
    {
        var values = string.Join(", ", rows);
        if (values.Length > 0)
        {
            var names = columns.Select(column => column.Split(' ')[0]["CAST(".Length..]).ToList();
            _sources[table] = $"(SELECT {string.Join(", ", names)} FROM {table} UNION ALL SELECT {string.Join(", ", columns)} "
                + $"FROM (VALUES {values}) AS behind ({string.Join(", ", names)})) AS {table}";
        }
    }
}
