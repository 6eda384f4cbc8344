using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Laurel.Core.Storage;

/// <summary>SQLite in WAL mode: one writer connection, a pool of readers that never wait for it.</summary>
internal class SqliteDatabase : Database
{
    private const int PooledReaders = 16;

    // Before SQLite's first use: a connection is never used by two threads at once, so it needs no lock of its own, and nobody
    // reads the library's memory statistics.
    static SqliteDatabase()
    {
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
        _ = raw.sqlite3_initialize();
    }

    private readonly string _connection;
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private readonly SemaphoreSlim _writing = new(1, 1);
    private SqliteSession? _writer;
    private bool _disposed;

    public SqliteDatabase(DatabaseOptions options) : base(options)
    {
        var parsed = new SqliteConnectionStringBuilder(options.Connection) { Pooling = false, ForeignKeys = false };
        if (parsed.DataSource.Length == 0 || parsed.DataSource == ":memory:" || parsed.Mode == SqliteOpenMode.Memory)
        {
            throw new ArgumentException("SQLite needs a file.", nameof(options));
        }
        FilePath = Resolve(parsed.DataSource);
        if (options.Immutable)
        {
            parsed.DataSource = $"file:{string.Join('/', FilePath.Split('/').Select(Uri.EscapeDataString))}?immutable=1";
            parsed.Mode = SqliteOpenMode.ReadOnly;
        }
        else if (options.MustExist && parsed.Mode == SqliteOpenMode.ReadWriteCreate)
        {
            parsed.Mode = SqliteOpenMode.ReadWrite;
        }
        else if (Path.GetDirectoryName(FilePath) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }
        _connection = parsed.ToString();
    }

    // As SQLite does, which keeps the log beside the file that a link leads to.
    private static string Resolve(string path) =>
        File.Exists(path) && File.ResolveLinkTarget(path, returnFinalTarget: true) is { } linked ? linked.FullName : Path.GetFullPath(path);

    public override string Engine => "sqlite";

    /// <summary>The file that it is.</summary>
    public string FilePath { get; }

    public override ValueTask<T> Read<T>(Func<Session, ValueTask<T>> read) => Read(read, snapshot: false);

    public override ValueTask<T> ReadSnapshot<T>(Func<Session, ValueTask<T>> read) => Read(read, snapshot: true);

    private async ValueTask<T> Read<T>(Func<Session, ValueTask<T>> read, bool snapshot)
    {
        SqliteSession? reader = null;
        try
        {
            if (!_readers.TryTake(out reader))
            {
                reader = Open();
            }
            if (!snapshot)
            {
                return await read(reader);
            }
            reader.Begin("BEGIN");
            try
            {
                return await read(reader);
            }
            finally
            {
                reader.Rollback();
            }
        }
        catch (SqliteException failure) when (IsUnavailable(failure))
        {
            reader?.Dispose();
            reader = null;
            throw Unavailable(failure);
        }
        finally
        {
            Return(reader);
        }
    }

    private void Return(SqliteSession? reader)
    {
        if (reader is null)
        {
            return;
        }
        reader.Rewind();
        if (_disposed || _readers.Count >= PooledReaders)
        {
            reader.Dispose();
        }
        else
        {
            _readers.Add(reader);
        }
    }

    public override async Task<T> Write<T>(Func<Session, ValueTask<T>> write)
    {
        await _writing.WaitAsync();
        try
        {
            return await Exclusive(write);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The writer connection, for a thread of its own; blocks until it is free. End with <see cref="Release"/>.</summary>
    internal SqliteSession Acquire()
    {
        _writing.Wait();
        try
        {
            return _writer ??= Open(mapped: 0);
        }
        catch
        {
            _writing.Release();
            throw;
        }
    }

    internal void Release() => _writing.Release();

    private async Task<T> Exclusive<T>(Func<Session, ValueTask<T>> write)
    {
        try
        {
            var writer = _writer ??= Open(mapped: 0);
            writer.Begin("BEGIN IMMEDIATE");
            try
            {
                var result = await write(writer);
                writer.Commit();
                return result;
            }
            catch
            {
                writer.Rollback();
                throw;
            }
        }
        catch (SqliteException failure) when (IsUnavailable(failure))
        {
            throw Unavailable(failure);
        }
    }

    internal override ValueTask<IReadOnlyList<string>> CheckIntegrity() => Read<IReadOnlyList<string>>(async session =>
        [.. (await session.Query<string>("PRAGMA integrity_check")).Where(line => line != "ok")]);

    internal override Task<T> Migrate<T>(Func<Session, ValueTask<T>> migrate) => Write(migrate);

    internal override ValueTask<IEnumerable<string>> Translate(Session session, IReadOnlyList<MigrationStatement> statements) =>
        new(statements.Select(statement => statement.ForSqlite()));

    internal override bool Buffers => true;

    internal override async ValueTask<Dictionary<short, long>> Tallied(Session session) =>
        (await session.Query<(short Slot, long Tallied)>("SELECT slot, tallied FROM nodes")).ToDictionary(node => node.Slot, node => node.Tallied);

    internal override async Task<Database> OpenStill(string copy, TimeProvider time) => await PrivateCopy.Make(this, copy, time);

    internal override string CopyBeside => FilePath + ".moving";

    // Only a copy can tell.
    internal override ValueTask<string?> StateOf(Session session) => new((string?)null);

    /// <summary>Copies the state of one moment over all that another file holds. Servers may go on.</summary>
    /// <exception cref="StorageUnavailableException">It cannot be read, or there is no room for the copy.</exception>
    internal void CopyTo(string file)
    {
        try
        {
            using var reader = Open();
            // Nothing hangs on the copy: whoever made it makes it anew after a power cut.
            using var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
            copy.Open();
            using (var pragmas = copy.CreateCommand())
            {
                pragmas.CommandText = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;";
                pragmas.ExecuteNonQuery();
            }
            ((SqliteConnection)reader.Connection).BackupDatabase(copy);
        }
        catch (SqliteException failure) when (IsUnavailable(failure))
        {
            throw Unavailable(failure);
        }
    }

    internal override Awards.LedgerStore LedgerStore(NodeLease lease) => new Awards.SqliteLedgerStore(this, lease);

    internal SqliteSession Open(long mapped = 8L << 30)
    {
        var connection = new SqliteConnection(_connection);
        try
        {
            connection.Open();
            // Plans depend on no bound value. Otherwise a statement that might use the ledger's partial indexes is prepared again whenever
            // a parameter changes, which costs more than most of them.
            _ = raw.sqlite3_db_config(connection.Handle!, raw.SQLITE_DBCONFIG_ENABLE_QPSG, 1, out _);
            using var pragmas = connection.CreateCommand();
            // An immutable file has no log. Few pages are written twice between checkpoints (see Memtable), so a long log would save little,
            // and its checkpoint would hold up every request that waits. The limit truncates the log after a spike.
            // A small page cache: after a batch that split a page, COMMIT walks all of it (64 MB cost a quarter of the awards per
            // second), and what is not in it is read from the file, mapped for readers. The writer comes by all of it in time, and what a
            // connection has seen of its map counts as the process's memory.
            pragmas.CommandText = $"""
                {(Options.Immutable ? "" : "PRAGMA journal_mode = WAL;")}
                PRAGMA synchronous = {SynchronousPragma()};
                PRAGMA busy_timeout = 5000;
                PRAGMA wal_autocheckpoint = 2000;
                PRAGMA journal_size_limit = 33554432;
                PRAGMA cache_size = -4096;
                PRAGMA mmap_size = {mapped};
                PRAGMA temp_store = MEMORY;
                """;
            pragmas.ExecuteNonQuery();
            return new SqliteSession(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private string SynchronousPragma() => Options.Synchronous.ToUpperInvariant() switch
    {
        "NORMAL" => "NORMAL",
        "EXTRA" => "EXTRA",
        _ => "FULL",
    };

    internal static bool IsUnavailable(SqliteException failure) => failure.SqliteErrorCode
        is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_IOERR or raw.SQLITE_FULL or raw.SQLITE_CANTOPEN
        or raw.SQLITE_READONLY or raw.SQLITE_NOMEM or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_PROTOCOL;

    internal static StorageUnavailableException Unavailable(SqliteException failure) =>
        new($"SQLite: {failure.Message}", failure)
        {
            IsCorruption = failure.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB,
        };

    public override async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        _disposed = true;
        while (_readers.TryTake(out var reader))
        {
            reader.Dispose();
        }
        _writer?.Dispose();
        _writer = null;
        _writing.Dispose();
    }
}

/// <summary>One SQLite connection and the statements prepared on it.</summary>
internal sealed class SqliteSession : Session, IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteStatement> _statements = new(ReferenceEqualityComparer.Instance);

    public SqliteSession(SqliteConnection connection) => _connection = connection;

    internal override DbConnection Connection => _connection;

    internal override bool ListsEveryUser => false;

    internal override bool WritesAlone => true;

    // Transactions are begun and ended by statements on the handle: ADO.NET's object would be one more state to keep in step.
    internal override DbTransaction? Transaction => null;

    internal override ValueTask InsertAll(TransferTable table, IEnumerable<object?[]> rows)
    {
        var insert = Raw(table.Insert);
        foreach (var row in rows)
        {
            for (var place = 0; place < row.Length; place++)
            {
                _ = row[place] switch
                {
                    null => insert.Set(place + 1, (string?)null),
                    long number => insert.Set(place + 1, number),
                    string text => insert.Set(place + 1, text),
                    byte[] bytes => insert.Set(place + 1, bytes),
                    _ => throw new ArgumentException("No value of a row.", nameof(rows)),
                };
            }
            insert.Execute();
        }
        return default;
    }

    internal override Task Empty(string table) => Execute($"DELETE FROM {table}");

    public override Statement Prepare(string sql) => Raw(sql);

    internal SqliteStatement Raw(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
        {
            statement.Rewind();
            return statement;
        }
        statement = new SqliteStatement(_connection.Handle!, sql);
        _statements.Add(sql, statement);
        return statement;
    }

    internal void Begin(string how) => Raw(how).Execute();

    internal void Commit() => Raw("COMMIT").Execute();

    internal bool InTransaction => raw.sqlite3_get_autocommit(_connection.Handle!) == 0;

    // After an I/O error SQLite may have rolled back by itself.
    internal void Rollback()
    {
        Rewind();
        if (InTransaction)
        {
            Raw("ROLLBACK").Execute();
        }
    }

    // A statement left on a row would hold its snapshot open and let the log grow.
    internal void Rewind()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Rewind();
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }
        _connection.Dispose();
    }
}
