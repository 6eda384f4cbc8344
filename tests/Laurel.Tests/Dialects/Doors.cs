using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;

namespace Laurel.Tests.Dialects;

/// <summary>What one API tells of a user's awards of one badge. Null members are what it does not tell.</summary>
internal sealed record Told(int Count, IReadOnlyList<DateTime>? Times, string? Name);

/// <summary>A user whose awards are looked at, and the key they read with.</summary>
internal sealed record Person(long Id, string Key);

/// <summary>One API, as its clients use it.</summary>
internal interface IDoor
{
    string Name { get; }

    /// <summary>Asks for the award of the n-th occasion: subject <c>node:n</c>, action 1000·user + n. Null where the API has no words for
    /// it; otherwise the answer.</summary>
    Task<Answer?> Award(Matrix world, Person user, Matrix.Badge badge, int occasion) => Task.FromResult<Answer?>(null);

    /// <summary>What it tells; null where the API has no words for it.</summary>
    Task<Told?> Look(Matrix world, Person user, Matrix.Badge badge);

    /// <summary>Removes all of the user's awards of the badge; false where the API has no words for it.</summary>
    Task<bool> Remove(Matrix world, Person user, Matrix.Badge badge) => Task.FromResult(false);
}

/// <summary>A server with one issuer and a badge of every recurrence.</summary>
internal sealed class Matrix : IAsyncDisposable
{
    public const int Place = 1000;
    public const string Collection = "isle";
    public const string Login = "answerhub:test123";

    /// <summary>A badge of the world; its key is its recurrence's name.</summary>
    internal sealed record Badge(long Id, string Key, string Recurrence)
    {
        public string EnglishName => $"The {Key}";

        public string ArabicName => $"شارة {Key}";
    }

    public static IReadOnlyList<Badge> Badges { get; } =
    [
        new(7, "once", "\"once\""),
        new(8, "subject", "\"perSubject\""),
        new(9, "action", "\"perAction\""),
        new(10, "week", """{"every":1,"unit":"week","anchor":"2023-03-17"}"""),
        new(11, "always", "\"always\""),
    ];

    private long _next = 5_000;

    private Matrix(TestServer laurel, ManualTime time) => (Laurel, Time) = (laurel, time);

    public TestServer Laurel { get; }

    public ManualTime Time { get; }

    /// <param name="engine">The database's.</param>
    /// <param name="now">By default 2023-05-01T12:00Z.</param>
    public static async Task<Matrix> Start(Engine engine, DateTimeOffset? now = null)
    {
        var time = new ManualTime(now ?? new DateTimeOffset(2023, 5, 1, 12, 0, 0, TimeSpan.Zero));
        var world = new Matrix(await TestServer.Start(engine, time), time);
        var laurel = world.Laurel;
        (await laurel.Put($"{NativeWorld.Root}/users/1", "{}")).Is(201);
        (await laurel.Put($"{NativeWorld.Root}/users/2",
            """{"username":"answerhub","password":"test123","permissions":["award-bonus-reputation"]}""")).Is(201);
        (await laurel.Put($"{NativeWorld.Root}/issuers/100",
            $$"""{"key":"{{Collection}}","name":"Isle","rootPlaceId":{{Place}},"creator":{"type":"User","id":1} }""")).Is(201);
        (await laurel.Put($"{NativeWorld.Root}/action-types/Did", "{}")).Is(201);
        foreach (var badge in Badges)
        {
            (await laurel.Put($"{NativeWorld.Root}/badges/{badge.Id}", $$"""
                {"issuerId":100,"key":"{{badge.Key}}","recurrence":{{badge.Recurrence}},"recognises":["Did"],
                 "texts":{"en":{"name":"{{badge.EnglishName}}","description":"About"},"ar":{"name":"{{badge.ArabicName}}","description":"عن"} } }
                """)).Is(201);
        }
        return world;
    }

    public async Task<Person> NewPerson()
    {
        var id = Interlocked.Increment(ref _next);
        (await Laurel.Put($"{NativeWorld.Root}/users/{id}", "{}")).Is(201);
        return new Person(id, await Laurel.Key(id, null));
    }

    public static string Subject(int occasion) => $"node:{occasion}";

    /// <summary>The action of an occasion, recorded.</summary>
    public async Task<long> Action(Person user, int occasion)
    {
        var id = (1000 * user.Id) + occasion;
        var answer = await Laurel.Post($"{NativeWorld.Root}/actions", $$"""
            {"id":{{id}},"type":"Did","userId":{{user.Id}},"subject":"{{Subject(occasion)}}","occurredAt":"2023-05-01T00:00:00Z"}
            """);
        return (int)answer.Status is 200 or 201 ? id : throw new InvalidOperationException(answer.Body);
    }

    /// <summary>The ids of the user's awards of the badge, by time.</summary>
    public async Task<IReadOnlyList<long>> AwardIds(Person user, Badge badge) =>
        [.. from item in (await Laurel.Get($"{NativeWorld.Root}/users/{user.Id}/awards?limit=1000")).Is(200).Json["items"]!.AsArray()
            where item!["badgeId"]!.GetValue<long>() == badge.Id
            select item!["id"]!.GetValue<long>()];

    public ValueTask DisposeAsync() => Laurel.DisposeAsync();
}

/// <summary>Every API, and what each makes of an award.</summary>
internal static class Doors
{
    public static IReadOnlyList<IDoor> All { get; } =
        [new NativeDoor(), new RobloxDoor(), new AnswerHubDoor(), new PerfumerDoor(), new KarazDoor(), new AISquareDoor()];

    private static DateTime Utc(string text, string format) =>
        DateTime.ParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    private static DateTime Utc(JsonNode node) =>
        DateTimeOffset.Parse(node.GetValue<string>(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).UtcDateTime;

    private sealed class NativeDoor : IDoor
    {
        public string Name => "native";

        public async Task<Answer?> Award(Matrix world, Person user, Matrix.Badge badge, int occasion) => await world.Laurel.Post(
            $"{NativeWorld.Root}/awards", $$"""
            {"userId":{{user.Id}},"badgeId":{{badge.Id}},"subject":"{{Matrix.Subject(occasion)}}","actionId":{{await world.Action(user, occasion)}}}
            """);

        public async Task<Told?> Look(Matrix world, Person user, Matrix.Badge badge)
        {
            var items = (await world.Laurel.Get($"{NativeWorld.Root}/users/{user.Id}/awards?limit=1000", user.Key)).Is(200).Json["items"]!.AsArray()
                .Where(item => item!["badgeId"]!.GetValue<long>() == badge.Id).ToList();
            return new Told(items.Count, [.. items.Select(item => Utc(item!["awardedAt"]!))], null);
        }

        public async Task<bool> Remove(Matrix world, Person user, Matrix.Badge badge)
        {
            foreach (var id in await world.AwardIds(user, badge))
            {
                (await world.Laurel.Delete($"{NativeWorld.Root}/users/{user.Id}/awards/{id}", user.Key)).Is(204);
            }
            return true;
        }
    }

    private sealed class RobloxDoor : IDoor
    {
        public string Name => "Roblox";

        public async Task<Answer?> Award(Matrix world, Person user, Matrix.Badge badge, int occasion) => await world.Laurel.Send(
            HttpMethod.Post, $"/v1/users/{user.Id}/badges/{badge.Id}/award-badge", (string?)null, null, ("Roblox-Place-Id", $"{Matrix.Place}"));

        // Shown once, dated by the earliest.
        public async Task<Told?> Look(Matrix world, Person user, Matrix.Badge badge)
        {
            var dates = (await world.Laurel.Get($"/v1/users/{user.Id}/badges/awarded-dates?badgeIds={badge.Id}", null)).Is(200).Json["data"]!.AsArray();
            var listed = (await world.Laurel.Send(HttpMethod.Get, $"/v1/users/{user.Id}/badges?limit=100", (string?)null, null, ("Accept-Language", "ar")))
                .Is(200).Json["data"]!.AsArray().Where(item => item!["id"]!.GetValue<long>() == badge.Id).ToList();
            Xunit.Assert.Equal(dates.Count, listed.Count);
            return new Told(dates.Count, [.. dates.Select(date => Utc(date!["awardedDate"]!))], listed.Count == 0 ? null : listed[0]!["displayName"]!.GetValue<string>());
        }

        public async Task<bool> Remove(Matrix world, Person user, Matrix.Badge badge)
        {
            (await world.Laurel.Delete($"/v1/user/badges/{badge.Id}", user.Key)).Is(200);
            return true;
        }
    }

    private sealed class AnswerHubDoor : IDoor
    {
        public string Name => "AnswerHub";

        public async Task<Answer?> Award(Matrix world, Person user, Matrix.Badge badge, int occasion)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/services/v2/award/{badge.Id}/action/{await world.Action(user, occasion)}.json");
            var login = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(Matrix.Login)));
            return await world.Laurel.Send(HttpMethod.Post, request.RequestUri!.ToString(), (string?)null, null, ("Authorization", login.ToString()));
        }

        public async Task<Told?> Look(Matrix world, Person user, Matrix.Badge badge)
        {
            var item = (await world.Laurel.Get($"/services/v2/user/{user.Id}/award.json", null)).Is(200).Json["list"]!.AsArray()
                .SingleOrDefault(each => each!["id"]!.GetValue<long>() == badge.Id);
            return item is null
                ? new Told(0, null, null)
                : new Told(item["count"]!.GetValue<int>(), null, item["name"]!.GetValue<string>());
        }
    }

    private sealed class PerfumerDoor : IDoor
    {
        public string Name => "Perfumer";

        public async Task<Answer?> Award(Matrix world, Person user, Matrix.Badge badge, int occasion) => badge.Key == "action"
            ? null
            : await world.Laurel.Send(HttpMethod.Post, "/badge", $$"""
                {"collection":"{{Matrix.Collection}}","user":"{{user.Id}}","name":"{{badge.Key}}/{{Matrix.Subject(occasion)}}"}
                """, null);

        public async Task<Told?> Look(Matrix world, Person user, Matrix.Badge badge)
        {
            var query = $"collection={Matrix.Collection}&user={user.Id}";
            var badges = (await world.Laurel.Get($"/badges?{query}&name={badge.Key}", null)).Is(200).Json["content"]!["badges"]!.AsArray();
            var counters = (await world.Laurel.Get($"/counters?{query}&names={badge.Key}", null)).Is(200).Json["content"]!["counters"]!;
            Xunit.Assert.Equal(badges.Count, counters[badge.Key]!.GetValue<int>());
            // Newest first here, oldest first elsewhere.
            return new Told(badges.Count, [.. badges.Reverse().Select(item => Utc(item!["created_at"]!.GetValue<string>(), "yyyy-MM-dd HH:mm:ss"))], null);
        }

        public async Task<bool> Remove(Matrix world, Person user, Matrix.Badge badge)
        {
            (await world.Laurel.Delete($"/badges?collection={Matrix.Collection}&user={user.Id}&name={badge.Key}", null)).Is(200);
            return true;
        }
    }

    private sealed class KarazDoor : IDoor
    {
        public string Name => "Karaz";

        public async Task<Told?> Look(Matrix world, Person user, Matrix.Badge badge)
        {
            var all = (await world.Laurel.Get("/v2/Users/BadgesList", user.Key)).Is(200).Json["data"]!.AsArray()
                .Single(item => item!["badge_id"]!.GetValue<long>() == badge.Id)!;
            var held = (await world.Laurel.Get("/v2/Users/Badges", user.Key)).Is(200).Json["data"]!.AsArray()
                .SingleOrDefault(item => item!["badge_id"]!.GetValue<long>() == badge.Id);
            var times = all["all_achievement_times"]!.AsArray();
            Xunit.Assert.Equal(times.Count, held?["all_achievement_times"]!.AsArray().Count ?? 0);
            Xunit.Assert.Equal(times.Count, all["badge_count"]!.GetValue<int>());
            return new Told(times.Count, [.. times.Select(time => Utc(time!.GetValue<string>(), "yyyy-MM-dd HH:mm:ss"))], all["badge_name_a"]!.GetValue<string>());
        }
    }

    private sealed class AISquareDoor : IDoor
    {
        public string Name => "AISquare";

        // It speaks of one reward at a time, so it is asked for each.
        public async Task<Told?> Look(Matrix world, Person user, Matrix.Badge badge)
        {
            var told = new List<(DateTime At, string Name)>();
            foreach (var id in await world.AwardIds(user, badge))
            {
                var reward = (await world.Laurel.Send(HttpMethod.Patch, $"/api/v1/rewards/{id}/badge/", """{"is_badged":false}""", user.Key)).Is(200).Json;
                Xunit.Assert.Equal(id, reward["id"]!.GetValue<long>());
                Xunit.Assert.Equal(user.Id, reward["user"]!["id"]!.GetValue<long>());
                Xunit.Assert.Equal(badge.Id, reward["reward"]!["id"]!.GetValue<long>());
                told.Add((Utc(reward["created_at"]!), reward["reward"]!["name"]!.GetValue<string>()));
            }
            return new Told(told.Count, [.. told.Select(each => each.At)], told.Count == 0 ? null : told[0].Name);
        }
    }
}
