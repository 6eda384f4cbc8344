using Laurel.Core.Awards;

namespace Laurel.Server.Dialects.Karaz;

/// <summary>A zone's clock, and which day it is there.</summary>
internal sealed record LocalDay(string Zone, ZoneClock Clock, DateOnly Today);

/// <summary>Which day it is in each zone, at one moment. For one request.</summary>
internal sealed class LocalDays(long now)
{
    private Dictionary<string, LocalDay>? _days;
    private LocalDay? _last;

    public LocalDay In(string zone)
    {
        // Most badges have the zone of the one before.
        if (_last?.Zone == zone)
        {
            return _last;
        }
        _days ??= [];
        if (!_days.TryGetValue(zone, out var day))
        {
            var clock = new ZoneClock(zone);
            _days[zone] = day = new LocalDay(zone, clock, clock.LocalDate(now));
        }
        return _last = day;
    }
}
