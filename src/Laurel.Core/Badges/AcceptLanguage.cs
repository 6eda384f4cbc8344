namespace Laurel.Core.Badges;

/// <summary>Which language a reader would like: a parsed Accept-Language header (RFC 9110 §12.5.4), matched against a badge's
/// texts by RFC 4647 §3.4 "lookup". Immutable; lookups allocate nothing. A user's stored locale is a header of one range.</summary>
public sealed class AcceptLanguage
{
    /// <summary>Ranges beyond these are not read.</summary>
    public const int MaxRanges = 32;

    private const int MaxCandidates = 64;

    /// <summary>No wish at all: every lookup answers the source locale.</summary>
    public static readonly AcceptLanguage None = new([]);

    // Best first, in canonical case: each range followed by what RFC 4647 truncates it to, each tag once.
    private readonly string[] candidates;

    private AcceptLanguage(string[] candidates) => this.candidates = candidates;

    /// <summary>Reads a header. Total: malformed parts are ignored, "*" says nothing a fallback does not say already, and
    /// ranges with q=0 are excluded. Headers seen before, and absent ones, cost no allocation.</summary>
    /// <param name="header">The field's value, several lines joined with commas; null or empty when absent.</param>
    public static AcceptLanguage Parse(string? header)
    {
        if (string.IsNullOrEmpty(header))
        {
            return None;
        }

        if (AcceptLanguageCache.TryGet(header, out var known))
        {
            return known;
        }

        var wishes = Candidates(Ranges(header));
        var parsed = wishes.Count == 0 ? None : new AcceptLanguage([.. wishes]);
        AcceptLanguageCache.Add(header, parsed);
        return parsed;
    }

    /// <summary>The locale to answer in: the best wish that is available, else the source locale, even one the reader
    /// excluded (a badge is always shown).</summary>
    /// <param name="texts">The badge's texts by locale tag in canonical case.</param>
    /// <param name="sourceLocale">The locale the badge was written in.</param>
    public string Choose<TText>(IReadOnlyDictionary<string, TText> texts, string sourceLocale)
    {
        foreach (var candidate in candidates)
        {
            if (texts.ContainsKey(candidate))
            {
                return candidate;
            }
        }

        return sourceLocale;
    }

    /// <inheritdoc cref="Choose{TText}(IReadOnlyDictionary{string, TText}, string)"/>
    /// <param name="available">The badge's locale tags in canonical case.</param>
    /// <param name="sourceLocale">The locale the badge was written in.</param>
    public string Choose(ReadOnlySpan<string> available, string sourceLocale)
    {
        foreach (var candidate in candidates)
        {
            if (available.Contains(candidate))
            {
                return candidate;
            }
        }

        return sourceLocale;
    }

    private static List<LanguageRange> Ranges(string header)
    {
        var ranges = new List<LanguageRange>();
        foreach (var part in header.AsSpan().Split(','))
        {
            if (LanguageRange.TryParse(header.AsSpan()[part], out var range))
            {
                ranges.Add(range);
                if (ranges.Count == MaxRanges)
                {
                    break;
                }
            }
        }

        return ranges;
    }

    private static List<string> Candidates(List<LanguageRange> ranges)
    {
        var wishes = new List<string>();
        var excluded = ranges.Where(r => r.Quality == 0).Select(r => r.Tag).ToArray();

        // The sort is stable: equal qualities keep the header's order.
        foreach (var range in ranges.Where(r => r.Quality > 0).OrderByDescending(r => r.Quality))
        {
            foreach (var tag in Truncations(range.Tag))
            {
                var isWish = tag.Length == range.Tag.Length ? !excluded.Contains(tag) : !Array.Exists(excluded, e => Covers(e, tag));
                if (isWish && wishes.Count < MaxCandidates && !wishes.Contains(tag))
                {
                    wishes.Add(tag);
                }
            }
        }

        return wishes;
    }

    // The range, then without its last subtag, and so on; a singleton goes together with what followed it.
    private static IEnumerable<string> Truncations(string tag)
    {
        for (var length = tag.Length; length > 0;)
        {
            if (length <= LocaleTag.MaxLength)
            {
                yield return tag[..length];
            }

            length = Math.Max(0, tag.LastIndexOf('-', length - 1));
            if (length >= 2 && tag[length - 2] == '-')
            {
                length -= 2;
            }
        }
    }

    private static bool Covers(string range, string tag) =>
        tag.StartsWith(range, StringComparison.Ordinal) && (tag.Length == range.Length || tag[range.Length] == '-');
}
