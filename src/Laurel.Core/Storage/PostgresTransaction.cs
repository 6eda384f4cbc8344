using Npgsql;

namespace Laurel.Core.Storage;

/// <summary>A transaction whose COMMIT either was confirmed, by the standbys too, or is unknown. Rolled back if it is not committed.</summary>
internal sealed class PostgresTransaction : IAsyncDisposable, IDisposable
{
    // What PostgreSQL says, and then reports success, when it was made to stop waiting for a standby.
    private const string Warning = "01000";

    private readonly PostgresDatabase _database;
    private readonly NpgsqlTransaction _transaction;
    private bool _abandoned;

    public PostgresTransaction(PostgresDatabase database, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        (_database, Connection, _transaction) = (database, connection, transaction);
        Session = new PostgresSession(connection, transaction);
    }

    public NpgsqlConnection Connection { get; }

    public PostgresSession Session { get; }

    /// <summary>No caller's token and no command timeout reaches COMMIT: the driver would cancel it, and it would report success without
    /// its standby. One that has not been answered by its deadline is left to itself, and its connection with it.</summary>
    /// <param name="last">What is still to be done, in the same round trip.</param>
    /// <exception cref="PostgresException">One of these was refused, so nothing is committed.</exception>
    /// <exception cref="CommitUnknownException">It was not answered, or not for certain.</exception>
    public async Task Commit(IEnumerable<NpgsqlBatchCommand>? last = null)
    {
        var commit = new NpgsqlBatchCommand("COMMIT");
        var withoutStandby = false;
        void Notice(object sender, NpgsqlNoticeEventArgs notice) => withoutStandby |= notice.Notice.SqlState == Warning;
        Connection.Notice += Notice;
        try
        {
            var answer = Answer([.. last ?? [], commit]);
            try
            {
                await answer.WaitAsync(_database.Options.CommitDeadline);
            }
            catch (TimeoutException) when (!answer.IsCompleted)
            {
                _abandoned = true;
                _database.Abandon(Connection, answer);
                throw;
            }
        }
        // The server passes over all that follows what it refuses.
        catch (Exception failure) when (failure is not PostgresException { BatchCommand: { } refused } || refused == commit)
        {
            throw new CommitUnknownException(failure);
        }
        finally
        {
            Connection.Notice -= Notice;
        }
        if (withoutStandby)
        {
            throw new CommitUnknownException(new IOException("The standby has not confirmed."));
        }
    }

    public Task Rollback() => _transaction.RollbackAsync();

    private async Task Answer(IEnumerable<NpgsqlBatchCommand> commands)
    {
        await using var batch = new NpgsqlBatch(Connection, _transaction) { Timeout = 0 };
        foreach (var command in commands)
        {
            batch.BatchCommands.Add(command);
        }
        await batch.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_abandoned)
        {
            await _transaction.DisposeAsync();
            await Connection.DisposeAsync();
        }
    }

    public void Dispose()
    {
        if (!_abandoned)
        {
            _transaction.Dispose();
            Connection.Dispose();
        }
    }
}

/// <summary>COMMIT was sent and its answer never came: what it was to store is stored, or it is not.</summary>
internal sealed class CommitUnknownException(Exception inner) : Exception("The outcome of a commit is unknown.", inner);
