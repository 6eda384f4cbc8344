using Laurel.Core.Awards;

namespace Laurel.Core.Actions;

/// <summary>Asks the ledger to record an action and to award what rules give for it, in one transaction.</summary>
internal sealed class ActionEntry(RecordedAction action) : LedgerEntry(action.UserId)
{
    public RecordedAction Action { get; } = action;

    /// <summary>Whose subject it was about; null for nobody's that is known here.</summary>
    public long? OwnerId { get; init; }

    /// <summary>The user has not been seen yet, so the batch looks.</summary>
    public bool CheckUser { get; init; }

    /// <summary>Whether the action is recorded now: false when its user is unknown.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>The action that was recorded earlier under its id; null when this is the first.</summary>
    public RecordedAction? Standing { get; set; }

    /// <summary>The users whom it concerns.</summary>
    public IEnumerable<(long User, ActionRoles Roles)> Concerns()
    {
        yield return (UserId, OwnerId == UserId ? ActionRoles.Actor | ActionRoles.Owner : ActionRoles.Actor);
        if (OwnerId is { } owner && owner != UserId)
        {
            yield return (owner, ActionRoles.Owner);
        }
    }

    public override int Weight => 256 + (2 * ((Action.Subject?.Length ?? 0) + (Action.Properties?.Length ?? 0)));
}
