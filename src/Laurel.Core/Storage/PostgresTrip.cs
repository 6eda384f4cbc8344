using Npgsql;

namespace Laurel.Core.Storage;

/// <summary>Queries that travel together, in their order: one round trip for all of them.</summary>
internal sealed class PostgresTrip(Session session)
{
    private readonly List<(NpgsqlBatchCommand Command, Action<NpgsqlDataReader> Row)> _queries = [];

    /// <param name="sql">Answers rows, if only none.</param>
    /// <param name="parameters">By number.</param>
    /// <param name="row">Called for each row.</param>
    public void Add(string sql, IEnumerable<object?> parameters, Action<NpgsqlDataReader> row) => _queries.Add((Command(sql, parameters), row));

    public void Run()
    {
        if (_queries.Count == 0)
        {
            return;
        }
        using var batch = new NpgsqlBatch((NpgsqlConnection)session.Connection, (NpgsqlTransaction?)session.Transaction);
        _queries.ForEach(query => batch.BatchCommands.Add(query.Command));
        using var reader = batch.ExecuteReader();
        foreach (var (_, row) in _queries)
        {
            while (reader.Read())
            {
                row(reader);
            }
            reader.NextResult();
        }
    }

    /// <summary>Runs statements that answer nothing, in one round trip; none for none.</summary>
    public static void Send(Session session, IEnumerable<NpgsqlBatchCommand> statements)
    {
        using var batch = new NpgsqlBatch((NpgsqlConnection)session.Connection, (NpgsqlTransaction?)session.Transaction);
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement);
        }
        if (batch.BatchCommands.Count > 0)
        {
            batch.ExecuteNonQuery();
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
