namespace Laurel.Bench;

/// <summary>The dialects that the peer does not speak, each beside its bare twin: AnswerHub's award for an action, Perfumer's post and
/// counters, Karaz's list.</summary>
internal sealed class DialectsTable(Stage stage)
{
    private const int Connections = 64;
    private const string Bare = "bare";
    private const string Login = "answerhub:test123";

    private readonly Settings settings = stage.Settings;
    private readonly Population population = new(stage.Settings.Scaled(1_000_000), DialectState.Badges);
    private readonly int readers = Math.Max(10, stage.Settings.Scaled(1_000));

    public async Task<string> Run(CancellationToken ct)
    {
        var contenders = new List<(Contender Contender, string Keys)>();
        foreach (var engine in settings.Engines.Where(_ => settings.Wants("laurel")))
            contenders.Add(await Laurel(engine, ct));
        if (settings.Wants(Bare))
        {
            var twin = new Contender(Bare, await stage.StartTwin(ct), await stage.NewStore(Engine.Sqlite, "twin", ct));
            contenders.Insert(0, (twin, contenders.Count > 0 ? contenders[0].Keys : stage.Write("keys", ["none"])));
        }

        (string Title, string Row)[] requests =
            [("Karaz list (20)", "karaz"), ("Perfumer counters (3)", "counters"), ("Perfumer post", "perfumer"), ("AnswerHub award", "answerhub")];
        var groups = requests
            .Select(request => contenders
                .Select(one => new Series(request.Title, one.Contender, Connections, LoadFor(request.Row, one.Keys)))
                .ToArray())
            .ToList();
        await Contest.Run(stage, groups, ct);
        return Render([.. groups.SelectMany(group => group)]);
    }

    private Load LoadFor(string row, string keys) => new(row, population)
    {
        Paths = keys,
        Authorization = row == "answerhub" ? $"Basic {Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(Login))}" : "",
    };

    private async Task<(Contender Contender, string Keys)> Laurel(Engine engine, CancellationToken ct)
    {
        Progress.Say($"building {Building.LaurelName(engine)}: {population}");
        var store = await stage.NewStore(engine, "dialects", ct);
        string[] speaksFor = ["--answerhub-issuers", $"{DialectState.Site}", "--karaz-issuers", $"{DialectState.App}"];
        IReadOnlyList<string> keys;
        await using (var server = await stage.StartLaurel(store, ct, speaksFor))
        {
            using var api = stage.NativeApi(server);
            keys = await DialectState.Make(api, readers, Login, ct);
            await server.Stop(ct);
        }

        var now = TimeProvider.System.GetUtcNow();
        var builder = new StateBuilder(store);
        await builder.Users(population, readers, now, ct);
        await builder.Actions(population, now, ct);
        await stage.Doctor(store, ct);
        var contender = new Contender(Building.LaurelName(engine), await stage.StartLaurel(store, ct, speaksFor), store);
        return (contender, stage.Write($"keys-{engine}", keys));
    }

    private static string Render(List<Series> all)
    {
        var table = Report.Table(
            ["request", "server"],
            ["requests/s", "p50 ms", "p99 ms", "server CPU µs", "database CPU µs", "bytes", "of bare"],
            all.Select(series => new[]
            {
                series.Title, series.Contender.Name, series.PerSecond, series.P50, series.P99, series.ServerCpu, series.DatabaseCpu,
                series.Bytes, series.Contender.Name == Bare ? "–" : series.Against(BareOf(series))?.Ratio() ?? "–",
            }));
        var goals = from series in all
                    where series.Contender.Name == Building.LaurelName(Engine.Sqlite)
                    let ratio = series.Against(BareOf(series))
                    where ratio is not null
                    select Goal.AtLeast(0.5, $"{series.Title} ≥ 0.5 of bare, SQLite", ratio);
        return $"{table}\n{Report.Goals("Targets, with 64 connections:", [.. goals])}";

        Series? BareOf(Series series) => all.Find(other => other.Title == series.Title && other.Contender.Name == Bare);
    }
}
