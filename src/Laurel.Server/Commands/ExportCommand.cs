using System.CommandLine;
using Laurel.Core.Storage;

namespace Laurel.Server.Commands;

/// <summary><c>laurel export</c>: writes everything into one file that anybody can read, or checks such a file.</summary>
internal static class ExportCommand
{
    private static readonly Argument<string> File = new("file") { Description = "Lines of JSON; not there yet. It is as secret as the database." };

    private static readonly Option<bool> Verify = new("--verify") { Description = "Read the file alone, and say whether and where it is damaged." };

    public static Command Make()
    {
        var export = new Command("export", "Write everything into one file of JSON lines, as of one moment; servers may run meanwhile. Interrupted, it goes "
            + "on where it was if the database has not changed.")
        {
            File, Verify,
        };
        export.SetAction((line, _) => line.GetValue(Verify) ? Check(line) : Write(line));
        return export;
    }

    private static async Task<int> Write(ParseResult line)
    {
        var file = line.GetValue(File)!;
        var options = new DatabaseOptions(Settings.Read().Connection(line));
        Transferred? exported = null;
        await Progress.Show("Exporting rows", maximum: null, Progress.IsSilent(line), async progress =>
            exported = await Export.ToFile(options, file, TimeProvider.System, progress));
        await Answer(line, exported!.Summary, exported, $"Exported {Transfers.Words(exported!.Summary)}.{Transfers.Beginning(exported.Begun)}");
        return ExitCodes.Ok;
    }

    private static async Task<int> Check(ParseResult line)
    {
        await using var file = Transfers.OpenRead(line.GetValue(File)!);
        var summary = await Transfers.Verify(line, file);
        await Answer(line, summary, written: null, $"Undamaged: {Transfers.Words(summary)}.");
        return ExitCodes.Ok;
    }

    private static async Task Answer(ParseResult line, ExportSummary summary, Transferred? written, string words)
    {
        var output = line.InvocationConfiguration.Output;
        if (line.GetValue(CommonOptions.Json))
        {
            CommandJson.Write(output, new ExportJson(written is null ? null : Transfers.Name(written.Begun), summary.Total, summary.Rows, summary.Hash), CommandJson.Default.ExportJson);
        }
        else
        {
            await output.WriteLineAsync(words);
        }
    }
}

/// <summary><c>laurel export --json</c>. Begun is a <see cref="TransferBegun"/> in camelCase, left out with <c>--verify</c>; tables are rows by table;
/// sha256 is of all lines but the last.</summary>
internal sealed record ExportJson(string? Begun, long Rows, IReadOnlyDictionary<string, long> Tables, string Sha256);
