using Laurel.Core.Badges;
using Xunit;

namespace Laurel.Tests.Badges;

public sealed class LocaleTagTests
{
    [Theory]
    [InlineData("en", "en")]
    [InlineData("EN", "en")]
    [InlineData("ar-sa", "ar-SA")]
    [InlineData("ZH-HANT-TW", "zh-Hant-TW")]
    [InlineData("sr-latn", "sr-Latn")]
    [InlineData("es-419", "es-419")]
    [InlineData("zh-min-nan", "zh-min-nan")]
    [InlineData("sl-rozaj-biske-1994", "sl-rozaj-biske-1994")]
    [InlineData("de-1996", "de-1996")]
    [InlineData("en-u-CA-Gregory", "en-u-ca-gregory")]
    [InlineData("en-a-BB-x-YY", "en-a-bb-x-yy")]
    [InlineData("x-Whatever", "x-whatever")]
    [InlineData("tlh", "tlh")]
    [InlineData("qaaa-Latn", "qaaa-Latn")]
    [InlineData("abcdefgh", "abcdefgh")]
    [InlineData("en-aaaaaaaa-bbbbbbbb-cccccccc-ddddd", "en-aaaaaaaa-bbbbbbbb-cccccccc-ddddd")]
    public void A_well_formed_tag_has_one_canonical_spelling(string tag, string canonical)
    {
        Assert.True(LocaleTag.IsWellFormed(tag));
        Assert.True(LocaleTag.TryCanonicalize(tag, out var actual));
        Assert.Equal(canonical, actual);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("e")]
    [InlineData("-")]
    [InlineData("en-")]
    [InlineData("-en")]
    [InlineData("en--US")]
    [InlineData("en--")]
    [InlineData("en_US")]
    [InlineData("en US")]
    [InlineData(" en")]
    [InlineData("en\n")]
    [InlineData("12")]
    [InlineData("e1")]
    [InlineData("abcdefghi")]
    [InlineData("en-abcdefghi")]
    [InlineData("en-x")]
    [InlineData("en-u")]
    [InlineData("en-u-")]
    [InlineData("en-u-a")]
    [InlineData("x")]
    [InlineData("x-")]
    [InlineData("x-a--b")]
    [InlineData("i-klingon")]
    [InlineData("en-US-Latn")] // the region comes after the script
    [InlineData("en-US-GB")]
    [InlineData("english-eng")] // an extended subtag only follows two or three letters
    [InlineData("*")]
    [InlineData("en-*")]
    [InlineData("ру")]
    [InlineData("en-é")]
    [InlineData("ｅｎ")]
    [InlineData("en\0")]
    [InlineData("en-aaaaaaaa-bbbbbbbb-cccccccc-dddddd")]
    public void Anything_else_is_refused(string? tag)
    {
        Assert.False(LocaleTag.IsWellFormed(tag));
        Assert.False(LocaleTag.TryCanonicalize(tag, out _));
    }

    [Fact]
    public void A_canonical_tag_is_not_copied()
    {
        var tag = new string("zh-Hant-TW");

        Assert.True(LocaleTag.TryCanonicalize(tag, out var canonical));
        Assert.Same(tag, canonical);
    }
}
