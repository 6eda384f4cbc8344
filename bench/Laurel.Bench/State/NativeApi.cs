using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Laurel.Bench;

/// <summary>Laurel's own API, as far as a benchmark needs it: the catalogue is made the way an importer makes it.</summary>
internal sealed class NativeApi : IDisposable
{
    private const int Lanes = 32;
    private readonly HttpClient http;

    public NativeApi(Uri address, string adminKey)
    {
        http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", adminKey);
    }

    /// <summary>One user as creator, one issuer with its root place, and the badges, which anybody may earn once.</summary>
    public async Task Catalogue(Population population, CancellationToken ct)
    {
        await Put($"users/{population.User(1)}", new { username = "creator" }, ct);
        await Put($"issuers/{Population.Issuer}", new
        {
            key = "bench",
            name = "Blox Fruits",
            rootPlaceId = Population.Place,
            creator = new { type = "User", id = population.User(1), name = "creator" },
        }, ct);
        var lanes = new ParallelOptions { MaxDegreeOfParallelism = Lanes, CancellationToken = ct };
        await Parallel.ForEachAsync(Enumerable.Range(1, population.Badges), lanes, async (number, cancel) =>
            await Put($"badges/{population.Badge(number)}", new
            {
                issuerId = Population.Issuer,
                key = $"badge-{number}",
                creator = new { type = "User", id = population.User(1) },
                sourceLocale = "en",
                texts = new { en = new { name = $"Badge {number}", description = $"About badge {number}" } },
                recurrence = "once",
                iconImageId = 9_043_500_281,
            }, cancel));
    }

    /// <summary>Any page, as it stands.</summary>
    public Task<string> Get(string path, CancellationToken ct) => http.GetStringAsync(new Uri(path, UriKind.Relative), ct);

    /// <summary>What the server calls a page as it is; null where there is none.</summary>
    public async Task<string?> EntityTag(string path, CancellationToken ct)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), ct);
        return answer.Headers.ETag?.Tag;
    }

    /// <summary>The answer's JSON.</summary>
    public async Task<JsonNode> Post(string path, object body, CancellationToken ct)
    {
        using var answer = await http.PostAsJsonAsync($"/laurel/v1/{path}", body, ct);
        var said = await answer.Content.ReadAsStringAsync(ct);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(said)! : throw new BenchException($"POST /laurel/v1/{path} answered {(int)answer.StatusCode}: {said}");
    }

    public void Dispose() => http.Dispose();

    public async Task Put(string path, object body, CancellationToken ct)
    {
        using var answer = await http.PutAsJsonAsync($"/laurel/v1/{path}", body, ct);
        if (answer.IsSuccessStatusCode)
            return;
        var said = await answer.Content.ReadAsStringAsync(ct);
        throw new BenchException($"PUT /laurel/v1/{path} answered {(int)answer.StatusCode}: {said}");
    }
}
