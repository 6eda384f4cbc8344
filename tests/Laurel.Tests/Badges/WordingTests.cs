using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Xunit;

namespace Laurel.Tests.Badges;

public sealed class WordingTests
{
    private static readonly DateOnly Next = new(2023, 5, 7);

    private static Badge Badge(params (string Locale, BadgeText Text)[] texts) => new()
    {
        Id = 1,
        Uid = "",
        CreatedAt = 0,
        UpdatedAt = 0,
        IssuerId = 1,
        Target = 10_000,
        Texts = texts.ToDictionary(text => text.Locale, text => text.Text),
    };

    [Fact]
    public void The_lines_follow_the_users_state_and_their_gaps_are_filled()
    {
        var badge = Badge(("en", new("Walk", "Unused", new BadgeLines([" {target} until {next} "], ["{next}, {target}, {other}", ""], ["{next}{next}"]))));

        Assert.Equal([" 10000 until 07-05-2023 "], badge.Lines("en", AwardState.Never, Next));
        Assert.Equal(["07-05-2023, 10000, {other}", ""], badge.Lines("en", AwardState.Held, Next));
        Assert.Equal(["07-05-202307-05-2023"], badge.Lines("en", AwardState.Again, Next));
        Assert.Equal([""], (badge with { Target = null }).Lines("en", AwardState.Again, null));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("one", "one")]
    [InlineData(" a \nb \r\n\n c", " a ", "b ", "", " c")]
    [InlineData("{target} {next}", "{target} {next}")]
    public void Without_lines_the_description_is_split_and_never_trimmed(string? description, params string[] lines)
    {
        Assert.Equal(lines, Badge(("en", new("N", description))).Lines("en", AwardState.Never, Next));
        // A state that has no lines of its own too.
        Assert.Equal(lines, Badge(("en", new("N", description, new BadgeLines([], ["held"], [])))).Lines("en", AwardState.Never, Next));
    }

    [Fact]
    public void What_a_language_lacks_comes_from_the_source()
    {
        var badge = Badge(("en", new("N", "About", new BadgeLines(["Never"], [], []))), ("ar", new("ن", null)), ("fr", new("N", "", new BadgeLines([], [], []))));

        Assert.Equal(["Never"], badge.Lines("ar", AwardState.Never, Next));
        Assert.Equal(["About"], badge.Lines("ar", AwardState.Held, Next));
        Assert.Empty(badge.Lines("fr", AwardState.Never, Next));
    }
}
