namespace Laurel.Bench;

/// <summary>A server as one side of a comparison.</summary>
/// <param name="Name">Its name in the tables.</param>
/// <param name="Server">Whom wrk talks to.</param>
/// <param name="Store">Whose CPU counts beside the server's.</param>
/// <param name="Prefix">Before every path.</param>
/// <param name="MayFail">The naive peer may answer as it will; anybody else must answer rightly.</param>
internal sealed record Contender(string Name, ServerProcess Server, IStore Store, string Prefix = "", bool MayFail = false);

/// <summary>One kind of request at one server, over all rounds. The load may differ from round to round; 0 is the warm-up.</summary>
internal sealed class Series(string title, Contender contender, int connections, Func<int, Load> load)
{
    public Series(string title, Contender contender, int connections, Load load)
        : this(title, contender, connections, _ => load)
    {
    }

    public string Title { get; } = title;

    public Contender Contender { get; } = contender;

    public int Connections { get; } = connections;

    /// <summary>False where another series warms the same code.</summary>
    public bool NeedsWarmUp { get; init; } = true;

    public List<Measurement> Rounds { get; } = [];

    public string PerSecond => Over(round => round.PerSecond).Text("N0");

    public string P50 => $"{Over(round => round.P50).Median:N2}";

    public string P99 => Over(round => round.P99).Text("N1");

    public string ServerCpu => Over(round => round.ServerCpu).Text("N1");

    public string DatabaseCpu => Contender.Store.Engine == Engine.Sqlite ? "–" : $"{Over(round => round.DatabaseCpu).Median:N1}";

    public string ClientCpu => $"{Over(round => round.ClientCpu).Median:N1}";

    public string Bytes => $"{Over(round => round.Bytes).Median:N0}";

    public string Refused => $"{Over(round => round.Refused).Median:P2}";

    public Load LoadOf(int round) => load(round);

    public Spread Over(Func<Measurement, double> figure) => new(Rounds.Select(figure));

    /// <summary>Ratio of requests/s to another series' in the same round, so that the machine's mood cancels out.</summary>
    public Spread? Against(Series? other) => Against(other, round => round.PerSecond);

    public Spread? Against(Series? other, Func<Measurement, double> figure) =>
        other is null ? null : new(Rounds.Zip(other.Rounds, (mine, theirs) => figure(mine) / figure(theirs)));
}
