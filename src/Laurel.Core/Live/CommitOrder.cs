using System.Runtime.InteropServices;
using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Live;

/// <summary>An order in which rows of several nodes may have been committed. Rows of one node are numbered as they were; across nodes
/// neither clocks nor transaction numbers tell. But only what stands can be removed, and one key holds one award at a time: so a removal
/// follows its award, an award follows the removal of the one that stood before, and one that stands in the end follows every removal
/// of its key. Whatever may come in either order comes as its nodes' clocks say: the writers of one process have the same, so what was
/// asked of it one after the other is told so.</summary>
internal sealed class CommitOrder
{
    private readonly IReadOnlyList<OutboxRun> _news;
    private readonly HashSet<AwardKey> _removed = [];
    private readonly Dictionary<AwardKey, List<Touch>> _touched = [];

    // By node and row: what has to come before it.
    private readonly Dictionary<long, List<Row>>[] _waits;

    private CommitOrder(IReadOnlyList<OutboxRun> news)
    {
        _news = news;
        _waits = [.. news.Select(_ => new Dictionary<long, List<Row>>())];
    }

    // A row by its node's place among the news.
    private readonly record struct Row(int Node, long Sequence);

    private readonly record struct Touch(Row Row, long AwardId, bool IsRemoval);

    /// <summary>The rows in such an order. Memory: eight bytes a row, and what is said of each removal.</summary>
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
        if (order._removed.Count > 0)
        {
            await order.Each(session, order.Note);
            foreach (var touches in order._touched.Values)
            {
                order.Constrain(touches);
            }
        }
        var times = new long[news.Count][];
        for (var node = 0; node < times.Length; node++)
        {
            times[node] = await news[node].ReadTimes(session);
        }
        return order.Merge(times);
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

    // Of the nodes' next rows that have to wait for nothing, always the earliest.
    private List<OutboxRun> Merge(long[][] times)
    {
        var merged = new List<OutboxRun>();
        var next = _news.Select(run => run.First).ToArray();
        while (true)
        {
            var (earliest, left) = (-1, -1);
            for (var node = 0; node < next.Length; node++)
            {
                if (next[node] == _news[node].End)
                {
                    continue;
                }
                left = node;
                if (!Waits(node, next) && (earliest < 0 || Time(node) < Time(earliest)))
                {
                    earliest = node;
                }
            }
            if (left < 0)
            {
                return merged;
            }
            if (earliest < 0)
            {
                // Only where an award was put back at an id that it had before: nobody can tell one from the other.
                _waits[left].Remove(next[left]);
                continue;
            }
            Append(merged, _news[earliest].Node, next[earliest]++);
        }

        long Time(int node) => times[node][next[node] - _news[node].First];
    }

    private bool Waits(int node, long[] next) =>
        _waits[node].TryGetValue(next[node], out var before) && before.Exists(each => next[each.Node] <= each.Sequence);

    private static void Append(List<OutboxRun> merged, short node, long sequence)
    {
        if (merged.Count > 0 && merged[^1] is var last && last.Node == node)
        {
            merged[^1] = last with { End = sequence + 1 };
        }
        else
        {
            merged.Add(new OutboxRun(node, sequence, sequence + 1));
        }
    }
}
