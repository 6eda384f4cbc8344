namespace Laurel.Core.Storage;

/// <summary>Every counter is ahead of what was handed out from it. Last of the checks, and counters are read after ids: they only
/// grow, so what runs meanwhile cannot make a difference.</summary>
internal static class CounterCheck
{
    private const string Next = "SELECT next FROM counters WHERE kind = @kind";

    private const string LastRevision = "SELECT coalesce(max(revision), 0) FROM changes";

    public static async Task Run(Examination examination)
    {
        var database = examination.Database;
        foreach (var kind in Enum.GetValues<IdKind>())
        {
            var largest = kind switch
            {
                IdKind.Issuer => await Largest(database, "issuers", kind),
                IdKind.Place => await Largest(database, "places", kind),
                IdKind.Badge => await Largest(database, "badges", kind),
                IdKind.User => await Largest(database, "users", kind),
                // No index leads from an award's id; the ledger's walk has seen them all.
                IdKind.Award => examination.LargestAwardId,
                IdKind.Key => await Largest(database, "credentials", kind),
                IdKind.Action => await Largest(database, "action_ids", kind),
                IdKind.Rule => await Largest(database, "rules", kind),
                IdKind.Backfill => await Largest(database, "rule_backfills", kind),
            };
            await Compare(examination, (long)kind, $"ids of kind {kind.ToString().ToLowerInvariant()}", largest);
        }
        await Compare(examination, 0, "revisions", await database.Read(async session => await session.QueryFirst<long>(LastRevision)));
    }

    private static ValueTask<long> Largest(Database database, string table, IdKind kind)
    {
        var (first, end) = IdRange.HandedOut(kind);
        return database.Read(async session => await session.QueryFirst<long>(
            $"SELECT coalesce(max(id), 0) FROM {table} WHERE id >= @first AND id < @end", new { first, end }));
    }

    private static async Task Compare(Examination examination, long kind, string what, long largest)
    {
        var next = await examination.Database.Read(async session => await session.QueryFirst<long?>(Next, new { kind }));
        if (next is null || next <= largest)
        {
            examination.Found(FindingKind.Counter, what, $"a next one above {largest}", next?.ToString() ?? "no counter");
        }
    }
}
