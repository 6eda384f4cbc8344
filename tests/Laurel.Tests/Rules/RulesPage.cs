using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Laurel.Core;
using Laurel.Tests.Harness;

namespace Laurel.Tests.Rules;

/// <summary>A line of an example's table, by the names of its columns.</summary>
internal sealed record PageRow(IReadOnlyDictionary<string, string> Cells)
{
    public long Id => long.Parse(Cells["id"], CultureInfo.InvariantCulture);

    public long User => Cells.TryGetValue("user", out var user) && user.Length > 0 ? long.Parse(user, CultureInfo.InvariantCulture) : 1;

    public string Action => Cells["action"];

    public DateTimeOffset Time => Instant("time");

    public DateTimeOffset Arrives => Instant("arrives");

    public string Subject => Cells.GetValueOrDefault("subject", "");

    public string Properties => Cells.GetValueOrDefault("properties", "").Trim('`');

    private DateTimeOffset Instant(string column) =>
        DateTimeOffset.ParseExact(Cells[column], "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}

/// <summary>A rule of docs/rules.md, and the table of what becomes of it.</summary>
internal sealed record PageExample(string Rule, IReadOnlyList<PageRow> Rows)
{
    /// <summary>Its lines stand in the order of arrival, and it matters.</summary>
    public bool IsByArrival => Rows[0].Cells.ContainsKey("arrives");
}

/// <summary>docs/rules.md: the world of its examples, and the examples.</summary>
internal sealed partial class RulesPage
{
    public const long RuleId = 3;

    private const string Api = Native.NativeWorld.Root;

    private RulesPage(string text) => Text = text;

    public string Text { get; }

    public static RulesPage Read() => new(File.ReadAllText(Path.Combine(Root, "docs", "rules.md")));

    /// <summary>The repository's.</summary>
    public static string Root => Path.GetFullPath(Path.Combine(
        typeof(RulesPage).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "LaurelContentRoot").Value!, "..", ".."));

    /// <summary>All JSON of the page, examples and others.</summary>
    public IReadOnlyList<string> Blocks => [.. Block().Matches(Text).Select(match => match.Groups["json"].Value)];

    public IReadOnlyList<PageExample> Examples =>
        [.. Example().Matches(Text).Select(match => new PageExample(match.Groups["json"].Value, Rows(match.Groups["table"].Value)))];

    private List<PageRow> Table(string header) =>
        Rows(header + Text.Split(header)[1].Split("\n\n")[0]);

    private static List<PageRow> Rows(string table)
    {
        var lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)).ToList();
        return [.. lines.Skip(2).Select(cells => new PageRow(lines[0].Zip(cells).ToDictionary(each => each.First, each => each.Second)))];
    }

    /// <summary>A server with the page's badges, the types of actions of a rule, and its users, each as often as the example is run:
    /// user 2 of the second time is 12, and so on.</summary>
    public async Task<TestServer> World(Engine engine, TimeProvider time, PageExample example, int runs, TimeSpan lateness)
    {
        var laurel = await TestServer.Start(engine, time, options => options with { ActionLateness = lateness, ActionRetention = CoreOptions.LongestRetention });
        (await laurel.Put($"{Api}/issuers/100", """{"key":"isle","name":"Isle","creator":{"type":"User","id":1}}""")).Is(201);
        foreach (var row in Table("| badge | recurrence |"))
        {
            foreach (var badge in row.Cells["badge"].Split(", "))
            {
                (await laurel.Put($"{Api}/badges/{badge}",
                    $$$"""{"issuerId":100,"texts":{"en":{"name":"{{{badge}}}"} },"recurrence":{{{row.Cells["recurrence"].Trim('`')}}} }""")).Is(201);
            }
        }
        for (var run = 0; run < runs; run++)
        {
            foreach (var row in Table("| user | zone |"))
            {
                var zone = row.Cells["zone"] is { Length: > 0 } own ? $"\"{own}\"" : "null";
                (await laurel.Put($"{Api}/users/{UserOf(row.User, run)}", $$"""{"timeZone":{{zone}} }""")).Is(201);
            }
        }
        foreach (var type in example.Rows.Select(row => row.Action).Where(action => !action.Contains(' ')).Distinct())
        {
            (await laurel.Put($"{Api}/action-types/{type}", "{}")).Is(201);
        }
        (await laurel.Put($"{Api}/rules/{RuleId}", example.Rule)).Is(201);
        return laurel;
    }

    public static long UserOf(long user, int run) => user + (10 * run);

    [GeneratedRegex("^```json\n(?<json>.*?)\n```$", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline, 10_000)]
    private static partial Regex Block();

    [GeneratedRegex("^```json\n(?<json>[^\n]+)\n```\n\n(?<table>\\| id \\|.*\n(\\|.*\n)+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 10_000)]
    private static partial Regex Example();
}
