using System.Buffers;
using System.Globalization;
using System.Text;

namespace Laurel.Core.Rules.Filters;

internal enum TokenKind
{
    Word,
    Number,
    Text,
    Symbol,
    End,

    /// <summary>Nothing that can stand in a filter.</summary>
    Fault,
}

/// <param name="Start">In UTF-16 units from 0.</param>
/// <param name="Value">Of a text: what it says. Of a fault: what is wrong. Otherwise as it is written.</param>
internal readonly record struct Token(TokenKind Kind, int Start, string Value)
{
    /// <summary>Whether it is this keyword, field or symbol.</summary>
    public bool Is(string word) => Kind is TokenKind.Word or TokenKind.Symbol && Value == word;
}

/// <summary>Cuts a filter into tokens, one at a time. After a fault or the end nothing more is to be asked for.</summary>
/// <param name="text">One that passed <see cref="Check"/>.</param>
internal sealed class Lexer(string text)
{
    private static readonly SearchValues<char> Spaces = SearchValues.Create(" \t\r\n");

    private static readonly SearchValues<char> WordCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private int at;

    /// <summary>What keeps a text from being read at all; null if nothing does. Looks no further than it must.</summary>
    public static FilterError? Check(string text)
    {
        var length = 0;
        for (var i = 0; i < text.Length; length++)
        {
            if (length == Filter.MaxLength)
            {
                return new("At most 2,000 characters.", i);
            }
            if (text[i] == '\0' || Rune.DecodeFromUtf16(text.AsSpan(i), out _, out var units) != OperationStatus.Done)
            {
                return new("Neither NUL nor half a surrogate pair can stand here.", i);
            }

            i += units;
        }

        return null;
    }

    /// <summary>Whether a property of this name is written without quotes.</summary>
    public static bool IsWord(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && !name.AsSpan().ContainsAnyExcept(WordCharacters);

    public Token Next()
    {
        at = IndexFrom(at, text.AsSpan(at).IndexOfAnyExcept(Spaces));
        if (at == text.Length)
        {
            return new(TokenKind.End, at, "");
        }

        return text[at] switch
        {
            '"' or '\'' => Text(),
            '-' or (>= '0' and <= '9') => Number(),
            var c when WordCharacters.Contains(c) => Cut(TokenKind.Word, EndOfWord(at)),
            _ => Symbol(),
        };
    }

    private Token Symbol() => text.AsSpan(at) switch
    {
        ['=', '=', ..] => Fault(at, "Equality is written '='."),
        ['<', '>', ..] => Fault(at, "Inequality is written '!='."),
        ['<' or '>' or '!', '=', ..] => Cut(TokenKind.Symbol, at + 2),
        ['<' or '>' or '=' or '(' or ')' or '[' or ']' or ',' or '.', ..] => Cut(TokenKind.Symbol, at + 1),
        ['&', ..] => Fault(at, "'And' is written 'and'."),
        ['|', ..] => Fault(at, "'Or' is written 'or'."),
        ['!', ..] => Fault(at, "'Not' is written 'not'."),
        _ => Fault(at, "This character can stand in quotes only."),
    };

    private Token Number()
    {
        var end = text[at] == '-' ? at + 1 : at;
        var isWellFormed = end < text.Length && text[end] == '0' ? ++end > 0 : SkipDigits(ref end);
        if (end < text.Length && text[end] == '.')
        {
            end++;
            isWellFormed &= SkipDigits(ref end);
        }
        if (end < text.Length && text[end] is 'e' or 'E')
        {
            end += end + 1 < text.Length && text[end + 1] is '+' or '-' ? 2 : 1;
            isWellFormed &= SkipDigits(ref end);
        }

        isWellFormed &= end == text.Length || (text[end] != '.' && !WordCharacters.Contains(text[end]));
        return isWellFormed ? Cut(TokenKind.Number, end) : Fault(at, "A number is written as in JSON: -1, 0.5, 2e6.");
    }

    // Whether there is at least one.
    private bool SkipDigits(ref int end)
    {
        var start = end;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return end > start;
    }

    private Token Text()
    {
        var value = new StringBuilder();
        var quote = text[at];
        for (var i = at + 1; i < text.Length; i++)
        {
            var c = text[i];
            if (c == quote)
            {
                return EndText(value.ToString(), i + 1);
            }
            if (c < ' ')
            {
                return Fault(i, "In a text, control characters are written \\n, \\t or \\u0001.");
            }
            if (c != '\\')
            {
                value.Append(c);
            }
            else if (Escape(i, out var length) is { } escaped)
            {
                value.Append(escaped);
                i += length - 1;
            }
            else
            {
                return Fault(i, "An escape is \\\", \\', \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u and four hexadecimal digits.");
            }
        }

        return Fault(at, "This text has no closing quote.");
    }

    private Token EndText(string value, int end)
    {
        var start = at;
        at = end;
        return TextRules.IsStorable(value)
            ? new(TokenKind.Text, start, value)
            : Fault(start, "A text holds neither NUL nor half a surrogate pair.");
    }

    private char? Escape(int start, out int length)
    {
        var escape = text.AsSpan(start);
        length = escape is [_, 'u', ..] ? 6 : 2;
        return escape switch
        {
            [_, '"' or '\'' or '\\' or '/', ..] => escape[1],
            [_, 'b', ..] => '\b',
            [_, 'f', ..] => '\f',
            [_, 'n', ..] => '\n',
            [_, 'r', ..] => '\r',
            [_, 't', ..] => '\t',
            [_, 'u', _, _, _, _, ..] when ushort.TryParse(escape[2..6], NumberStyles.AllowHexSpecifier, null, out var unit) => (char)unit,
            _ => null,
        };
    }

    private int EndOfWord(int start) => IndexFrom(start, text.AsSpan(start).IndexOfAnyExcept(WordCharacters));

    // An index found in a slice as one of the text; its end where nothing was found.
    private int IndexFrom(int start, int found) => found < 0 ? text.Length : start + found;

    private Token Cut(TokenKind kind, int end)
    {
        var token = new Token(kind, at, text[at..end]);
        at = end;
        return token;
    }

    private static Token Fault(int position, string message) => new(TokenKind.Fault, position, message);
}
