namespace Laurel.Bench;

/// <summary>What an award takes on disk: Roblox-sized ids, awarded one by one through the Roblox dialect to users in no order.</summary>
internal sealed class DiskTable(Stage stage)
{
    private const int Connections = 256;

    // Ids from 1,000,000,000 to 7,999,993,000.
    private readonly Population population = new(stage.Settings.Scaled(1_000_000), 200)
    {
        FirstUser = 1_000_000_000,
        UserStep = 7_000,
        RobloxBadges = true,
    };

    public async Task<string> Run(CancellationToken ct)
    {
        var rows = new List<string[]>();
        var goals = new List<Goal>();
        foreach (var engine in stage.Settings.Engines)
        {
            var store = await Building.LaurelStore(stage, engine, population, ct);
            var empty = await store.Size(ct);
            var acknowledged = await Award(store, stage.Settings.Scaled(1_000_000), ct);
            var full = await store.Size(ct);
            // wrk hangs up on the last answers, so there may be a few more than it counted; fewer would be a loss.
            var awards = await store.Number("SELECT count(*) FROM awards", ct);
            if (awards < acknowledged)
                throw new BenchException($"{engine.Title()}: {acknowledged:N0} awards were acknowledged and {awards:N0} are there");

            double Each(long before, long after) => (double)(after - before) / awards;
            void Row(string what, double bytes) => rows.Add([engine.Title(), what, $"{awards:N0}", $"{bytes:N1}"]);

            var total = Each(empty.Total, full.Total);
            Row("everything", total);
            if (full.BeforeCheckpoint > full.Total)
                Row("everything, with the log before its checkpoint", Each(empty.Total, full.BeforeCheckpoint));
            foreach (var (name, bytes) in full.Parts
                .Select(part => (part.Key, Bytes: Each(empty.Parts.GetValueOrDefault(part.Key), part.Value)))
                .Where(part => part.Bytes >= 0.1)
                .OrderByDescending(part => part.Bytes))
            {
                Row(name, bytes);
            }

            if (engine == Engine.Sqlite)
                goals.Add(Goal.AtMost(80, "≤ 80 bytes per award without payload (aim 60), SQLite", new Spread([total])));
        }

        return $"{Report.Table(["database", "table or index"], ["awards", "bytes per award"], rows)}\n{Report.Goals("Targets:", goals)}";
    }

    private async Task<long> Award(IStore store, int wanted, CancellationToken ct)
    {
        var wrk = new Wrk(stage.Settings);
        await using var server = await stage.StartLaurel(store, ct);
        var laurel = new Contender(Building.LaurelName(store.Engine), server, store);
        var awards = 0L;
        while (awards < wanted)
        {
            awards += (await wrk.Measure(laurel, new Load("award", population), Connections, ct)).Accepted;
            Progress.Say($"{laurel.Name}: {awards:N0} of {wanted:N0} awards");
            await stage.Settle(ct);
        }

        await server.Stop(ct);
        return awards;
    }
}
