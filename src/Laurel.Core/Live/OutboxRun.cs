using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Live;

/// <summary>Rows of one node's outbox: the first, and the one behind the last.</summary>
internal readonly record struct OutboxRun(short Node, long First, long End)
{
    private const string Select = "SELECT sequence, events FROM outbox WHERE node = $1 AND sequence >= $2 AND sequence < $3 ORDER BY sequence LIMIT 256";

    private const string SelectTimes = "SELECT sequence, committed_at FROM outbox WHERE node = $1 AND sequence >= $2 AND sequence < $3 ORDER BY sequence";

    public long Rows => End - First;

    /// <summary>When each row was committed by its node's clock, in microseconds since 1970 UTC. One that is not there has the time of the row
    /// before it.</summary>
    public async ValueTask<long[]> ReadTimes(Session session)
    {
        var times = new long[Rows];
        var rows = session.Prepare(SelectTimes).Set(1, (long)Node).Set(2, First).Set(3, End);
        while (await rows.Read())
        {
            times[rows.Long(0) - First] = rows.Long(1);
        }
        for (var row = 1; row < times.Length; row++)
        {
            times[row] = times[row] == 0 ? times[row - 1] : times[row];
        }
        return times;
    }

    /// <summary>Reads the rows that are there, in order.</summary>
    /// <exception cref="InvalidDataException">One of them does not unpack.</exception>
    public async ValueTask Read(Session session, Action<long, List<OutboxEvent>> take)
    {
        for (var from = First; from < End;)
        {
            var read = 0;
            var rows = session.Prepare(Select).Set(1, (long)Node).Set(2, from).Set(3, End);
            while (await rows.Read())
            {
                take(rows.Long(0), Outbox.Unpack(rows.Bytes(1)));
                from = rows.Long(0) + 1;
                read++;
            }
            if (read == 0)
            {
                return;
            }
        }
    }
}
