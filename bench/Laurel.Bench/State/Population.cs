namespace Laurel.Bench;

/// <summary>Who and what a state consists of: users and badges numbered from 1, and the ids they have.
/// load.lua computes the same ids.</summary>
internal sealed record Population(int Users, int Badges)
{
    public const long Issuer = 994_732_206;
    public const long Place = 2_753_915_549;

    public long FirstUser { get; init; } = 1;

    public long UserStep { get; init; } = 1;

    /// <summary>Ids of ten and of sixteen digits, half and half, as Roblox's badges have.</summary>
    public bool RobloxBadges { get; init; }

    /// <summary>How many users hold badges from the start, spread evenly over all users.</summary>
    public int Holders { get; init; }

    /// <summary>How many badges each of them holds.</summary>
    public int Each { get; init; }

    /// <summary>So many awards, twenty a user, of two hundred badges.</summary>
    public static Population Of(int awards)
    {
        const int each = 20;
        return new Population(Math.Max(1, awards / each), 200) { Holders = Math.Max(1, awards / each), Each = each };
    }

    public long User(int number) => FirstUser + ((number - 1) * UserStep);

    public long Badge(int number) => RobloxBadges ? (number % 2 == 0 ? 2_124_455_667_788_000 : 2_124_000_000) + number : number;

    public long Holder(int number) => User(number * (Users / Holders));

    /// <summary>What the holders hold, user by user, awarded at even intervals over the 90 days before a time.</summary>
    public IEnumerable<PlannedAward> Holdings(DateTimeOffset until)
    {
        var interval = TimeSpan.FromDays(90) / ((double)Holders * Each);
        for (var holder = 1; holder <= Holders; holder++)
        {
            for (var nth = 0; nth < Each; nth++)
            {
                var badge = ((holder + (nth * (Badges / Each))) % Badges) + 1;
                var age = interval * (((double)(Each - nth) * Holders) - holder);
                yield return new PlannedAward(Holder(holder), Badge(badge), until - age);
            }
        }
    }

    public override string ToString() => $"{Users:N0} users, {Badges:N0} badges, {Holders * Each:N0} awards";
}

internal readonly record struct PlannedAward(long UserId, long BadgeId, DateTimeOffset At);
