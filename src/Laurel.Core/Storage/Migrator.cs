using System.Data.Common;
using System.Reflection;

namespace Laurel.Core.Storage;

/// <summary>Brings a database to this version's schema: numbered files, forward only, each in one transaction, under a lock.</summary>
public static class Migrator
{
    private const string Prefix = "Laurel.Core.Storage.Migrations.";

    // Made before any file is looked for in it.
    internal static readonly MigrationStatement Versions =
        new("CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY)") { Reference = true };

    /// <summary>The schema this version writes. It serves this one only: it is the first.</summary>
    public static int Newest => Files().Max(file => file.Number);

    /// <summary>Applies what is missing and answers the schema's number.</summary>
    /// <exception cref="SchemaTooNewException">The database was written by a later version that this one does not know.</exception>
    public static Task<int> Apply(Database database) => Apply(database, Newest);

    /// <summary>The same, up to an earlier schema.</summary>
    internal static async Task<int> Apply(Database database, int newest)
    {
        var current = await database.Migrate(async session =>
        {
            await Run(database, session, [Versions]);
            return await Version(session);
        });
        RequireKnown((int)current, "The database");
        foreach (var (number, resource) in Files().Where(file => file.Number > current && file.Number <= newest))
        {
            var statements = MigrationStatement.Parse(await Text(resource)).ToList();
            await database.Migrate(async session =>
            {
                // Another process may have been first while this one waited for the lock.
                if (await Version(session) < number)
                {
                    await Run(database, session, statements);
                    await session.Execute("INSERT INTO schema_versions (version) VALUES (@number)", new { number = (long)number });
                }
                return number;
            });
        }
        return Math.Max((int)current, newest);
    }

    private static async Task Run(Database database, Session session, IReadOnlyList<MigrationStatement> statements)
    {
        foreach (var statement in await database.Translate(session, statements))
        {
            // A large table takes as long as it takes.
            await session.Execute(statement, timeout: 0);
        }
    }

    /// <summary>The statements that make a schema of nothing.</summary>
    internal static async Task<IReadOnlyList<MigrationStatement>> Statements(int version)
    {
        var statements = new List<MigrationStatement>();
        foreach (var (_, resource) in Files().Where(file => file.Number <= version))
        {
            statements.AddRange(MigrationStatement.Parse(await Text(resource)));
        }
        return statements;
    }

    /// <summary>Looks, and changes nothing.</summary>
    /// <exception cref="SchemaMismatchException">The schema is another than this version's.</exception>
    public static async Task RequireNewest(Database database)
    {
        var current = await Find(database);
        if (current != Newest)
        {
            throw new SchemaMismatchException($"The database has schema {current}; this version knows {Newest}.");
        }
    }

    /// <summary>The schema's number, whichever it is. Changes nothing.</summary>
    /// <exception cref="SchemaMismatchException">It has none of Laurel's.</exception>
    public static async Task<int> Find(Database database)
    {
        try
        {
            return (int)await database.Read<long>(async session => await Version(session));
        }
        catch (DbException)
        {
            throw new SchemaMismatchException("This is no database of Laurel's.");
        }
    }

    /// <exception cref="SchemaTooNewException">A later version wrote what is named.</exception>
    internal static void RequireKnown(int schema, string what)
    {
        if (schema > Newest)
        {
            throw new SchemaTooNewException($"{what} has schema {schema}; this version knows {Newest}.");
        }
    }

    private static async Task<long> Version(Session session) =>
        await session.QueryFirst<long>("SELECT coalesce(max(version), 0) FROM schema_versions");

    private static IEnumerable<(int Number, string Resource)> Files() =>
        from resource in Assembly.GetExecutingAssembly().GetManifestResourceNames()
        where resource.StartsWith(Prefix, StringComparison.Ordinal)
        let number = int.Parse(resource.AsSpan(Prefix.Length, 4))
        orderby number
        select (number, resource);

    private static async Task<string> Text(string resource)
    {
        await using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}

/// <summary>This version cannot serve the database's schema.</summary>
public sealed class SchemaTooNewException(string message) : Exception(message);

/// <summary>The database has not the schema that is needed.</summary>
public sealed class SchemaMismatchException(string message) : Exception(message);
