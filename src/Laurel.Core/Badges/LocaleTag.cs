using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Laurel.Core.Badges;

/// <summary>Language tags as RFC 5646 (BCP 47) writes them: syntax and letter case. No registry is consulted, so "xx-Qaax"
/// passes and "iw" is not turned into "he". The irregular grandfathered tags ("i-klingon", "sgn-BE-FR") are refused.</summary>
public static class LocaleTag
{
    /// <summary>The longest tag accepted, in characters: what RFC 5646 §4.4.1 says suffices for any tag without private use.</summary>
    public const int MaxLength = 35;

    internal const int MaxSubtag = 8;
    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    private static readonly SearchValues<char> Alphanumerics =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Whether the text has the syntax of a tag, in any letter case, and at most <see cref="MaxLength"/> characters. Never throws.</summary>
    public static bool IsWellFormed(string? tag)
    {
        if (tag is not { Length: >= 2 and <= MaxLength })
        {
            return false;
        }

        var rest = tag.AsSpan();
        var next = Next(ref rest);
        if (IsSingleton(next, privateUse: true))
        {
            return PrivateUse(rest);
        }

        if (!IsAlpha(next, 2, MaxSubtag))
        {
            return false;
        }

        var extended = next.Length <= 3 ? 3 : 0;
        next = Next(ref rest);
        for (; extended > 0 && IsAlpha(next, 3, 3); extended--)
        {
            next = Next(ref rest);
        }

        if (IsAlpha(next, 4, 4))
        {
            next = Next(ref rest);
        }

        if (IsAlpha(next, 2, 2) || (next.Length == 3 && !next.ContainsAnyExceptInRange('0', '9')))
        {
            next = Next(ref rest);
        }

        while (IsAlphanumeric(next, 5, MaxSubtag) || (IsAlphanumeric(next, 4, 4) && char.IsAsciiDigit(next[0])))
        {
            next = Next(ref rest);
        }

        while (IsSingleton(next, privateUse: false))
        {
            next = Next(ref rest);
            if (!IsAlphanumeric(next, 2, MaxSubtag))
            {
                return false;
            }

            while (IsAlphanumeric(next, 2, MaxSubtag))
            {
                next = Next(ref rest);
            }
        }

        return IsSingleton(next, privateUse: true) ? PrivateUse(rest) : next.IsEmpty && rest.IsEmpty && tag[^1] != '-';
    }

    /// <summary>The tag in RFC 5646 §2.1.1 letter case ("zh-Hant-TW"), as keys are stored and compared; false unless it
    /// <see cref="IsWellFormed"/>.</summary>
    public static bool TryCanonicalize(string? tag, [NotNullWhen(true)] out string? canonical)
    {
        canonical = IsWellFormed(tag) ? WithCanonicalCase(tag!) : null;
        return canonical is not null;
    }

    /// <summary>Letter case alone: subtags of two letters upper, of four letters title, all others and all after a
    /// singleton lower. Returns the same instance when nothing changes.</summary>
    internal static string WithCanonicalCase(string tag)
    {
        Span<char> cased = stackalloc char[MaxLength];
        cased = tag.Length <= MaxLength ? cased[..tag.Length] : new char[tag.Length];
        tag.AsSpan().ToLowerInvariant(cased);

        var afterSingleton = false;
        for (var start = 0; start < cased.Length;)
        {
            var length = cased[start..].IndexOf('-') is >= 0 and var hyphen ? hyphen : cased.Length - start;
            var subtag = cased.Slice(start, length);
            if (start > 0 && !afterSingleton && length is 2 or 4)
            {
                var upper = length == 2 ? subtag : subtag[..1];
                for (var i = 0; i < upper.Length; i++)
                {
                    upper[i] = char.ToUpperInvariant(upper[i]);
                }
            }

            afterSingleton |= length == 1;
            start += length + 1;
        }

        return cased.SequenceEqual(tag) ? tag : new string(cased);
    }

    // The subtag before the next hyphen, which it consumes; empty at the end and between two hyphens.
    private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest)
    {
        var hyphen = rest.IndexOf('-');
        var subtag = hyphen < 0 ? rest : rest[..hyphen];
        rest = hyphen < 0 ? [] : rest[(hyphen + 1)..];
        return subtag;
    }

    private static bool PrivateUse(ReadOnlySpan<char> rest)
    {
        foreach (var range in rest.Split('-'))
        {
            if (!IsAlphanumeric(rest[range], 1, MaxSubtag))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSingleton(ReadOnlySpan<char> subtag, bool privateUse) =>
        IsAlphanumeric(subtag, 1, 1) && (subtag[0] is 'x' or 'X') == privateUse;

    internal static bool IsAlpha(ReadOnlySpan<char> subtag, int min, int max) =>
        subtag.Length >= min && subtag.Length <= max && !subtag.ContainsAnyExcept(Letters);

    internal static bool IsAlphanumeric(ReadOnlySpan<char> subtag, int min, int max) =>
        subtag.Length >= min && subtag.Length <= max && !subtag.ContainsAnyExcept(Alphanumerics);
}
