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
    private const string Add = """
        INSERT INTO rule_watch (rule_id, node, awarded, last_awarded_at, late) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (rule_id, node) DO UPDATE SET awarded = rule_watch.awarded + excluded.awarded, late = rule_watch.late + excluded.late,
          last_awarded_at = CASE WHEN excluded.last_awarded_at > rule_watch.last_awarded_at THEN excluded.last_awarded_at ELSE rule_watch.last_awarded_at END
        """;

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
        foreach (var (rule, (awarded, late)) in _byRule)
        {
            await session.Prepare(Add).Set(1, rule).Set(2, node).Set(3, awarded).Set(4, awarded > 0 ? now : 0).Set(5, late).Run();
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
