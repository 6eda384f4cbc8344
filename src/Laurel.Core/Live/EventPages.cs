using Laurel.Core.Storage;

namespace Laurel.Core.Live;

/// <summary>Events of consecutive rows of the stream.</summary>
/// <param name="First">The first row.</param>
/// <param name="Next">The row behind the last.</param>
internal sealed record EventPage(long First, long Next, IReadOnlyList<LiveEvent> Events);

/// <summary>Reads the stream for all subscribers of this process, one page at a time, and keeps the pages that were read last: those who
/// are at the same place share them, and nobody who comes from far back asks the database for themselves.</summary>
internal sealed class EventPages(Database database, TimeProvider time) : IDisposable
{
    /// <summary>For how long a stream can be resumed, in microseconds.</summary>
    public const long Retention = 7 * Clock.Day;

    // Beside the next number: on a cluster of Citus another machine's runs may end before it for a while, and what is missing there would be
    // taken for what never was.
    private const string BesideNext = "FROM stream_heads h JOIN stream_runs r ON h.node = 0";

    private const string RunsWithin = $"""
        SELECT r.number, r.node, r.sequence, r.rows, r.numbered_at {BesideNext}
        WHERE r.number >= coalesce((SELECT max(number) FROM stream_runs WHERE number <= $1), 0) AND r.number < $2 ORDER BY r.number
        """;

    private const string RunBefore = $"SELECT r.number, r.rows {BesideNext} WHERE r.number <= $1 ORDER BY r.number DESC LIMIT 1";

    private const string NextRun = $"SELECT min(r.number) {BesideNext} WHERE r.number >= $1";

    /// <summary>A page begins with a number that is a multiple of it, but where a history begins.</summary>
    public const int RowsOfPage = 32;

    private const int Kept = 64;

    private readonly BoundedCache<long, EventPage> _pages = new(Kept);
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Rows of the outbox by their numbers.
    private readonly record struct Run(long Number, OutboxRun Rows, long NumberedAt)
    {
        public long End => Number + Rows.Rows;

        public bool Has(long number) => number >= Number && number < End;

        public Run Within(long from, long to)
        {
            var (first, end) = (Math.Max(from, Number), Math.Min(to, End));
            return this with { Number = first, Rows = Rows with { First = Rows.First + first - Number, End = Rows.First + end - Number } };
        }
    }

    /// <summary>The page that holds a row.</summary>
    /// <param name="number">The row's.</param>
    /// <param name="head">The next number that will be given: all rows are before it.</param>
    /// <returns>Null where the row is not kept any longer.</returns>
    public async ValueTask<EventPage?> Read(long number, long head)
    {
        var key = number / RowsOfPage;
        if (Holds(key, number, out var page))
        {
            return page;
        }
        await _turn.WaitAsync();
        try
        {
            if (Holds(key, number, out page))
            {
                return page;
            }
            // The newest page grows.
            var grows = page is not null && page.First <= number;
            var first = grows ? page!.Next : key * RowsOfPage;
            var read = await database.Read(session => Load(session, first, number, Math.Min((key + 1) * RowsOfPage, head), head));
            if (read is not null)
            {
                page = grows ? page! with { Next = read.Next, Events = [.. page.Events, .. read.Events] } : read;
                _pages.Add(key, page);
            }
            return read is null ? null : page;
        }
        catch (InvalidDataException)
        {
            // A damaged row is lost to everybody; the doctor finds it.
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The nearest row at a number or before it; null where none is kept.</summary>
    public ValueTask<long?> Nearest(long number) => database.Read<long?>(async session =>
    {
        var row = session.Prepare(RunBefore).Set(1, number);
        if (!await row.Read())
        {
            return null;
        }
        var last = row.Long(0) + row.Long(1) - 1;
        await row.Done();
        return Math.Min(number, last);
    });

    private bool Holds(long key, long number, out EventPage? page) => _pages.TryGet(key, out page) && page.First <= number && number < page.Next;

    private static async ValueTask<EventPage?> Load(Session session, long first, long wanted, long end, long head)
    {
        var found = await Runs(session, first, end);
        // Between two histories there are numbers without a row; before the first run there were some.
        if (found.Count == 0 || found[0].Number > wanted)
        {
            return null;
        }
        var events = new List<LiveEvent>();
        var runs = found.Where(run => run.End > first).Select(run => run.Within(first, end)).ToList();
        foreach (var run in runs)
        {
            var rows = 0L;
            await run.Rows.Read(session, (sequence, committed) =>
            {
                rows++;
                for (var index = 0; index < committed.Count; index++)
                {
                    if (LiveEvent.Of(new LiveEventId(run.Number + sequence - run.Rows.First, index), committed[index]) is { } each)
                    {
                        events.Add(each);
                    }
                }
            });
            if (rows != run.Rows.Rows)
            {
                return null;
            }
        }
        return new EventPage(
            runs.Count > 0 ? Math.Min(wanted, runs[0].Number) : wanted,
            runs.Count > 0 ? end : await FirstBehind(session, end) ?? head,
            events);
    }

    private static async ValueTask<List<Run>> Runs(Session session, long first, long end)
    {
        var runs = new List<Run>();
        var rows = session.Prepare(RunsWithin).Set(1, first).Set(2, end);
        while (await rows.Read())
        {
            runs.Add(new Run(rows.Long(0), new OutboxRun((short)rows.Long(1), rows.Long(2), rows.Long(2) + rows.Long(3)), rows.Long(4)));
        }
        return runs;
    }

    private static async ValueTask<long?> FirstBehind(Session session, long number)
    {
        var row = session.Prepare(NextRun).Set(1, number);
        await row.Read();
        var first = row.LongOrNull(0);
        await row.Done();
        return first;
    }

    /// <summary>Why a stream cannot go on behind a place; null where it can, and nothing was missed.</summary>
    /// <param name="head">The next number that will be given.</param>
    public async ValueTask<LiveReset?> WhyNot(LiveEventId place, long head)
    {
        if (place.NextRow == head && place.IsBehindRow)
        {
            return null;
        }
        if (place.Number >= head)
        {
            return LiveReset.Unknown;
        }
        var runs = await database.Read(session => Runs(session, place.Number, place.NextRow + 1));
        // Behind a row that was there, or before one that is.
        var run = runs.Find(run => run.Has(place.Number) || (place.IsBehindRow && run.Has(place.NextRow)));
        if (run == default)
        {
            return runs.Count > 0 ? LiveReset.Unknown : LiveReset.Expired;
        }
        if (run.NumberedAt < time.Micros() - Retention)
        {
            return LiveReset.Expired;
        }
        if (place.IsBehindRow)
        {
            return null;
        }
        return await Read(place.Number, head) is not { } page ? LiveReset.Expired
            : page.Events.Any(each => each.Id == place) ? null
            : LiveReset.Unknown;
    }

    public void Dispose() => _turn.Dispose();
}
