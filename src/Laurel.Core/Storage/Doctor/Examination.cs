using Laurel.Core.Awards;

namespace Laurel.Core.Storage;

/// <summary>One run of the doctor: where it reads, and what it has found so far.</summary>
internal sealed class Examination(Database database, TimeProvider time)
{
    private const int Kept = 1000;

    private readonly List<Finding> _findings = [];
    private long _total;

    public Database Database { get; } = database;

    public TimeProvider Time { get; } = time;

    public IProgress<long>? Progress { get; init; }

    /// <summary>About how many rows are read on one snapshot.</summary>
    public int SliceRows { get; init; } = 50_000;

    /// <summary>About how many counts are held at once.</summary>
    public long CountsAtOnce { get; init; } = 4_000_000;

    /// <summary>Standing awards counted.</summary>
    public long Awards { get; set; }

    /// <summary>The largest award id in the range that is handed out, in the ledger and its history; 0 for none.</summary>
    public long LargestAwardId { get; set; }

    public void Found(FindingKind kind, string what, string expected, string found)
    {
        _total++;
        if (_findings.Count < Kept)
        {
            _findings.Add(new Finding(kind, what, expected, found));
        }
    }

    public void Found(FindingKind kind, string what, long expected, long found) =>
        Found(kind, what, expected.ToString(), found.ToString());

    public Diagnosis Diagnosis => new(Database.Engine, Awards, _findings, _total);

    public void SawAwardId(long id)
    {
        if (id > LargestAwardId && IdRange.IsHandedOut(IdKind.Award, id))
        {
            LargestAwardId = id;
        }
    }

    /// <summary>Up to which batch of each node the session's snapshot reaches.</summary>
    public static async ValueTask<Dictionary<long, long>> ReadSequences(Session session) => ByNode(await Outbox.Newest(session));

    /// <summary>Up to which batch of each node the tallies count in the session's snapshot.</summary>
    public async ValueTask<Dictionary<long, long>> ReadTallied(Session session) => ByNode(await Database.Tallied(session));

    private static Dictionary<long, long> ByNode(Dictionary<short, long> sequences) =>
        sequences.ToDictionary(each => (long)each.Key, each => each.Value);

    /// <summary>What is committed in the session's snapshot and not in its tables yet.</summary>
    public async ValueTask<Generation> ReadBuffered(Session session)
    {
        var buffered = new Generation();
        if (Database.Buffers)
        {
            foreach (var (slot, flushed) in await session.Query<(short, long)>("SELECT slot, flushed FROM nodes WHERE buffers = 1 ORDER BY slot"))
            {
                // What does not unpack is another check's finding.
                await buffered.Replay(session, slot, flushed, packed => OutboxCheck.TryUnpack(packed) ?? []);
            }
        }
        return buffered;
    }

    /// <summary>Runs <paramref name="read"/> for one range of user ids after another, each of about <see cref="SliceRows"/> rows of the
    /// table and on one snapshot; together they cover every id. A user's rows are never divided.</summary>
    /// <param name="table">What is sliced, with the user's column first in its primary key.</param>
    /// <param name="column">The name of that column.</param>
    /// <param name="read">Takes the session and the range: behind the first id, up to and with the second.</param>
    public async Task InSlices(string table, string column, Func<Session, long, long, ValueTask> read)
    {
        var end = $"SELECT {column} FROM {table} WHERE {column} > $1 ORDER BY {column} LIMIT 1 OFFSET $2";
        for (var from = long.MinValue; from != long.MaxValue;)
        {
            var behind = from;
            from = await Database.ReadSnapshot(async session =>
            {
                var last = session.Prepare(end).Set(1, behind).Set(2, SliceRows - 1);
                var to = long.MaxValue;
                if (await last.Read())
                {
                    to = last.Long(0);
                    await last.Done();
                }
                await read(session, behind, to);
                return to;
            });
        }
    }
}
