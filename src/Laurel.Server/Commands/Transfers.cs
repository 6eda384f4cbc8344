using System.CommandLine;
using System.Text.Json;
using Laurel.Core.Storage;

namespace Laurel.Server.Commands;

/// <summary>What <c>export</c>, <c>import</c> and <c>migrate</c> have in common.</summary>
internal static class Transfers
{
    public static string Words(ExportSummary summary) => $"{summary.Total} rows of {summary.Rows.Count} tables, sha256 {summary.Hash}";

    public static string Name(TransferBegun begun) => JsonNamingPolicy.CamelCase.ConvertName(begun.ToString());

    /// <summary>Behind what was done; empty where there is nothing to say.</summary>
    public static string Beginning(TransferBegun begun) => begun switch
    {
        TransferBegun.Anew => "",
        TransferBegun.Continued => " It went on where an interrupted one ended.",
        TransferBegun.Again => " It began again: the source has changed since one that was interrupted.",
        TransferBegun.Already => " That had been done already.",
    };

    /// <exception cref="UsageException">It is not there.</exception>
    public static FileStream OpenRead(string file) =>
        File.Exists(file) ? new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read) : throw new UsageException($"The file {file} is not there.");

    public static DatabaseOptions Target(Settings settings, ParseResult line, string connection) => new(connection)
    {
        Partitions = settings.Number(line, CommonOptions.Partitions) ?? 0,
        Synchronous = settings.SynchronousMode(line),
    };

    /// <summary>Reads the file to its end.</summary>
    public static async Task<ExportSummary> Verify(ParseResult line, FileStream file)
    {
        ExportSummary? summary = null;
        await Progress.Show("Verifying", file.Length, Progress.IsSilent(line), async progress => summary = await Export.Verify(file, progress));
        return summary!;
    }

    /// <summary>Stores, and reads back what is stored: a bar for each.</summary>
    public static async Task<T> InSteps<T>(ParseResult line, string title, long? maximum, Func<IProgress<long>, IProgress<long>, Task<T>> work)
    {
        T? result = default;
        await Progress.Show(title, maximum, "Reading rows back", Progress.IsSilent(line), async (stored, readBack) => result = await work(stored, readBack));
        return result!;
    }
}
