using System.Net;
using System.Net.Sockets;

namespace Laurel.Core.Access;

/// <summary>Failed logins of the past minutes, counted for an address with a name, for an address, and for a name. The first is
/// tight. The others bound what many names or many addresses can try together; they do not hold for an address from which the name
/// has logged in before, so nobody is locked out by what others do elsewhere. Every failure costs a password hash, of which a
/// window has room for some thousands: that bounds the memory.</summary>
internal sealed class LoginThrottle(TimeProvider time)
{
    public const int PerPair = 10;
    public const int PerAddress = 50;
    public const int PerName = 200;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const int FewCounts = 1024;
    private static readonly object Known = new();

    private readonly Lock _gate = new();
    private readonly Dictionary<Pair, Count> _counts = [];
    private readonly BoundedCache<Pair, object> _known = new(10_000);
    private int _pruneAt = FewCounts;

    /// <summary>How many addresses, names and pairs of them are remembered.</summary>
    internal int Counts
    {
        get
        {
            lock (_gate)
            {
                return _counts.Count;
            }
        }
    }

    /// <summary>How long to wait before the next attempt; null: it may be made now.</summary>
    public TimeSpan? Wait(string address, string name)
    {
        lock (_gate)
        {
            return _counts.Count == 0 ? null : WaitLocked(NetworkOf(address), name);
        }
    }

    /// <summary>Begins an attempt, which counts as failed until <see cref="GiveBack"/> or <see cref="Succeeded"/>; or tells how long
    /// to wait.</summary>
    public TimeSpan? TryBegin(string address, string name)
    {
        var network = NetworkOf(address);
        lock (_gate)
        {
            if (WaitLocked(network, name) is { } wait)
            {
                return wait;
            }
            Add(new(network, name));
            Add(new(network, null));
            Add(new(null, name));
            return null;
        }
    }

    /// <summary>The attempt came to nothing: no password was looked at.</summary>
    public void GiveBack(string address, string name)
    {
        var network = NetworkOf(address);
        lock (_gate)
        {
            Subtract(new(network, name));
            Subtract(new(network, null));
            Subtract(new(null, name));
        }
    }

    public void Succeeded(string address, string name)
    {
        GiveBack(address, name);
        _known.Add(new(NetworkOf(address), name), Known);
    }

    private TimeSpan? WaitLocked(string network, string name) =>
        Left(new(network, name), PerPair)
        ?? (_known.TryGet(new(network, name), out _) ? null : Left(new(network, null), PerAddress) ?? Left(new(null, name), PerName));

    private TimeSpan? Left(Pair pair, int limit) =>
        _counts.TryGetValue(pair, out var count) && count.Failures >= limit && Window - time.GetElapsedTime(count.Since) is { Ticks: > 0 } left
            ? left
            : null;

    private void Add(Pair pair)
    {
        if (_counts.TryGetValue(pair, out var count) && !IsOver(count))
        {
            _counts[pair] = count with { Failures = count.Failures + 1 };
            return;
        }
        if (_counts.Count >= _pruneAt)
        {
            foreach (var over in _counts.Where(each => IsOver(each.Value)).Select(each => each.Key).ToList())
            {
                _counts.Remove(over);
            }
            _pruneAt = Math.Max(FewCounts, 2 * _counts.Count);
        }
        _counts[pair] = new Count(time.GetTimestamp(), 1);
    }

    private void Subtract(Pair pair)
    {
        if (!_counts.TryGetValue(pair, out var count))
        {
            return;
        }
        if (count.Failures > 1)
        {
            _counts[pair] = count with { Failures = count.Failures - 1 };
        }
        else
        {
            _counts.Remove(pair);
        }
    }

    private bool IsOver(Count count) => time.GetElapsedTime(count.Since) >= Window;

    // Whoever has one address of IPv6 has the whole network of 64 bits.
    private static string NetworkOf(string address)
    {
        if (!IPAddress.TryParse(address, out var ip))
        {
            return address;
        }
        if (ip.IsIPv4MappedToIPv6)
        {
            return ip.MapToIPv4().ToString();
        }
        return ip.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(ip.GetAddressBytes().AsSpan(0, 8)) : ip.ToString();
    }

    // Null stands for all of them.
    private readonly record struct Pair(string? Address, string? Name);

    private readonly record struct Count(long Since, int Failures);
}
