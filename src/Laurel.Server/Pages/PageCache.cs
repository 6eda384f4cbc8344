using System.Collections.Concurrent;

namespace Laurel.Server.Pages;

/// <summary>Which answer: the address as it is understood, for whom.</summary>
/// <param name="Path">With what of the query counts.</param>
/// <param name="Reader"><see cref="Reader.Key"/>.</param>
/// <param name="Origin">Under which address the server is known: it is part of links.</param>
internal readonly record struct PageKey(string Path, string Reader, string Origin);

/// <summary>Keeps what was rendered for as long as it is true: until what it is based on changes, and never for longer than a second,
/// because statistics move by themselves. What was made from equal things is not rendered again even then.</summary>
internal sealed class PageCache
{
    public const long Age = Core.Clock.Second;

    private const int Kept = 20_000;
    private const long KeptBytes = 64 << 20;

    private readonly ConcurrentDictionary<PageKey, Entry> _pages = new();
    private long _bytes;
    private int _count;

    public bool TryGet(PageKey key, object basis, long now, out PageAnswer answer)
    {
        if (_pages.TryGetValue(key, out var entry) && now >= entry.At && now - entry.At < Age && entry.Basis.Equals(basis))
        {
            answer = entry.Answer;
            return true;
        }
        answer = null!;
        return false;
    }

    /// <summary>Takes what was rendered from an equal thing, however long ago.</summary>
    /// <param name="shown">All that the answer shows, beside its key; equal as long as it says the same.</param>
    public bool TryGetOf(PageKey key, object? shown, out PageAnswer answer)
    {
        if (shown is not null && _pages.TryGetValue(key, out var entry) && shown.Equals(entry.Shown))
        {
            answer = entry.Answer;
            return true;
        }
        answer = null!;
        return false;
    }

    /// <param name="basis">Read before anything that the answer was made from.</param>
    /// <param name="at">When it was begun, in microseconds.</param>
    /// <param name="shown">For <see cref="TryGetOf"/>.</param>
    public void Keep(PageKey key, object basis, long at, PageAnswer answer, object? shown)
    {
        if (Volatile.Read(ref _count) >= Kept || Interlocked.Read(ref _bytes) >= KeptBytes)
        {
            _pages.Clear();
            Interlocked.Exchange(ref _bytes, 0);
            Interlocked.Exchange(ref _count, 0);
        }
        // Kept by two at once it counts twice: what is cleared too early is only made anew.
        if (!_pages.ContainsKey(key))
        {
            Interlocked.Add(ref _bytes, answer.Body.Length + 200);
            Interlocked.Increment(ref _count);
        }
        _pages[key] = new Entry(basis, at, answer, shown);
    }

    private sealed record Entry(object Basis, long At, PageAnswer Answer, object? Shown);
}
