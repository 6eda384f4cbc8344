namespace Laurel.Core.Storage;

/// <summary>What ids are handed out for. Stored: numbers never change.</summary>
public enum IdKind
{
    Issuer = 1,
    Place = 2,
    Badge = 3,
    User = 4,
    Award = 5,
    Key = 6,
    Action = 7,
    Rule = 8,
    Backfill = 9,
}

/// <summary>Ids that Laurel hands out lie in ranges closed to PUT, so that no import can meet them: for what there is little of,
/// 2^52 up to 2^52 + 2^51, above the ids of the systems people come from; for users, awards, keys and actions, 2^40 up to 2^46, which
/// stores in six bytes.</summary>
public static class IdRange
{
    /// <summary>The largest id: every JSON client can hold it.</summary>
    public const long Largest = (1L << 53) - 1;

    /// <summary>Whether a caller may choose this id for a thing of this kind.</summary>
    public static bool IsOpen(IdKind kind, long id) => id is >= 1 and <= Largest && (id < First(kind) || id >= End(kind));

    public static bool IsValid(long id) => id is >= 1 and <= Largest;

    /// <summary>Whether a thing of this kind may be made under this name: in digits it is an id that a caller may choose, otherwise a key.</summary>
    internal static bool MayName(IdKind kind, string name) => TextRules.TryCanonicalId(name, out var id)
        ? IsOpen(kind, id)
        : TextRules.IsKey(name) && !string.IsNullOrWhiteSpace(name) && name.AsSpan().ContainsAnyExceptInRange('0', '9');

    /// <summary>Whether Laurel itself hands out this id.</summary>
    internal static bool IsHandedOut(IdKind kind, long id) => id >= First(kind) && id < End(kind);

    /// <summary>The range that Laurel hands out, without its end.</summary>
    internal static (long First, long End) HandedOut(IdKind kind) => (First(kind), End(kind));

    private static long First(IdKind kind) => IsMany(kind) ? 1L << 40 : 1L << 52;

    private static long End(IdKind kind) => IsMany(kind) ? 1L << 46 : (1L << 52) + (1L << 51);

    private static bool IsMany(IdKind kind) => kind is IdKind.User or IdKind.Award or IdKind.Key or IdKind.Action;
}

/// <summary>Hands out ids from blocks that this process has reserved in the database. A block that is not used up is lost.</summary>
public sealed class IdBlocks(Database database)
{
    private const string Reserve = "UPDATE counters SET next = next + $1 WHERE kind = $2 RETURNING next";

    private readonly Block[] _blocks = [.. Enum.GetValues<IdKind>().Select(kind => new Block(database, kind))];

    /// <summary>The next id; waits only when a block has run out before its successor was there.</summary>
    public ValueTask<long> Next(IdKind kind) => _blocks[(int)kind - 1].Next();

    /// <summary>The next id, if there is one without waiting: a transaction that runs may be what others wait for.</summary>
    internal bool TryNext(IdKind kind, out long id) => _blocks[(int)kind - 1].TryNext(out id);

    /// <summary>Reserves ids in a transaction that runs, good only if it is committed.</summary>
    /// <returns>The first of them.</returns>
    internal static async ValueTask<long> ReserveIn(Session session, IdKind kind, int size)
    {
        var row = session.Prepare(Reserve).Set(1, size).Set(2, (long)kind);
        await row.Read();
        var end = row.Long(0);
        await row.Done();
        return end - size;
    }

    private sealed class Block(Database database, IdKind kind)
    {
        private readonly Lock _gate = new();
        private readonly long _size = kind == IdKind.Award ? 65_536 : 1_024;
        private long _next;
        private long _end;
        private Task<long>? _reserving;

        public bool TryNext(out long id)
        {
            lock (_gate)
            {
                return Take(out id);
            }
        }

        // Under the gate.
        private bool Take(out long id)
        {
            // A failure of long ago is nobody's answer now.
            if (_reserving is { IsFaulted: true })
            {
                _reserving = null;
            }
            // The successor is asked for when a quarter is left.
            if (_end - _next <= _size / 4 && _reserving is null)
            {
                _reserving = Task.Run(ReserveBlock);
            }
            if (_next == _end && _reserving is { IsCompletedSuccessfully: true })
            {
                (_end, _next, _reserving) = (_reserving.Result, _reserving.Result - _size, null);
            }
            id = _next < _end ? _next++ : 0;
            return id != 0;
        }

        public async ValueTask<long> Next()
        {
            while (true)
            {
                Task<long> reserving;
                lock (_gate)
                {
                    if (Take(out var id))
                    {
                        return id;
                    }
                    reserving = _reserving!;
                }
                try
                {
                    Take(reserving, await reserving);
                }
                catch
                {
                    Forget(reserving);
                    throw;
                }
            }
        }

        private void Take(Task<long> reserved, long end)
        {
            lock (_gate)
            {
                if (_reserving == reserved && _next >= _end)
                {
                    (_next, _end, _reserving) = (end - _size, end, null);
                }
            }
        }

        private void Forget(Task<long> failed)
        {
            lock (_gate)
            {
                if (_reserving == failed)
                {
                    _reserving = null;
                }
            }
        }

        private Task<long> ReserveBlock() => database.Write(async session => await ReserveIn(session, kind, (int)_size) + _size);
    }
}
