using System.Diagnostics;
using Npgsql;

namespace Laurel.Core.Storage;

/// <summary>Short queries of readers who wait at the same time travel together, each in its own snapshot: a round trip costs both sides
/// several times what such a query does. Who comes alone waits for nobody.</summary>
/// <param name="most">Connections at once.</param>
internal sealed class PostgresReads(NpgsqlDataSource source, int most)
{
    // Round trips under way at once. One that takes longer than is usual counts no more: nobody waits behind what is slow or lost.
    private const int Lanes = 2;
    private const int MostAtOnce = 32;
    private const int MostTries = 3;
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly Queue<Trip> _waiting = new();
    private readonly List<Lane> _lanes = [];
    private bool _watched;

    /// <summary>One reader's queries, and what they answered.</summary>
    private sealed class Trip(IReadOnlyList<NpgsqlBatchCommand> queries)
    {
        public IReadOnlyList<NpgsqlBatchCommand> Queries { get; } = queries;

        public int Tries { get; set; }

        public TaskCompletionSource<PostgresRows[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Lane
    {
        public long Since { get; set; } = Stopwatch.GetTimestamp();
    }

    /// <summary>Asks all of a reader's queries, in their order.</summary>
    /// <param name="queries">Each answers few rows: they are held in memory, and others wait for them.</param>
    /// <exception cref="PostgresException">One of them was refused.</exception>
    /// <exception cref="NpgsqlException">The server is not there, or not any more.</exception>
    public Task<PostgresRows[]> Ask(params IReadOnlyList<NpgsqlBatchCommand> queries)
    {
        var trip = new Trip(queries);
        var watch = false;
        Lane? lane;
        lock (_gate)
        {
            _waiting.Enqueue(trip);
            lane = Open();
            if (lane is null && !_watched)
            {
                _watched = watch = true;
            }
        }
        if (lane is not null)
        {
            _ = Serve(lane);
        }
        if (watch)
        {
            _ = Watch();
        }
        return trip.Answer.Task;
    }

    // Under the gate. Null while there are enough.
    private Lane? Open()
    {
        if (_lanes.Count >= most || _lanes.Count(each => Stopwatch.GetElapsedTime(each.Since) < Usual) >= Lanes)
        {
            return null;
        }
        var lane = new Lane();
        _lanes.Add(lane);
        return lane;
    }

    // While somebody waits: it may be behind what is slow.
    private async Task Watch()
    {
        while (true)
        {
            await Task.Delay(Usual);
            Lane? lane;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _watched = false;
                    return;
                }
                lane = Open();
            }
            if (lane is not null)
            {
                _ = Serve(lane);
            }
        }
    }

    // Until nobody waits.
    private async Task Serve(Lane lane)
    {
        var trips = new List<Trip>(MostAtOnce);
        NpgsqlConnection? connection = null;
        while (Take(lane, trips))
        {
            connection = await Travel(connection, trips);
        }
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }

    private bool Take(Lane lane, List<Trip> trips)
    {
        trips.Clear();
        lock (_gate)
        {
            while (trips.Count < MostAtOnce && _waiting.TryDequeue(out var trip))
            {
                trips.Add(trip);
            }
            lane.Since = Stopwatch.GetTimestamp();
            if (trips.Count == 0)
            {
                _lanes.Remove(lane);
            }
        }
        return trips.Count > 0;
    }

    // Of a query that is asked again: parameters belong to one command for good.
    private static NpgsqlBatchCommand Copy(NpgsqlBatchCommand query)
    {
        var copy = new NpgsqlBatchCommand(query.CommandText);
        foreach (NpgsqlParameter parameter in query.Parameters)
        {
            copy.Parameters.Add(parameter.Clone());
        }
        return copy;
    }

    // Answers the connection for the next ones; none after a failure.
    private async Task<NpgsqlConnection?> Travel(NpgsqlConnection? connection, List<Trip> trips)
    {
        var answered = 0;
        trips.ForEach(trip => trip.Tries++);
        try
        {
            connection ??= await source.OpenConnectionAsync();
            await using var batch = new NpgsqlBatch(connection);
            foreach (var trip in trips)
            {
                foreach (var query in trip.Queries)
                {
                    batch.BatchCommands.Add(trip.Tries == 1 ? query : Copy(query));
                }
            }
            await using var reader = await batch.ExecuteReaderAsync();
            for (; answered < trips.Count; answered++)
            {
                var rows = new PostgresRows[trips[answered].Queries.Count];
                for (var query = 0; query < rows.Length; query++)
                {
                    // What refuses the next one must not be held against this one.
                    if (answered + query > 0)
                    {
                        await reader.NextResultAsync();
                    }
                    rows[query] = await PostgresRows.Of(reader);
                }
                trips[answered].Answer.SetResult(rows);
            }
            return connection;
        }
        catch (Exception failure)
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
            var left = trips.GetRange(answered, trips.Count - answered);
            if (failure is PostgresException known && !PostgresDatabase.IsUnavailable(known))
            {
                // The server passes over all that follows what it refuses: only that is at fault.
                left[0].Answer.SetException(failure);
                foreach (var trip in left.Skip(1))
                {
                    await using var own = await Travel(null, [trip]);
                }
            }
            else if (failure.InnerException is TimeoutException || left[0].Tries >= MostTries)
            {
                left.ForEach(trip => trip.Answer.SetException(failure));
            }
            else
            {
                // The connection may have been dead since long before: the next is a new one, and to ask once more harms nobody.
                await using var next = await Travel(null, left);
            }
            return null;
        }
    }
}

/// <summary>The rows that a query answered.</summary>
internal sealed class PostgresRows
{
    private readonly List<Cell> _cells = [];
    private int _columns;
    private int _row = -1;

    /// <param name="Number">Of a number.</param>
    /// <param name="Other">A text, bytes, or <see cref="DBNull"/>.</param>
    private readonly record struct Cell(long Number, object? Other);

    /// <summary>All rows of the reader's result.</summary>
    public static async ValueTask<PostgresRows> Of(NpgsqlDataReader reader)
    {
        var rows = new PostgresRows { _columns = reader.FieldCount };
        Type[]? types = null;
        while (await reader.ReadAsync())
        {
            types ??= [.. Enumerable.Range(0, rows._columns).Select(reader.GetFieldType)];
            for (var column = 0; column < types.Length; column++)
            {
                rows._cells.Add(Read(reader, column, types[column]));
            }
        }
        return rows;
    }

    private static Cell Read(NpgsqlDataReader reader, int column, Type type)
    {
        if (reader.IsDBNull(column))
        {
            return new Cell(0, DBNull.Value);
        }
        return type == typeof(string) ? new Cell(0, reader.GetString(column))
            : type == typeof(byte[]) ? new Cell(0, reader.GetFieldValue<byte[]>(column))
            : new Cell(reader.GetInt64(column), null);
    }

    /// <summary>Moves to the next row; false when there is none.</summary>
    public bool Next() => ++_row * _columns < _cells.Count;

    public long Number(int column) => At(column).Number;

    public object? Other(int column) => At(column).Other;

    private Cell At(int column) => _cells[(_row * _columns) + column];
}

/// <summary>A short query that travels with those of others.</summary>
internal sealed class SharedStatement : PostgresStatement
{
    private readonly PostgresReads _reads;
    private readonly NpgsqlBatchCommand _query;
    private PostgresRows? _rows;
    private SharedStatement? _follower;

    public SharedStatement(PostgresReads reads, string sql)
        : this(reads, new NpgsqlBatchCommand(sql))
    {
    }

    private SharedStatement(PostgresReads reads, NpgsqlBatchCommand query)
        : base(query.Parameters) => (_reads, _query) = (reads, query);

    /// <summary>Lets another travel with this one; it is read behind it.</summary>
    public void Lead(SharedStatement follower) => _follower = follower;

    public override async ValueTask<bool> Read()
    {
        if (_rows is null)
        {
            if (_follower is { } follower)
            {
                var both = await _reads.Ask(_query, follower._query);
                (_rows, follower._rows, _follower) = (both[0], both[1], null);
            }
            else
            {
                _rows = (await _reads.Ask(_query))[0];
            }
        }
        if (_rows.Next())
        {
            return true;
        }
        _rows = null;
        return false;
    }

    public override ValueTask<int> Run() => throw new NotSupportedException("A query that is shared changes nothing.");

    public override ValueTask Done()
    {
        _rows = null;
        return default;
    }

    public override long Long(int column) => _rows!.Number(column);

    public override string Text(int column) => (string)_rows!.Other(column)!;

    public override byte[] Bytes(int column) => (byte[])_rows!.Other(column)!;

    public override bool IsNull(int column) => _rows!.Other(column) is DBNull;
}
