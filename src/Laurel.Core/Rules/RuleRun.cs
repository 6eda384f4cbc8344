using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Rules.Filters;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>The rules of one batch.</summary>
/// <param name="settled">Nothing that happened before it will still come and count.</param>
internal sealed class RuleRun(
    Session session, LedgerStore store, RuleBook book, BadgeCatalogue badges, IdBlocks ids, RuleWatchDeltas watch, RuleSeats seats, long now, long settled)
{
    private readonly RuleAwards _awards = new(session, store, badges, ids, watch, seats, now);

    private IReadOnlyDictionary<long, List<(long Since, string Zone)>>? _zones;

    /// <summary>Counts new actions for the users whom they concern.</summary>
    public async ValueTask Evaluate(SortedDictionary<long, List<UserAction>> byUser)
    {
        var found = new List<(long User, Rule Rule, List<Moment> Moments)>();
        var held = new List<(long User, Rule Rule)>();
        var facts = new Dictionary<long, ActionFacts>();
        foreach (var (user, actions) in byUser)
        {
            var late = actions.FindAll(action => !action.IsCounted);
            foreach (var rule in RulesOf(actions))
            {
                if (late.Count > 0)
                {
                    watch.Late(rule, Matching.Of(rule, late, facts, countsLate: true).Count);
                }
                if (Matching.Of(rule, actions, facts, countsLate: false) is { Count: > 0 } moments && !book.Awaits(rule, user))
                {
                    found.Add((user, rule, moments));
                    if (rule.Remembers)
                    {
                        held.Add((user, rule));
                    }
                }
            }
        }
        var counts = await store.HoldCounts(session, held);
        _zones = await store.ReadZones(session, [.. found.Where(each => each.Rule.Draft.Condition is Condition.Streak).Select(each => each.User).Distinct()]);
        foreach (var (user, rule, moments) in found)
        {
            await Count(rule, user, moments, rule.Remembers ? UserRules.Of(rule, user, counts) : null);
        }
    }

    private IEnumerable<Rule> RulesOf(List<UserAction> actions) => actions.Count == 1
        ? book.OfType(actions[0].Action.Type)
        : actions.Select(each => each.Action.Type).Distinct(StringComparer.Ordinal)
            .SelectMany(book.OfType).DistinctBy(rule => rule.Id).OrderBy(rule => rule.Id);

    // A rule that remembers nothing has no state.
    private async ValueTask Count(Rule rule, long userId, List<Moment> moments, UserRule? state)
    {
        if (state is null)
        {
            foreach (var moment in moments)
            {
                await _awards.Give(rule, userId, new Reached(0, moment.At, moment.ActionId, moment.Subject), seats: null);
            }
            return;
        }
        if (state.Last.CompareTo(moments[0].Position) < 0)
        {
            var behind = state.Last;
            var reached = state.Step(rule, moments, await Matching.Calendar(session, rule, userId, badges, _zones), settled);
            if (reached.Count > 0 && state.Orphans.Count > 0)
            {
                await _awards.Reconcile(rule, userId, behind, reached, state);
            }
            else
            {
                foreach (var each in reached)
                {
                    await _awards.Give(rule, userId, each, state);
                }
            }
        }
        else
        {
            await CountAgain(rule, userId, moments, state);
        }
        if (state.IsChanged(out var packed))
        {
            await UserRules.Store(session, store, userId, rule, state, packed);
        }
    }

    // An action came late: what followed it is counted again with it, and what was awarded for it corrected.
    private async ValueTask CountAgain(Rule rule, long userId, List<Moment> moments, UserRule state)
    {
        // One that belongs where all is settled comes too late for this rule.
        var from = moments.Select(moment => state.Rewind(moment.Position)).FirstOrDefault(rewound => rewound is not null);
        if (from is not { } behind)
        {
            return;
        }
        await store.Settle(session, userId);
        var actions = await ActionStore.Read(session, userId, behind, await ActionStore.Periods(session, behind, now));
        var reached = state.Step(rule, Matching.Of(rule, actions, [], countsLate: false), await Matching.Calendar(session, rule, userId, badges, _zones), settled);
        await _awards.Reconcile(rule, userId, behind, reached, state);
    }

    /// <summary>Looks at the users who were awarded a badge that some rule asks for; what that earns may be asked for in turn.</summary>
    public async ValueTask EvaluateHoldings()
    {
        if (!book.LooksAtHoldings)
        {
            return;
        }
        var done = 0;
        var asked = new SortedSet<(long User, long Rule)>();
        while (done < store.Recorded)
        {
            asked.Clear();
            for (; done < store.Recorded; done++)
            {
                if (store.Event(done) is { Kind: OutboxKind.Awarded or OutboxKind.Corrected } changed)
                {
                    foreach (var rule in book.OfBadge(changed.BadgeId).Where(rule => !book.Awaits(rule, changed.UserId)))
                    {
                        asked.Add((changed.UserId, rule.Id));
                    }
                }
            }
            await EvaluateHoldings(asked);
        }
    }

    private async ValueTask EvaluateHoldings(IEnumerable<(long User, long Rule)> asked)
    {
        var found = new List<(long User, Rule Rule)>();
        foreach (var (user, rule) in asked)
        {
            if (!await HoldsTooFew(book.OfId(rule), user))
            {
                found.Add((user, book.OfId(rule)));
                await store.Settle(session, user);
            }
        }
        // The rows are locked before the awards are read: of two nodes that award two badges of the set, the second sees both.
        var counts = await store.HoldCounts(session, found);
        foreach (var (user, rule) in found)
        {
            await EvaluateHolding(rule, user, UserRules.Of(rule, user, counts));
        }
    }

    // Most who hold a badge of a set hold too few: then nothing is written, not even what waits. Of several writers none could say so.
    private async ValueTask<bool> HoldsTooFew(Rule rule, long userId) =>
        session.WritesAlone && IsTooFew(rule, await Holdings.Firsts(session, Concerned(rule), userId, store.Unwritten(userId)));

    private static IEnumerable<long> Concerned(Rule rule) =>
        ((Condition.Holding)rule.Draft.Condition).Badges.Concat(rule.Draft.Tiers.Select(tier => tier.BadgeId));

    private static bool IsTooFew(Rule rule, Dictionary<long, long> held) =>
        ((Condition.Holding)rule.Draft.Condition).Badges.Count(held.ContainsKey) < rule.Draft.Tiers[0].Target
        && !rule.Draft.Tiers.Any(tier => held.ContainsKey(tier.BadgeId));

    private async ValueTask EvaluateHolding(Rule rule, long userId, UserRule state)
    {
        // An award made for one of them may be a badge that the next asks for.
        await store.Settle(session, userId);
        var held = await Holdings.Firsts(session, Concerned(rule), userId, []);
        var (seated, orphans) = (state.IsSeated, state.Orphans);
        if (orphans.Count == 0 && IsTooFew(rule, held))
        {
            return;
        }
        var reached = Holdings.Reached(rule, (Condition.Holding)rule.Draft.Condition, held);
        await _awards.Reconcile(rule, userId, new Position(settled, long.MinValue), reached, state);
        if (state.IsSeated != seated || !state.Orphans.SequenceEqual(orphans))
        {
            await UserRules.Store(session, store, userId, rule, state, state.Pack());
        }
    }
}
