namespace Laurel.Bench;

/// <summary>What reads and awards cost with ledgers of ever more awards, and what an award takes in them.</summary>
internal sealed class GrowthTable(Stage stage)
{
    private const int Connections = 64;

    public async Task<string> Run(CancellationToken ct)
    {
        var rows = new List<string[]>();
        foreach (var engine in stage.Settings.Engines)
        {
            var ledgers = new List<Ledger>();
            foreach (var awards in stage.Settings.Awards)
                ledgers.Add(await Build(engine, Population.Of(awards), ct));

            // Awards last: they change what the reads find.
            Series[] Row(string row, string title) =>
                [.. ledgers.Select(ledger => new Series(title, ledger.Laurel, Connections, new Load(row, ledger.Population)))];
            var kinds = new[] { Row("point", "point read"), Row("list", "list of 20"), Row("award", "award POST") };
            await Contest.Run(stage, kinds, ct);
            foreach (var kind in kinds)
                rows.AddRange(kind.Select((series, i) => Shown(series, ledgers[i], kind[0])));
            foreach (var ledger in ledgers)
                await ledger.Laurel.Server.DisposeAsync();
        }

        return Report.Table(
            ["database", "request", "awards"],
            [
                "requests/s", "p50 ms", "p99 ms", "server CPU µs", "database CPU µs", "time per request ×",
                "bytes per award", "built, awards/s",
            ],
            rows);
    }

    private async Task<Ledger> Build(Engine engine, Population population, CancellationToken ct)
    {
        var awards = (double)population.Holders * population.Each;
        var store = await stage.NewStore(engine, $"growth{awards:0}", ct);
        var took = await Building.Fill(stage, store, population, ct);
        var size = await store.Size(ct);
        // Users and badges are no part of it: the ledger alone grows with awards.
        var bytes = size.Parts.Where(part => part.Key.StartsWith("awards", StringComparison.Ordinal)).Sum(part => part.Value);
        var laurel = new Contender($"{Building.LaurelName(engine)}, {awards:N0} awards", await stage.StartLaurel(store, ct), store);
        return new Ledger(laurel, population, awards / took.TotalSeconds, bytes / awards);
    }

    private static string[] Shown(Series series, Ledger ledger, Series first) =>
    [
        series.Contender.Store.Engine.Title(), series.Title, $"{(long)ledger.Population.Holders * ledger.Population.Each:N0}",
        series.PerSecond, series.P50, series.P99, series.ServerCpu, series.DatabaseCpu,
        series == first ? "1" : first.Against(series)!.Ratio(), $"{ledger.Bytes:N1}", $"{ledger.BuiltPerSecond:N0}",
    ];

    /// <param name="Bytes">Per award, of the ledger and its indexes.</param>
    private sealed record Ledger(Contender Laurel, Population Population, double BuiltPerSecond, double Bytes);
}
