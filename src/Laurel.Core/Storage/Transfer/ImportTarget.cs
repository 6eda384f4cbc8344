using System.Data.Common;
using System.Globalization;

namespace Laurel.Core.Storage;

/// <summary>The database that an import fills. Up to where is written in each chunk's own transaction, in a row of settings that goes with
/// the end: as long as it is there, nobody serves the database, and the same import goes on behind it.</summary>
internal sealed class ImportTarget(Database database, TransferSchema schema)
{
    private const string Select = $"SELECT value FROM settings WHERE name = '{TransferTable.ImportSetting}'";
    private const string Insert = $"INSERT INTO settings (name, value) VALUES ('{TransferTable.ImportSetting}', @value)";
    private const string Move = $"UPDATE settings SET value = @value WHERE name = '{TransferTable.ImportSetting}' AND value = @before";
    private const string Delete = $"DELETE FROM settings WHERE name = '{TransferTable.ImportSetting}' AND value = @before";

    private string _value = "";

    /// <summary>The number of the last chunk that is stored, 0 for none, and its checksum.</summary>
    public (long Number, string Hash) Stored
    {
        get
        {
            var parts = _value.Split(' ');
            return (long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
        }
    }

    private static string Value(long number, string hash) => string.Create(CultureInfo.InvariantCulture, $"{number} {hash}");

    /// <exception cref="TransferException">An import into the database has not come to its end.</exception>
    public static async Task RequireNone(Database database)
    {
        if (await database.Read(async session => await session.QueryFirst<string>(Select)) is not null)
        {
            throw new TransferException("An import into this database has not come to its end. Run it again first.");
        }
    }

    /// <summary>Begins, or goes on where an interrupted one ended.</summary>
    /// <returns>Null; or the name of a table with content, which no import began: then nothing is changed.</returns>
    /// <exception cref="TransferException">A server runs on the database.</exception>
    public async Task<string?> Begin(TimeProvider time)
    {
        (_value, var there) = await database.Write(async session =>
        {
            if (await NodeLease.IsAnyTaken(session, time.Micros()))
            {
                throw new TransferException("A server runs on the database. Stop it first.");
            }
            if (await session.QueryFirst<string>(Select) is { } begun)
            {
                return (begun, null);
            }
            foreach (var table in schema.Tables.Where(table => !table.IsFilledFirst).Select(table => table.Name).Append("outbox"))
            {
                if (await session.QueryFirst<long>($"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1) AS any_row") > 0)
                {
                    return ("", (string?)table);
                }
            }
            // What servers without content left.
            await session.Execute("DELETE FROM nodes");
            await session.Execute("DELETE FROM changes");
            await session.Execute(Insert, new { value = Value(0, "-") });
            return (Value(0, "-"), null);
        });
        return there;
    }

    /// <summary>Stores the next chunk.</summary>
    /// <exception cref="TransferException">Its rows are refused, or another import writes too.</exception>
    public async Task Put(ExportChunk chunk)
    {
        var (table, value) = (schema.Tables[chunk.Table], Value(chunk.Number, chunk.Hash));
        try
        {
            await database.Write(async session =>
            {
                if (await session.Execute(Move, new { value, before = _value }) != 1)
                {
                    throw new TransferException("Another import writes to this database.");
                }
                if (chunk.IsFirst && table.IsFilledFirst)
                {
                    await session.Execute($"DELETE FROM {table.Name} WHERE {table.Content}");
                }
                await session.InsertAll(table, chunk.Rows.Select(row => table.Compute(row, session)));
            });
        }
        catch (DbException refused)
        {
            throw new TransferException($"Lines {chunk.From} to {chunk.To}: the database refuses these rows of {table.Name}: {refused.Message}", refused);
        }
        _value = value;
    }

    /// <summary>Deletes all that was imported so far, to begin with other content.</summary>
    public async Task Clear() => _value = await database.Write(async session =>
    {
        if (await session.Execute(Move, new { value = Value(0, "-"), before = _value }) != 1)
        {
            throw new TransferException("Another import writes to this database.");
        }
        foreach (var table in schema.Tables.Where(table => !table.IsFilledFirst))
        {
            await session.Empty(table.Name);
        }
        return Value(0, "-");
    });

    /// <summary>Reads everything back, counts it for the planner, and opens the database to servers if it is what was to be imported.</summary>
    /// <exception cref="TransferException">It is not.</exception>
    public async Task End(ExportSummary expected, IProgress<long>? progress)
    {
        using var writer = new ExportWriter(schema, Stream.Null);
        var found = await database.ReadSnapshot(async session => await writer.Write(session, TalliesBehind.None, ExportPlace.Begin(schema), progress));
        if (found.Hash != expected.Hash)
        {
            var differs = expected.Rows.FirstOrDefault(table => found.Rows[table.Key] != table.Value).Key;
            throw new TransferException(differs is null
                ? "What was imported is not what the export holds: read back, its checksum differs."
                : $"What was imported is not what the export holds: {found.Rows[differs]} rows of {differs} instead of {expected.Rows[differs]}.");
        }
        await database.Write(session => new ValueTask(session.Analyze()));
        await database.Write(async session => await session.Execute(Delete, new { before = _value }));
        await Migrator.Apply(database);
    }
}
