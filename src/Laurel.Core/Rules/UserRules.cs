using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>A user's count in a rule, as it is stored.</summary>
/// <param name="Generation">The rule's when it was counted.</param>
/// <param name="Version">Grows with each change of it.</param>
/// <param name="State">What <see cref="UserRule.Pack"/> wrote.</param>
internal readonly record struct StoredCount(long Generation, long Version, byte[] State);

/// <summary>What is stored of each user's way in each rule.</summary>
internal static class UserRules
{
    private const string Select = "SELECT generation, version, state FROM user_rules WHERE user_id = $1 AND rule_id = $2";

    private const string Upsert = """
        INSERT INTO user_rules (user_id, rule_id, generation, version, state) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (user_id, rule_id) DO UPDATE SET generation = excluded.generation, version = excluded.version, state = excluded.state
        WHERE user_rules.version < excluded.version
        """;

    private const string NextOfUser = """
        SELECT rule_id, generation, version, state FROM user_rules WHERE user_id = $1 AND rule_id >= $2 ORDER BY rule_id LIMIT $3
        """;

    /// <summary>A user's count in a rule, of those that are stored; a new one where none is.</summary>
    public static UserRule Of(Rule rule, long userId, Dictionary<(long User, long Rule), StoredCount> stored) =>
        stored.TryGetValue((userId, rule.Id), out var count) ? Of(rule, count) : new UserRule();

    /// <summary>Adds a user's stored count, if there is one.</summary>
    internal static async ValueTask Read(Session session, long userId, long ruleId, Dictionary<(long User, long Rule), StoredCount> counts)
    {
        var row = session.Prepare(Select).Set(1, userId).Set(2, ruleId);
        if (await row.Read())
        {
            counts[(userId, ruleId)] = new StoredCount(row.Long(0), row.Long(1), row.Bytes(2));
            await row.Done();
        }
    }

    /// <summary>The next of a user's counts, from a rule on.</summary>
    internal static async ValueTask<List<(long RuleId, StoredCount Count)>> ReadNext(Session session, long userId, long from, int limit)
    {
        var found = new List<(long, StoredCount)>();
        var rows = session.Prepare(NextOfUser).Set(1, userId).Set(2, from).Set(3, limit);
        while (await rows.Read())
        {
            found.Add((rows.Long(0), new StoredCount(rows.Long(1), rows.Long(2), rows.Bytes(3))));
        }
        return found;
    }

    /// <summary>Stores what was held.</summary>
    /// <param name="packed">What it is packed.</param>
    public static ValueTask Store(Session session, LedgerStore store, long userId, Rule rule, UserRule state, byte[] packed) =>
        store.Write(session, new DeferredCount(userId, rule.Id, new StoredCount(rule.Generation, state.Version + 1, packed)));

    /// <summary>Writes it, unless a newer one is there.</summary>
    internal static async ValueTask Write(Session session, long userId, long ruleId, StoredCount count) =>
        await session.Prepare(Upsert).Set(1, userId).Set(2, ruleId).Set(3, count.Generation).Set(4, count.Version).Set(5, count.State).Run();

    /// <summary>All of a user's, by rule.</summary>
    public static async ValueTask<Dictionary<long, StoredCount>> Read(Session session, long userId) =>
        (await ReadNext(session, userId, long.MinValue, int.MaxValue)).ToDictionary(row => row.RuleId, row => row.Count);

    /// <summary>A count of an earlier generation means nothing any more; a seat remains taken.</summary>
    public static UserRule Of(Rule rule, StoredCount stored)
    {
        var state = UserRule.Read(stored.State, stored.Version);
        return stored.Generation == rule.Generation ? state : new UserRule { IsSeated = state.IsSeated, Version = state.Version };
    }
}
