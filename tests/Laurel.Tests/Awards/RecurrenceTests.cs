using Laurel.Core.Awards;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class RecurrenceTests
{
    private static readonly DateOnly Anchor = new(2023, 3, 17);

    [Theory]
    [InlineData(1, PeriodUnit.Day)]
    [InlineData(1000, PeriodUnit.Month)]
    public void A_period_of_1_to_1000_units_is_made(int every, PeriodUnit unit)
    {
        Assert.True(Recurrence.TryCreatePeriod(every, unit, Anchor, out var period));
        Assert.Equal((every, unit, Anchor), (period.Every, period.Unit, period.Anchor));
    }

    [Theory]
    [InlineData(0, PeriodUnit.Day)]
    [InlineData(-1, PeriodUnit.Week)]
    [InlineData(1001, PeriodUnit.Month)]
    [InlineData(int.MaxValue, PeriodUnit.Month)]
    [InlineData(1, (PeriodUnit)3)]
    public void Any_other_period_is_refused(int every, PeriodUnit unit)
    {
        Assert.False(Recurrence.TryCreatePeriod(every, unit, Anchor, out var period));
        Assert.Null(period);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Recurrence.PerPeriod(every, unit, Anchor));
    }

    [Fact]
    public void Equal_recurrences_are_equal()
    {
        Assert.Equal(new Recurrence.Once(), new Recurrence.Once());
        Assert.Equal<Recurrence>(new Recurrence.PerPeriod(1, PeriodUnit.Day, Anchor), new Recurrence.PerPeriod(1, PeriodUnit.Day, Anchor));
        Assert.NotEqual<Recurrence>(new Recurrence.PerPeriod(1, PeriodUnit.Day, Anchor), new Recurrence.PerPeriod(7, PeriodUnit.Day, Anchor));
        Assert.NotEqual<Recurrence>(new Recurrence.Once(), new Recurrence.Always());
    }
}
