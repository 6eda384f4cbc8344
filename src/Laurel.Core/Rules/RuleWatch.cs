using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>What has become of a rule. Times in microseconds since 1970 UTC.</summary>
/// <param name="Awarded">How many awards it has made; those that were corrected since count too.</param>
/// <param name="LastAwardedAt">When it made the last one; null for never.</param>
/// <param name="Late">How many matching actions came too late to count.</param>
/// <param name="IsAlarming">It has made none for longer than its alarm allows.</param>
public sealed record RuleWatch(long RuleId, long Awarded, long? LastAwardedAt, long Late, bool IsAlarming);

/// <summary>What a batch adds to the rules' watch.</summary>
internal sealed class RuleWatchDeltas
{
    // So many rules are written by one statement; by their number. SQLite numbers parameters as they first appear.
    private const int AtOnce = 16;
    private static readonly string[] Add = [.. Enumerable.Range(0, AtOnce + 1).Select(rules => $"""
        INSERT INTO rule_watch (node, rule_id, awarded, last_awarded_at, late)
        VALUES {string.Join(", ", Enumerable.Range(0, rules).Select(rule => $"($1, ${(rule * 4) + 2}, ${(rule * 4) + 3}, ${(rule * 4) + 4}, ${(rule * 4) + 5})"))}
        ON CONFLICT (rule_id, node) DO UPDATE SET awarded = rule_watch.awarded + excluded.awarded, late = rule_watch.late + excluded.late,
          last_awarded_at = CASE WHEN excluded.last_awarded_at > rule_watch.last_awarded_at THEN excluded.last_awarded_at ELSE rule_watch.last_awarded_at END
        """)];

    private const string Sum = """
        SELECT coalesce(CAST(sum(awarded) AS BIGINT), 0), coalesce(max(last_awarded_at), 0), coalesce(CAST(sum(late) AS BIGINT), 0)
        FROM rule_watch WHERE rule_id = $1
        """;

    private readonly SortedDictionary<long, (long Awarded, long Late)> _byRule = [];

    public void Awarded(Rule rule) => Put(rule, 1, 0);

    public void Late(Rule rule, int count) => Put(rule, 0, count);

    private void Put(Rule rule, int awarded, int late)
    {
        if (awarded + late == 0)
        {
            return;
        }
        var (sum, lates) = _byRule.GetValueOrDefault(rule.Id);
        _byRule[rule.Id] = (sum + awarded, lates + late);
    }

    public async ValueTask Store(Session session, short node, long now)
    {
        foreach (var rules in _byRule.Chunk(AtOnce))
        {
            var add = session.Prepare(Add[rules.Length]).Set(1, node);
            for (var i = 0; i < rules.Length; i++)
            {
                var (rule, (awarded, late)) = rules[i];
                add.Set((i * 4) + 2, rule).Set((i * 4) + 3, awarded).Set((i * 4) + 4, awarded > 0 ? now : 0).Set((i * 4) + 5, late);
            }
            await add.Run();
        }
    }

    public static async ValueTask<RuleWatch> Read(Session session, Rule rule, long now)
    {
        var row = session.Prepare(Sum).Set(1, rule.Id);
        await row.Read();
        var (awarded, last, late) = (row.Long(0), row.Long(1), row.Long(2));
        await row.Done();
        var quietSince = Math.Max(last, rule.UpdatedAt);
        return new RuleWatch(rule.Id, awarded, last == 0 ? null : last, late,
            rule.Draft is { Enabled: true, AlarmAfterDays: { } days } && now - quietSince > days * Clock.Day);
    }
}
