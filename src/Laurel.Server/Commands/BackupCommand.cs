using System.CommandLine;
using Laurel.Core.Storage;

namespace Laurel.Server.Commands;

/// <summary><c>laurel backup create|verify|restore</c>, for SQLite.</summary>
internal static class BackupCommand
{
    private static readonly Argument<string> File = new("file") { Description = "The backup." };

    private static readonly Option<string?> To = new("--to")
    {
        Description = "A file to be the database, instead of the one that --database names.",
        HelpName = "database file",
    };

    private static readonly Option<bool> Discard = new("--discard") { Description = "Do not set aside the database that is replaced." };

    private static readonly Option<bool> DespiteFindings = new("--despite-findings")
    {
        Description = "Restore although the doctor finds differences in the backup. One whose bytes are damaged is never restored.",
    };

    public static Command Make() => new("backup", "Backups of a SQLite database. (PostgreSQL has its own: pg_basebackup, pg_dump.)")
    {
        Action("create", "Copy the database into one file, as of one moment, while servers run: all that was acknowledged before is in it. "
            + "Nothing is overwritten.", Create, File),
        Action("verify", "Check every byte of a backup, then let SQLite check it and count every statistic again; changes nothing.", Verify, File),
        Action("restore", "Verify a backup and put it in the place of the database, all at once. No server may run on it. "
            + "What is replaced is set aside as a backup. Sessions end; keys that were revoked stay so.", Restore, File, To, Discard, DespiteFindings),
    };

    private static Command Action(string name, string description, Func<ParseResult, Task<int>> run, Argument<string> file, params Option[] options)
    {
        var command = new Command(name, description) { file };
        foreach (var option in options)
        {
            command.Add(option);
        }
        command.SetAction((line, _) => run(line));
        return command;
    }

    private static async Task<int> Create(ParseResult line)
    {
        var file = Path.GetFullPath(line.GetValue(File)!);
        if (Path.Exists(file))
        {
            throw new UsageException($"{file} is there already.");
        }
        if (!Directory.Exists(Path.GetDirectoryName(file)))
        {
            throw new UsageException($"The folder of {file} is not there.");
        }
        BackupFacts? facts = null;
        await Show("Backing up", line, async percent =>
            facts = await Backups.Create(new DatabaseOptions(Settings.Read().Connection(line)), file, TimeProvider.System, percent));
        await Write(line, new BackupJson(file, new FileInfo(file).Length, facts!), CommandJson.Default.BackupJson,
            $"Backed up {facts!.Awards} awards as of {Time(facts)} into {file}.");
        return ExitCodes.Ok;
    }

    private static async Task<int> Verify(ParseResult line)
    {
        var file = Existing(line);
        BackupReport? report = null;
        await Show("Verifying", line, async percent => report = await Backups.Verify(file, percent));
        var (facts, diagnosis) = report!;
        if (line.GetValue(CommonOptions.Json))
        {
            CommandJson.Write(line.InvocationConfiguration.Output, VerifiedJson.From(file, report), CommandJson.Default.VerifiedJson);
        }
        else
        {
            await DoctorCommand.WriteFindings(line.InvocationConfiguration.Output, diagnosis);
            if (facts is not null)
            {
                await line.InvocationConfiguration.Output.WriteLineAsync(
                    $"{file}: every byte as written by Laurel {facts.Laurel}, schema {facts.Schema}, as of {Time(facts)}. {DoctorCommand.Verdict(diagnosis)}");
            }
        }
        return diagnosis.IsClean ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static async Task<int> Restore(ParseResult line)
    {
        var file = Existing(line);
        var target = new DatabaseOptions(line.GetValue(To) is { } to ? $"Data Source=\"{Path.GetFullPath(to)}\"" : Settings.Read().Connection(line));
        var options = new RestoreOptions { Discard = line.GetValue(Discard), DespiteFindings = line.GetValue(DespiteFindings) };
        Restored? restored = null;
        await Show("Restoring", line, async percent => restored = await Restoration.Restore(file, target, options, TimeProvider.System, percent));
        await Write(line, new RestoredJson(restored!.Database, restored.SetAside, restored.KeysRevokedAgain, restored.Facts), CommandJson.Default.RestoredJson,
            $"Restored {restored.Facts.Awards} awards as of {Time(restored.Facts)} into {restored.Database}.",
            restored.SetAside is { } aside ? $"What was there is in {aside}." : null,
            restored.KeysRevokedAgain is null ? $"Keys that were revoked after {Time(restored.Facts)} are good again." : null);
        return ExitCodes.Ok;
    }

    private static string Existing(ParseResult line) => Path.GetFullPath(line.GetValue(File)!) is var file && System.IO.File.Exists(file)
        ? file
        : throw new UsageException($"The file {file} is not there.");

    private static string Time(BackupFacts facts) => facts.CreatedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'");

    private static Task Show(string title, ParseResult line, Func<IProgress<long>, Task> work) => Progress.Show(title, 100,
        Progress.IsSilent(line), work);

    private static async Task Write<T>(
        ParseResult line, T json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, params string?[] words)
    {
        var output = line.InvocationConfiguration.Output;
        if (line.GetValue(CommonOptions.Json))
        {
            CommandJson.Write(output, json, type);
            return;
        }
        foreach (var each in words)
        {
            if (each is not null)
            {
                await output.WriteLineAsync(each);
            }
        }
    }
}

/// <summary><c>laurel backup create --json</c>.</summary>
internal sealed record BackupJson(string File, long Bytes, BackupFacts Holds);

/// <summary><c>laurel backup verify --json</c>; holds is left out where the bytes are damaged.</summary>
internal sealed record VerifiedJson(string File, bool Clean, BackupFacts? Holds, long Awards, long Differences, IReadOnlyList<FindingJson> Findings)
{
    public static VerifiedJson From(string file, BackupReport report) => new(file, report.Diagnosis.IsClean, report.Facts, report.Diagnosis.Awards,
        report.Diagnosis.Total, [.. report.Diagnosis.Findings.Select(FindingJson.From)]);
}

/// <summary><c>laurel backup restore --json</c>; setAside and keysRevokedAgain are left out where no database was there.</summary>
internal sealed record RestoredJson(string Database, string? SetAside, int? KeysRevokedAgain, BackupFacts Holds);
