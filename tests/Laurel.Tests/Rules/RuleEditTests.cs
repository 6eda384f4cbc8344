using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Rules;

/// <summary>A rule is changed between two batches, on all nodes at once: no action falls into the gap, and none counts under both.</summary>
public sealed class RuleEditTests
{
    private const int Users = 50;
    private const int Edits = 8;

    [Theory, EveryEngine]
    public async Task Actions_that_come_while_a_rule_is_edited_each_count_once_under_one_revision(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await first.Issuer(1);
        await first.Badge(1, 1, new Recurrence.PerAction());
        await first.Badge(2, 1);
        TestCore.Value(await first.Core.ActionTypes.Put("Edit", null, createOnly: false));
        Assert.Null(await first.Core.Users.PutMany(Enumerable.Range(1, Users).Select(id => ((long)id, new UserDraft()))));
        var each = new RuleDraft { Key = "each", Enabled = true, Actions = ["Edit"], Condition = new Condition.Each(), Tiers = [new Tier(1, 1)] };
        var tenth = new RuleDraft { Key = "tenth", Enabled = true, Actions = ["Edit"], Condition = new Condition.Count(), Tiers = [new Tier(2, 10)] };
        await Put(first, 1, each);
        await Put(first, 2, tenth);

        using var done = new CancellationTokenSource();
        var recorded = 0;
        var sending = Task.WhenAll(new[] { first, second }.Select((core, number) => Task.Run(async () =>
        {
            for (var round = 0; !done.IsCancellationRequested || round < 3; round++)
            {
                var drafts = Enumerable.Range(0, 100).Select(i => new ActionDraft("Edit", 1 + ((i * 7) % Users)) { Id = 1 + i + (100 * ((2L * round) + number)) });
                foreach (var outcome in await core.Core.Actions.RecordAll([.. drafts], TestCore.Administrator, Ct))
                {
                    Assert.True(TestCore.Value(outcome!.Value).Created);
                    Interlocked.Increment(ref recorded);
                }
            }
        })));
        for (var edit = 1; edit <= Edits; edit++)
        {
            await Put(edit % 2 == 0 ? first : second, 1, each with { Name = $"Each, edited {edit} times" });
            await Put(edit % 2 == 0 ? second : first, 2, tenth with { Name = $"Tenth, edited {edit} times", AlarmAfterDays = edit });
            await Task.Delay(30, Ct);
        }
        await done.CancelAsync();
        await sending;

        var awards = new List<Award>();
        for (var user = 1; user <= Users; user++)
        {
            awards.AddRange(await first.Core.UserAwards.List(user, Position.First, 100_000));
        }
        var every = awards.FindAll(award => award.BadgeId == 1);
        Assert.Equal(recorded, every.Count);
        Assert.Equal(recorded, every.Select(award => award.ActionId).Distinct().Count());
        Assert.All(every, award => Assert.InRange(award.Rule!.Value.Revision, 1, Edits + 1));
        Assert.True(every.Select(award => award.Rule!.Value.Revision).Distinct().Count() > 3);
        // Two hundred actions a round, four of each user: all have come to ten, whatever was edited on the way.
        Assert.Equal(Users, awards.Count(award => award.BadgeId == 2));
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task Put(TestCore laurel, long id, RuleDraft draft) =>
        TestCore.Value(await laurel.Core.Rules.Put(id, draft, createOnly: false, TestCore.Administrator));
}
