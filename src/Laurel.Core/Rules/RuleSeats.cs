using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>The seats of rules that award a limited number of users, as one batch takes them: read and locked when the first is wanted,
/// counted in memory, written at the end.</summary>
internal sealed class RuleSeats(Session session, LedgerStore store)
{
    private const string Taken = "SELECT taken FROM rule_seats WHERE rule_id = $1";

    // Makes the row, so that there is something to lock.
    private const string Hold = """
        INSERT INTO rule_seats (rule_id, taken) VALUES ($1, 0) ON CONFLICT (rule_id) DO UPDATE SET taken = rule_seats.taken RETURNING taken
        """;

    private const string SetTaken = "UPDATE rule_seats SET taken = $1 WHERE rule_id = $2";

    private readonly HashSet<long> _full = [];
    private readonly SortedDictionary<long, (long Before, long Taken)> _held = [];

    /// <summary>Takes a seat; false when all are taken.</summary>
    public async ValueTask<bool> Take(Rule rule, long most)
    {
        if (_full.Contains(rule.Id))
        {
            return false;
        }
        if (!_held.TryGetValue(rule.Id, out var seats))
        {
            // What is committed as taken stays so: nobody waits in order to learn that.
            if (await Read(Taken, rule) >= most)
            {
                _full.Add(rule.Id);
                return false;
            }
            // Before any of the rows: who gives seats of several rules, and in which order, the batch does not know.
            if (_held.Count == 0)
            {
                await store.HoldSeats(session);
            }
            var taken = await Read(Hold, rule);
            seats = (taken, taken);
        }
        var isFree = seats.Taken < most;
        _held[rule.Id] = seats with { Taken = seats.Taken + (isFree ? 1 : 0) };
        return isFree;
    }

    /// <summary>Gives back a seat that this batch has taken.</summary>
    public void Leave(Rule rule) => _held[rule.Id] = _held[rule.Id] with { Taken = _held[rule.Id].Taken - 1 };

    /// <summary>Writes what was taken.</summary>
    public async ValueTask Store()
    {
        foreach (var (rule, (before, taken)) in _held)
        {
            if (taken != before)
            {
                await session.Prepare(SetTaken).Set(1, taken).Set(2, rule).Run();
            }
        }
    }

    private async ValueTask<long> Read(string sql, Rule rule)
    {
        var row = session.Prepare(sql).Set(1, rule.Id);
        var taken = await row.Read() ? row.Long(0) : 0;
        await row.Done();
        return taken;
    }
}
