using Laurel.Core.Actions;
using Laurel.Core.Rules.Filters;
using Xunit;

namespace Laurel.Tests.Rules.Filters;

public sealed class PropertyPathTests
{
    [Theory]
    [InlineData("points", "properties.points")]
    [InlineData("properties.points", "properties.points")]
    [InlineData(" properties [ 'points' ] ", "properties.points")]
    [InlineData("author.rank", "properties.author.rank")]
    [InlineData("properties.properties", "properties.properties")]
    [InlineData("author['the \"rank\"']", """properties.author["the \"rank\""]""")]
    [InlineData("type", "properties.type")]
    public void A_path_is_read_with_or_without_properties_before_it(string text, string full)
    {
        Assert.True(PropertyPath.TryParse(text, out var path, out var error), error?.ToString());
        Assert.Equal(full, path.Text);
        Assert.True(PropertyPath.TryParse(full, out var same, out _));
        Assert.Equal(path, same);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("properties", 10)]
    [InlineData("properties.", 11)]
    [InlineData("a.", 2)]
    [InlineData("['a']", 0)]
    [InlineData("'a'", 0)]
    [InlineData("a = 1", 2)]
    [InlineData("a b", 2)]
    [InlineData("é", 0)]
    [InlineData("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", 31)]
    public void What_is_no_path_is_refused(string text, int position)
    {
        Assert.False(PropertyPath.TryParse(text, out var path, out var error));
        Assert.Null(path);
        Assert.Equal(position, error.Position);
    }

    [Theory]
    [InlineData("""{"points":2.50}""", 2.5)]
    [InlineData("""{"points":-3e2}""", -300.0)]
    [InlineData("""{"points":"2"}""", null)]
    [InlineData("""{"points":null}""", null)]
    [InlineData("""{"points":[1]}""", null)]
    [InlineData("""{"points":1e29}""", null)]
    [InlineData("""{"points":1e-29}""", null)]
    [InlineData("{}", null)]
    [InlineData(null, null)]
    public void A_number_is_read_where_there_is_one(string? properties, double? expected)
    {
        Assert.True(PropertyPath.TryParse("points", out var path, out _));

        var isNumber = path.TryNumber(new ActionFacts(new RecordedAction(1, "edit", 7, null, 0, 0, properties)), out var number);

        Assert.Equal(expected is not null, isNumber);
        Assert.Equal((decimal)(expected ?? 0), number);
    }
}
