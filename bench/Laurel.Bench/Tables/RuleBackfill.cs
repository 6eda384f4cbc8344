using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Laurel.Bench;

/// <summary>A rule applied to ten million recorded actions, while nothing else happens.</summary>
/// <param name="Recorded">How many actions there are.</param>
/// <param name="Actions">How many of them it has looked at; fewer where it ran out of time.</param>
/// <param name="ServerCpu">Microseconds per action.</param>
/// <param name="DatabaseCpu">Microseconds per action.</param>
/// <param name="Peak">Bytes resident in the server's process.</param>
/// <param name="PeakOwn">Of them without mapped files, as far as samples tell.</param>
internal sealed record RuleBackfill(
    Engine Engine, long Recorded, long Users, long Actions, long Awards, TimeSpan Took, double ServerCpu, double DatabaseCpu, long Peak, long PeakOwn)
{
    private const int Each = 10;
    private const double Megabyte = 1_000_000;
    private const double MostMegabytes = 500;
    private const string ActionType = "past";

    // Enough at 8,400 actions/s; a slower one tells as much by what it did until then.
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public Goal Goal
    {
        get
        {
            var peak = Peak / Megabyte;
            var unfinished = Actions < Recorded ? $", with {Actions:N0} done after {Most.TotalMinutes:N0} minutes" : "";
            return new Goal(
                $"backfill of {Recorded:N0} actions with less than {MostMegabytes:N0} MB resident, {Engine.Title()}",
                $"{peak:N0} MB{unfinished}",
                peak < MostMegabytes && Actions == Recorded);
        }
    }

    public static async Task<RuleBackfill> Measure(Stage stage, Engine engine, CancellationToken ct)
    {
        var population = new Population(stage.Settings.Scaled(1_000_000), 1);
        var recorded = (long)population.Users * Each;
        var store = await Building.LaurelStore(stage, engine, population, ct, "past");
        Progress.Say($"building {Building.LaurelName(engine)}: {recorded:N0} actions");
        await new StateBuilder(store).History(population, Each, ActionType, TimeProvider.System.GetUtcNow(), ct);
        await stage.Doctor(store, ct);

        await using var server = await stage.StartLaurel(store, ct);
        using var api = stage.NativeApi(server);
        await api.Put($"action-types/{ActionType}", new { }, ct);
        var rule = await RuleState.Tiered(api, ActionType, ct);
        await stage.Settle(ct);
        var (serverCpu, databaseCpu, own) = (server.Cpu(), store.Cpu(), 0L);
        var backfill = await api.Post($"rules/{rule}/backfills", new { }, ct);
        var said = 0L;
        for (var clock = Stopwatch.StartNew(); Word(backfill, "state") == "running" && clock.Elapsed < Most; await Task.Delay(Interval, ct))
        {
            own = Math.Max(own, ProcFs.OwnResidentBytes(server.Pid));
            backfill = JsonNode.Parse(await api.Get($"/laurel/v1/backfills/{Number(backfill, "id")}", ct))!;
            if (Number(backfill, "actions") - said < population.Users)
                continue;
            said = Number(backfill, "actions");
            Progress.Say($"{Building.LaurelName(engine)}: {said:N0} actions, {own / Megabyte:N0} MB of its own");
        }

        (serverCpu, databaseCpu) = (server.Cpu() - serverCpu, store.Cpu() - databaseCpu);
        var (users, actions) = (Number(backfill, "users"), Number(backfill, "actions"));
        if (Word(backfill, "state") != "running" && (users, actions) != (population.Users, recorded))
            throw server.Failed($"ended a backfill of {recorded:N0} actions as {backfill.ToJsonString()}");
        var took = DateTimeOffset.Parse(Word(backfill, "updatedAt")) - DateTimeOffset.Parse(Word(backfill, "createdAt"));
        return new RuleBackfill(
            engine, recorded, users, actions, Number(backfill, "awarded"), took, serverCpu / actions, databaseCpu / actions,
            ProcFs.PeakResidentBytes(server.Pid), own);
    }

    public static string Render(IEnumerable<RuleBackfill> all) => Report.Table(
        ["database"],
        ["users", "actions", "awards", "s", "actions/s", "users/s", "server CPU µs", "database CPU µs", "peak resident MB", "peak of its own MB"],
        all.Select(backfill => new[]
        {
            backfill.Engine.Title(), $"{backfill.Users:N0}", $"{backfill.Actions:N0}", $"{backfill.Awards:N0}", $"{backfill.Took.TotalSeconds:N1}",
            $"{backfill.Actions / backfill.Took.TotalSeconds:N0}", $"{backfill.Users / backfill.Took.TotalSeconds:N0}", $"{backfill.ServerCpu:N1}",
            backfill.Engine == Engine.Sqlite ? "–" : $"{backfill.DatabaseCpu:N1}", $"{backfill.Peak / Megabyte:N0}", $"{backfill.PeakOwn / Megabyte:N0}",
        }));

    private static string Word(JsonNode answer, string member) => answer[member]!.GetValue<string>();

    private static long Number(JsonNode answer, string member) => answer[member]!.GetValue<long>();
}
