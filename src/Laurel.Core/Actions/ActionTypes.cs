using Laurel.Core.Access;
using Laurel.Core.Storage;

namespace Laurel.Core.Actions;

/// <summary>A kind of thing that users do: what actions are of and badges recognise. Times in microseconds since 1970 UTC.</summary>
public sealed record ActionType(string Name, string? Description, long CreatedAt, long UpdatedAt);

/// <summary>The types of actions. They are registered before actions of them are recorded, and never removed.</summary>
public sealed class ActionTypes
{
    private const string Columns = "name, description, created_at, updated_at";

    private const string ByName = $"SELECT {Columns} FROM action_types WHERE name = $1";

    private const string AfterName = $"SELECT {Columns} FROM action_types WHERE name > $1 ORDER BY name LIMIT $2";

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly TimeProvider _time;
    private readonly BoundedCache<string, ActionType> _types = new(10_000);

    internal ActionTypes(Database database, ChangeLog changes, TimeProvider time)
    {
        (_database, _changes, _time) = (database, changes, time);
        _changes.Changed += (kind, _) =>
        {
            // The log names things by number, and types have names. They are few and rarely change.
            if (kind == ChangeKind.ActionType)
            {
                _types.Clear();
            }
        };
    }

    /// <summary>The type of this name; null when none is registered.</summary>
    public ValueTask<ActionType?> Find(string name) => TextRules.IsActionType(name)
        ? _types.Get(name, key => _database.Read(session => Read(session, key)))
        : ValueTask.FromResult<ActionType?>(null);

    /// <summary>Types by name, after <paramref name="after"/>.</summary>
    public ValueTask<List<ActionType>> List(string after, int limit) => _database.Read(async session =>
    {
        var types = new List<ActionType>();
        var rows = session.Prepare(AfterName).Set(1, after).Set(2, limit);
        while (await rows.Read())
        {
            types.Add(Row(rows));
        }
        return types;
    });

    /// <summary>Registers the type, or changes its description.</summary>
    /// <param name="caller">Who asks: administrators and services may. Null: this program itself.</param>
    public async Task<Outcome<(ActionType Thing, bool Created)>> Put(string name, string? description, bool createOnly, Caller? caller = null)
    {
        if (caller?.MayEverywhere(Scopes.ActionsWrite) == false)
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not register types of actions.");
        }
        if (!TextRules.IsActionType(name))
        {
            return Refusal.Invalid("name", "A name has 1 to 255 characters and at most 512 bytes, without '/', '%' and control characters.");
        }
        if (description is not null && !TextRules.IsDescription(description))
        {
            return Refusal.Invalid("description", "A description has at most 4,000 characters.");
        }
        var outcome = await _database.Write(session => Store(session, name, description, createOnly));
        if (outcome.Succeeded(out _, out _))
        {
            _changes.Announce(ChangeKind.ActionType, 0);
        }
        return outcome;
    }

    private async ValueTask<Outcome<(ActionType Thing, bool Created)>> Store(Session session, string name, string? description, bool createOnly)
    {
        await ChangeLog.Serialise(session);
        var standing = await Read(session, name);
        if (standing is not null && createOnly)
        {
            return new Refusal(RefusalCode.AlreadyExists, "A type of actions with this name exists.");
        }
        var now = _time.Micros();
        var type = new ActionType(name, description, standing?.CreatedAt ?? now, now);
        await session.Execute("""
            INSERT INTO action_types (name, description, created_at, updated_at) VALUES (@Name, @Description, @CreatedAt, @UpdatedAt)
            ON CONFLICT (name) DO UPDATE SET description = excluded.description, updated_at = excluded.updated_at
            """, type);
        await _changes.Append(session, ChangeKind.ActionType, 0);
        return (type, standing is null);
    }

    private static async ValueTask<ActionType?> Read(Session session, string name)
    {
        var row = session.Prepare(ByName).Set(1, name);
        if (!await row.Read())
        {
            return null;
        }
        var type = Row(row);
        await row.Done();
        return type;
    }

    private static ActionType Row(Statement row) => new(row.Text(0), row.TextOrNull(1), row.Long(2), row.Long(3));
}
