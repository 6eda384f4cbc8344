using Laurel.Core.Actions;
using Laurel.Core.Rules;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>A user's row that a batch has logged and that follows into its table later; see <see cref="Memtable"/>. To write it again,
/// even after newer ones, changes nothing.</summary>
internal abstract class DeferredRow(long userId)
{
    public long UserId { get; } = userId;

    public RowState State { get; set; }

    /// <summary>The user's row before it in the same <see cref="DeferredRows"/>.</summary>
    public DeferredRow? Earlier { get; set; }

    /// <summary>What it occupies in memory, roughly, in bytes.</summary>
    public abstract int Weight { get; }

    /// <summary>Writes it and what belongs to it.</summary>
    public abstract ValueTask Write(Session session);

    private protected abstract DeferredKind Kind { get; }

    private protected abstract void PackRest(PackedWriter packed);

    public void Pack(PackedWriter packed) => PackRest(packed.Byte((byte)Kind).Number(UserId));

    /// <exception cref="InvalidDataException">Not what <see cref="Pack"/> wrote.</exception>
    public static DeferredRow Unpack(ref PackedReader packed)
    {
        var kind = (DeferredKind)packed.Byte();
        var user = packed.Number();
        return kind switch
        {
            DeferredKind.Award => DeferredAward.Unpack(user, ref packed),
            DeferredKind.Action => DeferredAction.Unpack(user, ref packed),
            DeferredKind.Count => DeferredCount.Unpack(user, ref packed),
            _ => throw new InvalidDataException("Unknown kind of a deferred row."),
        };
    }
}

/// <summary>Stored: numbers never change.</summary>
internal enum DeferredKind : byte
{
    Award = 1,
    Action = 2,
    Count = 3,
}
