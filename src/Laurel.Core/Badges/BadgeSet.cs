using Laurel.Core.Issuers;
using Laurel.Core.Storage;

namespace Laurel.Core.Badges;

/// <summary>The badges of some issuers: all there is for a dialect that speaks for those.</summary>
public sealed class BadgeSet
{
    private const string Slice = "SELECT id, issuer_id, created_at, enabled FROM badges WHERE id > $1 ORDER BY id LIMIT $2";

    // A few milliseconds of reading.
    private const int SliceRows = 10_000;

    private readonly Database _database;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly IssuerSet _set;
    private readonly Lock _gate = new();
    private Listing? _listed;
    private Task? _reading;

    internal BadgeSet(Database database, BadgeCatalogue badges, IssuerCatalogue issuers, IssuerSet set) =>
        (_database, _badges, _issuers, _set) = (database, badges, issuers, set);

    /// <summary>The badge of this id; null when there is none, or it is another issuer's.</summary>
    public async ValueTask<Badge?> Find(long id) => await _badges.Find(id) is { } badge && await Holds(badge.IssuerId) ? badge : null;

    /// <summary>A part of the badges by creation, then id, newest first; and how many there are.</summary>
    public async ValueTask<(IReadOnlyList<Badge> Badges, int Total)> Newest(long skip, int limit)
    {
        var ids = (await Listed()).Newest;
        var badges = new List<Badge>(limit);
        for (var i = Math.Min(skip, ids.Length); i < ids.Length && badges.Count < limit; i++)
        {
            if (await Find(ids[i]) is { } badge)
            {
                badges.Add(badge);
            }
        }
        return (badges, ids.Length);
    }

    /// <summary>The ids of those that are enabled, ascending.</summary>
    public async ValueTask<IReadOnlyList<long>> Enabled() => (await Listed()).Enabled;

    private async ValueTask<bool> Holds(long issuerId) => await _issuers.Find(issuerId) is { } issuer && _set.Contains(issuer);

    // Which issuer a badge is of, when it was made and whether it is enabled changes with the badge alone: a listing stands until one
    // changes.
    private async ValueTask<Listing> Listed()
    {
        var wanted = _badges.Version;
        while (true)
        {
            if (Volatile.Read(ref _listed) is { } listed && listed.Version >= wanted)
            {
                return listed;
            }
            Task reading;
            lock (_gate)
            {
                // One for all who wait; who came when it had begun may need the next.
                reading = _reading ??= Task.Run(Read);
            }
            try
            {
                await reading;
            }
            finally
            {
                lock (_gate)
                {
                    _reading = _reading == reading ? null : _reading;
                }
            }
        }
    }

    private async Task Read()
    {
        var version = _badges.Version;
        var found = new List<(long Id, long CreatedAt, bool Enabled)>();
        for (long? from = 0; from is not null;)
        {
            from = await Read(from.Value, found);
        }
        // Found by id.
        long[] enabled = [.. found.Where(each => each.Enabled).Select(each => each.Id)];
        found.Sort((a, b) => (b.CreatedAt, b.Id).CompareTo((a.CreatedAt, a.Id)));
        Volatile.Write(ref _listed, new Listing(version, [.. found.Select(each => each.Id)], enabled));
    }

    private async ValueTask<long?> Read(long after, List<(long Id, long CreatedAt, bool Enabled)> found)
    {
        var rows = await _database.Read(async session =>
        {
            var slice = new List<(long Id, long IssuerId, long CreatedAt, bool Enabled)>();
            var row = session.Prepare(Slice).Set(1, after).Set(2, SliceRows);
            while (await row.Read())
            {
                slice.Add((row.Long(0), row.Long(1), row.Long(2), row.Long(3) != 0));
            }
            return slice;
        });
        foreach (var (id, issuerId, createdAt, enabled) in rows)
        {
            if (await Holds(issuerId))
            {
                found.Add((id, createdAt, enabled));
            }
        }
        return rows.Count < SliceRows ? null : rows[^1].Id;
    }

    private sealed record Listing(long Version, long[] Newest, long[] Enabled);
}
