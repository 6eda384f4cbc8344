using System.Globalization;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>A rule's award that was removed, and not by the rule.</summary>
internal sealed record RemovedAward(string Occasion, long AwardId, Position Place);

/// <summary>What makes a rule's awards of one badge to one user those of the targets that were reached. Reads only.</summary>
internal sealed class RulePlan
{
    private const string StandingOfRule = """
        SELECT a.user_id, a.badge_id, a.occasion, a.id, a.awarded_at, a.source, a.subject, d.action_id
        FROM awards a JOIN award_details d ON d.user_id = a.user_id AND d.award_id = a.id
        WHERE a.user_id = $1 AND a.badge_id = $2 AND a.awarded_at >= $3 AND a.source IN (6, 8) AND d.rule_id = $4 AND d.rule_revision >= $5
        ORDER BY a.awarded_at, a.id
        """;

    private const string RemovedOfRule = """
        SELECT h.occasion, h.award_id, h.awarded_at, d.action_id FROM award_history h
        JOIN award_details d ON d.user_id = h.user_id AND d.award_id = h.award_id
        WHERE h.user_id = $1 AND h.badge_id = $2 AND h.awarded_at >= $3 AND h.source IN (6, 8) AND h.kind >= 1 AND h.lifted = 0
          AND d.rule_id = $4 AND d.rule_revision >= $5
        ORDER BY h.awarded_at, h.award_id
        """;

    /// <summary>Awards that are as they should be.</summary>
    public List<Award> Kept { get; } = [];

    /// <summary>Awards that should be others, and which.</summary>
    public List<(Award Wrong, Reached Right)> Corrected { get; } = [];

    /// <summary>Awards that should not be.</summary>
    public List<Award> TakenBack { get; } = [];

    /// <summary>Awards that are missing. Somebody may have removed one of the occasion.</summary>
    public List<Reached> Given { get; } = [];

    /// <summary>Removals of awards that should have been others.</summary>
    public List<(RemovedAward Removed, string Occasion, Reached Right)> Moved { get; } = [];

    /// <summary>Removals of awards that should not have been, which nothing that should have been takes.</summary>
    public List<RemovedAward> Orphans { get; } = [];

    /// <summary>The occasion of an award for a target; null where the badge needs a subject or an action that is missing. A badge that
    /// can always be earned is earned once by an action: evaluated twice, it is the same award.</summary>
    public static string? OccasionOf(Badge badge, Reached reached) => badge.Recurrence is Recurrence.Always
        ? reached.ActionId is { } action ? string.Create(CultureInfo.InvariantCulture, $"a:{action}") : null
        : Occasion.Of(badge.Recurrence, badge.TimeZone, reached.At, reached.Subject, reached.ActionId, awardId: 0)?.Key;

    /// <summary>Where an award belongs among the rule's.</summary>
    public static Position PlaceOf(Award award) => new(award.AwardedAt, award.ActionId ?? 0);

    /// <inheritdoc cref="PlaceOf(Award)"/>
    public static Position PlaceOf(Reached reached) => new(reached.At, reached.ActionId ?? 0);

    /// <summary>Whether an award that holds an occasion is a rule's, and was earned later than that. Several rules may award one badge: the
    /// earliest of what they give is it. What others awarded stays.</summary>
    public static async ValueTask<bool> IsLater(Session session, Award standing, Reached reached) =>
        standing.Source is AwardSource.Rule or AwardSource.Backfill
        && PlaceOf(reached).CompareTo(PlaceOf(await AwardDetails.Complete(session, standing))) < 0;

    /// <summary>The plan.</summary>
    /// <param name="session">Where all of the user's awards are in their table, but for those in <paramref name="held"/>.</param>
    /// <param name="rule">Whose awards.</param>
    /// <param name="userId">To whom.</param>
    /// <param name="badge">Which of the rule's.</param>
    /// <param name="behind">Awards up to there are left as they are.</param>
    /// <param name="reached">The targets that were reached behind it.</param>
    /// <param name="held">Occasions that are held beside those in the table.</param>
    /// <param name="orphans">Of removals before it, <see cref="UserRule.Orphans"/>.</param>
    public static async ValueTask<RulePlan> Make(
        Session session, Rule rule, long userId, Badge badge, Position behind, IEnumerable<Reached> reached, IReadOnlySet<string> held, IReadOnlyList<long> orphans)
    {
        var plan = new RulePlan();
        // The first of an occasion is it.
        var missing = new Dictionary<string, Reached>(StringComparer.Ordinal);
        foreach (var each in reached)
        {
            if (OccasionOf(badge, each) is { } occasion)
            {
                missing.TryAdd(occasion, each);
            }
        }
        var wrong = new List<(Position Place, Award? Standing, RemovedAward? Removed)>();
        foreach (var award in await Standing(session, rule, userId, badge.Id, behind))
        {
            if (!missing.Remove(award.Occasion, out var right))
            {
                wrong.Add((PlaceOf(award), award, null));
            }
            else if (PlaceOf(award) != PlaceOf(right))
            {
                plan.Corrected.Add((award, right));
            }
            else
            {
                plan.Kept.Add(award);
            }
        }
        foreach (var removed in await Removed(session, rule, userId, badge.Id, behind, orphans))
        {
            if (!missing.Remove(removed.Occasion, out var right))
            {
                wrong.Add((removed.Place, null, removed));
            }
            else if (removed.Place != PlaceOf(right))
            {
                plan.Moved.Add((removed, removed.Occasion, right));
            }
        }
        foreach (var (occasion, right) in missing)
        {
            // Held by somebody else's award, or by one of a rule's that is left as it is unless it is later.
            if (await StandingAwards.At(session, userId, badge.Id, occasion) is { } standing)
            {
                missing.Remove(occasion);
                if (await IsLater(session, standing, right))
                {
                    plan.Corrected.Add((standing, right));
                }
            }
            else if (held.Contains(occasion))
            {
                missing.Remove(occasion);
            }
        }
        plan.Match(wrong, missing);
        return plan;
    }

    // The first that is wrong should have been the first that is missing, and so on.
    private void Match(List<(Position Place, Award? Standing, RemovedAward? Removed)> wrong, Dictionary<string, Reached> missing)
    {
        wrong.Sort((a, b) => a.Place.CompareTo(b.Place));
        var next = 0;
        foreach (var (occasion, right) in missing.OrderBy(each => PlaceOf(each.Value).At).ThenBy(each => PlaceOf(each.Value).Id))
        {
            var (_, standing, removed) = next < wrong.Count ? wrong[next++] : default;
            if (standing is not null)
            {
                Corrected.Add((standing, right));
            }
            else if (removed is not null)
            {
                Moved.Add((removed, occasion, right));
            }
            else
            {
                Given.Add(right);
            }
        }
        TakenBack.AddRange(wrong.Skip(next).Select(each => each.Standing).OfType<Award>());
        Orphans.AddRange(wrong.Skip(next).Select(each => each.Removed).OfType<RemovedAward>());
    }

    // What was awarded before counting last began anew is as good as another's: it no longer rests on what is counted. What is held
    // is looked up, not counted.
    private static long FirstRevision(Rule rule) => rule.Draft.Condition is Condition.Holding ? 0 : rule.FirstRevision;

    private static async ValueTask<List<Award>> Standing(Session session, Rule rule, long userId, long badgeId, Position behind)
    {
        var found = new List<Award>();
        var rows = session.Prepare(StandingOfRule).Set(1, userId).Set(2, badgeId).Set(3, behind.At).Set(4, rule.Id).Set(5, FirstRevision(rule));
        while (await rows.Read())
        {
            var award = StandingAwards.Row(rows) with { ActionId = rows.LongOrNull(7) };
            if (PlaceOf(award).CompareTo(behind) > 0)
            {
                found.Add(award);
            }
        }
        return found;
    }

    private static async ValueTask<List<RemovedAward>> Removed(
        Session session, Rule rule, long userId, long badgeId, Position behind, IReadOnlyList<long> orphans)
    {
        var found = new List<RemovedAward>();
        var from = orphans.Count > 0 ? Position.First.At : behind.At;
        var rows = session.Prepare(RemovedOfRule).Set(1, userId).Set(2, badgeId).Set(3, from).Set(4, rule.Id).Set(5, FirstRevision(rule));
        while (await rows.Read())
        {
            var place = new Position(rows.Long(2), rows.LongOrNull(3) ?? 0);
            if (place.CompareTo(behind) > 0 || orphans.Contains(rows.Long(1)))
            {
                found.Add(new RemovedAward(rows.Text(0), rows.Long(1), place));
            }
        }
        return found;
    }
}
