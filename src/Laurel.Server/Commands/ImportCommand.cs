using System.CommandLine;
using Laurel.Core.Storage;

namespace Laurel.Server.Commands;

/// <summary><c>laurel import</c>: fills an empty database with what <c>laurel export</c> wrote.</summary>
internal static class ImportCommand
{
    private static readonly Argument<string> File = new("file") { Description = "What laurel export wrote." };

    public static Command Make()
    {
        var import = new Command("import", "Fill a database without content with what laurel export wrote, ids and dates kept. Interrupted, it goes on where "
            + "it was; until it has read back everything it stored, the database is not served.")
        {
            File, CommonOptions.Partitions, CommonOptions.Synchronous,
        };
        import.SetAction((line, _) => Run(line));
        return import;
    }

    private static async Task<int> Run(ParseResult line)
    {
        var settings = Settings.Read();
        var options = Transfers.Target(settings, line, settings.Connection(line));
        await using var file = Transfers.OpenRead(line.GetValue(File)!);
        // A damaged file changes nothing.
        await Transfers.Verify(line, file);
        file.Position = 0;
        var imported = await Transfers.InSteps(line, "Importing", file.Length, (read, readBack) =>
            Import.FromFile(options, file, TimeProvider.System, read, readBack));
        var output = line.InvocationConfiguration.Output;
        if (line.GetValue(CommonOptions.Json))
        {
            CommandJson.Write(output, new ExportJson(Transfers.Name(imported.Begun), imported.Summary.Total, imported.Summary.Rows, imported.Summary.Hash),
                CommandJson.Default.ExportJson);
        }
        else
        {
            await output.WriteLineAsync($"Imported and read back {Transfers.Words(imported.Summary)}.{Transfers.Beginning(imported.Begun)}");
        }
        return ExitCodes.Ok;
    }
}
