namespace Laurel.Core.Awards;

/// <summary>Where the periods of a recurrence begin. Period k begins at start(k) = anchor + k·every units, k of any sign,
/// and holds the dates from start(k) up to but not including start(k+1); so periods tile the calendar.</summary>
internal static class Period
{
    private const int MonthsInYear = 12;
    private static readonly int FirstMonth = MonthNumber(DateOnly.MinValue);
    private static readonly int LastMonth = MonthNumber(DateOnly.MaxValue);

    /// <summary>The start of the period that holds the date, at least 0001-01-01.</summary>
    public static DateOnly Start(Recurrence.PerPeriod period, DateOnly date) =>
        StartOf(period, Number(period, date)) ?? DateOnly.MinValue;

    /// <summary>The start of the next period, or null beyond the year 9999.</summary>
    public static DateOnly? NextStart(Recurrence.PerPeriod period, DateOnly date) =>
        StartOf(period, Number(period, date) + 1);

    private static int Number(Recurrence.PerPeriod period, DateOnly date)
    {
        if (period.Unit != PeriodUnit.Month)
        {
            return FloorDiv(date.DayNumber - period.Anchor.DayNumber, Days(period));
        }

        // Every start lies in a month of its own, so start(k) rises with k however days are clamped, and only the
        // start inside the date's own month can come after the date.
        var months = MonthNumber(date) - MonthNumber(period.Anchor);
        var k = FloorDiv(months, period.Every);
        return k * period.Every == months && date.Day < ClampedDay(period.Anchor, date.Year, date.Month) ? k - 1 : k;
    }

    private static DateOnly? StartOf(Recurrence.PerPeriod period, int k)
    {
        if (period.Unit != PeriodUnit.Month)
        {
            var day = period.Anchor.DayNumber + k * Days(period);
            return day >= 0 && day <= DateOnly.MaxValue.DayNumber ? DateOnly.FromDayNumber(day) : null;
        }

        var month = MonthNumber(period.Anchor) + k * period.Every;
        if (month < FirstMonth || month > LastMonth)
        {
            return null;
        }

        var (year, monthOfYear) = (month / MonthsInYear, month % MonthsInYear + 1);
        return new DateOnly(year, monthOfYear, ClampedDay(period.Anchor, year, monthOfYear));
    }

    private static int Days(Recurrence.PerPeriod period) => period.Unit == PeriodUnit.Week ? period.Every * 7 : period.Every;

    private static int MonthNumber(DateOnly date) => date.Year * MonthsInYear + date.Month - 1;

    private static int ClampedDay(DateOnly anchor, int year, int month) => Math.Min(anchor.Day, DateTime.DaysInMonth(year, month));

    private static int FloorDiv(int value, int divisor)
    {
        var (quotient, remainder) = Math.DivRem(value, divisor);
        return remainder < 0 ? quotient - 1 : quotient;
    }
}
