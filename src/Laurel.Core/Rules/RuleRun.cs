using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Rules.Filters;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>The rules of one batch.</summary>
/// <param name="settled">Nothing that happened before it will still come and count.</param>
internal sealed class RuleRun(
    Session session, LedgerStore store, RuleBook book, BadgeCatalogue badges, IdBlocks ids, RuleWatchDeltas watch, long now, long settled)
{
    private readonly RuleAwards _awards = new(session, store, badges, ids, watch, now);

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
            var reached = state.Step(rule, moments, await Matching.Calendar(session, rule, userId, badges), settled);
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
        var reached = state.Step(rule, Matching.Of(rule, actions, [], countsLate: false), await Matching.Calendar(session, rule, userId, badges), settled);
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
            foreach (var (user, rule) in asked)
            {
                await EvaluateHolding(book.OfId(rule), user);
            }
        }
    }

    // Most who hold a badge of a set hold too few: then nothing is written, not even what waits. Of several writers none could say so.
    private async ValueTask<bool> HoldsTooFew(Rule rule, long userId)
    {
        if (!session.WritesAlone)
        {
            return false;
        }
        var unwritten = store.Unwritten(userId);
        return (await Holdings.Since(session, ((Condition.Holding)rule.Draft.Condition).Badges, userId, unwritten)).Count < rule.Draft.Tiers[0].Target
            && (await Holdings.Since(session, rule.Draft.Tiers.Select(tier => tier.BadgeId), userId, unwritten)).Count == 0;
    }

    private async ValueTask EvaluateHolding(Rule rule, long userId)
    {
        if (await HoldsTooFew(rule, userId))
        {
            return;
        }
        await store.Settle(session, userId);
        // The row is locked before the awards are read: of two nodes that award two badges of the set, the second sees both.
        var state = await UserRules.Hold(session, store, userId, rule);
        var (seated, orphans) = (state.IsSeated, state.Orphans);
        var reached = await Holdings.Reached(session, rule, (Condition.Holding)rule.Draft.Condition, userId, []);
        await _awards.Reconcile(rule, userId, new Position(settled, long.MinValue), reached, state);
        if (state.IsSeated != seated || !state.Orphans.SequenceEqual(orphans))
        {
            await UserRules.Store(session, store, userId, rule, state, state.Pack());
        }
    }
}
