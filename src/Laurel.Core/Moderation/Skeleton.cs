using System.Globalization;
using System.Text;

namespace Laurel.Core.Moderation;

/// <summary>Text as a reader hears it, whatever characters it is written in: words of folded letters, each between single
/// spaces, the whole beginning and ending with one. In linear time; l and i are one letter, since 1, I, l and | are one sight.</summary>
internal static class Skeleton
{
    private const string Symbols = "@$!|";
    private const int FullWidthFirst = 0xFF01;
    private const int FullWidthLast = 0xFF5E;
    private const int FullWidthShift = 0xFEE0;

    /// <summary>The skeleton of an entry of a word list; a lone space when it holds no word.</summary>
    public static string OfPhrase(string phrase)
    {
        var reading = new StringBuilder(" ");
        AppendLeet(reading, Fold(phrase));
        return reading.ToString();
    }

    /// <summary>All readings of a text, apart by newlines: with digits and symbols as letters ("sh1t"), as punctuation
    /// ("shit!", "shit99"), and with spelled-out letters joined ("s.h.i.t").</summary>
    public static string OfText(string text)
    {
        var folded = Fold(text);
        var readings = new StringBuilder(" ", folded.Length * 3);
        AppendLeet(readings, folded);
        AppendPunctuated(readings.Append("\n "), folded);
        AppendSpelled(readings.Append("\n "), folded);
        return readings.ToString();
    }

    private static void AppendLeet(StringBuilder reading, string folded)
    {
        foreach (var range in folded.AsSpan().Split(' '))
        {
            var word = folded.AsSpan()[range].TrimEnd('!');
            var letters = HasLetter(word);
            if (word.IsEmpty || (!letters && word.ContainsAny(Symbols)))
            {
                continue;
            }

            foreach (var c in word)
            {
                reading.Append(letters ? Letter(c) : c);
            }

            reading.Append(' ');
        }
    }

    private static void AppendPunctuated(StringBuilder reading, string folded)
    {
        foreach (var range in folded.AsSpan().Split(' '))
        {
            var word = folded.AsSpan()[range];
            var letters = HasLetter(word);
            foreach (var c in word)
            {
                var stays = char.IsAsciiDigit(c) ? !letters : !Symbols.Contains(c);
                AppendOrSpace(reading, stays ? c : ' ');
            }

            AppendOrSpace(reading, ' ');
        }
    }

    private static void AppendSpelled(StringBuilder reading, string folded)
    {
        foreach (var range in folded.AsSpan().Split(' '))
        {
            var word = folded.AsSpan()[range];
            if (!word.IsEmpty)
            {
                AppendOrSpace(reading, word.Length == 1 ? Letter(word[0]) : ' ');
            }
        }

        AppendOrSpace(reading, ' ');
    }

    private static void AppendOrSpace(StringBuilder reading, char c)
    {
        if (c != ' ' || reading[^1] != ' ')
        {
            reading.Append(c);
        }
    }

    private static bool HasLetter(ReadOnlySpan<char> word)
    {
        foreach (var c in word)
        {
            if (!char.IsAsciiDigit(c) && !Symbols.Contains(c))
            {
                return true;
            }
        }

        return false;
    }

    private static char Letter(char c) => c switch
    {
        '0' => 'o',
        '1' or '!' or '|' => 'i',
        '3' => 'e',
        '4' or '@' => 'a',
        '5' or '$' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        _ => c,
    };

    // Letters, digits and symbols, with spaces between; what cannot be seen is gone.
    private static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var narrow = rune.Value is >= FullWidthFirst and <= FullWidthLast ? new Rune(rune.Value - FullWidthShift) : rune;
            if (FoldTable.Find(narrow.Value) is { } plain)
            {
                folded.Append(plain);
            }
            else if (!IsUnseen(narrow))
            {
                AppendPlain(folded, narrow);
            }
        }

        return folded.Replace('l', 'i').ToString();
    }

    private static void AppendPlain(StringBuilder folded, Rune rune)
    {
        if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber)
        {
            folded.Append((int)Rune.GetNumericValue(rune));
        }
        else if (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpacingCombiningMark
            || (rune.IsBmp && Symbols.Contains((char)rune.Value)))
        {
            folded.Append(Rune.ToLowerInvariant(rune));
        }
        else
        {
            folded.Append(' ');
        }
    }

    // Combining marks, zero-width and bidirectional controls, the Arabic stretcher and the Hangul fillers.
    private static bool IsUnseen(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => true,
        UnicodeCategory.Control => !Rune.IsWhiteSpace(rune),
        _ => rune.Value is 0x0640 or 0x115F or 0x1160 or 0x3164 or 0xFFA0,
    };
}
