using System.Diagnostics.CodeAnalysis;
using Laurel.Core.Statistics;

namespace Laurel.Core.Awards;

/// <summary>Pages of users' lists as they were read last, of whoever's is asked for again: a page is good until an award of the user is made
/// or taken back, by whichever process. Before it is shown, this process has taken in all that others had committed when it was asked for.</summary>
/// <param name="tallies">What hears of every batch.</param>
internal sealed class KeptLists(Tallies tallies)
{
    // About, in bytes.
    private const int Capacity = 16 << 20;
    private const int WeightOfPage = 200;
    private const int WeightOfBadge = 24;

    private readonly BoundedCache<Page, Kept> _pages = new(Capacity, weigh: page => WeightOfPage + (WeightOfBadge * page.Badges.Length));

    private readonly record struct Page(long UserId, Position After, bool Ascending, int Limit);

    private sealed record Kept(long Stamp, HeldBadge[] Badges);

    /// <summary>The page as it is now: as it is kept, or else read.</summary>
    /// <exception cref="Storage.StorageUnavailableException">The database cannot be read.</exception>
    public async ValueTask<List<HeldBadge>> Get(
        long userId, Position after, bool ascending, int limit, Func<ValueTask<List<HeldBadge>>> read)
    {
        var page = new Page(userId, after, ascending, limit);
        if (TryFind(page, out _) && await tallies.CatchUp() && TryFind(page, out var kept))
        {
            return [.. kept.Badges];
        }
        var stamp = tallies.Stamps.Of(userId);
        var badges = await read();
        _pages.Evict(page);
        _pages.Add(page, new Kept(stamp, [.. badges]));
        return badges;
    }

    private bool TryFind(Page page, [NotNullWhen(true)] out Kept? kept) =>
        _pages.TryGet(page, out kept) && kept.Stamp == tallies.Stamps.Of(page.UserId);
}
