namespace Laurel.Core.Storage;

/// <summary>What a PostgreSQL with the extension Citus is told beside the schema: which tables are copied to every machine of the
/// cluster, and which are spread over them and how. The mark above each table in Migrations/*.sql says it.</summary>
internal static class Citus
{
    /// <summary>Selects whether the database has the extension.</summary>
    public const string IsPresent = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')";

    /// <summary>What every connection asks for, wherever it leads: within a transaction Citus then has one connection to each worker, so that a
    /// transaction on a snapshot sees all that one worker holds as of one moment.</summary>
    public const string Options = "-c citus.max_adaptive_executor_pool_size=1";

    // What one transaction makes, one connection to each worker must see.
    private const string Sequential = "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'";

    /// <summary>A migration's statements; each table is given its place before anything is written to it, those that are
    /// everywhere first.</summary>
    /// <exception cref="ArgumentException">Partitions are asked for as well.</exception>
    public static IEnumerable<string> Translate(IReadOnlyList<MigrationStatement> statements, int partitions)
    {
        if (partitions != 0)
        {
            throw new ArgumentException("--partitions is for PostgreSQL without Citus, which spreads the tables by itself.", nameof(partitions));
        }
        return
        [
            Sequential,
            .. from statement in statements
               orderby statement is { IsTable: true, Reference: true } ? 0 : 1
               from sql in statement.IsTable ? [.. statement.ForPostgres(0), Place(statement)] : statement.ForPostgres(0)
               select sql,
        ];
    }

    // A table that has its place keeps it: schema_versions is made, where it is missing, at every start.
    private static string Place(MigrationStatement table) =>
        $"SELECT {Call(table)} WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = '{table.Table}'::regclass)";

    // Tables that lie on their own are told so: by default Citus would put all of one type together, and move them together.
    private static string Call(MigrationStatement table) => table.Reference
        ? $"create_reference_table('{table.Table}')"
        : $"create_distributed_table('{table.Table}', '{table.DistributedBy}', colocate_with => '{table.With ?? "none"}')";
}
