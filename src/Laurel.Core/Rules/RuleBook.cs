using System.Collections.Frozen;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>The enabled rules as of one moment, by what sets them off. Never changed: a change of a rule makes another book.</summary>
internal sealed class RuleBook
{
    public static readonly RuleBook Empty = new(0, []);

    private const string SelectVersion = "SELECT next FROM counters WHERE kind = 100";

    private readonly FrozenDictionary<string, Rule[]> _byType;
    private readonly FrozenDictionary<long, Rule[]> _byBadge;
    private readonly FrozenDictionary<long, Rule> _byId;

    private RuleBook(long version, IReadOnlyCollection<Rule> rules)
    {
        Version = version;
        _byId = rules.ToFrozenDictionary(rule => rule.Id);
        _byType = rules.SelectMany(rule => rule.Draft.Actions.Select(type => (type, rule)))
            .GroupBy(each => each.type, each => each.rule, StringComparer.Ordinal).ToFrozenDictionary(each => each.Key, each => each.ToArray(), StringComparer.Ordinal);
        _byBadge = rules.SelectMany(rule => rule.Draft.Condition is Condition.Holding holding ? holding.Badges.Select(badge => (badge, rule)) : [])
            .GroupBy(each => each.badge, each => each.rule).ToFrozenDictionary(each => each.Key, each => each.ToArray());
    }

    /// <summary>As which change left it.</summary>
    public long Version { get; }

    /// <summary>Whether some rule looks at who holds which badge.</summary>
    public bool LooksAtHoldings => _byBadge.Count > 0;

    /// <summary>The rules that count actions of a type, by id.</summary>
    public IReadOnlyList<Rule> OfType(string type) => _byType.GetValueOrDefault(type, []);

    /// <summary>The rules that look at who holds a badge, by id.</summary>
    public IReadOnlyList<Rule> OfBadge(long badgeId) => _byBadge.GetValueOrDefault(badgeId, []);

    public Rule OfId(long id) => _byId[id];

    /// <summary>This book while it is the newest, otherwise the newest. Until the transaction ends no rule changes.</summary>
    public async ValueTask<RuleBook> Newest(Session session)
    {
        var row = session.Prepare(session.WritesAlone ? SelectVersion : $"{SelectVersion} FOR SHARE");
        await row.Read();
        var version = row.Long(0);
        await row.Done();
        return version == Version ? this : new RuleBook(version, await RuleRow.Enabled(session));
    }
}
