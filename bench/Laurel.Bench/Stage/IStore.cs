namespace Laurel.Bench;

/// <summary>A database that a server is measured on. The two engines differ in how it is filled in bulk and how its size is told.</summary>
internal interface IStore
{
    Engine Engine { get; }

    string ConnectionString { get; }

    /// <summary>CPU the database's own processes have used, in microseconds; none where it lives inside the server.</summary>
    double Cpu();

    Task Execute(string sql, CancellationToken ct);

    /// <summary>The one number a query answers.</summary>
    Task<long> Number(string sql, CancellationToken ct);

    /// <summary>Inserts many rows, durable when it returns. A short must be a SMALLINT, a long a BIGINT, and so on.</summary>
    Task Insert(string table, string[] columns, IEnumerable<object?[]> rows, CancellationToken ct);

    /// <summary>Bytes on disk after a checkpoint: all of it, and by table or index where the engine tells.</summary>
    Task<Size> Size(CancellationToken ct);
}

/// <summary>Bytes on disk.</summary>
/// <param name="BeforeCheckpoint">With the write-ahead log as the server left it; PostgreSQL's is the cluster's and not counted.</param>
/// <param name="Total">All tables and indexes.</param>
/// <param name="Parts">Bytes by table or index.</param>
internal sealed record Size(long BeforeCheckpoint, long Total, IReadOnlyDictionary<string, long> Parts);
