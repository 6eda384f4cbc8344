using FsCheck;
using FsCheck.Fluent;
using Laurel.Core.Badges;
using Xunit;

namespace Laurel.Tests.Badges;

public sealed class AcceptLanguageTests
{
    private static readonly Dictionary<string, string> Texts = new[] { "en", "en-GB", "ar", "zh-Hant", "de-CH-1996", "pt-BR" }
        .ToDictionary(locale => locale, _ => "text");

    [Theory]
    // Absent, or nothing to go by
    [InlineData(null, "en")]
    [InlineData("", "en")]
    [InlineData("*", "en")]
    [InlineData("*;q=0", "en")]
    [InlineData("fr", "en")]
    // One simple tag, in any case
    [InlineData("ar", "ar")]
    [InlineData("AR", "ar")]
    [InlineData("EN-gb", "en-GB")]
    // RFC 4647 lookup truncates from the end
    [InlineData("ar-SA", "ar")]
    [InlineData("zh-Hant-TW", "zh-Hant")]
    [InlineData("zh-Hant-CN-x-private1-private2", "zh-Hant")]
    [InlineData("ar-x-a", "ar")]
    [InlineData("de-CH-1996-x-long", "de-CH-1996")]
    [InlineData("ar-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd-eeeeeeee", "ar")]
    // but never widens
    [InlineData("zh", "en")]
    [InlineData("pt", "en")]
    [InlineData("e", "en")]
    [InlineData("pt-BRA", "en")]
    // Weights
    [InlineData("fr, ar;q=0.8, en;q=0.9", "en")]
    [InlineData("en;q=0.8, ar;q=0.9", "ar")]
    [InlineData("en;q=0.8,ar", "ar")]
    [InlineData("ar;q=0.8, zh-Hant;q=0.8", "ar")] // equal weights: as written
    [InlineData("ar;q=0.001, zh-Hant;q=0.002", "zh-Hant")]
    [InlineData("ar;Q=1.000", "ar")]
    [InlineData("ar ; q=0.5", "ar")]
    [InlineData("\tar\t;\tq=1.", "ar")]
    // A range is exhausted before the next is tried
    [InlineData("ar-SA, en-GB", "ar")]
    [InlineData("fr-FR, *;q=0.5, ar;q=0.3", "ar")]
    // Exclusions
    [InlineData("ar;q=0", "en")]
    [InlineData("ar;q=0.000, zh-Hant", "zh-Hant")]
    [InlineData("ar-SA, ar;q=0, pt-BR;q=0.1", "pt-BR")]
    [InlineData("zh-Hant-TW, zh;q=0", "en")]
    [InlineData("en-GB, en;q=0", "en-GB")]
    [InlineData("en;q=0", "en")] // nothing else to show
    // Malformed parts are ignored, the rest is read
    [InlineData(",,ar,,", "ar")]
    [InlineData("ar;q=2, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;q=1.001, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;q=-1, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;q=.5, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;q=0.1234, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;q=, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;level=1, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;q=1;q=1, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar q=1, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar_SA, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar--SA, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("-ar, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar-, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar-é, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar\0, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("ar;q=٠, zh-Hant;q=0.1", "zh-Hant")]
    [InlineData("<script>, ar", "ar")]
    public void A_header_finds_the_text_it_asks_for(string? header, string expected)
    {
        Assert.Equal(expected, AcceptLanguage.Parse(header).Choose(Texts, "en"));
        Assert.Equal(expected, AcceptLanguage.Parse(header).Choose(Texts.Keys.ToArray().AsSpan(), "en"));
    }

    [Fact]
    public void Ranges_beyond_the_32nd_are_not_read()
    {
        var noise = string.Join(',', Enumerable.Range(0, 31).Select(i => $"f{(char)('a' + i % 26)}-{i:000}"));

        Assert.Equal("ar", AcceptLanguage.Parse($"{noise},ar").Choose(Texts, "en"));
        Assert.Equal("en", AcceptLanguage.Parse($"{noise},fr,ar").Choose(Texts, "en"));
    }

    [Fact]
    public void No_header_makes_parsing_throw() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3000),
        Prop.ForAll(Headers(), header => Texts.ContainsKey(AcceptLanguage.Parse(header).Choose(Texts, "en"))));

    [Fact]
    public void Endless_headers_are_survived()
    {
        foreach (var piece in new[] { "a", "-", "a-", ",", ";", "ar,", "ar-aa-", "x-", "ar;q=0,", "q=", " ", "\ud800" })
        {
            var header = string.Concat(Enumerable.Repeat(piece, 100_000));

            Assert.Contains(AcceptLanguage.Parse(header).Choose(Texts, "en"), Texts.Keys);
        }
    }

    [Fact]
    public void Absent_and_repeated_headers_allocate_nothing()
    {
        const string header = "ar-SA,ar;q=0.9,en;q=0.8";
        Choose(null);
        Choose(header);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Choose(null);
            Choose(header);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Same(AcceptLanguage.None, AcceptLanguage.Parse(null));

        static void Choose(string? header) => AcceptLanguage.Parse(header).Choose(Texts, "en");
    }

    [Fact]
    public void A_cached_header_is_never_mistaken_for_another()
    {
        for (var i = 0; i < 5000; i++)
        {
            var wanted = i % 2 == 0 ? "ar" : "zh-Hant";
            Assert.Equal(wanted, AcceptLanguage.Parse($"fr-{i:0000},{wanted}").Choose(Texts, "en"));
        }
    }

    private static Arbitrary<string> Headers()
    {
        var piece = Gen.Elements("ar", "en", "zh-Hant", "*", "-", ",", ";", "q", "=", "0", "1", ".", " ", "x", "\ud800", "é", "\0");
        return Gen.ListOf(piece).Select(string.Concat).ToArbitrary();
    }
}
