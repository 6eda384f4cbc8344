using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Laurel.Core;

/// <summary>A read-through cache of at most <paramref name="capacity"/> entries. Absence is never kept. What is evicted while it is
/// being loaded is not kept either, so a change can never be followed by the value before it.</summary>
/// <param name="capacity">In entries, or in what <paramref name="weigh"/> measures.</param>
/// <param name="weigh">What an entry weighs; without it, 1.</param>
/// <param name="kept">Told of every entry that is kept…</param>
/// <param name="dropped">…and of every one that is kept no longer; both under the cache's gate.</param>
internal sealed class BoundedCache<TKey, TValue>(
    int capacity, Action<TKey, TValue>? kept = null, Action<TKey, TValue>? dropped = null, Func<TValue, int>? weigh = null)
    where TKey : notnull where TValue : class
{
    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();
    private readonly Queue<TKey> _order = new();
    private readonly Lock _gate = new();
    private long _evictions;
    private long _weight;

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (_entries.TryGetValue(key, out var entry))
        {
            entry.IsUsed = true;
            value = entry.Value;
            return true;
        }
        value = null;
        return false;
    }

    public ValueTask<TValue?> Get(TKey key, Func<TKey, ValueTask<TValue?>> load) =>
        TryGet(key, out var value) ? ValueTask.FromResult<TValue?>(value) : Load(key, load);

    private async ValueTask<TValue?> Load(TKey key, Func<TKey, ValueTask<TValue?>> load)
    {
        var evictions = Interlocked.Read(ref _evictions);
        var value = await load(key);
        if (value is not null)
        {
            // No eviction comes between the look and the keeping: what was evicted is never read again.
            lock (_gate)
            {
                if (evictions == _evictions)
                {
                    Keep(key, value);
                }
            }
        }
        return value;
    }

    /// <summary>Keeps a value that nobody has to load.</summary>
    public void Add(TKey key, TValue value)
    {
        lock (_gate)
        {
            Keep(key, value);
        }
    }

    public void Evict(TKey key)
    {
        lock (_gate)
        {
            _evictions++;
            Drop(key);
        }
    }

    /// <summary>Keeps nothing that is being loaded now.</summary>
    public void DistrustLoads()
    {
        lock (_gate)
        {
            _evictions++;
        }
    }

    /// <summary>Keeps nothing that is kept or being loaded now.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _evictions++;
            foreach (var key in _entries.Keys)
            {
                Drop(key);
            }
            _order.Clear();
        }
    }

    private void Keep(TKey key, TValue value)
    {
        if (_entries.TryAdd(key, new Entry(value)))
        {
            _order.Enqueue(key);
            _weight += Weight(value);
            kept?.Invoke(key, value);
        }
        // Second chance: who was used since the last round stays for another.
        // Evicted keys leave their place in the queue behind, so it is bounded too.
        while ((_order.Count > 2 * capacity || _weight > capacity) && _order.TryDequeue(out var oldest))
        {
            if (_entries.TryGetValue(oldest, out var entry) && entry.IsUsed)
            {
                entry.IsUsed = false;
                _order.Enqueue(oldest);
            }
            else
            {
                Drop(oldest);
            }
        }
    }

    private void Drop(TKey key)
    {
        if (_entries.TryRemove(key, out var entry))
        {
            _weight -= Weight(entry.Value);
            dropped?.Invoke(key, entry.Value);
        }
    }

    private int Weight(TValue value) => weigh?.Invoke(value) ?? 1;

    private sealed class Entry(TValue value)
    {
        public TValue Value { get; } = value;

        public volatile bool IsUsed;
    }
}

/// <summary>Which thing a name led to, as a cache keeps it: what the thing itself says of its name decides.</summary>
internal sealed record Named(long Id);
