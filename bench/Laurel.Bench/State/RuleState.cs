namespace Laurel.Bench;

/// <summary>Rules as a benchmark needs them, with action types and badges of their own, and a key that tells actions.</summary>
internal static class RuleState
{
    /// <summary>How the names of the fifty's types begin.</summary>
    public const string Mixed = "mixed";

    private const int SpreadOver = 10;

    // Above the population's badges, which are awarded directly.
    private const long FirstBadge = 1_000_000;
    private const int OwnOfType = 4;
    private const string Once = "once";

    private static readonly object Week = new { every = 1, unit = "week", anchor = "2026-01-05" };
    private static readonly object Day = new { every = 1, unit = "day", anchor = "2026-01-01" };

    // Each condition of docs/rules.md that counts actions. Filters narrow some to half or a tenth of the actions.
    private static readonly Kind[] Kinds =
    [
        new(new { each = true }, "perAction") { Filter = "properties.length > 90" },
        new(new { count = true }, Once) { Filter = "properties.length >= 20", Tiers = [2, 10, 100] },
        new(new { count = 3, within = "PT1H" }, "perAction"),
        new(new { count = 2, per = Week }, Week),
        new(new { distinctSubjects = 3 }, Once),
        new(new { sum = "minutes", reaches = 60 }, Once),
        new(new { firstIn = Day }, Day) { Filter = "properties.minutes > 30 and not properties.length in (1, 2, 3)" },
        new(new { streak = 3, unit = "day" }, "perAction"),
        new(new { streak = 2, unit = "week" }, Once),
        new(new { count = 1 }, "perSubject") { MaximumRecipients = 1_000 },
        new(new { count = 5 }, "always") { Filter = "subject != 'post:1' and properties.topic = 1" },
    ];

    /// <summary>A key of a service that tells actions, as a header.</summary>
    public static async Task<string> Teller(NativeApi api, CancellationToken ct) =>
        $"Bearer {(await api.Post("keys", new { scopes = new[] { "actions:write" } }, ct))["secret"]!.GetValue<string>()}";

    public static async Task<IReadOnlyList<string>> Types(NativeApi api, string name, int types, CancellationToken ct)
    {
        var names = Enumerable.Range(1, types).Select(number => $"{name}-{number}").ToList();
        foreach (var one in names)
            await api.Put($"action-types/{one}", new { }, ct);
        return names;
    }

    /// <summary>Fifty: each type of ten has four of its own and one that it shares with its neighbour; five look at badges that these earn.</summary>
    /// <returns>The types.</returns>
    public static async Task<IReadOnlyList<string>> Fifty(NativeApi api, CancellationToken ct)
    {
        var types = await Types(api, Mixed, SpreadOver, ct);
        var number = 0;
        foreach (var type in types)
        {
            for (var own = 0; own < OwnOfType; own++)
                await Rule(api, ++number, Kinds[number % Kinds.Length], [type], ct);
        }

        for (var pair = 0; pair < SpreadOver; pair += 2)
            await Rule(api, ++number, Kinds[number % Kinds.Length], [types[pair], types[pair + 1]], ct);
        for (var set = 0; set < SpreadOver / 2; set++)
        {
            var earned = Enumerable.Range((set * 2 * OwnOfType) + 1, 2 * OwnOfType).Select(rule => Badge(rule));
            await Rule(api, ++number, new Kind(new { holding = earned, atLeast = 2 }, Once), [], ct);
        }

        return types;
    }

    /// <summary>So many, of all kinds that count, over ten types.</summary>
    public static async Task Others(NativeApi api, int rules, CancellationToken ct)
    {
        var types = await Types(api, "other", SpreadOver, ct);
        for (var number = 1; number <= rules; number++)
            await Rule(api, number, Kinds[number % Kinds.Length], [types[number % types.Count]], ct);
    }

    /// <summary>So many of one type, each of which counts every action of it, or only those of its own topic.</summary>
    /// <returns>The type.</returns>
    public static async Task<string> Of(NativeApi api, string name, int first, int rules, bool byTopic, CancellationToken ct)
    {
        var type = (await Types(api, name, 1, ct))[0];
        for (var topic = 1; topic <= rules; topic++)
        {
            var kind = new Kind(new { count = 10 }, Once) { Filter = byTopic ? $"properties.topic = {topic}" : null };
            await Rule(api, first + topic - 1, kind, [type], ct);
        }

        return type;
    }

    /// <summary>A count with a filter and two tiers.</summary>
    /// <returns>The rule's id.</returns>
    public static async Task<int> Tiered(NativeApi api, string type, CancellationToken ct)
    {
        await Rule(api, 1, new Kind(new { count = true }, Once) { Filter = "properties.length >= 20", Tiers = [5, 9] }, [type], ct);
        return 1;
    }

    private static async Task Rule(NativeApi api, int number, Kind kind, IReadOnlyList<string> types, CancellationToken ct)
    {
        for (var tier = 0; tier < Math.Max(1, kind.Tiers.Length); tier++)
        {
            await api.Put($"badges/{Badge(number, tier)}", new
            {
                issuerId = Population.Issuer,
                texts = new { en = new { name = $"Rule {number}, tier {tier + 1}" } },
                recurrence = kind.Recurrence,
            }, ct);
        }

        await api.Put($"rules/{number}", new
        {
            key = $"rule-{number}",
            actions = types,
            filter = kind.Filter,
            when = kind.When,
            badgeId = kind.Tiers.Length == 0 ? Badge(number) : (long?)null,
            tiers = kind.Tiers.Length == 0 ? null : kind.Tiers.Select((at, tier) => new { badgeId = Badge(number, tier), at }),
            maximumRecipients = kind.MaximumRecipients,
        }, ct);
    }

    private static long Badge(int rule, int tier = 0) => FirstBadge + (rule * 10) + tier;

    /// <param name="When">The condition.</param>
    /// <param name="Recurrence">Of the badges that it earns.</param>
    private sealed record Kind(object When, object Recurrence)
    {
        public string? Filter { get; init; }

        public int[] Tiers { get; init; } = [];

        public int? MaximumRecipients { get; init; }
    }
}
