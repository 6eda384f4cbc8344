using Npgsql;

namespace Laurel.Core.Storage;

/// <summary>The database behind everything: SQLite in one file, or PostgreSQL. What differs between them is in this folder only.</summary>
public abstract class Database : IAsyncDisposable
{
    /// <summary>Opens by connection string: <c>Data Source=…</c> is SQLite, <c>Host=…</c> PostgreSQL.</summary>
    /// <exception cref="ArgumentException">The string is neither.</exception>
    public static Database Open(DatabaseOptions options)
    {
        try
        {
            return options.Connection.Contains("Host=", StringComparison.OrdinalIgnoreCase)
                ? new PostgresDatabase(options)
                : new SqliteDatabase(options);
        }
        catch (Exception malformed) when (malformed is ArgumentException or FormatException or NpgsqlException)
        {
            // The driver's own message may repeat the string, and the string may hold a password: it is not passed on.
#pragma warning disable MA0054
            throw new ArgumentException("The database connection string is neither SQLite (Data Source=…) nor PostgreSQL (Host=…).", nameof(options));
#pragma warning restore MA0054
        }
    }

    /// <summary>Short name of the engine, for people: <c>sqlite</c> or <c>postgresql</c>.</summary>
    public abstract string Engine { get; }

    internal DatabaseOptions Options { get; }

    private protected Database(DatabaseOptions options) => Options = options;

    /// <summary>Runs a read on a pooled session. Reads begin after the call and should end within 200 ms.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be reached or cannot read.</exception>
    public abstract ValueTask<T> Read<T>(Func<Session, ValueTask<T>> read);

    /// <summary>Runs several reads on one snapshot.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be reached or cannot read.</exception>
    public abstract ValueTask<T> ReadSnapshot<T>(Func<Session, ValueTask<T>> read);

    /// <summary>Runs in one transaction, committed when <paramref name="write"/> returns and rolled back when it throws. May run
    /// <paramref name="write"/> again after a deadlock or serialisation failure, so it must have no effect but on the session.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be reached or cannot write; nothing is known to be stored.</exception>
    public abstract Task<T> Write<T>(Func<Session, ValueTask<T>> write);

    /// <inheritdoc cref="Write{T}"/>
    public Task Write(Func<Session, ValueTask> write) =>
        Write<bool>(async session =>
        {
            await write(session);
            return true;
        });

    /// <summary>The engine's own check of its files: what it complains of.</summary>
    internal abstract ValueTask<IReadOnlyList<string>> CheckIntegrity();

    /// <summary>A read that is asked for again and again: where answers may be lost on their way, it soon gives up, so that the next one
    /// may come through.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be reached or cannot read, or has not answered yet.</exception>
    internal virtual ValueTask<T> Poll<T>(Func<Session, ValueTask<T>> read) => Read(read);

    /// <summary>How long a caller may wait for the database; null where it answers or fails by itself.</summary>
    internal virtual TimeSpan? Patience => null;

    /// <summary>Opens what shows one state of this database for as long as it takes to read it: everything that is committed when this
    /// ends, with every row in its table. Servers may go on. <see cref="ReadSnapshot"/> on it may last; dispose it.</summary>
    /// <param name="copy">SQLite: where to keep a copy meanwhile, readable by its owner only.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StorageUnavailableException">It cannot be read, or there is no room for a copy.</exception>
    /// <exception cref="IOException">Another process uses the same copy.</exception>
    internal abstract Task<Database> OpenStill(string copy, TimeProvider time);

    /// <summary>Where such a copy may lie when nobody says; empty where none is made.</summary>
    internal virtual string CopyBeside => "";

    /// <summary>What differs whenever the content that a session on <see cref="OpenStill"/> sees differs; null where nobody can tell.</summary>
    internal abstract ValueTask<string?> StateOf(Session session);

    internal abstract Awards.LedgerStore LedgerStore(NodeLease lease);

    /// <summary>How many writers of a process the database can use at once, each with a node slot of its own.</summary>
    internal virtual int Writers => 1;

    /// <summary>Whether its ledger commits some awards and visits before their rows; see <see cref="Awards.Memtable"/>.</summary>
    internal virtual bool Buffers => false;

    /// <summary>By node slot, the number of the outbox row up to which its tallies count in the session's snapshot.</summary>
    internal virtual ValueTask<Dictionary<short, long>> Tallied(Session session) => Awards.Outbox.Newest(session);

    internal abstract Task<T> Migrate<T>(Func<Session, ValueTask<T>> migrate);

    /// <summary>What a migration's statements are on this database, in order; see 0001_ledger.sql.</summary>
    internal abstract ValueTask<IEnumerable<string>> Translate(Session session, IReadOnlyList<MigrationStatement> statements);

    public abstract ValueTask DisposeAsync();
}

/// <summary>How to open the database.</summary>
public sealed record DatabaseOptions(string Connection)
{
    /// <summary>PostgreSQL: creates the growing tables partitioned by hash into this many parts; 0 leaves them whole.</summary>
    public int Partitions { get; init; }

    /// <summary>SQLite's <c>synchronous</c>. Anything below FULL loses acknowledged awards at a power cut: for experiments only.</summary>
    public string Synchronous { get; init; } = "FULL";

    // What nobody can do anything with; whatever else a driver may come to know is held to be a secret.
    private static readonly HashSet<string> Harmless = new(StringComparer.OrdinalIgnoreCase)
    {
        "data source", "datasource", "filename", "mode", "cache", "pooling", "host", "server", "port", "database", "username", "user name",
        "user id", "target session attributes", "load balance hosts", "ssl mode", "sslmode", "timeout", "command timeout", "keepalive",
        "minimum pool size", "maximum pool size", "connection lifetime", "connection idle lifetime", "application name",
    };

    /// <summary>The connection string for people: of what may be a secret only that it is there.</summary>
    public string ShownConnection
    {
        get
        {
            var parts = new System.Data.Common.DbConnectionStringBuilder { ConnectionString = Connection };
            return string.Join("; ", parts.Keys.Cast<string>().Select(key => $"{key}={(Harmless.Contains(key) ? parts[key] : "…")}"));
        }
    }

    /// <summary>PostgreSQL: how long the answer to a COMMIT is waited for before its outcome counts as unknown.</summary>
    public TimeSpan CommitDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>PostgreSQL: how long a batch of the ledger may stand still before the server ends it. Whoever freezes amid one must not
    /// keep what it has locked from other nodes.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>PostgreSQL: people wait for what is done, so it fails as unavailable when it was not done within the connection's
    /// Command Timeout. Otherwise that holds for each statement alone.</summary>
    internal bool ServesRequests { get; init; }

    /// <summary>SQLite: a file that is not there is not made.</summary>
    public bool MustExist { get; init; }

    /// <summary>SQLite: a file that is there and that nobody writes. It is read without locks, and nothing is made beside it.</summary>
    internal bool Immutable { get; init; }
}

/// <summary>The database could not do its part now; the same request may succeed later.</summary>
public sealed class StorageUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What is stored is damaged: no repetition will help.</summary>
    internal bool IsCorruption { get; init; }
}
