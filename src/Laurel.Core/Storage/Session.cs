using System.Data.Common;
using Dapper;

namespace Laurel.Core.Storage;

/// <summary>One connection for the length of one piece of work. SQL text is the same on both engines.</summary>
public abstract class Session
{
    internal abstract DbConnection Connection { get; }

    internal abstract DbTransaction? Transaction { get; }

    /// <summary>Whether the ledger's indexes by time hold every award, not only those of listed_users.</summary>
    internal virtual bool ListsEveryUser => true;

    /// <summary>Whether only one transaction at a time writes, so that what it reads needs no lock.</summary>
    internal virtual bool WritesAlone => false;

    /// <summary>Lets the server end this transaction when nothing comes from its process for so long: one that freezes must not hold its
    /// locks for ever. First of all in it. (A file has no server: whoever writes to it keeps others out, frozen or not.)</summary>
    internal virtual ValueTask EndWhenIdle(TimeSpan pause) => default;

    /// <summary>Inserts many rows, each with the values of <see cref="TransferTable.Stored"/>, in whose order they are.</summary>
    internal abstract ValueTask InsertAll(TransferTable table, IEnumerable<object?[]> rows);

    /// <summary>Deletes all rows of a table.</summary>
    internal abstract Task Empty(string table);

    /// <summary>Counts what the tables hold anew, where queries are planned by that and nobody else does it at once.</summary>
    internal virtual Task Analyze() => Task.CompletedTask;

    /// <summary>A statement for a hot path: kept prepared, parameters by number.</summary>
    public abstract Statement Prepare(string sql);

    /// <summary>The same for a query on a hot path that answers few rows at once: where a round trip costs more than such a query, it may
    /// travel with those of other readers.</summary>
    internal virtual Statement PrepareShort(string sql) => Prepare(sql);

    /// <summary>How many rows such a query may answer.</summary>
    internal virtual int MostShortRows => int.MaxValue;

    /// <summary>Sends a query with another one, where that saves a round trip. Read both, in this order, before anything else.</summary>
    internal virtual void Together(Statement first, Statement second)
    {
    }

    /// <summary>Rows as records, parameters by name (<c>@id</c>).</summary>
    public Task<IEnumerable<T>> Query<T>(string sql, object? parameters = null) =>
        Connection.QueryAsync<T>(sql, parameters, Transaction);

    /// <summary>The first row, or the type's default when there is none.</summary>
    public Task<T?> QueryFirst<T>(string sql, object? parameters = null) =>
        Connection.QueryFirstOrDefaultAsync<T>(sql, parameters, Transaction);

    /// <summary>Executes and answers how many rows changed.</summary>
    /// <param name="sql">One statement or several.</param>
    /// <param name="parameters">By name.</param>
    /// <param name="timeout">In seconds, 0 for none; null: the connection's.</param>
    public Task<int> Execute(string sql, object? parameters = null, int? timeout = null) =>
        Connection.ExecuteAsync(sql, parameters, Transaction, timeout);
}
