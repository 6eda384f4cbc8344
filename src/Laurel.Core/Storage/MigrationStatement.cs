using System.Text.RegularExpressions;

namespace Laurel.Core.Storage;

/// <summary>One statement of a migration file and what its <c>--@</c> line says; see 0001_ledger.sql for the notation.</summary>
internal sealed partial record MigrationStatement(string Sql)
{
    private const int MatchTimeout = 1000;

    /// <summary>Of a table: its rows live in their primary key.</summary>
    public bool Clustered { get; init; }

    /// <summary>Of a table that grows with users: the column by which its rows are spread.</summary>
    public string? DistributedBy { get; init; }

    /// <summary>Of a distributed table: the one beside whose rows its own lie; null where it lies on its own.</summary>
    public string? With { get; init; }

    /// <summary>Of a table: small, and the same everywhere.</summary>
    public bool Reference { get; init; }

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
                string? Mark(string name) => marks.FirstOrDefault(mark => mark.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
                yield return new MigrationStatement(string.Join('\n', lines).Trim().TrimEnd(';'))
                {
                    Clustered = marks.Contains("clustered"),
                    DistributedBy = Mark("distributed by "),
                    With = Mark("with "),
                    Reference = marks.Contains("reference"),
                };
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

    public string Table => Sql[..Sql.IndexOf(" (", StringComparison.Ordinal)].Split(' ')[^1];

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
