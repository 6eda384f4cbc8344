using System.Threading.Tasks.Sources;
using Laurel.Core.Actions;
using Laurel.Core.Badges;

namespace Laurel.Core.Awards;

/// <summary>Something asked of the ledger: queued once, committed with its batch, answered after the commit. Everything that
/// decides the outcome is fixed before it is queued, so a batch can be repeated.</summary>
internal abstract class LedgerEntry(long userId) : IValueTaskSource
{
    // Continuations leave the writer's thread: it must go on to the next batch.
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private int _state;

    private const int Queued = 0;
    private const int Taken = 1;
    private const int Withdrawn = 2;
    private const int Answered = 3;

    public long UserId { get; } = userId;

    /// <summary>What it occupies in the queue, roughly, in bytes.</summary>
    public virtual int Weight => 128;

    public ValueTask Completion => new(this, _source.Version);

    /// <summary>Takes it out of the queue into a batch; false when its caller has withdrawn it.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Queued) == Queued;

    /// <summary>Takes it back, which only works while it is queued.</summary>
    public bool TryWithdraw()
    {
        if (Interlocked.CompareExchange(ref _state, Withdrawn, Queued) != Queued)
        {
            return false;
        }
        _source.SetException(new OperationCanceledException());
        return true;
    }

    /// <summary>When it joined the queue, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> says, where anybody asks.</summary>
    public long QueuedAt { get; set; }

    /// <summary>Nobody waits for it any more.</summary>
    public bool IsAnswered => Volatile.Read(ref _state) is Answered or Withdrawn;

    /// <summary>Its caller goes on in this call.</summary>
    public void Answer()
    {
        if (Interlocked.Exchange(ref _state, Answered) == Taken)
        {
            _source.RunContinuationsAsynchronously = false;
            _source.SetResult(true);
        }
    }

    /// <summary>Fails it if nobody has answered it, wherever it is: its caller does not wait any longer.</summary>
    public void Fail(Exception failure)
    {
        if (Interlocked.Exchange(ref _state, Answered) is Queued or Taken)
        {
            _source.SetException(failure);
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

/// <summary>Asks for one award.</summary>
internal sealed class AwardEntry(Award award, Badge badge) : LedgerEntry(award.UserId)
{
    public Award Award { get; } = award;

    public Badge Badge { get; } = badge;

    /// <summary>An administrator's own decision: lifts a revocation, and duplicates where the natural occasion is held.</summary>
    public bool Manual { get; init; }

    /// <summary>A manual award that lifts no revocation, but is refused by one.</summary>
    public bool RespectsRevocation { get; init; }

    /// <summary>Rules, backfills and replays: they also respect a reset.</summary>
    public bool Automatic { get; init; }

    /// <summary>The user has not been seen yet, so the batch looks.</summary>
    public bool CheckUser { get; set; }

    /// <summary>Counts as a visit of the user to the badge's issuer.</summary>
    public bool IsVisit { get; init; }

    /// <summary>When it was asked, for the visit. Microseconds since 1970 UTC.</summary>
    public long AskedAt { get; init; }

    /// <summary>Claim state to write beside the award.</summary>
    public AwardClaim? Claim { get; init; }

    /// <summary>An import at an id of the caller's: an award that stands under this id is replaced.</summary>
    public bool Replaces { get; init; }

    public AwardStatus Status { get; set; }

    /// <summary>The award that stands for the occasion, when it is not this one.</summary>
    public Award? Standing { get; set; }

    public override int Weight => 192 + 2 * (Award.Occasion.Length + (Award.Subject?.Length ?? 0) + (Award.Payload?.Length ?? 0));
}

/// <summary>Asks for the award that a recorded action is for: the batch looks for the action, and goes on with the award. A look of its
/// own before it would cost as much as the award, for every commit makes what a reader knows of the file stale.</summary>
/// <param name="award">The award that is for an action; null for none.</param>
internal sealed class ActionAwardEntry(long actionId, Func<RecordedAction, AwardEntry?> award) : LedgerEntry(0)
{
    public long ActionId { get; } = actionId;

    public bool IsFound { get; private set; }

    /// <summary>Answer: the award that was asked for in turn; null where the action is unknown, or there is none for it.</summary>
    public AwardEntry? Award { get; private set; }

    public void Found(RecordedAction action) => (IsFound, Award) = (true, award(action));

    public override int Weight => 512;
}

/// <summary>How the ledger answered an <see cref="AwardEntry"/>.</summary>
internal enum AwardStatus
{
    /// <summary>Not decided.</summary>
    Open,
    Created,
    /// <summary>The occasion is held; <see cref="AwardEntry.Standing"/> says by which award.</summary>
    Held,
    /// <summary>An import found the same award under the same id and brought its details up to date.</summary>
    Updated,
    /// <summary>Removed earlier in a way that forbids this kind of request.</summary>
    Removed,
    UnknownUser,
    /// <summary>The badge's recurrence has changed since the occasion was computed: compute again.</summary>
    Stale,
}

/// <summary>Asks to remove awards of one user: one by id, all of a badge, or those that are named.</summary>
internal sealed class RemovalEntry(long userId) : LedgerEntry(userId)
{
    /// <summary>Others wait for the same batch.</summary>
    public const int MaximumAwards = 500;

    /// <summary>The one award; null for all of <see cref="BadgeId"/>.</summary>
    public long? AwardId { get; init; }

    public long? BadgeId { get; init; }

    /// <summary>Exactly these, as far as they still stand; at most <see cref="MaximumAwards"/>.</summary>
    public IReadOnlyList<Award>? Awards { get; init; }

    public required RemovalKind Kind { get; init; }

    public required long At { get; init; }

    public long? By { get; init; }

    public string? Reason { get; init; }

    /// <summary>Answer: the awards that were removed.</summary>
    public List<Award> Removed { get; } = [];

    public override int Weight => base.Weight + (192 * (Awards?.Count ?? 0));
}

/// <summary>Tells that a user was at an issuer. The user is known to exist.</summary>
internal sealed class VisitEntry(long userId, long issuerId, long at) : LedgerEntry(userId)
{
    public long IssuerId { get; } = issuerId;

    public long At { get; } = at;
}

/// <summary>Asks for all of a user's rows to be in their tables, for who reads them there.</summary>
internal sealed class SettlingEntry(long userId) : LedgerEntry(userId);

/// <summary>Asks for the indexes by time to hold a user's awards from now on; see <see cref="UserLists"/>.</summary>
internal sealed class ListingEntry(long userId) : LedgerEntry(userId)
{
    /// <summary>Answer: whether they do. Otherwise some more were taken in: ask again.</summary>
    public bool IsDone { get; set; }
}
