using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>What one committed batch did. Stored: numbers never change.</summary>
internal enum OutboxKind : byte
{
    Awarded = 1,
    Removed = 2,

    /// <summary>User was seen at issuer (in <see cref="OutboxEvent.BadgeId"/>) in bucket <see cref="OutboxEvent.At"/>; before it in
    /// bucket <see cref="OutboxEvent.AwardId"/>, 0 for never.</summary>
    Visited = 3,

    /// <summary>A late action changed this award of a rule: its removal, or its award in place of another, came just before.</summary>
    Corrected = 4,
}

/// <summary>One event. It names no personal data: a subscriber that may see more looks it up.</summary>
internal readonly record struct OutboxEvent(OutboxKind Kind, long UserId, long BadgeId, long AwardId, long At, string Occasion)
{
    /// <summary>Of an award.</summary>
    public AwardSource Source { get; init; }

    /// <summary>How many more awards of the badge stand since.</summary>
    public int Awards => Kind switch
    {
        OutboxKind.Awarded => 1,
        OutboxKind.Removed => -1,
        OutboxKind.Visited or OutboxKind.Corrected => 0,
    };

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

    private const string Nodes = "SELECT slot FROM nodes";

    private const string NewestRow = "SELECT coalesce(max(sequence), 0) FROM outbox WHERE node = $1";

    private const byte Version = 1;

    // One more than the largest number of a kind.
    private const int Kinds = 5;

    private const int KindMask = 7;
    private const int SourceShift = 3;
    private const int SourceMask = 15;
    private const int Buffered = 128;

    /// <summary>The slots under which processes have written.</summary>
    public static async ValueTask<List<short>> Slots(Session session)
    {
        var slots = new List<short>();
        var rows = session.PrepareShort(Nodes);
        while (await rows.Read())
        {
            slots.Add((short)rows.Long(0));
        }
        return slots;
    }

    /// <summary>The number of each slot's newest row, 0 where it has none. Asked for each by itself: Citus answers nothing about a table
    /// that it spreads for every row of one that it does not.</summary>
    public static async ValueTask<Dictionary<short, long>> Newest(Session session)
    {
        var newest = new Dictionary<short, long>();
        foreach (var slot in await Slots(session))
        {
            newest[slot] = (await NewestOf(session.Prepare(NewestRow), slot)).Sequence;
        }
        return newest;
    }

    /// <summary>The same of one slot.</summary>
    public static ValueTask<(short Slot, long Sequence)> NewestOf(Session session, short slot) => NewestOf(session.PrepareShort(NewestRow), slot);

    private static async ValueTask<(short Slot, long Sequence)> NewestOf(Statement row, short slot)
    {
        row.Set(1, slot);
        await row.Read();
        var newest = row.Long(0);
        await row.Done();
        return (slot, newest);
    }

    public static byte[] Pack(ReadOnlySpan<OutboxEvent> events)
    {
        var packed = new PackedWriter(16 + (events.Length * 20)).Byte(Version).Number(events.Length);
        var named = Named(events);
        packed.Number(named.Length);
        for (var i = 0; i < named.Length; i++)
        {
            packed.Number(named[i] - (i == 0 ? 0 : named[i - 1]));
        }
        Span<OutboxEvent> lasts = new OutboxEvent[Kinds];
        var user = 0L;
        foreach (ref readonly var each in events)
        {
            ref var last = ref lasts[(int)each.Kind];
            packed.Byte((byte)((int)each.Kind | ((int)each.Source << SourceShift) | (each.IsBuffered ? Buffered : 0)))
                .Number(each.UserId - user)
                .Number(named.BinarySearch(each.BadgeId))
                .Number(each.AwardId - last.AwardId)
                .Number(each.At - last.At);
            if (!each.IsBuffered)
            {
                packed.Text(each.Occasion);
            }
            (last, user) = (each, each.UserId);
        }
        return packed.ToArray();
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
        var rest = new PackedReader(packed[1..]);
        // Each event and each name takes a byte at least, whatever the counts claim.
        var count = rest.Count();
        var named = Named(ref rest);
        var events = new List<OutboxEvent>(count);
        Span<OutboxEvent> lasts = new OutboxEvent[Kinds];
        var user = 0L;
        while (!rest.IsAtEnd && events.Count < count)
        {
            var head = rest.Byte();
            var kind = (OutboxKind)(head & KindMask);
            if (kind is < OutboxKind.Awarded or > OutboxKind.Corrected)
            {
                throw new InvalidDataException("Unknown kind of an outbox event.");
            }
            ref var last = ref lasts[(int)kind];
            var isBuffered = (head & Buffered) != 0;
            last = new OutboxEvent(
                kind,
                user += rest.Number(),
                named[Within(rest.Number(), named.Length - 1)],
                last.AwardId + rest.Number(),
                last.At + rest.Number(),
                isBuffered ? "" : rest.Text())
            {
                Source = (AwardSource)((head >> SourceShift) & SourceMask),
                IsBuffered = isBuffered,
            };
            events.Add(last);
        }
        return rest.IsAtEnd && events.Count == count ? events : throw new InvalidDataException("An outbox row does not end with its last event.");
    }

    private static long[] Named(ref PackedReader rest)
    {
        var named = new long[rest.Count()];
        for (var (i, last) = (0, 0L); i < named.Length; i++)
        {
            named[i] = last += rest.Number();
        }
        return named;
    }

    private static int Within(long number, int largest) => number >= 0 && number <= largest
        ? (int)number
        : throw new InvalidDataException("A number in an outbox row is out of range.");
}
