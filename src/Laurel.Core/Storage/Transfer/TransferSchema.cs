using System.Text.RegularExpressions;

namespace Laurel.Core.Storage;

/// <summary>The tables of an export, read from the migrations: a table that is added there is exported, and a file of an earlier schema
/// can be read as it was written.</summary>
internal sealed partial class TransferSchema
{
    private const int MatchTimeout = 1000;

    /// <summary>Tables that say how processes stand at this moment, protect forms that are open in browsers, or repeat for one engine what
    /// other tables say. What waits in
    /// deferred_rows and the outbox is in its tables before it is exported.</summary>
    public static IReadOnlyList<string> LeftOut { get; } = ["nodes", "changes", "outbox", "deferred_rows", "listed_users", "stream_runs", "stream_heads", "form_keys"];

    private TransferSchema(int version, IReadOnlyList<TransferTable> tables) => (Version, Tables) = (version, tables);

    public int Version { get; }

    /// <summary>In the order in which they are exported.</summary>
    public IReadOnlyList<TransferTable> Tables { get; }

    /// <param name="version">1 to <see cref="Migrator.Newest"/>.</param>
    public static async Task<TransferSchema> At(int version)
    {
        var order = new List<string>();
        var columns = new Dictionary<string, List<TransferColumn>>();
        var keys = new Dictionary<string, string[]>();
        foreach (var statement in await Migrator.Statements(version))
        {
            if (statement.IsTable)
            {
                order.Add(statement.Table);
                columns[statement.Table] = [.. Column().Matches(statement.Sql).Select(ToColumn)];
                keys[statement.Table] = Key().Match(statement.Sql).Groups["columns"].Value.Split(", ");
            }
            else if (AddColumn().Match(statement.Sql) is { Success: true } added)
            {
                columns[added.Groups["table"].Value].Add(ToColumn(added));
            }
            else if (DropTable().Match(statement.Sql) is { Success: true } dropped)
            {
                order.Remove(dropped.Groups["table"].Value);
            }
            else if (statement.Sql.StartsWith("ALTER ", StringComparison.Ordinal))
            {
                throw new NotSupportedException($"An export would not know what became of a table: {statement.Sql}");
            }
        }
        return new TransferSchema(version, [.. order.Except(LeftOut).Select(table => new TransferTable(table, columns[table], keys[table]))]);
    }

    private static TransferColumn ToColumn(Match match) => new(match.Groups["name"].Value, match.Groups["type"].Value switch
    {
        "SMALLINT" => ColumnType.Small,
        "BIGINT" => ColumnType.Long,
        "TEXT" => ColumnType.Text,
        "BYTEA" => ColumnType.Bytes,
        var other => throw new NotSupportedException($"An export does not know the type {other}."),
    });

    [GeneratedRegex(@"^  (?<name>[a-z_]+) (?<type>[A-Z]+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, MatchTimeout)]
    private static partial Regex Column();

    [GeneratedRegex(@"PRIMARY KEY \((?<columns>[a-z_, ]+)\)", RegexOptions.ExplicitCapture, MatchTimeout)]
    private static partial Regex Key();

    [GeneratedRegex(@"^ALTER TABLE (?<table>\w+) ADD COLUMN (?<name>\w+) (?<type>[A-Z]+)", RegexOptions.ExplicitCapture, MatchTimeout)]
    private static partial Regex AddColumn();

    [GeneratedRegex(@"^DROP TABLE (?<table>\w+)", RegexOptions.ExplicitCapture, MatchTimeout)]
    private static partial Regex DropTable();
}
