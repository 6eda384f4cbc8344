using System.Text.Json;

namespace Laurel.Bench;

/// <summary>What reading costs when the ledger is twenty times larger, and when one user holds a thousand times as much.</summary>
internal sealed class ReadsTable(Stage stage)
{
    private const int Connections = 64;
    private const int Each = 20;
    private const int PageSize = 10; // Full for both kinds of users, so that answers are of one size.

    private readonly Settings settings = stage.Settings;

    public async Task<string> Run(CancellationToken ct)
    {
        var comparisons = new List<Comparison>();
        foreach (var engine in settings.Engines)
        {
            // One engine after the other: four servers with their caches are enough for one machine.
            var ofEngine = new List<Comparison>([.. await BySize(engine, ct), .. await ByHoldings(engine, ct)]);
            await Contest.Run(stage, [.. ofEngine.Select(comparison => new[] { comparison.Small, comparison.Large })], ct);
            comparisons.AddRange(ofEngine);
        }

        var table = Report.Table(
            ["database", "request"],
            ["requests/s", "p50 ms", "p99 ms", "server CPU µs", "database CPU µs", "bytes", "time per request ×"],
            comparisons.SelectMany(comparison => new[]
            {
                Row(comparison.Engine, comparison.Small, "1"),
                Row(comparison.Engine, comparison.Large, comparison.Growth.Ratio()),
            }));
        var goals = comparisons
            .Where(comparison => comparison.Engine == Engine.Sqlite)
            .Select(comparison => Goal.AtMost(
                comparison.Bound,
                $"{comparison.Large.Title} ≤ {comparison.Bound:N1} × {comparison.Small.Title}, SQLite",
                comparison.Growth));
        return $"{table}\n{Report.Goals("Targets, as time per request:", [.. goals])}";
    }

    private async Task<Comparison[]> BySize(Engine engine, CancellationToken ct)
    {
        // As many awards per user on both sides: only the ledger's size differs.
        var small = new Population(settings.Scaled(1_000_000), 200) { Holders = settings.Scaled(50_000), Each = Each };
        var large = small with { Holders = settings.Scaled(1_000_000) };
        var atSmall = await Building.Laurel(stage, engine, small, ct, "small");
        var atLarge = await Building.Laurel(stage, engine, large, ct, "large");

        Series Of(string title, string row, Contender contender, Population population) =>
            new($"{title}, {population.Holders * Each:N0} awards", contender, Connections, new Load(row, population));
        return
        [
            new(engine, 1.3, Of("point read", "point", atSmall, small), Of("point read", "point", atLarge, large)),
            new(engine, 1.3, Of("list of 20", "list", atSmall, small), Of("list of 20", "list", atLarge, large)),
        ];
    }

    private async Task<Comparison[]> ByHoldings(Engine engine, CancellationToken ct)
    {
        var heavy = new Population(50, settings.Scaled(20_000)) { FirstUser = 1_000_000_000, Holders = 50, Each = settings.Scaled(20_000) };
        var light = heavy with { Each = Each };
        var atHeavy = await Building.Laurel(stage, engine, heavy, ct, "heavy");
        var atLight = await Building.Laurel(stage, engine, light, ct, "light");

        string FirstPage(int holder) => $"/v1/users/{heavy.Holder(holder)}/badges?limit={PageSize}";
        var firstPages = Enumerable.Range(1, heavy.Holders).Select(FirstPage).ToList();
        var middlePages = await Middles(atHeavy, firstPages, heavy.Each, ct);
        var first = new Load("paths", heavy) { Paths = stage.Write($"first-{engine}", firstPages) };
        var middle = new Load("paths", heavy) { Paths = stage.Write($"middle-{engine}", middlePages) };

        Series Of(string page, Contender contender, Load load, int holding) =>
            new($"{page} page of {PageSize} of {holding:N0}", contender, Connections, load);
        return
        [
            new(engine, 1.5, Of("first", atLight, first, light.Each), Of("first", atHeavy, first, heavy.Each)),
            new(engine, 1.5, Of("first", atLight, first, light.Each), Of("middle", atHeavy, middle, heavy.Each)),
        ];
    }

    /// <summary>Half-way into each list, by the server's own cursors.</summary>
    private async Task<List<string>> Middles(Contender contender, List<string> firstPages, int awards, CancellationToken ct)
    {
        using var api = stage.NativeApi(contender.Server);
        var paths = new List<string>();
        foreach (var first in firstPages)
        {
            var path = first;
            for (var page = 0; page < awards / PageSize / 2; page++)
            {
                using var answer = JsonDocument.Parse(await api.Get(path, ct));
                var cursor = answer.RootElement.GetProperty("nextPageCursor").GetString()
                    ?? throw new BenchException($"{path} has no next page");
                path = $"{first}&cursor={Uri.EscapeDataString(cursor)}";
            }

            paths.Add(path);
        }

        return paths;
    }

    private static string[] Row(Engine engine, Series series, string growth) =>
    [
        engine.Title(), series.Title,
        series.PerSecond, series.P50, series.P99, series.ServerCpu, series.DatabaseCpu, series.Bytes, growth,
    ];

    private sealed record Comparison(Engine Engine, double Bound, Series Small, Series Large)
    {
        /// <summary>Time per request of the large side over the small one's.</summary>
        public Spread Growth => Small.Against(Large)!;
    }
}
