namespace Laurel.Bench;

/// <summary>What rules cost: an action beside a plain award, with ever more rules of other types and of its own, and all over the past.</summary>
internal sealed class RulesTable(Stage stage)
{
    private const int Connections = 64;
    // A batch of 64 actions that a thousand rules count each would take longer than a round.
    private const int CurveConnections = 8;

    private static readonly int[] Others = [10, 100, 1_000];
    private static readonly int[] Own = [1, 10, 100, 1_000];

    private readonly Settings settings = stage.Settings;
    private readonly Population population = new(stage.Settings.Scaled(1_000_000), 200);

    public async Task<string> Run(CancellationToken ct)
    {
        var (fifty, others, curve) = (new List<Fifty>(), new List<Series[]>(), new List<Series[]>());
        var backfills = new List<RuleBackfill>();
        foreach (var engine in settings.Engines)
        {
            // One after the other, and each server ends with its part.
            fifty.Add(await BesideAwards(engine, ct));
            others.Add(await WithOthers(engine, ct));
            curve.AddRange(await WithOwn(engine, ct));
            backfills.Add(await RuleBackfill.Measure(stage, engine, ct));
        }

        string[] parts =
        [
            $"Beside the plain award, {Connections} connections:\n\n{Render(fifty)}",
            $"With rules of other types, {Connections} connections; one rule counts the action:\n\n{RenderOthers(others)}",
            $"With rules of the action's own type, {CurveConnections} connections:\n\n{RenderOwn(curve)}",
            $"Backfill:\n\n{RuleBackfill.Render(backfills)}",
            Report.Goals("Targets:", [.. Goals(fifty, others), .. backfills.Select(backfill => backfill.Goal)]),
        ];
        return string.Join('\n', parts);
    }

    private async Task<Fifty> BesideAwards(Engine engine, CancellationToken ct)
    {
        var (laurel, authorization, types) = await Laurel(engine, "fifty", async api =>
            (IReadOnlyList<string>)[.. await RuleState.Fifty(api, ct), .. await RuleState.Types(api, "uncounted", 1, ct)], ct);
        await using var server = laurel.Server;
        var action = new Load("action", population) { Authorization = authorization, ActionTypes = [.. types.SkipLast(1)] };
        var award = new Series("award POST", laurel, Connections, new Load("award", population));
        var uncounted = new Series("action POST, no rule of its type", laurel, Connections, action with { ActionTypes = [types[^1]] });
        var counted = new Series("action POST, 5 rules of its type", laurel, Connections, action);
        await Contest.Run(stage, [[award, uncounted, counted]], ct);
        await server.Stop(ct);

        var (actions, mixed, awards) = await new StateBuilder(laurel.Store).Recorded(RuleState.Mixed, ct);
        // wrk hangs up on the last answers, so there may be more than it counted; fewer would be a loss.
        var acknowledged = uncounted.Rounds.Concat(counted.Rounds).Sum(round => round.Accepted);
        return actions >= acknowledged
            ? new Fifty(award, uncounted, counted, (double)awards / mixed)
            : throw new BenchException($"{laurel.Name}: {acknowledged:N0} actions were acknowledged and {actions:N0} are there");
    }

    private async Task<Series[]> WithOthers(Engine engine, CancellationToken ct)
    {
        var series = new List<Series>();
        foreach (var rules in Others)
        {
            var (laurel, authorization, type) = await Laurel(engine, $"others{rules}", async api =>
            {
                await RuleState.Others(api, rules, ct);
                return await RuleState.Of(api, "own", rules + 1, 1, byTopic: false, ct);
            }, ct);
            var load = new Load("action", population) { Authorization = authorization, ActionTypes = [type] };
            series.Add(new Series($"{rules:N0}", laurel, Connections, load));
        }

        await Contest.Run(stage, [[.. series]], ct);
        foreach (var one in series)
            await one.Contender.Server.DisposeAsync();
        return [.. series];
    }

    private async Task<Series[][]> WithOwn(Engine engine, CancellationToken ct)
    {
        var loads = new List<(bool ByTopic, int Rules, string Type)>();
        var (laurel, authorization, _) = await Laurel(engine, "own", async api =>
        {
            var first = 1;
            foreach (var byTopic in new[] { false, true })
            {
                foreach (var rules in Own)
                {
                    loads.Add((byTopic, rules, await RuleState.Of(api, byTopic ? $"topic{rules}" : $"every{rules}", first, rules, byTopic, ct)));
                    first += rules;
                }
            }

            return first;
        }, ct);
        await using var server = laurel.Server;
        Series Of(int rules, string type) => new($"{rules:N0}", laurel, CurveConnections, new Load("action", population)
        {
            Authorization = authorization,
            ActionTypes = [type],
            Topics = rules,
        });
        var curves = loads.GroupBy(load => load.ByTopic, load => Of(load.Rules, load.Type)).Select(curve => curve.ToArray()).ToArray();
        await Contest.Run(stage, curves, ct);
        return curves;
    }

    private async Task<(Contender Laurel, string Authorization, T Made)> Laurel<T>(
        Engine engine, string name, Func<NativeApi, Task<T>> make, CancellationToken ct)
    {
        var laurel = await Building.Laurel(stage, engine, population, ct, name);
        using var api = stage.NativeApi(laurel.Server);
        return (laurel, await RuleState.Teller(api, ct), await make(api));
    }

    private static string Render(List<Fifty> all) => Report.Table(
        ["database", "request"],
        ["requests/s", "p50 ms", "p99 ms", "server CPU µs", "database CPU µs", "wrk CPU µs", "refused", "of award POST", "awards by rules per action"],
        all.SelectMany(fifty => new[] { fifty.Award, fifty.Uncounted, fifty.Counted }.Select(series => new[]
        {
            series.Contender.Store.Engine.Title(), series.Title, series.PerSecond, series.P50, series.P99, series.ServerCpu, series.DatabaseCpu,
            series.ClientCpu, series.Refused, series == fifty.Award ? "1" : series.Against(fifty.Award)!.Ratio(),
            series == fifty.Counted ? $"{fifty.AwardsPerAction:N2}" : "–",
        })));

    private static string RenderOthers(List<Series[]> all) => Report.Table(
        ["database", "rules of other types"],
        ["requests/s", "p50 ms", "p99 ms", "server CPU µs", "database CPU µs", "CPU per action ×", "time per action ×"],
        all.SelectMany(group => group.Select(series => new[]
        {
            series.Contender.Store.Engine.Title(), series.Title, series.PerSecond, series.P50, series.P99, series.ServerCpu, series.DatabaseCpu,
            Cpu(series, group[0]).Ratio(), Time(series, group[0]).Ratio(),
        })));

    private static string RenderOwn(List<Series[]> all) => Report.Table(
        ["database", "rules of its type", "of them count it"],
        ["requests/s", "p50 ms", "p99 ms", "server CPU µs", "database CPU µs", "CPU per action ×"],
        all.SelectMany(group => group.Select(series => new[]
        {
            series.Contender.Store.Engine.Title(), series.Title, series.LoadOf(0).ActionTypes[0].StartsWith("topic", StringComparison.Ordinal) ? "1" : "all",
            series.PerSecond, series.P50, series.P99, series.ServerCpu, series.DatabaseCpu, Cpu(series, group[0]).Ratio(),
        })));

    private static IEnumerable<Goal> Goals(List<Fifty> fifty, List<Series[]> others)
    {
        foreach (var one in fifty)
        {
            var ratio = one.Counted.Against(one.Award)!;
            yield return Goal.AtLeast(0.6, $"action POST with 50 rules ≥ 0.6 of award POST, {one.Award.Contender.Store.Engine.Title()}", ratio);
        }

        foreach (var group in others)
        {
            foreach (var series in group.Skip(1))
            {
                var which = $"with {series.Title} rules of other types ≤ 1.2 × with {group[0].Title}, {series.Contender.Store.Engine.Title()}";
                yield return Goal.AtMost(1.2, $"CPU per action {which}", Cpu(series, group[0]));
                yield return Goal.AtMost(1.2, $"time per action {which}", Time(series, group[0]));
            }
        }
    }

    // The database's too, where it has processes of its own.
    private static Spread Cpu(Series series, Series first) => series.Against(first, round => round.ServerCpu + round.DatabaseCpu)!;

    private static Spread Time(Series series, Series first) => first.Against(series)!;

    private sealed record Fifty(Series Award, Series Uncounted, Series Counted, double AwardsPerAction);
}
