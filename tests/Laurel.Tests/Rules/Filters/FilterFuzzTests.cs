using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Laurel.Core.Actions;
using Laurel.Core.Rules.Filters;
using Xunit;

namespace Laurel.Tests.Rules.Filters;

/// <summary>Whatever text comes, there is a filter or an error with a place in it.</summary>
public sealed class FilterFuzzTests
{
    private static readonly string[] Pieces =
    [
        "properties", ".a", ".b", "[", "]", "'a'", "\"b\"", "type", "subject", "userId", "1", "-1.5", "2e3", "true", "false", "=", "!=", "<", "<=", ">", ">=",
        "in", "not", "exists", "and", "or", "(", ")", ",", ".", " ", " ", "\n", "properties.a", "properties.b = ", "'", "\"", "\\", "\\u00", "e", "0", "-", "!",
        "é", "😀", "\ud83d", "\ude00", "\0", "\u2028", "AND", "&&",
    ];

    private static readonly ActionFacts[] Actions =
    [
        .. new[] { null, "{}", """{"a":1,"b":"b"}""", """{"a":{"b":true},"b":null}""", """{"a":"\u0061","b":"a"}""", """{"a":[],"b":1e999}""" }
            .Select(properties => new ActionFacts(new RecordedAction(1, "a", 1, null, 0, 0, properties))),
    ];

    [Fact]
    public void Any_heap_of_tokens_is_read_or_refused() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(20_000),
        Prop.ForAll(Gen.ListOf(Gen.Elements(Pieces)).Select(string.Concat).ToArbitrary(), IsTotal));

    [Fact]
    public void Any_characters_are_read_or_refused() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(10_000),
        Prop.ForAll(
            Gen.ListOf(Gen.Frequency((4, Gen.Choose(0, 127)), (1, Gen.Choose(0, char.MaxValue)))).Select(codes => string.Concat(codes.Select(code => (char)code))).ToArbitrary(),
            IsTotal));

    [Fact]
    public void Any_slip_of_the_pen_is_read_or_refused() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(20_000),
        Prop.ForAll(
            (from seed in Gen.Choose(0, int.MaxValue)
             from place in Gen.Choose(0, int.MaxValue)
             from cut in Gen.Choose(0, 3)
             from piece in Gen.Elements(Pieces)
             let text = new FilterModel(seed).Draw().Text
             let start = place % (text.Length + 1)
             select string.Concat(text.AsSpan(0, start), piece, text.AsSpan(Math.Min(text.Length, start + cut)))).ToArbitrary(),
            IsTotal));

    [Fact]
    public void Endless_filters_are_survived()
    {
        var clock = Stopwatch.StartNew();
        foreach (var piece in Pieces.Concat(["not ", "(not ", "true and ", "properties.a=1 or ", "1=1 or(", "properties.a in (", "properties.a=properties.b and ", "1,", ".a.b"]))
        {
            foreach (var length in new[] { 100, Filter.MaxLength, 100_000 })
            {
                var text = string.Concat(Enumerable.Repeat(piece, (length / piece.Length) + 1));

                Assert.True(IsTotal(text));
                Assert.True(IsTotal(text[..length]));
                Assert.True(IsTotal($"properties{text}"));
            }
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), clock.Elapsed.ToString());
    }

    private static bool IsTotal(string text)
    {
        var isPath = PropertyPath.TryParse(text, out var path, out var pathError);
        var isFilter = Filter.TryParse(text, out var filter, out var error);
        foreach (var action in Actions)
        {
            filter?.Matches(action);
            path?.TryNumber(action, out _);
        }

        return IsEither(isPath, path, pathError) && IsEither(isFilter, filter, error);

        bool IsEither(bool succeeded, object? result, FilterError? error) =>
            succeeded == result is not null && succeeded == error is null && (error is null || (error.Position >= 0 && error.Position <= text.Length));
    }
}
