using System.CommandLine;
using System.Runtime.InteropServices;
using Laurel.Bench;

string[] everyTable = ["requests", "hot", "disk", "reads", "start", "dialects", "rules"];
string[] everyRole = ["bare", "naive", "laurel"];
string[] everyEngine = ["sqlite", "postgresql"];

var tables = new Argument<string[]>("tables")
{
    Description = "What to measure.",
    DefaultValueFactory = _ => ["requests"],
};
tables.AcceptOnlyFromAmong([.. everyTable, "all"]);
var only = List("--only", "Servers to measure, comma-separated.", everyRole);
var engines = List("--engines", "Databases to measure on, comma-separated.", everyEngine);
var rounds = new Option<int?>("--rounds") { Description = "Rounds, interleaved between the servers (3)." };
var seconds = new Option<int?>("--seconds") { Description = "Seconds per round (5)." };
var warmUp = new Option<int?>("--warm-up") { Description = "Seconds of warm-up per server and request (5)." };
var threads = Option("--threads", "Threads of wrk.", Math.Max(2, Environment.ProcessorCount / 2));
var quick = Option("--quick", "Smoke run: one-second rounds, a hundredth of the data. Its figures mean nothing.", false);
var data = Option("--data", "Where the databases lie while measured. Must be a disk.", "/var/tmp");
var laurel = Option("--laurel", "The server.", "src/Laurel.Server/bin/Release/net10.0/laurel");
var peer = Option("--peer", "The peer.", "bench/peer/bin/Release/net10.0/Peer");
var twin = Option("--twin", "The twin of the dialects that the peer does not speak.", "bench/twin/bin/Release/net10.0/Twin");
var page = new Option<string?>("--out")
{
    Description = "Page whose marked section is replaced (docs/performance.md; a quick or partial run only prints).",
};

var command = new RootCommand("Measures Laurel beside the peer: one command, one table.")
{
    tables, only, engines, rounds, seconds, warmUp, threads, quick, data, laurel, peer, twin, page,
};
command.SetAction(async (parsed, _) =>
{
    var isQuick = parsed.GetRequiredValue(quick);
    var settings = new Settings
    {
        CommandLine = string.Join(' ', ["bench/run", .. args]),
        Tables = parsed.GetRequiredValue(tables) is var chosen && chosen.Contains("all") ? everyTable : chosen,
        Roles = parsed.GetRequiredValue(only),
        Engines = [.. Enum.GetValues<Engine>().Where(engine => parsed.GetRequiredValue(engines).Contains($"{engine}".ToLowerInvariant()))],
        Rounds = parsed.GetValue(rounds) ?? (isQuick ? 1 : 3),
        Seconds = parsed.GetValue(seconds) ?? (isQuick ? 1 : 5),
        WarmUpSeconds = parsed.GetValue(warmUp) ?? (isQuick ? 1 : 5),
        Threads = parsed.GetRequiredValue(threads),
        Quick = isQuick,
        DataDirectory = Path.GetFullPath(parsed.GetRequiredValue(data)),
        Laurel = Path.GetFullPath(parsed.GetRequiredValue(laurel)),
        Peer = Path.GetFullPath(parsed.GetRequiredValue(peer)),
        Twin = Path.GetFullPath(parsed.GetRequiredValue(twin)),
    };
    var whole = !isQuick && everyRole.All(settings.Wants) && settings.Engines.Count == everyEngine.Length;
    return await Run(settings, parsed.GetValue(page) ?? (whole ? "docs/performance.md" : null));
});

// Termination is handled below: what was started must be stopped, however long that takes.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static async Task<int> Run(Settings settings, string? page)
{
    using var stop = new CancellationTokenSource();
    void Cancel(PosixSignalContext context)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
    using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel);
    try
    {
        foreach (var table in settings.Tables)
        {
            // Each table has a stage of its own, so that nothing one leaves behind weighs on the next.
            await using var stage = await Stage.Open(settings, stop.Token);
            var section = await MeasuredTables.Run(table, stage, stop.Token);
            Console.WriteLine(section);
            if (page is not null)
                Report.Replace(page, table, section);
        }

        return 0;
    }
    catch (Exception) when (stop.IsCancellationRequested)
    {
        // Ctrl-C reaches what we started too: whatever failed after it failed because of it.
        await Console.Error.WriteLineAsync("stopped");
        return 130;
    }
    catch (BenchException problem)
    {
        await Console.Error.WriteLineAsync(problem.Message);
        return 1;
    }
}

static Option<T> Option<T>(string name, string description, T standard) =>
    new(name) { Description = description, DefaultValueFactory = _ => standard };

static Option<string[]> List(string name, string description, string[] every) => new(name)
{
    Description = description,
    DefaultValueFactory = _ => every,
    Arity = ArgumentArity.ExactlyOne,
    CustomParser = result =>
    {
        var names = result.Tokens[0].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var unknown in names.Except(every))
            result.AddError($"{name}: '{unknown}' is none of {string.Join(", ", every)}.");
        return names;
    },
};
