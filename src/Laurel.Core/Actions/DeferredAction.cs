using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Actions;

/// <summary>An action as it concerns one user, on its way to its table.</summary>
internal sealed class DeferredAction(long userId, UserAction action) : DeferredRow(userId)
{
    public UserAction Action => action;

    public override int Weight => 256 + (2 * ((action.Action.Subject?.Length ?? 0) + (action.Action.Properties?.Length ?? 0)));

    public override ValueTask Write(Session session) => ActionStore.Insert(session, UserId, action);

    private protected override DeferredKind Kind => DeferredKind.Action;

    private protected override void PackRest(PackedWriter packed)
    {
        var recorded = action.Action;
        packed.Number(recorded.Id).Text(recorded.Type).Number(recorded.UserId).TextOrNull(recorded.Subject).Number(recorded.OccurredAt)
            .Number(recorded.RecordedAt).TextOrNull(recorded.Properties).Byte((byte)action.Roles).Byte(action.IsCounted ? (byte)1 : (byte)0);
    }

    /// <exception cref="InvalidDataException">Not packed by one of these.</exception>
    public static DeferredAction Unpack(long userId, ref PackedReader packed)
    {
        var recorded = new RecordedAction(
            packed.Number(), packed.Text(), packed.Number(), packed.TextOrNull(), packed.Number(), packed.Number(), packed.TextOrNull());
        return new DeferredAction(userId, new UserAction(recorded, (ActionRoles)packed.Byte(), packed.Byte() != 0));
    }
}
