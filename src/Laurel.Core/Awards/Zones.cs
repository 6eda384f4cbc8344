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
        var inside = Math.Clamp(micros, FirstMicros, LastMicros);
        var offset = Find(zone).GetUtcOffset(NodaConstants.UnixEpoch.PlusTicks(inside * TimeSpan.TicksPerMicrosecond));
        var local = Math.Clamp(inside + offset.Seconds * MicrosPerSecond, FirstMicros, LastMicros);
        return new DateTime(DateTime.UnixEpoch.Ticks + local * TimeSpan.TicksPerMicrosecond, DateTimeKind.Unspecified);
    }

    /// <summary>The calendar date of <see cref="LocalTime"/>.</summary>
    /// <inheritdoc cref="LocalTime" path="/param|/exception"/>
    public static DateOnly LocalDate(long micros, string zone) => DateOnly.FromDateTime(LocalTime(micros, zone));

    // The provider caches its zones and each zone its intervals. It would also take "UTC+05:30", which is no tzdb id.
    private static DateTimeZone Find(string zone) => IsKnown(zone)
        ? DateTimeZoneProviders.Tzdb[zone]
        : throw new ArgumentException($"'{zone}' is not a known time zone.", nameof(zone));
}
