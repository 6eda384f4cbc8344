using Laurel.Core.Awards;

namespace Laurel.Core.Storage;

/// <summary>Every row of the outbox unpacks into events that this version knows.</summary>
internal static class OutboxCheck
{
    private const string Rows = """
        SELECT node, sequence, events FROM outbox WHERE (node, sequence) > ($1, $2) ORDER BY node, sequence LIMIT 500
        """;

    public static async Task Run(Examination examination)
    {
        var (node, sequence) = (-1L, -1L);
        while (true)
        {
            var rows = await Read(examination.Database, node, sequence);
            if (rows.Count == 0)
            {
                return;
            }
            foreach (var (ofNode, number, packed) in rows)
            {
                if (TryUnpack(packed) is null)
                {
                    examination.Found(FindingKind.Outbox, $"batch {number} of node {ofNode}", "events", $"{packed.Length} bytes that do not unpack");
                }
            }
            (node, sequence, _) = rows[^1];
        }
    }

    private static ValueTask<List<(long Node, long Sequence, byte[] Events)>> Read(Database database, long node, long sequence) =>
        database.Read(async session =>
        {
            var found = new List<(long, long, byte[])>();
            var rows = session.Prepare(Rows).Set(1, node).Set(2, sequence);
            while (await rows.Read())
            {
                found.Add((rows.Long(0), rows.Long(1), rows.Bytes(2)));
            }
            return found;
        });

    /// <summary>The events, or null.</summary>
    public static List<OutboxEvent>? TryUnpack(byte[] packed)
    {
        try
        {
            var events = Outbox.Unpack(packed);
            return events.TrueForAll(each => Enum.IsDefined(each.Kind)) ? events : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
