using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Live;

/// <summary>Gives the committed rows of the outbox their numbers in the stream: each one, without gaps, the rows of a node as they
/// were committed. Any process may do it at any time, and after any pause: a transaction that numbers first moves the next number on
/// from where it was when everything else was read, or does nothing.</summary>
internal sealed class EventNumbering(Database database, TimeProvider time)
{
    private const string Heads = "SELECT node, next FROM stream_heads";

    private const string Begin = "INSERT INTO stream_heads (node, next) VALUES (0, $1) ON CONFLICT DO NOTHING";

    private const string End = "SELECT coalesce(max(number + rows), 0) FROM stream_runs";

    private const string Move = "UPDATE stream_heads SET next = $1 WHERE node = 0 AND next = $2";

    // Once more from where it was when it was read: on a cluster of Citus that may have been before another's numbers were seen there.
    private const string MoveNode = """
        INSERT INTO stream_heads (node, next) VALUES ($1, $2)
        ON CONFLICT (node) DO UPDATE SET next = excluded.next WHERE stream_heads.next = $3
        """;

    private const string Insert = "INSERT INTO stream_runs (number, node, sequence, rows, numbered_at) VALUES ($1, $2, $3, $4, $5)";

    private const string Prune = "DELETE FROM stream_runs WHERE numbered_at < $1";

    // So that a look into the middle of a run is cheap.
    private const int RowsOfRun = 256;

    // A process that freezes within the transaction must not keep others from taking over.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    /// <summary>How far numbering is, and what waits for it.</summary>
    /// <param name="Next">The next number.</param>
    /// <param name="News">The rows of each node that have none.</param>
    public sealed record Standing(long Next, IReadOnlyList<OutboxRun> News);

    public async ValueTask<Standing> Read()
    {
        while (true)
        {
            if (await Find() is { } standing)
            {
                return standing;
            }
            await BeginHistory();
        }
    }

    // Of one moment: whoever sees a removal sees its award. The next number with it: while it stands, all of this does. (A cluster of
    // Citus knows no such moment across the nodes' rows.)
    private ValueTask<Standing?> Find() => database.ReadSnapshot(async session =>
    {
        var heads = new Dictionary<short, long>();
        var rows = session.Prepare(Heads);
        while (await rows.Read())
        {
            heads[(short)rows.Long(0)] = rows.Long(1);
        }
        if (!heads.TryGetValue(0, out var next))
        {
            return null;
        }
        var news = (await Outbox.Newest(session)).OrderBy(slot => slot.Key)
            .Select(slot => new OutboxRun(slot.Key, heads.GetValueOrDefault(slot.Key, 1), slot.Value + 1)).Where(run => run.Rows > 0).ToList();
        return new Standing(next, news);
    });

    // Numbers begin with the time in microseconds, and there are fewer rows than those: in a history that begins later, after a restore
    // or an import, no number comes twice.
    private Task BeginHistory() => database.Write(async session =>
    {
        var end = session.Prepare(End);
        await end.Read();
        var first = Math.Max(time.Micros(), end.Long(0));
        await end.Done();
        await session.Prepare(Begin).Set(1, first).Run();
    });

    /// <summary>Numbers what waits.</summary>
    /// <returns>The next number then; null where somebody else has numbered since.</returns>
    public async Task<long?> Number(Standing standing)
    {
        var order = await database.Read(session => CommitOrder.Of(session, standing.News));
        var end = standing.Next + order.Sum(run => run.Rows);
        try
        {
            await database.Write(session => Write(session, standing, order, end));
            return end;
        }
        catch (NumberedMeanwhileException)
        {
            return null;
        }
    }

    private async ValueTask Write(Session session, Standing standing, IReadOnlyList<OutboxRun> order, long end)
    {
        await session.EndWhenIdle(LongestPause);
        await Must(session.Prepare(Move).Set(1, end).Set(2, standing.Next));
        var (number, now) = (standing.Next, time.Micros());
        foreach (var run in order.SelectMany(Parts))
        {
            await session.Prepare(Insert).Set(1, number).Set(2, (long)run.Node).Set(3, run.First).Set(4, run.Rows).Set(5, now).Run();
            number += run.Rows;
        }
        foreach (var run in standing.News)
        {
            await Must(session.Prepare(MoveNode).Set(1, (long)run.Node).Set(2, run.End).Set(3, run.First));
        }
    }

    private static async ValueTask Must(Statement move)
    {
        if (await move.Run() == 0)
        {
            throw new NumberedMeanwhileException();
        }
    }

    private static IEnumerable<OutboxRun> Parts(OutboxRun run)
    {
        for (var from = run.First; from < run.End; from += RowsOfRun)
        {
            yield return run with { First = from, End = Math.Min(from + RowsOfRun, run.End) };
        }
    }

    /// <summary>Drops the numbers of what is kept no longer.</summary>
    public Task Trim() => database.Write(async session =>
    {
        await session.Prepare(Prune).Set(1, time.Micros() - EventPages.Retention).Run();
    });

    // Rolls back whatever the transaction has moved.
    private sealed class NumberedMeanwhileException : Exception;
}
