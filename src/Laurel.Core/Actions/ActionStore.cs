using System.Globalization;
using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Actions;

/// <summary>An action as it concerns one user.</summary>
internal readonly record struct UserAction(RecordedAction Action, ActionRoles Roles, bool IsCounted)
{
    public Position Position => new(Action.OccurredAt, Action.Id);
}

/// <summary>What a user has to do with an action. Stored: numbers never change.</summary>
[Flags]
internal enum ActionRoles
{
    Actor = 1,

    /// <summary>It was about a subject of theirs.</summary>
    Owner = 2,
}

/// <summary>The tables of actions: a directory by id, and the actions by user and time, in periods of thirty days.</summary>
internal static class ActionStore
{
    /// <summary>In microseconds. Written into 0003_rules.sql too.</summary>
    public const long PeriodLength = 30 * Clock.Day;

    private const string Columns = "id, type, actor_id, subject, occurred_at, recorded_at, properties, role, counted";

    private const string InsertId = "INSERT INTO action_ids (id, user_id, occurred_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    private const string FindId = "SELECT user_id, occurred_at FROM action_ids WHERE id = $1";

    private const string InsertAction = """
        INSERT INTO user_actions (period, user_id, occurred_at, id, role, actor_id, type, subject, properties, recorded_at, counted)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
        """;

    private const string FindAction =
        $"SELECT {Columns} FROM user_actions WHERE period = $1 AND user_id = $2 AND occurred_at = $3 AND id = $4";

    private const string Behind = $"""
        SELECT {Columns} FROM user_actions WHERE period = $1 AND user_id = $2 AND (occurred_at, id) > ($3, $4) ORDER BY occurred_at, id
        """;

    private const string Before = $"""
        SELECT {Columns} FROM user_actions WHERE period = $1 AND user_id = $2 AND (occurred_at, id) < ($3, $4)
        ORDER BY occurred_at DESC, id DESC LIMIT $5
        """;

    // A seek each: to list them all at once would read every action.
    private const string NextPeriod = "SELECT min(period) FROM user_actions WHERE period > $1";

    private const string DropSome = """
        DELETE FROM user_actions WHERE (period, user_id, occurred_at, id) IN
          (SELECT period, user_id, occurred_at, id FROM user_actions WHERE period < $1 ORDER BY period, user_id, occurred_at, id LIMIT $2)
        RETURNING id
        """;

    private const string DropId = "DELETE FROM action_ids WHERE id = $1";

    private const string SelectKeptFrom = "SELECT value FROM settings WHERE name = 'actions_kept_from'";

    private const string StoreKeptFrom = """
        INSERT INTO settings (name, value) VALUES ('actions_kept_from', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """;

    /// <summary>From when on no action has been dropped: what lies before can not be counted again.</summary>
    public static async ValueTask<long> KeptFrom(Session session)
    {
        var row = session.Prepare(SelectKeptFrom);
        if (!await row.Read())
        {
            return 0;
        }
        var from = long.Parse(row.Text(0), CultureInfo.InvariantCulture);
        await row.Done();
        return from;
    }

    // So many are read without asking which there are.
    private const int FewPeriods = 4;

    // Others wait for the transaction.
    private const int DroppedAtOnce = 2000;

    /// <summary>Drops some of the actions whose whole period is older than a time.</summary>
    /// <returns>Whether there may be more.</returns>
    public static async ValueTask<bool> Drop(Session session, long before)
    {
        var ids = new List<long>(DroppedAtOnce);
        var rows = session.Prepare(DropSome).Set(1, PeriodOf(before)).Set(2, DroppedAtOnce);
        while (await rows.Read())
        {
            ids.Add(rows.Long(0));
        }
        if (ids.Count > 0)
        {
            var from = Math.Max(await KeptFrom(session), PeriodOf(before) * PeriodLength);
            await session.Prepare(StoreKeptFrom).Set(1, from.ToString(CultureInfo.InvariantCulture)).Run();
        }
        foreach (var id in ids.Order())
        {
            await session.Prepare(DropId).Set(1, id).Run();
        }
        return ids.Count == DroppedAtOnce;
    }

    /// <summary>Which period holds a time.</summary>
    public static long PeriodOf(long at) => at / PeriodLength;

    /// <summary>Claims the action's id; false when another action, or the same one earlier, has it.</summary>
    public static async ValueTask<bool> Claim(Session session, RecordedAction action) =>
        await session.Prepare(InsertId).Set(1, action.Id).Set(2, action.UserId).Set(3, action.OccurredAt).Run() == 1;

    /// <summary>Writes an action for a user whom it concerns.</summary>
    public static async ValueTask Insert(Session session, long userId, UserAction concerning)
    {
        var action = concerning.Action;
        await session.Prepare(InsertAction).Set(1, PeriodOf(action.OccurredAt)).Set(2, userId).Set(3, action.OccurredAt).Set(4, action.Id)
            .Set(5, (long)concerning.Roles).Set(6, action.UserId).Set(7, action.Type).Set(8, action.Subject).Set(9, action.Properties)
            .Set(10, action.RecordedAt).Set(11, concerning.IsCounted ? 1 : 0).Run();
    }

    /// <summary>Who did the action with this id, and when; null for nobody.</summary>
    public static async ValueTask<(long UserId, long At)?> Place(Session session, long id)
    {
        var row = session.Prepare(FindId).Set(1, id);
        if (!await row.Read())
        {
            return null;
        }
        var place = (row.Long(0), row.Long(1));
        await row.Done();
        return place;
    }

    /// <summary>An action as it concerns a user, by default who did it.</summary>
    /// <param name="session">Where all of the user's are in their table.</param>
    public static async ValueTask<RecordedAction?> Find(Session session, long id, long? userId = null) =>
        await Place(session, id) is var (actor, at) ? await Find(session, id, userId ?? actor, at) : null;

    /// <summary>The same of one whose time is known.</summary>
    public static async ValueTask<RecordedAction?> Find(Session session, long id, long userId, long at)
    {
        var row = session.Prepare(FindAction).Set(1, PeriodOf(at)).Set(2, userId).Set(3, at).Set(4, id);
        if (!await row.Read())
        {
            return null;
        }
        var action = Row(row).Action;
        await row.Done();
        return action;
    }

    /// <summary>What concerns a user behind a position, in order.</summary>
    /// <param name="session">Where.</param>
    /// <param name="userId">Whom.</param>
    /// <param name="after">Behind which.</param>
    /// <param name="periods">Those that may hold some, ascending: see <see cref="Periods(Session, Position, long)"/>.</param>
    public static async ValueTask<List<UserAction>> Read(Session session, long userId, Position after, IReadOnlyList<long> periods)
    {
        var found = new List<UserAction>();
        foreach (var period in periods)
        {
            var rows = session.Prepare(Behind).Set(1, period).Set(2, userId).Set(3, after.At).Set(4, after.Id);
            while (await rows.Read())
            {
                found.Add(Row(rows));
            }
        }
        return found;
    }

    /// <summary>What concerns a user before a position, the latest first.</summary>
    /// <param name="session">Where all of the user's are in their table.</param>
    public static async ValueTask<List<RecordedAction>> Latest(Session session, long userId, Position before, int limit, long now)
    {
        var found = new List<RecordedAction>();
        var periods = await Periods(session, Position.First, now);
        for (var index = periods.Count - 1; index >= 0 && found.Count < limit; index--)
        {
            if (periods[index] * PeriodLength > before.At)
            {
                continue;
            }
            var rows = session.Prepare(Before).Set(1, periods[index]).Set(2, userId).Set(3, before.At).Set(4, before.Id).Set(5, limit - found.Count);
            while (await rows.Read())
            {
                found.Add(Row(rows).Action);
            }
        }
        return found;
    }

    /// <summary>The periods that may hold actions behind a position, ascending.</summary>
    public static async ValueTask<IReadOnlyList<long>> Periods(Session session, Position after, long now)
    {
        var last = PeriodOf(Math.Max(0, after.At)) - 1;
        if (PeriodOf(now) - last <= FewPeriods)
        {
            return [.. Enumerable.Range(1, (int)(PeriodOf(now) - last)).Select(next => last + next)];
        }
        var found = new List<long>();
        while (true)
        {
            var row = session.Prepare(NextPeriod).Set(1, last);
            await row.Read();
            var next = row.LongOrNull(0);
            await row.Done();
            if (next is not { } period)
            {
                return found;
            }
            found.Add(last = period);
        }
    }

    private static UserAction Row(Statement row) => new(
        new RecordedAction(row.Long(0), row.Text(1), row.Long(2), row.TextOrNull(3), row.Long(4), row.Long(5), row.TextOrNull(6)),
        (ActionRoles)row.Long(7), row.Long(8) != 0);
}
