using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Laurel.Core.Access;

/// <summary>Tokens that carry their own proof, so that every node can check what another gave out: paging cursors and CSRF
/// tokens. HMAC-SHA256, cut to 16 bytes, under a key of its own for each purpose. Signed, not secret: anybody can read a
/// cursor. Checks take the same time wherever a forgery goes wrong. Safe for concurrent use.</summary>
public sealed class SignedTokens
{
    /// <summary>Length of the deployment's signing key, in bytes.</summary>
    public const int KeyLength = 32;

    /// <summary>Longest payload of a cursor, in bytes: the ledger's key with the longest subject fits.</summary>
    public const int MaxPayload = 544;

    private const int MacLength = 16;
    private const int SlotLength = sizeof(uint);
    private const int StackLimit = 512;

    // A CSRF token names the slot it was made in and passes in that one and the two after: it lives 30 to 45 minutes.
    private const int SlotSeconds = 15 * 60;
    private const int OlderSlots = 2;

    // A node whose clock runs ahead may have made the token.
    private const int NewerSlots = 1;

    private static readonly int MaxCursorLength = Base64Url.GetEncodedLength(MaxPayload + MacLength);
    private static readonly int CsrfLength = Base64Url.GetEncodedLength(SlotLength + MacLength);
    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly byte[] cursorKey;
    private readonly byte[] csrfKey;

    /// <summary>Derives the keys of all purposes from one; the given span is not kept.</summary>
    /// <param name="key">32 random bytes, shared by all nodes.</param>
    /// <exception cref="ArgumentException">The key is of another length.</exception>
    public SignedTokens(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyLength)
        {
            throw new ArgumentException($"A signing key has {KeyLength} bytes, not {key.Length}.", nameof(key));
        }

        cursorKey = Derive(key, "laurel cursor 1"u8);
        csrfKey = Derive(key, "laurel csrf 1"u8);
    }

    /// <summary>A paging cursor: where a page ended, in URL-safe characters, valid only together with its context.</summary>
    /// <param name="payload">The last row's sort key, at most <see cref="MaxPayload"/> bytes.</param>
    /// <param name="context">What the cursor belongs to: list, owner, order and limit, written unambiguously.</param>
    /// <exception cref="ArgumentException">The payload is too long.</exception>
    public string Seal(ReadOnlySpan<byte> payload, string context)
    {
        if (payload.Length > MaxPayload)
        {
            throw new ArgumentException($"A cursor holds {MaxPayload} bytes, not {payload.Length}.", nameof(payload));
        }

        Span<byte> token = stackalloc byte[payload.Length + MacLength];
        payload.CopyTo(token);
        Sign(cursorKey, context, payload, token[payload.Length..]);
        return Base64Url.EncodeToString(token);
    }

    /// <summary>Opens a cursor; false when it is malformed, forged, of another context, or longer than
    /// <paramref name="payload"/> takes. Never throws, whatever the cursor.</summary>
    public bool TryOpen(string? cursor, string context, Span<byte> payload, out int written)
    {
        written = 0;
        Span<byte> token = stackalloc byte[MaxPayload + MacLength];
        if (cursor is null || cursor.Length > MaxCursorLength || !TryDecode(cursor, token, out var length))
        {
            return false;
        }

        var end = length - MacLength;
        if (end < 0 || end > payload.Length || !IsSigned(cursorKey, context, token[..end], token[end..length]))
        {
            return false;
        }

        token[..end].CopyTo(payload);
        written = end;
        return true;
    }

    /// <summary>A CSRF token for the bearer of this cookie value, valid or not (contract: the Roblox dialect). It lives 30 to 45 minutes.</summary>
    public string Issue(string cookieValue, DateTimeOffset now)
    {
        Span<byte> token = stackalloc byte[SlotLength + MacLength];
        BinaryPrimitives.WriteUInt32BigEndian(token, Slot(now));
        Sign(csrfKey, cookieValue, token[..SlotLength], token[SlotLength..]);
        return Base64Url.EncodeToString(token);
    }

    /// <summary>Whether <see cref="Issue"/> made the token for this cookie value not long ago. Never throws.</summary>
    public bool Verify(string? token, string cookieValue, DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[SlotLength + MacLength];
        if (token is null || token.Length != CsrfLength || !TryDecode(token, bytes, out _))
        {
            return false;
        }

        var age = (long)Slot(now) - BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return age is >= -NewerSlots and <= OlderSlots
            && IsSigned(csrfKey, cookieValue, bytes[..SlotLength], bytes[SlotLength..]);
    }

    private static byte[] Derive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> purpose)
    {
        var derived = new byte[KeyLength];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt: [], info: purpose);
        return derived;
    }

    private static uint Slot(DateTimeOffset now) => (uint)Math.Max(0, now.ToUnixTimeSeconds() / SlotSeconds);

    private static bool IsSigned(byte[] key, string context, ReadOnlySpan<byte> message, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[MacLength];
        Sign(key, context, message, expected);
        return CryptographicOperations.FixedTimeEquals(expected, mac);
    }

    // The context makes a key of its own, so no context and message can be cut elsewhere and mean another pair.
    private static void Sign(byte[] key, string context, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        Span<byte> contextKey = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var max = Encoding.UTF8.GetMaxByteCount(context.Length);
        Span<byte> utf8 = max <= StackLimit ? stackalloc byte[StackLimit] : new byte[max];
        HMACSHA256.HashData(key, utf8[..Encoding.UTF8.GetBytes(context, utf8)], contextKey);
        HMACSHA256.HashData(contextKey, message, full);
        full[..MacLength].CopyTo(mac);
    }

    // The decoder skips white space and padding; one token has one spelling here.
    private static bool TryDecode(string text, Span<byte> bytes, out int written)
    {
        written = 0;
        return !text.AsSpan().ContainsAnyExcept(Alphabet)
            && Base64Url.DecodeFromChars(text, bytes, out _, out written) == OperationStatus.Done;
    }
}
