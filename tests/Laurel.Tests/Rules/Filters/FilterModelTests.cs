using FsCheck;
using FsCheck.Fluent;
using Laurel.Core.Actions;
using Laurel.Core.Rules.Filters;
using Xunit;

namespace Laurel.Tests.Rules.Filters;

public sealed class FilterModelTests
{
    [Fact]
    public void Filters_say_what_a_plain_reading_of_them_says()
    {
        var (read, passed) = (0, 0);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(20_000),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
            {
                var model = new FilterModel(seed);
                var (text, expected) = model.Draw();
                if (!Filter.TryParse(text, out var filter, out var error))
                {
                    // Drawn with no regard to the limits, but well-formed.
                    Assert.True(error.Message is "At most 2,000 characters." or "A filter has at most 200 names and values.", $"{error}\n{text}");
                    return;
                }

                var facts = new ActionFacts(new RecordedAction(1, model.Type, model.UserId, model.Subject, 0, 0, model.Properties));
                Assert.True(expected == filter.Matches(facts), $"Not {expected}:\n{text}\n{model.Properties}\n{model.Type}, {model.Subject}, {model.UserId}");
                Assert.Equal(expected, filter.Matches(facts));
                (read, passed) = (read + 1, passed + (expected ? 1 : 0));
            }));

        Assert.True(read > 18_000 && passed > read / 5 && passed < read * 4 / 5, $"{passed} of {read}");
    }
}
