using Laurel.Core.Access;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>A rule of a set.</summary>
/// <param name="Id">Where it is kept; null: where its key is, or at an id that Laurel chooses.</param>
public sealed record RuleEntry(long? Id, RuleDraft Draft);

/// <summary>What applying a set makes of a rule.</summary>
public enum RuleChange
{
    Created,
    Changed,
    Unchanged,
}

/// <summary>What has become, or would become, of a rule of a set.</summary>
/// <param name="Id">Null for one that would be created, where Laurel chooses the id.</param>
/// <param name="Before">What it was; null where there was none.</param>
/// <param name="CountsAnew">Whether the change makes its counting begin anew.</param>
public sealed record AppliedRule(RuleChange Change, long? Id, RuleDraft Draft, RuleDraft? Before, bool CountsAnew);

/// <summary>Rules as a whole, such as files hold them: all of them become as they are told, or none. What is not told stays.</summary>
public sealed class RuleSets
{
    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly IdBlocks _ids;
    private readonly RuleCatalogue _rules;

    internal RuleSets(Database database, ChangeLog changes, IdBlocks ids, RuleCatalogue rules) =>
        (_database, _changes, _ids, _rules) = (database, changes, ids, rules);

    private sealed record Plan(long Id, RuleEntry Entry, Rule? Standing)
    {
        public RuleChange Change => Standing is null ? RuleChange.Created
            : RuleRow.Text(Standing.Draft) == RuleRow.Text(Entry.Draft) ? RuleChange.Unchanged
            : RuleChange.Changed;
    }

    /// <summary>Creates the rules whose key, or id, no rule has, and changes the others; those that are like this already keep their
    /// revision. A refusal's message begins with the key of the rule at fault.</summary>
    /// <param name="entries">In any order.</param>
    /// <param name="dryRun">Writes nothing.</param>
    /// <param name="caller">Who may write all of them.</param>
    public async Task<Outcome<IReadOnlyList<AppliedRule>>> Apply(IReadOnlyList<RuleEntry> entries, bool dryRun, Caller caller)
    {
        foreach (var entry in entries)
        {
            if (await Check(entry, caller) is { } refused)
            {
                return Of(entry, refused);
            }
        }
        if (entries.GroupBy(entry => entry.Draft.Key, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            return Of(twice.First(), Refusal.Invalid("key", "Two rules have this key."));
        }
        var fresh = new List<long>();
        foreach (var entry in entries)
        {
            fresh.Add(entry.Id ?? (dryRun ? 0 : await _ids.Next(IdKind.Rule)));
        }
        var outcome = dryRun
            ? await _database.ReadSnapshot(session => Planned(session, entries, fresh))
            : await _database.Write(session => Write(session, entries, fresh, caller));
        if (!outcome.Succeeded(out var plans, out var refusal))
        {
            return refusal;
        }
        foreach (var plan in plans.Where(plan => !dryRun && plan.Change != RuleChange.Unchanged))
        {
            _changes.Announce(ChangeKind.Rule, plan.Id);
        }
        return plans.ConvertAll(Told);
    }

    private async ValueTask<Refusal?> Check(RuleEntry entry, Caller caller)
    {
        if (await _rules.Check(entry.Draft, caller) is { } refused)
        {
            return refused;
        }
        var standing = await _database.Read(session => Standing(session, entry));
        return standing is null && entry.Id is { } id && !IdRange.IsOpen(IdKind.Rule, id) ? RuleCatalogue.IdReserved
            : standing is not null && !await _rules.MayWrite(standing.Id, caller) ? new Refusal(RefusalCode.Forbidden, "This key may not change this rule.")
            : null;
    }

    private static ValueTask<Rule?> Standing(Session session, RuleEntry entry) =>
        entry.Id is { } id ? RuleRow.Find(session, id) : RuleRow.FindByKey(session, entry.Draft.Key);

    private async ValueTask<Outcome<List<Plan>>> Write(Session session, IReadOnlyList<RuleEntry> entries, List<long> fresh, Caller caller)
    {
        await RuleBook.Change(session);
        var outcome = await Planned(session, entries, fresh);
        if (outcome.Succeeded(out var plans, out _))
        {
            foreach (var plan in plans.Where(plan => plan.Change != RuleChange.Unchanged))
            {
                if (!(await _rules.Store(session, plan.Id, plan.Entry.Draft, createOnly: false, caller)).Succeeded(out _, out var refusal))
                {
                    // Thrown, so that nothing of the set is stored.
                    throw new InvalidOperationException(refusal.Message);
                }
            }
        }
        return outcome;
    }

    private static async ValueTask<Outcome<List<Plan>>> Planned(Session session, IReadOnlyList<RuleEntry> entries, List<long> fresh)
    {
        var plans = new List<Plan>();
        foreach (var (index, entry) in entries.Index())
        {
            var standing = await Standing(session, entry);
            var plan = new Plan(standing?.Id ?? fresh[index], entry, standing);
            if (await RuleRow.FindByKey(session, entry.Draft.Key) is { } other && other.Id != plan.Id)
            {
                return Of(entry, new Refusal(RefusalCode.KeyTaken, "Another rule has this key.", "key"));
            }
            if (plan.Id > 0 && plans.Exists(each => each.Id == plan.Id))
            {
                return Of(entry, Refusal.Invalid("id", "Two rules have this id."));
            }
            plans.Add(plan);
        }
        return plans;
    }

    private static Refusal Of(RuleEntry entry, Refusal refusal) => refusal with { Message = $"{entry.Draft.Key}: {refusal.Message}" };

    private static AppliedRule Told(Plan plan) => new(
        plan.Change, plan.Id > 0 ? plan.Id : null, plan.Entry.Draft, plan.Standing?.Draft,
        plan.Standing is { } standing && !RuleCatalogue.Counts(standing.Draft, plan.Entry.Draft));
}
