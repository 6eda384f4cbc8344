using System.Text;
using System.Text.Json.Nodes;
using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Rules;
using Laurel.Server.Http;
using Laurel.Server.Native;

namespace Laurel.Server.Commands.Demo;

/// <summary>What one user did before now, and whether they log in now.</summary>
internal sealed record DemoActor(long UserId, int Days, int Edits, bool IsHere);

/// <summary>The rules of the folder rules/ whose badges the demo has, and some users whom they award: for what they did before, by
/// backfills, and for what they do now. Ada is on her way.</summary>
internal sealed class DemoRules
{
    private const string Login = "login";
    private const string Edit = "edit";
    private const int MaximumActors = 100;

    // An actor is awarded at most three times by a backfill: most of the demo's awards are of its history.
    private const int AwardsForActor = 10;

    private static readonly string[] Files = ["first-login", "seven-day-streak", "editor", "collector", "ramadan-2027"];
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly LaurelCore _core;
    private readonly long _now;
    private readonly List<RuleDraft> _rules;
    private readonly HashSet<long> _made;
    private readonly List<DemoActor> _actors;

    public DemoRules(LaurelCore core, List<DemoUser> users, List<DemoBadge> badges, long now, int room)
    {
        (_core, _now) = (core, now);
        var ids = badges.ToDictionary(badge => $"{badge.Issuer.Key}/{badge.Draft.Key}", badge => badge.Id);
        _rules = [.. Files.Select(file => Draft(file, ids)).OfType<RuleDraft>()];
        _made = [.. _rules.SelectMany(rule => rule.Tiers).Select(tier => tier.BadgeId)];
        _actors = [.. users.Take(Math.Min(MaximumActors, room / AwardsForActor)).Select((user, place) => Actor(user.Id, place))];
        Collection = _rules.Select(rule => rule.Condition).OfType<Condition.Holding>().SelectMany(holding => holding.Badges).ToHashSet();
        Awards = _actors.Sum(actor => _rules.Count(rule => Earns(actor, rule)));
    }

    /// <summary>How many awards are made here.</summary>
    public int Awards { get; }

    /// <summary>The badges that the collector's rule asks for, each earned once.</summary>
    public IReadOnlySet<long> Collection { get; }

    /// <summary>Whether chance leaves the badge to a rule: some users earn it here, and what only a rule awards nobody was given.</summary>
    public bool Owns(DemoUser user, DemoBadge badge) =>
        _made.Contains(badge.Id) && (user.Id <= _actors.Count || _rules.Any(rule => rule.Tiers[0].BadgeId == badge.Id && IsOnlyRules(rule)));

    private static bool IsOnlyRules(RuleDraft rule) => rule.Condition is Condition.Holding || rule.ValidFrom is not null;

    // Ada has come half the way; a third of the others are here for the first time.
    private static DemoActor Actor(long userId, int place) =>
        userId == DemoTour.UserId ? new DemoActor(userId, Days: 5, Edits: 37, IsHere: true)
        : place % 3 == 0 ? new DemoActor(userId, Days: 0, Edits: 0, IsHere: true)
        : new DemoActor(userId, Days: 1 + (place % 10), Edits: place % 8 == 1 ? 100 + place : place % 25, IsHere: false);

    private static bool Earns(DemoActor actor, RuleDraft rule) => rule switch
    {
        { ValidFrom: not null } => false,
        { Condition: Condition.Each } => true,
        { Condition: Condition.Streak } => actor.Days >= rule.Tiers[0].Target,
        { Condition: Condition.Count } => actor.Edits >= rule.Tiers[0].Target,
        _ => false,
    };

    public async Task Make()
    {
        foreach (var type in new[] { Login, Edit })
        {
            DemoMaker.Need(await _core.ActionTypes.Put(type, description: null, createOnly: false));
        }
        await DemoMaker.ForEach(_actors.SelectMany(Past), Record);
        foreach (var draft in _rules)
        {
            var rule = await _core.Rules.Create(draft, DemoMaker.Administrator);
            DemoMaker.Need(rule);
            if (draft.Condition is not Condition.Holding && rule.Succeeded(out var made, out _))
            {
                await Backfill(made.Id);
            }
        }
        await DemoMaker.ForEach(_actors.Where(actor => actor.IsHere), actor => Record(new ActionDraft(Login, actor.UserId)));
    }

    private async Task Record(ActionDraft action) => DemoMaker.Need(await _core.Actions.Record(action));

    private async Task Backfill(long ruleId)
    {
        var backfill = await _core.Backfills.Apply(ruleId, from: null, DemoMaker.Administrator);
        while (true)
        {
            DemoMaker.Need(backfill);
            if (!backfill.Succeeded(out var told, out _) || told.State != BackfillState.Running)
            {
                return;
            }
            await Task.Delay(Glance);
            backfill = await _core.Backfills.Find(told.Id, DemoMaker.Administrator);
        }
    }

    // At noon UTC it is the same day in all of the demo's zones: these days are consecutive for everybody.
    private IEnumerable<ActionDraft> Past(DemoActor actor)
    {
        for (var day = 0; day < actor.Days; day++)
        {
            yield return new ActionDraft(Login, actor.UserId) { OccurredAt = Noon(day) };
        }
        for (var edit = 0; edit < actor.Edits; edit++)
        {
            yield return new ActionDraft(Edit, actor.UserId)
            {
                Subject = $"node:{10_000 + ((actor.UserId * 131) + edit) % 20_000}",
                OccurredAt = Noon(edit % 40) - (edit * 60 * Clock.Second),
                Properties = $$"""{"characters":{{1 + (edit % 20)}} }""",
            };
        }
    }

    // The last one, and those before.
    private long Noon(int daysAgo)
    {
        var today = (Clock.DayOf(_now) * Clock.Day) + (Clock.Day / 2);
        return (today < _now ? today : today - Clock.Day) - (daysAgo * Clock.Day);
    }

    // Null where the demo has not all of its badges.
    private static RuleDraft? Draft(string file, Dictionary<string, long> badges)
    {
        using var stream = typeof(DemoRules).Assembly.GetManifestResourceStream($"rules.{file}.json")!;
        var rule = (JsonObject)JsonNode.Parse(stream)!;
        if (!Name(rule, "badge", "badgeId", badges) || rule["when"]!["holding"] is JsonArray set && !Name(set, badges))
        {
            return null;
        }
        var outcome = Bodies.Parse(Encoding.UTF8.GetBytes(rule.ToJsonString()), NativeJson.Strict.RuleBody).ToDraft();
        DemoMaker.Need(outcome);
        return outcome.Succeeded(out var draft, out _) ? draft : null;
    }

    private static bool Name(JsonObject rule, string from, string to, Dictionary<string, long> badges)
    {
        var known = badges.TryGetValue(rule[from]!.GetValue<string>(), out var id);
        rule.Remove(from);
        rule[to] = id;
        return known;
    }

    private static bool Name(JsonArray set, Dictionary<string, long> badges)
    {
        for (var i = 0; i < set.Count; i++)
        {
            if (!badges.TryGetValue(set[i]!.GetValue<string>(), out var id))
            {
                return false;
            }
            set[i] = id;
        }
        return true;
    }
}
