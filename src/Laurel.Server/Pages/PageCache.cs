using System.Collections.Concurrent;

namespace Laurel.Server.Pages;

/// <summary>Which answer: the address as it is understood, for whom.</summary>
/// <param name="Path">With what of the query counts.</param>
/// <param name="Reader"><see cref="Reader.Key"/>.</param>
/// <param name="Origin">Under which address the server is known: it is part of links.</param>
internal readonly record struct PageKey(string Path, string Reader, string Origin);

/// <summary>Keeps what was rendered for as long as it is true: until what it is based on changes, and never for longer than a second,
/// because statistics move by themselves.</summary>
internal sealed class PageCache
{
    public const long Age = Core.Clock.Second;

    private const int Kept = 20_000;
    private const long KeptBytes = 64 << 20;

    private readonly ConcurrentDictionary<PageKey, Entry> _pages = new();
    private long _bytes;

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

    /// <param name="basis">Read before anything that the answer was made from.</param>
    /// <param name="at">When it was begun, in microseconds.</param>
    public void Keep(PageKey key, object basis, long at, PageAnswer answer)
    {
        if (_pages.Count >= Kept || Interlocked.Read(ref _bytes) >= KeptBytes)
        {
            _pages.Clear();
            Interlocked.Exchange(ref _bytes, 0);
        }
        // One that is replaced counts again: what is cleared too early is only made anew.
        Interlocked.Add(ref _bytes, _pages.ContainsKey(key) ? 0 : answer.Body.Length + 200);
        _pages[key] = new Entry(basis, at, answer);
    }

    private sealed record Entry(object Basis, long At, PageAnswer Answer);
}
