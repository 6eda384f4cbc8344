using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>An award as a preview shows it. Times in microseconds since 1970 UTC.</summary>
/// <param name="At">When it was, or would be, earned.</param>
/// <param name="InsteadOf">When the award that stands says it was.</param>
public sealed record PreviewedAward(long UserId, long BadgeId, long At, long? ActionId, string? Subject, long? InsteadOf = null);

/// <summary>How many, and the first of them.</summary>
public sealed class PreviewedAwards
{
    /// <summary>The most that are shown.</summary>
    public const int MaximumSamples = 20;

    private readonly List<PreviewedAward> _samples = [];

    public long Count { get; private set; }

    public IReadOnlyList<PreviewedAward> Samples => _samples;

    internal void Add(PreviewedAward award)
    {
        Count++;
        if (_samples.Count < MaximumSamples)
        {
            _samples.Add(award);
        }
    }
}

/// <summary>What applying a rule to the past would do. Times in microseconds since 1970 UTC.</summary>
public sealed class RulePreview
{
    /// <summary>The first recorded action that was looked at; null where there is none.</summary>
    public long? From { get; internal set; }

    public long To { get; internal set; }

    public long Users { get; internal set; }

    public long Actions { get; internal set; }

    /// <summary>False when there was no time for all users; the last one that was looked at is <see cref="LastUser"/>.</summary>
    public bool IsComplete { get; internal set; }

    public long LastUser { get; internal set; }

    /// <summary>Awards that would be made.</summary>
    public PreviewedAwards Gain { get; } = new();

    /// <summary>Awards of the rule that would be taken back.</summary>
    public PreviewedAwards Lose { get; } = new();

    /// <summary>Awards of the rule that would stay as they are.</summary>
    public PreviewedAwards Stay { get; } = new();

    /// <summary>Awards of the rule that would be another's: of another action, or time.</summary>
    public PreviewedAwards Change { get; } = new();

    /// <summary>Awards that would be made if nobody had removed one of the same occasion.</summary>
    public PreviewedAwards Removed { get; } = new();
}

/// <summary>Looks at what a rule, or a change of one, would do to the past, and writes nothing.</summary>
public sealed class Previews
{
    private const int UsersAtOnce = 100;

    private const string Forbidden = """
        SELECT 1 FROM award_history WHERE user_id = $1 AND badge_id = $2 AND occasion = $3 AND lifted = 0 AND kind >= 1
        """;

    private const string SeatsTaken = "SELECT taken FROM rule_seats WHERE rule_id = $1";

    // How long a caller waits.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Database _database;
    private readonly Ledger _ledger;
    private readonly RuleCatalogue _rules;
    private readonly BadgeCatalogue _badges;
    private readonly TimeProvider _time;

    internal Previews(Database database, Ledger ledger, RuleCatalogue rules, BadgeCatalogue badges, TimeProvider time) =>
        (_database, _ledger, _rules, _badges, _time) = (database, ledger, rules, badges, time);

    /// <summary>What would follow if the rule were as the draft says, enabled, and applied to all that is recorded from a time on.</summary>
    /// <param name="ruleId">The rule that it changes; null for a new one.</param>
    /// <param name="draft">Null for that rule as it is.</param>
    /// <param name="from">In microseconds since 1970 UTC; null for all that is recorded.</param>
    /// <param name="afterUser">Users up to and with this id are left out.</param>
    /// <param name="caller">Who may write the rule.</param>
    public async Task<Outcome<RulePreview>> Make(long? ruleId, RuleDraft? draft, long? from, long afterUser, Caller caller, CancellationToken ct)
    {
        if (ruleId is { } id)
        {
            if (!(await _rules.FindToWrite(id, caller)).Succeeded(out var standing, out var unknown))
            {
                return unknown;
            }
            draft ??= standing.Draft;
        }
        ArgumentNullException.ThrowIfNull(draft);
        if (await _rules.Check(draft, caller) is { } refused)
        {
            return refused with { Field = refused.Field is { } field ? $"rule.{field}" : null };
        }
        if (from is < 0 || from > _time.Micros())
        {
            return Refusal.Invalid("from", "A time between 1970 and now.");
        }
        if (afterUser is < 0 or > IdRange.Largest)
        {
            return Refusal.Invalid("afterUser", "The id of a user, or 0.");
        }
        var now = _time.Micros();
        var rule = RuleRow.Of(ruleId ?? 0, draft, 0, 0, Math.Max(from ?? 0, await _database.Read(ActionStore.KeptFrom)), firstRevision: 0, now, now);
        var preview = new RulePreview { To = now, LastUser = afterUser };
        var seats = draft.MaximumRecipients - (ruleId is null ? 0 : await Seats(ruleId.Value)) ?? long.MaxValue;
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!preview.IsComplete && System.Diagnostics.Stopwatch.GetElapsedTime(started) < Patience)
        {
            ct.ThrowIfCancellationRequested();
            var isHolding = draft.Condition is Condition.Holding;
            // Who holds an award of the rule may have nothing recorded any more.
            var withHolders = isHolding || ruleId is not null;
            // Before the tables: a row only ever moves there.
            var buffered = _ledger.BufferedUsers(preview.LastUser, UsersAtOnce, actors: !isHolding, withHolders);
            var stored = await _database.Read(session => RuleUsers.Behind(session, preview.LastUser, UsersAtOnce, actors: !isHolding, withHolders, now));
            var users = stored.Union(buffered).Order().Take(UsersAtOnce).ToList();
            foreach (var user in users)
            {
                seats -= await Look(rule, user, preview, seats, now) ? 1 : 0;
                preview.LastUser = user;
            }
            preview.IsComplete = users.Count < UsersAtOnce;
        }
        return preview;
    }

    private ValueTask<long> Seats(long ruleId) => _database.Read(async session =>
    {
        var row = session.Prepare(SeatsTaken).Set(1, ruleId);
        var taken = await row.Read() ? row.Long(0) : 0;
        await row.Done();
        return taken;
    });

    // True when the user would take a seat.
    private async ValueTask<bool> Look(Rule rule, long userId, RulePreview preview, long seats, long now)
    {
        // Before the tables: a row only ever moves there.
        var buffered = await _ledger.Buffered(userId);
        return await _database.ReadSnapshot(async session =>
        {
            var reached = await Reached(session, rule, userId, buffered, preview, now);
            var behind = new Position(rule.CountsFrom - 1, long.MaxValue);
            var isSeated = rule.Draft.MaximumRecipients is null
                || (await UserRules.Read(session, userId)).TryGetValue(rule.Id, out var state) && UserRule.Read(state.State).IsSeated;
            var takes = false;
            for (var tier = 0; tier < rule.Draft.Tiers.Count; tier++)
            {
                if (await _badges.Find(rule.Draft.Tiers[tier].BadgeId) is { } badge)
                {
                    var held = buffered.Where(award => award.BadgeId == badge.Id).Select(_ => "").ToHashSet();
                    var plan = await RulePlan.Make(session, rule, userId, badge, behind, reached.Where(each => each.Tier == tier), held, orphans: []);
                    takes |= await Tell(session, plan, badge, userId, preview, mayGain: badge.Enabled && (isSeated || takes || seats > 0)) && !isSeated;
                }
            }
            return takes;
        });
    }

    private async ValueTask<IReadOnlyList<Reached>> Reached(
        Session session, Rule rule, long userId, IReadOnlyList<BufferedAward> buffered, RulePreview preview, long now)
    {
        if (rule.Draft.Condition is Condition.Holding holding)
        {
            preview.Users++;
            return await Holdings.Reached(session, rule, holding, userId, buffered);
        }
        var behind = new Position(rule.CountsFrom - 1, long.MaxValue);
        var actions = await ActionStore.Read(session, userId, behind, await ActionStore.Periods(session, behind, now));
        preview.Users += actions.Count > 0 ? 1 : 0;
        preview.Actions += actions.Count;
        if (actions.Count > 0)
        {
            preview.From = Math.Min(preview.From ?? long.MaxValue, actions[0].Action.OccurredAt);
        }
        var moments = Matching.Of(rule, actions, [], countsLate: true);
        return new UserRule().Step(rule, moments, await Matching.Calendar(session, rule, userId, _badges), long.MinValue);
    }

    // True when the user would gain something.
    private static async ValueTask<bool> Tell(Session session, RulePlan plan, Badge badge, long userId, RulePreview preview, bool mayGain)
    {
        var gains = false;
        foreach (var award in plan.Kept)
        {
            preview.Stay.Add(new PreviewedAward(userId, badge.Id, award.AwardedAt, award.ActionId, award.Subject));
        }
        foreach (var (wrong, right) in plan.Corrected)
        {
            preview.Change.Add(Of(userId, badge, right) with { InsteadOf = wrong.AwardedAt });
        }
        foreach (var award in plan.TakenBack)
        {
            preview.Lose.Add(new PreviewedAward(userId, badge.Id, award.AwardedAt, award.ActionId, award.Subject));
        }
        foreach (var (_, _, right) in plan.Moved)
        {
            preview.Removed.Add(Of(userId, badge, right));
        }
        foreach (var right in plan.Given)
        {
            if (await IsForbidden(session, userId, badge, RulePlan.OccasionOf(badge, right)!))
            {
                preview.Removed.Add(Of(userId, badge, right));
            }
            else if (mayGain)
            {
                preview.Gain.Add(Of(userId, badge, right));
                gains = true;
            }
        }
        return gains;
    }

    private static PreviewedAward Of(long userId, Badge badge, Reached reached) => new(userId, badge.Id, reached.At, reached.ActionId, reached.Subject);

    // What a reset or a revocation keeps from a rule; and of a badge that can be earned once, any duplicate makes it held.
    private static async ValueTask<bool> IsForbidden(Session session, long userId, Badge badge, string occasion) =>
        await session.Prepare(Forbidden).Set(1, userId).Set(2, badge.Id).Set(3, occasion).Any()
        || (occasion.Length == 0 && await StandingAwards.Earliest(session, userId, badge.Id) is not null);
}
