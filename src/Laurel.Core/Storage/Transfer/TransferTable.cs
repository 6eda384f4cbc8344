using System.Text;

namespace Laurel.Core.Storage;

/// <summary>What a column holds, whatever the engine calls it.</summary>
internal enum ColumnType
{
    /// <summary>An integer of 16 bits.</summary>
    Small,

    /// <summary>An integer of 64 bits.</summary>
    Long,

    Text,

    Bytes,
}

/// <summary>A column of a table, and how it is begun in a row's JSON (<c>"name":</c>).</summary>
internal sealed record TransferColumn(string Name, ColumnType Type)
{
    public byte[] Label { get; } = Encoding.UTF8.GetBytes($"\"{Name}\":");
}

/// <summary>A table as an export holds it: the same rows in the same order on every engine.</summary>
internal sealed class TransferTable
{
    /// <summary>The row of <c>settings</c> that says how far an import is; of the database, not of its content.</summary>
    public const string ImportSetting = "import";

    // What a writer wrote under its node slot counts together with what others did; an import writes it under the lowest.
    private const string Node = "node";
    private const string LastTime = "last_awarded_at";

    // Which awards the indexes by time hold differs between the engines, and is no content.
    private const string Listed = "listed";

    private readonly string _select;
    private readonly string _first;
    private readonly string _next;

    public TransferTable(string name, IReadOnlyList<TransferColumn> all, IReadOnlyList<string> key)
    {
        Name = name;
        Computed = all.FirstOrDefault(column => column.Name is Node or Listed);
        Columns = [.. all.Where(column => column != Computed)];
        key = [.. key.Where(column => column != Computed?.Name)];
        Key = [.. key.Select(column => Columns.Index().First(each => each.Item.Name == column).Index)];
        var added = Computed?.Name == Node ? Columns.Where(column => !key.Contains(column.Name)).ToList() : [];
        var columns = string.Join(", ", Columns.Select(column => added.Contains(column) ? $"CAST({Added(column)} AS BIGINT)" : column.Name));
        Content = name == "settings" ? $"name <> '{ImportSetting}'" : "1 = 1";
        var keys = string.Join(", ", key);
        var groups = added.Count == 0 ? "" : $"GROUP BY {keys} HAVING {string.Join(" OR ", added.Select(column => $"{Added(column)} <> 0"))}";
        var places = string.Join(", ", key.Select((_, place) => $"${place + 1}"));
        _select = $"SELECT {columns} FROM";
        _first = $"WHERE {Content} {groups} ORDER BY {keys} LIMIT {ExportWriter.ChunkRows}";
        _next = $"WHERE {Content} AND ({keys}) > ({places}) {groups} ORDER BY {keys} LIMIT {ExportWriter.ChunkRows}";
        Stored = Computed is null ? Columns : [.. Columns, Computed];
        Insert = $"INSERT INTO {name} ({string.Join(", ", Stored.Select(column => column.Name))}) "
            + $"VALUES ({string.Join(", ", Stored.Select((_, place) => $"${place + 1}"))})";
    }

    private static string Added(TransferColumn column) => column.Name == LastTime ? $"max({column.Name})" : $"sum({column.Name})";

    public string Name { get; }

    /// <summary>The condition of its rows that are content.</summary>
    public string Content { get; }

    /// <summary>In the order of a row's JSON: that of the schema.</summary>
    public IReadOnlyList<TransferColumn> Columns { get; }

    /// <summary>The places of the key's columns among <see cref="Columns"/>, in the key's order: rows ascend by it.</summary>
    public IReadOnlyList<int> Key { get; }

    /// <summary>A column that an export leaves out and <see cref="Compute"/> fills; null for none.</summary>
    private TransferColumn? Computed { get; }

    /// <summary>The columns of a stored row.</summary>
    public IReadOnlyList<TransferColumn> Stored { get; }

    /// <summary>Selects the first rows, as many as a chunk may hold.</summary>
    /// <param name="behind">What tallies do not count yet.</param>
    public string SelectFirst(TalliesBehind behind) => $"{_select} {behind.Source(Name)} {_first}";

    /// <summary>Selects the next rows behind a key.</summary>
    /// <inheritdoc cref="SelectFirst" path="/param"/>
    public string SelectNext(TalliesBehind behind) => $"{_select} {behind.Source(Name)} {_next}";

    /// <summary>Inserts one row of <see cref="Stored"/>.</summary>
    public string Insert { get; }

    /// <summary>Whether a database without content has rows in it: an import replaces them.</summary>
    public bool IsFilledFirst => Name is "settings" or "counters";

    /// <summary>The values of a stored row.</summary>
    public object?[] Compute(object?[] row, Session session) => Computed?.Name switch
    {
        null => row,
        Node => [.. row, 1L],
        _ => [.. row, session.ListsEveryUser ? 1L : 0L],
    };
}
