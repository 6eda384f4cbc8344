using System.Text;
using Laurel.Core;
using Xunit;

namespace Laurel.Tests;

public sealed class TextRulesTests
{
    private const string Emoji = "\U0001F3C6";

    [Theory]
    [InlineData("", true)]
    [InlineData("plain", true)]
    [InlineData("إنجاز", true)]
    [InlineData("\U0001F3C6", true)]
    [InlineData("\u0001\u007f\u0085\u200b\ufffd\uffff", true)]
    [InlineData(null, false)]
    [InlineData("\0", false)]
    [InlineData("a\0b", false)]
    public void Storable_text_has_no_NUL(string? text, bool storable) =>
        Assert.Equal(storable, TextRules.IsStorable(text));

    [Fact]
    public void No_text_holds_a_lone_surrogate()
    {
        // Not in attributes: those are UTF-8 and would mend them.
        string[] broken = ["\ud83c", "\udfc6", "a\ud83c", "\ud83ca", "\udfc6\ud83c", "\ud83c\ud83c\udfc6", $"{Emoji}\udfc6"];

        Assert.All(broken, text =>
        {
            Assert.False(TextRules.IsStorable(text));
            Assert.False(TextRules.IsName(text));
            Assert.False(TextRules.IsKey(text));
            Assert.False(TextRules.IsSubject(text));
            Assert.False(TextRules.IsDescription(text));
        });
        Assert.Equal(1, TextRules.Length("\ud83c"));
        Assert.Equal(2, TextRules.Length("\ud83c\ud83c\udfc6"));
        Assert.Equal(2, TextRules.Length("\udfc6\ud83c"));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("abc", 3)]
    [InlineData("\U0001F3C6", 1)]
    [InlineData("a\U0001F3C6b\U0001F3C6", 4)]
    [InlineData("e\u0301", 2)]
    public void Length_counts_scalar_values(string text, int length) => Assert.Equal(length, TextRules.Length(text));

    [Fact]
    public void Limits_count_scalar_values()
    {
        Assert.True(TextRules.IsName(Repeat(Emoji, 255)));
        Assert.False(TextRules.IsName(Repeat(Emoji, 256)));
        Assert.True(TextRules.IsName(Repeat("a", 255)));
        Assert.False(TextRules.IsName(Repeat("a", 256)));
        Assert.True(TextRules.IsName(Repeat(Emoji, 50), TextRules.MaxRobloxName));
        Assert.False(TextRules.IsName(Repeat("a", 51), TextRules.MaxRobloxName));
        Assert.True(TextRules.IsDescription(""));
        Assert.True(TextRules.IsDescription(Repeat("ج", 4000)));
        Assert.False(TextRules.IsDescription(Repeat("ج", 4001)));
        Assert.True(TextRules.IsUsername(Repeat("a", 150)));
        Assert.False(TextRules.IsUsername(Repeat("a", 151)));
        Assert.True(TextRules.IsReason(Repeat("a", 1000)));
        Assert.False(TextRules.IsReason(Repeat("a", 1001)));
    }

    [Theory]
    [InlineData(" First Blood ", true)] // never trimmed
    [InlineData("two\r\n\tlines", true)]
    [InlineData("الأول", true)]
    [InlineData("", false)]
    [InlineData(" \t\u3000", false)]
    [InlineData("bell\a", false)]
    [InlineData("escape\u001b[31m", false)]
    [InlineData("next\u0085line", false)]
    [InlineData("delete\u007f", false)]
    [InlineData("nul\0", false)]
    public void A_name_is_visible_and_has_no_control_characters_but_layout(string text, bool isName) =>
        Assert.Equal(isName, TextRules.IsName(text));

    [Theory]
    [InlineData("ada", true)]
    [InlineData(" ", true)]
    [InlineData("1", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("a\tb", false)]
    [InlineData("a\n", false)]
    [InlineData("a\0", false)]
    [InlineData("a\u009f", false)]
    public void A_key_has_no_control_characters_at_all(string? text, bool isKey) => Assert.Equal(isKey, TextRules.IsKey(text));

    [Fact]
    public void A_key_has_at_most_255_scalar_values()
    {
        Assert.True(TextRules.IsKey(Repeat(Emoji, 255)));
        Assert.False(TextRules.IsKey(Repeat("a", 256)));
        Assert.False(TextRules.IsKey(Repeat("a", 1_000_000)));
    }

    [Theory]
    [InlineData("7", 7, true)]
    [InlineData("ada", 7, true)]
    [InlineData("7a", 7, true)]
    [InlineData("-7", 7, true)]
    [InlineData("8", 7, false)]
    [InlineData("07", 7, false)]
    [InlineData("99999999999999999999", 7, false)]
    [InlineData("", 7, false)]
    public void A_key_in_digits_must_be_its_bearers_own_id(string key, long id, bool allowed) =>
        Assert.Equal(allowed, TextRules.IsKeyOf(key, id));

    [Theory]
    [InlineData("second-sea", true)]
    [InlineData("all", true)]
    [InlineData("_ALL", true)]
    [InlineData("_all", false)]
    [InlineData("a/b", false)]
    [InlineData("a,b", false)]
    [InlineData("", false)]
    public void A_badge_key_leaves_Perfumers_signs_alone(string key, bool allowed) => Assert.Equal(allowed, TextRules.IsBadgeKey(key));

    [Theory]
    [InlineData("UserEditAction", true)]
    [InlineData("a b,c", true)]
    [InlineData("...", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("a%2Fb", false)]
    [InlineData("a\u0007", false)]
    [InlineData(null, false)]
    public void The_name_of_a_type_of_actions_can_stand_in_a_path(string? name, bool allowed) => Assert.Equal(allowed, TextRules.IsActionType(name));

    [Fact]
    public void The_name_of_a_type_of_actions_fits_a_cursor()
    {
        Assert.True(TextRules.IsActionType(string.Concat(Enumerable.Repeat("💩", 128))));
        Assert.False(TextRules.IsActionType(string.Concat(Enumerable.Repeat("💩", 129))));
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData(" \r\n\t{\"a\":[1]} ", true)]
    [InlineData("[]", false)]
    [InlineData("\"{}\"", false)]
    [InlineData("", false)]
    [InlineData("{", false)]
    public void An_object_is_told_from_other_payloads(string json, bool allowed) =>
        Assert.Equal(allowed, TextRules.IsPayloadObject(System.Text.Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("9007199254740993", 9007199254740993)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_canonical_number_names_an_id(string text, long expected)
    {
        Assert.True(TextRules.TryCanonicalId(text, out var id));
        Assert.Equal(expected, id);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("00")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("-0")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1\n")]
    [InlineData("1\0")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("1,000")]
    [InlineData("0x1")]
    [InlineData("١")]
    [InlineData("１")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999")]
    public void Any_other_string_is_no_id(string? text) => Assert.False(TextRules.TryCanonicalId(text, out _));

    [Fact]
    public void A_subject_is_measured_in_bytes()
    {
        Assert.True(TextRules.IsSubject("node:7"));
        Assert.True(TextRules.IsSubject(Repeat("a", 512)));
        Assert.True(TextRules.IsSubject(Repeat("ج", 256)));
        Assert.True(TextRules.IsSubject(Repeat(Emoji, 128)));
        Assert.False(TextRules.IsSubject(Repeat("a", 513)));
        Assert.False(TextRules.IsSubject(Repeat("ج", 257)));
        Assert.False(TextRules.IsSubject(""));
        Assert.False(TextRules.IsSubject("\0"));
        Assert.False(TextRules.IsSubject("\ud83c"));
        Assert.False(TextRules.IsSubject(null));
    }

    [Theory]
    [InlineData("""{"a":[1,"two",null,{"ب":"\u0628\ud83c\udfc6"}]}""", true)]
    [InlineData("null", true)]
    [InlineData("\"text\"", true)]
    [InlineData("", false)]
    [InlineData("{", false)]
    [InlineData("{} {}", false)]
    [InlineData("{\"a\":1,}", false)]
    [InlineData("{}//c", false)]
    [InlineData("NaN", false)]
    [InlineData("""{"a":"\u0000"}""", false)]
    [InlineData("""{"\u0000":1}""", false)]
    [InlineData("""["\ud83c"]""", false)]
    [InlineData("""["\udfc6\ud83c"]""", false)]
    [InlineData("""{"\ud83c":1}""", false)]
    [InlineData("\"a\0\"", false)]
    public void A_payload_is_one_JSON_value_of_storable_strings(string json, bool allowed) =>
        Assert.Equal(allowed, TextRules.IsPayload(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_payload_is_valid_UTF8_of_16_KiB_and_16_levels()
    {
        Assert.True(TextRules.IsPayload(Encoding.UTF8.GetBytes($"\"{Repeat("a", 16 * 1024 - 2)}\"")));
        Assert.False(TextRules.IsPayload(Encoding.UTF8.GetBytes($"\"{Repeat("a", 16 * 1024 - 1)}\"")));
        Assert.True(TextRules.IsPayload(Encoding.UTF8.GetBytes(Repeat("[", 16) + Repeat("]", 16))));
        Assert.False(TextRules.IsPayload(Encoding.UTF8.GetBytes(Repeat("[", 17) + Repeat("]", 17))));
        Assert.False(TextRules.IsPayload([(byte)'"', 0xff, (byte)'"']));
        Assert.False(TextRules.IsPayload([(byte)'"', 0xed, 0xa0, 0xbc, (byte)'"'])); // a surrogate in bytes
    }

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
