namespace Laurel.Core.Badges;

/// <summary>One weighted element of an Accept-Language header.</summary>
/// <param name="Tag">A basic language range (RFC 4647 §2.1) in canonical case.</param>
/// <param name="Quality">Its weight in thousandths, 0..1000; 0 means "not this one".</param>
internal readonly record struct LanguageRange(string Tag, int Quality)
{
    private const int Best = 1000;
    private const int MaxLength = 255;
    private const string OptionalWhitespace = " \t";

    /// <summary>Reads <c>range [ OWS ";" OWS "q=" qvalue ]</c>; false when it is anything else, or "*", which stands for
    /// the fallback that every lookup ends in anyway.</summary>
    public static bool TryParse(ReadOnlySpan<char> element, out LanguageRange range)
    {
        range = default;
        var semicolon = element.IndexOf(';');
        var tag = (semicolon < 0 ? element : element[..semicolon]).Trim(OptionalWhitespace);
        var quality = semicolon < 0 ? Best : Weight(element[(semicolon + 1)..].Trim(OptionalWhitespace));
        if (quality < 0 || !IsRange(tag))
        {
            return false;
        }

        range = new LanguageRange(LocaleTag.WithCanonicalCase(tag.ToString()), quality);
        return true;
    }

    // RFC 4647: 1*8ALPHA *("-" 1*8alphanum).
    private static bool IsRange(ReadOnlySpan<char> tag)
    {
        if (tag.Length is 0 or > MaxLength)
        {
            return false;
        }

        var first = true;
        foreach (var part in tag.Split('-'))
        {
            var subtag = tag[part];
            if (first ? !LocaleTag.IsAlpha(subtag, 1, LocaleTag.MaxSubtag) : !LocaleTag.IsAlphanumeric(subtag, 1, LocaleTag.MaxSubtag))
            {
                return false;
            }

            first = false;
        }

        return true;
    }

    // RFC 9110 §12.4.2: "q=" then 0 or 1, a dot, and at most three digits, never above 1. Thousandths, or -1.
    private static int Weight(ReadOnlySpan<char> weight)
    {
        if (weight is not (['q' or 'Q', '=', '0' or '1'] or ['q' or 'Q', '=', '0' or '1', '.', ..]) || weight.Length > "q=0.000".Length)
        {
            return -1;
        }

        var thousandths = (weight[2] - '0') * Best;
        for (int i = 4, worth = Best / 10; i < weight.Length; i++, worth /= 10)
        {
            if (!char.IsAsciiDigit(weight[i]))
            {
                return -1;
            }

            thousandths += (weight[i] - '0') * worth;
        }

        return thousandths <= Best ? thousandths : -1;
    }
}
