using Laurel.Core.Awards;
using Laurel.Tests.Awards;

namespace Laurel.Tests.Rules;

/// <summary>Who holds what in one story, as <see cref="RuleModel"/> would have it: kept by occasion, because what a moderator
/// removed and what others awarded depends on what stood at the time.</summary>
internal sealed class RuleBooks
{
    private readonly Dictionary<(int User, int Badge), List<Entry>> _entries = [];
    private readonly List<RuleModel.Deed> _deeds = [];
    private readonly Dictionary<int, List<RuleModel.Stay>> _stays = [];

    public List<ModelRule> Rules { get; } = [];

    public List<ModelSet> Sets { get; } = [];

    /// <summary>An award as it can be compared. Badges and users are numbered within the story.</summary>
    public readonly record struct Row(int Badge, string Occasion, long At, long? Action, bool ByRule);

    /// <summary>A rule's badges are numbered from its first.</summary>
    public sealed class ModelRule
    {
        public required RuleModel.Counting Counting { get; set; }

        public required int FirstBadge { get; init; }

        public required decimal[] Targets { get; init; }

        public required ModelRecurrence Recurrence { get; init; }

        /// <summary>Counts the times at which counting began anew.</summary>
        public int Generation { get; set; } = 1;
    }

    public sealed record ModelSet(int[] Of, int[] Targets, int FirstBadge);

    private sealed class Entry
    {
        public required string Occasion { get; set; }

        public required RuleModel.Reaching For { get; set; }

        /// <summary>Of which rule; null for what others awarded.</summary>
        public ModelRule? Rule { get; init; }

        public int Generation { get; init; }

        public RemovalKind? Removed { get; set; }
    }

    public void Lives(int user, string? zone, long since)
    {
        if (!_stays.TryGetValue(user, out var stays))
        {
            _stays[user] = stays = [];
        }
        stays.Add(new RuleModel.Stay(since, zone));
    }

    /// <summary>Actions came, all at once; those that came before are not told again.</summary>
    public void Record(IEnumerable<RuleModel.Deed> deeds)
    {
        _deeds.AddRange(deeds);
        foreach (var user in _stays.Keys)
        {
            foreach (var rule in Rules)
            {
                for (var tier = 0; tier < rule.Targets.Length; tier++)
                {
                    Update(user, rule, tier);
                }
            }
        }
    }

    public bool IsRecorded(long action) => _deeds.Any(deed => deed.Id == action);

    // What is no longer reached makes room for what is reached now, the first for the first, and takes its removal along.
    private void Update(int user, ModelRule rule, int tier)
    {
        var entries = Of(user, rule.FirstBadge + tier);
        var right = new Dictionary<string, RuleModel.Reaching>(StringComparer.Ordinal);
        foreach (var reaching in RuleModel.Reach(rule.Counting, rule.Targets[tier], user, _deeds, _stays[user]))
        {
            if (RuleModel.OccasionOf(rule.Recurrence, rule.Counting.IssuerZone, reaching) is { } occasion)
            {
                right.TryAdd(occasion, reaching);
            }
        }
        var own = entries.Where(entry => entry.Rule == rule && entry.Generation == rule.Generation).OrderBy(entry => entry.For.At).ThenBy(entry => entry.For.Action).ToList();
        var wrong = new Queue<Entry>(own.Where(entry => !right.ContainsKey(entry.Occasion)));
        foreach (var entry in own.Where(entry => right.ContainsKey(entry.Occasion)))
        {
            entry.For = right[entry.Occasion];
            right.Remove(entry.Occasion);
        }
        foreach (var (occasion, reaching) in right.OrderBy(each => each.Value.At).ThenBy(each => each.Value.Action))
        {
            if (entries.Any(entry => entry.Occasion == occasion && (entry.Rule != rule || entry.Generation != rule.Generation)))
            {
                continue;
            }
            if (wrong.TryDequeue(out var shifted))
            {
                (shifted.Occasion, shifted.For) = (occasion, reaching);
            }
            else
            {
                entries.Add(new Entry { Occasion = occasion, For = reaching, Rule = rule, Generation = rule.Generation });
            }
        }
        entries.RemoveAll(entry => wrong.Contains(entry) && entry.Removed is null);
    }

    /// <summary>Somebody else awards; whether that made an award.</summary>
    public bool Award(int user, int badge, ModelRecurrence recurrence, string zone, RuleModel.Reaching reaching)
    {
        var occasion = RuleModel.OccasionOf(recurrence, zone, reaching)!;
        var entries = Of(user, badge);
        if (entries.Any(entry => entry.Occasion == occasion && entry.Removed is null or RemovalKind.Revoke))
        {
            return false;
        }
        entries.Add(new Entry { Occasion = occasion, For = reaching });
        return true;
    }

    public void Remove(int user, Row row, RemovalKind kind) =>
        Of(user, row.Badge).Single(entry => entry.Occasion == row.Occasion && entry.Removed is null).Removed = kind;

    /// <summary>What a user holds, by badge and occasion.</summary>
    public List<Row> Standing(int user)
    {
        var rows = _entries.Where(each => each.Key.User == user)
            .SelectMany(each => each.Value.Where(entry => entry.Removed is null).Select(entry =>
                new Row(each.Key.Badge, entry.Occasion, entry.For.At, entry.For.Action, entry.Rule is not null)))
            .ToList();
        // A set asks only for badges before its own.
        foreach (var set in Sets)
        {
            var times = rows.Where(row => set.Of.Contains(row.Badge)).GroupBy(row => row.Badge).Select(badge => badge.Min(row => row.At)).Order().ToList();
            for (var tier = 0; tier < set.Targets.Length; tier++)
            {
                if (times.Count >= set.Targets[tier])
                {
                    rows.Add(new Row(set.FirstBadge + tier, "", times[set.Targets[tier] - 1], null, true));
                }
            }
        }
        return [.. rows.OrderBy(row => row.Badge).ThenBy(row => row.Occasion, StringComparer.Ordinal)];
    }

    private List<Entry> Of(int user, int badge)
    {
        if (!_entries.TryGetValue((user, badge), out var entries))
        {
            _entries[(user, badge)] = entries = [];
        }
        return entries;
    }
}
