namespace Laurel.Core.Storage;

/// <summary>What a restored database must not share with the one that went on after the backup: clients have seen that one.</summary>
internal static class NewHistory
{
    // More than a ledger on SQLite commits on any machine; 2^46 ids last for twenty years of it.
    private const long IdsPerSecond = 100_000;

    // The largest block that a process takes at once.
    private const long Block = 65_536;

    private const string Revoke = "UPDATE credentials SET revoked_at = $1 WHERE hash = $2 AND revoked_at IS NULL";

    /// <summary>Begins a new history in a database that nobody serves yet.</summary>
    /// <param name="restored">The copy of the backup.</param>
    /// <param name="since">For how long another history may have gone on.</param>
    /// <param name="replaced">The database that is replaced, if it is there and can be read.</param>
    /// <returns>How many keys that were revoked since are revoked again; null where nobody could say.</returns>
    public static async Task<int?> Begin(Database restored, TimeSpan since, Session? replaced)
    {
        var (ids, keys) = replaced is null ? ([], null) : (await Ids(replaced), await RevokedKeys(replaced));
        return await restored.Write(async session =>
        {
            // Its servers are those of another database.
            await session.Execute("UPDATE nodes SET owner = '', leased_until = 0");
            await SkipIds(session, since, ids);
            // The stream's numbers begin anew behind all that were given: see EventNumbering.
            await session.Execute("DELETE FROM stream_heads WHERE node = 0");
            // Who has refreshed a session since would be taken for a thief of it, and who has logged out would be in again.
            await session.Execute("DELETE FROM credentials WHERE kind IN (2, 3)");
            await session.Execute("DELETE FROM signing_keys");
            return keys is null ? (int?)null : await RevokeAgain(session, keys);
        });
    }

    // What was handed out since may have been told to somebody: an id never means two things.
    private static async Task SkipIds(Session session, TimeSpan since, Dictionary<long, long> ids)
    {
        var skipped = Block + (IdsPerSecond * Math.Max(0, (long)since.TotalSeconds + 1));
        foreach (var kind in Enum.GetValues<IdKind>())
        {
            var next = ids.GetValueOrDefault((long)kind);
            await session.Execute("UPDATE counters SET next = max(next + @skipped, @next) WHERE kind = @kind",
                new { skipped, next = IdRange.IsHandedOut(kind, next) ? next : 0, kind = (long)kind });
        }
    }

    private static async Task<int> RevokeAgain(Session session, IReadOnlyList<(string Hash, long At)> keys)
    {
        var revoked = 0;
        foreach (var (hash, at) in keys)
        {
            revoked += await session.Prepare(Revoke).Set(1, at).Set(2, hash).Run();
        }
        return revoked;
    }

    private static async Task<Dictionary<long, long>> Ids(Session replaced)
    {
        try
        {
            return (await replaced.Query<(long Kind, long Next)>("SELECT kind, next FROM counters")).ToDictionary(each => each.Kind, each => each.Next);
        }
        catch (System.Data.Common.DbException)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<(string Hash, long At)>?> RevokedKeys(Session replaced)
    {
        try
        {
            return [.. await replaced.Query<(string, long)>("SELECT hash, revoked_at FROM credentials WHERE kind = 1 AND revoked_at IS NOT NULL")];
        }
        catch (System.Data.Common.DbException)
        {
            // Damaged there: it is replaced for a reason.
            return null;
        }
    }
}
