namespace Laurel.Core.Live;

/// <summary>Events that are kept, the newest first.</summary>
/// <param name="Head">The place behind the newest event of the stream: a subscription goes on there.</param>
/// <param name="Older">Before which event to look further; null where nothing older is kept.</param>
public sealed record PastEvents(IReadOnlyList<LiveEvent> Events, LiveEventId Head, LiveEventId? Older);

/// <summary>One look into the stream, backwards. It reads a bounded number of pages, whatever is wanted.</summary>
/// <param name="head">The next number that will be given.</param>
internal sealed class PastReading(EventPages pages, long head, LiveEventId? before, Func<LiveEvent, ValueTask<bool>> wanted, int limit)
{
    // Of 32 rows each, and a row holds up to a thousand events.
    private const int MostPages = 40;
    private const int MostEvents = 20_000;

    private readonly List<LiveEvent> _found = [];
    private readonly LiveEventId _end = before is { } place && place.Number < head ? place : LiveEventId.Behind(head - 1);
    private int _looked;

    public async ValueTask<PastEvents> Read()
    {
        long? number = before is null || _end.IsBehindRow || _end.Index > 0 ? _end.Number : _end.Number - 1;
        for (var read = 0; number is { } row; read++)
        {
            if (read == MostPages || _looked >= MostEvents)
            {
                return Told(LiveEventId.Behind(row));
            }
            if (await pages.Read(row, head) is not { } page)
            {
                break;
            }
            if (await Take(page, row) is { } last)
            {
                return Told(last);
            }
            // Where a history begins, the rows before it are another's.
            number = page.First % EventPages.RowsOfPage == 0 ? page.First - 1 : await pages.Nearest(page.First - 1);
        }
        return Told(older: null);
    }

    // The last that was taken, where no more may be.
    private async ValueTask<LiveEventId?> Take(EventPage page, long row)
    {
        for (var at = page.Events.Count - 1; at >= 0; at--)
        {
            var each = page.Events[at];
            if (each.Id.Number > row || each.Id >= _end)
            {
                continue;
            }
            _looked++;
            if (await wanted(each))
            {
                _found.Add(each);
                if (_found.Count == limit)
                {
                    return each.Id;
                }
            }
        }
        return null;
    }

    private PastEvents Told(LiveEventId? older) => new(_found, LiveEventId.Behind(head - 1), older);
}
