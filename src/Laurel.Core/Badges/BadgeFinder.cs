using Laurel.Core.Access;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;

namespace Laurel.Core.Badges;

/// <summary>Which badges somebody looks for: all unless something is said.</summary>
public sealed record BadgeSearch
{
    /// <summary>A part of a name in any language or of the key, in any letter case; or the id.</summary>
    public string? Text { get; init; }

    public long? IssuerId { get; init; }

    public BadgeState? State { get; init; }
}

/// <summary>Looks through the badges' definitions. No index holds parts of names: they are compared here, slice by slice, by what Unicode
/// says of letter case, of which the engines know ASCII's alone.</summary>
internal sealed class BadgeFinder(Database database, BadgeCatalogue badges, IssuerCatalogue issuers, BadgeSearch search, Caller caller)
{
    // A few milliseconds of reading each.
    private const int SliceRows = 5000;
    private const int SlicesPerPage = 8;

    private const string Slice = """
        SELECT slice.id, slice.issuer_id, slice.key, slice.enabled, slice.deleted_at, slice.hidden_until_claimed, badge_texts.name
        FROM (SELECT id, issuer_id, key, enabled, deleted_at, hidden_until_claimed FROM badges WHERE id > $1 ORDER BY id LIMIT $2) AS slice
        JOIN badge_texts ON badge_texts.badge_id = slice.id ORDER BY slice.id
        """;

    private const string SliceOfIssuer = """
        SELECT slice.id, slice.issuer_id, slice.key, slice.enabled, slice.deleted_at, slice.hidden_until_claimed, badge_texts.name
        FROM (SELECT id, issuer_id, key, enabled, deleted_at, hidden_until_claimed FROM badges WHERE issuer_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS slice
        JOIN badge_texts ON badge_texts.badge_id = slice.id ORDER BY slice.id
        """;

    public async ValueTask<(IReadOnlyList<Badge> Badges, long? Next)> Page(long after, int limit)
    {
        var found = new List<Badge>(limit);
        for (var slice = 0; slice < SlicesPerPage; slice++)
        {
            var rows = await Read(after);
            foreach (var row in rows)
            {
                if (!await Matches(row) || await badges.Find(row.Id) is not { } badge)
                {
                    continue;
                }
                if (found.Count == limit)
                {
                    return (found, found[^1].Id);
                }
                found.Add(badge);
            }
            if (rows.Count < SliceRows)
            {
                return (found, null);
            }
            after = rows[^1].Id;
        }
        return (found, after);
    }

    // One of each badge; every badge has a text.
    private ValueTask<List<Row>> Read(long after) => database.Read(async session =>
    {
        var found = new List<Row>();
        var rows = search.IssuerId is { } issuer
            ? session.Prepare(SliceOfIssuer).Set(1, issuer).Set(2, after).Set(3, SliceRows)
            : session.Prepare(Slice).Set(1, after).Set(2, SliceRows);
        while (await rows.Read())
        {
            if (found.Count == 0 || found[^1].Id != rows.Long(0))
            {
                found.Add(new Row(rows.Long(0), rows.Long(1), State(rows.Long(3) != 0, !rows.IsNull(4)), rows.Long(5) != 0, Holds(rows.TextOrNull(2))));
            }
            found[^1].IsNamed |= Holds(rows.Text(6));
        }
        return found;
    });

    private bool Holds(string? text) => search.Text is null || text?.Contains(search.Text, StringComparison.OrdinalIgnoreCase) == true;

    // Who must not see a badge's face does not find it by that either.
    private async ValueTask<bool> Matches(Row row) =>
        (search.State is null || search.State == row.State)
        && (search.Text is null || IssuerRules.DefaultKey(row.Id) == search.Text
            || (row.IsNamed && (!row.Hides || caller.SeesHidden((await issuers.Find(row.IssuerId))!))));

    private static BadgeState State(bool isEnabled, bool isDeleted) =>
        isDeleted ? BadgeState.Deleted : isEnabled ? BadgeState.Enabled : BadgeState.Disabled;

    private sealed record Row(long Id, long IssuerId, BadgeState State, bool Hides, bool IsNamed)
    {
        public bool IsNamed { get; set; } = IsNamed;
    }
}
