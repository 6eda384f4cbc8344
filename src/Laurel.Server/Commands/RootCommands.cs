using System.CommandLine;
using System.Data.Common;
using Laurel.Core.Storage;

namespace Laurel.Server.Commands;

/// <summary>The command line: <c>laurel serve</c>, <c>health</c>, <c>demo</c>, <c>key create</c>, <c>rules apply</c>, <c>backup create|verify|restore</c>,
/// <c>doctor</c>, <c>export</c>, <c>import</c>, <c>migrate</c>. What goes wrong is one line on
/// standard error and an exit code, see <see cref="ExitCodes"/>.</summary>
internal static class RootCommands
{
    // One for all: an option belongs to the commands it was added to for good.
    internal static RootCommand Root { get; } = Make();

    public static Task<int> Run(string[] arguments) => Run(arguments, Console.Out, Console.Error);

    public static async Task<int> Run(string[] arguments, TextWriter output, TextWriter error)
    {
        var line = Root.Parse(arguments.Length == 0 ? ["--help"] : arguments);
        if (line.Errors.Count > 0)
        {
            await error.WriteLineAsync($"laurel: {OneLine(string.Join(" ", line.Errors.Select(each => each.Message)))} (laurel --help)");
            return ExitCodes.Usage;
        }
        try
        {
            // The server ends on signals by itself, draining its ledger; what else runs is ended by them.
            return await line.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = output,
                Error = error,
            });
        }
        catch (Exception failure)
        {
            await error.WriteLineAsync($"laurel: {Explain(failure)}");
            return CodeOf(failure);
        }
    }

    private static RootCommand Make() => new($"Laurel, a badge server.\n\n{ExitCodes.Help}\n\n"
        + "Settings come from options, then environment variables (--open-dialects is LAUREL_OPEN_DIALECTS), then the section \"Laurel\" of "
        + "appsettings.json (Laurel:OpenDialects). LAUREL_ADMIN_KEY is an administrator's key.")
    {
        CommonOptions.Database,
        CommonOptions.Json,
        ServeCommand.Make(),
        HealthCommand.Make(),
        DemoCommand.Make(),
        new Command("key", "Keys of the API.") { KeyCommand.MakeCreate() },
        new Command("rules", "Rules that award badges.") { RulesCommand.MakeApply() },
        BackupCommand.Make(),
        DoctorCommand.Make(),
        ExportCommand.Make(),
        ImportCommand.Make(),
        MigrateCommand.Make(),
    };

    private static int CodeOf(Exception failure) => failure switch
    {
        UsageException or ArgumentException => ExitCodes.Usage,
        StorageUnavailableException or SchemaTooNewException or SchemaMismatchException or LeaseLostException or DbException => ExitCodes.Database,
        _ => ExitCodes.Failed,
    };

    // Drivers name what they tried to reach and never the password.
    private static string Explain(Exception failure) => OneLine(failure switch
    {
        UsageException or CommandFailedException or BackupException or TransferException => failure.Message,
        ArgumentException argument => argument.Message.Replace($" (Parameter '{argument.ParamName}')", "", StringComparison.Ordinal),
        StorageUnavailableException or DbException => $"The database is not available. {failure.Message}",
        SchemaTooNewException or SchemaMismatchException or LeaseLostException or IOException => failure.Message,
        _ => $"{failure.GetType().Name}: {failure.Message}",
    });

    internal static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
