using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>How far a user has come in a rule, on its way to its table.</summary>
internal sealed class DeferredCount(long userId, long ruleId, StoredCount count) : DeferredRow(userId)
{
    public long RuleId { get; } = ruleId;

    public StoredCount Count { get; } = count;

    public override int Weight => 160 + Count.State.Length;

    public override ValueTask Write(Session session) => UserRules.Write(session, UserId, RuleId, Count);

    private protected override DeferredKind Kind => DeferredKind.Count;

    private protected override void PackRest(PackedWriter packed) =>
        packed.Number(RuleId).Number(Count.Generation).Number(Count.Version).Bytes(Count.State);

    /// <exception cref="InvalidDataException">Not packed by one of these.</exception>
    public static DeferredCount Unpack(long userId, ref PackedReader packed) =>
        new(userId, packed.Number(), new StoredCount(packed.Number(), packed.Number(), packed.Bytes().ToArray()));
}
