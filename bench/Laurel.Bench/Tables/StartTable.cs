namespace Laurel.Bench;

/// <summary>How long a server takes to be ready, and what memory it holds, when the catalogue is large.</summary>
internal sealed class StartTable(Stage stage)
{
    private const int Starts = 5;
    private const int Connections = 64;

    private readonly Settings settings = stage.Settings;

    public async Task<string> Run(CancellationToken ct)
    {
        var small = new Population(1, 200);
        var large = new Population(settings.Scaled(10_000_000), settings.Scaled(1_000_000));
        var rows = new List<string[]>();
        var goals = new List<Goal>();
        foreach (var engine in settings.Engines)
        {
            foreach (var population in new[] { small, large })
            {
                var (starts, ready, loaded) = await Measure(await Building.LaurelStore(stage, engine, population, ct), population, ct);
                var (badges, users) = ($"{population.Badges:N0}", $"{population.Users:N0}");
                rows.Add([engine.Title(), badges, users, starts.Text("N2"), ready.Text("N0"), $"{loaded:N0}"]);
                if (population == large)
                    goals.Add(Goal.AtMost(2, $"ready within 2 s with {large.Badges:N0} definitions, {engine.Title()}", starts));
            }
        }

        var table = Report.Table(
            ["database"],
            ["badges", "users", "ready after s", "RSS when ready, MiB", $"RSS after {settings.Seconds} s of badge GETs, MiB"],
            rows);
        return $"{table}\nFiles may be in the page cache.\n\n{Report.Goals("Targets:", goals)}";
    }

    private async Task<(Spread Starts, Spread Ready, double Loaded)> Measure(IStore store, Population population, CancellationToken ct)
    {
        var (starts, ready, loaded) = (new List<double>(), new List<double>(), 0.0);
        for (var start = 1; start <= Starts; start++)
        {
            await stage.Settle(ct);
            await using var server = await stage.StartLaurel(store, ct);
            starts.Add(server.StartUp.TotalSeconds);
            ready.Add(Mebibytes(server));
            var laurel = new Contender(Building.LaurelName(store.Engine), server, store);
            Progress.Say($"{laurel.Name} with {population.Badges:N0} badges: ready after {server.StartUp.TotalSeconds:N2} s");
            if (start == Starts)
            {
                // Over all badges, so that whatever is cached is as full as it gets.
                await new Wrk(settings).Measure(laurel, new Load("badge", population), Connections, ct);
                loaded = Mebibytes(server);
            }

            await server.Stop(ct);
        }

        return (new Spread(starts), new Spread(ready), loaded);
    }

    private static double Mebibytes(ServerProcess server) => ProcFs.ResidentBytes(server.Pid) / (1024.0 * 1024);
}
