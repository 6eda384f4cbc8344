using Laurel.Core.Access;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Actions;

/// <summary>What users did, as other systems tell it. Users do not record their own actions: they would award themselves.</summary>
public sealed class ActionLog
{
    private const string ById = "SELECT id, type, user_id, subject, occurred_at, recorded_at, properties FROM actions WHERE id = $1";

    private readonly Database _database;
    private readonly ActionTypes _types;
    private readonly UserDirectory _users;
    private readonly IdBlocks _ids;
    private readonly TimeProvider _time;

    internal ActionLog(Database database, ActionTypes types, UserDirectory users, IdBlocks ids, TimeProvider time) =>
        (_database, _types, _users, _ids, _time) = (database, types, users, ids, time);

    public ValueTask<RecordedAction?> Find(long id) => _database.Read(session => Read(session, id));

    /// <summary>An action, for a caller who may see it: administrators, services, and the user who did it.</summary>
    public async ValueTask<Outcome<RecordedAction>> Find(long id, Caller caller)
    {
        var action = await Find(id);
        // Whoever may not see all of them is not told which there are.
        if (action is null ? !caller.MayEverywhere(Scopes.ActionsWrite) : !caller.MayFor(action.UserId, Scopes.ActionsWrite))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not read actions of other users.");
        }
        return action is null ? new Refusal(RefusalCode.UnknownAction, "No action has this id.") : action;
    }

    /// <summary>Records an action. Told again under its own id it is no new one, and no refusal.</summary>
    /// <param name="caller">Who asks: administrators and services may. Null: this program itself.</param>
    public async Task<Outcome<(RecordedAction Thing, bool Created)>> Record(ActionDraft draft, Caller? caller = null)
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
        if (!await _users.Exists(draft.UserId))
        {
            return new Refusal(RefusalCode.UnknownUser, "No user has this id.", "userId");
        }
        var action = draft.At(draft.Id ?? await _ids.Next(IdKind.Action), now);
        // The key decides which of two is first.
        var standing = await _database.Write(async session => await Insert(session, action) ? null : await Read(session, action.Id));
        return standing is null ? (action, true)
            : draft.IsSame(standing) ? (standing, false)
            : new Refusal(RefusalCode.ActionMismatch, "Another action is recorded under this id.", "id");
    }

    private static async ValueTask<bool> Insert(Session session, RecordedAction action) => await session.Execute("""
        INSERT INTO actions (id, type, user_id, subject, occurred_at, recorded_at, properties)
        VALUES (@Id, @Type, @UserId, @Subject, @OccurredAt, @RecordedAt, @Properties) ON CONFLICT DO NOTHING
        """, action) == 1;

    private static async ValueTask<RecordedAction?> Read(Session session, long id)
    {
        var row = session.Prepare(ById).Set(1, id);
        if (!await row.Read())
        {
            return null;
        }
        var action = new RecordedAction(
            row.Long(0), row.Text(1), row.Long(2), row.TextOrNull(3), row.Long(4), row.Long(5), row.TextOrNull(6));
        await row.Done();
        return action;
    }
}
