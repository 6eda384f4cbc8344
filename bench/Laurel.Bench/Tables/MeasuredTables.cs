namespace Laurel.Bench;

/// <summary>The tables a run can make.</summary>
internal static class MeasuredTables
{
    /// <summary>Measures one table and returns it as markdown, the machine's description above it.</summary>
    public static async Task<string> Run(string name, Stage stage, CancellationToken ct)
    {
        var machine = await Machine.Describe(stage, ct);
        var (title, body) = name switch
        {
            "requests" => ("Requests", await new RequestsTable(stage).Run(ct)),
            "hot" => ("One hot badge against 200", await new HotBadgeTable(stage).Run(ct)),
            "disk" => ("Bytes per award", await new DiskTable(stage).Run(ct)),
            "reads" => ("Reads as the ledger grows", await new ReadsTable(stage).Run(ct)),
            "growth" => ("What an award costs as the ledger grows", await new GrowthTable(stage).Run(ct)),
            "start" => ("Start-up and memory", await new StartTable(stage).Run(ct)),
            "dialects" => ("The other dialects", await new DialectsTable(stage).Run(ct)),
            "pages" => ("Pages", await new PagesTable(stage).Run(ct)),
            "rules" => ("Rules", await new RulesTable(stage).Run(ct)),
            _ => throw new BenchException($"There is no table '{name}'."),
        };
        return $"## {title}\n{machine}\n\n{body.TrimEnd()}\n";
    }
}
