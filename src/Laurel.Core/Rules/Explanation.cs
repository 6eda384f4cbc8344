using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Rules;

/// <summary>Why a user has a badge, or has not. Times in microseconds since 1970 UTC.</summary>
/// <param name="Awards">Those that stand, oldest first, at most <see cref="Explanations.MaximumAwards"/>, with the action that tipped each.</param>
/// <param name="Removals">Those that were removed, oldest first.</param>
/// <param name="Rules">What each rule that awards it has to say.</param>
public sealed record Explanation(
    long UserId, long BadgeId, IReadOnlyList<ExplainedAward> Awards, IReadOnlyList<ExplainedRemoval> Removals, IReadOnlyList<ExplainedRule> Rules);

/// <summary>An award and the action that earned it, as far as it is still recorded.</summary>
public sealed record ExplainedAward(Award Award, RecordedAction? Action);

/// <summary>A removal; <paramref name="IsLifted"/>: a manual award has set it aside.</summary>
public sealed record ExplainedRemoval(long AwardId, string Occasion, long AwardedAt, RemovalKind Kind, long RemovedAt, long? RemovedBy, string? Reason, bool IsLifted);

/// <summary>Why a rule has awarded, or has not.</summary>
public enum RuleVerdict
{
    /// <summary>It made an award that stands.</summary>
    Awarded,

    /// <summary>Its target is reached, and somebody else's award holds the badge.</summary>
    HeldByAnother,

    /// <summary>Its target is reached, and the award was removed.</summary>
    Removed,
    RuleDisabled,
    BadgeDisabled,

    /// <summary>It awards a limited number of users, and there are that many.</summary>
    AllSeatsTaken,

    /// <summary>A backfill will still come to the user.</summary>
    AwaitsBackfill,

    /// <summary>Its time is over, or has not begun.</summary>
    NotValidNow,

    /// <summary>The count is short of the target.</summary>
    CountMissing,
}

/// <summary>What a rule says of a user and a badge.</summary>
/// <param name="Count">What the user has come to.</param>
/// <param name="Target">What earns the badge.</param>
/// <param name="Actions">What has become of the recorded actions of its types.</param>
/// <param name="Last">The last actions that it counted, oldest first, at most <see cref="Explanations.MaximumActions"/>.</param>
public sealed record ExplainedRule(
    long RuleId, string RuleKey, long Revision, RuleVerdict Verdict, decimal Count, decimal Target, ExplainedActions Actions, IReadOnlyList<RecordedAction> Last);

/// <summary>Recorded actions of a rule's types, each in the first of these that is true of it.</summary>
/// <param name="NotTheirs">Done by, or about a subject of, somebody else than the rule asks for.</param>
/// <param name="TooLate">Came later than the lateness allows.</param>
/// <param name="TooEarly">Happened before the rule began to count.</param>
/// <param name="OutsideValidity">Happened outside the rule's window.</param>
/// <param name="NotMatching">The filter turned it away, or what the condition counts is missing.</param>
/// <param name="Counted">Counted.</param>
public sealed record ExplainedActions(int NotTheirs, int TooLate, int TooEarly, int OutsideValidity, int NotMatching, int Counted);

/// <summary>Explains awards, and their absence, from what is recorded and kept.</summary>
public sealed class Explanations
{
    /// <summary>The most awards that are shown.</summary>
    public const int MaximumAwards = 100;

    /// <summary>The most actions that are shown of each rule.</summary>
    public const int MaximumActions = 10;

    private const string History = """
        SELECT award_id, occasion, awarded_at, kind, removed_at, removed_by, reason, lifted FROM award_history
        WHERE user_id = $1 AND badge_id = $2 ORDER BY removed_at, award_id LIMIT $3
        """;

    private const string OfBadge = """
        SELECT user_id, badge_id, occasion, id, awarded_at, source, subject FROM awards
        WHERE user_id = $1 AND badge_id = $2 ORDER BY awarded_at, id LIMIT $3
        """;

    private const string SeatsTaken = "SELECT taken FROM rule_seats WHERE rule_id = $1";

    private readonly Database _database;
    private readonly Ledger _ledger;
    private readonly Lifetimes _lifetimes;
    private readonly RuleCatalogue _rules;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly UserDirectory _users;
    private readonly TimeProvider _time;

    internal Explanations(
        Database database, Ledger ledger, Lifetimes lifetimes, RuleCatalogue rules, BadgeCatalogue badges, IssuerCatalogue issuers, UserDirectory users,
        TimeProvider time) =>
        (_database, _ledger, _lifetimes, _rules, _badges, _issuers, _users, _time) = (database, ledger, lifetimes, rules, badges, issuers, users, time);

    /// <summary>Why a user has a badge, or has not.</summary>
    /// <param name="caller">Administrators, services that may read users, viewers, and who manages the badge's issuer may ask; of a badge
    /// that is hidden until it is claimed, only those of them who see it.</param>
    public async ValueTask<Outcome<Explanation>> Make(long userId, long badgeId, Caller caller)
    {
        if (await _badges.Find(badgeId) is not { } badge)
        {
            return new Refusal(RefusalCode.UnknownBadge, "No badge has this id.", "badgeId");
        }
        var mayAsk = caller.MayAt((await _issuers.Find(badge.IssuerId))!, Scopes.UsersRead) || caller.Holds(Permissions.Viewer, Scopes.UsersRead);
        if (!mayAsk || !await _badges.ShowsItself(badge, caller))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not ask why users have this badge.");
        }
        if (!await _users.Exists(userId))
        {
            return new Refusal(RefusalCode.UnknownUser, "No user has this id.");
        }
        await _lifetimes.Expire(userId);
        var rules = await Shown(await _rules.OfBadge(badgeId), caller);
        // Before the table: a row only ever moves there.
        var buffered = await _ledger.Buffered(userId);
        return await _database.ReadSnapshot(async session =>
        {
            var standing = await Standing(session, userId, badge, buffered);
            var removals = await Removals(session, userId, badgeId);
            var explained = new List<ExplainedRule>();
            foreach (var rule in rules)
            {
                explained.Add(await Explain(session, rule, userId, badge, standing, removals, buffered));
            }
            var awards = new List<ExplainedAward>();
            foreach (var award in standing)
            {
                awards.Add(new ExplainedAward(award, award.ActionId is { } action ? await ActionStore.Find(session, action, userId) ?? await ActionStore.Find(session, action) : null));
            }
            return new Explanation(userId, badgeId, awards, removals, explained);
        });
    }

    // Without those of which another badge hides: their keys could betray it.
    private async ValueTask<List<Rule>> Shown(IReadOnlyList<Rule> rules, Caller caller)
    {
        var shown = new List<Rule>();
        foreach (var rule in rules)
        {
            var hides = false;
            foreach (var tier in rule.Draft.Tiers)
            {
                hides |= await _badges.Find(tier.BadgeId) is not { } badge || !await _badges.ShowsItself(badge, caller);
            }
            if (!hides)
            {
                shown.Add(rule);
            }
        }
        return shown;
    }

    private static async ValueTask<List<Award>> Standing(Session session, long userId, Badge badge, IReadOnlyList<BufferedAward> buffered)
    {
        var awards = buffered.Where(award => award.BadgeId == badge.Id).Select(award => award.ToAward()).ToDictionary(award => award.Id);
        var rows = session.Prepare(OfBadge).Set(1, userId).Set(2, badge.Id).Set(3, MaximumAwards);
        while (await rows.Read())
        {
            var award = StandingAwards.Row(rows);
            awards[award.Id] = award;
        }
        return await AwardDetails.Complete(session, [.. awards.Values.OrderBy(award => award.AwardedAt).ThenBy(award => award.Id)]);
    }

    private static async ValueTask<List<ExplainedRemoval>> Removals(Session session, long userId, long badgeId)
    {
        var removals = new List<ExplainedRemoval>();
        var rows = session.Prepare(History).Set(1, userId).Set(2, badgeId).Set(3, MaximumAwards);
        while (await rows.Read())
        {
            removals.Add(new ExplainedRemoval(rows.Long(0), rows.Text(1), rows.Long(2), (RemovalKind)rows.Long(3), rows.Long(4),
                rows.LongOrNull(5), rows.TextOrNull(6), rows.Long(7) != 0));
        }
        return removals;
    }

    private async ValueTask<ExplainedRule> Explain(
        Session session, Rule rule, long userId, Badge badge, List<Award> standing, List<ExplainedRemoval> removals, IReadOnlyList<BufferedAward> buffered)
    {
        var now = _time.Micros();
        var target = rule.Draft.Tiers.First(tier => tier.BadgeId == badge.Id).Target;
        var actions = rule.Draft.Condition is Condition.Holding ? [] : await ActionStore.Read(session, userId, Position.First, await ActionStore.Periods(session, Position.First, now));
        var (sorted, last) = Sort(rule, actions);
        decimal count;
        if (rule.Draft.Condition is Condition.Holding holding)
        {
            count = (await Holdings.Firsts(session, holding.Badges, userId, buffered)).Count;
        }
        else
        {
            var state = (await UserRules.Read(session, userId)).TryGetValue(rule.Id, out var stored)
                ? UserRules.Of(rule, stored)
                : new UserRule();
            count = rule.Remembers
                ? state.Counter(rule).At(now, await Matching.Calendar(session, rule, userId, _badges))
                : Math.Min(1, sorted.Counted);
        }
        var verdict = await Verdict(session, rule, userId, badge, standing, removals, reached: count >= target, now);
        return new ExplainedRule(rule.Id, rule.Draft.Key, rule.Revision, verdict, count, target, sorted, last);
    }

    private static (ExplainedActions Sorted, List<RecordedAction> Last) Sort(Rule rule, List<UserAction> actions)
    {
        var role = rule.Draft.Recipient == Recipient.Actor ? ActionRoles.Actor : ActionRoles.Owner;
        int notTheirs = 0, tooLate = 0, tooEarly = 0, outside = 0, notMatching = 0;
        var counted = new List<RecordedAction>();
        foreach (var each in actions.Where(each => rule.Draft.Actions.Contains(each.Action.Type, StringComparer.Ordinal)))
        {
            if (!each.Roles.HasFlag(role))
            {
                notTheirs++;
            }
            else if (!each.IsCounted)
            {
                tooLate++;
            }
            else if (each.Action.OccurredAt < rule.CountsFrom)
            {
                tooEarly++;
            }
            else if (!rule.IsValidAt(each.Action.OccurredAt))
            {
                outside++;
            }
            else if (Matching.Of(rule, [each], [], countsLate: false).Count == 0)
            {
                notMatching++;
            }
            else
            {
                counted.Add(each.Action);
            }
        }
        return (new ExplainedActions(notTheirs, tooLate, tooEarly, outside, notMatching, counted.Count), [.. counted.TakeLast(MaximumActions)]);
    }

    private static async ValueTask<RuleVerdict> Verdict(
        Session session, Rule rule, long userId, Badge badge, List<Award> standing, List<ExplainedRemoval> removals, bool reached, long now)
    {
        if (standing.Any(award => award.Rule?.Id == rule.Id))
        {
            return RuleVerdict.Awarded;
        }
        if (!rule.Draft.Enabled)
        {
            return RuleVerdict.RuleDisabled;
        }
        if ((await BackfillRow.Cursors(session)).TryGetValue(rule.Id, out var cursor) && userId > cursor)
        {
            return RuleVerdict.AwaitsBackfill;
        }
        if (removals.Any(removal => removal is { IsLifted: false, Kind: not RemovalKind.Corrected }))
        {
            return RuleVerdict.Removed;
        }
        if (reached && standing.Count > 0)
        {
            return RuleVerdict.HeldByAnother;
        }
        if (!badge.Enabled)
        {
            return RuleVerdict.BadgeDisabled;
        }
        if (rule.Draft.MaximumRecipients is { } most && await Taken(session, rule) >= most)
        {
            return RuleVerdict.AllSeatsTaken;
        }
        return rule.IsValidAt(now) ? RuleVerdict.CountMissing : RuleVerdict.NotValidNow;
    }

    private static async ValueTask<long> Taken(Session session, Rule rule)
    {
        var row = session.Prepare(SeatsTaken).Set(1, rule.Id);
        var taken = await row.Read() ? row.Long(0) : 0;
        await row.Done();
        return taken;
    }
}
