using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Laurel.Core;

/// <summary>What text is acceptable, everywhere and in one place. Limits are in Unicode scalar values (an emoji of one code
/// point is one), so that they mean the same to every client and both engines; those in bytes say so. Total functions:
/// null is never acceptable, nothing throws.</summary>
public static class TextRules
{
    /// <summary>Longest name of a badge, issuer or place, in scalar values.</summary>
    public const int MaxName = 255;

    /// <summary>Longest description, in scalar values.</summary>
    public const int MaxDescription = 4000;

    /// <summary>Longest key of a user, issuer or badge, in scalar values.</summary>
    public const int MaxKey = 255;

    /// <summary>Longest user name, in scalar values.</summary>
    public const int MaxUsername = 150;

    /// <summary>Longest reason given for a removal or correction, in scalar values.</summary>
    public const int MaxReason = 1000;

    /// <summary>Longest name of a type of actions, in bytes of UTF-8: a paging cursor holds it.</summary>
    public const int MaxActionTypeBytes = 512;

    /// <summary>Longest subject, in bytes of UTF-8: it is part of the ledger's primary key.</summary>
    public const int MaxSubjectBytes = 512;

    /// <summary>Longest payload, in bytes of UTF-8 as it arrived.</summary>
    public const int MaxPayloadBytes = 16 * 1024;

    /// <summary>Deepest nesting of a payload; a bare object or array has depth 1.</summary>
    public const int MaxPayloadDepth = 16;

    /// <summary>Longest badge name set through Roblox, in scalar values.</summary>
    public const int MaxRobloxName = 50;

    /// <summary>Longest badge description set through Roblox, in scalar values.</summary>
    public const int MaxRobloxDescription = 1000;

    /// <summary>Whether both engines can store the text and every client can read it: no NUL, no lone surrogate.</summary>
    public static bool IsStorable(string? text) => text is not null && !text.Contains('\0') && IsWellFormed(text);

    /// <summary>The number of Unicode scalar values; a lone surrogate counts as one.</summary>
    public static int Length(string text)
    {
        var pairs = 0;
        for (var i = text.AsSpan().IndexOfAnyInRange('\ud800', '\udbff'); i >= 0 && i + 1 < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i], text[i + 1]))
            {
                pairs++;
                i++;
            }
        }

        return text.Length - pairs;
    }

    /// <summary>Storable and at most <paramref name="max"/> scalar values. Looks no further than it must into a text far too long.</summary>
    public static bool Fits(string? text, int max) =>
        text is not null && text.Length / 2 <= max && (text.Length <= max || Length(text) <= max) && IsStorable(text);

    /// <summary>A name: not blank, at most <see cref="MaxName"/>, no control characters but line feed, return and tab.</summary>
    public static bool IsName(string? text) => IsName(text, MaxName);

    /// <summary>A name with a limit of its own (Roblox's, say).</summary>
    public static bool IsName(string? text, int max) =>
        Fits(text, max) && !string.IsNullOrWhiteSpace(text) && !HasControl(text, exceptLayout: true);

    /// <summary>A description: storable, at most <see cref="MaxDescription"/>, possibly empty.</summary>
    public static bool IsDescription(string? text) => Fits(text, MaxDescription);

    /// <summary>A user name: a name of at most <see cref="MaxUsername"/> without any control character.</summary>
    public static bool IsUsername(string? text) => IsName(text, MaxUsername) && !HasControl(text!, exceptLayout: false);

    /// <summary>A reason: storable, at most <see cref="MaxReason"/>, possibly empty.</summary>
    public static bool IsReason(string? text) => Fits(text, MaxReason);

    /// <summary>A subject: storable, not empty, at most <see cref="MaxSubjectBytes"/> bytes of UTF-8.</summary>
    public static bool IsSubject(string? text) =>
        text is { Length: >= 1 and <= MaxSubjectBytes } && IsStorable(text) && Encoding.UTF8.GetByteCount(text) <= MaxSubjectBytes;

    /// <summary>A key: 1..255, storable, no control characters. Case-sensitive and never trimmed.</summary>
    public static bool IsKey(string? text) => Fits(text, MaxKey) && text!.Length > 0 && !HasControl(text, exceptLayout: false);

    /// <summary>A key that the user or issuer with this id may bear: in digits only if they are its own id.</summary>
    public static bool IsKeyOf(string? text, long id) =>
        IsKey(text) && (text.AsSpan().ContainsAnyExceptInRange('0', '9') || (TryCanonicalId(text, out var named) && named == id));

    /// <summary>A badge's key: a key without '/' (which ends it in a Perfumer name) and ',' (which separates names), and not
    /// "_all" (which Perfumer reserves).</summary>
    public static bool IsBadgeKey(string? text) => IsKey(text) && text.AsSpan().IndexOfAny('/', ',') < 0 && text != "_all";

    /// <summary>The name of a type of actions: a key of at most <see cref="MaxActionTypeBytes"/> bytes that can stand in a path, so
    /// without '/' and '%', and neither "." nor "..".</summary>
    public static bool IsActionType(string? text) =>
        IsKey(text) && text.AsSpan().IndexOfAny('/', '%') < 0 && text is not ("." or "..") && Encoding.UTF8.GetByteCount(text!) <= MaxActionTypeBytes;

    /// <summary>A string that names a user or issuer by id: digits only, no sign, no leading zero, at most
    /// <see cref="long.MaxValue"/>. Any other string is a key.</summary>
    public static bool TryCanonicalId(string? text, out long id)
    {
        id = 0;
        return text is { Length: > 0 }
            && (text[0] != '0' || text.Length == 1)
            && !text.AsSpan().ContainsAnyExceptInRange('0', '9') // the parser would take NULs at the end
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    /// <summary>A payload: one JSON value of at most <see cref="MaxPayloadBytes"/> and <see cref="MaxPayloadDepth"/>, whose
    /// strings and member names are all storable, escaped characters included. No comments, no trailing commas.</summary>
    public static bool IsPayload(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxPayloadBytes || !Utf8.IsValid(json))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxPayloadDepth });
            while (reader.Read())
            {
                // Unescaped, JSON cannot hold NUL and valid UTF-8 cannot hold a surrogate.
                if (reader.ValueIsEscaped && reader.GetString()!.Contains('\0'))
                {
                    return false;
                }
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader's ways to say: not JSON, too deep, or an escaped lone surrogate.
            return false;
        }
    }

    /// <summary>A payload that is an object.</summary>
    public static bool IsPayloadObject(ReadOnlySpan<byte> json) => IsPayload(json) && json.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    private static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAnyInRange('\ud800', '\udfff') is >= 0 and var i)
        {
            if (Rune.DecodeFromUtf16(text[i..], out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            text = text[(i + length)..];
        }

        return true;
    }

    private static bool HasControl(string text, bool exceptLayout)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) && !(exceptLayout && c is '\n' or '\r' or '\t'))
            {
                return true;
            }
        }

        return false;
    }
}
