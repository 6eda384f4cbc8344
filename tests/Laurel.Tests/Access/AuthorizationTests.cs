using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Laurel.Tests.Access;

/// <summary>Who may call what: every route of every dialect by everybody, against the table authorization.txt, which was written by
/// hand from the contracts.</summary>
public sealed partial class AuthorizationTests
{
    private static readonly string[] Callers =
        ["anonymous", "other user", "owner", "manager", "administrator", "expired key", "revoked key", "wrong scope", "two credentials"];

    [Fact]
    public async Task Every_route_answers_everybody_as_the_table_says()
    {
        await using var world = await World.Start();
        var wrong = new List<string>();
        foreach (var row in Rows())
        {
            for (var column = 0; column < Callers.Length; column++)
            {
                var status = await world.Call(row, Callers[column]);
                if (status != row.Statuses[column])
                {
                    wrong.Add($"{row.Method} {row.Template} by {Callers[column]}: {status} instead of {row.Statuses[column]}");
                }
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task Every_route_has_a_row_and_every_row_a_route()
    {
        await using var laurel = await TestServer.Start();
        var routes = from endpoint in laurel.Endpoints.OfType<RouteEndpoint>()
                     where endpoint.Metadata.GetMetadata<IEndpointGroupNameMetadata>() is not null
                     from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
                     select $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}";
        Assert.Equal(routes.Distinct().Order(StringComparer.Ordinal), Rows().Select(row => $"{row.Method} /{row.Template.Trim('/')}").Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<Row> Rows() =>
        from line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Access", "authorization.txt"))
        where line.Trim().Length > 0 && line[0] != '#'
        select Row.Parse(line);

    /// <summary>A line: method, route, then <c>name=value</c> for its parameters and <c>Name:value</c> for headers | body | statuses.</summary>
    private sealed record Row(
        string Method, string Template, IReadOnlyDictionary<string, string> Parameters, IReadOnlyList<(string Name, string Value)> Headers,
        string? Body, IReadOnlyList<int> Statuses)
    {
        public static Row Parse(string line)
        {
            var parts = line.Split(" | ", StringSplitOptions.TrimEntries);
            Assert.True(parts.Length == 3, line);
            var words = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var statuses = parts[2].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToList();
            Assert.True(statuses.Count == Callers.Length, line);
            return new Row(
                words[0], words[1],
                words[2..].Where(word => word.Contains('=')).Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]),
                [.. words[2..].Where(word => !word.Contains('=')).Select(word => (word[..word.IndexOf(':')], word[(word.IndexOf(':') + 1)..]))],
                parts[1] == "-" ? null : parts[1],
                statuses);
        }
    }

    /// <summary>Issuer 100 with its place and badges, and for every call an owner of its own, so that no call meets another's work.</summary>
    private sealed partial class World(TestServer laurel) : IAsyncDisposable
    {
        private const int Other = 5;
        private const int Administrator = 6;

        // One transparent pixel.
        private const string Png =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

        private int _next = 1_000;
        private readonly Dictionary<string, string> _keys = [];

        public static async Task<World> Start()
        {
            var time = new ManualTime();
            var laurel = await TestServer.Start(time: time, with: options => options with { OpenDialects = false });
            var world = new World(laurel);
            (await laurel.Put($"{NativeWorld.Root}/users/1", "{}")).Is(201);
            (await laurel.Put($"{NativeWorld.Root}/users/{Other}", "{}")).Is(201);
            (await laurel.Put($"{NativeWorld.Root}/users/{Administrator}", """{"permissions":["administrator"]}""")).Is(201);
            (await laurel.Put($"{NativeWorld.Root}/issuers/100", """{"key":"isle","name":"Isle","rootPlaceId":1000,"creator":{"type":"User","id":1}}""")).Is(201);
            (await laurel.Put($"{NativeWorld.Root}/action-types/Did", "{}")).Is(201);
            await laurel.Badge(7, more: ",\"key\":\"seven\",\"recognises\":[\"Did\"]");
            await laurel.Badge(12, more: ",\"claimable\":true");
            (await laurel.Put($"{NativeWorld.Root}/rules/3", """{"key":"three","enabled":false,"actions":["Did"],"when":{"each":true},"badgeId":7}""")).Is(201);
            world._keys["other user"] = await laurel.Key(Other, null);
            world._keys["manager"] = await laurel.Key(1, null);
            world._keys["administrator"] = world._keys["two credentials"] = await laurel.Key(Administrator, null);
            var soon = time.GetUtcNow().AddMinutes(1).ToString("O", CultureInfo.InvariantCulture).Replace("+00:00", "Z", StringComparison.Ordinal);
            world._keys["expired key"] = (await laurel.Post($"{NativeWorld.Root}/keys", $$"""{"userId":{{Administrator}},"expiresAt":"{{soon[..19]}}Z"}""")).Is(201).Text("secret")!;
            var revoked = (await laurel.Post($"{NativeWorld.Root}/keys", $$"""{"userId":{{Administrator}}}""")).Is(201);
            (await laurel.Delete($"{NativeWorld.Root}/keys/{revoked.Json["id"]}")).Is(204);
            world._keys["revoked key"] = revoked.Text("secret")!;
            time.Advance(TimeSpan.FromHours(1));
            return world;
        }

        public async Task<int> Call(Row row, string caller)
        {
            var owner = _next++;
            (await laurel.Put($"{NativeWorld.Root}/users/{owner}", "{}")).Is(201);
            var words = new Dictionary<string, string> { ["owner"] = $"{owner}", ["new"] = $"{_next++}", ["scope"] = "points:write" };
            foreach (var (name, value) in row.Parameters.Where(parameter => parameter.Key == "scope"))
            {
                words[name] = value;
            }
            var path = await Fill(Parameter().Replace(row.Template, match => row.Parameters.TryGetValue(match.Groups["name"].Value, out var value)
                ? value[0] == '\'' ? value[1..] : char.IsAsciiLetter(value[0]) ? $"{{{value}}}" : value
                : match.Value), words);
            if (row.Parameters.TryGetValue("query", out var query))
            {
                path += $"?{await Fill(query, words)}";
            }
            var body = row.Body is null ? null : await Fill(row.Body, words);
            using var request = new HttpRequestMessage(new HttpMethod(row.Method), path)
            {
                Content = body switch
                {
                    null => null,
                    "@png" => new ByteArrayContent(Convert.FromBase64String(Png)),
                    _ => new StringContent(body, Encoding.UTF8, "application/json"),
                },
            };
            foreach (var (name, value) in row.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
            if (caller != "anonymous")
            {
                var key = caller switch
                {
                    "owner" => await laurel.Key(owner, null),
                    "wrong scope" => await laurel.Key(Administrator, words["scope"]),
                    _ => _keys[caller],
                };
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
                if (caller == "two credentials")
                {
                    request.Headers.TryAddWithoutValidation("x-api-key", key);
                }
            }
            // Some answers have no end.
            using var response = await laurel.Anonymous.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            return (int)response.StatusCode;
        }

        // What a word stands for is made when it is first used.
        private async Task<string> Fill(string text, Dictionary<string, string> words)
        {
            foreach (Match word in Parameter().Matches(text))
            {
                var name = word.Groups["name"].Value;
                if (!words.TryGetValue(name, out var value))
                {
                    words[name] = value = await Make(name, words["owner"]);
                }
                text = text.Replace(word.Value, value, StringComparison.Ordinal);
            }
            return text;
        }

        private async Task<string> Make(string name, string owner) => name switch
        {
            "award" => await Award(owner, 7),
            "reward" => await Award(owner, 12),
            "action" => (await laurel.Post($"{NativeWorld.Root}/actions", $$"""{"type":"Did","userId":{{owner}}}""")).Is(201).Json["action"]!["id"]!.ToString(),
            "badge" => await NewBadge(),
            "rule" => await NewRule(),
            "backfill" => await Backfill(await NewRule()),
            "key" => (await laurel.Post($"{NativeWorld.Root}/keys", $$"""{"userId":{{owner}}}""")).Is(201).Json["id"]!.ToString(),
            _ => throw new ArgumentException($"The table says {{{name}}}, which stands for nothing.", nameof(name)),
        };

        private async Task<string> NewBadge()
        {
            await laurel.Badge(++_next);
            return $"{_next++}";
        }

        // Counts what nobody does.
        private async Task<string> NewRule()
        {
            var id = $"{_next++}";
            (await laurel.Put($"{NativeWorld.Root}/rules/{id}", $$"""{"key":"new{{id}}","actions":["Nothing"],"when":{"each":true},"badgeId":7}""")).Is(201);
            return id;
        }

        private async Task<string> Backfill(string rule)
        {
            var begun = (await laurel.Post($"{NativeWorld.Root}/rules/{rule}/backfills", "{}")).Is(201);
            await laurel.Ended(begun);
            return begun.Json["id"]!.ToString();
        }

        private async Task<string> Award(string owner, int badge) =>
            (await laurel.Award(long.Parse(owner, CultureInfo.InvariantCulture), badge)).Is(201).Json["award"]!["id"]!.ToString();

        public ValueTask DisposeAsync() => laurel.DisposeAsync();

        [GeneratedRegex(@"\{(?<name>[A-Za-z]+)\}", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
        private static partial Regex Parameter();
    }
}
