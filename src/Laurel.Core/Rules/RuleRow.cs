using System.Text.Json;
using Laurel.Core.Rules.Filters;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>A rule as its row holds it.</summary>
internal static class RuleRow
{
    private const string Columns = "id, revision, generation, counts_from, definition, created_at, updated_at, first_revision";

    private const string ById = $"SELECT {Columns} FROM rules WHERE id = $1";

    private const string ByKey = $"SELECT {Columns} FROM rules WHERE key = $1";

    private const string Behind = $"SELECT {Columns} FROM rules WHERE id > $1 ORDER BY id LIMIT $2";

    private const string RevisionsBefore = """
        SELECT revision, definition, created_by, created_at FROM rule_revisions WHERE rule_id = $1 AND revision < $2 ORDER BY revision DESC LIMIT $3
        """;

    public static string Text(RuleDraft draft) => JsonSerializer.Serialize(draft, CoreJson.Stored.RuleDraft);

    public static ValueTask<Rule?> Find(Session session, long id) => Only(session.Prepare(ById).Set(1, id));

    public static ValueTask<Rule?> FindByKey(Session session, string key) => Only(session.Prepare(ByKey).Set(1, key));

    private static async ValueTask<Rule?> Only(Statement row)
    {
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

    /// <summary>What a rule has been, the newest first, before a revision.</summary>
    public static async ValueTask<List<RuleRevision>> Revisions(Session session, long id, long before, int limit)
    {
        var revisions = new List<RuleRevision>();
        var rows = session.Prepare(RevisionsBefore).Set(1, id).Set(2, before).Set(3, limit);
        while (await rows.Read())
        {
            revisions.Add(new RuleRevision(rows.Long(0), Draft(rows.Text(1)), rows.LongOrNull(2), rows.Long(3)));
        }
        return revisions;
    }

    private static RuleDraft Draft(string text) => JsonSerializer.Deserialize(text, CoreJson.Stored.RuleDraft)!;

    private static Rule Of(Statement row) => Of(row.Long(0), Draft(row.Text(4)), row.Long(1), row.Long(2), row.Long(3), row.Long(7), row.Long(5), row.Long(6));

    /// <summary>A rule that has been checked.</summary>
    public static Rule Of(long id, RuleDraft draft, long revision, long generation, long countsFrom, long firstRevision, long createdAt, long updatedAt) =>
        new(id, draft, revision, generation, countsFrom, firstRevision, createdAt, updatedAt)
        {
            Filter = draft.Filter is { } text && Filter.TryParse(text, out var filter, out _) ? filter : null,
            Amount = draft.Condition is Condition.Sum sum && PropertyPath.TryParse(sum.Property, out var path, out _) ? path : null,
        };
}
