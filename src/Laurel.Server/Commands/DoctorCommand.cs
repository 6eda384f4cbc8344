using System.CommandLine;
using Laurel.Core.Storage;

namespace Laurel.Server.Commands;

/// <summary><c>laurel doctor</c>: counts everything again and lists what differs.</summary>
internal static class DoctorCommand
{
    public static Command Make()
    {
        var doctor = new Command("doctor", "Count every statistic again from the ledger and check the database's integrity; changes nothing. "
            + "Servers may run meanwhile.");
        doctor.SetAction((line, _) => Examine(line));
        return doctor;
    }

    private static async Task<int> Examine(ParseResult line)
    {
        var options = new DatabaseOptions(Settings.Read().Connection(line));
        var output = line.InvocationConfiguration.Output;
        var json = line.GetValue(CommonOptions.Json);
        Diagnosis? diagnosis = null;
        await Progress.Show("Counting awards", maximum: null, Progress.IsSilent(line), async progress =>
            diagnosis = await Doctor.Examine(options, TimeProvider.System, progress));
        if (json)
        {
            CommandJson.Write(output, DoctorJson.From(diagnosis!), CommandJson.Default.DoctorJson);
        }
        else
        {
            await WriteFindings(output, diagnosis!);
            await output.WriteLineAsync(Verdict(diagnosis!));
        }
        return diagnosis!.IsClean ? ExitCodes.Ok : ExitCodes.Failed;
    }

    /// <summary>One line each.</summary>
    public static async Task WriteFindings(TextWriter output, Diagnosis diagnosis)
    {
        foreach (var finding in diagnosis.Findings)
        {
            await output.WriteLineAsync($"{finding.Kind}: {finding.What}: expected {finding.Expected}, found {finding.Found}");
        }
        if (diagnosis.Total > diagnosis.Findings.Count)
        {
            await output.WriteLineAsync($"… and {diagnosis.Total - diagnosis.Findings.Count} more");
        }
    }

    public static string Verdict(Diagnosis diagnosis)
    {
        var verdict = diagnosis.Total switch
        {
            0 => "no difference",
            1 => "1 difference",
            var many => $"{many} differences",
        };
        return $"{diagnosis.Awards} awards counted on {diagnosis.Engine}: {verdict}.";
    }
}
