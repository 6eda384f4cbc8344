using System.Runtime.InteropServices;
using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Live;

/// <summary>An order in which rows of several nodes may have been committed. Rows of one node are numbered as they were; across nodes
/// neither clocks nor transaction numbers tell. But only what stands can be removed, and one key holds one award at a time: so a removal
/// follows its award, an award follows the removal of the one that stood before, and one that stands in the end follows every removal
/// of its key. That is all that anybody could notice.</summary>
internal sealed class CommitOrder
{
    private readonly IReadOnlyList<OutboxRun> _news;
    private readonly HashSet<AwardKey> _removed = [];
    private readonly Dictionary<AwardKey, List<Touch>> _touched = [];

    // By node and row: what has to come before it.
    private readonly SortedDictionary<long, List<Row>>[] _waits;

    private CommitOrder(IReadOnlyList<OutboxRun> news)
    {
        _news = news;
        _waits = [.. news.Select(_ => new SortedDictionary<long, List<Row>>())];
    }

    // A row by its node's place among the news.
    private readonly record struct Row(int Node, long Sequence);

    private readonly record struct Touch(Row Row, long AwardId, bool IsRemoval);

    /// <summary>The rows in such an order. Memory grows with the removals among them, not with the rows.</summary>
    /// <param name="session">Where they are read.</param>
    /// <param name="news">One run of each node. If a row is in them, what it rests on is in them too, or was numbered before.</param>
    public static async ValueTask<IReadOnlyList<OutboxRun>> Of(Session session, IReadOnlyList<OutboxRun> news)
    {
        if (news.Count < 2)
        {
            return news;
        }
        var order = new CommitOrder(news);
        await order.Each(session, (_, each) =>
        {
            if (each.Kind == OutboxKind.Removed)
            {
                order._removed.Add(KeyOf(each));
            }
        });
        if (order._removed.Count == 0)
        {
            return news;
        }
        await order.Each(session, order.Note);
        foreach (var touches in order._touched.Values)
        {
            order.Constrain(touches);
        }
        return order.Merge();
    }

    private async ValueTask Each(Session session, Action<Row, OutboxEvent> take)
    {
        for (var node = 0; node < _news.Count; node++)
        {
            var of = node;
            await _news[node].Read(session, (sequence, events) =>
            {
                foreach (var each in events)
                {
                    take(new Row(of, sequence), each);
                }
            });
        }
    }

    private static AwardKey KeyOf(OutboxEvent each) => new(each.UserId, each.BadgeId, each.Occasion);

    private void Note(Row row, OutboxEvent each)
    {
        if (each.Kind is OutboxKind.Awarded or OutboxKind.Removed && _removed.Contains(KeyOf(each)))
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(_touched, KeyOf(each), out _) ??= []).Add(new Touch(row, each.AwardId, each.Kind == OutboxKind.Removed));
        }
    }

    private void Constrain(List<Touch> touches)
    {
        var awards = touches.Where(touch => !touch.IsRemoval).ToLookup(touch => touch.AwardId);
        var removals = touches.Where(touch => touch.IsRemoval).ToLookup(touch => touch.AwardId);
        foreach (var removal in removals)
        {
            foreach (var each in removal)
            {
                // What stood before all this is removed first.
                Order(awards.Contains(removal.Key) ? awards[removal.Key] : [], each);
                if (!awards.Contains(removal.Key))
                {
                    OrderBehind(each, awards.SelectMany(award => award));
                }
            }
        }
        foreach (var standing in awards.Where(award => !removals.Contains(award.Key)).SelectMany(award => award))
        {
            Order(removals.SelectMany(removal => removal), standing);
        }
    }

    private void OrderBehind(Touch first, IEnumerable<Touch> later)
    {
        foreach (var each in later)
        {
            Order([first], each);
        }
    }

    private void Order(IEnumerable<Touch> first, Touch later)
    {
        foreach (var each in first.Where(each => each.Row.Node != later.Row.Node))
        {
            var waits = _waits[later.Row.Node];
            if (!waits.TryGetValue(later.Row.Sequence, out var rows))
            {
                waits[later.Row.Sequence] = rows = [];
            }
            rows.Add(each.Row);
        }
    }

    // Each node as far as it gets, in turns.
    private List<OutboxRun> Merge()
    {
        var merged = new List<OutboxRun>();
        var next = _news.Select(run => run.First).ToArray();
        while (true)
        {
            var (moved, left) = (false, -1);
            for (var node = 0; node < next.Length; node++)
            {
                var from = next[node];
                next[node] = Reach(node, next);
                if (next[node] > from)
                {
                    merged.Add(new OutboxRun(_news[node].Node, from, next[node]));
                    moved = true;
                }
                left = next[node] < _news[node].End ? node : left;
            }
            if (left < 0)
            {
                return merged;
            }
            if (!moved)
            {
                // Only where an award was put back at an id that it had before: nobody can tell one from the other.
                _waits[left].Remove(next[left]);
            }
        }
    }

    private long Reach(int node, long[] next)
    {
        var waits = _waits[node];
        while (waits.Count > 0)
        {
            var (row, before) = waits.First();
            if (before.Exists(each => next[each.Node] <= each.Sequence))
            {
                return row;
            }
            waits.Remove(row);
        }
        return _news[node].End;
    }
}
