using System.Reflection;
using System.Text.RegularExpressions;
using Laurel.Core.Actions;
using Laurel.Core.Rules.Filters;
using Xunit;

namespace Laurel.Tests.Rules.Filters;

/// <summary>What filters take, what they refuse and where. docs/rules.md#filters</summary>
public sealed partial class FilterTests
{
    [Theory]
    // The examples of docs/rules.md
    [InlineData("properties.length >= 1000", """{"length":1000}""", true)]
    [InlineData("properties.length >= 1000", """{"length":999.9}""", false)]
    [InlineData("properties.minor = false and properties.length > 10", """{"minor":false,"length":11}""", true)]
    [InlineData("properties.minor = false and properties.length > 10", """{"length":11}""", false)]
    [InlineData("not properties.minor", """{"minor":false}""", true)]
    [InlineData("not properties.minor", "{}", true)]
    [InlineData("not properties.minor", """{"minor":true}""", false)]
    [InlineData("properties.author.rank < properties.reviewer.rank", """{"author":{"rank":1},"reviewer":{"rank":2}}""", true)]
    [InlineData("properties.author.rank < properties.reviewer.rank", """{"author":{"rank":1},"reviewer":2}""", false)]
    [InlineData("""properties["the name"] = 'Ada'""", """{"the name":"Ada"}""", true)]
    [InlineData("properties.language in ('ar', 'fa', 'ur')", """{"language":"fa"}""", true)]
    [InlineData("properties.language in ('ar', 'fa', 'ur')", """{"language":"en"}""", false)]
    [InlineData("properties.language not in ('en')", """{"language":"ar"}""", true)]
    [InlineData("properties.language not in ('en')", """{"language":"en"}""", false)]
    [InlineData("properties.language not in ('en')", "{}", false)]
    [InlineData("not properties.language in ('en')", "{}", true)]
    [InlineData("not properties.language in ('en')", """{"language":"en"}""", false)]
    [InlineData("exists properties.score and not exists properties.reverted", """{"score":0}""", true)]
    [InlineData("exists properties.score and not exists properties.reverted", """{"score":0,"reverted":false}""", false)]
    [InlineData("subject != 'home' and (properties.length > 100 or properties.images >= 3)", """{"length":200}""", false)]
    [InlineData("userId > 1000 or properties.invited", """{"invited":true}""", true)]
    [InlineData("userId > 1000 or properties.invited", "{}", false)]
    // Fields
    [InlineData("type = 'edit'", null, true)]
    [InlineData("type in ('view', 'edit')", null, true)]
    [InlineData("subject = 'home'", null, true)]
    [InlineData("exists subject and exists type and exists userId", null, true)]
    [InlineData("userId = 7", null, true)]
    [InlineData("userId = properties.owner", """{"owner":7.0}""", true)]
    [InlineData("subject = properties.page", """{"page":"\u0068ome"}""", true)]
    // No properties
    [InlineData("properties.a = 1", null, false)]
    [InlineData("exists properties.a", null, false)]
    // Missing, null, composite and of another type: false whatever is asked
    [InlineData("properties.a = 1", """{"a":"1"}""", false)]
    [InlineData("properties.a != 1", """{"a":2}""", true)]
    [InlineData("properties.a != 1", "{}", false)]
    [InlineData("properties.a != 1", """{"a":null}""", false)]
    [InlineData("properties.a != 1", """{"a":"x"}""", false)]
    [InlineData("properties.a != 1", """{"a":[2]}""", false)]
    [InlineData("properties.a != 1", """{"a":{"b":2}}""", false)]
    [InlineData("properties.a not in (1)", """{"a":null}""", false)]
    [InlineData("properties.a not in (1)", """{"a":true}""", false)]
    [InlineData("properties.a not in (1)", """{"a":[]}""", false)]
    [InlineData("not (properties.a = 1)", "{}", true)]
    [InlineData("properties.a = properties.b", "{}", false)]
    [InlineData("properties.a = properties.b", """{"a":null,"b":null}""", false)]
    [InlineData("properties.a = properties.b", """{"a":[],"b":[]}""", false)]
    [InlineData("properties.a = properties.b", """{"a":{},"b":{}}""", false)]
    [InlineData("properties.a != properties.b", """{"a":1,"b":"1"}""", false)]
    [InlineData("properties.a = properties.b", """{"a":"x","b":"x"}""", true)]
    [InlineData("properties.a = properties.b", """{"a":true,"b":true}""", true)]
    [InlineData("properties.a <= properties.b", """{"a":true,"b":true}""", false)]
    [InlineData("properties.a.b = 1", """{"a":1}""", false)]
    [InlineData("properties.a.b = 1", """{"a":[{"b":1}]}""", false)]
    [InlineData("properties.a", """{"a":1}""", false)]
    [InlineData("properties.a", """{"a":"true"}""", false)]
    // Existence
    [InlineData("exists properties.a", """{"a":[]}""", true)]
    [InlineData("exists properties.a", """{"a":{}}""", true)]
    [InlineData("exists properties.a", """{"a":false}""", true)]
    [InlineData("exists properties.a", """{"a":null}""", false)]
    [InlineData("exists properties.a", """{"a":1e400}""", false)]
    [InlineData("exists properties.a and properties.a = 1 and exists properties.a", """{"a":1}""", true)]
    // Numbers, exactly
    [InlineData("properties.a = 1", """{"a":1.0}""", true)]
    [InlineData("properties.a = 1", """{"a":1e0}""", true)]
    [InlineData("properties.a = 1", """{"a":10E-1}""", true)]
    [InlineData("properties.a = 0", """{"a":-0.0e99999999999999999999}""", true)]
    [InlineData("properties.a = 0.3", """{"a":0.30000000000000004}""", false)]
    [InlineData("properties.a > 0.3", """{"a":0.30000000000000004}""", true)]
    [InlineData("properties.a = 9007199254740993", """{"a":9007199254740992}""", false)]
    [InlineData("properties.a = 79228162514264337593543950335", """{"a":79228162514264337593543950335}""", true)]
    [InlineData("properties.a > 0", """{"a":79228162514264337593543950336}""", false)]
    [InlineData("properties.a = 1e28", """{"a":10000000000000000000000000000.0}""", true)]
    [InlineData("properties.a > 0", """{"a":0.0000000000000000000000000001}""", true)]
    [InlineData("properties.a >= 0", """{"a":0.00000000000000000000000000001}""", false)]
    [InlineData("properties.a > 0", """{"a":1.00000000000000000000000000001}""", false)]
    [InlineData("properties.a < 1e3", """{"a":-1}""", true)]
    [InlineData("-1.5e+1 = -15.0", null, true)]
    // Texts, by code point
    [InlineData("properties.a < 'b'", """{"a":"a"}""", true)]
    [InlineData("properties.a < 'b'", """{"a":"B"}""", true)]
    [InlineData("properties.a = 'é'", """{"a":"e\u0301"}""", false)]
    [InlineData("properties.a > '\uffff'", """{"a":"😀"}""", true)]
    [InlineData("properties.a > '\uffff'", """{"a":"\ud83d\ude00"}""", true)]
    [InlineData("properties.a = '😀'", """{"a":"\uD83D\uDE00"}""", true)]
    [InlineData("""properties.a = '\ud83d\ude00'""", """{"a":"😀"}""", true)]
    [InlineData("properties.a < 'ab'", """{"a":"\u0061"}""", true)]
    [InlineData("properties.a > 'a'", """{"a":"\u0061\u0062"}""", true)]
    [InlineData("properties.a = ''", """{"a":""}""", true)]
    [InlineData("""properties.a = "it's \"so\" \/\\\b\f\n\r\t\u00e9" """, """{"a":"it's \"so\" /\\\b\f\n\r\t\u00E9"}""", true)]
    [InlineData("""properties.a = 'it\'s "so"'""", """{"a":"it\u0027s \u0022so\u0022"}""", true)]
    [InlineData("""properties.a = '\\n'""", """{"a":"\n"}""", false)]
    // Names
    [InlineData("""properties["a"].b["c"] = 1""", """{"a":{"b":{"c":1}}}""", true)]
    [InlineData("""properties["a.b"] = 1""", """{"a.b":1,"a":{"b":2}}""", true)]
    [InlineData("""properties["\u00e9\""] = 1""", """{"\u00e9\"":1}""", true)]
    [InlineData("""properties[""] = 1""", """{"":1}""", true)]
    [InlineData("properties.in.not.type.exists.true = 1", """{"in":{"not":{"type":{"exists":{"true":1}}}}}""", true)]
    [InlineData("properties._a1 = 1", """{"_a1":1}""", true)]
    [InlineData("properties . a\n=\t1\r\n", """{"a":1}""", true)]
    [InlineData("properties.properties = 1", """{"properties":1}""", true)]
    [InlineData("properties.A = 1", """{"a":1}""", false)]
    // Precedence
    [InlineData("true or true and false", null, true)]
    [InlineData("(true or true) and false", null, false)]
    [InlineData("not false and false", null, false)]
    [InlineData("not (false and false)", null, true)]
    [InlineData("not true or true", null, true)]
    [InlineData("not not true", null, true)]
    [InlineData("not properties.a = 1", """{"a":2}""", true)]
    [InlineData("not(true)or(true)", null, true)]
    [InlineData("'a'='a'and'b'<'c'", null, true)]
    // Membership
    [InlineData("properties.a in (true)", """{"a":true}""", true)]
    [InlineData("properties.a in (1, 2.50, 3)", """{"a":2.5}""", true)]
    [InlineData("properties.a in ('\u0031')", """{"a":1}""", false)]
    [InlineData("2 in (1, 2) and 'x' not in ('y')", null, true)]
    public void A_filter_takes_what_its_form_says(string text, string? properties, bool expected)
    {
        Assert.True(Filter.TryParse(text, out var filter, out var error), error?.ToString());
        Assert.Equal(text, filter.Text);
        Assert.Equal(expected, filter.Matches(Facts(properties)));
    }

    [Theory]
    // Not finished, or out of place
    [InlineData("", 0, "Expected a name, a number, a text in quotes, true or false.")]
    [InlineData("  ", 2, "Expected a name, a number, a text in quotes, true or false.")]
    [InlineData("properties.a = 1 and", 20, "Expected a name, a number, a text in quotes, true or false.")]
    [InlineData("properties.a =", 14, "Expected a name, a number, a text in quotes, true or false.")]
    [InlineData("properties.a = (1)", 15, "Expected a name, a number, a text in quotes, true or false.")]
    [InlineData("()", 1, "Expected a name, a number, a text in quotes, true or false.")]
    [InlineData("(true", 5, "Expected 'and', 'or' or ')'.")]
    [InlineData("true)", 4, "Expected 'and', 'or' or the end.")]
    [InlineData("true true", 5, "Expected a comparison, 'in', 'and', 'or' or the end.")]
    [InlineData("1 < 2 < 3", 6, "Expected 'and', 'or' or the end.")]
    [InlineData("or true", 0, "Expected a name: properties.…, type, subject or userId.")]
    [InlineData("length > 1", 0, "Expected a name: properties.…, type, subject or userId.")]
    [InlineData("userid = 1", 0, "Expected a name: properties.…, type, subject or userId.")]
    [InlineData("exists 1", 7, "Expected a name: properties.…, type, subject or userId.")]
    [InlineData("exists", 6, "Expected a name: properties.…, type, subject or userId.")]
    [InlineData("properties", 10, "Expected '.' and a property's name.")]
    [InlineData("properties = 1", 11, "Expected '.' and a property's name.")]
    [InlineData("properties.", 11, "Expected a property's name; one with other than A-Z, a-z, 0-9 and _ is written [\"the name\"].")]
    [InlineData("properties.1 = 1", 11, "Expected a property's name; one with other than A-Z, a-z, 0-9 and _ is written [\"the name\"].")]
    [InlineData("properties.é = 1", 11, "This character can stand in quotes only.")]
    [InlineData("properties[a] = 1", 11, "Expected a property's name in quotes.")]
    [InlineData("properties['a' = 1", 15, "Expected ']'.")]
    [InlineData("type.a = 1", 4, "Expected a comparison, 'in', 'and', 'or' or the end.")]
    [InlineData("properties.a in 1", 16, "Expected '(' and a list of values.")]
    [InlineData("properties.a in ()", 17, "Expected a number, a text in quotes, true or false.")]
    [InlineData("properties.a in (1,)", 19, "Expected a number, a text in quotes, true or false.")]
    [InlineData("properties.a in (properties.b)", 17, "Expected a number, a text in quotes, true or false.")]
    [InlineData("properties.a in (1 2)", 19, "Expected ',' or ')'.")]
    [InlineData("properties.a not 1", 17, "Expected 'in'.")]
    // As elsewhere, not as here
    [InlineData("properties.a == 1", 13, "Equality is written '='.")]
    [InlineData("type == 'x'", 5, "Equality is written '='.")]
    [InlineData("properties.a <> 1", 13, "Inequality is written '!='.")]
    [InlineData("true && true", 5, "'And' is written 'and'.")]
    [InlineData("true || true", 5, "'Or' is written 'or'.")]
    [InlineData("!true", 0, "'Not' is written 'not'.")]
    [InlineData("true AND true", 5, "Keywords are in lower case: and.")]
    [InlineData("type IN ('x')", 5, "Keywords are in lower case: in.")]
    [InlineData("properties.a = True", 15, "Keywords are in lower case: true.")]
    [InlineData("true; drop", 4, "This character can stand in quotes only.")]
    [InlineData("true\u00a0or true", 4, "This character can stand in quotes only.")]
    [InlineData("😀", 0, "This character can stand in quotes only.")]
    // Numbers and texts
    [InlineData("1 = 01", 4, "A number is written as in JSON: -1, 0.5, 2e6.")]
    [InlineData("1 = 1.", 4, "A number is written as in JSON: -1, 0.5, 2e6.")]
    [InlineData("1 = -", 4, "A number is written as in JSON: -1, 0.5, 2e6.")]
    [InlineData("1 = 1e", 4, "A number is written as in JSON: -1, 0.5, 2e6.")]
    [InlineData("1 = 1e+", 4, "A number is written as in JSON: -1, 0.5, 2e6.")]
    [InlineData("1 = 1and true", 4, "A number is written as in JSON: -1, 0.5, 2e6.")]
    [InlineData("1 = 1.2.3", 4, "A number is written as in JSON: -1, 0.5, 2e6.")]
    [InlineData("1 = .5", 4, "Expected a name, a number, a text in quotes, true or false.")]
    [InlineData("1 = 1e29", 4, "A number has at most 28 digits behind the point, and without point and zeros at its end is at most 2^96 - 1.")]
    [InlineData("1 in (1, 1e-29)", 9, "A number has at most 28 digits behind the point, and without point and zeros at its end is at most 2^96 - 1.")]
    [InlineData("type = 'x", 7, "This text has no closing quote.")]
    [InlineData("type = 'x\"", 7, "This text has no closing quote.")]
    [InlineData("type = 'x\\'", 7, "This text has no closing quote.")]
    [InlineData("type = 'x\ny'", 9, "In a text, control characters are written \\n, \\t or \\u0001.")]
    [InlineData("type = 'x\\y'", 9, "An escape is \\\", \\', \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u and four hexadecimal digits.")]
    [InlineData("type = 'x\\u12'", 9, "An escape is \\\", \\', \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u and four hexadecimal digits.")]
    [InlineData("type = '\\", 8, "An escape is \\\", \\', \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u and four hexadecimal digits.")]
    [InlineData("type = '\\u0000'", 7, "A text holds neither NUL nor half a surrogate pair.")]
    [InlineData("type = '\\ud83d'", 7, "A text holds neither NUL nor half a surrogate pair.")]
    [InlineData("exists properties['\\ude00']", 18, "A text holds neither NUL nor half a surrogate pair.")]
    [InlineData("type = '\0'", 8, "Neither NUL nor half a surrogate pair can stand here.")]
    // Types
    [InlineData("userId = '7'", 9, "A number cannot be compared with a text.")]
    [InlineData("'7' = userId", 6, "A text cannot be compared with a number.")]
    [InlineData("subject = userId", 10, "A text cannot be compared with a number.")]
    [InlineData("true != 1", 8, "True or false cannot be compared with a number.")]
    [InlineData("type in ('x', 1)", 14, "A text cannot be compared with a number.")]
    [InlineData("properties.a in (1, 'x')", 20, "A number cannot be compared with a text; by an earlier use properties.a is a number.")]
    [InlineData("properties.a = 1 or properties.a = 'x'", 35, "A number cannot be compared with a text; by an earlier use properties.a is a number.")]
    [InlineData("properties.a = 1 or properties['a'] = 'x'", 38, "A number cannot be compared with a text; by an earlier use properties.a is a number.")]
    [InlineData("properties.a = 1 or 'x' = properties.a", 26, "A text cannot be compared with a number; by an earlier use properties.a is a number.")]
    [InlineData("properties.a or properties.a = 1", 31, "True or false cannot be compared with a number; by an earlier use properties.a is true or false.")]
    [InlineData("properties.a = 1 or properties.a", 20, "A number is no condition by itself; by an earlier use properties.a is a number.")]
    [InlineData("type", 0, "A text is no condition by itself.")]
    [InlineData("not 1", 4, "A number is no condition by itself.")]
    [InlineData("properties.a = properties.b and properties.b = properties.c and properties.c = 1 and properties.a = 'x'", 100,
        "A number cannot be compared with a text; by an earlier use properties.a is a number.")]
    [InlineData("properties.a = 1 and properties.b = 'x' and properties.a = properties.b", 59,
        "A number cannot be compared with a text; by an earlier use properties.a is a number; by an earlier use properties.b is a text.")]
    [InlineData("true < false", 5, "True and false have no order.")]
    [InlineData("properties.minor < true", 17, "True and false have no order.")]
    [InlineData("properties.a and properties.a >= properties.b", 30, "True and false have no order; by an earlier use properties.a is true or false.")]
    [InlineData("properties.a < properties.b and properties.b", 32, "True and false have no order, and an earlier use asks for one.")]
    [InlineData("properties.a < properties.b and properties.a = true", 47, "True and false have no order, and an earlier use asks for one.")]
    public void A_filter_is_refused_with_the_place_of_its_error(string text, int position, string message)
    {
        Assert.False(Filter.TryParse(text, out var filter, out var error));
        Assert.Null(filter);
        Assert.Equal(new FilterError(message, position), error);
    }

    [Fact]
    public void Every_example_of_the_documentation_is_tested()
    {
        var path = Path.Combine(
            typeof(FilterTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "LaurelContentRoot").Value!, "../../docs/rules.md");
        var chapter = File.ReadAllText(path).Split("\n## ").Single(each => each.StartsWith("Filters\n", StringComparison.Ordinal));
        var taken = Tested(nameof(A_filter_takes_what_its_form_says)).Select(row => row[0]).ToHashSet();
        var refused = Tested(nameof(A_filter_is_refused_with_the_place_of_its_error)).Select(row => (row[0], row[1]?.ToString(), row[2])).ToHashSet();

        var examples = Example().Matches(chapter[chapter.IndexOf("### Examples", StringComparison.Ordinal)..]);
        var errors = RefusedExample().Matches(chapter);

        Assert.True(examples.Count >= 10 && errors.Count >= 4);
        Assert.All(examples, example => Assert.Contains(example.Groups["filter"].Value, taken));
        Assert.All(errors, error => Assert.Contains((error.Groups["filter"].Value, error.Groups["position"].Value, error.Groups["message"].Value), refused));
    }

    [Fact]
    public void A_subject_may_be_absent()
    {
        var facts = new ActionFacts(new RecordedAction(1, "edit", 7, null, 0, 0, null));

        Assert.False(Parse("subject = 'home'").Matches(facts));
        Assert.False(Parse("subject != 'home'").Matches(facts));
        Assert.False(Parse("subject = ''").Matches(facts));
        Assert.False(Parse("exists subject").Matches(facts));
        Assert.True(Parse("not subject = 'home'").Matches(facts));
    }

    [Fact]
    public void A_filter_has_at_most_2000_characters()
    {
        var longest = "type = '" + string.Concat(Enumerable.Repeat("😀", Filter.MaxLength - 9)) + "'";

        Assert.True(Filter.TryParse(longest, out _, out _));
        Assert.False(Filter.TryParse(longest + " ", out _, out var error));
        Assert.Equal(new FilterError("At most 2,000 characters.", longest.Length), error);
    }

    [Fact]
    public void A_filter_is_at_most_32_deep()
    {
        Assert.True(Filter.TryParse(Nested("(", 32), out _, out _));
        Assert.True(Filter.TryParse(Nested("not ", 32), out _, out _));
        Assert.True(Filter.TryParse($"{Nested("(", 32)} or {Nested("not ", 32)}", out _, out _));

        foreach (var opening in new[] { "(", "not " })
        {
            Assert.False(Filter.TryParse(Nested(opening, 33), out _, out var error));
            Assert.Equal(new FilterError("Parentheses and 'not' are nested at most 32 deep.", 32 * opening.Length), error);
        }

        static string Nested(string opening, int depth) =>
            string.Concat(Enumerable.Repeat(opening, depth)) + "true" + (opening == "(" ? new string(')', depth) : "");
    }

    [Fact]
    public void A_filter_has_at_most_200_names_and_values()
    {
        Assert.True(Filter.TryParse($"1 in ({string.Join(',', Enumerable.Repeat("1", 199))})", out _, out _));
        Assert.True(Filter.TryParse(string.Join(" or ", Enumerable.Repeat("1=1", 100)), out _, out _));
        Assert.False(Filter.TryParse($"1 in ({string.Join(',', Enumerable.Repeat("1", 200))})", out _, out var error));
        Assert.Equal(new FilterError("A filter has at most 200 names and values.", 6 + (2 * 199)), error);
        Assert.False(Filter.TryParse(string.Join(" or ", Enumerable.Repeat("true", 201)), out _, out error));
        Assert.Equal(new FilterError("A filter has at most 200 names and values.", 8 * 200), error);
    }

    [Fact]
    public void A_name_has_at_most_16_members()
    {
        Assert.True(Filter.TryParse($"exists properties{string.Concat(Enumerable.Repeat(".a", 16))}", out _, out _));
        Assert.False(Filter.TryParse($"exists properties{string.Concat(Enumerable.Repeat(".a", 17))}", out _, out var error));
        Assert.Equal(new FilterError("Properties are nested at most 16 deep.", 17 + 32), error);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_where_it_stands()
    {
        Assert.False(Filter.TryParse("type = '😀\ud83d'", out _, out var error));
        Assert.Equal(10, error.Position);
        Assert.False(Filter.TryParse("type = '\ude00😀'", out _, out error));
        Assert.Equal(8, error.Position);
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        var filter = Parse(
            """properties.n > 1.5 and properties["the t"] in ('x', 'é"') and properties.o.t < '😀' and properties.b and type = 'edit' and subject != 'x' and userId = 7 and exists properties.n""");
        Assert.True(PropertyPath.TryParse("n", out var path, out _));
        var facts = Facts("""{"n":2.5e0,"the t":"\u00e9\"","o":{"t":"\u00e9"},"b":true}""");
        Assert.True(filter.Matches(facts));
        Assert.True(path.TryNumber(facts, out _));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            filter.Matches(facts);
            path.TryNumber(facts, out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static ActionFacts Facts(string? properties) => new(new RecordedAction(1, "edit", 7, "home", 0, 0, properties));

    private static Filter Parse(string text) => Filter.TryParse(text, out var filter, out var error) ? filter : throw new ArgumentException(error.ToString());

    private static IEnumerable<object?[]> Tested(string method) =>
        typeof(FilterTests).GetMethod(method)!.GetCustomAttributes<InlineDataAttribute>().Select(row => row.Data);

    [GeneratedRegex(@"^\| `(?<filter>[^`]+)` \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 10_000)]
    private static partial Regex Example();

    [GeneratedRegex(@"^\| `(?<filter>[^`]+)` \| (?<position>\d+) \| (?<message>.+) \|$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 10_000)]
    private static partial Regex RefusedExample();
}
