using Laurel.Core.Awards;

namespace Laurel.Core.Rules;

/// <summary>A target that a user reached, and with which action; null where it is no action that counts.</summary>
internal readonly record struct Reached(int Tier, long At, long? ActionId, string? Subject);

/// <summary>How far a user has come in a rule, as it is stored: the count after the last action, and up to two earlier ones from which
/// it can be counted again when an action comes late. Nothing that is older than the lateness is counted any more, so a count that old
/// is settled and the earlier ones are let go: never more than two latenesses of actions are counted again.</summary>
internal sealed class UserRule
{
    private const byte SeatedFlag = 1;
    private const byte SettledFlag = 2;
    private const byte MiddleFlag = 4;
    private const byte CurrentFlag = 8;
    private const byte OrphansFlag = 16;

    private byte[]? _stored;
    private Snapshot? _settled;
    private Snapshot? _middle;
    private Snapshot? _current;

    // Counts are packed anew with every action: each thread has one buffer for it.
    [ThreadStatic]
    private static PackedWriter? t_packed;

    private readonly record struct Snapshot(Position Position, ReadOnlyMemory<byte> Counter);

    /// <summary>Whether the user is one of a limited number of recipients.</summary>
    public bool IsSeated { get; set; }

    /// <summary>The ids of awards of the rule that were removed and then turned out not to have been earned: what the user does earn
    /// takes their removals.</summary>
    public IReadOnlyList<long> Orphans { get; set; } = [];

    /// <summary>Of the stored count that it was read from; 0 where there was none.</summary>
    public long Version { get; init; }

    /// <exception cref="InvalidDataException">Not what <see cref="Pack"/> wrote.</exception>
    public static UserRule Read(byte[] packed, long version = 0)
    {
        var rest = new PackedReader(packed);
        var flags = rest.IsAtEnd ? (byte)0 : rest.Byte();
        return new UserRule
        {
            Version = version,
            _stored = packed,
            IsSeated = (flags & SeatedFlag) != 0,
            _settled = (flags & SettledFlag) != 0 ? Take(ref rest, packed) : null,
            _middle = (flags & MiddleFlag) != 0 ? Take(ref rest, packed) : null,
            _current = (flags & CurrentFlag) != 0 ? Take(ref rest, packed) : null,
            Orphans = (flags & OrphansFlag) != 0 ? Ids(ref rest) : [],
        };
    }

    private static long[] Ids(ref PackedReader rest)
    {
        var ids = new long[rest.Count()];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = rest.Number();
        }
        return ids;
    }

    private static Snapshot Take(ref PackedReader rest, byte[] packed)
    {
        var position = new Position(rest.Number(), rest.Number());
        var length = rest.Bytes().Length;
        return new Snapshot(position, packed.AsMemory(packed.Length - rest.Left - length, length));
    }

    /// <summary>Whether it is not any more what was read.</summary>
    /// <param name="packed">As it is.</param>
    public bool IsChanged(out byte[] packed)
    {
        var written = Write().Written;
        if (_stored is not null && written.SequenceEqual(_stored))
        {
            packed = _stored;
            return false;
        }
        packed = written.ToArray();
        return true;
    }

    public byte[] Pack() => Write().ToArray();

    private PackedWriter Write()
    {
        var packed = Packed.Byte((byte)((IsSeated ? SeatedFlag : 0) | (_settled is null ? 0 : SettledFlag)
            | (_middle is null ? 0 : MiddleFlag) | (_current is null ? 0 : CurrentFlag) | (Orphans.Count == 0 ? 0 : OrphansFlag)));
        Put(packed, _settled);
        Put(packed, _middle);
        Put(packed, _current);
        if (Orphans.Count > 0)
        {
            packed.Number(Orphans.Count);
            foreach (var id in Orphans)
            {
                packed.Number(id);
            }
        }
        return packed;
    }

    private static void Put(PackedWriter packed, Snapshot? snapshot)
    {
        if (snapshot is { } known)
        {
            packed.Number(known.Position.At).Number(known.Position.Id).Bytes(known.Counter.Span);
        }
    }

    private static PackedWriter Packed => (t_packed ??= new PackedWriter(64)).Clear();

    /// <summary>The last action that was counted; behind the last target none is.</summary>
    public Position Last => _current?.Position ?? Position.First;

    /// <summary>Whether some action has been counted.</summary>
    public bool HasCounted => _current is not null;

    public Counter Counter(Rule rule) => Rules.Counter.Read(rule.Draft.Condition, rule.LastTarget, _current is { } current ? current.Counter.Span : default);

    /// <summary>Goes back to the last count before an action that came late.</summary>
    /// <param name="before">Where it belongs.</param>
    /// <returns>Behind which action all must be counted again; null when what lies there is settled: then nothing has changed.</returns>
    public Position? Rewind(Position before)
    {
        if (_settled?.Position.CompareTo(before) >= 0)
        {
            return null;
        }
        if (_current?.Position.CompareTo(before) >= 0)
        {
            _current = _middle;
            _middle = null;
        }
        if (_current?.Position.CompareTo(before) >= 0)
        {
            _current = null;
        }
        if (_current is null)
        {
            (_current, _settled) = (_settled, null);
        }
        return Last;
    }

    /// <summary>Counts actions, in their order, all behind the last.</summary>
    /// <param name="rule">The same as ever, in this generation.</param>
    /// <param name="moments">Those that match.</param>
    /// <param name="calendar">The issuer's and the user's.</param>
    /// <param name="settled">Nothing that happened before this time will still come.</param>
    public IReadOnlyList<Reached> Step(Rule rule, IEnumerable<Moment> moments, RuleCalendar calendar, long settled)
    {
        List<Reached>? reached = null;
        var counter = Counter(rule);
        var last = Last;
        foreach (var moment in moments)
        {
            if (counter.IsComplete)
            {
                break;
            }
            if (last != Position.First)
            {
                Keep(last, counter, moment.At, settled);
            }
            var (before, after) = counter.Step(moment, calendar);
            for (var tier = 0; tier < rule.Draft.Tiers.Count; tier++)
            {
                var target = rule.Draft.Tiers[tier].Target;
                if (before < target && target <= after)
                {
                    (reached ??= []).Add(new Reached(tier, moment.At, moment.ActionId, moment.Subject));
                }
            }
            last = moment.Position;
            _current = null;
        }
        if (last != Position.First)
        {
            _current = Of(last, counter);
        }
        if (last.At < settled)
        {
            (_settled, _middle) = (null, null);
        }
        return reached ?? (IReadOnlyList<Reached>)[];
    }

    // The count before the next action.
    private void Keep(Position last, Counter counter, long next, long settled)
    {
        if (last.At < settled)
        {
            // Of many settled ones the last will do.
            (_settled, _middle) = (next < settled ? null : Of(last, counter), null);
        }
        else if (_middle is null)
        {
            _middle = Of(last, counter);
        }
        else if (_middle.Value.Position.At < settled)
        {
            (_settled, _middle) = (_middle, Of(last, counter));
        }
    }

    // Before the first action it is the one that was stored.
    private Snapshot Of(Position position, Counter counter)
    {
        if (_current is { } current)
        {
            return current;
        }
        var packed = Packed;
        counter.Write(packed);
        return new Snapshot(position, packed.ToArray());
    }
}
