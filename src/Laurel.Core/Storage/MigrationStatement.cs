using System.Text.RegularExpressions;

namespace Laurel.Core.Storage;

/// <summary>One statement of a migration file and what its <c>--@</c> line says; see 0001_ledger.sql for the notation.</summary>
internal sealed partial record MigrationStatement(string Sql, bool Clustered, string? DistributedBy, bool Reference)
{
    private const int MatchTimeout = 1000;

    /// <summary>Splits a migration's text. Statements end with a semicolon at a line's end and hold no string literal with one.</summary>
    public static IEnumerable<MigrationStatement> Parse(string text)
    {
        var directive = "";
        var lines = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("--@", StringComparison.Ordinal))
            {
                directive = line[3..];
            }
            else if (!line.StartsWith("--", StringComparison.Ordinal) && (lines.Count > 0 || line.Trim().Length > 0))
            {
                lines.Add(line);
            }
            if (lines.Count > 0 && lines[^1].TrimEnd().EndsWith(';'))
            {
                var marks = directive.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                yield return new MigrationStatement(
                    string.Join('\n', lines).Trim().TrimEnd(';'),
                    marks.Contains("clustered"),
                    marks.FirstOrDefault(mark => mark.StartsWith("distributed by ", StringComparison.Ordinal))?["distributed by ".Length..],
                    marks.Contains("reference"));
                directive = "";
                lines.Clear();
            }
        }
    }

    public string ForSqlite()
    {
        var sql = Bytea().Replace(Integer().Replace(Sql, "INTEGER"), "BLOB");
        return !IsTable ? sql : SingleKey().IsMatch(sql)
            ? SingleKey().Replace(sql, " PRIMARY KEY (${column})") + " STRICT"
            : sql + (Clustered ? " STRICT, WITHOUT ROWID" : " STRICT");
    }

    public IEnumerable<string> ForPostgres(int partitions)
    {
        var sql = Text().Replace(Sql, "TEXT COLLATE \"C\"");
        if (!IsTable || DistributedBy is null || partitions == 0)
        {
            yield return sql;
            yield break;
        }
        yield return $"{sql} PARTITION BY HASH ({DistributedBy})";
        for (var part = 0; part < partitions; part++)
        {
            yield return $"CREATE TABLE {Table}_{part} PARTITION OF {Table} FOR VALUES WITH (MODULUS {partitions}, REMAINDER {part})";
        }
    }

    public bool IsTable => Sql.StartsWith("CREATE TABLE ", StringComparison.Ordinal);

    public string Table => Sql.Split(' ')[2];

    [GeneratedRegex(@"\b(BIGINT|SMALLINT)\b", RegexOptions.ExplicitCapture, MatchTimeout)]
    private static partial Regex Integer();

    [GeneratedRegex(@"\bBYTEA\b", RegexOptions.ExplicitCapture, MatchTimeout)]
    private static partial Regex Bytea();

    [GeneratedRegex(@"\bTEXT\b", RegexOptions.ExplicitCapture, MatchTimeout)]
    private static partial Regex Text();

    // SQLite's rowid is the key itself only under an unnamed PRIMARY KEY of one INTEGER column.
    [GeneratedRegex(@" CONSTRAINT \w+ PRIMARY KEY \((?<column>id|slot|kind|revision)\)", RegexOptions.ExplicitCapture, MatchTimeout)]
    private static partial Regex SingleKey();
}
