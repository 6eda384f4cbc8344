using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Rules;

/// <summary>Random stories against <see cref="RuleModel"/>: every condition, every recurrence, about what calendars stumble over.</summary>
public sealed class RuleModelTests
{
    [Theory, EveryEngine(60, Only = [Engine.Sqlite]), EveryEngine(10, Only = [Engine.Postgres]), EveryEngine(6, Only = [Engine.PostgresPartitioned])]
    public Task What_comes_in_order_is_counted_as_the_model_counts(Engine engine, int stories) => Play(engine, stories, new Plot());

    [Theory, EveryEngine(60, Only = [Engine.Sqlite]), EveryEngine(10, Only = [Engine.Postgres]), EveryEngine(6, Only = [Engine.PostgresPartitioned])]
    public Task What_comes_late_again_and_together_is_counted_as_if_in_order(Engine engine, int stories) =>
        Play(engine, stories, new Plot { Late = true, Together = true });

    [Theory, EveryEngine(60, Only = [Engine.Sqlite]), EveryEngine(10, Only = [Engine.Postgres]), EveryEngine(6, Only = [Engine.PostgresPartitioned])]
    public Task What_others_award_stays_and_what_a_rule_counted_before_it_changed_too(Engine engine, int stories) =>
        Play(engine, stories, new Plot { Late = true, Together = true, Awards = true, Changes = true });

    [Theory, EveryEngine(60, Only = [Engine.Sqlite]), EveryEngine(10, Only = [Engine.Postgres]), EveryEngine(6, Only = [Engine.PostgresPartitioned])]
    public Task What_a_moderator_removed_stays_removed(Engine engine, int stories) =>
        Play(engine, stories, new Plot { Late = true, Removals = true });

    [Theory, EveryEngine(40, Only = [Engine.Sqlite]), EveryEngine(8, Only = [Engine.Postgres]), EveryEngine(5, Only = [Engine.PostgresPartitioned])]
    public Task Sets_are_complete_when_their_badges_are(Engine engine, int stories) =>
        Play(engine, stories, new Plot { Late = true, Together = true, Awards = true, Sets = true });

    [Theory, EveryEngine(40, Only = [Engine.Sqlite]), EveryEngine(10, Only = [Engine.Postgres]), EveryEngine(5, Only = [Engine.PostgresPartitioned])]
    public Task Two_cores_count_as_one(Engine engine, int stories) =>
        Play(engine, stories, new Plot { Late = true, Together = true, Awards = true, Sets = true }, cores: 2);

    private static async Task Play(Engine engine, int stories, Plot plot, int cores = 1)
    {
        await using var world = await RuleWorld.Open(engine, cores);
        await RandomCases.Check(stories, Story.Of(plot), world.Play);
        await world.AssertSound();
    }
}
