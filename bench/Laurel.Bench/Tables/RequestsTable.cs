namespace Laurel.Bench;

/// <summary>The main table: five requests at every server, side by side.</summary>
internal sealed class RequestsTable(Stage stage)
{
    private const string Award = "award POST";
    private const string BadgeGet = "badge GET";
    private const string UserList = "user list (25)";
    private const string AgainList = "user list (25), asked for again";
    private const string Dates = "awarded-dates (100 ids)";
    private const string Bare = "bare";

    private static readonly int[] Connections = [64, 256];

    private readonly Settings settings = stage.Settings;

    // Holders have a full page of 25, as the bare peer always answers.
    private readonly Population population = new(stage.Settings.Scaled(1_000_000), 200)
    {
        Holders = stage.Settings.Scaled(40_000),
        Each = 25,
    };

    public async Task<string> Run(CancellationToken ct)
    {
        var contenders = await Contenders(ct);
        // Reads before writes: what awards leave to be done later must not fall into a read.
        (string Title, string Row)[] requests = [(BadgeGet, "badge"), (UserList, "list"), (AgainList, "again"), (Dates, "dates"), (Award, "award")];
        var groups = requests
            .SelectMany(request => Connections.Select(connections => contenders
                .Where(contender => Answers(contender, request.Row))
                .Select(contender => new Series(request.Title, contender, connections, LoadFor(request.Row, contender))
                {
                    NeedsWarmUp = connections == Connections[0],
                })
                .ToArray()))
            .Where(group => group.Length > 0)
            .ToList();
        await Contest.Run(stage, groups, ct);
        return Render([.. groups.SelectMany(group => group)]);
    }

    // The naive peer has no awarded-dates; neither has bare, whose list stands in.
    private static bool Answers(Contender contender, string row) => row != "dates" || contender.Prefix != "/naive";

    private Load LoadFor(string row, Contender contender)
    {
        var load = new Load(row, population);
        return contender.Name == Bare ? load with { DatesPath = "/badges" } : load;
    }

    private async Task<List<Contender>> Contenders(CancellationToken ct)
    {
        var contenders = new List<Contender>();
        foreach (var engine in settings.Engines)
        {
            // Storage does not touch the bare routes: one peer shows them.
            var bare = settings.Wants("bare") && contenders.TrueForAll(contender => contender.Name != Bare);
            if (bare || settings.Wants("naive"))
            {
                var naive = await Building.Naive(stage, engine, population, ct);
                if (bare)
                    contenders.Insert(0, naive with { Name = Bare, Prefix = "/bare", MayFail = false });
                if (settings.Wants("naive"))
                    contenders.Add(naive);
            }

            if (settings.Wants("laurel"))
                contenders.Add(await Building.Laurel(stage, engine, population, ct));
        }

        return contenders;
    }

    private static string Render(List<Series> all)
    {
        var table = Report.Table(
            ["request", "connections", "server"],
            [
                "requests/s", "p50 ms", "p99 ms", "server CPU µs", "database CPU µs", "wrk CPU µs", "bytes", "refused",
                "of bare", "× naive",
            ],
            all.Select(series => new[]
            {
                series.Title, $"{series.Connections}", series.Contender.Name,
                series.PerSecond, series.P50, series.P99,
                series.ServerCpu, series.DatabaseCpu, series.ClientCpu, series.Bytes, series.Refused,
                series.Contender.Name == Bare ? "–" : series.Against(BareOf(series))?.Ratio() ?? "–",
                series.Contender.Prefix != "" ? "–" : series.Against(NaiveOf(series))?.Ratio() ?? "–",
            }));
        const string note = "awarded-dates: the peer has no such route; bare's list is asked with the same query and answers 25 badges.";
        return $"{table}\n{note}\n\n{Report.Goals("Targets, with 64 connections:", [.. Goals()])}";

        Series? Beside(Series series, string name) => all.Find(other =>
            other.Title == series.Title && other.Connections == series.Connections && other.Contender.Name == name);
        Series? BareOf(Series series) => Beside(series, Bare);
        Series? NaiveOf(Series series) => Beside(series, Building.NaiveName(series.Contender.Store.Engine));

        IEnumerable<Goal> Goals()
        {
            foreach (var engine in new[] { Engine.Sqlite, Engine.PostgreSql })
                foreach (var laurel in all.Where(one => one.Contender.Name == Building.LaurelName(engine) && one.Connections == 64))
                    foreach (var goal in GoalsOf(laurel, engine))
                        yield return goal;
        }

        IEnumerable<Goal> GoalsOf(Series laurel, Engine engine)
        {
            var (share, times, listed) = engine == Engine.Sqlite ? (0.60, 30, 0.75) : (0.70, 20, 0.50);
            var (bare, naive) = (BareOf(laurel), NaiveOf(laurel));
            if (laurel.Title == Award && laurel.Against(bare) is { } award)
                yield return Goal.AtLeast(share, $"{engine.Title()}: award POST ≥ {share:0.00} of bare (aim 0.80)", award);
            if (laurel.Title == Award && laurel.Against(naive) is { } faster)
                yield return Goal.AtLeast(times, $"{engine.Title()}: award POST ≥ {times} × naive", faster);
            if (engine == Engine.Sqlite && laurel.Title == Award && naive?.Against(laurel, round => round.P99) is { } shorter)
                yield return Goal.AtLeast(30, $"{engine.Title()}: award POST p99: naive's ≥ 30 × Laurel's", shorter);
            if (engine == Engine.Sqlite && laurel.Title == Award && laurel.Against(bare, round => round.ServerCpu) is { } cpu)
                yield return Goal.AtMost(2, $"{engine.Title()}: award POST server CPU ≤ 2 × bare", cpu);
            if (laurel.Title == BadgeGet && laurel.Against(bare) is { } badge)
                yield return Goal.AtLeast(0.95, $"{engine.Title()}: badge GET ≥ 0.95 of bare", badge);
            if (laurel.Title == UserList && laurel.Against(bare) is { } list)
                yield return Goal.AtLeast(listed, $"{engine.Title()}: user list ≥ {listed:0.00} of bare", list);
            if (laurel.Title == AgainList && laurel.Against(bare) is { } again)
                yield return Goal.AtLeast(0.95, $"{engine.Title()}: user list that is asked for again ≥ 0.95 of bare", again);
        }
    }
}
