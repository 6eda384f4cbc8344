using System.Text.Json.Nodes;

namespace Laurel.Bench;

/// <summary>Pages for people with the demo's data, beside what the bare peer answers programs: a badge, a list of 25.</summary>
internal sealed class PagesTable(Stage stage)
{
    private const int Connections = 64;
    private const int Few = 100;
    private const string Bare = "bare";
    private const string Unchanged = "If-None-Match";

    // Bare's own badges and users: it answers any.
    private readonly Population population = new(1_000_000, 200) { Holders = 40_000, Each = 25 };

    public async Task<string> Run(CancellationToken ct)
    {
        var store = await stage.NewStore(Engine.Sqlite, "pages", ct);
        await stage.Demo(store, ct);
        var laurel = new Contender(Building.LaurelName(Engine.Sqlite), await stage.StartLaurel(store, ct), store);
        using var api = stage.NativeApi(laurel.Server);
        var badges = (await Ids(api, "badges", ct)).ConvertAll(id => $"/badges/{id}?lang=en");
        var walls = (await Ids(api, "users", ct)).ConvertAll(id => $"/users/{id}?lang=en");
        var peer = await stage.NewStore(Engine.Sqlite, "peer", ct);
        var bare = new Contender(Bare, await stage.StartPeer(peer, 10, ct), peer, "/bare");

        var groups = new List<Series[]>();
        foreach (var (title, row, paths) in new[] { ("badge page", "badge", badges), ($"wall, of {Few} users", "list", walls[..Few]), ($"wall, of {walls.Count:N0} users", "list", walls) })
        {
            var tagged = await Known(api, paths, ct);
            var plain = new Load("paths", population) { Paths = stage.Write($"{groups.Count}", tagged.Select(line => line.Split(' ')[0])) };
            var known = new Load("known", population) { Paths = stage.Write($"{groups.Count}-known", tagged) };
            groups.Add(
            [
                new(title, bare, Connections, new Load(row, population)),
                new(title, laurel, Connections, plain),
                new($"{title}, {Unchanged}", laurel, Connections, known),
            ]);
            groups.Add([new($"{title}, two at a time", laurel, 2, plain) { NeedsWarmUp = false }]);
        }
        await Contest.Run(stage, groups, ct);
        return Render(groups);
    }

    private static async Task<List<long>> Ids(NativeApi api, string things, CancellationToken ct)
    {
        var ids = new List<long>();
        for (var next = ""; next is not null;)
        {
            var page = JsonNode.Parse(await api.Get($"/laurel/v1/{things}?limit=1000{next}", ct))!;
            ids.AddRange(page["items"]!.AsArray().Select(item => item!["id"]!.GetValue<long>()));
            next = page["next"] is { } cursor ? $"&cursor={cursor}" : null;
        }
        return ids;
    }

    // With what the server calls each of them as it is; those that hide or are gone are called nothing.
    private static async Task<List<string>> Known(NativeApi api, IReadOnlyList<string> paths, CancellationToken ct)
    {
        var known = new List<string>();
        foreach (var path in paths)
        {
            if (await api.EntityTag(path, ct) is { } tag)
                known.Add($"{path} {tag}");
        }
        return known;
    }

    private static string Render(IReadOnlyList<Series[]> groups)
    {
        var table = Report.Table(
            ["request", "server"],
            ["requests/s", "p50 ms", "p99 ms", "server CPU µs", "bytes", "of bare"],
            groups.SelectMany(group => group.Select(series => new[]
            {
                series.Title, series.Contender.Name, series.PerSecond, series.P50, series.P99, series.ServerCpu, series.Bytes,
                series == group[0] ? "–" : series.Against(group[0])!.Ratio(),
            })));
        var goals = groups.Where(group => group.Length > 1).SelectMany(group => new[]
        {
            Goal.AtLeast(0.25, $"{group[1].Title} ≥ 0.25 of bare", group[1].Against(group[0])!),
            Goal.AtLeast(0.8, $"{group[2].Title} ≥ 0.8 of bare", group[2].Against(group[0])!),
        }).Concat(groups.Where(group => group.Length == 1).Select(group =>
            Goal.AtMost(10, $"{group[0].Title}: p99 ≤ 10 ms", group[0].Over(round => round.P99))));
        return $"{table}\n{Report.Goals("Targets:", [.. goals])}";
    }
}
