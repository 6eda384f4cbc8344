using Npgsql;

namespace Laurel.Core.Storage;

/// <summary>Statements that travel together, in their order: one round trip for all of them.</summary>
internal sealed class PostgresTrip(Session session)
{
    private readonly List<NpgsqlBatchCommand> _commands = [];
    private readonly List<Action<NpgsqlDataReader>> _readers = [];

    /// <param name="sql">Answers no rows, and cannot.</param>
    /// <param name="parameters">By number.</param>
    public void Add(string sql, IEnumerable<object?> parameters) => _commands.Add(Command(sql, parameters));

    /// <param name="sql">Answers rows, if only none.</param>
    /// <param name="parameters">By number.</param>
    /// <param name="row">Called for each row.</param>
    public void Add(string sql, IEnumerable<object?> parameters, Action<NpgsqlDataReader> row)
    {
        Add(sql, parameters);
        _readers.Add(row);
    }

    /// <summary>Adds what inserts these rows; nothing for none.</summary>
    /// <param name="insert">Returns nothing.</param>
    /// <param name="distributed">Whether Citus spreads the table.</param>
    /// <param name="columns">An array for each, all as long.</param>
    public void Add(PostgresInsert insert, bool distributed, params Array[] columns)
    {
        foreach (var (sql, parameters) in columns[0].Length == 0 ? [] : insert.Statements(distributed, columns))
        {
            Add(sql, parameters);
        }
    }

    /// <inheritdoc cref="Add(PostgresInsert, bool, Array[])"/>
    /// <param name="row">Called for each row that it returns.</param>
    public void Add(PostgresInsert insert, bool distributed, Action<NpgsqlDataReader> row, params Array[] columns)
    {
        foreach (var (sql, parameters) in columns[0].Length == 0 ? [] : insert.Statements(distributed, columns))
        {
            Add(sql, parameters, row);
        }
    }

    /// <summary>Sends what was added; none for nothing.</summary>
    public void Run()
    {
        if (_commands.Count == 0)
        {
            return;
        }
        using var batch = new NpgsqlBatch((NpgsqlConnection)session.Connection, (NpgsqlTransaction?)session.Transaction);
        _commands.ForEach(batch.BatchCommands.Add);
        using var reader = batch.ExecuteReader();
        // The driver passes over what answers no rows.
        foreach (var row in _readers)
        {
            while (reader.Read())
            {
                row(reader);
            }
            reader.NextResult();
        }
    }

    /// <summary>A statement with its parameters by number.</summary>
    public static NpgsqlBatchCommand Command(string sql, IEnumerable<object?> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(PostgresInsert.Parameter(parameter));
        }
        return command;
    }
}
