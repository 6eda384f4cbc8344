using System.Text;

namespace Laurel.Bench;

/// <summary>What was aimed at, what was measured, and whether that meets it.</summary>
internal sealed record Goal(string Aim, string Measured, bool Met)
{
    public static Goal AtLeast(double bound, string aim, Spread measured) => new(aim, measured.Ratio(), measured.Median >= bound);

    public static Goal AtMost(double bound, string aim, Spread measured) => new(aim, measured.Ratio(), measured.Median <= bound);
}

/// <summary>Markdown out, into a page whose other parts people write.</summary>
internal static class Report
{
    private const string NewPage = "# Performance\n\nMeasured by `bench/run`; bench/README.md says how, and what each column means.\n";

    /// <summary>A table whose first columns are words and whose others are figures, which stand to the right.</summary>
    public static string Table(string[] words, string[] figures, IEnumerable<string[]> rows)
    {
        var text = new StringBuilder();
        Line([.. words, .. figures]);
        Line([.. words.Select(_ => "---"), .. figures.Select(_ => "---:")]);
        foreach (var row in rows)
            Line(row);
        return text.ToString();

        void Line(string[] cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }

    public static string Goals(string title, IReadOnlyCollection<Goal> goals)
    {
        var rows = goals.Select(goal => new[] { goal.Aim, goal.Measured, goal.Met ? "met" : "**missed**" });
        return goals.Count == 0 ? "" : $"{title}\n\n{Table(["target", "measured", ""], [], rows)}";
    }

    /// <summary>Puts the section between its markers; a page without them gets it at its end.</summary>
    public static void Replace(string page, string name, string section)
    {
        var (begin, end) = ($"<!-- bench:{name} -->", $"<!-- /bench:{name} -->");
        var block = $"{begin}\n{section.Trim()}\n{end}";
        var text = File.Exists(page) ? File.ReadAllText(page) : NewPage;
        var from = text.IndexOf(begin, StringComparison.Ordinal);
        var to = text.IndexOf(end, StringComparison.Ordinal);
        text = from >= 0 && to > from ? text[..from] + block + text[(to + end.Length)..] : $"{text.TrimEnd()}\n\n{block}\n";
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(page))!);
        File.WriteAllText(page, text);
    }
}
