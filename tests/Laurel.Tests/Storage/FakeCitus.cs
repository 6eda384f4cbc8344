using Laurel.Core.Storage;
using Laurel.Tests.Harness;

namespace Laurel.Tests.Storage;

/// <summary>A PostgreSQL that says it has the extension Citus. The functions that give tables their place only write it down, and
/// refuse what the real ones refuse; the rows stay where they are.</summary>
internal static class FakeCitus
{
    private const string Functions = """
        CREATE TABLE pg_dist_partition (logicalrelid REGCLASS PRIMARY KEY, place TEXT NOT NULL, made_in XID8 DEFAULT pg_current_xact_id());

        CREATE FUNCTION recover_prepared_transactions() RETURNS INT LANGUAGE sql AS 'SELECT 0';

        CREATE FUNCTION require_empty(tab REGCLASS) RETURNS VOID LANGUAGE plpgsql AS $$
        DECLARE found BOOLEAN;
        BEGIN
          EXECUTE format('SELECT EXISTS (SELECT FROM %s)', tab) INTO found;
          IF found THEN RAISE 'The rows of % would stay behind.', tab; END IF;
          IF current_setting('citus.multi_shard_modify_mode', true) IS DISTINCT FROM 'sequential' THEN RAISE 'Not sequential.'; END IF;
        END $$;

        CREATE FUNCTION create_reference_table(table_name REGCLASS) RETURNS VOID LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM require_empty(table_name);
          IF EXISTS (SELECT FROM pg_dist_partition WHERE place <> 'reference' AND made_in = pg_current_xact_id()) THEN
            RAISE 'The reference table % comes after distributed ones.', table_name;
          END IF;
          INSERT INTO pg_dist_partition (logicalrelid, place) VALUES (table_name, 'reference');
        END $$;

        CREATE FUNCTION create_distributed_table(table_name REGCLASS, distribution_column TEXT, distribution_type TEXT DEFAULT 'hash',
          colocate_with TEXT DEFAULT 'default', shard_count INT DEFAULT NULL) RETURNS VOID LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM require_empty(table_name);
          IF EXISTS (SELECT FROM pg_index i WHERE i.indrelid = table_name AND i.indisunique AND NOT EXISTS
            (SELECT FROM pg_attribute a WHERE a.attrelid = table_name AND a.attname = distribution_column AND a.attnum = ANY (i.indkey))) THEN
            RAISE 'A unique key of % is without %.', table_name, distribution_column;
          END IF;
          IF colocate_with <> 'none' AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = colocate_with::REGCLASS AND place <> 'reference') THEN
            RAISE 'There is no distributed table %.', colocate_with;
          END IF;
          INSERT INTO pg_dist_partition (logicalrelid, place) VALUES (table_name, distribution_column || ' ' || colocate_with);
        END $$;
        """;

    // A superuser may write the catalogue, and each database has its own.
    private const string Extension = """
        INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (99999, 'citus', 10, 2200, false, '13.2')
        """;

    /// <param name="database">PostgreSQL, without content.</param>
    /// <param name="present">False: the functions are there, the extension is not.</param>
    public static async Task Install(TestDatabase database, bool present = true)
    {
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await direct.Write(async session =>
        {
            await session.Execute(Functions);
            if (present)
            {
                await session.Execute(Extension);
            }
        });
    }

    /// <summary>The tables that were given a place, and which: <c>reference</c>, or the column and
    /// with which table.</summary>
    public static async Task<IReadOnlyList<KeyValuePair<string, string>>> Places(TestDatabase database)
    {
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        var rows = await direct.Read(async session =>
            await session.Query<Row>("SELECT logicalrelid::text AS name, place FROM pg_dist_partition"));
        return [.. rows.Select(row => KeyValuePair.Create(row.Name, row.Place))];
    }

    private sealed class Row
    {
        public string Name { get; init; } = "";
        public string Place { get; init; } = "";
    }
}
