using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>Game servers that award without pause, remember what was acknowledged, and later demand to see it.</summary>
internal sealed class AwardLoad
{
    public const int Users = 500;
    public const int Badges = 100;
    private const long Place = 10;

    private readonly ConcurrentDictionary<(int User, int Badge), bool> _acknowledged = new();
    private volatile bool _counts = true;
    private int _next;
    private int _refused;

    /// <summary>Requests answered with 503: nothing is known of them.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>What was answered neither with 200 nor with 403, for who holds it already, nor with 503 in the shape of Roblox's errors.</summary>
    public ConcurrentQueue<string> Odd { get; } = [];

    /// <summary>Awards answered with 200.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Puts the users and badges there, through a core in this process.</summary>
    public static async Task Seed(TestDatabase database)
    {
        await using var laurel = await TestCore.OpenSecond(database);
        await Seed(laurel);
    }

    /// <inheritdoc cref="Seed(TestDatabase)"/>
    public static async Task Seed(TestCore laurel)
    {
        await laurel.Issuer(1);
        for (var badge = 1; badge <= Badges; badge++)
        {
            await laurel.Badge(badge, 1);
        }
        for (var user = 1; user <= Users; user++)
        {
            await laurel.User(user);
        }
    }

    /// <summary>Awards until the server is gone or the token says so; every pair of user and badge is asked for once, in a
    /// scattered order, and again for each tenth answer: retries are part of life.</summary>
    public Task Run(Uri address, CancellationToken stop, int callers = 32) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Call(address, stop)));

    private async Task Call(Uri address, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        while (!stop.IsCancellationRequested && Draw() is { } pair)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/users/{pair.User}/badges/{pair.Badge}/award-badge");
                request.Headers.Add("Roblox-Place-Id", Place.ToString());
                using var answer = await client.SendAsync(request, CancellationToken.None);
                if (answer.StatusCode == HttpStatusCode.OK && _counts)
                {
                    // Acknowledged twice would be doubled.
                    Assert.True(_acknowledged.TryAdd(pair, true), $"{pair} was acknowledged twice.");
                }
                else if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    Interlocked.Increment(ref _refused);
                    await Look(answer, shape: """{"errors":[{"code":""");
                    await Task.Delay(20, CancellationToken.None);
                }
                else if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Forbidden))
                {
                    await Look(answer, shape: "nothing else");
                }
            }
            // The second where the server ends in the very moment of connecting.
            catch (Exception gone) when (gone is HttpRequestException or SocketException)
            {
                return;
            }
        }
    }

    private async Task Look(HttpResponseMessage answer, string shape)
    {
        var body = await answer.Content.ReadAsStringAsync(CancellationToken.None);
        if (!body.StartsWith(shape, StringComparison.Ordinal))
        {
            Odd.Enqueue($"{(int)answer.StatusCode} {body}");
        }
    }

    private (int User, int Badge)? Draw()
    {
        var number = Interlocked.Increment(ref _next);
        // Every tenth is one asked for before, which may have been acknowledged or lost with its server.
        var pair = number % 10 == 0 ? number / 10 : number;
        if (pair > Users * Badges)
        {
            return null;
        }
        // A stride without a common divisor visits every pair once.
        var scattered = (int)((long)pair * 7919 % (Users * Badges));
        return (1 + (scattered % Users), 1 + (scattered / Users));
    }

    /// <summary>From now on an acknowledgement is not held against the server.</summary>
    public void StopCounting() => _counts = false;

    /// <summary>What has been acknowledged by now.</summary>
    public IReadOnlyCollection<(int User, int Badge)> AcknowledgedSoFar() => [.. _acknowledged.Keys];

    /// <summary>Whether there is anything left to award.</summary>
    public bool IsUsedUp => _next >= Users * Badges;

    /// <summary>The acknowledged awards that the server does not show.</summary>
    public Task<List<(int User, int Badge)>> Missing(HttpClient client) => Missing(client, AcknowledgedSoFar());

    /// <summary>Those of the awards that the server does not show.</summary>
    public static async Task<List<(int User, int Badge)>> Missing(HttpClient client, IReadOnlyCollection<(int User, int Badge)> awards)
    {
        var missing = new List<(int, int)>();
        foreach (var user in awards.GroupBy(pair => pair.User))
        {
            var ids = string.Join(',', user.Select(pair => pair.Badge));
            using var answer = await client.GetAsync(new Uri($"/v1/users/{user.Key}/badges/awarded-dates?badgeIds={ids}", UriKind.Relative));
            var body = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}: {body}");
            using var dates = System.Text.Json.JsonDocument.Parse(body);
            var shown = dates.RootElement.GetProperty("data").EnumerateArray().Select(each => each.GetProperty("badgeId").GetInt32()).ToHashSet();
            missing.AddRange(user.Where(pair => !shown.Contains(pair.Badge)));
        }
        return missing;
    }
}
