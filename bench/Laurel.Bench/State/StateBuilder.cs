namespace Laurel.Bench;

/// <summary>Fills a stopped Laurel's database by the million, straight into its tables. The only place here that knows the schema;
/// `laurel doctor` checks afterwards that what was built is what the server would have written.</summary>
internal sealed class StateBuilder(IStore store)
{
    // Codes and slots as the schema has them; a period of actions is thirty days.
    private const long ActionPeriod = 2_592_000_000_000;
    private const short RecursOnce = 0;
    private const short CreatedByUser = 0;
    private const short CommonRarity = 1;
    private const short ImportedAward = 7;
    private const short AwardByRule = 6;
    private const short Node = 0;
    private const short InTotal = 0;
    private const short PerDay = 1;
    private const short PerFiveMinutes = 2;

    // Five-minute counts are kept for 48 hours; the one in which that time ends is whole.
    private static readonly TimeSpan KeptByFiveMinutes = TimeSpan.FromHours(48) + TimeSpan.FromMinutes(5);

    /// <summary>All users but the first, who came with the catalogue.</summary>
    public Task Users(Population population, DateTimeOffset now, CancellationToken ct) => Users(population, 1, now, ct);

    /// <summary>All users but the first so many.</summary>
    public Task Users(Population population, int there, DateTimeOffset now, CancellationToken ct) => store.Insert(
        "users",
        ["id", "is_verified", "followers_count", "created_at", "updated_at"],
        Enumerable.Range(there + 1, population.Users - there)
            .Select(number => new object?[] { population.User(number), (short)0, 0L, Micros(now), Micros(now) }),
        ct);

    /// <summary>An action of every user, with the user's number.</summary>
    public async Task Actions(Population population, DateTimeOffset now, CancellationToken ct)
    {
        var at = Micros(now);
        await store.Insert(
            "action_ids", ["id", "user_id", "occurred_at"],
            Enumerable.Range(1, population.Users).Select(number => new object?[] { (long)number, population.User(number), at }), ct);
        await store.Insert(
            "user_actions",
            ["period", "user_id", "occurred_at", "id", "role", "actor_id", "type", "subject", "recorded_at", "counted"],
            Enumerable.Range(1, population.Users).Select(number => new object?[]
            {
                at / ActionPeriod, population.User(number), at, (long)number, (short)1, population.User(number), DialectState.ActionType,
                $"node:{number}", at, (short)1,
            }),
            ct);
    }

    /// <summary>So many actions of every user, at even intervals over the 90 days before a time, each with a length from 1 to 100.</summary>
    public async Task History(Population population, int each, string type, DateTimeOffset until, CancellationToken ct)
    {
        var (last, interval) = (Micros(until), (long)(TimeSpan.FromDays(90) / each).TotalMicroseconds);
        var users = Enumerable.Range(1, population.Users);
        await store.Insert(
            "action_ids", ["id", "user_id", "occurred_at"],
            from number in users from nth in Enumerable.Range(0, each) select new object?[] { Id(number, nth), population.User(number), At(number, nth) }, ct);
        // In key order: period by period, and in each user by user.
        var periods = Enumerable.Range((int)(At(population.Users, 0) / ActionPeriod), 5).Select(period => (long)period);
        await store.Insert(
            "user_actions",
            ["period", "user_id", "occurred_at", "id", "role", "actor_id", "type", "subject", "properties", "recorded_at", "counted"],
            from period in periods
            from number in users
            from nth in Enumerable.Range(0, each)
            let at = At(number, nth)
            where at / ActionPeriod == period
            select new object?[]
            {
                period, population.User(number), at, Id(number, nth), (short)1, population.User(number), type, $"post:{nth}",
                $$"""{"length":{{(((number * 7L) + (nth * 13)) % 100) + 1}}}""", at, (short)1,
            },
            ct);

        long Id(int number, int nth) => ((number - 1L) * each) + nth + 1;

        // No two users at the same time.
        long At(int number, int nth) => last - ((each - nth) * interval) - number;
    }

    /// <summary>How many actions are recorded, how many of them of types that begin so, and how many awards rules have made.</summary>
    public async Task<(long Actions, long OfTypes, long Awards)> Recorded(string types, CancellationToken ct) => (
        await store.Number("SELECT count(*) FROM user_actions", ct),
        await store.Number($"SELECT count(*) FROM user_actions WHERE type LIKE '{types}%'", ct),
        await store.Number($"SELECT count(*) FROM awards WHERE source = {AwardByRule}", ct));

    /// <summary>Badges from a number on; those before it came with the catalogue.</summary>
    public async Task Badges(Population population, int first, DateTimeOffset now, CancellationToken ct)
    {
        var numbers = Enumerable.Range(first, population.Badges - first + 1);
        await store.Insert(
            "badges",
            [
                "id", "issuer_id", "key", "enabled", "creator_type", "creator_id", "source_locale",
                "recurrence", "period_every", "period_unit", "recurrence_version", "awarded", "recognises",
                "icon_image_id", "award_asset_ids", "rarity", "level", "cost", "claimable", "hidden_until_claimed",
                "uid", "is_active", "created_at", "updated_at",
            ],
            numbers.Select(number => new object?[]
            {
                population.Badge(number), Population.Issuer, $"badge-{number}", (short)1, CreatedByUser, population.User(1), "en",
                RecursOnce, 0L, (short)0, 0L, (short)0, "[]",
                9_043_500_281, "[]", CommonRarity, (short)0, 0L, (short)0, (short)0,
                $"00000000-0000-0000-0000-{number:x12}", (short)1, Micros(now), Micros(now),
            }),
            ct);
        await store.Insert(
            "badge_texts",
            ["badge_id", "locale", "name", "description", "icon_image_id"],
            numbers.Select(number => new object?[] { population.Badge(number), "en", $"Badge {number}", $"About badge {number}", 0L }),
            ct);
    }

    /// <summary>What the population holds, with the tallies that makes.</summary>
    public async Task Awards(Population population, DateTimeOffset now, CancellationToken ct)
    {
        if (population.Holders == 0)
            return;
        var tallies = new Dictionary<(short Span, long Start, long Badge), long>();
        var id = 0L;
        // On SQLite a user with many is listed by the first read.
        var listed = (short)(store.Engine == Engine.PostgreSql ? 1 : 0);
        await store.Insert(
            "awards",
            ["user_id", "badge_id", "occasion", "id", "awarded_at", "source", "listed"],
            population.Holdings(now).Select(award =>
            {
                Tally(award);
                return new object?[] { award.UserId, award.BadgeId, "", ++id, Micros(award.At), ImportedAward, listed };
            }),
            ct);
        await store.Insert(
            "badge_tallies",
            ["span", "start", "badge_id", "node", "awarded"],
            tallies.OrderBy(tally => tally.Key)
                .Select(tally => new object?[] { tally.Key.Span, tally.Key.Start, tally.Key.Badge, Node, tally.Value }),
            ct);
        await store.Execute("UPDATE badges SET awarded = 1 WHERE id IN (SELECT badge_id FROM badge_tallies)", ct);

        void Tally(PlannedAward award)
        {
            Count((InTotal, 0, award.BadgeId));
            Count((PerDay, NumberOf(TimeSpan.FromDays(1), award.At), award.BadgeId));
            if (now - award.At < KeptByFiveMinutes)
                Count((PerFiveMinutes, NumberOf(TimeSpan.FromMinutes(5), award.At), award.BadgeId));
        }

        void Count((short, long, long) tally) => tallies[tally] = tallies.GetValueOrDefault(tally) + 1;
    }

    private static long Micros(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    // Days and five-minute spans are numbered from 1970.
    private static long NumberOf(TimeSpan unit, DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / unit.Ticks;
}
