using Npgsql;
using NpgsqlTypes;

namespace Laurel.Core.Storage;

/// <summary>Inserts many rows by one statement, from a value or an array of values for each column.</summary>
internal sealed class PostgresInsert
{
    // One statement has at most 65,535 parameters, and its text must be parsed.
    private const int RowsAtOnce = 500;

    private readonly string _into;
    private readonly string[] _types;
    private readonly string _constants;
    private readonly string _then;
    private readonly string _fromArrays;

    /// <param name="table">Into which.</param>
    /// <param name="columns">Those of whose values arrays are given, each with its type: <c>id bigint, key text</c>.</param>
    /// <param name="then">What follows: <c>ON CONFLICT …</c>, <c>RETURNING …</c>; from arrays also what the rows, <c>k</c>, are joined with.</param>
    /// <param name="constants">Further columns and the expression that every row has there: <c>version = 0</c>.</param>
    public PostgresInsert(string table, string columns, string then, params (string Column, string Value)[] constants)
    {
        var typed = columns.Split(", ").Select(column => column.Split(' ')).ToList();
        _into = $"INSERT INTO {table} ({string.Join(", ", typed.Select(column => column[0]).Concat(constants.Select(each => each.Column)))})";
        _types = [.. typed.Select(column => column[1])];
        _constants = string.Concat(constants.Select(each => $", {each.Value}"));
        _then = then;
        _fromArrays = $"{_into} SELECT k.*{_constants} FROM unnest({string.Join(", ", _types.Select((type, place) => $"${place + 1}::{type}[]"))}) "
            + $"AS k ({string.Join(", ", typed.Select(column => column[0]))}) {then}";
    }

    /// <summary>The statements that insert these rows, each with its parameters by number.</summary>
    /// <param name="distributed">Whether Citus spreads the table. It would gather what is selected from arrays on one machine first, and
    /// spreads values at once; PostgreSQL itself plans and reads arrays much faster.</param>
    /// <param name="values">An array for each column, all as long.</param>
    public IEnumerable<(string Sql, IEnumerable<object?> Parameters)> Statements(bool distributed, params IReadOnlyList<Array> values)
    {
        if (!distributed)
        {
            yield return (_fromArrays, values);
            yield break;
        }
        foreach (var rows in Enumerable.Range(0, values[0].Length).Chunk(RowsAtOnce))
        {
            yield return (FromValues(rows.Length), rows.SelectMany(row => values.Select(column => column.GetValue(row))));
        }
    }

    private string FromValues(int rows) => $"{_into} VALUES {string.Join(", ", Enumerable.Range(0, rows).Select(Row))} {_then}";

    // A value that is missing has no type of its own.
    private string Row(int row) => $"({string.Join(", ", _types.Select((type, place) => $"${(row * _types.Length) + place + 1}::{type}"))}{_constants})";

    /// <summary>A command with its parameters by number.</summary>
    public static NpgsqlCommand Command(Session session, string sql, IEnumerable<object?> parameters)
    {
        var command = new NpgsqlCommand(sql, (NpgsqlConnection)session.Connection, (NpgsqlTransaction?)session.Transaction);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(Parameter(parameter));
        }
        return command;
    }

    /// <summary>A value as a parameter by number.</summary>
    public static NpgsqlParameter Parameter(object? value) => value switch
    {
        string?[] => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = value },
        // Whatever it is to be: whoever may miss anything but a text says so in the statement.
        null => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = DBNull.Value },
        _ => new NpgsqlParameter { Value = value },
    };
}
