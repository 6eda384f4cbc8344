using System.Collections.Concurrent;
using System.Collections.Frozen;
using NodaTime;

namespace Laurel.Core.Awards;

/// <summary>IANA time zones, from the tzdb that ships inside the time library: every node and every operating system
/// agree on where a day begins.</summary>
public static class Zones
{
    /// <summary>The longest zone id accepted, in characters; tzdb's own are below 40.</summary>
    public const int MaxIdLength = 64;

    /// <summary>The zone of an issuer that names none.</summary>
    public const string Utc = "UTC";

    private const long MicrosPerSecond = 1_000_000;
    private static readonly long FirstMicros = (DateTime.MinValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    private static readonly long LastMicros = (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    private static readonly ConcurrentDictionary<string, DateTimeZone> Found = new(StringComparer.Ordinal);
    private static readonly FrozenSet<string> Ids = DateTimeZoneProviders.Tzdb.Ids.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether the id names a tzdb zone or link, in tzdb's letter case. Never throws.</summary>
    public static bool IsKnown(string? id) => id is { Length: <= MaxIdLength } && Ids.Contains(id);

    /// <summary>The wall clock of the zone at an instant, kind unspecified. Times outside the years 1 to 9999, before or
    /// after the zone's offset is applied, become the nearest inside.</summary>
    /// <param name="micros">Microseconds since 1970 UTC; any value.</param>
    /// <param name="zone">A zone that <see cref="IsKnown"/>.</param>
    /// <exception cref="ArgumentException">The zone is not known.</exception>
    public static DateTime LocalTime(long micros, string zone)
    {
        var inside = Inside(micros);
        return Shifted(inside, Find(zone).GetUtcOffset(ToInstant(inside)));
    }

    /// <summary>The calendar date of <see cref="LocalTime"/>.</summary>
    /// <inheritdoc cref="LocalTime" path="/param|/exception"/>
    public static DateOnly LocalDate(long micros, string zone) => DateOnly.FromDateTime(LocalTime(micros, zone));

    internal static long Inside(long micros) => Math.Clamp(micros, FirstMicros, LastMicros);

    internal static Instant ToInstant(long inside) => NodaConstants.UnixEpoch.PlusTicks(inside * TimeSpan.TicksPerMicrosecond);

    internal static DateTime Shifted(long inside, Offset offset)
    {
        var local = Inside(inside + (offset.Seconds * MicrosPerSecond));
        return new DateTime(DateTime.UnixEpoch.Ticks + (local * TimeSpan.TicksPerMicrosecond), DateTimeKind.Unspecified);
    }

    // The provider takes a lock for every look. It would also take "UTC+05:30", which is no tzdb id.
    internal static DateTimeZone Find(string zone) => Found.TryGetValue(zone, out var found)
        ? found
        : Found.GetOrAdd(zone, id => IsKnown(id) ? DateTimeZoneProviders.Tzdb[id] : throw new ArgumentException($"'{id}' is not a known time zone.", nameof(zone)));
}
