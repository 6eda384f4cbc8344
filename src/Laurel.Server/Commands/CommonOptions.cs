using System.CommandLine;
using Laurel.Core;
using Laurel.Core.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Laurel.Server.Commands;

/// <summary>What every command understands.</summary>
internal static class CommonOptions
{
    public static Option<string?> Database { get; } = new("--database")
    {
        Description = "\"Data Source=…\" for SQLite or \"Host=…;Username=…;Database=…\" for PostgreSQL. "
            + "Default: SQLite in laurel/laurel.db of the user's data folder. [LAUREL_DATABASE]",
        HelpName = "connection",
        Recursive = true,
    };

    public static Option<bool> Json { get; } = new("--json") { Description = "Write JSON to standard output.", Recursive = true };

    public static Option<int?> Partitions { get; } = new("--partitions")
    {
        Description = "PostgreSQL, where the database is made: the growing tables in so many hash partitions. [LAUREL_PARTITIONS]",
        HelpName = "number",
    };

    public static Option<string?> Synchronous { get; } = new Option<string?>("--synchronous")
    {
        Description = "SQLite's durability, for experiments only: anything below FULL loses acknowledged awards at a power cut. "
            + "[LAUREL_SYNCHRONOUS]",
        HelpName = "FULL|NORMAL|EXTRA",
    };

    public static Option<string?> ActionLateness { get; } = new("--action-lateness")
    {
        Description = "How late an action may come and still count for rules, as P1D or PT36H. Default: P1D. [LAUREL_ACTION_LATENESS]",
        HelpName = "duration",
    };

    public static Option<string?> ActionRetention { get; } = new("--action-retention")
    {
        Description = "How long actions are kept: at least P30D, and three times as long as they may be late. Default: P400D. "
            + "[LAUREL_ACTION_RETENTION]",
        HelpName = "duration",
    };

    public static string Connection(this Settings settings, ParseResult line) =>
        settings.Text(line, Database) ?? $"Data Source={Path.Combine(DataFolder(), "laurel", "laurel.db")}";

    // Where ./run keeps its database too. Outside of the content root, whose watcher every write would wake.
    private static string DataFolder() =>
        Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } set ? set
        : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);

    /// <exception cref="UsageException">Not a value of SQLite's that makes sense here.</exception>
    public static string SynchronousMode(this Settings settings, ParseResult line)
    {
        var mode = (settings.Text(line, Synchronous) ?? "FULL").ToUpperInvariant();
        return mode is "FULL" or "NORMAL" or "EXTRA" ? mode : throw new UsageException("--synchronous is FULL, NORMAL or EXTRA.");
    }

    /// <summary>Opens the database for a command, bringing its schema up to date. A server may run on it at the same time.</summary>
    public static Task<LaurelCore> Open(this Settings settings, ParseResult line)
    {
        var options = new CoreOptions(new DatabaseOptions(settings.Connection(line))
        {
            Partitions = settings.Number(line, Partitions) ?? 0,
            Synchronous = settings.SynchronousMode(line),
        });
        // A backfill that runs goes on here too, and must count as the servers do.
        options = options with
        {
            Lateness = settings.Time(line, ActionLateness) ?? options.Lateness,
            ActionRetention = settings.Time(line, ActionRetention) ?? options.ActionRetention,
        };
        return LaurelCore.Open(options, TimeProvider.System, NullLogger.Instance, Die);
    }

    // The writer's thread says that it cannot go on: what was not answered is not stored.
    private static void Die(Exception cause)
    {
        Console.Error.WriteLine($"laurel: {RootCommands.OneLine(cause.Message)}");
        Environment.Exit(ExitCodes.Failed);
    }
}
