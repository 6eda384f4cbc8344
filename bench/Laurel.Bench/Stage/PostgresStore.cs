using Npgsql;

namespace Laurel.Bench;

/// <param name="postmaster">Whose CPU counts; null where the cluster is somebody else's.</param>
internal sealed class PostgresStore(string connectionString, int? postmaster) : IStore
{
    public Engine Engine => Engine.PostgreSql;

    public string ConnectionString => connectionString;

    public double Cpu() => postmaster is { } pid ? ProcFs.CpuOfFamily(pid) : 0;

    public async Task Execute(string sql, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(ct);
    }

    public async Task<long> Number(string sql, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    public async Task Insert(string table, string[] columns, IEnumerable<object?[]> rows, CancellationToken ct)
    {
        var names = string.Join(", ", columns.Select(name => $"\"{name}\""));
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using (var connection = await source.OpenConnectionAsync(ct))
        await using (var copy = await connection.BeginBinaryImportAsync($"COPY \"{table}\" ({names}) FROM STDIN (FORMAT BINARY)", ct))
        {
            copy.Timeout = TimeSpan.FromHours(1);
            foreach (var row in rows)
            {
                await copy.StartRowAsync(ct);
                foreach (var value in row)
                {
                    if (value is null)
                        await copy.WriteNullAsync(ct);
                    else
                        await copy.WriteAsync(value, ct);
                }
            }

            await copy.CompleteAsync(ct);
        }

        // Else autovacuum would do it in the middle of a round.
        await Execute($"VACUUM ANALYZE \"{table}\"", ct);
    }

    public async Task<Size> Size(CancellationToken ct)
    {
        await Execute("CHECKPOINT", ct);
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand(
            """
            SELECT c.relname, pg_relation_size(c.oid), CASE WHEN c.relkind IN ('r', 'm') THEN pg_total_relation_size(c.oid) ELSE 0 END
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relkind IN ('r', 'i', 'm')
            """);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var parts = new Dictionary<string, long>();
        var total = 0L;
        while (await reader.ReadAsync(ct))
        {
            parts[reader.GetString(0)] = reader.GetInt64(1);
            total += reader.GetInt64(2);
        }

        return new Size(total, total, parts);
    }
}
