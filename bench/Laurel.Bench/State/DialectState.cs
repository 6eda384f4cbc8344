namespace Laurel.Bench;

/// <summary>What the dialects' requests need: a site whose award types recognise an action type, an app with weekly badges in two
/// languages, and readers who hold some of them.</summary>
internal static class DialectState
{
    public const int Badges = 20;
    public const long Site = 2;
    public const long App = 3;
    public const string ActionType = "Did";

    // Award types are numbered from 1, as the load draws them; the app's badges lie above.
    private const int FirstOfApp = 1_000;
    private const long Awarder = 9_000_000_000;

    /// <summary>Makes it all, and answers a key for each reader.</summary>
    public static async Task<IReadOnlyList<string>> Make(NativeApi api, int readers, string login, CancellationToken ct)
    {
        var (name, password) = (login.Split(':')[0], login.Split(':')[1]);
        await api.Put($"issuers/{Site}", new { key = "site", name = "Site" }, ct);
        await api.Put($"issuers/{App}", new { key = "app", name = "App", timeZone = "Asia/Riyadh" }, ct);
        await api.Put($"action-types/{ActionType}", new { }, ct);
        await api.Put($"users/{Awarder}", new { username = name, password, permissions = new[] { "award-bonus-reputation" } }, ct);
        foreach (var number in Enumerable.Range(1, Badges))
        {
            await api.Put($"badges/{number}", new
            {
                issuerId = Site,
                texts = new { en = new { name = $"Type {number}" } },
                recurrence = "perAction",
                recognises = new[] { ActionType },
            }, ct);
            await api.Put($"badges/{FirstOfApp + number}", new
            {
                issuerId = App,
                texts = new
                {
                    en = new { name = $"Badge {number}", description = $"About badge {number}" },
                    ar = new { name = $"شارة {number}", description = $"وصف الشارة {number}" },
                },
                recurrence = new { every = 1, unit = "week", anchor = "2023-03-17" },
            }, ct);
        }

        var keys = new string[readers];
        await Parallel.ForEachAsync(Enumerable.Range(1, readers), new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = ct }, async (reader, cancel) =>
        {
            await api.Put($"users/{reader}", new { }, cancel);
            keys[reader - 1] = (await api.Post("keys", new { userId = reader }, cancel))["secret"]!.GetValue<string>();
            await api.Post("awards/batch", Enumerable.Range(1, Badges).SelectMany(number => new[] { "2023-03-17T09:00:00Z", "2023-03-24T09:00:00Z" }
                .Select(at => new { userId = reader, badgeId = FirstOfApp + number, awardedAt = at })), cancel);
        });
        return keys;
    }
}
