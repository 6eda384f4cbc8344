namespace Laurel.Bench;

/// <summary>Gives the naive peer the awards that Laurel has: its own way would take an hour.</summary>
internal static class PeerState
{
    public static async Task Fill(IStore store, Population population, DateTimeOffset until, CancellationToken ct)
    {
        // In the order they would have been awarded, so that its time-ordered keys lie as they would.
        var rows = population.Holdings(until)
            .OrderBy(award => award.At)
            .Select(award => new object?[] { Guid.CreateVersion7(award.At), award.UserId, award.BadgeId, award.At.UtcDateTime });
        await store.Insert("Awards", ["Id", "UserId", "BadgeId", "At"], rows, ct);
        await store.Execute("""UPDATE "Badges" SET "Awarded" = (SELECT count(*) FROM "Awards" WHERE "BadgeId" = "Badges"."Id")""", ct);
    }
}
