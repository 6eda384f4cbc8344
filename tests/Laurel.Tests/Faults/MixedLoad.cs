using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Laurel.Tests.Harness;

namespace Laurel.Tests.Faults;

/// <summary>Awards, actions that a rule counts, and reads, all over HTTP, so that any version can be asked. Every answer must be a good
/// one: what is not is kept.</summary>
internal sealed class MixedLoad
{
    private const string Key = "laurel_00000000000000000000000000000002";
    private const int Users = 100;
    private const int Badges = 20;
    private const int RuleBadge = Badges + 1;

    private readonly ConcurrentDictionary<(int User, int Badge), bool> _acknowledged = new();
    private readonly ConcurrentQueue<string> _errors = [];
    private int _next;
    private int _answered;

    /// <summary>Pairs of user and badge that were awarded, or held already.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Requests of all kinds.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>What was not answered as it must be.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>A server that takes this load's key for the administrator's.</summary>
    /// <param name="database">On which.</param>
    /// <param name="executable">By default this version's.</param>
    public static Task<ServerProcess> Serve(TestDatabase database, string? executable = null) => ServerProcess.StartProgram(
        executable ?? ServerProcess.Executable,
        port => ["serve", "--urls", $"http://127.0.0.1:{port}", "--database", database.ConnectionString],
        new Dictionary<string, string?> { ["LAUREL_ADMIN_KEY"] = Key });

    public static async Task Seed(Uri address)
    {
        using var client = Client(address);
        await Put("issuers/1", new { key = "isle", name = "Isle", rootPlaceId = 10 });
        await Put("action-types/Deed", new { });
        for (var badge = 1; badge <= RuleBadge; badge++)
        {
            await Put($"badges/{badge}", new { issuerId = 1, key = $"badge-{badge}", sourceLocale = "en", texts = new { en = new { name = $"Badge {badge}" } }, recurrence = "once" });
        }
        await Parallel.ForEachAsync(Enumerable.Range(1, Users), async (user, _) => await Put($"users/{user}", new { username = $"user{user}" }));
        using var rule = await client.PostAsJsonAsync("/laurel/v1/rules", new { key = "deeds", actions = new[] { "Deed" }, when = new { count = 5 }, badgeId = RuleBadge });
        rule.EnsureSuccessStatusCode();

        async Task Put(string path, object body)
        {
            using var answer = await client.PutAsJsonAsync($"/laurel/v1/{path}", body);
            if (!answer.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
        }
    }

    /// <summary>Goes on until it is told to stop; each request that was begun is answered first.</summary>
    public Task Run(Uri address, CancellationToken stop, int callers = 8) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(() => Call(address, stop), CancellationToken.None)));

    private async Task Call(Uri address, CancellationToken stop)
    {
        using var client = Client(address);
        while (!stop.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _next);
            var (user, badge) = ((int)(1 + (number * 7919L % Users)), 1 + (number / Users % Badges));
            var said = (number % 4) switch
            {
                0 or 1 => await Send(client, HttpMethod.Post, "/laurel/v1/awards", JsonContent.Create(new { userId = user, badgeId = badge })),
                2 => await Send(client, HttpMethod.Post, "/laurel/v1/actions", JsonContent.Create(new { type = "Deed", userId = user })),
                _ => await Send(client, HttpMethod.Get, $"/v1/users/{user}/badges?limit=25"),
            };
            if (said is not null && number % 4 < 2)
            {
                _acknowledged[(user, badge)] = true;
            }
        }
    }

    private async Task<string?> Send(HttpClient client, HttpMethod method, string path, HttpContent? body = null)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = body };
            using var answer = await client.SendAsync(request, CancellationToken.None);
            var said = await answer.Content.ReadAsStringAsync(CancellationToken.None);
            if (answer.IsSuccessStatusCode)
            {
                Interlocked.Increment(ref _answered);
                return said;
            }
            _errors.Enqueue($"{method} {client.BaseAddress}{path[1..]}: {(int)answer.StatusCode} {said}");
        }
        catch (Exception broken) when (broken is HttpRequestException or TaskCanceledException)
        {
            _errors.Enqueue($"{method} {client.BaseAddress}{path[1..]}: {broken.Message}");
        }
        return null;
    }

    /// <summary>Acknowledged awards that the server does not show.</summary>
    public async Task<List<(int User, int Badge)>> Missing(Uri address)
    {
        using var client = Client(address);
        return await AwardLoad.Missing(client, [.. _acknowledged.Keys]);
    }

    private static HttpClient Client(Uri address)
    {
        var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        return client;
    }
}
