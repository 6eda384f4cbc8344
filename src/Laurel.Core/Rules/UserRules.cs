using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>What is stored of each user's way in each rule.</summary>
internal static class UserRules
{
    private const string Select = "SELECT generation, state FROM user_rules WHERE user_id = $1 AND rule_id = $2";

    // Makes the row where there is none, so that there is something to lock.
    private const string Lock = """
        INSERT INTO user_rules (user_id, rule_id, generation, state) VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id, rule_id) DO UPDATE SET generation = user_rules.generation RETURNING generation, state
        """;

    private const string Upsert = """
        INSERT INTO user_rules (user_id, rule_id, generation, state) VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id, rule_id) DO UPDATE SET generation = excluded.generation, state = excluded.state
        """;

    private const string OfUser = "SELECT rule_id, generation, state FROM user_rules WHERE user_id = $1";

    /// <summary>The user's, which no other transaction changes until this one ends.</summary>
    public static async ValueTask<UserRule> Hold(Session session, long userId, Rule rule)
    {
        var row = session.WritesAlone
            ? session.Prepare(Select).Set(1, userId).Set(2, rule.Id)
            : session.Prepare(Lock).Set(1, userId).Set(2, rule.Id).Set(3, rule.Generation).Set(4, []);
        if (!await row.Read())
        {
            return new UserRule();
        }
        var state = Of(rule, row.Long(0), row.Bytes(1));
        await row.Done();
        return state;
    }

    public static async ValueTask Store(Session session, long userId, Rule rule, byte[] state) =>
        await session.Prepare(Upsert).Set(1, userId).Set(2, rule.Id).Set(3, rule.Generation).Set(4, state).Run();

    /// <summary>All of a user's, by rule.</summary>
    public static async ValueTask<Dictionary<long, (long Generation, byte[] State)>> Read(Session session, long userId)
    {
        var states = new Dictionary<long, (long, byte[])>();
        var rows = session.Prepare(OfUser).Set(1, userId);
        while (await rows.Read())
        {
            states[rows.Long(0)] = (rows.Long(1), rows.Bytes(2));
        }
        return states;
    }

    /// <summary>A count of an earlier generation means nothing any more; a seat remains taken.</summary>
    public static UserRule Of(Rule rule, long generation, ReadOnlySpan<byte> packed)
    {
        var state = UserRule.Read(packed);
        return generation == rule.Generation ? state : new UserRule { IsSeated = state.IsSeated };
    }
}
