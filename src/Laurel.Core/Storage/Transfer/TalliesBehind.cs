using Laurel.Core.Statistics;

namespace Laurel.Core.Storage;

/// <summary>What the tallies of a snapshot do not count yet and an export counts with them: servers may go on meanwhile, and on PostgreSQL
/// they write them some batches at once (<see cref="PostgresTallies"/>). A few hundred rows at most a server that is busy, so they are
/// part of the statements' text.</summary>
internal sealed class TalliesBehind
{
    private readonly Dictionary<string, string> _sources = [];

    private TalliesBehind(TallyDeltas deltas)
    {
        Add("badge_tallies", "span SMALLINT, start BIGINT, badge_id BIGINT, awarded BIGINT",
            deltas.Badges.Select(row => $"({(int)row.Key.Span}, {row.Key.Start}, {row.Key.BadgeId}, {row.Value})"));
        Add("visitor_tallies", "bucket BIGINT, issuer_id BIGINT, visitors BIGINT",
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
    private void Add(string table, string columns, IEnumerable<string> rows)
    {
        var values = string.Join(", ", rows);
        if (values.Length > 0)
        {
            var typed = columns.Split(", ").Select(column => column.Split(' ')).ToList();
            var names = string.Join(", ", typed.Select(column => column[0]));
            var cast = string.Join(", ", typed.Select(column => $"CAST({column[0]} AS {column[1]})"));
            _sources[table] = $"(SELECT {names} FROM {table} UNION ALL SELECT {cast} FROM (VALUES {values}) AS behind ({names})) AS {table}";
        }
    }
}
