using System.Buffers;

namespace Laurel.Core.Awards;

/// <summary>What one committed batch did. Stored: numbers never change.</summary>
internal enum OutboxKind : byte
{
    Awarded = 1,
    Removed = 2,

    /// <summary>User was seen at issuer (in <see cref="OutboxEvent.BadgeId"/>) in bucket <see cref="OutboxEvent.At"/>; before it in
    /// bucket <see cref="OutboxEvent.AwardId"/>, 0 for never.</summary>
    Visited = 3,
}

/// <summary>One event. It names no personal data: a subscriber that may see more looks it up.</summary>
internal readonly record struct OutboxEvent(OutboxKind Kind, long UserId, long BadgeId, long AwardId, long At, string Occasion)
{
    /// <summary>Of an award.</summary>
    public AwardSource Source { get; init; }

    /// <summary>The award was committed by this event alone; its row follows with a flush of the <see cref="Memtable"/>.</summary>
    public bool IsBuffered { get; init; }
}

/// <summary>The packed form of events: a version byte; the number of events; the badges and issuers they name, ascending, as a count and
/// differences; then per event a byte of its kind (3 bits), source (4) and whether it is buffered (1), the user's difference to the event before,
/// the place of its badge or issuer, award and time as differences to the event of its kind before, and, unless it is buffered, the
/// occasion as length and UTF-8. All numbers are zigzag varints. About 20 bytes an award and its visit with ids of ten digits.</summary>
internal static class Outbox
{
    /// <summary>Selects number and packed events of a node's rows behind a number, in order.</summary>
    public const string RowsBehind = "SELECT sequence, events FROM outbox WHERE node = $1 AND sequence > $2 ORDER BY sequence";

    private const byte Version = 1;

    // One more than the largest number of a kind.
    private const int Kinds = 4;

    private const int KindMask = 7;
    private const int SourceShift = 3;
    private const int SourceMask = 15;
    private const int Buffered = 128;

    public static byte[] Pack(ReadOnlySpan<OutboxEvent> events)
    {
        var buffer = new ArrayBufferWriter<byte>(16 + (events.Length * 20));
        Put(buffer, Version);
        PutNumber(buffer, events.Length);
        var named = Named(events);
        PutNumber(buffer, named.Length);
        for (var i = 0; i < named.Length; i++)
        {
            PutNumber(buffer, named[i] - (i == 0 ? 0 : named[i - 1]));
        }
        Span<OutboxEvent> lasts = new OutboxEvent[Kinds];
        var user = 0L;
        foreach (ref readonly var each in events)
        {
            ref var last = ref lasts[(int)each.Kind];
            Put(buffer, (byte)((int)each.Kind | ((int)each.Source << SourceShift) | (each.IsBuffered ? Buffered : 0)));
            PutNumber(buffer, each.UserId - user);
            PutNumber(buffer, named.BinarySearch(each.BadgeId));
            PutNumber(buffer, each.AwardId - last.AwardId);
            PutNumber(buffer, each.At - last.At);
            if (!each.IsBuffered)
            {
                PutText(buffer, each.Occasion);
            }
            (last, user) = (each, each.UserId);
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<long> Named(ReadOnlySpan<OutboxEvent> events)
    {
        var ids = new long[events.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = events[i].BadgeId;
        }
        Array.Sort(ids);
        var count = 0;
        foreach (var id in ids)
        {
            if (count == 0 || ids[count - 1] != id)
            {
                ids[count++] = id;
            }
        }
        return ids.AsSpan(0, count);
    }

    /// <exception cref="InvalidDataException">Not the packed form of a version known here.</exception>
    public static List<OutboxEvent> Unpack(ReadOnlySpan<byte> packed)
    {
        if (packed.Length == 0 || packed[0] != Version)
        {
            throw new InvalidDataException("Unknown version of an outbox row.");
        }
        var rest = packed[1..];
        // Each event and each name takes a byte at least, whatever the counts claim.
        var count = Within(TakeNumber(ref rest), rest.Length);
        var named = TakeNamed(ref rest);
        var events = new List<OutboxEvent>(count);
        Span<OutboxEvent> lasts = new OutboxEvent[Kinds];
        var user = 0L;
        while (rest.Length > 0 && events.Count < count)
        {
            var head = rest[0];
            var kind = (OutboxKind)(head & KindMask);
            if (kind is < OutboxKind.Awarded or > OutboxKind.Visited)
            {
                throw new InvalidDataException("Unknown kind of an outbox event.");
            }
            ref var last = ref lasts[(int)kind];
            var isBuffered = (head & Buffered) != 0;
            rest = rest[1..];
            last = new OutboxEvent(
                kind,
                user += TakeNumber(ref rest),
                named[Within(TakeNumber(ref rest), named.Length - 1)],
                last.AwardId + TakeNumber(ref rest),
                last.At + TakeNumber(ref rest),
                isBuffered ? "" : TakeText(ref rest))
            {
                Source = (AwardSource)((head >> SourceShift) & SourceMask),
                IsBuffered = isBuffered,
            };
            events.Add(last);
        }
        return rest.Length == 0 && events.Count == count ? events : throw new InvalidDataException("An outbox row does not end with its last event.");
    }

    private static long[] TakeNamed(ref ReadOnlySpan<byte> rest)
    {
        var named = new long[Within(TakeNumber(ref rest), rest.Length)];
        for (var (i, last) = (0, 0L); i < named.Length; i++)
        {
            named[i] = last += TakeNumber(ref rest);
        }
        return named;
    }

    private static int Within(long number, int largest) => number >= 0 && number <= largest
        ? (int)number
        : throw new InvalidDataException("A number in an outbox row is out of range.");

    private static void Put(ArrayBufferWriter<byte> buffer, byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }

    private static void PutNumber(ArrayBufferWriter<byte> buffer, long value)
    {
        var span = buffer.GetSpan(10);
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        var length = 0;
        while (zigzag >= 0x80)
        {
            span[length++] = (byte)(zigzag | 0x80);
            zigzag >>= 7;
        }
        span[length++] = (byte)zigzag;
        buffer.Advance(length);
    }

    private static void PutText(ArrayBufferWriter<byte> buffer, string text)
    {
        PutNumber(buffer, System.Text.Encoding.UTF8.GetByteCount(text));
        buffer.Advance(System.Text.Encoding.UTF8.GetBytes(text, buffer.GetSpan(text.Length * 3)));
    }

    private static long TakeNumber(ref ReadOnlySpan<byte> rest)
    {
        ulong zigzag = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (rest.Length == 0)
            {
                break;
            }
            var next = rest[0];
            rest = rest[1..];
            zigzag |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
            }
        }
        throw new InvalidDataException("An outbox row ends inside a number.");
    }

    private static string TakeText(ref ReadOnlySpan<byte> rest)
    {
        var length = TakeNumber(ref rest);
        if (length < 0 || length > rest.Length)
        {
            throw new InvalidDataException("An outbox row ends inside a text.");
        }
        var text = length == 0 ? "" : System.Text.Encoding.UTF8.GetString(rest[..(int)length]);
        rest = rest[(int)length..];
        return text;
    }
}
