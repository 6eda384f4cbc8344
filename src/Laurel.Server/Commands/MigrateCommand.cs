using System.CommandLine;
using Laurel.Core.Storage;

namespace Laurel.Server.Commands;

/// <summary><c>laurel migrate</c>: moves everything into another database, and has the doctor examine it there.</summary>
internal static class MigrateCommand
{
    private static readonly Option<string?> To = new("--to")
    {
        Description = "Where to: a connection as for --database, without content. [LAUREL_TO]",
        HelpName = "connection",
    };

    public static Command Make()
    {
        var migrate = new Command("migrate", "Copy everything into another database without content, on either engine, and let the doctor examine it. Stop "
            + "the servers first: what they store meanwhile stays behind. Interrupted, it goes on where it was, or begins again if the "
            + "source has changed.")
        {
            To, CommonOptions.Partitions, CommonOptions.Synchronous,
        };
        migrate.SetAction((line, _) => Run(line));
        return migrate;
    }

    private static async Task<int> Run(ParseResult line)
    {
        var settings = Settings.Read();
        var source = new DatabaseOptions(settings.Connection(line));
        var target = Transfers.Target(settings, line, settings.Text(line, To) ?? throw new UsageException("--to says where to."));
        var (begun, summary) = await Transfers.InSteps(line, "Moving rows", maximum: null, (rows, readBack) =>
            Move.Run(source, target, TimeProvider.System, rows, readBack));
        Diagnosis? diagnosis = null;
        await Progress.Show("Counting awards", maximum: null, Progress.IsSilent(line), async progress =>
            diagnosis = await Doctor.Examine(target, TimeProvider.System, progress));
        var output = line.InvocationConfiguration.Output;
        if (line.GetValue(CommonOptions.Json))
        {
            CommandJson.Write(output, new MigrateJson(Transfers.Name(begun), summary.Total, summary.Rows, summary.Hash, DoctorJson.From(diagnosis!)),
                CommandJson.Default.MigrateJson);
        }
        else
        {
            await output.WriteLineAsync($"Moved and read back {Transfers.Words(summary)}.{Transfers.Beginning(begun)}");
            await DoctorCommand.WriteFindings(output, diagnosis!);
            await output.WriteLineAsync(DoctorCommand.Verdict(diagnosis!));
        }
        return diagnosis!.IsClean ? ExitCodes.Ok : ExitCodes.Failed;
    }
}

/// <summary><c>laurel migrate --json</c>: as of an import, and what the doctor says of the target.</summary>
internal sealed record MigrateJson(string Begun, long Rows, IReadOnlyDictionary<string, long> Tables, string Sha256, DoctorJson Doctor);
