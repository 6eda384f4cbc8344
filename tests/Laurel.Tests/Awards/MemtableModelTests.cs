using Laurel.Core.Awards;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>The memtable against sets: whatever is added, placed, flushed and rolled back, an award that was committed is in the
/// table or in the memtable. Those of odd badges are deferred rows.</summary>
public sealed class MemtableModelTests
{
    private const int Users = 6;
    private const int Badges = 5;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_committed_is_somewhere(int seed)
    {
        var random = new Random(seed);
        for (var history = 0; history < 100; history++)
        {
            Play(random);
        }
    }

    private static void Play(Random random)
    {
        var memtable = new Memtable();
        // What the table holds, and everything that was ever committed.
        var (table, committed) = (new HashSet<(long, long)>(), new HashSet<(long, long)>());
        for (var (transaction, sequence) = (0, 1L); transaction < 60; transaction++, sequence++)
        {
            var (rows, added) = (new HashSet<(long, long)>(table), new HashSet<(long, long)>());
            // A batch is in key order.
            foreach (var (user, badge) in Enumerable.Range(0, random.Next(6)).Select(_ => ((long)random.Next(Users), (long)random.Next(Badges))).Order())
            {
                var held = committed.Contains((user, badge)) || added.Contains((user, badge));
                var award = new Award((1000 * sequence) + badge, user, badge, badge % 2 == 0 ? "" : "s:x", sequence, AwardSource.Roblox, Subject: null);
                Assert.Equal(held && !rows.Contains((user, badge)), memtable.Find(user, badge, award.Occasion) is not null);
                if (!held)
                {
                    Add(memtable, award);
                    added.Add((user, badge));
                }
            }
            if (random.Next(3) == 0)
            {
                var user = random.Next(Users);
                Write(rows, memtable.Place(user));
                Write(rows, memtable.PlaceDeferred(user));
                Assert.Subset(rows, added.Concat(committed).Where(key => key.Item1 == user).ToHashSet());
            }
            if (memtable.Old is null && memtable.HasYoung && random.Next(3) == 0)
            {
                memtable.Turn(sequence);
            }
            if (memtable.Old is { } old && random.Next(2) == 0)
            {
                Write(rows, memtable.PlaceNext(random.Next(5)));
                Write(rows, memtable.PlaceNextDeferred(random.Next(5)));
                Assert.Empty(old.NextVisits(3));
                if (old.IsPlaced)
                {
                    memtable.EndOld();
                }
            }
            if (random.Next(3) == 0)
            {
                memtable.RolledBack();
            }
            else
            {
                memtable.Committed(sequence, sequence);
                committed.UnionWith(added);
                table = rows;
            }
            Check(memtable, table, committed);
        }
    }

    private static void Add(Memtable memtable, Award award)
    {
        if (award.Occasion.Length == 0)
        {
            memtable.Add(award);
        }
        else
        {
            memtable.Add(new DeferredAward(award, issuerId: 1, claim: null));
        }
    }

    private static void Write(HashSet<(long, long)> rows, IEnumerable<DeferredRow> placed) =>
        Assert.All(placed, row => Assert.True(rows.Add((row.UserId, ((DeferredAward)row).Award.BadgeId))));

    // Each award is written once.
    private static void Write(HashSet<(long, long)> rows, IEnumerable<BufferedAward> placed) =>
        Assert.All(placed, award => Assert.True(rows.Add((award.UserId, award.BadgeId))));

    private static void Check(Memtable memtable, HashSet<(long User, long Badge)> table, HashSet<(long User, long Badge)> committed)
    {
        var buffered = committed.Except(table).ToHashSet();
        Assert.Equal(buffered.Count(key => key.Badge % 2 == 0), memtable.Awards);
        for (var user = 0; user < Users; user++)
        {
            Assert.Equal(buffered.Where(key => key.User == user && key.Badge % 2 == 0).Select(key => key.Badge).Order(), memtable.Of(user).Select(each => each.BadgeId).Order());
            Assert.Equal(buffered.Any(key => key.User == user && key.Badge % 2 == 1), memtable.HasDeferred(user));
            Assert.Equal(buffered.Any(key => key.User == user), memtable.Users(user - 1, 1, actors: false, holders: true, added: false) is [var next] && next == user);
            Assert.DoesNotContain(user, memtable.Users(user - 1, 1, actors: true, holders: false, added: false));
        }
        for (var badge = 0; badge < Badges; badge++)
        {
            Assert.Equal(buffered.Where(key => key.Badge == badge).Select(key => key.User).Order(), memtable.OfBadge(badge).Select(each => each.UserId).Order());
        }
    }
}
