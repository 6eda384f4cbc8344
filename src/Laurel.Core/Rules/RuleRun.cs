using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Rules.Filters;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>The rules of one batch.</summary>
/// <param name="settled">Nothing that happened before it will still come and count.</param>
internal sealed class RuleRun(
    Session session, LedgerStore store, RuleBook book, BadgeCatalogue badges, IdBlocks ids, long now, long settled)
{
    private readonly RuleAwards _awards = new(session, store, badges, ids, now);

    /// <summary>Counts new actions for the users whom they concern.</summary>
    public async ValueTask Evaluate(SortedDictionary<long, List<UserAction>> byUser)
    {
        foreach (var (user, actions) in byUser)
        {
            var facts = new Dictionary<long, ActionFacts>();
            foreach (var rule in RulesOf(actions))
            {
                var moments = Matching(rule, actions, facts);
                if (moments.Count > 0)
                {
                    await Count(rule, user, moments);
                }
            }
        }
    }

    private IEnumerable<Rule> RulesOf(List<UserAction> actions)
    {
        var types = actions.Select(each => each.Action.Type).Distinct(StringComparer.Ordinal).ToList();
        return types.Count == 1
            ? book.OfType(types[0])
            : types.SelectMany(book.OfType).DistinctBy(rule => rule.Id).OrderBy(rule => rule.Id);
    }

    // What a rule counts of some actions, which are in order.
    private static List<Moment> Matching(Rule rule, IEnumerable<UserAction> actions, Dictionary<long, ActionFacts> facts)
    {
        var role = rule.Draft.Recipient == Recipient.Actor ? ActionRoles.Actor : ActionRoles.Owner;
        var moments = new List<Moment>();
        foreach (var each in actions)
        {
            var action = each.Action;
            if (!each.IsCounted || !each.Roles.HasFlag(role) || !rule.IsValidAt(action.OccurredAt)
                || !rule.Draft.Actions.Contains(action.Type, StringComparer.Ordinal))
            {
                continue;
            }
            if (!facts.TryGetValue(action.Id, out var fact))
            {
                facts[action.Id] = fact = new ActionFacts(action);
            }
            var amount = 0m;
            if (rule.Filter?.Matches(fact) == false || (rule.Amount is { } path && !(path.TryNumber(fact, out amount) && Rule.IsAmount(amount)))
                || (rule.Draft.Condition is Condition.DistinctSubjects && action.Subject is null))
            {
                continue;
            }
            moments.Add(new Moment(action.OccurredAt, action.Id, action.Subject, amount));
        }
        return moments;
    }

    private async ValueTask Count(Rule rule, long userId, List<Moment> moments)
    {
        if (!rule.Remembers)
        {
            foreach (var moment in moments)
            {
                await _awards.Give(rule, userId, new Reached(0, moment.At, moment.ActionId, moment.Subject), seats: null);
            }
            return;
        }
        var state = await UserRules.Hold(session, userId, rule);
        var before = state.Pack();
        if (state.Last.CompareTo(moments[0].Position) < 0)
        {
            foreach (var reached in state.Step(rule, moments, await Calendar(rule, userId), settled))
            {
                await _awards.Give(rule, userId, reached, state);
            }
        }
        else
        {
            await CountAgain(rule, userId, moments, state);
        }
        var after = state.Pack();
        if (!after.AsSpan().SequenceEqual(before))
        {
            await UserRules.Store(session, userId, rule, after);
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
        var actions = await ActionStore.Read(session, userId, behind, now);
        var reached = state.Step(rule, Matching(rule, actions, []), await Calendar(rule, userId), settled);
        await _awards.Reconcile(rule, userId, behind, reached, state);
    }

    private async ValueTask<RuleCalendar> Calendar(Rule rule, long userId)
    {
        var issuer = (await badges.Find(rule.Draft.Tiers[0].BadgeId))?.TimeZone ?? Zones.Utc;
        return new RuleCalendar(issuer, rule.Draft.Condition is Condition.Streak ? await UserZones.Read(session, userId, issuer) : []);
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
                    foreach (var rule in book.OfBadge(changed.BadgeId))
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

    private async ValueTask EvaluateHolding(Rule rule, long userId)
    {
        await store.Settle(session, userId);
        // The row is locked before the awards are read: of two nodes that award two badges of the set, the second sees both.
        var state = await UserRules.Hold(session, userId, rule);
        var seated = state.IsSeated;
        var held = await Held(userId, ((Condition.Holding)rule.Draft.Condition).Badges);
        var reached = new List<Reached>();
        for (var tier = 0; tier < rule.Draft.Tiers.Count; tier++)
        {
            var target = (int)rule.Draft.Tiers[tier].Target;
            if (held.Count >= target)
            {
                reached.Add(new Reached(tier, held[target - 1], null, null));
            }
        }
        await _awards.Reconcile(rule, userId, new Position(settled, long.MinValue), reached, state);
        if (state.IsSeated != seated)
        {
            await UserRules.Store(session, userId, rule, state.Pack());
        }
    }

    // When the user came to hold each of the badges, ascending.
    private async ValueTask<List<long>> Held(long userId, IEnumerable<long> ofBadges)
    {
        var times = new List<long>();
        foreach (var badge in ofBadges)
        {
            if (await StandingAwards.Earliest(session, userId, badge) is { } award)
            {
                times.Add(award.AwardedAt);
            }
        }
        times.Sort();
        return times;
    }
}
