using System.Collections.Concurrent;

namespace Laurel.Core.Access;

/// <summary>A <see cref="BoundedCache{TKey, TValue}"/> of what is looked up by a text (a hash, a login name) and changes under a number
/// (a key's, a user's).</summary>
internal sealed class NumberedCache<T>
    where T : class
{
    private readonly BoundedCache<string, T> _kept;

    // The texts of those that are kept, by number.
    private readonly ConcurrentDictionary<long, string> _texts = new();

    /// <param name="capacity">In entries.</param>
    /// <param name="number">Under which number one changes.</param>
    public NumberedCache(int capacity, Func<T, long> number) => _kept = new BoundedCache<string, T>(capacity,
        kept: (text, thing) => _texts[number(thing)] = text,
        dropped: (_, thing) => _texts.TryRemove(number(thing), out string? _));

    /// <inheritdoc cref="BoundedCache{TKey, TValue}.Get"/>
    public ValueTask<T?> Get(string text, Func<string, ValueTask<T?>> load) => _kept.Get(text, load);

    /// <summary>Keeps what has this number no longer, nor anything that is being loaded now.</summary>
    public void Evict(long number)
    {
        // First: what is just being loaded has no text here yet.
        _kept.DistrustLoads();
        if (_texts.TryGetValue(number, out var text))
        {
            _kept.Evict(text);
        }
    }
}
