namespace Laurel.Bench;

/// <summary>A kind of request, drawn over a population; load.lua builds it.</summary>
internal sealed record Load(string Row, Population Population)
{
    /// <summary>For the awards without repetition: the number of the one badge, 0 for all.</summary>
    public int HotBadge { get; init; }

    /// <summary>For the requests listed beforehand: a file with a path per line; for Karaz's list, with a key per line.</summary>
    public string? Paths { get; init; }

    /// <summary>After the user's id, what answers awarded dates. The bare peer has no such route: its list ignores the query.</summary>
    public string DatesPath { get; init; } = "/badges/awarded-dates";

    /// <summary>The header of that name; empty for none.</summary>
    public string Authorization { get; init; } = "";

    /// <summary>For actions: the types of which one is drawn for each.</summary>
    public IReadOnlyList<string> ActionTypes { get; init; } = [];

    /// <summary>For actions: their property "topic" is drawn from 1 to this.</summary>
    public int Topics { get; init; } = 1;

    public IEnumerable<string> Arguments(string prefix, int seed, int threads, bool look) =>
        new (string Key, object Value)[]
        {
            ("row", Row), ("prefix", prefix), ("seed", seed), ("threads", threads), ("look", look ? 1 : 0), ("place", Population.Place),
            ("users", Population.Users), ("first_user", Population.FirstUser), ("user_step", Population.UserStep),
            ("badges", Population.Badges), ("roblox_badges", Population.RobloxBadges ? 1 : 0), ("badge", HotBadge),
            ("holders", Population.Holders), ("each", Population.Each), ("dates", DatesPath), ("file", Paths ?? ""), ("authorization", Authorization),
            ("types", string.Join(',', ActionTypes)), ("topics", Topics),
        }.Select(option => $"{option.Key}={option.Value}");
}
