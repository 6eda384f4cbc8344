using Laurel.Core.Live;
using Xunit;

namespace Laurel.Tests.Live;

public sealed class LiveEventIdTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("12-0")]
    [InlineData("1795371830037187-2147483646")]
    [InlineData("9223372036854775807")]
    public void What_was_written_is_read(string text)
    {
        Assert.True(LiveEventId.TryParse(text, out var id));
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("-1")]
    [InlineData("1-")]
    [InlineData("1--1")]
    [InlineData("1-1-1")]
    [InlineData("01-1")]
    [InlineData("1-01")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1-2147483647")]
    [InlineData("9223372036854775808")]
    [InlineData("1e3")]
    [InlineData("１２")]
    [InlineData("1\0")]
    [InlineData("'; DROP TABLE stream_runs; --")]
    public void Nothing_else_is(string? text) => Assert.False(LiveEventId.TryParse(text, out _));

    [Fact]
    public void An_event_is_before_the_end_of_its_row_and_that_before_the_next_row() =>
        Assert.True(new LiveEventId(1, 5) < new LiveEventId(1, 6) && new LiveEventId(1, 6) < LiveEventId.Behind(1) && LiveEventId.Behind(1) < new LiveEventId(2, 0));
}
