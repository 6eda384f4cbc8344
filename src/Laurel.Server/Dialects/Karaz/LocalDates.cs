using Laurel.Core.Awards;

namespace Laurel.Server.Dialects.Karaz;

/// <summary>Which day it is in each zone, at one moment. For one request.</summary>
internal sealed class LocalDates(long now)
{
    private readonly Dictionary<string, DateOnly> _dates = [];
    private string? _last;
    private DateOnly _date;

    public DateOnly In(string zone)
    {
        // Most badges have the zone of the one before.
        if (zone == _last)
        {
            return _date;
        }
        if (!_dates.TryGetValue(zone, out var date))
        {
            _dates[zone] = date = Zones.LocalDate(now, zone);
        }
        (_last, _date) = (zone, date);
        return date;
    }
}
