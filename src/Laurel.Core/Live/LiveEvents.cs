using System.Diagnostics;
using Laurel.Core.Storage;

namespace Laurel.Core.Live;

/// <summary>Awards, removals and corrections as they are committed, through whichever process: everybody gets the same events under the
/// same ids in the same order.
///
/// One process at a time numbers them, by its own progress: it goes on until it finds that another has numbered, and any other begins
/// when what is committed has had no number for <see cref="Patience"/>. So nothing is written where nothing happens, no clock decides,
/// and whoever wakes from a freeze finds that its numbers are taken (see <see cref="EventNumbering"/>).</summary>
public sealed class LiveEvents : IAsyncDisposable
{
    /// <summary>How many may subscribe in one process unless somebody says otherwise.</summary>
    public const int DefaultSubscribers = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    // While nobody here subscribes: those who have subscribers number for them.
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly EventNumbering _numbering;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly TimeProvider _time;
    private readonly int _most;
    private readonly Lock _gate = new();
    private TaskCompletionSource _moved = NewSource();
    private TaskCompletionSource _looked = NewSource();
    private Task _polling = Task.CompletedTask;
    private long _head;
    private int _subscribers;

    private long _lookedAt;

    // Written by the loop alone.
    private bool _numbers = true;

    // Of the loop alone.
    private long _known;
    private long? _waitingSince;

    /// <param name="most">How many may subscribe.</param>
    internal LiveEvents(Database database, TimeProvider time, int most)
    {
        (_numbering, _time, _most) = (new EventNumbering(database, time), time, most);
        Pages = new EventPages(database, time);
    }

    /// <summary>Who are subscribed now.</summary>
    public int Subscribers => Volatile.Read(ref _subscribers);

    /// <summary>Whether this process gives the numbers now, or did so last.</summary>
    public bool Numbers => Volatile.Read(ref _numbers);

    /// <summary>When this process last looked what is numbered, in microseconds since 1970 UTC; null before the first time.</summary>
    public long? LookedAt => Interlocked.Read(ref _lookedAt) is var at and not 0 ? at : null;

    /// <summary>The next number that will be given, as far as this process knows.</summary>
    internal long Head => Interlocked.Read(ref _head);

    internal EventPages Pages { get; }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal void Start() => _polling = Task.Run(Poll);

    /// <summary>Subscribes behind an event, or behind all that is committed by now.</summary>
    /// <param name="lastEventId">As a client sent it, whatever it is; null for none.</param>
    /// <returns>Null when no more may subscribe.</returns>
    /// <exception cref="StorageUnavailableException">The database cannot be read.</exception>
    public async Task<LiveSubscription?> Subscribe(string? lastEventId, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _subscribers) > _most)
        {
            Left();
            return null;
        }
        try
        {
            await Look().WaitAsync(ct);
            return await LiveSubscription.Begin(this, lastEventId);
        }
        catch
        {
            Left();
            throw;
        }
    }

    /// <summary>Events that are kept, the newest first.</summary>
    /// <param name="before">Those before this one; null for the newest that are committed by now.</param>
    /// <param name="wanted">Which of them.</param>
    /// <param name="limit">At most so many. Fewer come where few of many are wanted: the stream is looked through piece by piece.</param>
    /// <exception cref="StorageUnavailableException">The database cannot be read.</exception>
    public async Task<PastEvents> Past(LiveEventId? before, Func<LiveEvent, ValueTask<bool>> wanted, int limit, CancellationToken ct)
    {
        await Look().WaitAsync(ct);
        return await new PastReading(Pages, Head, before, wanted, limit).Read();
    }

    internal void Left() => Interlocked.Decrement(ref _subscribers);

    // Ends when all that was committed before is numbered, or somebody else is about to.
    private Task Look()
    {
        lock (_gate)
        {
            if (_wanted.CurrentCount == 0)
            {
                _wanted.Release();
            }
            return _looked.Task;
        }
    }

    /// <summary>Ends when a row has been numbered.</summary>
    internal async Task Numbered(long number, CancellationToken ct)
    {
        while (true)
        {
            var moved = Volatile.Read(ref _moved);
            if (Head > number)
            {
                return;
            }
            await moved.Task.WaitAsync(ct);
        }
    }

    private async Task Poll()
    {
        try
        {
            while (true)
            {
                await Round();
                await _wanted.WaitAsync(Subscribers > 0 ? Interval : IdleInterval, _ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task Round()
    {
        TaskCompletionSource looked;
        lock (_gate)
        {
            (looked, _looked) = (_looked, NewSource());
        }
        try
        {
            await ReadOn();
            Interlocked.Exchange(ref _lookedAt, _time.Micros());
            looked.SetResult();
        }
        catch (Exception failure)
        {
            // The next round tries again; who waits for this one is told.
            looked.SetException(failure);
            _ = looked.Task.Exception;
        }
    }

    private async Task ReadOn()
    {
        var standing = await _numbering.Read();
        if (standing.Next != _known)
        {
            // Somebody else has numbered.
            _numbers &= _known == 0;
            (_known, _waitingSince) = (standing.Next, null);
        }
        if (standing.News.Count == 0)
        {
            _waitingSince = null;
        }
        else if (_numbers || HasWaited())
        {
            var next = await _numbering.Number(standing);
            (_numbers, _known, _waitingSince) = (next is not null, next ?? standing.Next, null);
        }
        if (_known > Head)
        {
            Interlocked.Exchange(ref _head, _known);
            Interlocked.Exchange(ref _moved, NewSource()).SetResult();
        }
    }

    private bool HasWaited()
    {
        _waitingSince ??= Stopwatch.GetTimestamp();
        return Stopwatch.GetElapsedTime(_waitingSince.Value) > Patience;
    }

    internal Task Trim() => _numbering.Trim();

    public async ValueTask DisposeAsync()
    {
        if (_ending.IsCancellationRequested)
        {
            return;
        }
        await _ending.CancelAsync();
        await _polling;
        _ending.Dispose();
        _wanted.Dispose();
        Pages.Dispose();
    }
}
