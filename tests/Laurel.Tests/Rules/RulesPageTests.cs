using System.Globalization;
using System.Text.Json.Nodes;
using Laurel.Server;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Rules;

/// <summary>Every example of docs/rules.md is true.</summary>
public sealed class RulesPageTests
{
    private const int Runs = 3;

    private static readonly TimeSpan Year = TimeSpan.FromDays(366);
    private static readonly TimeSpan Usual = new ServerOptions().ActionLateness;

    // Of which badge, to whom, for which action, and of when.
    private sealed record Held(long Badge, long User, long? Action, DateTimeOffset At);

    [Fact]
    public void Every_block_is_an_example_but_for_the_one_that_shows_a_rule()
    {
        var page = RulesPage.Read();

        Assert.Equal(page.Blocks.Count, page.Examples.Count + 1);
        Assert.Equal(3, page.Examples.Count(example => example.IsByArrival));
    }

    [Fact]
    public async Task The_rule_that_is_shown_is_taken()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        await laurel.Badge(1);

        (await laurel.Put($"{Root}/rules/1", RulesPage.Read().Blocks[0])).Is(201);
    }

    [Theory, EveryEngine]
    public async Task What_is_awarded_is_the_same_as_it_happens_backwards_and_all_at_once(Engine engine)
    {
        var page = RulesPage.Read();
        foreach (var example in page.Examples.Where(example => !example.IsByArrival))
        {
            var time = new ManualTime();
            await using var laurel = await page.World(engine, time, example, Runs, Year);
            var inOrder = example.Rows.OrderBy(row => row.Time).ThenBy(row => row.Id).ToList();
            for (var i = 0; i < inOrder.Count; i++)
            {
                time.SetUtcNow(inOrder[i].Time);
                await Tell(laurel, inOrder[i], run: 0);
                Same(example, "as it happens", Expected(inOrder.Take(i + 1), run: 0), await Awards(laurel, run: 0));
            }

            foreach (var row in Enumerable.Reverse(inOrder))
            {
                await Tell(laurel, row, run: 1);
            }
            Same(example, "backwards", Expected(inOrder, run: 1), await Awards(laurel, run: 1));

            await TellAll(laurel, inOrder, run: 2);
            Same(example, "all at once", Expected(inOrder, run: 2), await Awards(laurel, run: 2));
        }
    }

    [Theory, EveryEngine]
    public async Task What_is_held_after_each_arrival_is_what_the_page_says(Engine engine)
    {
        var page = RulesPage.Read();
        foreach (var example in page.Examples.Where(example => example.IsByArrival))
        {
            var time = new ManualTime();
            await using var laurel = await page.World(engine, time, example, runs: 1, Usual);
            foreach (var row in example.Rows)
            {
                time.SetUtcNow(row.Arrives);
                if (row.Action.Split(' ') is ["remove", var badge])
                {
                    await Remove(laurel, row.User, long.Parse(badge, CultureInfo.InvariantCulture));
                }
                else
                {
                    Assert.Equal(row.Cells["counted"] == "yes", await Tell(laurel, row, run: 0));
                }
                var held = string.Join(", ", (await Awards(laurel, run: 0)).Select(each => $"{each.Badge} for {each.Action}").Order());
                Assert.True(row.Cells["held then"] == held, $"{example.Rule}\nafter {row.Cells["id"]} at {row.Arrives:HH:mm}: {held}");
            }
        }
    }

    private static void Same(PageExample example, string order, IEnumerable<Held> expected, IEnumerable<Held> held) => Assert.True(
        expected.SequenceEqual(held), $"{example.Rule}\n{order}: expected\n{string.Join('\n', expected)}\nheld\n{string.Join('\n', held)}");

    private static List<Held> Expected(IEnumerable<PageRow> rows, int run) => Sorted(
        from row in rows
        from cell in row.Cells["awarded"].Split(", ", StringSplitOptions.RemoveEmptyEntries)
        let words = cell.Split(' ')
        select new Held(
            Number(words[0]), RulesPage.UserOf(words is [_, "to", var user] ? Number(user) : row.User, run),
            row.Action.Contains(' ') ? null : ActionOf(row, run), row.Time));

    private static async Task<List<Held>> Awards(TestServer laurel, int run)
    {
        var held = new List<Held>();
        for (var user = 1; user <= 3; user++)
        {
            var awards = (await laurel.Get($"{Root}/users/{RulesPage.UserOf(user, run)}/awards?limit=1000")).Is(200).Json["items"]!.AsArray();
            held.AddRange(awards.Where(award => award!["ruleId"]?.GetValue<long>() == RulesPage.RuleId).Select(award => new Held(
                award!["badgeId"]!.GetValue<long>(), award["userId"]!.GetValue<long>(), award["actionId"]?.GetValue<long>(),
                award["awardedAt"]!.GetValue<DateTimeOffset>())));
        }
        return Sorted(held);
    }

    private static List<Held> Sorted(IEnumerable<Held> held) =>
        [.. held.OrderBy(each => each.At).ThenBy(each => each.User).ThenBy(each => each.Badge).ThenBy(each => each.Action)];

    // True when it was counted.
    private static async Task<bool> Tell(TestServer laurel, PageRow row, int run)
    {
        if (row.Action.Split(' ') is ["award", var badge])
        {
            return (await laurel.Award(RulesPage.UserOf(row.User, run), Number(badge), $",\"awardedAt\":\"{row.Time:yyyy-MM-ddTHH:mm:ss}Z\"")).Is(201).Json["created"]!.GetValue<bool>();
        }
        var answer = await laurel.Post($"{Root}/actions", Action(row, run).ToJsonString());
        Assert.True((int)answer.Status is 200 or 201, answer.Body);
        return answer.Json["counted"]!.GetValue<bool>();
    }

    private static async Task TellAll(TestServer laurel, IReadOnlyList<PageRow> rows, int run)
    {
        foreach (var row in rows.Where(row => row.Action.Contains(' ')))
        {
            await Tell(laurel, row, run);
        }
        var actions = rows.Where(row => !row.Action.Contains(' ')).Select(row => Action(row, run));
        (await laurel.Post($"{Root}/actions", new JsonArray([.. actions]).ToJsonString())).Is(200);
    }

    private static JsonObject Action(PageRow row, int run)
    {
        var action = new JsonObject
        {
            ["id"] = ActionOf(row, run), ["type"] = row.Action, ["userId"] = RulesPage.UserOf(row.User, run), ["occurredAt"] = $"{row.Time:yyyy-MM-ddTHH:mm:ss}Z",
        };
        if (row.Subject.Length > 0)
        {
            action["subject"] = row.Subject;
        }
        if (row.Properties.Length > 0)
        {
            var properties = (JsonObject)JsonNode.Parse(row.Properties)!;
            if (properties["ownerId"] is { } owner)
            {
                properties["ownerId"] = RulesPage.UserOf(owner.GetValue<long>(), run);
            }
            action["properties"] = properties;
        }
        return action;
    }

    private static async Task Remove(TestServer laurel, long user, long badge)
    {
        var awards = (await laurel.Get($"{Root}/users/{user}/awards")).Is(200).Json["items"]!.AsArray();
        var award = Assert.Single(awards, each => each!["badgeId"]!.GetValue<long>() == badge)!["id"]!.GetValue<long>();
        (await laurel.Delete($"{Root}/users/{user}/awards/{award}")).Is(204);
    }

    private static long ActionOf(PageRow row, int run) => row.Id + (100 * run);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
