using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Rules;

/// <summary>Which rules are asked for: null for any.</summary>
/// <param name="IssuerId">Of the badges that it awards.</param>
/// <param name="BadgeId">It awards it.</param>
/// <param name="Action">It counts actions of this type.</param>
public sealed record RuleSearch(long? IssuerId = null, long? BadgeId = null, string? Action = null);

/// <summary>A rule that counts an action, and for whom.</summary>
public sealed record CountingRule(Rule Rule, long UserId);

/// <summary>The rules. A change takes effect between two of the ledger's batches, on all nodes at once: each action is counted under
/// one revision.</summary>
public sealed class RuleCatalogue
{
    // Of a list of which the caller may see a part.
    private const int AtOnce = 200;

    private readonly Database _database;
    private readonly ChangeLog _changes;
    private readonly IdBlocks _ids;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly UserDirectory _users;
    private readonly ProgressReader _progress;
    private readonly TimeProvider _time;

    private long _version;

    internal RuleCatalogue(
        Database database, ChangeLog changes, IdBlocks ids, BadgeCatalogue badges, IssuerCatalogue issuers, UserDirectory users,
        ProgressReader progress, TimeProvider time)
    {
        (_database, _changes, _ids, _badges, _issuers, _users, _progress, _time) =
            (database, changes, ids, badges, issuers, users, progress, time);
        _changes.Changed += (kind, _) => _ = kind == ChangeKind.Rule ? Interlocked.Increment(ref _version) : 0;
    }

    /// <summary>Moves whenever a rule changes: what was computed from the rules at one version is good until the next. Read it before
    /// them.</summary>
    public long Version => Interlocked.Read(ref _version);

    public ValueTask<Rule?> Find(long id) => _database.Read(session => RuleRow.Find(session, id));

    /// <summary>A rule, for a caller who may read it: who may write it; and a viewer, unless a badge that it awards hides from them.</summary>
    public async ValueTask<Outcome<Rule>> Find(long id, Caller caller)
    {
        var rule = await Find(id);
        return Of(rule, rule is null ? caller.MayEverywhere(Scopes.RulesWrite) || Views(caller) : await MayRead(rule, caller));
    }

    /// <summary>A rule, for a caller who may write it.</summary>
    internal async ValueTask<Outcome<Rule>> FindToWrite(long id, Caller caller)
    {
        var rule = await Find(id);
        return Of(rule, rule is null ? caller.MayEverywhere(Scopes.RulesWrite) : await MayWrite(rule, caller));
    }

    // Whoever may not see all of them is not told which there are.
    private static Outcome<Rule> Of(Rule? rule, bool isAllowed) =>
        !isAllowed ? new Refusal(RefusalCode.Forbidden, "This key may not read or change this rule.")
        : rule is null ? new Refusal(RefusalCode.UnknownRule, "No rule has this id.")
        : rule;

    private static bool Views(Caller caller) => caller.Holds(Permissions.Viewer, Scopes.RulesWrite);

    private async ValueTask<bool> MayRead(Rule rule, Caller caller) =>
        await MayWrite(rule, caller) || (Views(caller) && await ShowsItself(rule, caller));

    // A rule's key could betray a badge that hides.
    private async ValueTask<bool> ShowsItself(Rule rule, Caller caller)
    {
        foreach (var tier in rule.Draft.Tiers)
        {
            if (await _badges.Find(tier.BadgeId) is not { } badge || !await _badges.ShowsItself(badge, caller))
            {
                return false;
            }
        }
        return true;
    }

    private async ValueTask<bool> MayWrite(Rule rule, Caller caller)
    {
        foreach (var tier in rule.Draft.Tiers)
        {
            if (await _badges.Find(tier.BadgeId) is not { } badge || !caller.MayAt((await _issuers.Find(badge.IssuerId))!, Scopes.RulesWrite))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Rules by id, after <paramref name="after"/>.</summary>
    public async ValueTask<IReadOnlyList<Rule>> List(long after, int limit) => await _database.Read(session => RuleRow.List(session, after, limit));

    /// <summary>Rules by id, after <paramref name="after"/>: those that the caller may read.</summary>
    public ValueTask<Outcome<List<Rule>>> List(long after, int limit, Caller caller) => Search(new RuleSearch(), after, limit, caller);

    /// <summary>The same of some of them. Reads on until there are enough: at most all rules.</summary>
    public async ValueTask<Outcome<List<Rule>>> Search(RuleSearch search, long after, int limit, Caller caller)
    {
        if (!caller.Has(Scopes.RulesWrite))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not read rules.");
        }
        var found = new List<Rule>();
        for (var isMore = true; isMore && found.Count < limit;)
        {
            var page = await List(after, Math.Max(limit, AtOnce));
            foreach (var rule in page)
            {
                if (found.Count < limit && await IsSought(rule, search) && await MayRead(rule, caller))
                {
                    found.Add(rule);
                }
            }
            (after, isMore) = (page.Count > 0 ? page[^1].Id : after, page.Count >= AtOnce);
        }
        return found;
    }

    // The badges of one rule are of one issuer.
    private async ValueTask<bool> IsSought(Rule rule, RuleSearch search) =>
        (search.Action is null || rule.Draft.Actions.Contains(search.Action, StringComparer.Ordinal))
        && (search.BadgeId is null || rule.Draft.Tiers.Any(tier => tier.BadgeId == search.BadgeId))
        && (search.IssuerId is null || (await _badges.Find(rule.Draft.Tiers[0].BadgeId))?.IssuerId == search.IssuerId);

    /// <summary>The enabled rules, as they are now, that count such an action if it comes in time: those that the caller may read. Reads
    /// all rules.</summary>
    public async ValueTask<IReadOnlyList<CountingRule>> Counting(RecordedAction action, Caller caller)
    {
        var owner = ActionLog.OwnerOf(action.Properties);
        var concerning = new UserAction(action, owner is null ? ActionRoles.Actor : ActionRoles.Actor | ActionRoles.Owner, IsCounted: true);
        var counting = new List<CountingRule>();
        foreach (var rule in await List(0, int.MaxValue))
        {
            if (rule.Draft.Enabled && Matching.Of(rule, [concerning], [], countsLate: false).Count > 0 && await MayRead(rule, caller))
            {
                counting.Add(new CountingRule(rule, rule.Draft.Recipient == Recipient.Owner ? owner!.Value : action.UserId));
            }
        }
        return counting;
    }

    /// <summary>What a rule has been, the newest first, before a revision; for a caller who may read it.</summary>
    public async ValueTask<Outcome<List<RuleRevision>>> Revisions(long id, long before, int limit, Caller caller) =>
        (await Find(id, caller)).Succeeded(out _, out var refusal)
            ? await _database.Read(session => RuleRow.Revisions(session, id, before, limit))
            : refusal;

    /// <summary>How far a user is in each enabled rule that has counted something of theirs, by the rule's id. Rules whose badges hide
    /// from the caller are left out.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="caller">Who asks: the user, administrators, and services with <c>users:read</c> may.</param>
    public async ValueTask<Outcome<List<RuleProgress>>> Progress(long userId, Caller caller)
    {
        if (!caller.MayFor(userId, Scopes.UsersRead))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not read the progress of other users.");
        }
        return await _users.Exists(userId)
            ? await _progress.Read(userId, caller)
            : new Refusal(RefusalCode.UnknownUser, "No user has this id.");
    }

    /// <summary>How far a user is in each rule, as anybody may know who may see the user's wall.</summary>
    public ValueTask<List<RuleProgress>> ShownProgress(long userId) => _progress.Read(userId, caller: null);

    /// <summary>The rules that award a badge.</summary>
    public async ValueTask<IReadOnlyList<Rule>> OfBadge(long badgeId) =>
        [.. (await List(0, int.MaxValue)).Where(rule => rule.Draft.Tiers.Any(tier => tier.BadgeId == badgeId))];

    /// <summary>What has become of a rule, for who may read it.</summary>
    public async ValueTask<Outcome<RuleWatch>> Watch(long id, Caller caller) =>
        (await Find(id, caller)).Succeeded(out var rule, out var refusal)
            ? await _database.Read(session => RuleWatchDeltas.Read(session, rule, _time.Micros()))
            : refusal;

    /// <summary>The rules that have made no award for longer than their alarm allows.</summary>
    internal ValueTask<List<Rule>> Alarming() => _database.Read(async session =>
    {
        var alarming = new List<Rule>();
        foreach (var rule in await RuleRow.Enabled(session))
        {
            if ((await RuleWatchDeltas.Read(session, rule, _time.Micros())).IsAlarming)
            {
                alarming.Add(rule);
            }
        }
        return alarming;
    });

    /// <summary>Whether there is such a rule and the caller may write it.</summary>
    internal async ValueTask<bool> MayWrite(long id, Caller caller) =>
        await Find(id) is { } rule && await MayWrite(rule, caller);

    /// <summary>Creates a rule at an id that Laurel chooses.</summary>
    /// <param name="caller">Who asks: administrators, services, and the managers of all the issuers whose badges it awards may.</param>
    public async Task<Outcome<Rule>> Create(RuleDraft draft, Caller caller) =>
        (await Store(await _ids.Next(IdKind.Rule), draft, createOnly: true, caller)).Map(put => put.Thing);

    /// <summary>Creates or replaces the rule at this id. What is counted begins anew, from now on, when the rule is enabled or counts
    /// other things than before; a change of anything else keeps the counts.</summary>
    /// <inheritdoc cref="Create" path="/param"/>
    /// <param name="asOf">The revision that is to be replaced: refused, at the field <c>revision</c>, where another stands. Null: whatever
    /// stands.</param>
    public async Task<Outcome<(Rule Thing, bool Created)>> Put(long id, RuleDraft draft, bool createOnly, Caller caller, long? asOf = null) =>
        !IdRange.IsOpen(IdKind.Rule, id) && await Find(id) is null
            ? IdReserved
            : await Store(id, draft, createOnly, caller, asOf);

    internal static Refusal IdReserved => new(RefusalCode.IdReserved, "An id is 1 to 2^53 - 1, outside the range that is handed out.", "id");

    /// <summary>Why a rule could not be like this; null when it could.</summary>
    internal async ValueTask<Refusal?> Check(RuleDraft draft, Caller caller) => RuleRules.Check(draft) ?? await CheckBadges(draft, caller);

    private async Task<Outcome<(Rule Thing, bool Created)>> Store(long id, RuleDraft draft, bool createOnly, Caller caller, long? asOf = null)
    {
        if (await Check(draft, caller) is { } refused)
        {
            return refused;
        }
        if (await Find(id) is { } now && !await MayWrite(now, caller))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not change this rule.");
        }
        var outcome = await _database.Write(session => Store(session, id, draft, createOnly, caller, asOf));
        if (outcome.Succeeded(out _, out _))
        {
            _changes.Announce(ChangeKind.Rule, id);
        }
        return outcome;
    }

    private async ValueTask<Refusal?> CheckBadges(RuleDraft draft, Caller caller)
    {
        long? issuer = null;
        foreach (var tier in draft.Tiers)
        {
            if (await _badges.Find(tier.BadgeId) is not { } badge)
            {
                return new Refusal(RefusalCode.UnknownBadge, "No badge has this id.", draft.Tiers.Count == 1 ? "badgeId" : "tiers");
            }
            if (!caller.MayAt((await _issuers.Find(badge.IssuerId))!, Scopes.RulesWrite))
            {
                return new Refusal(RefusalCode.Forbidden, "This key may not write rules that award this badge.");
            }
            if (badge.IssuerId != (issuer ??= badge.IssuerId))
            {
                return Refusal.Invalid("tiers", "The badges of one rule are of one issuer.");
            }
            if (draft.Condition is Condition.Holding && badge.Recurrence is not Recurrence.Once)
            {
                return Refusal.Invalid("tiers", "What is awarded for holding badges can be earned once.");
            }
        }
        foreach (var held in draft.Condition is Condition.Holding holding ? holding.Badges : [])
        {
            if (await _badges.Find(held) is null)
            {
                return new Refusal(RefusalCode.UnknownBadge, "No badge has this id.", "when.holding");
            }
        }
        return null;
    }

    /// <summary>Stores a rule that has been checked.</summary>
    internal async ValueTask<Outcome<(Rule Thing, bool Created)>> Store(
        Session session, long id, RuleDraft draft, bool createOnly, Caller caller, long? asOf = null)
    {
        // Waits for the batches that run, and they for this: see RuleBook.
        await RuleBook.Change(session);
        var standing = await RuleRow.Find(session, id);
        if (standing is not null && createOnly)
        {
            return new Refusal(RefusalCode.AlreadyExists, "A rule with this id exists.");
        }
        if (asOf is not null && asOf != standing?.Revision)
        {
            return Refusal.Invalid("revision", "The rule has been changed since then.");
        }
        if (await session.QueryFirst<long?>("SELECT id FROM rules WHERE key = @Key AND id <> @id", new { draft.Key, id }) is not null)
        {
            return new Refusal(RefusalCode.KeyTaken, "Another rule has this key.", "key");
        }
        var now = _time.Micros();
        var revision = (standing?.Revision ?? 0) + 1;
        var goesOn = standing is not null && Counts(standing.Draft, draft);
        var rule = RuleRow.Of(id, draft, revision, (standing?.Generation ?? 0) + (goesOn ? 0 : 1), goesOn ? standing!.CountsFrom : now,
            goesOn ? standing!.FirstRevision : revision,
            standing?.CreatedAt ?? now, now);
        var row = new
        {
            id, draft.Key, rule.Revision, rule.Generation, rule.CountsFrom, rule.FirstRevision, Definition = RuleRow.Text(draft), rule.CreatedAt, rule.UpdatedAt, By = caller.UserId,
        };
        await session.Execute("""
            INSERT INTO rules (id, key, revision, generation, counts_from, first_revision, definition, created_at, updated_at)
            VALUES (@id, @Key, @Revision, @Generation, @CountsFrom, @FirstRevision, @Definition, @CreatedAt, @UpdatedAt)
            ON CONFLICT (id) DO UPDATE SET key = excluded.key, revision = excluded.revision, generation = excluded.generation,
              counts_from = excluded.counts_from, first_revision = excluded.first_revision, definition = excluded.definition, updated_at = excluded.updated_at
            """, row);
        await session.Execute("""
            INSERT INTO rule_revisions (rule_id, revision, definition, created_by, created_at) VALUES (@id, @Revision, @Definition, @By, @UpdatedAt)
            """, row);
        await _changes.Append(session, ChangeKind.Rule, id);
        return (rule, standing is null);
    }

    /// <summary>Whether what users have come to under one is what they would have come to under the other. The last target decides how
    /// far is counted.</summary>
    internal static bool Counts(RuleDraft before, RuleDraft after) =>
        before.Enabled == after.Enabled && before.Condition == after.Condition && before.Filter == after.Filter && before.Recipient == after.Recipient
        && before.ValidFrom == after.ValidFrom && before.ValidUntil == after.ValidUntil
        && before.Actions.ToHashSet(StringComparer.Ordinal).SetEquals(after.Actions) && after.Tiers[^1].Target <= before.Tiers[^1].Target;
}
