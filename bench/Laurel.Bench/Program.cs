using System.CommandLine;
using System.Runtime.InteropServices;
using Laurel.Bench;
using Microsoft.Data.Sqlite;

string[] everyTable = ["requests", "hot", "disk", "reads", "growth", "start", "dialects", "pages", "rules"];
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
var awards = new Option<int[]>("--awards")
{
    Description = "How many awards the growing ledger has, up to 100,000,000.",
    DefaultValueFactory = _ => [1_000_000, 10_000_000, 50_000_000],
    AllowMultipleArgumentsPerToken = true,
};
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
    tables, only, engines, awards, rounds, seconds, warmUp, threads, quick, data, laurel, peer, twin, page,
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
        Awards = [.. parsed.GetRequiredValue(awards).Select(count => isQuick ? count / 100 : count)],
        DataDirectory = Path.GetFullPath(parsed.GetRequiredValue(data)),
        Laurel = Path.GetFullPath(parsed.GetRequiredValue(laurel)),
        Peer = Path.GetFullPath(parsed.GetRequiredValue(peer)),
        Twin = Path.GetFullPath(parsed.GetRequiredValue(twin)),
    };
    var whole = !isQuick && everyRole.All(settings.Wants) && settings.Engines.Count == everyEngine.Length;
    return await Run(settings, parsed.GetValue(page) ?? (whole ? "docs/performance.md" : null));
});

var count = new Argument<int>("count") { Description = "How many awards, up to 100,000,000; twenty a user, of two hundred badges." };
var database = new Option<string>("--database") { Description = "An empty one, as the server takes it.", Required = true };
var fill = new Command("fill", "Fills an empty database with so many awards, as the growing ledger has them.") { count, database, data, laurel };
fill.SetAction(async (parsed, _) => await Fill(parsed.GetRequiredValue(count), parsed.GetRequiredValue(database), new Settings
{
    CommandLine = "",
    Tables = [],
    Roles = [],
    Engines = [],
    Rounds = 0,
    Seconds = 0,
    WarmUpSeconds = 0,
    Threads = 0,
    Quick = false,
    Awards = [],
    DataDirectory = Path.GetFullPath(parsed.GetRequiredValue(data)),
    Laurel = Path.GetFullPath(parsed.GetRequiredValue(laurel)),
    Peer = "",
    Twin = "",
}));
command.Subcommands.Add(fill);

// Termination is handled below: what was started must be stopped, however long that takes.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static Task<int> Fill(int awards, string database, Settings settings) => UntilStopped(async ct =>
{
    await using var stage = await Stage.Open(settings, ct);
    IStore store = database.Contains("Data Source=", StringComparison.OrdinalIgnoreCase)
        ? new SqliteStore(new SqliteConnectionStringBuilder(database).DataSource)
        : new PostgresStore(database, postmaster: null);
    var took = await Building.Fill(stage, store, Population.Of(awards), ct);
    Console.WriteLine($"{awards:N0} awards in {took.TotalSeconds:N0} s, {awards / took.TotalSeconds:N0} a second");
});

static Task<int> Run(Settings settings, string? page) => UntilStopped(async ct =>
{
    foreach (var table in settings.Tables)
    {
        // Each table has a stage of its own, so that nothing one leaves behind weighs on the next.
        await using var stage = await Stage.Open(settings, ct);
        var section = await MeasuredTables.Run(table, stage, ct);
        Console.WriteLine(section);
        if (page is not null)
            Report.Replace(page, table, section);
    }
});

static async Task<int> UntilStopped(Func<CancellationToken, Task> work)
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
        await work(stop.Token);
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
