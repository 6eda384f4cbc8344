using Laurel.Core.Awards;
using Laurel.Core.Live;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Live;

/// <summary>What several nodes committed in one order, found again from their outboxes, which do not tell it: against that order itself.</summary>
public sealed class CommitOrderTests
{
    private const int Nodes = 4;

    [Fact]
    public async Task Whatever_nodes_did_to_each_others_awards_it_could_have_been_committed_like_that()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await Migrator.Apply(direct);
        for (var seed = 0; seed < 200; seed++)
        {
            var history = new History(new Random(seed));
            await direct.Write(async session => await history.Store(session));

            var order = await direct.Read(session => CommitOrder.Of(session, history.News));

            var told = order.SelectMany(run => Enumerable.Range(0, (int)run.Rows).Select(i => (run.Node, Sequence: run.First + i))).ToList();
            Assert.Equal(history.Rows.Count, told.Count);
            var (last, standing) = (new long[Nodes + 1], history.Before.ToDictionary());
            foreach (var (node, sequence) in told)
            {
                Assert.Equal(++last[node], sequence);
                foreach (var each in history.Rows[(node, sequence)])
                {
                    var key = new AwardKey(each.UserId, each.BadgeId, each.Occasion);
                    if (each.Kind == OutboxKind.Awarded)
                    {
                        standing[(key, each.AwardId)] = true;
                    }
                    else
                    {
                        Assert.True(standing.Remove((key, each.AwardId)), $"Seed {seed}: award {each.AwardId} is removed before it is made.");
                    }
                    // Read by key, as who shows badges does: what came last is what is.
                    history.Seen[key] = each.Kind == OutboxKind.Awarded ? each.AwardId : null;
                }
            }
            Assert.Equal(history.Standing.Order(), standing.Keys.Select(each => each.Id).Order());
            Assert.All(history.Held, held => Assert.Equal(held.Value, history.Seen.GetValueOrDefault(held.Key, held.Value)));
        }
    }

    [Fact]
    public async Task Awards_of_one_moment_that_nobody_removes_stay_in_one_run_a_node()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await Migrator.Apply(direct);
        await direct.Write(async session =>
        {
            for (var sequence = 1; sequence <= 600; sequence++)
            {
                await History.Insert(session, (short)(1 + (sequence % 2)), (sequence + 1) / 2, at: 7, [new OutboxEvent(OutboxKind.Awarded, sequence, 1, sequence, 0, "")]);
            }
        });
        OutboxRun[] news = [new(1, 1, 301), new(2, 1, 301)];

        Assert.Equal(news, await direct.Read(session => CommitOrder.Of(session, news)));
    }

    [Fact]
    public async Task What_could_be_in_either_order_is_as_the_clocks_say()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await Migrator.Apply(direct);
        (short Node, long Sequence, long At)[] rows = [(2, 1, 10), (1, 1, 11), (1, 2, 12), (2, 2, 13), (3, 1, 14), (2, 3, 15), (2, 4, 16)];
        await direct.Write(async session =>
        {
            foreach (var (node, sequence, at) in rows)
            {
                await History.Insert(session, node, sequence, at, [new OutboxEvent(OutboxKind.Awarded, at, 1, at, 0, "")]);
            }
        });

        var order = await direct.Read(session => CommitOrder.Of(session, [new(1, 1, 3), new(2, 1, 5), new(3, 1, 2)]));

        Assert.Equal([new(2, 1, 2), new(1, 1, 3), new(2, 2, 3), new(3, 1, 2), new(2, 3, 5)], order);
    }

    /// <summary>Rows in the order in which they are committed, each by some node, on few keys; some awards stood before.</summary>
    private sealed class History
    {
        private readonly Dictionary<AwardKey, long> _held = [];
        private readonly List<(short Node, long Sequence)> _order = [];

        public History(Random random)
        {
            var (id, sequences) = (100L, new long[Nodes + 1]);
            var keys = Enumerable.Range(1, random.Next(1, 8)).Select(user => new AwardKey(user, 1, "")).ToList();
            foreach (var key in keys.Where(_ => random.Next(2) == 0))
            {
                Before[(key, _held[key] = id++)] = true;
            }
            var begun = _held.Keys.ToHashSet();
            for (var rows = random.Next(1, 60); rows > 0; rows--)
            {
                var node = (short)random.Next(1, Nodes + 1);
                var events = new List<OutboxEvent>();
                foreach (var key in keys.Where(_ => random.Next(3) == 0))
                {
                    var isHeld = _held.Remove(key, out var held);
                    events.Add(new OutboxEvent(isHeld ? OutboxKind.Removed : OutboxKind.Awarded, key.UserId, key.BadgeId, isHeld ? held : _held[key] = id++, 0, ""));
                }
                _order.Add((node, ++sequences[node]));
                Rows[_order[^1]] = events;
            }
            News = [.. Enumerable.Range(1, Nodes).Where(node => sequences[node] > 0).Select(node => new OutboxRun((short)node, 1, sequences[node] + 1))];
            Held = keys.ToDictionary(key => key, key => _held.TryGetValue(key, out var last) ? last : (long?)null);
        }

        public Dictionary<(AwardKey Key, long Id), bool> Before { get; } = [];

        public Dictionary<(short Node, long Sequence), List<OutboxEvent>> Rows { get; } = [];

        public IReadOnlyList<OutboxRun> News { get; }

        public IEnumerable<long> Standing => _held.Values;

        /// <summary>What each key ends as.</summary>
        public IReadOnlyDictionary<AwardKey, long?> Held { get; }

        public Dictionary<AwardKey, long?> Seen { get; } = [];

        public async Task Store(Session session)
        {
            // They say whatever they like.
            var clocks = new Random(Rows.Count);
            await session.Execute("DELETE FROM outbox");
            foreach (var ((node, sequence), events) in Rows)
            {
                await Insert(session, node, sequence, clocks.Next(0, 50), events);
            }
        }

        public static Task Insert(Session session, short node, long sequence, long at, List<OutboxEvent> events) => session.Execute(
            "INSERT INTO outbox (node, sequence, committed_at, events) VALUES (@node, @sequence, @at, @packed)",
            new { node, sequence, at, packed = Outbox.Pack([.. events]) });
    }
}
