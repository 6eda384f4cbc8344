using System.Text.Json;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Actions;

/// <summary>What came of an action: as it is recorded, whether this made it so, and whether rules counted it.</summary>
public readonly record struct ActionOutcome(RecordedAction Action, bool Created, bool Counted);

/// <summary>What users did, as other systems tell it. Users do not record their own actions: they would award themselves.</summary>
public sealed class ActionLog
{
    // Two of the bulk lane's shares of a batch: while one is committed, the next is filled.
    private const int MaximumBulk = 512;

    /// <summary>The property that names whose subject it was about.</summary>
    private const string OwnerProperty = "ownerId";

    private readonly Database _database;
    private readonly Ledger _ledger;
    private readonly RuleEngine _rules;
    private readonly ActionTypes _types;
    private readonly UserDirectory _users;
    private readonly IdBlocks _ids;
    private readonly TimeProvider _time;

    internal ActionLog(
        Database database, Ledger ledger, RuleEngine rules, ActionTypes types, UserDirectory users, IdBlocks ids, TimeProvider time) =>
        (_database, _ledger, _rules, _types, _users, _ids, _time) = (database, ledger, rules, types, users, ids, time);

    public async ValueTask<RecordedAction?> Find(long id)
    {
        var (action, unsettled) = await _database.Read(session => TryFind(session, id));
        if (unsettled is not { } user)
        {
            return action;
        }
        await _ledger.Settle(user);
        return await _database.Read(session => ActionStore.Find(session, id));
    }

    // Or whose rows are to be brought into their tables first.
    private async ValueTask<(RecordedAction? Action, long? Unsettled)> TryFind(Session session, long id) =>
        await ActionStore.Place(session, id) is not var (user, at) ? default
        : _ledger.HasDeferred(user) ? (null, user)
        : (await ActionStore.Find(session, id, user, at), null);

    /// <summary>An action, for a caller who may see it: administrators, services, viewers, and the user who did it.</summary>
    public async ValueTask<Outcome<RecordedAction>> Find(long id, Caller caller)
    {
        var action = await Find(id);
        // Whoever may not see all of them is not told which there are.
        if (!SeesAll(caller) && (action is null || !caller.MayFor(action.UserId, Scopes.ActionsWrite)))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not read actions of other users.");
        }
        return action is null ? new Refusal(RefusalCode.UnknownAction, "No action has this id.") : action;
    }

    private static bool SeesAll(Caller caller) => caller.MayEverywhere(Scopes.ActionsWrite) || caller.Holds(Permissions.Viewer, Scopes.ActionsWrite);

    /// <summary>What concerns a user before a position, the latest first: what they did, and what others did about a subject of theirs.
    /// Costs a seek for each thirty days of the retention, until there are enough.</summary>
    /// <param name="caller">Who asks: administrators, services and viewers may.</param>
    public async ValueTask<Outcome<List<RecordedAction>>> OfUser(long userId, Position before, int limit, Caller caller)
    {
        if (!SeesAll(caller))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not read actions of other users.");
        }
        if (!await _users.Exists(userId))
        {
            return UnknownUser;
        }
        await _ledger.Settle(userId);
        return await _database.Read(session => ActionStore.Latest(session, userId, before, limit, _time.Micros()));
    }

    /// <summary>Records an action and awards what rules give for it, in one transaction. Told again under its own id it is no new one,
    /// and no refusal.</summary>
    /// <param name="caller">Who asks: administrators and services may. Null: this program itself.</param>
    /// <inheritdoc cref="Awarding.AwardFromPlace" path="/exception"/>
    public async ValueTask<Outcome<ActionOutcome>> Record(ActionDraft draft, Caller? caller = null, bool bulk = false, CancellationToken ct = default)
    {
        if (caller?.MayEverywhere(Scopes.ActionsWrite) == false)
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not record actions.");
        }
        var now = _time.Micros();
        if (draft.Check(now) is { } invalid)
        {
            return invalid;
        }
        if (draft.Id is { } own && !IdRange.IsOpen(IdKind.Action, own) && await Find(own) is null)
        {
            return new Refusal(RefusalCode.IdReserved, "An id is 1 to 2^53 - 1, outside the range that is handed out.", "id");
        }
        if (await _types.Find(draft.Type) is null)
        {
            return new Refusal(RefusalCode.UnknownActionType, "No type of actions has this name.", "type");
        }
        if (!IdRange.IsValid(draft.UserId))
        {
            return UnknownUser;
        }
        var entry = new ActionEntry(draft.At(draft.Id ?? await _ids.Next(IdKind.Action), now))
        {
            OwnerId = OwnerOf(draft.Properties) is { } owner && await _users.Exists(owner) ? owner : null,
            CheckUser = !_users.IsSeen(draft.UserId),
        };
        try
        {
            await _ledger.Submit(entry, bulk ? Lane.Bulk : Lane.Live, ct);
        }
        catch (EntryRefusedByStorageException)
        {
            return new Refusal(RefusalCode.Invalid, "The database refused this action.");
        }
        return Answer(entry, draft);
    }

    /// <summary>Drops actions past their retention, by periods of thirty days. What rules need of them is kept as their counts.</summary>
    internal async Task Trim(TimeSpan retention)
    {
        var before = _time.Micros() - (long)retention.TotalMicroseconds;
        while (before > 0 && await _database.Write(session => ActionStore.Drop(session, before)))
        {
        }
    }

    private Outcome<ActionOutcome> Answer(ActionEntry entry, ActionDraft draft)
    {
        if (!entry.IsRecorded)
        {
            return UnknownUser;
        }
        _users.MarkSeen(entry.UserId);
        var standing = entry.Standing ?? entry.Action;
        return entry.Standing is not null && !draft.IsSame(standing)
            ? new Refusal(RefusalCode.ActionMismatch, "Another action is recorded under this id.", "id")
            : new ActionOutcome(standing, entry.Standing is null, _rules.IsInTime(standing));
    }

    private static Refusal UnknownUser => new(RefusalCode.UnknownUser, "No user has this id.", "userId");

    /// <summary>The user whose subject an action is about, by its properties; null where they name none.</summary>
    internal static long? OwnerOf(string? properties) =>
        properties?.Contains(OwnerProperty, StringComparison.Ordinal) == true
        && JsonElement.Parse(properties).TryGetProperty(OwnerProperty, out var owner)
        && owner.ValueKind == JsonValueKind.Number && owner.TryGetInt64(out var id)
            ? id
            : null;

    /// <summary>Many actions, each its own: what happens to one happens to no other. Answers are in the order of the drafts; a null
    /// answer was not stored, for want of the database.</summary>
    /// <param name="ct">Stops what has not been stored yet.</param>
    public async Task<IReadOnlyList<Outcome<ActionOutcome>?>> RecordAll(IReadOnlyList<ActionDraft> drafts, Caller caller, CancellationToken ct)
    {
        var outcomes = new Outcome<ActionOutcome>?[drafts.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaximumBulk, CancellationToken = ct };
        // Drafts of one id follow each other: the first is recorded.
        var chains = Enumerable.Range(0, drafts.Count).GroupBy(index => drafts[index].Id is { } id ? (Own: id, Drawn: -1) : (Own: 0, Drawn: index));
        await Parallel.ForEachAsync(chains, options, async (chain, stopping) =>
        {
            foreach (var index in chain)
            {
                try
                {
                    outcomes[index] = await Record(drafts[index], caller, bulk: true, stopping);
                }
                catch (Exception failure) when (failure is StorageUnavailableException or LedgerFullException)
                {
                }
            }
        });
        return outcomes;
    }
}
