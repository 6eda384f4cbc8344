using System.CommandLine;
using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Rules;
using Laurel.Server.Http;
using Laurel.Server.Native;

namespace Laurel.Server.Commands;

/// <summary><c>laurel rules apply</c>: makes the rules what files say, all of them or none. Servers may run meanwhile.</summary>
internal static class RulesCommand
{
    private static readonly Argument<string[]> Files = new("file")
    {
        Description = "JSON: one rule, or an array, as for PUT /laurel/v1/rules/{id}, with \"id\" or without; a badge may be "
            + "\"badge\":\"issuerKey/badgeKey\".",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would be created and changed, and do nothing." };

    // Whoever reaches the database may do everything.
    private static readonly Caller Administrator = new(0, null, IsAdministrator: true, Scopes: null);

    public static Command MakeApply()
    {
        var apply = new Command("apply", "Create the rules of files, and change those whose key there is: all of them, or none where one is refused. "
            + "Other rules stay.")
        {
            Files, DryRun,
        };
        apply.SetAction((line, _) => Apply(line));
        return apply;
    }

    private static async Task<int> Apply(ParseResult line)
    {
        var (files, dryRun) = (line.GetValue(Files)!, line.GetValue(DryRun));
        if (Array.Find(files, file => !File.Exists(file)) is { } missing)
        {
            throw new UsageException($"The file {missing} is not there.");
        }
        await using var core = await Settings.Read().Open(line);
        var entries = new List<RuleEntry>();
        foreach (var file in files)
        {
            entries.AddRange(await Read(file, core));
        }
        if (!(await core.RuleSets.Apply(entries, dryRun, Administrator)).Succeeded(out var rules, out var refusal))
        {
            throw Failure(refusal, refusal.Message);
        }
        var output = line.InvocationConfiguration.Output;
        if (line.GetValue(CommonOptions.Json))
        {
            CommandJson.Write(output, new RulesJson(dryRun, [.. rules.Select(AppliedRuleJson.From)]), CommandJson.Default.RulesJson);
        }
        else
        {
            foreach (var rule in rules)
            {
                await output.WriteLineAsync(Words(rule, dryRun));
            }
        }
        return ExitCodes.Ok;
    }

    private static async Task<List<RuleEntry>> Read(string file, LaurelCore core)
    {
        try
        {
            return (await RuleFile.Read(await File.ReadAllBytesAsync(file), core.Badges)).Succeeded(out var entries, out var refusal)
                ? entries
                : throw Failure(refusal, $"{file}: {refusal.Message}");
        }
        catch (BadRequestException malformed)
        {
            throw new UsageException($"{file}: {malformed.Message}");
        }
    }

    private static Exception Failure(Refusal refusal, string message) =>
        refusal.Code is RefusalCode.Invalid or RefusalCode.InvalidFilter or RefusalCode.IdReserved ? new UsageException(message) : new CommandFailedException(message);

    private static string Words(AppliedRule rule, bool dryRun)
    {
        var what = (rule.Change, dryRun) switch
        {
            (RuleChange.Created, true) => "would create",
            (RuleChange.Changed, true) => "would change",
            (RuleChange.Created, false) => "created",
            (RuleChange.Changed, false) => "changed",
            _ => "unchanged",
        };
        var id = rule.Id is { } known ? $" ({known})" : "";
        var members = rule is { Change: RuleChange.Changed, Before: { } before } ? $": {string.Join(", ", RuleFile.Differing(before, rule.Draft))}" : "";
        return $"{what} {rule.Draft.Key}{id}{members}{(rule.CountsAnew ? "; counts anew" : "")}";
    }
}

/// <summary><c>laurel rules apply --json</c>.</summary>
internal sealed record RulesJson(bool DryRun, IReadOnlyList<AppliedRuleJson> Rules);

/// <summary>A rule of a file; change is created, changed or unchanged, and members are those that a change is of.</summary>
internal sealed record AppliedRuleJson(string Change, string Key, long? Id, IReadOnlyList<string> Members, bool CountsAnew)
{
    public static AppliedRuleJson From(AppliedRule rule) => new(
        JsonNamingPolicy.CamelCase.ConvertName(rule.Change.ToString()), rule.Draft.Key, rule.Id,
        rule.Before is { } before ? RuleFile.Differing(before, rule.Draft) : [], rule.CountsAnew);
}
