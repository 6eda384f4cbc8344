using Microsoft.Data.Sqlite;

namespace Laurel.Bench;

internal sealed class SqliteStore(string path) : IStore
{
    private const int RowsPerTransaction = 100_000; // Keeps the write-ahead log short.

    public Engine Engine => Engine.Sqlite;

    public string ConnectionString => $"Data Source={path}";

    public double Cpu() => 0;

    public async Task Execute(string sql, CancellationToken ct)
    {
        await using var connection = await Open(ct);
        await Execute(connection, sql, ct);
    }

    public async Task<long> Number(string sql, CancellationToken ct)
    {
        await using var connection = await Open(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    public async Task Insert(string table, string[] columns, IEnumerable<object?[]> rows, CancellationToken ct)
    {
        await using var connection = await Open(ct);
        await Execute(connection, "PRAGMA synchronous=OFF", ct);
        await using var insert = connection.CreateCommand();
        var names = columns.Select(name => $"\"{name}\"");
        var values = columns.Select((_, i) => $"$p{i}");
        insert.CommandText = $"INSERT INTO \"{table}\" ({string.Join(", ", names)}) VALUES ({string.Join(", ", values)})";
        for (var i = 0; i < columns.Length; i++)
            insert.Parameters.Add(new SqliteParameter { ParameterName = $"$p{i}" });
        foreach (var chunk in rows.Chunk(RowsPerTransaction))
        {
            ct.ThrowIfCancellationRequested();
            await using var transaction = connection.BeginTransaction();
            insert.Transaction = transaction;
            foreach (var row in chunk)
            {
                for (var i = 0; i < row.Length; i++)
                    insert.Parameters[i].Value = row[i] ?? DBNull.Value;
                await insert.ExecuteNonQueryAsync(ct);
            }

            await transaction.CommitAsync(ct);
        }

        // What was written without syncing is synced here, before anything is measured.
        await Execute(connection, "PRAGMA synchronous=FULL; PRAGMA wal_checkpoint(TRUNCATE)", ct);
    }

    public async Task<Size> Size(CancellationToken ct)
    {
        var before = Length(path) + Length(path + "-wal");
        await Execute("PRAGMA wal_checkpoint(TRUNCATE)", ct);
        // The library the servers use is built without dbstat; Debian's sqlite3 has it.
        var listing = await Shell.Try("sqlite3", ["-readonly", path, "SELECT name, sum(pgsize) FROM dbstat GROUP BY name"], ct) ?? "";
        var parts = listing.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('|'))
            .ToDictionary(cells => cells[0], cells => long.Parse(cells[1]));
        return new Size(before, Length(path), parts);
    }

    private static long Length(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;

    private static async Task Execute(SqliteConnection connection, string sql, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<SqliteConnection> Open(CancellationToken ct)
    {
        var connection = new SqliteConnection($"{ConnectionString};Pooling=False");
        await connection.OpenAsync(ct);
        return connection;
    }
}
