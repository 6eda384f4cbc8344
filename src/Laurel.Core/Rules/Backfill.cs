using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Stored: numbers never change.</summary>
public enum BackfillKind
{
    /// <summary>Counts all that is recorded from a time on, and makes the rule's awards what follows from it.</summary>
    Apply = 1,

    /// <summary>Takes another one back: its awards go, what it took back comes again.</summary>
    TakeBack = 2,
}

/// <summary>Stored: numbers never change.</summary>
public enum BackfillState
{
    Running = 1,
    Done = 2,

    /// <summary>Ended before its end: by somebody, or because the rule began to count anew.</summary>
    Stopped = 3,
}

/// <summary>A rule applied to the past, user by user. Times in microseconds since 1970 UTC.</summary>
/// <param name="TakesBack">The one that it takes back.</param>
/// <param name="Generation">The rule's, as long as it runs.</param>
/// <param name="CountsFrom">Actions from then on count.</param>
/// <param name="PreviousFrom">From when they did before…</param>
/// <param name="PreviousRevision">…and the first revision whose awards rested on that.</param>
/// <param name="Cursor">Users up to and with this id are done.</param>
/// <param name="Users">How many of them had something to count.</param>
/// <param name="Actions">How many actions of theirs were looked at.</param>
/// <param name="Awarded">How many awards were made.</param>
/// <param name="TakenBack">How many were taken back.</param>
public sealed record Backfill(
    long Id, long RuleId, BackfillKind Kind, long? TakesBack, long Generation, long CountsFrom, long PreviousFrom, long PreviousRevision, BackfillState State, long Cursor,
    long Users, long Actions, long Awarded, long TakenBack, long? CreatedBy, long CreatedAt, long UpdatedAt);

/// <summary>A backfill as its row holds it.</summary>
internal static class BackfillRow
{
    private const string Columns = """
        id, rule_id, kind, takes_back, generation, counts_from, previous_from, state, cursor, users, actions, awarded, taken_back,
        created_by, created_at, updated_at, previous_revision
        """;

    private const string ById = $"SELECT {Columns} FROM rule_backfills WHERE id = $1";

    private const string OfRule = $"SELECT {Columns} FROM rule_backfills WHERE rule_id = $1 AND id > $2 ORDER BY id LIMIT $3";

    private const string Newest = $"SELECT {Columns} FROM rule_backfills WHERE id < $1 ORDER BY id DESC LIMIT $2";

    private const string RunningOnes = "SELECT id FROM rule_backfills WHERE state = 1 ORDER BY id";

    private const string RunningCursors = "SELECT rule_id, cursor FROM rule_backfills WHERE state = 1";

    private const string Insert = $"""
        INSERT INTO rule_backfills ({Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """;

    private const string Update = """
        UPDATE rule_backfills SET state = $1, cursor = $2, users = $3, actions = $4, awarded = $5, taken_back = $6, updated_at = $7 WHERE id = $8
        """;

    public static async ValueTask<Backfill?> Find(Session session, long id)
    {
        var row = session.Prepare(ById).Set(1, id);
        if (!await row.Read())
        {
            return null;
        }
        var found = Of(row);
        await row.Done();
        return found;
    }

    public static ValueTask<List<Backfill>> List(Session session, long ruleId, long after, int limit) =>
        All(session.Prepare(OfRule).Set(1, ruleId).Set(2, after).Set(3, limit));

    /// <summary>Of all rules, by id, the highest first.</summary>
    public static ValueTask<List<Backfill>> List(Session session, long before, int limit) =>
        All(session.Prepare(Newest).Set(1, before).Set(2, limit));

    private static async ValueTask<List<Backfill>> All(Statement rows)
    {
        var found = new List<Backfill>();
        while (await rows.Read())
        {
            found.Add(Of(rows));
        }
        return found;
    }

    public static async ValueTask<List<long>> Running(Session session)
    {
        var found = new List<long>();
        var rows = session.Prepare(RunningOnes);
        while (await rows.Read())
        {
            found.Add(rows.Long(0));
        }
        return found;
    }

    /// <summary>By rule, how far those have come that run.</summary>
    public static async ValueTask<Dictionary<long, long>> Cursors(Session session)
    {
        var found = new Dictionary<long, long>();
        var rows = session.Prepare(RunningCursors);
        while (await rows.Read())
        {
            found[rows.Long(0)] = rows.Long(1);
        }
        return found;
    }

    public static async ValueTask Add(Session session, Backfill backfill) => await session.Prepare(Insert)
        .Set(1, backfill.Id).Set(2, backfill.RuleId).Set(3, (long)backfill.Kind).Set(4, backfill.TakesBack).Set(5, backfill.Generation)
        .Set(6, backfill.CountsFrom).Set(7, backfill.PreviousFrom).Set(8, (long)backfill.State).Set(9, backfill.Cursor).Set(10, backfill.Users)
        .Set(11, backfill.Actions).Set(12, backfill.Awarded).Set(13, backfill.TakenBack).Set(14, backfill.CreatedBy)
        .Set(15, backfill.CreatedAt).Set(16, backfill.UpdatedAt).Set(17, backfill.PreviousRevision).Run();

    public static async ValueTask Store(Session session, Backfill backfill) => await session.Prepare(Update)
        .Set(1, (long)backfill.State).Set(2, backfill.Cursor).Set(3, backfill.Users).Set(4, backfill.Actions).Set(5, backfill.Awarded)
        .Set(6, backfill.TakenBack).Set(7, backfill.UpdatedAt).Set(8, backfill.Id).Run();

    private static Backfill Of(Statement row) => new(
        row.Long(0), row.Long(1), (BackfillKind)row.Long(2), row.LongOrNull(3), row.Long(4), row.Long(5), row.Long(6), row.Long(16), (BackfillState)row.Long(7),
        row.Long(8), row.Long(9), row.Long(10), row.Long(11), row.Long(12), row.LongOrNull(13), row.Long(14), row.Long(15));
}
