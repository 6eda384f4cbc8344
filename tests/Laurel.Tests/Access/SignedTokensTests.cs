using System.Security.Cryptography;
using Laurel.Core.Access;
using Xunit;

namespace Laurel.Tests.Access;

public sealed class SignedTokensTests
{
    private const string Context = "user-badges/7/Asc/10";
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly SignedTokens Tokens = new(Key);
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 7, 0, TimeSpan.Zero);

    public static TheoryData<string> Rubbish =>
    [
        "", "A", "AA", "=", "====", "undefined", "null", " ", "\0", "é", "\ud800", "../../etc/passwd", "+/+/+/+/+/+/+/+/+/+/+/",
        new string('A', 22), new string('A', 23), new string('A', 27), new string('_', 27), new string('A', 192), new string('A', 193),
        new string('A', 1_000_000),
    ];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(SignedTokens.MaxPayload)]
    public void A_cursor_gives_back_what_was_sealed(int length)
    {
        var payload = RandomNumberGenerator.GetBytes(length);

        var cursor = Tokens.Seal(payload, Context);

        Assert.Equal(payload, Open(cursor, Context));
        Assert.DoesNotContain(cursor, c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'));
    }

    [Fact]
    public void Another_node_with_the_same_key_opens_it() =>
        Assert.Equal([1, 2, 3], Open(new SignedTokens(Key).Seal([1, 2, 3], Context), Context));

    [Fact]
    public void Another_deployments_cursor_is_refused()
    {
        var other = new SignedTokens(RandomNumberGenerator.GetBytes(32));

        Assert.Null(Open(other.Seal([1, 2, 3], Context), Context));
    }

    [Theory]
    [InlineData("user-badges/8/Asc/10")]
    [InlineData("user-badges/7/Desc/10")]
    [InlineData("user-badges/7/Asc/100")]
    [InlineData("user-badges/7/Asc/1")]
    [InlineData("universe-badges/7/Asc/10")]
    [InlineData("")]
    public void A_cursor_of_another_list_owner_order_or_limit_is_refused(string context) =>
        Assert.Null(Open(Tokens.Seal([1, 2, 3], Context), context));

    [Fact]
    public void Bytes_cannot_move_between_context_and_payload() =>
        Assert.Null(Open(Tokens.Seal("0abc"u8, "list/1"), "list/10"));

    [Theory, MemberData(nameof(Rubbish))]
    public void Rubbish_is_refused(string text)
    {
        Assert.Null(Open(text, Context));
        Assert.False(Tokens.Verify(text, "cookie", Now));
    }

    [Fact]
    public void An_absent_token_is_refused()
    {
        Assert.Null(Open(null, Context));
        Assert.False(Tokens.Verify(null, "cookie", Now));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void One_changed_added_or_missing_character_spoils_a_token(int length)
    {
        var cursor = Tokens.Seal(new byte[length], Context);
        var csrf = Tokens.Issue("cookie", Now);

        Assert.All(Variants(cursor), v => Assert.Null(Open(v, Context)));
        Assert.All(Variants(csrf), v => Assert.False(Tokens.Verify(v, "cookie", Now)));
    }

    [Fact]
    public void A_cursor_longer_than_its_reader_expects_is_refused()
    {
        Assert.False(Tokens.TryOpen(Tokens.Seal(new byte[9], Context), Context, new byte[8], out var written));
        Assert.Equal(0, written);
    }

    [Fact]
    public void A_payload_beyond_the_limit_is_a_broken_invariant() =>
        Assert.Throws<ArgumentException>(() => Tokens.Seal(new byte[SignedTokens.MaxPayload + 1], Context));

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_key_of_another_length_is_a_broken_invariant(int length) =>
        Assert.Throws<ArgumentException>(() => new SignedTokens(new byte[length]));

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("_|WARNING:-DO-NOT-SHARE-THIS.--|_ابجد")]
    public void A_CSRF_token_is_good_for_its_cookie_alone(string cookie)
    {
        var token = Tokens.Issue(cookie, Now);

        Assert.True(Tokens.Verify(token, cookie, Now));
        Assert.False(Tokens.Verify(token, cookie + "x", Now));
        Assert.False(Tokens.Verify(token, "other", Now));
    }

    [Fact]
    public void A_cookie_of_any_length_has_a_token()
    {
        var cookie = new string('é', 100_000);

        Assert.True(Tokens.Verify(Tokens.Issue(cookie, Now), cookie, Now));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(29, true)]
    [InlineData(46, false)]
    [InlineData(24 * 60, false)]
    [InlineData(-24 * 60, false)]
    [InlineData(-10, true)] // made by a node whose clock runs ahead
    [InlineData(-31, false)]
    public void A_CSRF_token_lives_about_half_an_hour(int minutes, bool good)
    {
        for (var offset = 0; offset < 15; offset++)
        {
            var issued = Now.AddMinutes(offset);
            Assert.Equal(good, Tokens.Verify(Tokens.Issue("cookie", issued), "cookie", issued.AddMinutes(minutes)));
        }
    }

    [Fact]
    public void A_cursor_is_no_CSRF_token_and_a_CSRF_token_no_cursor()
    {
        var csrf = Tokens.Issue(Context, Now);

        Assert.Null(Open(csrf, Context));
        Assert.False(Tokens.Verify(Tokens.Seal(new byte[4], Context), Context, Now));
    }

    [Fact]
    public void The_ends_of_time_are_survived()
    {
        foreach (var now in new[] { DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue })
        {
            Assert.True(Tokens.Verify(Tokens.Issue("cookie", now), "cookie", now));
        }
    }

    private static byte[]? Open(string? cursor, string context)
    {
        var payload = new byte[SignedTokens.MaxPayload];
        return Tokens.TryOpen(cursor, context, payload, out var written) ? payload[..written] : null;
    }

    private static IEnumerable<string> Variants(string token)
    {
        for (var i = 0; i < token.Length; i++)
        {
            foreach (var c in "AB9-_ =\n+/")
            {
                if (token[i] != c)
                {
                    yield return $"{token[..i]}{c}{token[(i + 1)..]}";
                }
            }

            yield return token.Remove(i, 1);
            yield return token.Insert(i, " ");
        }

        yield return token + "A";
        yield return token + "=";
        yield return token + "\n";
    }
}
