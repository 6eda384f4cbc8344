using System.Data;
using System.Data.Common;
using System.Diagnostics;
using Npgsql;

namespace Laurel.Core.Storage;

/// <summary>PostgreSQL 15 or later through Npgsql. Statements that repeat are prepared by the driver.</summary>
internal sealed class PostgresDatabase : Database
{
    private const int MaximumTries = 5;

    // The driver's own, in seconds: nobody asked for another.
    private const int DefaultRecheck = 10;

    // Any number; the same in every process: one migrates at a time.
    private const long MigrationLock = 0x4c61_7572_656c;

    // How long a poll waits, and how long everybody has to have waited for every open connection to be suspected.
    private static readonly TimeSpan ShortestPatience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(5);

    // How long a migration waits for a lock, and then lets others have theirs.
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(1);

    // A plan for whatever is asked, made anew when the planner knows more. Left to itself, a connection that has planned before the planner
    // knew the tables compares what it thought then with what it thinks now, and plans a short query each time for as long as it lives:
    // that takes ten times as long as the query. Citus plans by what is asked.
    private const string PlanOnce = $"SELECT set_config('plan_cache_mode', 'force_generic_plan', false) WHERE NOT ({Citus.IsPresent})";

    // The ledger finds every row by its key. Before the planner has seen what the tables hold it would rather read them from end to end,
    // and goes on doing so while they grow. (What has to be read like that all the same, as node slots, seems so dear to it then that it
    // would compile the query.)
    private const string ByKey = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off -c jit=off";

    private readonly NpgsqlDataSource _source;

    // Those of short queries, of which each is asked again and again.
    private readonly NpgsqlDataSource _short;

    // The ledger's own: it waits for no place among the readers, and a batch that stands still is ended.
    private readonly NpgsqlDataSource _ledger;
    private readonly PostgresReads _reads;
    private readonly int _mostAbandoned;
    private readonly int _mostThreads;
    private int _usualThreads;
    private int _abandoned;
    private long _answeredAt = Stopwatch.GetTimestamp();
    private long _pollPatience = ShortestPatience.Ticks;

    public PostgresDatabase(DatabaseOptions options) : base(options)
    {
        var parsed = new NpgsqlConnectionStringBuilder(options.Connection) { Enlist = false };
        if (parsed.MaxAutoPrepare == 0)
        {
            parsed.MaxAutoPrepare = 100;
            parsed.AutoPrepareMinUsages = 2;
        }
        // Nothing is ever set on a connection, so nothing has to be reset: six statements for each time one is returned.
        parsed.NoResetOnClose = true;
        // An acknowledged award must survive whatever the cluster's default is.
        parsed.Options = $"{parsed.Options} -c synchronous_commit=on {Citus.Options}".Trim();
        if (parsed.TcpKeepAliveTime == 0 && !HasSocket(parsed))
        {
            // A host that is gone without a word is noticed, by connections that wait for it too.
            (parsed.TcpKeepAlive, parsed.TcpKeepAliveTime, parsed.TcpKeepAliveInterval) = (true, 5, 1);
        }
        Patience = options.ServesRequests && parsed.CommandTimeout > 0 ? TimeSpan.FromSeconds(parsed.CommandTimeout) : null;
        _mostThreads = Environment.ProcessorCount + parsed.MaxPoolSize;
        // Half of what there may be is for short queries, and half of the rest for what is abandoned.
        var half = Math.Max(1, parsed.MaxPoolSize / 2);
        parsed.MaxPoolSize = Math.Max(1, parsed.MaxPoolSize - half);
        _mostAbandoned = Math.Max(1, parsed.MaxPoolSize / 2);
        _source = Source(parsed);
        _short = Source(new NpgsqlConnectionStringBuilder(parsed.ConnectionString) { MaxPoolSize = half }, PlanOnce);
        _reads = new PostgresReads(_short, half);
        parsed.Options += $" {ByKey} -c idle_in_transaction_session_timeout={(long)options.LongestPause.TotalMilliseconds}";
        _ledger = Source(parsed);
    }

    // Files of this machine, which know nothing of TCP and refuse its options.
    private static bool HasSocket(NpgsqlConnectionStringBuilder parsed) =>
        parsed.Host?.Split(',', StringSplitOptions.TrimEntries).Any(host => host.StartsWith('/') || host.StartsWith('@')) == true;

    // Whatever the string says of Target Session Attributes: among several hosts the primary is the one that can do everything, and
    // an only host has to do it.
    private static NpgsqlDataSource Source(NpgsqlConnectionStringBuilder parsed, string? first = null)
    {
        parsed.TargetSessionAttributes = null;
        var hasHosts = parsed.Host?.Contains(',') == true;
        if (hasHosts && parsed.HostRecheckSeconds == DefaultRecheck)
        {
            // Until then a standby that was promoted counts as a standby.
            parsed.HostRecheckSeconds = 1;
        }
        var builder = new NpgsqlDataSourceBuilder(parsed.ConnectionString);
        if (first is not null)
        {
            builder.UsePhysicalConnectionInitializer(
                connection =>
                {
                    using var command = new NpgsqlCommand(first, connection);
                    command.ExecuteNonQuery();
                },
                async connection =>
                {
                    await using var command = new NpgsqlCommand(first, connection);
                    await command.ExecuteNonQueryAsync();
                });
        }
        return hasHosts ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary) : builder.Build();
    }

    public override string Engine => "postgresql";

    internal override TimeSpan? Patience { get; }

    public override ValueTask<T> Read<T>(Func<Session, ValueTask<T>> read) => Within(Patience, ReadNow(_source.CreateConnection(), read));

    internal override async ValueTask<T> Poll<T>(Func<Session, ValueTask<T>> read)
    {
        var connection = await Open();
        // To connect takes longer, and shows whether anybody is there.
        var asked = Stopwatch.GetTimestamp();
        var patience = new TimeSpan(Interlocked.Read(ref _pollPatience));
        var answer = ReadNow(connection, read);
        try
        {
            var result = await Within(patience, answer);
            Interlocked.Exchange(ref _pollPatience, Math.Max(ShortestPatience.Ticks, 3 * Stopwatch.GetElapsedTime(asked).Ticks));
            Relax();
            return result;
        }
        catch (StorageUnavailableException) when (!answer.IsCompleted)
        {
            // It may be far away, or busy: the next waits for longer, so that no poll drops connections again and again.
            Interlocked.Exchange(ref _pollPatience, Math.Min(LongestPatience.Ticks, 2 * patience.Ticks));
            // If nobody was answered meanwhile, whatever is open may have been cut off without a word. New connections will tell.
            if (Volatile.Read(ref _answeredAt) < asked)
            {
                Brace();
                _source.Clear();
                _short.Clear();
                _ledger.Clear();
            }
            throw;
        }
    }

    // When a command has run out of time, the driver asks the server to cancel it, and waits for that on the thread that noticed. If the
    // network is silent, that is as long as a connection may take, for each command: they need threads beside those that answer callers.
    private void Brace()
    {
        ThreadPool.GetMinThreads(out var workers, out var completion);
        if (workers < _mostThreads && ThreadPool.SetMinThreads(_mostThreads, completion))
        {
            Interlocked.Exchange(ref _usualThreads, workers);
        }
    }

    private void Relax()
    {
        if (Interlocked.Exchange(ref _usualThreads, 0) is > 0 and var usual)
        {
            ThreadPool.GetMinThreads(out _, out var completion);
            ThreadPool.SetMinThreads(usual, completion);
        }
    }

    private async Task<NpgsqlConnection> Open()
    {
        try
        {
            return await _source.OpenConnectionAsync();
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            throw Unavailable(failure);
        }
    }

    // A connection that is not open yet is opened when it is needed first.
    private async Task<T> ReadNow<T>(NpgsqlConnection connection, Func<Session, ValueTask<T>> read)
    {
        try
        {
            await using (connection)
            {
                var result = await read(new PostgresSession(connection, null, _reads));
                Answered();
                return result;
            }
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            throw Unavailable(failure);
        }
    }

    public override ValueTask<T> ReadSnapshot<T>(Func<Session, ValueTask<T>> read) => Within(Patience, ReadSnapshotNow(read));

    private async Task<T> ReadSnapshotNow<T>(Func<Session, ValueTask<T>> read)
    {
        try
        {
            await using var connection = await _source.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
            return await read(new PostgresSession(connection, transaction));
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            throw Unavailable(failure);
        }
    }

    public override async Task<T> Write<T>(Func<Session, ValueTask<T>> write) => await Within(Patience, WriteNow(write));

    private async Task<T> WriteNow<T>(Func<Session, ValueTask<T>> write)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (Volatile.Read(ref _abandoned) >= _mostAbandoned)
            {
                throw new StorageUnavailableException("PostgreSQL: it answers no COMMIT.");
            }
            try
            {
                var connection = await _source.OpenConnectionAsync();
                await using var transaction = new PostgresTransaction(this, connection, await Begun(connection));
                var result = await write(transaction.Session);
                await transaction.Commit();
                Answered();
                return result;
            }
            catch (PostgresException conflict) when (IsRetryable(conflict) && attempt < MaximumTries)
            {
            }
            catch (Exception failure) when (failure is CommitUnknownException || IsUnavailable(failure))
            {
                throw Unavailable(failure);
            }
        }
    }

    private static async ValueTask<NpgsqlTransaction> Begun(NpgsqlConnection connection)
    {
        try
        {
            return await connection.BeginTransactionAsync();
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>A transaction for a thread of its own.</summary>
    internal PostgresTransaction Begin()
    {
        var connection = OpenConnection();
        try
        {
            return new PostgresTransaction(this, connection, connection.BeginTransaction());
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Leaves a connection to a COMMIT that is not answered, however long that takes. To close it would free nothing: the
    /// server's side goes on waiting for the standby. So these are counted, and catalogue writes leave half of the pool to others.</summary>
    internal void Abandon(NpgsqlConnection connection, Task answer)
    {
        Interlocked.Increment(ref _abandoned);
        _ = answer.ContinueWith(answered =>
        {
            _ = answered.Exception;
            Interlocked.Decrement(ref _abandoned);
            connection.Dispose();
        }, TaskScheduler.Default);
    }

    private void Answered() => Volatile.Write(ref _answeredAt, Stopwatch.GetTimestamp());

    private static async ValueTask<T> Within<T>(TimeSpan? patience, Task<T> work)
    {
        try
        {
            return patience is { } time ? await work.WaitAsync(time) : await work;
        }
        catch (TimeoutException late)
        {
            throw Unavailable(late);
        }
    }

    // PostgreSQL checks its pages as it reads them, and the other checks read every row.
    internal override ValueTask<IReadOnlyList<string>> CheckIntegrity() => new([]);

    internal override async Task<T> Migrate<T>(Func<Session, ValueTask<T>> migrate)
    {
        while (true)
        {
            try
            {
                return await WriteNow(async session =>
                {
                    // Behind who waits for a table everybody else waits for it too: not for long, but as often as it takes.
                    await session.Execute($"SET LOCAL lock_timeout = {(long)LockPatience.TotalMilliseconds}");
                    await session.Execute("SELECT pg_advisory_xact_lock(@key)", new { key = MigrationLock }, timeout: 0);
                    return await migrate(session);
                });
            }
            catch (StorageUnavailableException busy) when (busy.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
            {
                await Task.Delay(LockPatience);
            }
        }
    }

    internal override async ValueTask<IEnumerable<string>> Translate(Session session, IReadOnlyList<MigrationStatement> statements) =>
        await session.QueryFirst<bool>(Citus.IsPresent) ? Citus.Translate(statements, Options.Partitions)
        : statements.SelectMany(statement => statement.ForPostgres(Options.Partitions));

    // A snapshot shows everything; it holds nobody up, only the vacuum.
    internal override Task<Database> OpenStill(string copy, TimeProvider time) => Task.FromResult<Database>(new PostgresDatabase(Options));

    // As long as no transaction that writes has begun or ended since, in the whole cluster, this stays the same. It says nothing about
    // the workers of Citus.
    internal override async ValueTask<string?> StateOf(Session session) => await session.QueryFirst<string>($"""
        SELECT system_identifier || ' ' || current_database() || ' ' || pg_current_snapshot() FROM pg_control_system()
        WHERE NOT ({Citus.IsPresent})
        """);

    // While one waits for its round trips and for the disk, another goes on; more of them would only make batches smaller.
    internal override int Writers => 2;

    internal override Awards.LedgerStore LedgerStore(NodeLease lease) => new Awards.PostgresLedgerStore(this, lease);

    // See PostgresTallies. On Citus none ever fall behind.
    internal override async ValueTask<Dictionary<short, long>> Tallied(Session session)
    {
        var tallied = await base.Tallied(session);
        foreach (var (slot, mark) in await session.Query<(short, long)>("SELECT slot, tallied FROM nodes WHERE buffers = 1"))
        {
            tallied[slot] = mark;
        }
        return tallied;
    }

    /// <summary>A connection for the ledger's thread.</summary>
    internal NpgsqlConnection OpenConnection() => _ledger.OpenConnection();

    // 40001 serialization_failure, 40P01 deadlock_detected.
    internal static bool IsRetryable(PostgresException failure) => failure.SqlState is "40001" or "40P01";

    // Classes 08 connection, 53 resources, 57 operator intervention, 58 system; 25006: a standby took our writes.
    internal static bool IsUnavailable(Exception failure) => failure switch
    {
        PostgresException known => known.SqlState[..2] is "08" or "53" or "57" or "58" || known.SqlState is "25006" or "55P03" || IsRetryable(known),
        NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException => true,
        _ => false,
    };

    internal static StorageUnavailableException Unavailable(Exception failure) => new($"PostgreSQL: {failure.Message}", failure);

    public override async ValueTask DisposeAsync()
    {
        await _ledger.DisposeAsync();
        await _short.DisposeAsync();
        await _source.DisposeAsync();
    }
}

internal sealed class PostgresSession(NpgsqlConnection connection, NpgsqlTransaction? transaction, PostgresReads? reads = null) : Session
{
    internal override DbConnection Connection => connection;

    internal override DbTransaction? Transaction => transaction;

    internal override async ValueTask EndWhenIdle(TimeSpan pause) =>
        await Execute($"SET LOCAL idle_in_transaction_session_timeout = {(long)pause.TotalMilliseconds}");

    internal override async ValueTask InsertAll(TransferTable table, IEnumerable<object?[]> rows)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            $"COPY {table.Name} ({string.Join(", ", table.Stored.Select(column => column.Name))}) FROM STDIN (FORMAT BINARY)");
        foreach (var row in rows)
        {
            await copy.StartRowAsync();
            for (var place = 0; place < row.Length; place++)
            {
                await Write(copy, table.Stored[place].Type, row[place]);
            }
        }
        await copy.CompleteAsync();
    }

    private static Task Write(NpgsqlBinaryImporter copy, ColumnType type, object? value) => (value, type) switch
    {
        (null, _) => copy.WriteNullAsync(),
        (long number, ColumnType.Small) => copy.WriteAsync((short)number),
        (long number, _) => copy.WriteAsync(number),
        (string text, _) => copy.WriteAsync(text),
        (byte[] bytes, _) => copy.WriteAsync(bytes),
        _ => throw new ArgumentException("No value of a row.", nameof(value)),
    };

    internal override Task Empty(string table) => Execute($"TRUNCATE {table}");

    internal override Task Analyze() => Execute("ANALYZE (SKIP_LOCKED)", timeout: 0);

    public override Statement Prepare(string sql) => new OwnStatement(new NpgsqlCommand(sql, connection, transaction));

    internal override Statement PrepareShort(string sql) => reads is null ? Prepare(sql) : new SharedStatement(reads, sql);

    internal override int MostShortRows => reads is null ? int.MaxValue : 500;

    internal override void Together(Statement first, Statement second)
    {
        if (first is SharedStatement shared)
        {
            shared.Lead((SharedStatement)second);
        }
    }
}

internal abstract class PostgresStatement(NpgsqlParameterCollection parameters) : Statement
{
    public override Statement Set(int index, long value) => Add(index, new NpgsqlParameter<long> { TypedValue = value });

    public override Statement Set(int index, long? value) => Add(index, value is { } number
        ? new NpgsqlParameter<long> { TypedValue = number }
        : new NpgsqlParameter { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint, Value = DBNull.Value });

    public override Statement Set(int index, string? value) => Add(index, value is null
        ? new NpgsqlParameter { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text, Value = DBNull.Value }
        : new NpgsqlParameter<string> { TypedValue = value });

    public override Statement Set(int index, byte[] value) => Add(index, new NpgsqlParameter<byte[]> { TypedValue = value });

    private PostgresStatement Add(int index, NpgsqlParameter parameter)
    {
        // Set in order, or over an earlier run's value.
        if (index <= parameters.Count)
        {
            parameters[index - 1] = parameter;
        }
        else
        {
            parameters.Add(parameter);
        }
        return this;
    }
}

/// <summary>A statement on a connection of its session's own.</summary>
internal sealed class OwnStatement(NpgsqlCommand command) : PostgresStatement(command.Parameters)
{
    private NpgsqlDataReader? _reader;

    public override async ValueTask<bool> Read()
    {
        if (_reader is null)
        {
            await Open();
            _reader = await command.ExecuteReaderAsync();
        }
        if (await _reader.ReadAsync())
        {
            return true;
        }
        await Done();
        return false;
    }

    public override async ValueTask<int> Run()
    {
        await Open();
        return await command.ExecuteNonQueryAsync();
    }

    private ValueTask Open() => command.Connection!.State == ConnectionState.Closed ? new(command.Connection.OpenAsync()) : default;

    public override async ValueTask Done()
    {
        if (_reader is { } reader)
        {
            _reader = null;
            await reader.DisposeAsync();
        }
    }

    public override long Long(int column) => _reader!.GetInt64(column);

    public override string Text(int column) => _reader!.GetString(column);

    public override byte[] Bytes(int column) => _reader!.GetFieldValue<byte[]>(column);

    public override bool IsNull(int column) => _reader!.IsDBNull(column);
}
