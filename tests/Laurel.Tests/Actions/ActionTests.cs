using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Actions;

/// <summary>Actions are recorded once, whoever tells them how often; types are registered first.</summary>
public sealed class ActionTests
{
    [Theory, EveryEngine]
    public async Task An_action_told_again_is_the_first_one(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Open(engine, time);
        var draft = new ActionDraft("Edit", 1) { Id = 1125, Subject = "node:7", Properties = """{ "a": [1.0, "x"], "b": null }""" };
        var first = TestCore.Value(await laurel.Core.Actions.Record(draft));
        Assert.True(first.Created);
        Assert.Equal((time.Micros(), time.Micros()), (first.Action.OccurredAt, first.Action.RecordedAt));
        time.StepClock(TimeSpan.FromHours(1));

        var when = first.Action.OccurredAt;
        foreach (var same in new[] { draft, draft with { OccurredAt = when }, draft with { Properties = """{"b":null,"a":[1,"x"]}""" } })
        {
            Assert.Equal(new ActionOutcome(first.Action, Created: false, Counted: true), TestCore.Value(await laurel.Core.Actions.Record(same)));
        }
        foreach (var other in new[]
        {
            draft with { Type = "Vote" }, draft with { UserId = 2 }, draft with { Subject = "node:8" }, draft with { Subject = null }, draft with { OccurredAt = when - 1 },
            draft with { Properties = null }, draft with { Properties = """{"a":["x",1],"b":null}""" },
        })
        {
            Assert.Equal(RefusalCode.ActionMismatch, Refused(await laurel.Core.Actions.Record(other)));
        }
        Assert.Equal(first.Action, await laurel.Core.Actions.Find(1125));

        var empty = TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("Edit", 1) { Id = 5 })).Action;
        Assert.Equal(new ActionOutcome(empty, Created: false, Counted: true), TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("Edit", 1) { Id = 5, Properties = "{}" })));
    }

    [Theory, EveryEngine]
    public async Task Of_many_who_tell_it_at_once_one_records_it(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await Fill(await TestCore.OpenSecond(database));
        await using var second = await TestCore.OpenSecond(database);
        for (var id = 1; id <= 10; id++)
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () => await (i % 2 == 0 ? first : second).Core.Actions.Record(
                new ActionDraft("Edit", 1 + (i % 4 / 2)) { Id = id }))));
            var recorded = outcomes.Where(outcome => outcome.Succeeded(out _, out _)).Select(TestCore.Value).ToList();
            Assert.Equal((1, 4), (recorded.Count(each => each.Created), recorded.Count));
            Assert.Single(recorded.Select(each => each.Action).Distinct());
        }
    }

    [Theory, EveryEngine]
    public async Task Ids_that_laurel_draws_are_its_own(Engine engine)
    {
        await using var laurel = await Open(engine);
        var drawn = TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("Edit", 1))).Action;
        Assert.Equal(1L << 40, drawn.Id);
        Assert.NotEqual(drawn.Id, TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("Edit", 1))).Action.Id);
        // What was told may be told back.
        Assert.Equal(new ActionOutcome(drawn, Created: false, Counted: true), TestCore.Value(await laurel.Core.Actions.Record(new ActionDraft("Edit", 1) { Id = drawn.Id })));
        foreach (var reserved in new[] { 0, -1, (1L << 40) + 500, (1L << 46) - 1, 1L << 53, long.MaxValue })
        {
            Assert.Equal(RefusalCode.IdReserved, Refused(await laurel.Core.Actions.Record(new ActionDraft("Edit", 1) { Id = reserved })));
        }
    }

    [Theory, EveryEngine]
    public async Task What_none_can_be_is_refused(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await Open(engine, time);
        var draft = new ActionDraft("Edit", 1);
        Assert.Equal(RefusalCode.UnknownActionType, Refused(await laurel.Core.Actions.Record(draft with { Type = "edit" })));
        Assert.Equal(RefusalCode.UnknownActionType, Refused(await laurel.Core.Actions.Record(draft with { Type = "a\0b" })));
        Assert.Equal(RefusalCode.UnknownUser, Refused(await laurel.Core.Actions.Record(draft with { UserId = 404 })));
        foreach (var wrong in new[]
        {
            draft with { Subject = "" }, draft with { Subject = new string('é', 257) }, draft with { Subject = "a\0" }, draft with { OccurredAt = -1 }, draft with { OccurredAt = time.Micros() + 1 },
            draft with { Properties = "" }, draft with { Properties = "[]" }, draft with { Properties = "null" }, draft with { Properties = "7" }, draft with { Properties = "{" }, draft with { Properties = "{}{}" },
            draft with { Properties = $$"""{"x":"{{new string('x', 16 * 1024)}}"}""" }, draft with { Properties = """{"x":"\u0000"}""" }, draft with { Properties = """{"\ud800":1}""" },
            draft with { Properties = string.Concat(Enumerable.Repeat("{\"x\":", 16)) + "{}" + new string('}', 16) },
        })
        {
            Assert.Equal(RefusalCode.Invalid, Refused(await laurel.Core.Actions.Record(wrong)));
        }
        var deepest = string.Concat(Enumerable.Repeat("{\"x\":", 15)) + "{}" + new string('}', 15);
        Assert.Equal(deepest, TestCore.Value(await laurel.Core.Actions.Record(draft with { Subject = new string('é', 256), OccurredAt = 0, Properties = deepest })).Action.Properties);
        Assert.Null(await laurel.Core.Actions.Find(404));
    }

    [Theory, EveryEngine]
    public async Task Types_are_registered_once_and_described_anew(Engine engine)
    {
        var time = new ManualTime();
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database, time);
        await using var second = await TestCore.OpenSecond(database, time);
        Assert.Null(await second.Core.ActionTypes.Find("SlackApplause"));
        var made = TestCore.Value(await first.Core.ActionTypes.Put("SlackApplause", "Clap", createOnly: true));
        Assert.Equal((new ActionType("SlackApplause", "Clap", time.Micros(), time.Micros()), true), made);
        Assert.Equal(made.Thing, await second.Core.ActionTypes.Find("SlackApplause"));
        Assert.Equal(RefusalCode.AlreadyExists, Refused(await second.Core.ActionTypes.Put("SlackApplause", null, createOnly: true)));
        time.StepClock(TimeSpan.FromSeconds(1));
        var changed = TestCore.Value(await first.Core.ActionTypes.Put("SlackApplause", null, createOnly: false));
        Assert.Equal((made.Thing with { Description = null, UpdatedAt = time.Micros() }, false), changed);
        Assert.Equal(changed.Thing, await first.Core.ActionTypes.Find("SlackApplause"));
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); await second.Core.ActionTypes.Find("SlackApplause") != changed.Thing;)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(2));
            await Task.Delay(20);
        }

        foreach (var name in new[] { "", "a/b", "a%2Fb", ".", "..", "a\0b", "a\u0007", "\ud800", new string('x', 256), new string('é', 255) + "xxx" })
        {
            Assert.Equal(RefusalCode.Invalid, Refused(await first.Core.ActionTypes.Put(name, null, createOnly: false)));
            Assert.Null(await first.Core.ActionTypes.Find(name));
        }
        Assert.Equal(RefusalCode.Invalid, Refused(await first.Core.ActionTypes.Put("x", new string('x', 4001), createOnly: false)));
        foreach (var name in new[] { "b", "a", "Z", "é", "a b", "💩" })
        {
            TestCore.Value(await first.Core.ActionTypes.Put(name, null, createOnly: true));
        }
        Assert.Equal(["SlackApplause", "Z", "a", "a b", "b", "é", "💩"], (await second.Core.ActionTypes.List("", 100)).Select(type => type.Name));
        Assert.Equal(["a b", "b"], (await second.Core.ActionTypes.List("a", 2)).Select(type => type.Name));
    }

    [Theory, EveryEngine]
    public async Task Who_registers_a_type_at_once_with_another_agrees(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        for (var round = 0; round < 10; round++)
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => (i % 2 == 0 ? first : second).Core.ActionTypes.Put($"type {round}", $"{i}", createOnly: false))));
            Assert.Equal(1, outcomes.Count(outcome => TestCore.Value(outcome).Created));
        }
    }

    [Theory, EveryEngine]
    public async Task Users_record_nothing_and_read_their_own(Engine engine)
    {
        await using var laurel = await Open(engine);
        Caller Key(long? user, params string[]? scopes) => new(1, user, false, scopes?.ToHashSet());
        var draft = new ActionDraft("Edit", 1) { Id = 5 };
        foreach (var caller in new[] { Key(1, null), Key(2, null), Key(1, Scopes.ActionsWrite), Key(null, Scopes.AwardsWrite), TestCore.Administrator with { Scopes = new HashSet<string>() } })
        {
            Assert.Equal(RefusalCode.Forbidden, Refused(await laurel.Core.Actions.Record(draft, caller)));
            Assert.Equal(RefusalCode.Forbidden, Refused(await laurel.Core.ActionTypes.Put("New", null, false, caller)));
        }
        Assert.Null(await laurel.Core.Actions.Find(5));
        TestCore.Value(await laurel.Core.Actions.Record(draft, Key(null, Scopes.ActionsWrite)));
        TestCore.Value(await laurel.Core.Actions.Record(draft, TestCore.Administrator));

        foreach (var caller in new[] { Key(1, null), Key(1, Scopes.ActionsWrite), Key(null, Scopes.ActionsWrite), TestCore.Administrator })
        {
            Assert.Equal(5, TestCore.Value(await laurel.Core.Actions.Find(5, caller)).Id);
        }
        foreach (var caller in new[] { Key(2, null), Key(1, Scopes.UsersRead), Key(null, Scopes.AwardsWrite) })
        {
            Assert.Equal(RefusalCode.Forbidden, Refused(await laurel.Core.Actions.Find(5, caller)));
            Assert.Equal(RefusalCode.Forbidden, Refused(await laurel.Core.Actions.Find(6, caller)));
        }
        Assert.Equal(RefusalCode.UnknownAction, Refused(await laurel.Core.Actions.Find(6, TestCore.Administrator)));
    }

    private static async Task<TestCore> Open(Engine engine, TimeProvider? time = null) => await Fill(await TestCore.Open(engine, time));

    private static async Task<TestCore> Fill(TestCore laurel)
    {
        await laurel.User(1);
        await laurel.User(2);
        TestCore.Value(await laurel.Core.ActionTypes.Put("Edit", null, createOnly: true));
        TestCore.Value(await laurel.Core.ActionTypes.Put("Vote", null, createOnly: true));
        return laurel;
    }

    private static RefusalCode? Refused<T>(Outcome<T> outcome) => outcome.Succeeded(out _, out var refusal) ? null : refusal.Code;
}
