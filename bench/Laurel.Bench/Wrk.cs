using System.Text.Json;

namespace Laurel.Bench;

/// <summary>What one round of one request at one server came to.</summary>
/// <param name="Accepted">Answers with a status below 400.</param>
/// <param name="PerSecond">Answers per second.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="ServerCpu">Microseconds per answer of the server's process.</param>
/// <param name="DatabaseCpu">Microseconds per answer of the database's processes.</param>
/// <param name="ClientCpu">Microseconds per answer of wrk.</param>
/// <param name="Bytes">Bytes per answer, headers included.</param>
/// <param name="Refused">Share of answers with a status of 400 and above.</param>
internal sealed record Measurement(
    long Accepted,
    double PerSecond,
    double P50,
    double P99,
    double ServerCpu,
    double DatabaseCpu,
    double ClientCpu,
    double Bytes,
    double Refused);

internal sealed class Wrk(Settings settings)
{
    private const string ResultMark = "RESULT "; // load.lua puts it before its last line.

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private int seed;

    public async Task<Measurement> Measure(Contender contender, Load load, int connections, CancellationToken ct)
    {
        var (server, database) = (contender.Server.Cpu(), contender.Store.Cpu());
        var result = await Run(contender, load, connections, settings.Seconds, look: false, ct);
        (server, database) = (contender.Server.Cpu() - server, contender.Store.Cpu() - database);
        double answers = result.Requests;
        if (answers == 0 && !contender.MayFail)
            throw contender.Server.Failed($"answered no {load.Row} within {settings.Seconds} s");
        return new Measurement(
            Accepted: result.Requests - result.Refused,
            PerSecond: answers * 1_000_000 / result.Microseconds,
            P50: result.P50 / 1000.0,
            P99: result.P99 / 1000.0,
            ServerCpu: server / answers,
            DatabaseCpu: database / answers,
            ClientCpu: ProcFs.Microseconds(result.ClientTicks) / answers,
            Bytes: result.Bytes / answers,
            Refused: result.Refused / answers);
    }

    /// <summary>Looks at the answers too, and says how many came by status and error code. Unexpected ones end the run.</summary>
    public async Task<string> WarmUp(Contender contender, Load load, int connections, CancellationToken ct)
    {
        var statuses = (await Run(contender, load, connections, settings.WarmUpSeconds, look: true, ct)).Statuses;
        var seen = string.Join(", ", statuses.Select(status => $"{status.Value} × {status.Key}"));
        // 403 with code 9 is an award that is held already: random users and badges meet now and then.
        return contender.MayFail || statuses.Keys.All(status => status is "200" or "201" or "304/" or "403/9")
            ? seen
            : throw contender.Server.Failed($"answered {load.Row} with {seen}");
    }

    private async Task<Result> Run(Contender contender, Load load, int connections, int seconds, bool look, CancellationToken ct)
    {
        // A new seed each time: a sequence sent again would only find the awards it made before.
        string[] arguments =
        [
            "-t", $"{settings.Threads}", "-c", $"{connections}", "-d", $"{seconds}", "--timeout", "60s", "--latency",
            "-s", Path.Combine(AppContext.BaseDirectory, "load.lua"), contender.Server.Address.ToString(),
            "--", .. load.Arguments(contender.Prefix, ++seed, settings.Threads, look),
        ];
        var output = await Shell.Run("wrk", arguments, ct);
        var line = output.Split('\n').FirstOrDefault(text => text.StartsWith(ResultMark, StringComparison.Ordinal))
            ?? throw new BenchException($"wrk gave no result:\n{output}");
        var result = JsonSerializer.Deserialize<Result>(line[ResultMark.Length..], Json)!;
        return result.Broken == 0 ? result : throw contender.Server.Failed($"broke {result.Broken} connections on {load.Row}");
    }

    private sealed record Result(
        long Requests,
        long Microseconds,
        double Bytes,
        long P50,
        long P99,
        long Refused,
        long Broken,
        long ClientTicks,
        Dictionary<string, long> Statuses);
}
