namespace Laurel.Bench;

/// <summary>Interleaved rounds: what is compared is measured within seconds of each other, again and again.</summary>
internal static class Contest
{
    /// <summary>Fills the rounds of all series; those of a group are the ones to be compared.</summary>
    public static async Task Run(Stage stage, IReadOnlyList<Series[]> groups, CancellationToken ct)
    {
        var wrk = new Wrk(stage.Settings);
        foreach (var series in groups.SelectMany(group => group).Where(series => series.NeedsWarmUp))
        {
            var statuses = await wrk.WarmUp(series.Contender, series.LoadOf(0), series.Connections, ct);
            Progress.Say($"warm-up {series.Title}, {series.Contender.Name}: {statuses}");
            await stage.Settle(ct);
        }

        for (var round = 1; round <= stage.Settings.Rounds; round++)
        {
            foreach (var group in groups)
            {
                // Whoever goes first in one round goes last in another.
                var first = round % group.Length;
                foreach (var series in group[first..].Concat(group[..first]))
                {
                    var measured = await wrk.Measure(series.Contender, series.LoadOf(round), series.Connections, ct);
                    series.Rounds.Add(measured);
                    Progress.Say(
                        $"round {round}/{stage.Settings.Rounds} {series.Title} × {series.Connections}, {series.Contender.Name}: " +
                        $"{measured.PerSecond:N0}/s, p99 {measured.P99:N1} ms");
                    await stage.Settle(ct);
                }
            }
        }
    }
}

internal static class Progress
{
    public static void Say(string line) => Console.Error.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss} {line}");
}
