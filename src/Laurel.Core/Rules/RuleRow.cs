using System.Text.Json;
using Laurel.Core.Rules.Filters;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>A rule as its row holds it.</summary>
internal static class RuleRow
{
    private const string Columns = "id, revision, generation, counts_from, definition, created_at, updated_at";

    private const string ById = $"SELECT {Columns} FROM rules WHERE id = $1";

    private const string Behind = $"SELECT {Columns} FROM rules WHERE id > $1 ORDER BY id LIMIT $2";

    public static string Text(RuleDraft draft) => JsonSerializer.Serialize(draft, CoreJson.Stored.RuleDraft);

    public static async ValueTask<Rule?> Find(Session session, long id)
    {
        var row = session.Prepare(ById).Set(1, id);
        if (!await row.Read())
        {
            return null;
        }
        var rule = Of(row);
        await row.Done();
        return rule;
    }

    public static async ValueTask<List<Rule>> List(Session session, long after, int limit)
    {
        var rules = new List<Rule>();
        var rows = session.Prepare(Behind).Set(1, after).Set(2, limit);
        while (await rows.Read())
        {
            rules.Add(Of(rows));
        }
        return rules;
    }

    public static async ValueTask<List<Rule>> Enabled(Session session) =>
        (await List(session, 0, int.MaxValue)).FindAll(rule => rule.Draft.Enabled);

    private static Rule Of(Statement row) => Of(
        row.Long(0), JsonSerializer.Deserialize(row.Text(4), CoreJson.Stored.RuleDraft)!, row.Long(1), row.Long(2), row.Long(3), row.Long(5), row.Long(6));

    /// <summary>A rule that has been checked.</summary>
    public static Rule Of(long id, RuleDraft draft, long revision, long generation, long countsFrom, long createdAt, long updatedAt) =>
        new(id, draft, revision, generation, countsFrom, createdAt, updatedAt)
        {
            Filter = draft.Filter is { } text && Filter.TryParse(text, out var filter, out _) ? filter : null,
            Amount = draft.Condition is Condition.Sum sum && PropertyPath.TryParse(sum.Property, out var path, out _) ? path : null,
        };
}
