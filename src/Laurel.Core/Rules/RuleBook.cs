using System.Collections.Frozen;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>The enabled rules as of one moment, by what sets them off. Never changed: a change of a rule makes another book.</summary>
internal sealed class RuleBook
{
    public static readonly RuleBook Empty = new(0, [], []);

    private const string Advance = "UPDATE counters SET next = next + 1 WHERE kind = 100";

    // Who shares the row would let others share it too, for as long as there are any, and whoever wants to change it would never come in.
    // For its table people queue.
    private const string LockTable = "LOCK TABLE counters IN EXCLUSIVE MODE";

    private const string SelectVersion = "SELECT next FROM counters WHERE kind = 100";

    private readonly FrozenDictionary<string, Rule[]> _byType;
    private readonly FrozenDictionary<long, Rule[]> _byBadge;
    private readonly FrozenDictionary<long, Rule> _byId;

    // By rule, the user up to whom and with whom its past is counted.
    private readonly FrozenDictionary<long, long> _backfilled;

    private RuleBook(long version, IReadOnlyCollection<Rule> rules, Dictionary<long, long> backfilled)
    {
        _backfilled = backfilled.ToFrozenDictionary();
        Version = version;
        Rules = rules;
        _byId = rules.ToFrozenDictionary(rule => rule.Id);
        _byType = rules.SelectMany(rule => rule.Draft.Actions.Select(type => (type, rule)))
            .GroupBy(each => each.type, each => each.rule, StringComparer.Ordinal).ToFrozenDictionary(each => each.Key, each => each.ToArray(), StringComparer.Ordinal);
        _byBadge = rules.SelectMany(rule => rule.Draft.Condition is Condition.Holding holding ? holding.Badges.Select(badge => (badge, rule)) : [])
            .GroupBy(each => each.badge, each => each.rule).ToFrozenDictionary(each => each.Key, each => each.ToArray());
    }

    private RuleBook(RuleBook rules, Dictionary<long, long> backfilled) =>
        (Version, Rules, _byId, _byType, _byBadge, _backfilled) =
            (rules.Version, rules.Rules, rules._byId, rules._byType, rules._byBadge, backfilled.ToFrozenDictionary());

    /// <summary>As which change left it.</summary>
    public long Version { get; }

    /// <summary>All of them, by id.</summary>
    public IReadOnlyCollection<Rule> Rules { get; }

    /// <summary>Whether some rule looks at who holds which badge.</summary>
    public bool LooksAtHoldings => _byBadge.Count > 0;

    /// <summary>The rules that count actions of a type, by id.</summary>
    public IReadOnlyList<Rule> OfType(string type) => _byType.GetValueOrDefault(type, []);

    /// <summary>The rules that look at who holds a badge, by id.</summary>
    public IReadOnlyList<Rule> OfBadge(long badgeId) => _byBadge.GetValueOrDefault(badgeId, []);

    public Rule OfId(long id) => _byId[id];

    /// <summary>Whether a backfill will still come to the user: it counts all that is recorded until then.</summary>
    public bool Awaits(Rule rule, long userId) => _backfilled.Count > 0 && _backfilled.TryGetValue(rule.Id, out var cursor) && userId > cursor;

    /// <summary>Waits for the transactions that evaluate rules; others begin when this one has ended.</summary>
    public static async ValueTask Lock(Session session)
    {
        if (!session.WritesAlone)
        {
            await session.Prepare(LockTable).Run();
        }
    }

    /// <summary>Marks a change of the rules, of which every later transaction learns.</summary>
    public static async ValueTask Change(Session session)
    {
        await Lock(session);
        await session.Prepare(Advance).Run();
    }

    /// <summary>Selects the version that is the newest until the transaction ends, where others write too.</summary>
    public const string HoldVersion = $"{SelectVersion} FOR SHARE";

    /// <summary>The newest version. Until the transaction ends no rule changes.</summary>
    public static ValueTask<long> Hold(Session session) => Read(session, session.WritesAlone ? SelectVersion : HoldVersion);

    /// <summary>The newest book, for who only reads, of a snapshot.</summary>
    public async ValueTask<RuleBook> NewestOf(Session snapshot) => await Newest(snapshot, await Read(snapshot, SelectVersion));

    private static async ValueTask<long> Read(Session session, string version)
    {
        var row = session.Prepare(version);
        await row.Read();
        var newest = row.Long(0);
        await row.Done();
        return newest;
    }

    /// <summary>This book while it is the newest, otherwise the newest.</summary>
    /// <param name="session">Where it is read.</param>
    /// <param name="newest">The newest version there.</param>
    public async ValueTask<RuleBook> Newest(Session session, long newest)
    {
        if (newest != Version)
        {
            return new RuleBook(newest, await RuleRow.Enabled(session), await BackfillRow.Cursors(session));
        }
        return _backfilled.Count == 0 ? this : new RuleBook(this, await BackfillRow.Cursors(session));
    }
}
