using NodaTime;

namespace Laurel.Core.Awards;

/// <summary>A zone's clock, for many instants: it looks up the zone's rules only where they change. Not thread-safe.</summary>
/// <param name="zone">A zone that <see cref="Zones.IsKnown"/>.</param>
/// <exception cref="ArgumentException">The zone is not known.</exception>
public sealed class ZoneClock(string zone)
{
    private readonly DateTimeZone _zone = Zones.Find(zone);
    private long _from = long.MaxValue;
    private long _to = long.MinValue;
    private Offset _offset;

    /// <inheritdoc cref="Zones.LocalTime"/>
    public DateTime LocalTime(long micros)
    {
        var inside = Zones.Inside(micros);
        if (inside < _from || inside >= _to)
        {
            var rules = _zone.GetZoneInterval(Zones.ToInstant(inside));
            _offset = rules.WallOffset;
            // Rules change at whole seconds.
            _from = rules.HasStart ? rules.Start.ToUnixTimeTicks() / TimeSpan.TicksPerMicrosecond : long.MinValue;
            _to = rules.HasEnd ? rules.End.ToUnixTimeTicks() / TimeSpan.TicksPerMicrosecond : long.MaxValue;
        }
        return Zones.Shifted(inside, _offset);
    }

    /// <inheritdoc cref="Zones.LocalDate"/>
    public DateOnly LocalDate(long micros) => DateOnly.FromDateTime(LocalTime(micros));
}
