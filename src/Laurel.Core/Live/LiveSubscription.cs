namespace Laurel.Core.Live;

/// <summary>One subscriber's place in the stream. It keeps nothing but that, so who is slow costs no memory. Not thread-safe.</summary>
public sealed class LiveSubscription : IDisposable
{
    private readonly LiveEvents _live;
    private LiveReset? _reset;
    private bool _disposed;

    private LiveSubscription(LiveEvents live, LiveEventId place, LiveReset? reset) => (_live, Place, _reset) = (live, place, reset);

    /// <summary>Where it is: behind all that it was given.</summary>
    public LiveEventId Place { get; private set; }

    internal static async Task<LiveSubscription> Begin(LiveEvents live, string? lastEventId)
    {
        var head = live.Head;
        var newest = LiveEventId.Behind(head - 1);
        if (lastEventId is null)
        {
            return new LiveSubscription(live, newest, null);
        }
        var reset = LiveEventId.TryParse(lastEventId, out var id) ? await live.Pages.WhyNot(id, head) : LiveReset.Unknown;
        return new LiveSubscription(live, reset is null ? id : newest, reset);
    }

    /// <summary>What comes next, as soon as there is something.</summary>
    /// <exception cref="Storage.StorageUnavailableException">The database cannot be read.</exception>
    public async Task<LiveBatch> Next(CancellationToken ct)
    {
        if (_reset is { } reset)
        {
            _reset = null;
            return new LiveBatch([], Place, reset);
        }
        var from = Place.NextRow;
        await _live.Numbered(from, ct);
        var head = _live.Head;
        if (await _live.Pages.Read(from, head) is not { } page)
        {
            Place = LiveEventId.Behind(head - 1);
            return new LiveBatch([], Place, LiveReset.Expired);
        }
        var place = Place;
        Place = LiveEventId.Behind(page.Next - 1);
        return new LiveBatch([.. page.Events.Where(each => each.Id > place)], Place);
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _live.Left();
        }
    }
}
