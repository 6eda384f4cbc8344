namespace Laurel.Bench;

/// <summary>Awards of one badge against awards of 200: a counter that everybody must move is where implementations queue.</summary>
internal sealed class HotBadgeTable(Stage stage)
{
    private const int Connections = 64;

    private readonly Population population = new(stage.Settings.Scaled(1_000_000), 200);

    public async Task<string> Run(CancellationToken ct)
    {
        var pairs = new List<(Series Spread, Series Hot)>();
        foreach (var engine in stage.Settings.Engines)
        {
            if (stage.Settings.Wants("naive"))
                pairs.Add(Pair(await Building.Naive(stage, engine, population, ct)));
            if (stage.Settings.Wants("laurel"))
                pairs.Add(Pair(await Building.Laurel(stage, engine, population, ct)));
        }

        await Contest.Run(stage, [.. pairs.Select(pair => new[] { pair.Spread, pair.Hot })], ct);

        var table = Report.Table(
            ["server"],
            ["200, awards/s", "one, awards/s", "one of 200", "200, p99 ms", "one, p99 ms", "200, refused", "one, refused"],
            pairs.Select(pair => new[]
            {
                pair.Hot.Contender.Name, pair.Spread.PerSecond, pair.Hot.PerSecond, pair.Hot.Against(pair.Spread)!.Ratio(),
                pair.Spread.P99, pair.Hot.P99, pair.Spread.Refused, pair.Hot.Refused,
            }));
        var goals = pairs
            .Where(pair => pair.Hot.Contender.Name == Building.LaurelName(Engine.Sqlite))
            .Select(pair => Goal.AtLeast(0.95, "one hot badge ≥ 0.95 of 200, SQLite", pair.Hot.Against(pair.Spread)!));
        return $"{table}\n{Report.Goals("Targets:", [.. goals])}";
    }

    private (Series Spread, Series Hot) Pair(Contender contender)
    {
        var walk = new Load("walk", population);
        // Each round has a hot badge of its own, so that nobody holds it yet.
        return (
            new Series("200 badges", contender, Connections, walk) { NeedsWarmUp = false },
            new Series("one badge", contender, Connections, round => walk with { HotBadge = round + 1 }));
    }
}
